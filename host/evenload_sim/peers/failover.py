"""What every peer of the failover bench gives: who is measured, how it dies, how long the others need.

A peer is six members on this machine. Its leader dies (`kill`: SIGKILL, `stop`: SIGSTOP, the silent death), and the
time runs until a survivor has done what only a leader can: a committed write, or for VRRP the first advertisement of
a new master.
"""

import os
import select
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from evenload.errors import EvenloadError

MEMBER_COUNT = 6
FAILOVER_S_MAX = 10.0
SETTLE_S_MAX = 30.0
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}
MEMORY_FOLDER = Path("/dev/shm")  # etcd waits for its disk at every write; none is to be measured.


class PeerError(EvenloadError):
    """A peer that did not start, settle or come back."""


@dataclass
class PeerTimes:
    """Failovers of one peer in ms, one entry a kill.

    from_last_ms: from the last sign of life of the dead leader on the wire, where that can be seen.
    leaders_at_once: the most survivors that took themselves for leader at the same time. missed: kills without a
    new leader within FAILOVER_S_MAX.
    """

    name: str
    has_consensus: bool
    from_death_ms: list[float] = field(default_factory=list)
    from_last_ms: list[float] = field(default_factory=list)
    leaders_at_once: int = 0
    missed: int = 0


@contextmanager
def folder(name: str) -> Iterator[Path]:
    """Provide a temporary folder in memory, where the machine has such."""
    where = MEMORY_FOLDER if os.access(MEMORY_FOLDER, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix=f"evenload-{name}-", dir=where) as path:
        yield Path(path)


def free_ports(count: int) -> list[int]:
    """Return TCP ports of 127.0.0.1 that nobody uses now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def pause(span_s: float) -> None:
    """Let time pass."""
    select.select([], [], [], span_s)


def wait_for(is_so: Callable[[], bool], what: str) -> None:
    """Wait until `is_so`; raises PeerError with `what` after SETTLE_S_MAX."""
    until_s = time.monotonic() + SETTLE_S_MAX
    while not is_so():
        if time.monotonic() > until_s:
            raise PeerError(f"No {what} within {SETTLE_S_MAX:.0f} s.")
        pause(0.02)
