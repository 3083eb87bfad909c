"""The C dispatch shares exactly as its Python twin does, whatever numbers it is given."""

from evenload import dispatch as twin
from evenload import wire
from evenload_core import dispatch as core
from hypothesis import given
from hypothesis import strategies as st

WORD = st.integers(-(1 << 31), (1 << 31) - 1)
COLUMNS = {
    "effective_10w": st.one_of(st.integers(0, 12), st.integers(0, 65535), st.sampled_from([0, 5000]), WORD),
    "rank": st.one_of(st.integers(0, 15), WORD),
    "cost_linear": st.one_of(st.integers(0, 1000), WORD),
    "cost_cubic": st.one_of(st.integers(0, 1000), WORD),
}
SCALARS = {
    "count": st.one_of(st.integers(0, wire.DISPATCH_COUNT_MAX), WORD),
    "policy": st.one_of(st.integers(0, 1), WORD),
    "master": st.one_of(st.integers(-1, wire.DISPATCH_COUNT_MAX), WORD),
    "cap_percent": st.one_of(st.just(80), st.integers(0, 100), WORD),
}
DEMAND_10W = st.one_of(st.integers(0, 100), st.integers(0, 65535), st.integers(0, 800000), WORD)


def solved(kernel, columns, scalars, demands_10w):
    """Return all that can be read after each demand."""
    dispatch = kernel.Dispatch()
    told = [[getattr(dispatch, name) for name in SCALARS]]
    for name, values in columns.items():
        for slot, value in enumerate(values):
            getattr(dispatch, name)[slot] = value
    for name, value in scalars.items():
        setattr(dispatch, name, value)
    for demand_10w in demands_10w:
        unmet_10w = dispatch.solve(demand_10w)
        told.append([unmet_10w, dispatch.unmet_10w, list(dispatch.share_10w)])
        told.append(kernel.n1_lost(dispatch, demand_10w))
    return told


@given(
    columns=st.fixed_dictionaries(
        {name: st.lists(values, min_size=12, max_size=12) for name, values in COLUMNS.items()}
    ),
    scalars=st.fixed_dictionaries(SCALARS),
    demands_10w=st.lists(DEMAND_10W, min_size=1, max_size=3),
)
def test_both_share_alike(columns, scalars, demands_10w):
    python = solved(twin, columns, scalars, demands_10w)
    assert solved(core, columns, scalars, demands_10w) == python
    for demand_10w, (unmet_10w, _, share_10w) in zip(demands_10w, python[1::2], strict=True):
        assert sum(share_10w) + unmet_10w == max(demand_10w, 0)


@given(rated_10w=st.one_of(st.integers(0, 65535), WORD), derate=st.one_of(st.integers(0, 3), WORD))
def test_both_derate_alike(rated_10w, derate):
    assert core.effective(rated_10w, derate) == twin.effective(rated_10w, derate)
