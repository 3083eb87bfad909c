"""A node's own clock: it starts anywhere on the ring, runs up to 5 % wrong, and can be stepped."""

RING_MASK = (1 << 30) - 1
RATE_ONE = 1_000_000


class DriftingClock:
    """Local time as a straight line over the world's microseconds, until it is steered anew.

    offset_us: what it shows at 0; rate: local microseconds per million true ones.
    """

    def __init__(self, offset_us: int = 0, rate: int = RATE_ONE) -> None:
        self._base_us = 0
        self._local_us = offset_us
        self.rate = rate

    def local_us(self, t_us: int) -> int:
        """Return what the clock shows at `t_us`, not reduced to the ring."""
        if self.rate == RATE_ONE:
            return self._local_us + t_us - self._base_us
        return self._local_us + (t_us - self._base_us) * self.rate // RATE_ONE

    def now_ms(self, t_us: int) -> int:
        """Return what the clock shows at `t_us`, 0 .. 2^30 - 1 ms."""
        if self.rate == RATE_ONE:
            return (self._local_us + t_us - self._base_us) // 1000 & RING_MASK
        return (self._local_us + (t_us - self._base_us) * self.rate // RATE_ONE) // 1000 & RING_MASK

    def true_us(self, ahead_ms: int, t_us: int) -> int:
        """Return when the clock will show the millisecond `ahead_ms` after the one that it shows at `t_us`."""
        target_us = (self.local_us(t_us) // 1000 + ahead_ms) * 1000
        left_us = target_us - self._local_us
        return self._base_us + -(-left_us * RATE_ONE // self.rate)

    def set_rate(self, t_us: int, rate: int) -> None:
        """Let it run at another speed from `t_us` on."""
        self._local_us = self.local_us(t_us)
        self._base_us = t_us
        self.rate = rate

    def step(self, t_us: int, delta_us: int) -> None:
        """Let it jump by `delta_us`, back if negative."""
        self._local_us = self.local_us(t_us) + delta_us
        self._base_us = t_us
