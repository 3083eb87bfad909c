"""How long a failover took, read from traces: who did what first, and what counts as the new plan."""

import pytest
from evenload.wire import BASIS_CONTINGENCY, BASIS_PLAN
from evenload_sim.failover_times import TIME_NAMES, Death, FailoverTimes, percentiles

LAST_US = 10_000_000
SURVIVORS = frozenset((2, 3))
ALL, WITHOUT_1, WITHOUT_4 = 0b11110, 0b11100, 0b01110


def line(node, after_ms, word, a=0, b=0):
    return {
        "t_us": LAST_US + after_ms * 1000,
        "node": node,
        "event": word,
        "a": a,
        "b": b,
        "c": 0,
        "at_ms": 0,
    }


def leader_death():
    return FailoverTimes(Death(1, 1, 7, LAST_US, LAST_US + 20_000, SURVIVORS))


FAILOVER = [
    line(2, 151, "share", 4000, BASIS_CONTINGENCY),
    line(2, 151, "alive", WITHOUT_1),
    line(3, 153, "alive", WITHOUT_1),
    line(3, 154, "share", 4000, BASIS_CONTINGENCY),
    line(2, 165, "role", 3, 8),
    line(2, 166, "lease", 0, 8),
    line(2, 166, "plan", 8, 1),
    line(3, 171, "plan", 8, 1),
]


def test_every_time_counts_from_the_last_frame_and_to_the_last_survivor():
    times = leader_death()
    times.take_all(FAILOVER)
    assert times.is_complete
    assert times.leader == 2
    assert times.as_dict() == {
        "detected_ms": 153,
        "elected_ms": 166,
        "applied_ms": 171,
        "contingency_ms": 154,
        "applied_from_death_ms": 151,
    }


def test_the_order_in_which_the_lines_arrive_does_not_matter():
    times, backwards = leader_death(), leader_death()
    times.take_all(FAILOVER)
    backwards.take_all(reversed(FAILOVER))
    assert backwards.as_dict() == times.as_dict()


def test_what_is_missing_is_told():
    times = leader_death()
    times.take_all(FAILOVER[:-1])
    assert not times.is_complete
    assert times.as_dict()["applied_ms"] is None
    assert leader_death().as_dict() == dict.fromkeys(TIME_NAMES)
    assert leader_death().leader == 0


@pytest.mark.parametrize(
    "other",
    [
        line(2, -3, "plan", 8, 1),
        line(1, 160, "plan", 8, 1),
        line(2, 100, "plan", 7, 9),
        line(2, 100, "share", 4000, BASIS_PLAN),
        line(2, 100, "alive", ALL),
        line(2, 100, "lease", 0, 7),
        {"event": "cluster", "voters": [1]},
    ],
    ids=("before", "of the dead", "old term", "share of a plan", "still alive", "old lease", "header"),
)
def test_what_does_not_belong_to_the_failover_is_passed_over(other):
    times = leader_death()
    times.take_all([other])
    assert set(times.as_dict().values()) == {None}


def test_a_plan_that_was_under_way_when_a_follower_died_is_not_the_new_one():
    times = FailoverTimes(Death(4, 2, 7, LAST_US, LAST_US, SURVIVORS))
    times.take_all([line(2, 40, "plan", 7, 5), line(3, 45, "plan", 7, 5)])
    assert not times.is_complete
    times.take_all([line(2, 152, "plan", 7, 6), line(2, 152, "alive", WITHOUT_4), line(3, 158, "plan", 7, 6)])
    times.take_all([line(3, 153, "alive", WITHOUT_4)])
    assert times.is_complete
    assert times.leader == 2
    assert times.as_dict()["applied_ms"] == 158
    assert times.as_dict()["contingency_ms"] == 158


def test_percentiles_are_values_that_occurred():
    assert percentiles(range(1, 101)) == {"p50": 50, "p99": 99, "max": 100}
    assert percentiles([3.0, None, 1.0]) == {"p50": 1.0, "p99": 3.0, "max": 3.0}
    assert percentiles([None]) == {"p50": None, "p99": None, "max": None}
