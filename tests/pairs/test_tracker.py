"""tracker: both twins, one stream of samples, the whole state compared."""

from evenload import tracker as twin
from evenload_core import tracker as core
from hypothesis import given
from hypothesis import strategies as st

COLUMNS = ("stable_ma", "sample_count", "sample_ma")
CURRENT_MA = st.one_of(st.integers(-1, 33000), st.integers(7000, 12000), st.integers(-(1 << 29), 1 << 29))
SAMPLES = st.lists(
    st.tuples(st.integers(0, 2), CURRENT_MA, st.sampled_from((0, 6000, 10000, 16000)), st.booleans()),
    max_size=60,
)


@given(SAMPLES)
def test_the_same_samples_give_the_same_state(samples):
    ours, theirs = twin.Tracker(3), core.Tracker(3)
    for index, actual_ma, limit_ma, is_reset in samples:
        for tracker in (ours, theirs):
            tracker.on_sample(index, actual_ma, limit_ma)
            if is_reset:
                tracker.reset((index + 1) % 3)
        for column in COLUMNS:
            assert list(getattr(ours, column)) == list(getattr(theirs, column))
