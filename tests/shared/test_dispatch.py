"""The load rule: the worked examples of SPEC (load sharing), its properties with no tolerance, its ends."""

from fractions import Fraction

import pytest
from evenload import dispatch as twin
from evenload import wire
from hypothesis import given
from hypothesis import strategies as st

SIX = [5000] * 6


def members(kernel, effective_10w, master=wire.DISPATCH_MASTER_NONE, **settings):
    """Return a Dispatch with these capacities; ranks are the slots unless given.

    settings: rank, cost_linear, cost_cubic (lists), cap_percent, policy.
    """
    dispatch = kernel.Dispatch()
    dispatch.master = master
    dispatch.cap_percent = settings.get("cap_percent", wire.DISPATCH_CAP_PERCENT_DEFAULT)
    dispatch.policy = settings.get("policy", wire.DISPATCH_POLICY_RAMP)
    ranks = settings.get("rank", range(len(effective_10w)))
    for slot, (room, rank) in enumerate(zip(effective_10w, ranks, strict=True)):
        dispatch.effective_10w[slot] = room
        dispatch.rank[slot] = rank
    for name in ("cost_linear", "cost_cubic"):
        for slot, value in enumerate(settings.get(name, [])):
            getattr(dispatch, name)[slot] = value
    return dispatch


def shares(dispatch, demand_10w, count):
    """Return the first `count` shares, after checking that nobody else has one and that unmet is told twice."""
    assert dispatch.solve(demand_10w) == dispatch.unmet_10w
    assert not any(list(dispatch.share_10w)[count:])
    return list(dispatch.share_10w)[:count]


@pytest.mark.parametrize(
    ("effective_10w", "master", "demand_10w", "share_10w"),
    [
        # 165 kW: L = 1, the list of the requirement, whose sum this is.
        (SIX, 0, 16500, [4000, 3500, 3000, 2500, 2000, 1500]),
        # 240 kW: the master stands at its cap, L = 0.4 for the others.
        (SIX, 0, 24000, [4000, 4400, 4200, 4000, 3800, 3600]),
        # 165 kW, CDU3 dies: L = 5 / 7 for CDU2, 4, 5, 6; 3928.57, 3214.29, 2857.14, 2500.
        ([5000, 5000, 0, 5000, 5000, 5000], 0, 16500, [4000, 3929, 0, 3214, 2857, 2500]),
        # 240 kW, CDU3 dies: everybody but the master full.
        ([5000, 5000, 0, 5000, 5000, 5000], 0, 24000, [4000, 5000, 0, 5000, 5000, 5000]),
        # 165 kW, CDU1 dies and CDU2 is master: L = 0.68.
        ([0, 5000, 5000, 5000, 5000, 5000], 1, 16500, [0, 3980, 3640, 3300, 2960, 2620]),
        ([0, 5000, 5000, 5000, 5000, 5000], 1, 24000, [0, 4000, 5000, 5000, 5000, 5000]),
        # CDU1 and CDU3 die: the cap is a preference, not a limit; 40 kW cannot be carried.
        ([0, 5000, 0, 5000, 5000, 5000], 1, 24000, [0, 5000, 0, 5000, 5000, 5000]),
        # Between the caps and the capacities the master takes the remainder.
        (SIX, 0, 29500, [4500, 5000, 5000, 5000, 5000, 5000]),
        # Derated: CDU2 at 90 %, CDU3 at 50 %; L = 1.
        ([5000, 4500, 2500], 0, 8650, [4000, 3150, 1500]),
        # The ends.
        (SIX, 0, 0, [0] * 6),
        (SIX, 0, -5, [0] * 6),
        (SIX, 0, 30000, SIX),
        (SIX, 0, 30001, SIX),
        ([0] * 6, 0, 700, [0] * 6),
        ([5000], 0, 4000, [4000]),
        ([5000], 0, 4001, [4001]),
        ([5000], -1, 6000, [5000]),
        ([5000] * 12, 11, 60000, [5000] * 12),
        ([1, 1, 1], -1, 2, [1, 1, 0]),
    ],
)
def test_a_demand_is_shared(backend, effective_10w, master, demand_10w, share_10w):
    dispatch = members(backend("dispatch"), effective_10w, master)
    assert shares(dispatch, demand_10w, len(effective_10w)) == share_10w
    assert dispatch.unmet_10w == max(demand_10w, 0) - sum(share_10w)


ROOM_10W = st.one_of(
    st.integers(0, 12), st.integers(0, 600), st.sampled_from([0, 5000]), st.integers(0, 65535)
)


@st.composite
def clusters(draw):
    """Return (capacities, master, demand, the other settings) of a cluster of any kind."""
    count = draw(st.integers(1, 12))
    columns = {
        "rank": st.integers(0, 15),
        "cost_linear": st.integers(0, 1000),
        "cost_cubic": st.integers(0, 1000),
    }
    settings = {
        name: draw(st.lists(values, min_size=count, max_size=count)) for name, values in columns.items()
    }
    settings["cap_percent"] = draw(st.one_of(st.just(80), st.integers(0, 255)))
    settings["policy"] = draw(st.sampled_from([wire.DISPATCH_POLICY_RAMP, wire.DISPATCH_POLICY_EFFICIENCY]))
    effective_10w = draw(st.lists(ROOM_10W, min_size=count, max_size=count))
    master = draw(st.integers(wire.DISPATCH_MASTER_NONE, count - 1))
    total_10w = sum(effective_10w)
    demand_10w = draw(st.integers(0, total_10w + 50))
    return effective_10w, master, demand_10w, settings


def solved(kernel, cluster, effective_10w):
    """Return the shares where the members of a cluster have other capacities."""
    _, master, demand_10w, settings = cluster
    return shares(members(kernel, effective_10w, master, **settings), demand_10w, len(effective_10w))


@given(cluster=clusters())
def test_shares_and_unmet_are_the_demand_and_nobody_has_too_much(cluster):
    effective_10w, master, demand_10w, settings = cluster
    dispatch = members(twin, effective_10w, master, **settings)
    share_10w = shares(dispatch, demand_10w, len(effective_10w))
    assert sum(share_10w) + dispatch.unmet_10w == demand_10w
    assert all(0 <= share <= room for share, room in zip(share_10w, effective_10w, strict=True))
    assert dispatch.unmet_10w == max(0, demand_10w - sum(effective_10w))


@given(cluster=clusters(), data=st.data())
def test_losing_or_derating_a_member_takes_nothing_from_the_others(cluster, data):
    effective_10w = cluster[0]
    gone = data.draw(st.integers(0, len(effective_10w) - 1))
    weaker_10w = list(effective_10w)
    weaker_10w[gone] = data.draw(st.one_of(st.just(0), st.integers(0, effective_10w[gone])))
    before, after = solved(twin, cluster, effective_10w), solved(twin, cluster, weaker_10w)
    assert all(
        now >= then for slot, (then, now) in enumerate(zip(before, after, strict=True)) if slot != gone
    )


@given(cluster=clusters())
def test_a_larger_demand_takes_nothing_from_anybody(cluster):
    effective_10w, master, demand_10w, settings = cluster
    before = solved(twin, cluster, effective_10w)
    after = solved(twin, (effective_10w, master, demand_10w + 1, settings), effective_10w)
    assert all(now >= then for then, now in zip(before, after, strict=True))


@given(cluster=clusters(), data=st.data())
def test_nodes_that_see_different_members_cover_the_demand_together(cluster, data):
    # Each carries its own share as it sees the cluster; everybody sees himself.
    effective_10w, _, demand_10w, _ = cluster
    count = len(effective_10w)
    carried_10w = 0
    for slot in range(count):
        seen = data.draw(st.sets(st.integers(0, count - 1))) | {slot}
        view_10w = [room if other in seen else 0 for other, room in enumerate(effective_10w)]
        carried_10w += solved(twin, cluster, view_10w)[slot]
    assert carried_10w >= min(demand_10w, sum(effective_10w))


@given(cluster=clusters(), data=st.data())
def test_the_order_of_failures_does_not_matter(cluster, data):
    effective_10w, master, demand_10w, settings = cluster
    order = data.draw(st.permutations(range(len(effective_10w))))
    dispatch = members(twin, effective_10w, master, **settings)
    for slot in order[: len(order) // 2]:
        dispatch.effective_10w[slot] = 0
        share_10w = shares(dispatch, demand_10w, len(effective_10w))
        assert share_10w == solved(twin, cluster, list(dispatch.effective_10w)[: len(effective_10w)])


def real_shares(cluster):
    """Return the shares of the real-valued rule, exactly: the reference, found breakpoint by breakpoint."""
    effective_10w, master, demand_10w, settings = cluster
    bounds = [Fraction(room) for room in effective_10w]
    if master >= 0:
        bounds[master] = Fraction(effective_10w[master] * min(settings["cap_percent"], 100) // 100)
    if demand_10w >= sum(bounds):
        left = demand_10w - sum(bounds)
        if master >= 0:
            bounds[master] += min(left, effective_10w[master] - bounds[master])
        return bounds
    slopes = [
        Fraction(room * min(95, 20 + 10 * rank), 100)
        for room, rank in zip(effective_10w, settings["rank"], strict=True)
    ]
    triples = list(zip(effective_10w, slopes, bounds, strict=True))

    def at(level):
        return [min(bound, max(Fraction(0), room - level * slope)) for room, slope, bound in triples]

    present = [triple for triple in triples if triple[0]]
    breaks = {room / slope for room, slope, _ in present} | {(room - b) / slope for room, slope, b in present}
    breaks = sorted(breaks | {Fraction(0)})
    high = max(level for level in breaks if sum(at(level)) >= demand_10w)
    low = min((level for level in breaks if level > high), default=high)
    carried = sum(at(high)) - sum(at(low))
    return at(high + (low - high) * (sum(at(high)) - demand_10w) / carried if carried else high)


@given(cluster=clusters())
def test_the_ramp_follows_the_real_valued_rule(cluster):
    effective_10w, master, demand_10w, settings = cluster
    cluster = (effective_10w, master, demand_10w, {**settings, "policy": wire.DISPATCH_POLICY_RAMP})
    real_10w = real_shares(cluster)
    share_10w = solved(twin, cluster, effective_10w)
    assert sum(real_10w) == sum(share_10w)
    # Half a unit of rounding, and the units by which the roundings of all members differ in sum.
    off = [abs(share - real) for share, real in zip(share_10w, real_10w, strict=True)]
    assert max(off) <= Fraction(len(off) + 1, 2)
    # A share of whole units is met exactly.
    assert share_10w == real_10w or any(real.denominator > 1 for real in real_10w)


def cost_of(share_10w, settings, effective_10w):
    """Return the cost of shares: of u units, linear * u + cubic * u^3 / e^2."""
    return sum(
        Fraction(settings["cost_linear"][slot] * units)
        + (
            Fraction(max(1, settings["cost_cubic"][slot]) * units**3, effective_10w[slot] ** 2)
            if units
            else 0
        )
        for slot, units in enumerate(share_10w)
    )


def splits(rooms, demand):
    """Yield every way to share a demand among members."""
    if len(rooms) == 1:
        if demand <= rooms[0]:
            yield [demand]
        return
    for units in range(min(rooms[0], demand) + 1):
        for rest in splits(rooms[1:], demand - units):
            yield [units, *rest]


@given(
    effective_10w=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    linear=st.lists(st.integers(0, 1000), min_size=4, max_size=4),
    cubic=st.lists(st.integers(0, 1000), min_size=4, max_size=4),
    data=st.data(),
)
def test_efficiency_is_the_cheapest_of_all_ways_to_share(effective_10w, linear, cubic, data):
    demand_10w = data.draw(st.integers(0, sum(effective_10w)))
    settings = {"cost_linear": linear[: len(effective_10w)], "cost_cubic": cubic[: len(effective_10w)]}
    dispatch = members(twin, effective_10w, policy=wire.DISPATCH_POLICY_EFFICIENCY, **settings)
    share_10w = shares(dispatch, demand_10w, len(effective_10w))
    least = min(cost_of(way, settings, effective_10w) for way in splits(effective_10w, demand_10w))
    # Prices are compared in 2^-18; each unit moved by that saves no more.
    assert cost_of(share_10w, settings, effective_10w) - least <= Fraction(demand_10w, 1 << 18)


def test_efficiency_shares_equally_among_identical_units(backend):
    dispatch = members(backend("dispatch"), SIX, policy=wire.DISPATCH_POLICY_EFFICIENCY, cost_cubic=[700] * 6)
    assert shares(dispatch, 16502, 6) == [2751, 2751, 2750, 2750, 2750, 2750]


def test_efficiency_keeps_the_masters_cap(backend):
    dispatch = members(backend("dispatch"), SIX, 2, policy=wire.DISPATCH_POLICY_EFFICIENCY)
    assert shares(dispatch, 27000, 6) == [4600, 4600, 4000, 4600, 4600, 4600]
    assert shares(dispatch, 29400, 6) == [5000, 5000, 4400, 5000, 5000, 5000]


def test_efficiency_loads_the_better_unit_more(backend):
    # Marginal costs 4 x^2 and x^2 (times 3) are equal at x : 2 x.
    dispatch = members(
        backend("dispatch"), [5000, 5000], policy=wire.DISPATCH_POLICY_EFFICIENCY, cost_cubic=[400, 100]
    )
    assert shares(dispatch, 6000, 2) == [2000, 4000]


def test_a_number_outside_its_range_counts_as_the_nearest_inside(backend):
    kernel = backend("dispatch")
    dispatch = members(kernel, [-5, 70000, 5000], 0, rank=[0, -3, 99], cap_percent=-1)
    assert shares(dispatch, 1 << 30, 3) == [0, 65535, 5000]
    dispatch.count = 99
    dispatch.policy = 77
    assert dispatch.solve(100) == 0
    dispatch.count = -1
    assert shares(dispatch, 100, 0) == []
    assert dispatch.unmet_10w == 100


def test_slots_beyond_the_count_are_no_members(backend):
    dispatch = members(backend("dispatch"), SIX)
    dispatch.count = 2
    assert shares(dispatch, 12000, 2) == [5000, 5000]
    assert dispatch.unmet_10w == 2000


@pytest.mark.parametrize(
    ("rated_10w", "derate", "effective_10w"),
    [(5000, 0, 5000), (5000, 1, 4500), (5000, 2, 2500), (5000, 3, 0), (5, 1, 4), (3, 2, 1), (5000, 9, 0)],
)
def test_a_derate_rounds_down(backend, rated_10w, derate, effective_10w):
    assert backend("dispatch").effective(rated_10w, derate) == effective_10w


@pytest.mark.parametrize(
    ("effective_10w", "demand_10w", "lost"),
    [
        (SIX, 25000, 0),
        (SIX, 25001, 1),
        ([5000, 9000], 5000, 0),
        ([5000, 9000], 5001, 1),
        ([0], 0, 0),
        ([0], 1, 1),
    ],
)
def test_n_plus_one_is_lost_when_the_largest_may_not_fail(backend, effective_10w, demand_10w, lost):
    kernel = backend("dispatch")
    assert kernel.n1_lost(members(kernel, effective_10w), demand_10w) == lost
