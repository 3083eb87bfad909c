"""How late the real-time loop ticks, out of the buckets that wire.py lays out (RT_BUCKET)."""

from array import array

from evenload.wire import RT_BUCKET, RT_BUCKET_COUNT, RT_LATE_US_MAX, RT_OVERRUNS, RT_TICKS

FINE_COUNT = 100
MIDDLE_COUNT = 190


def bucket_of(late_us: int) -> int:
    """Return the bucket (0 .. RT_BUCKET_COUNT - 1) of a lateness."""
    if late_us < 1000:
        return late_us // 10 if late_us > 0 else 0
    if late_us < 10000:
        return FINE_COUNT + (late_us - 1000) // 100
    if late_us < 100000:
        return MIDDLE_COUNT + (late_us - 10000) // 1000
    return RT_BUCKET_COUNT - 1


def upper_us(bucket: int) -> int | None:
    """Return the lateness that all ticks of a bucket stay below; None for the last."""
    if bucket < FINE_COUNT:
        return 10 * (bucket + 1)
    if bucket < MIDDLE_COUNT:
        return 1000 + 100 * (bucket + 1 - FINE_COUNT)
    if bucket < RT_BUCKET_COUNT - 1:
        return 10000 + 1000 * (bucket + 1 - MIDDLE_COUNT)
    return None


def percentile_us(counters: array, permille: int) -> int:
    """Return the lateness that `permille` of the ticks stay below: a bucket's upper bound, at most the maximum."""
    wanted = (counters[RT_TICKS] * permille + 999) // 1000
    seen = 0
    for bucket in range(RT_BUCKET_COUNT - 1):
        seen += counters[RT_BUCKET + bucket]
        if seen >= wanted:
            return min(upper_us(bucket), counters[RT_LATE_US_MAX])
    return counters[RT_LATE_US_MAX]


def summary(counters: array) -> dict:
    """Return percentiles, maximum and the buckets that are not empty as [upper bound in us, ticks], JSON-ready."""
    histogram = []
    for bucket in range(RT_BUCKET_COUNT):
        if counters[RT_BUCKET + bucket]:
            histogram.append([upper_us(bucket), counters[RT_BUCKET + bucket]])
    return {
        "p50_us": percentile_us(counters, 500),
        "p99_us": percentile_us(counters, 990),
        "p999_us": percentile_us(counters, 999),
        "max_us": counters[RT_LATE_US_MAX],
        "ticks": counters[RT_TICKS],
        "overruns": counters[RT_OVERRUNS],
        "histogram": histogram,
    }
