"""The breakers of the simulated world: they heat and trip by physics, whatever the controller believes.

A miniature circuit breaker of IEC 60898-1 must hold 1.13 times its rating for an hour, must trip within the
hour at 1.45 times, and trips at once when its magnetic release acts (C curve: 5 to 10 times). Between those
marks makers differ, so the model takes the eager end: it warms towards the square of the load with one time
constant and trips just above the heat that 1.13 times the rating leads to. It shares no code with the
allocator's breaker model on purpose.
"""

HEAT_AT_TRIP = 1.30  # 1.13 squared is 1.277 and must hold; a breaker of the eager kind trips just above.
TIME_CONSTANT_MS = 60_000
MAGNETIC_MULTIPLE = 5


class MiniatureBreaker:
    """One pole of a breaker; rated_ma > 0."""

    def __init__(self, rated_ma: int) -> None:
        self.rated_ma = rated_ma
        self.heat = 0.0
        self.tripped = False
        self.overload_mas = 0  # Current above the rating times time, in mA s: the bench's overshoot.
        self._overload_rest = 0

    def step(self, current_ma: int, delta_ms: int) -> None:
        """Carry `current_ma` for `delta_ms`; latches `tripped`."""
        ratio = current_ma / self.rated_ma
        self.heat += (ratio * ratio - self.heat) * delta_ms / TIME_CONSTANT_MS
        if current_ma > self.rated_ma:
            self._overload_rest += (current_ma - self.rated_ma) * delta_ms
            self.overload_mas += self._overload_rest // 1000
            self._overload_rest %= 1000
        if self.heat >= HEAT_AT_TRIP or ratio >= MAGNETIC_MULTIPLE:
            self.tripped = True

    def reset(self) -> None:
        """Switch the breaker on again after it has cooled to the ambient."""
        self.heat = 0.0
        self.tripped = False

    @property
    def heat_percent(self) -> int:
        """Return the heat against the heat at which it trips, 0 .. 100."""
        return min(100, int(self.heat * 100 / HEAT_AT_TRIP))
