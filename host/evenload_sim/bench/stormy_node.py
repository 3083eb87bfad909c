"""A node whose Python side never rests: garbage with cycles, collections and JSON, a few ms at a time.

    python -m evenload_sim.bench.stormy_node run FILE       as `evenload-node run FILE`, with the storm

The storm runs in the node's own main thread, between any two of its bytecodes (a timer's signal), and leaves it 10 ms
between two squalls of about as long: the node's console and housekeeping go on, slowly.
"""

import gc
import json
import signal
import sys
from types import FrameType

PAUSE_S = 0.01
KNOTS = 3000
DOCUMENT = {
    f"unit {n}": {"share_kw": n / 7, "alarms": ["none"] * 5, "names": f"CDU_{n:02}"} for n in range(200)
}


def squall(_number: int, _frame: FrameType | None) -> None:
    """Tie and drop some thousand cycles, write and read a document, collect everything; ask for the next."""
    for _ in range(KNOTS):
        knot: list[object] = []
        knot.append(knot)
    json.loads(json.dumps(DOCUMENT))
    gc.collect()
    signal.setitimer(signal.ITIMER_REAL, PAUSE_S)


def main() -> int:
    """Start the storm, then the node; returns the node's exit code."""
    from evenload_node.linux import main as run_node

    signal.signal(signal.SIGALRM, squall)
    signal.setitimer(signal.ITIMER_REAL, PAUSE_S)
    return int(run_node(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
