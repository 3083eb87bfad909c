"""The buckets of the real-time loop's lateness."""

from array import array

import pytest
from evenload.wire import RT_BUCKET, RT_BUCKET_COUNT, RT_LATE_US_MAX, RT_SIZE, RT_TICKS
from evenload_node import lateness


def counted(*late_us):
    counters = array("q", [0] * RT_SIZE)
    for late in late_us:
        counters[RT_TICKS] += 1
        counters[RT_LATE_US_MAX] = max(late, counters[RT_LATE_US_MAX])
        counters[RT_BUCKET + lateness.bucket_of(late)] += 1
    return counters


def test_every_lateness_is_below_the_bound_of_its_bucket_and_not_below_the_one_before():
    for late_us in [*range(0, 12_000, 7), *range(12_000, 100_000, 501)]:
        bucket = lateness.bucket_of(late_us)
        assert late_us < lateness.upper_us(bucket)
        assert bucket == 0 or late_us >= lateness.upper_us(bucket - 1)


@pytest.mark.parametrize(
    ("late_us", "bucket"),
    [(-5, 0), (0, 0), (999, 99), (1000, 100), (9999, 189), (10_000, 190), (99_999, 279)],
)
def test_the_edges_of_the_three_scales(late_us, bucket):
    assert lateness.bucket_of(late_us) == bucket


def test_what_is_above_100_ms_has_the_last_bucket_without_a_bound():
    assert lateness.bucket_of(100_000) == lateness.bucket_of(10**9) == RT_BUCKET_COUNT - 1
    assert lateness.upper_us(RT_BUCKET_COUNT - 1) is None


def test_percentiles_are_upper_bounds_that_never_exceed_the_maximum():
    found = lateness.summary(counted(*[25] * 98, 105, 3_456))
    assert (found["p50_us"], found["p99_us"], found["p999_us"], found["max_us"]) == (30, 110, 3_456, 3_456)
    assert found["histogram"] == [[30, 98], [110, 1], [3_500, 1]]


def test_a_loop_that_has_not_ticked_is_not_late():
    assert lateness.summary(counted())["p99_us"] == 0
