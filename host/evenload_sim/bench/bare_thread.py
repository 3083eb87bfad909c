"""The bare cyclic thread in C: woken every millisecond at the nodes' priority, doing nothing (csrc/linux/rt_thread.c).

    python -m evenload_sim.bench.bare_thread PERIOD_US COUNT

sleeps COUNT cycles at a time without Python, then writes all of them to stdout as `realtime_witness` does, for ever.
"""

import os
import sys
from array import array

from evenload_core import rt_loop

from evenload_sim.realtime_witness import LATENESS, PRIORITY, ask_for_real_time, tell


def main(arguments: list[str]) -> int:
    """Cycle until killed."""
    period_us, count = (int(word) for word in arguments)
    os.set_blocking(1, False)
    ask_for_real_time()
    late_us = array("i", [0] * count)
    while True:
        first_us = abs(rt_loop.cyclic(period_us, count, PRIORITY, late_us))
        for index, late in enumerate(late_us):
            tell(first_us + index * period_us + late, LATENESS.pack(late))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
