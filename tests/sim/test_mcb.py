"""The physical breaker against the marks of IEC 60898-1, the standard's own conventional times."""

import pytest
from evenload_sim.mcb import MiniatureBreaker

RATED_MA = 63_000
HOUR_MS = 3_600_000


def seconds_until_trip(multiple_percent, breaker=None, limit_ms=HOUR_MS):
    breaker = breaker or MiniatureBreaker(RATED_MA)
    for elapsed_ms in range(0, limit_ms, 100):
        breaker.step(RATED_MA * multiple_percent // 100, 100)
        if breaker.tripped:
            return elapsed_ms / 1000
    return None


def test_it_holds_1_13_times_its_rating_for_an_hour():
    assert seconds_until_trip(113) is None


@pytest.mark.parametrize(
    ("multiple_percent", "least_s", "most_s"), [(145, 0, 3600), (255, 1, 120), (499, 0.1, 60)]
)
def test_it_trips_within_the_conventional_time(multiple_percent, least_s, most_s):
    assert least_s <= seconds_until_trip(multiple_percent) <= most_s


def test_its_magnetic_release_acts_at_once():
    assert seconds_until_trip(500) == 0.0


def test_a_warm_breaker_trips_sooner_than_a_cold_one():
    warm = MiniatureBreaker(RATED_MA)
    for _ in range(6000):
        warm.step(RATED_MA, 100)
    assert seconds_until_trip(145, warm) < seconds_until_trip(145)


def test_overshoot_is_counted_in_ampere_seconds_above_the_rating():
    breaker = MiniatureBreaker(RATED_MA)
    for _ in range(20):
        breaker.step(RATED_MA + 1_500, 100)
    assert breaker.overload_mas == 3_000
