"""The clock that a cluster node stamps with: CLOCK_MONOTONIC, the same for every process of the machine."""

import time

from evenload import ticks


def monotonic_us() -> int:
    """Return the time in us."""
    return time.monotonic_ns() // 1000


def ring_ms(at_us: int) -> int:
    """Return a time in us as ring time."""
    return at_us // 1000 & (ticks.PERIOD_MS - 1)
