"""Runs a cluster kernel in the C real-time loop (csrc/linux/rt_loop.c), in a thread that holds no interpreter lock."""

import os
import threading

from evenload.core import kernel

STACK_SIZE = 256 * 1024  # Locked into memory with everything else.


class RtDrive:
    """cluster: a kernel that is set up; priority: of SCHED_FIFO. `notify_fd` becomes readable when there is news."""

    def __init__(self, cluster: object, tick_ms: int, priority: int):
        self.notify_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._loop = kernel("rt_loop").RtLoop(cluster, tick_ms * 1000, priority, self.notify_fd)
        self._thread = threading.Thread(target=self._loop.run, name="cluster", daemon=True)
        self.post = self._loop.post
        self.take_answer = self._loop.take_answer
        self.take_trace = self._loop.take_trace
        self.take_beat = self._loop.take_beat
        self.read = self._loop.read

    def prepare(self, ceiling: int) -> None:
        """Start the kernel without letting it run yet; ceiling: the stored one, or -1."""
        self._loop.start(ceiling)

    def start(self) -> None:
        """Let the kernel run."""
        usual_size = threading.stack_size(STACK_SIZE)
        self._thread.start()
        threading.stack_size(usual_size)

    def stop(self) -> None:
        """End the thread."""
        self._loop.stop()
        self._thread.join()
        os.close(self.notify_fd)

    def attach(self, bus) -> None:
        """Take an open wire; it is used until it fails."""
        self._loop.attach(bus.fileno())

    def has_bus(self) -> bool:
        """Return whether the wire that was given still serves."""
        return bool(self._loop.has_bus())
