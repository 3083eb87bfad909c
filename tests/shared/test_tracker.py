"""The stable current tracker as requirement 4.4 words it: 3 samples, 2 A to the limit, 4 A of spread."""

import pytest
from evenload.wire import NOT_MEASURED_MA

LIMIT_MA = 16000


@pytest.fixture
def tracker(backend):
    return backend("tracker").Tracker(3)


def feed(tracker, *samples_ma, index=1):
    """Give samples to a station and return its stable current."""
    for actual_ma in samples_ma:
        tracker.on_sample(index, actual_ma, LIMIT_MA)
    return tracker.stable_ma[index]


def test_nothing_is_stable_before_three_samples(tracker):
    assert list(tracker.stable_ma) == [NOT_MEASURED_MA] * 3
    assert feed(tracker, 10000) == feed(tracker, 10000) == NOT_MEASURED_MA


def test_three_samples_within_four_amps_are_stable_at_the_largest(tracker):
    assert feed(tracker, 8000, 12000, 10000) == 12000
    assert list(tracker.stable_ma) == [NOT_MEASURED_MA, 12000, NOT_MEASURED_MA]


def test_a_spread_above_four_amps_is_not_stable(tracker):
    assert feed(tracker, 8000, 12001, 10000) == NOT_MEASURED_MA


@pytest.mark.parametrize("actual_ma", [14000, 16000, 18000])
def test_a_sample_within_two_amps_of_the_limit_resets(tracker, actual_ma):
    assert feed(tracker, 10000, 10000, 10000) == 10000
    assert feed(tracker, actual_ma) == NOT_MEASURED_MA
    assert tracker.sample_count[1] == 0
    assert feed(tracker, 10000, 10000) == NOT_MEASURED_MA


@pytest.mark.parametrize("actual_ma", [13999, 18001])
def test_a_sample_further_than_two_amps_away_counts(tracker, actual_ma):
    assert feed(tracker, actual_ma, actual_ma, actual_ma) == actual_ma


def test_a_fourth_sample_pushes_the_oldest_out(tracker):
    assert feed(tracker, 5000, 9000, 9500) == NOT_MEASURED_MA
    assert feed(tracker, 10000) == 10000
    assert list(tracker.sample_ma[3:6]) == [9000, 9500, 10000]
    assert feed(tracker, 4000) == NOT_MEASURED_MA
    assert feed(tracker, 4500, 5000) == 5000


def test_a_changed_limit_keeps_the_samples(tracker):
    feed(tracker, 9000, 9000)
    tracker.on_sample(1, 9000, 12000)
    assert tracker.stable_ma[1] == 9000


def test_an_unmeasured_sample_is_no_evidence(tracker):
    feed(tracker, 9000, 9000, 9000)
    assert feed(tracker, NOT_MEASURED_MA) == NOT_MEASURED_MA
    assert tracker.sample_count[1] == 0


def test_reset_forgets_one_station_only(tracker):
    feed(tracker, 9000, 9000, 9000, index=0)
    feed(tracker, 9000, 9000, 9000, index=2)
    tracker.reset(0)
    assert list(tracker.stable_ma) == [NOT_MEASURED_MA, NOT_MEASURED_MA, 9000]
