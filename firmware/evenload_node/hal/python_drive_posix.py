"""Runs a cluster kernel in a Python thread: for adapters of python-can, and where there is no C core.

The same calls in the same order as csrc/linux/rt_loop.c, without its promises about time.
"""

import os
import sys
import threading
import time
from array import array
from collections import deque
from typing import Any

from evenload import wire
from evenload.core import kernel

from evenload_node import lateness
from evenload_node.hal.clock_posix import monotonic_us, ring_ms

FRAMES_PER_TURN_MAX = 64
SWITCH_S = 0.0005


class PythonDrive:
    """cluster: a kernel that is set up; tick_ms: its period. `notify_fd` becomes readable when there is news."""

    def __init__(self, cluster, tick_ms: int):
        self._cluster: Any = cluster
        self._tick_us = tick_ms * 1000
        self._canframe = kernel("canframe")
        self._lock = threading.Lock()
        self._stopping = False
        self._bus: Any = None
        self._ticket = 0
        self._answers: deque[tuple[int, int]] = deque()
        self._traces: deque[tuple[int, ...]] = deque()
        self._beats: deque[int] = deque()
        self._counters = array("q", [0] * wire.RT_SIZE)
        self._row = array("i", [0] * wire.TRACE_SIZE)
        self._frame = bytearray(wire.CAN_FRAME_SIZE)
        self._pending: bytes | None = None
        self._pending_us = 0
        self._has_told_ceiling = 0
        self.notify_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="cluster", daemon=True)

    def prepare(self, ceiling: int) -> None:
        """Start the kernel without letting it run yet; ceiling: the stored one, or -1."""
        self._cluster.start(ring_ms(monotonic_us()), ceiling)

    def start(self) -> None:
        """Let the kernel run."""
        # The interpreter hands over after this long at most: a busy console may not cost a tick.
        sys.setswitchinterval(SWITCH_S)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping = True
        self._thread.join()
        os.close(self.notify_fd)

    def attach(self, bus) -> None:
        """Take an open wire; it is used until it fails."""
        with self._lock:
            self._counters[wire.RT_IS_OPEN] = 1
            self._bus = bus

    def has_bus(self) -> bool:
        """Return whether the wire that was given still serves."""
        return self._bus is not None

    def read(self, snapshot: array, counters: array) -> int:
        """Copy the kernel's snapshot and the loop's counters; return 1."""
        with self._lock:
            self._cluster.snapshot(ring_ms(monotonic_us()), snapshot)
            counters[:] = self._counters
        return 1

    def post(self, code: int, value: int) -> int:
        """Give the kernel a command; return the ticket of its answer, 0 if too many wait."""
        if len(self._answers) >= wire.RT_COMMAND_COUNT:
            return 0
        with self._lock:
            now_ms = ring_ms(monotonic_us())
            answer = wire.ORDER_DONE
            if code == wire.RT_COMMAND_STORED:
                self._cluster.on_stored(now_ms, value)
                self._has_told_ceiling = 0
            else:
                answer = self._cluster.order(now_ms, code, value)
            self._counters[wire.RT_COMMANDS] += 1
            self._ticket += 1
            self._answers.append((self._ticket, answer))
            os.eventfd_write(self.notify_fd, 1)
            return self._ticket

    def take_answer(self) -> tuple[int, int] | None:
        """Return the oldest (ticket, ORDER_*) and forget it, None if there is none."""
        return self._answers.popleft() if self._answers else None

    def take_trace(self, into: array) -> int:
        """Write the oldest transition (t_us, code, a, b, c, at_ms) and return 1; 0 if there is none."""
        if not self._traces:
            return 0
        into[:] = array("q", self._traces.popleft())
        return 1

    def take_beat(self) -> int:
        """Return when the oldest heartbeat was sent, in us, and forget it; 0 if there is none."""
        return self._beats.popleft() if self._beats else 0

    def _run(self) -> None:
        due_us = monotonic_us()
        while not self._stopping:
            wait_us = due_us - monotonic_us()
            frame = self._receive(max(0, wait_us) / 1_000_000)
            now_us = monotonic_us()
            with self._lock:
                count = 0
                while frame is not None:
                    self._take_in(ring_ms(now_us), frame)
                    count += 1
                    frame = self._receive(0) if count < FRAMES_PER_TURN_MAX else None
                if now_us >= due_us:
                    due_us = self._count_tick(now_us, due_us)
                self._cluster.tick(ring_ms(now_us))
                self._send_all(now_us)
                self._drain(now_us)

    def _receive(self, timeout_s: float) -> bytes | None:
        if self._bus is None:
            time.sleep(timeout_s)
            return None
        try:
            return self._bus.receive(timeout_s)
        except OSError as error:
            self._lose(error)
            return None

    def _take_in(self, at_ms: int, frame: bytes) -> None:
        if len(frame) != wire.CAN_FRAME_SIZE:
            self._counters[wire.RT_RX_MALFORMED] += 1
            return
        self._counters[wire.RT_RX] += 1
        self._cluster.on_frame(at_ms, frame)

    def _count_tick(self, now_us: int, due_us: int) -> int:
        """Count a tick of the grid and return the next one."""
        late_us = now_us - due_us
        counters = self._counters
        counters[wire.RT_TICKS] += 1
        counters[wire.RT_BUCKET + lateness.bucket_of(late_us)] += 1
        counters[wire.RT_LATE_US_MAX] = max(counters[wire.RT_LATE_US_MAX], late_us)
        missed = late_us // self._tick_us
        counters[wire.RT_OVERRUNS] += missed
        return due_us + (missed + 1) * self._tick_us

    def _send_all(self, now_us: int) -> None:
        while self._bus is not None and self._have_pending(now_us):
            try:
                if not self._bus.send(self._pending):
                    return
            except OSError as error:
                self._counters[wire.RT_TX_ERRORS] += 1
                self._lose(error)
                return
            if self._type_of(self._pending) == wire.CAN_TYPE_HEARTBEAT:
                self._note_beat()
            self._pending = None
            self._counters[wire.RT_TX] += 1

    def _have_pending(self, now_us: int) -> bool:
        """Make the next frame to send the pending one; one that waited too long or lost its lease is dropped."""
        if self._pending is not None:
            is_old = now_us - self._pending_us > wire.OUTBOX_AGE_MS * 1000
            is_act = self._type_of(self._pending) in (
                wire.CAN_TYPE_PLAN,
                wire.CAN_TYPE_LEASE,
                wire.CAN_TYPE_SETPOINT,
            )
            if is_old or (is_act and not self._cluster.has_lease(ring_ms(now_us))):
                self._counters[wire.RT_TX_DROPPED] += 1
                self._pending = None
        if self._pending is None and self._cluster.take_outbox(ring_ms(now_us), self._frame):
            self._pending = bytes(self._frame)
            self._pending_us = now_us
        return self._pending is not None

    def _type_of(self, frame: bytes | None) -> int:
        return self._canframe.type_of(self._canframe.identifier_of(frame))

    def _note_beat(self) -> None:
        if len(self._beats) >= wire.RT_BEAT_COUNT:
            self._counters[wire.RT_BEATS_LOST] += 1
        else:
            self._beats.append(monotonic_us())

    def _lose(self, error: OSError) -> None:
        self._bus = None
        self._pending = None
        self._counters[wire.RT_IS_OPEN] = 0
        self._counters[wire.RT_BUS_LOST] += 1
        self._counters[wire.RT_BUS_ERRNO] = error.errno or 0

    def _drain(self, now_us: int) -> None:
        has_news = False
        while self._cluster.take_trace(self._row):
            has_news = True
            if len(self._traces) >= wire.RT_TRACE_COUNT:
                self._counters[wire.RT_TRACE_LOST] += 1
            else:
                self._traces.append((now_us, *self._row))
        wanted = self._cluster.ceiling_wanted
        if wanted and wanted != self._has_told_ceiling:
            self._has_told_ceiling = wanted
            has_news = True
        if has_news:
            os.eventfd_write(self.notify_fd, 1)
