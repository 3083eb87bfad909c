"""The C waterfill grants exactly what its Python twin grants."""

from evenload import waterfill as twin
from evenload_core import waterfill as core
from hypothesis import given
from hypothesis import strategies as st

AMOUNT_MA = st.one_of(st.integers(0, 40), st.integers(-3, 80000), st.integers(0, (1 << 30) - 1))


def grants_of(kernel, request_ma, limit_ma):
    grant_ma = [0] * len(request_ma)
    return kernel.fill(request_ma, grant_ma, limit_ma), list(grant_ma)


@given(request_ma=st.lists(AMOUNT_MA, max_size=24), limit_ma=AMOUNT_MA)
def test_both_grant_the_same_and_all_that_can_be_granted(request_ma, limit_ma):
    used_ma, grant_ma = grants_of(twin, request_ma, limit_ma)
    assert grants_of(core, request_ma, limit_ma) == (used_ma, grant_ma)
    assert used_ma == sum(grant_ma) == min(max(limit_ma, 0), sum(max(r, 0) for r in request_ma))
    # Nobody has less than he wants while another has more than one mA more than he.
    unmet = [g for r, g in zip(request_ma, grant_ma, strict=True) if g < r]
    assert not unmet or max(grant_ma) <= min(unmet) + 1
