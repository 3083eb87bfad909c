"""PySyncObj 0.3.17 (extra `peers`) as six processes on loopback: kill the leader, time the first committed call."""

import importlib.util
import json
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from evenload.random32 import Random32

from evenload_sim.child_process import Child
from evenload_sim.peers.failover import (
    FAILOVER_S_MAX,
    MEMBER_COUNT,
    SIGNALS,
    PeerTimes,
    folder,
    free_ports,
    pause,
    wait_for,
)

HEARTBEAT_MS = 50
LINGER_S = 0.15


def absence() -> str | None:
    """Return why PySyncObj cannot be measured here, None where it can."""
    if importlib.util.find_spec("pysyncobj") is None:
        return "PySyncObj 0.3.17: not installed (pip install 'evenload[peers]')"
    return None


def measure(how: str, runs: int) -> PeerTimes:
    """Kill the leader `runs` times; how: a key of SIGNALS."""
    times = PeerTimes("PySyncObj 0.3.17, 50/151-300", has_consensus=True)
    random = Random32(1)
    with SyncCluster() as cluster:
        for _ in range(runs):
            leader = cluster.settle()
            pause(0.3 + random.below(HEARTBEAT_MS) / 1000)
            cluster.hear()
            cluster.forget(leader)
            death_ns = time.monotonic_ns()
            cluster.members[leader].signal(SIGNALS[how])
            served_ns = cluster.first_call_ns(death_ns)
            if served_ns is None:
                times.missed += 1
            else:
                times.from_death_ms.append((served_ns - death_ns) / 1e6)
            times.leaders_at_once = max(times.leaders_at_once, cluster.leaders_at_once)
            cluster.bring_back(leader)
    return times


class SyncCluster:
    """Six members and what they have told. leaders_at_once: since the last `forget`, the dead one left out."""

    def __init__(self) -> None:
        self.members: dict[str, Child] = {}
        self.leaders_at_once = 0
        self._stack = ExitStack()
        self._report = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._leads: set[str] = set()
        self._knows: set[str] = set()
        self._served_ns: list[int] = []

    def __enter__(self) -> "SyncCluster":
        path = self._stack.enter_context(folder("pysyncobj"))
        self._stack.enter_context(self._report)
        self._report.bind(("127.0.0.1", 0))
        self._report.setblocking(False)
        names = [f"127.0.0.1:{port}" for port in free_ports(MEMBER_COUNT)]
        for index, name in enumerate(names):
            self.members[name] = self._member(path / f"m{index}", name, names)
            self._stack.callback(self.members[name].stop)
            self.members[name].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stack.close()

    def settle(self) -> str:
        """Wait until one leads and all know a leader; return the name of the one."""
        wait_for(self._is_settled, "leader that all members of PySyncObj know")
        (leader,) = self._leads
        return leader

    def forget(self, dead: str) -> None:
        """Leave out the one that is about to die, and what was served before."""
        self._leads.discard(dead)
        self._knows.discard(dead)
        self._served_ns.clear()
        self.leaders_at_once = 0

    def first_call_ns(self, death_ns: int) -> int | None:
        """Return when the first call of a new leader was committed, None when none was within FAILOVER_S_MAX."""
        end_ns = death_ns + int(FAILOVER_S_MAX * 1e9)
        while time.monotonic_ns() < end_ns:
            pause(0.002)
            self.hear()
            if self._served_ns:
                end_ns = min(end_ns, self._served_ns[0] + int(LINGER_S * 1e9))
        return self._served_ns[0] if self._served_ns else None

    def bring_back(self, name: str) -> None:
        """Restart a member: a stopped one too, whose sockets may have overflowed meanwhile."""
        member = self.members[name]
        member.signal(SIGNALS["kill"])
        member.wait(5)
        self.hear()
        self._leads.discard(name)
        self._knows.discard(name)
        member.start()

    def hear(self) -> None:
        """Take in what the members have told."""
        while True:
            try:
                told = json.loads(self._report.recv(1024))
            except BlockingIOError:
                return
            if told["word"] == "served":
                self._served_ns.append(told["ns"])
                continue
            members = self._leads if told["word"] == "leads" else self._knows
            (members.add if told["is"] else members.discard)(told["member"])
            self.leaders_at_once = max(self.leaders_at_once, len(self._leads))

    def _is_settled(self) -> bool:
        self.hear()
        return len(self._leads) == 1 and len(self._knows) == MEMBER_COUNT

    def _member(self, path: Path, name: str, names: list[str]) -> Child:
        others = [other for other in names if other != name]
        words = [str(self._report.getsockname()[1]), str(path.with_suffix(".journal")), name, *others]
        command = [sys.executable, "-m", "evenload_sim.peers.pysyncobj_member", *words]
        return Child(command, path.with_suffix(".log"))
