"""Integer max-min fair division of one limit."""

import pytest

LARGE_MA = (1 << 30) - 1


@pytest.fixture
def fill(backend):
    """Return a function (requests, limit) -> (sum, grants)."""
    kernel = backend("waterfill")

    def run(request_ma, limit_ma):
        grant_ma = [-7] * len(request_ma)
        used_ma = kernel.fill(request_ma, grant_ma, limit_ma)
        return used_ma, list(grant_ma)

    return run


@pytest.mark.parametrize(
    ("request_ma", "limit_ma", "grant_ma"),
    [
        # Enough for everyone.
        ([6000, 16000], 40000, [6000, 16000]),
        ([6000, 16000], 22000, [6000, 16000]),
        # One level for all.
        ([32000, 32000], 40000, [20000, 20000]),
        ([6000, 32000, 32000], 40000, [6000, 17000, 17000]),
        ([6000, 10000, 32000, 32000], 40000, [6000, 10000, 12000, 12000]),
        # What the level leaves over goes in mA to the first of those that want more.
        ([32000, 32000, 32000], 40001, [13334, 13334, 13333]),
        ([1, 9, 9, 9], 9, [1, 3, 3, 2]),
        ([9, 1, 9, 9], 3, [1, 1, 1, 0]),
        # Nothing to give, nothing to take, nobody there.
        ([32000, 32000], 0, [0, 0]),
        ([0, 0], 40000, [0, 0]),
        ([], 40000, []),
        # Negative numbers count as zero.
        ([-5, 9], 4, [0, 4]),
        ([9, 9], -1, [0, 0]),
        # The ends of the range.
        ([LARGE_MA] * 3, LARGE_MA, [LARGE_MA // 3] * 3),
    ],
)
def test_a_limit_is_divided_evenly(fill, request_ma, limit_ma, grant_ma):
    assert fill(request_ma, limit_ma) == (sum(grant_ma), grant_ma)


def test_it_ends_after_as_many_passes_as_there_are_requests(fill):
    # Powers of two: each pass meets only the smallest that is left.
    request_ma = [1 << n for n in range(29)]
    used_ma, grant_ma = fill(request_ma, (1 << 28) - 1)
    assert used_ma == (1 << 28) - 1
    assert max(grant_ma) - grant_ma[26] <= 1 << 27
