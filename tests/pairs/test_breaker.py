"""breaker: both twins, one stream of readings, the whole state compared."""

import random

from evenload import breaker as twin
from evenload import wire
from evenload_core import breaker as core
from hypothesis import given
from hypothesis import strategies as st

COLUMNS = ("rated_ma", "curve", "heat", "heat_permille", "action", "held_ma", "held_ms")
CURVES = ("ratio_permille", "action_ms")
READINGS = st.lists(
    st.tuples(
        st.integers(0, wire.BREAKER_CURVE_COUNT - 1),
        st.one_of(st.integers(0, 2000), st.integers(-5, 1 << 29)),
        st.one_of(st.integers(-1, 300000), st.integers(0, 10**7)),
    ),
    max_size=60,
)


def pair(rated_ma):
    """Return both twins, one cell per curve, all with the same rating."""
    breakers = twin.Breaker(wire.BREAKER_CURVE_COUNT), core.Breaker(wire.BREAKER_CURVE_COUNT)
    for breaker in breakers:
        for index in range(wire.BREAKER_CURVE_COUNT):
            breaker.rated_ma[index] = rated_ma + index
            breaker.curve[index] = index
    return breakers


def assert_equal_state(ours, theirs, columns):
    for column in columns:
        assert list(getattr(ours, column)) == list(getattr(theirs, column)), column


def test_both_know_the_same_curves():
    assert_equal_state(*pair(63000), COLUMNS + CURVES)


@given(READINGS, st.one_of(st.integers(-1, 100000), st.integers(0, 10**7)))
def test_the_same_readings_give_the_same_actions_and_state(readings, rated_ma):
    ours, theirs = pair(rated_ma)
    now_ms = wire.TICKS_PERIOD_MS - 5000
    for index, passed_ms, current_ma in readings:
        now_ms = (now_ms + passed_ms) % wire.TICKS_PERIOD_MS
        acted = ours.on_measured(index, now_ms, current_ma)
        assert theirs.on_measured(index, now_ms, current_ma) == acted
        assert_equal_state(ours, theirs, COLUMNS)


def test_a_long_run_around_the_rating_stays_equal():
    ours, theirs = pair(63000)
    draw = random.Random(1)
    now_ms = 0
    for _ in range(20000):
        now_ms = (now_ms + draw.choice((100, 1000, 1000, 4000))) % wire.TICKS_PERIOD_MS
        index, current_ma = draw.randrange(wire.BREAKER_CURVE_COUNT), draw.randrange(55000, 90000)
        assert ours.on_measured(index, now_ms, current_ma) == theirs.on_measured(index, now_ms, current_ma)
        if draw.random() < 0.01:
            ours.reset(index)
            theirs.reset(index)
    assert_equal_state(ours, theirs, COLUMNS + CURVES)
