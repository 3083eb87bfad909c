"""Time on a 30-bit millisecond ring, the same on every target (SPEC, Time).

MicroPython's `ticks_ms` wraps at 2^30 on 32-bit boards; every target masks to that ring, so that one
recording replays everywhere. Comparisons are valid for less than half the ring: 6.2 days.
"""

PERIOD_MS = 1 << 30
_HALF_MS = 1 << 29


def add_ms(now_ms: int, delta_ms: int) -> int:
    """Return the ring time `delta_ms` after (or, if negative, before) `now_ms`; 0 .. 2^30 - 1."""
    return (now_ms + delta_ms) & (PERIOD_MS - 1)


def elapsed_ms(now_ms: int, then_ms: int) -> int:
    """Return how long ago `then_ms` was: -2^29 .. 2^29 - 1, negative when it is still to come."""
    return ((now_ms - then_ms + _HALF_MS) & (PERIOD_MS - 1)) - _HALF_MS


def is_due(now_ms: int, deadline_ms: int) -> bool:
    """Return whether `deadline_ms` has been reached."""
    return elapsed_ms(now_ms, deadline_ms) >= 0


def is_due_within(now_ms: int, deadline_ms: int, period_ms: int) -> bool:
    """Return whether a deadline that was set at most `period_ms` ahead has been reached, or the clock went back.

    A periodic job that waits for a deadline further ahead than its period would rest until the clock caught up.
    """
    return not 0 < elapsed_ms(deadline_ms, now_ms) <= period_ms
