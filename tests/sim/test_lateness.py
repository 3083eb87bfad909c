"""The histogram of lateness."""

from evenload_sim.lateness import STEP_COUNT, STEP_US, Lateness


def make_lateness(*late_us):
    lateness = Lateness()
    for one_us in late_us:
        lateness.add(one_us)
    return lateness


def test_nothing_was_late_before_anything_happened():
    assert Lateness().summary() == {"count": 0, "p50_us": 0, "p99_us": 0, "max_us": 0}


def test_percentiles_are_rounded_up_to_a_step():
    lateness = make_lateness(*range(1, 101), 5000)
    assert lateness.summary() == {"count": 101, "p50_us": 60, "p99_us": 110, "max_us": 5000}


def test_a_percentile_never_exceeds_the_largest():
    assert make_lateness(3).summary()["p99_us"] == 3


def test_what_came_early_was_in_time():
    assert make_lateness(-5).max_us == 0


def test_what_is_beyond_the_steps_is_told_as_the_largest():
    beyond_us = STEP_US * STEP_COUNT + 12_345
    assert make_lateness(beyond_us, 1).percentile_us(99) == beyond_us


def test_two_histograms_add_up():
    total = make_lateness(5, 15)
    total.add_all(make_lateness(25, 905))
    assert total.summary() == {"count": 4, "p50_us": 20, "p99_us": 905, "max_us": 905}
