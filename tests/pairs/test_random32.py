"""random32: both twins, one stream."""

from evenload import random32 as twin
from evenload_core import random32 as core
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(0, (1 << 32) - 1), st.lists(st.integers(0, (1 << 30) - 1), max_size=50))
def test_the_same_seed_gives_the_same_stream_and_state(seed, bounds):
    """A bound of 0 stands for a plain draw."""
    ours, theirs = twin.Random32(seed), core.Random32(seed)
    for bound in bounds:
        if bound == 0:
            assert ours.next30() == theirs.next30()
        else:
            assert ours.below(bound) == theirs.below(bound)
        assert (ours.high, ours.low) == (theirs.high, theirs.low)
