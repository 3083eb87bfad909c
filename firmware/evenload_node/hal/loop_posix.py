"""The loop of a node on CPython: the only place that has a clock and waits."""

import time

from evenload import ticks


def monotonic_ms() -> int:
    """Return the ring time of the machine's monotonic clock; the wall clock never measures ages."""
    return int(time.monotonic() * 1000) & (ticks.PERIOD_MS - 1)


class Loop:
    """Calls `step(now_ms)` each `period_ms` until `stop`. `late_ms_max`: the worst lateness of a call so
    far.
    """

    def __init__(self, step, period_ms: int):
        self._step = step
        self._period_ms = period_ms
        self._stopping = False
        self.late_ms_max = 0

    def stop(self):
        """End `run` after the present call; may be called by a signal handler."""
        self._stopping = True

    def run(self):
        """Call until stopped. Calls that were missed are left out, not made up for."""
        due_ms = monotonic_ms()
        while not self._stopping:
            now_ms = monotonic_ms()
            late_ms = ticks.elapsed_ms(now_ms, due_ms)
            self.late_ms_max = max(self.late_ms_max, late_ms)
            self._step(now_ms)
            due_ms = ticks.add_ms(due_ms, self._period_ms)
            wait_ms = ticks.elapsed_ms(due_ms, monotonic_ms())
            if wait_ms > 0:
                time.sleep(wait_ms / 1000)
            else:
                due_ms = monotonic_ms()
