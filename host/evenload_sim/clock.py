"""The simulated clock: whole milliseconds since the start, and the same moment on the ring of
evenload.ticks.
"""

from evenload import ticks


class SimulatedClock:
    """Time that moves only when told to.

    start_ms: ring time of the first moment, 0 .. 2^30 - 1. A start shortly below 2^30 makes the ring wrap
    while the world runs, which takes 12.4 days on a board.
    """

    def __init__(self, start_ms: int = 0) -> None:
        self.start_ms = start_ms & (ticks.PERIOD_MS - 1)
        self.elapsed_ms = 0

    @property
    def now_ms(self) -> int:
        """Return the ring time, 0 .. 2^30 - 1."""
        return (self.start_ms + self.elapsed_ms) & (ticks.PERIOD_MS - 1)

    def advance(self, delta_ms: int) -> None:
        """Move forward by `delta_ms` >= 0."""
        if delta_ms < 0:
            raise ValueError(f"delta_ms is {delta_ms}; time only moves forward")
        self.elapsed_ms += delta_ms
