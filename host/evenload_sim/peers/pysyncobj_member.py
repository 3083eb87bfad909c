"""One member of a PySyncObj cluster: `python -m evenload_sim.peers.pysyncobj_member REPORT_PORT JOURNAL SELF OTHER...`.

Tells by UDP to 127.0.0.1:REPORT_PORT, as JSON, what changes: `leads` (it takes itself for leader), `knows` (it knows
a leader), `served` (the first replicated call since it leads was committed), each with CLOCK_MONOTONIC in ns.
"""

import json
import socket
import sys
import time
from typing import Any

from pysyncobj import SyncObj, SyncObjConf, replicated

TICK_S = 0.005
HEARTBEAT_S = 0.05
ELECTION_S_MIN, ELECTION_S_MAX = 0.151, 0.3
LEADER_FALLBACK_S = 0.3
RETRY_S = 0.2
# Links between followers carry nothing; the library's default closes them, and then the first votes are lost.
CONNECTION_S = 3600


class Register(SyncObj):  # type: ignore[misc]
    """A replicated number."""

    def __init__(self, journal: str, own: str, others: list[str]) -> None:
        settings = SyncObjConf(
            autoTick=False,
            appendEntriesPeriod=HEARTBEAT_S,
            raftMinTimeout=ELECTION_S_MIN,
            raftMaxTimeout=ELECTION_S_MAX,
            leaderFallbackTimeout=LEADER_FALLBACK_S,
            connectionRetryTime=RETRY_S,
            connectionTimeout=CONNECTION_S,
            journalFile=journal,
        )
        self._value = 0
        super().__init__(own, others, settings)

    @replicated  # type: ignore[untyped-decorator]
    def write(self, value: int) -> int:
        """Set the number on all members."""
        self._value = value
        return value


def main() -> None:
    """Tick until killed."""
    report = ("127.0.0.1", int(sys.argv[1]))
    journal, own, *others = sys.argv[2:]
    register = Register(journal, own, others)
    told: dict[str, bool] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:

        def tell(word: str, is_so: bool) -> None:
            told[word] = is_so
            text = json.dumps({"member": own, "word": word, "is": is_so, "ns": time.monotonic_ns()})
            link.sendto(text.encode(), report)

        def on_written(_result: Any, error: int) -> None:
            if error == 0:
                tell("served", True)

        while True:
            register.doTick(TICK_S)
            leads = bool(register._isLeader())
            if leads and not told.get("leads"):
                register.write(1, callback=on_written)
            knows = register._getLeader() is not None
            for word, is_so in (("leads", leads), ("knows", knows)):
                if told.get(word) is not is_so:
                    tell(word, is_so)


if __name__ == "__main__":
    main()
