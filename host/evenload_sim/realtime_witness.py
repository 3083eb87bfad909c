"""Two processes that watch a real-time run from beside it, and what their reader knows.

`frames`: an observer on the hub; stamps every frame of the bus as it arrives and never sends one. `cycles`: a bare
cyclic thread, woken every millisecond by the kernel's timer at the nodes' priority, doing nothing; when even that one
is late, the machine was busy elsewhere and no node can be blamed. Both ask for SCHED_FIFO and locked memory, run as
    python -m evenload_sim.realtime_witness frames PATH | cycles PERIOD_US TOLD_US
and write 24-byte records to stdout: CLOCK_MONOTONIC in us (u64), then 16 bytes of a frame, or the lateness in us (i64)
of a cycle that was more than TOLD_US late and zeros.
"""

import ctypes
import gc
import os
import select
import socket
import struct
import sys
import time
from collections import deque

RECORD = struct.Struct("<Q16s")
LATENESS = struct.Struct("<q8x")
FRAME_SIZE = 16
PRIORITY = 40
TOLD_US = 1_000
PERIOD_US = 1_000
KEPT_FRAMES = 200_000
KEPT_CYCLES = 100_000
MCL_CURRENT_AND_FUTURE = 3
TIMER_ABSTIME = 1
# Kernel: PIPE_BUF guarantees that a record is written whole or not at all.
NAME_FRAME = bytes(8) + b"witness\0"


class Timespec(ctypes.Structure):
    """struct timespec of the C library on Linux."""

    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class Witness:
    """The reader's side of one witness: what it has said so far, with bounded memory.

    descriptor: the pipe to read, non-blocking. frames: (us, 16 bytes), lateness: (us, us), each oldest first.
    """

    def __init__(self, descriptor: int) -> None:
        self.frames: deque[tuple[int, bytes]] = deque(maxlen=KEPT_FRAMES)
        self.lateness: deque[tuple[int, int]] = deque(maxlen=KEPT_CYCLES)
        self._descriptor = descriptor
        self._pending = b""
        os.set_blocking(descriptor, False)

    def read_frames(self) -> list[tuple[int, bytes]]:
        """Return the frames that have come since the last call; they are kept in `frames` too."""
        new = self._records()
        self.frames.extend(new)
        return new

    def read_cycles(self) -> None:
        """Take in the late cycles that have been reported."""
        self.lateness.extend((at_us, LATENESS.unpack(data)[0]) for at_us, data in self._records())

    def late_us_max(self, from_us: int, until_us: int) -> int:
        """Return the worst lateness of a cycle that was due before `until_us` and woke after `from_us`; 0 for none."""
        hits = [late for at_us, late in self.lateness if at_us >= from_us and at_us - late <= until_us]
        return max(hits, default=0)

    def _records(self) -> list[tuple[int, bytes]]:
        try:
            while data := os.read(self._descriptor, 1 << 16):
                self._pending += data
        except BlockingIOError:
            pass
        size = len(self._pending) // RECORD.size * RECORD.size
        whole, self._pending = self._pending[:size], self._pending[size:]
        return [(at_us, data) for at_us, data in RECORD.iter_unpack(whole)]


def ask_for_real_time(priority: int = PRIORITY) -> bool:
    """Lock memory and ask for SCHED_FIFO; returns whether the kernel permitted both."""
    gc.disable()
    is_locked = bool(ctypes.CDLL(None).mlockall(MCL_CURRENT_AND_FUTURE) == 0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except PermissionError:
        return False
    return is_locked


def now_us() -> int:
    """Return CLOCK_MONOTONIC in microseconds."""
    return time.monotonic_ns() // 1000


def tell(at_us: int, data: bytes) -> None:
    """Write one record; dropped when the reader does not keep up (a witness must never wait for it)."""
    try:
        os.write(1, RECORD.pack(at_us, data))
    except BlockingIOError:
        return


def watch_frames(path: str) -> None:
    """Stamp and tell every frame of the hub at `path`, until it goes; then again with the next hub."""
    while True:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            link.connect(path)
            link.send(NAME_FRAME)
            while frame := link.recv(FRAME_SIZE):
                tell(now_us(), frame)
        except OSError:
            select.select([], [], [], 0.02)
        finally:
            link.close()


def watch_cycles(period_us: int, told_us: int) -> None:
    """Sleep until the next multiple of `period_us`, for ever; tell each awakening more than `told_us` late."""
    library = ctypes.CDLL(None, use_errno=True)
    due_us = now_us() + period_us
    until = Timespec()
    while True:
        until.seconds, until.nanoseconds = due_us // 1_000_000, due_us % 1_000_000 * 1000
        library.clock_nanosleep(time.CLOCK_MONOTONIC, TIMER_ABSTIME, ctypes.byref(until), None)
        at_us = now_us()
        if at_us - due_us > told_us:
            tell(at_us, LATENESS.pack(at_us - due_us))
        due_us += max(period_us, (at_us - due_us) // period_us * period_us)


def main(arguments: list[str]) -> int:
    """Run one of the two; 2 for anything else."""
    os.set_blocking(1, False)
    ask_for_real_time()
    if len(arguments) == 2 and arguments[0] == "frames":
        watch_frames(arguments[1])
    elif len(arguments) == 3 and arguments[0] == "cycles":
        watch_cycles(int(arguments[1]), int(arguments[2]))
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
