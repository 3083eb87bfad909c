"""Binding of csrc/linux/rt_loop.c, the real-time loop of a node. It has no twin: elsewhere Python drives the kernel."""

from array import array

from evenload.wire import TRACE_SIZE

from evenload_core._core import ffi, lib
from evenload_core.cluster import Cluster


class RtLoop:
    """The loop of `cluster`, which has its settings and is not started. tick_us: 1000 .. 5000; priority: of SCHED_FIFO.

    notify_fd: an eventfd that is written when there is an answer, a transition or a ceiling to store. `run` belongs to
    a thread of its own, everything else to one other thread.
    """

    def __init__(self, cluster: Cluster, tick_us: int, priority: int, notify_fd: int):
        self._kept = cluster
        self._struct = ffi.new("evenload_rt_t *")
        self._pair = ffi.new("int32_t[2]")
        self._row = ffi.new("int64_t[]", TRACE_SIZE + 1)
        lib.evenload_rt_init(self._struct, cluster._struct, tick_us, priority, notify_fd)

    def start(self, ceiling: int) -> None:
        """Start the kernel with the stored ceiling, -1: unreadable; before `run`."""
        lib.evenload_rt_start(self._struct, ceiling)

    def run(self) -> None:
        """Tick until `stop`, without the interpreter's lock."""
        lib.evenload_rt_run(self._struct)

    def stop(self) -> None:
        """Make `run` return within a tick."""
        lib.evenload_rt_stop(self._struct)

    def attach(self, fd: int) -> None:
        """Give the loop a non-blocking descriptor of 16-byte frames; it stays open until has_bus() is 0."""
        lib.evenload_rt_attach(self._struct, fd)

    def has_bus(self) -> int:
        """Return 1 while a wire was given and has not failed."""
        return lib.evenload_rt_has_bus(self._struct)

    def post(self, code: int, value: int) -> int:
        """Give a command (ORDER_* or RT_COMMAND_STORED); return its ticket, 0 when too many are on their way."""
        return lib.evenload_rt_post(self._struct, code, value)

    def take_answer(self) -> tuple[int, int] | None:
        """Return (ticket, ORDER_*) of the oldest answer, None if there is none."""
        return tuple(self._pair) if lib.evenload_rt_take_answer(self._struct, self._pair) else None

    def take_trace(self, into: array) -> int:
        """Write the oldest transition (t_us, code, a, b, c, at_ms) into array("q"); return 1, 0 if there is none."""
        return lib.evenload_rt_take_trace(self._struct, ffi.from_buffer("int64_t[]", into))

    def take_beat(self) -> int:
        """Return the CLOCK_MONOTONIC us of the oldest heartbeat that was sent, 0 if there is none."""
        return lib.evenload_rt_take_beat(self._struct)

    def read(self, snapshot: array, counters: array) -> int:
        """Copy the newest snapshot (array "i") and counters (array "q"); return 0 if that failed, which is rare."""
        numbers = ffi.from_buffer("int32_t[]", snapshot)
        return lib.evenload_rt_read(self._struct, numbers, ffi.from_buffer("int64_t[]", counters))


def cyclic(period_us: int, count: int, priority: int, late_us: array) -> int:
    """Sleep `count` times until a grid of period_us and write how late each was into array("i").

    Return the CLOCK_MONOTONIC us of the grid's first point, negated where SCHED_FIFO was refused.
    """
    return lib.evenload_rt_cyclic(period_us, count, priority, ffi.from_buffer("int32_t[]", late_us))
