"""Cluster: the rules of SPEC's section on the cluster node, one by one, on both backends."""

import importlib
import tracemalloc

import pytest
from evenload import wire


def follower(rig, backend, src=2, **settings):
    """Return a booted node of voters 1 .. 3 that follows 1 in term 7 and has no plan."""
    node = rig.Node(backend, src, (1, 2, 3), **settings)
    node.run(400, 5, rig.beat(1, 7, 1, counter=3), rig.beat(3, 7, 1))
    node.sent.clear()
    return node


def answer(rig, node, frame):
    """Return (granted, reason) of the answer to a request."""
    node.hear(frame)
    rows = rig.sent_of(node.tick(0), wire.CAN_TYPE_VOTE_RESP) + rig.sent_of(
        node.sent, wire.CAN_TYPE_PREVOTE_RESP
    )
    return rows[0][wire.RESPONSE_GRANTED], wire.VOTE_REASON_NAMES[rows[0][wire.RESPONSE_REASON]]


# (request, its term, plan of the candidate, ms since the leader, what the voter has done) -> reason
VOTES = [
    ("prevote_req", 8, 0, 145, "", "none"),
    ("prevote_req", 8, 0, 100, "", "leader"),
    ("prevote_req", 7, 0, 145, "", "term"),
    ("prevote_req", 8, 0, 145, "plan", "plan"),
    ("prevote_req", 8, 0, 145, "no_floor", "no_voter"),
    ("vote_req", 8, 0, 145, "", "none"),
    ("vote_req", 8, 0, 100, "", "leader"),
    ("vote_req", 6, 0, 145, "", "term"),
    ("vote_req", 8, 0, 145, "voted", "voted"),
    ("vote_req", 8, 0, 145, "plan", "plan"),
    ("vote_req", 8, 0, 145, "floor", "floor"),
    ("vote_req", 8, 0, 145, "ceiling", "ceiling"),
    ("vote_req", 8, 0, 145, "no_floor", "no_voter"),
]


@pytest.mark.parametrize("case", VOTES)
def test_a_voter_says_why_not(rig, backend, case):
    kind, term, seq, silent_ms, done, reason = case
    ceiling = {"floor": 30, "no_floor": -1}.get(done, 0)
    node = follower(rig, backend, ceiling=ceiling, stores=done != "ceiling")
    if done == "plan":
        node.hear(*rig.chunks(rig.plan_numbers(7, 1, 1, [1, 1, 1]), 3))
    node.run(silent_ms)
    if done == "voted":
        node.hear(rig.vote_req(1, 8))
    node.flush()
    node.sent.clear()
    assert answer(rig, node, getattr(rig, kind)(3, term, 0, seq)) == (int(reason == "none"), reason)


def test_a_prevote_changes_nothing(rig, backend):
    node = follower(rig, backend)
    node.run(145)
    node.hear(rig.prevote_req(3, 900))
    assert (node.kernel.term, node.kernel.voted_for) == (7, 0)


def test_a_restarted_node_never_votes_twice_in_a_term(rig, backend):
    node = follower(rig, backend)
    node.run(145)
    assert answer(rig, node, rig.vote_req(1, 8)) == (1, "none")
    again = rig.Node(backend, 2, (1, 2, 3), ceiling=node.stored)
    again.run(400)
    again.sent.clear()
    assert answer(rig, again, rig.vote_req(3, 8)) == (0, "floor")


def test_an_unreadable_floor_is_told_and_never_votes(rig, backend):
    node = rig.Node(backend, 1, (1, 2, 3), ceiling=-1)
    node.run(1500, 5, rig.beat(2, 0), rig.beat(3, 0))
    assert node.kernel.alarm & wire.ALARM_NO_FLOOR
    assert (node.kernel.role, node.kernel.ceiling_wanted) == (wire.ROLE_FOLLOWER, 0)


@pytest.mark.parametrize("role", ["boot", "follower", "leader"])
@pytest.mark.parametrize(
    "case",
    [
        (wire.EMERGENCY_LEAK, 4, "isolated"),
        (wire.EMERGENCY_LEAK, 5, None),
        (wire.EMERGENCY_LEAK, 0, None),
        (wire.EMERGENCY_OVERTEMPERATURE, 5, "emergency"),
        (wire.EMERGENCY_FLOW_LOST, 0, "emergency"),
    ],
)
def test_an_emergency_counts_in_every_role(rig, backend, role, case):
    code, zone, basis = case
    node = rig.Node(backend, 1, (1, 2, 3), zone=4)
    if role == "leader":
        node.lead()
    else:
        node.run(50 if role == "boot" else 250)
    before = wire.BASIS_NAMES[node.kernel.basis]
    assert node.hear(rig.emergency(40, code, zone)) == wire.FRAME_OK
    node.tick(1)
    assert wire.BASIS_NAMES[node.kernel.basis] == (basis or before)
    assert node.kernel.applied_10w == {"isolated": 0, "emergency": 5000}.get(basis, node.kernel.applied_10w)


def test_one_mad_detector_stops_one_node_of_six(rig, backend):
    group = rig.Group(backend, range(1, 7))
    for src, node in group.nodes.items():
        node.kernel.zone = src
    group.run(1500)
    for _ in range(50):
        for zone in range(1, 7):
            group.spread(62, rig.emergency(62, wire.EMERGENCY_LEAK, zone))
        group.run(100)
    stopped = [src for src, node in group.nodes.items() if node.kernel.basis == wire.BASIS_ISOLATED]
    assert stopped == [1]
    assert sum(group.applied()) >= 16_500


ORDERS = [
    (wire.ORDER_DEMAND_10W, 100, wire.ORDER_NOT_LEADER, wire.ORDER_DONE),
    (wire.ORDER_DEMAND_10W, 65_536, wire.ORDER_NOT_LEADER, wire.ORDER_VALUE),
    (wire.ORDER_CAP_PERCENT, 0, wire.ORDER_NOT_LEADER, wire.ORDER_VALUE),
    (wire.ORDER_SUPPLY_CK, 30_000, wire.ORDER_NOT_LEADER, wire.ORDER_DONE),
    (wire.ORDER_POLICY, 2, wire.ORDER_NOT_LEADER, wire.ORDER_VALUE),
    (wire.ORDER_TRANSFER, 1, wire.ORDER_NOT_LEADER, wire.ORDER_VALUE),
    (wire.ORDER_TRANSFER, 2, wire.ORDER_NOT_LEADER, wire.ORDER_NOT_READY),
    (wire.ORDER_RESIGN, 0, wire.ORDER_NOT_LEADER, wire.ORDER_DONE),
    (wire.ORDER_DRAIN, 1, wire.ORDER_DONE, wire.ORDER_DONE),
    (wire.ORDER_DRAIN, 2, wire.ORDER_VALUE, wire.ORDER_VALUE),
    (wire.ORDER_HEALTH, 4, wire.ORDER_VALUE, wire.ORDER_VALUE),
    (wire.ORDER_LOAD, 251, wire.ORDER_VALUE, wire.ORDER_VALUE),
    (wire.ORDER_LOAD, 255, wire.ORDER_DONE, wire.ORDER_DONE),
    (wire.ORDER_EMERGENCY, 4, wire.ORDER_VALUE, wire.ORDER_VALUE),
    (0, 0, wire.ORDER_UNKNOWN, wire.ORDER_UNKNOWN),
    (11, 0, wire.ORDER_UNKNOWN, wire.ORDER_UNKNOWN),
]


@pytest.mark.parametrize("case", ORDERS)
def test_an_order_is_obeyed_or_refused_by_role(rig, backend, case):
    code, value, following, leading = case
    node = rig.Node(backend, 1, (1, 2, 3))
    assert node.order(code, value) == following
    node = rig.Node(backend, 1, (1, 2, 3))
    node.lead()
    assert node.order(code, value) == leading


def faulty(rig, kind):
    """Return a frame that is not acted on."""
    frames = {
        "not_ours": bytes(16),
        "cluster": rig.frame_of(wire.CAN_TYPE_HEARTBEAT, 1, [9], cluster=1),
        "stranger": rig.beat(9, 9),
        "stale": rig.beat(1, 6, 1),
        "value": rig.beat(1, 9, role=wire.ROLE_LEADER),
        "own_src": rig.beat(2, 9),
        "not_for_me": rig.setpoint(1, 3, 7),
    }
    if kind in frames:
        return frames[kind]
    frame = rig.setpoint(1, 2, 7) if kind == "crc" else rig.beat(1, 9)
    at, value = {"version": (1, 0x7F), "short": (4, 7), "unknown": (2, 0x68), "crc": (15, 0xEE)}[kind]
    frame[at] = value
    return frame


@pytest.mark.parametrize("kind", wire.FRAME_FAULT_WORDS[1:])
def test_a_faulty_frame_is_counted_and_not_acted_on(rig, backend, kind):
    node = follower(rig, backend)
    before = node.kernel.term, node.kernel.leader, list(node.kernel.plan)
    code = -wire.FRAME_FAULT_WORDS.index(kind)
    count = node.kernel.faults[-code]
    assert node.hear(faulty(rig, kind)) == code
    assert node.kernel.faults[-code] == count + 1
    assert (node.kernel.term, node.kernel.leader, list(node.kernel.plan)) == before


def test_a_setpoint_counts_from_the_leader_of_the_term_only(rig, backend):
    node = follower(rig, backend)
    assert node.hear(rig.setpoint(1, 2, 7)) == wire.FRAME_OK
    assert node.hear(rig.setpoint(3, 2, 7)) == wire.FRAME_STALE
    assert node.hear(rig.setpoint(1, 2, 6)) == wire.FRAME_STALE
    node.flush()
    assert node.told(wire.TRACE_SETPOINT) == [(7, 2, 7)]


@pytest.mark.parametrize("heard, held", [(True, 1), (False, 0)])
def test_a_lease_lives_by_acknowledgements(rig, backend, heard, held):
    node = rig.Node(backend, 1, (1, 2, 3), now_ms=rig.RING - 500)
    term = node.lead()
    for _ in range(60):
        node.run(5)
        if heard:
            counter = rig.sent_of(node.sent, wire.CAN_TYPE_HEARTBEAT)[-1][wire.BEAT_COUNTER]
            node.hear(rig.beat(2, term, 1, ack=counter))
    assert node.has_lease() == held
    assert (rig.sent_of(node.sent, wire.CAN_TYPE_RESIGN) == []) == bool(held)


@pytest.mark.parametrize("voters", [(1,), (1, 2), (1, 2, 3, 4), (2, 5, 9), tuple(range(1, 13))])
def test_a_group_of_any_size_leads_and_shares(rig, backend, voters):
    group = rig.Group(backend, voters, observers=[40], now_ms=rig.RING - 700).run(2000)
    assert group.leader().src == voters[0]
    assert sum(group.applied()) == 2750 * len(voters)
    assert group.nodes[40].kernel.leader == voters[0]


def test_the_demand_is_covered_when_the_leader_dies_and_without_a_quorum(rig, backend):
    group = rig.Group(backend, range(1, 7)).run(1500)
    group.dead.add(1)
    group.run(170)
    assert sum(group.applied()) >= 16_500
    group.run(130)
    assert group.leader().src == 2
    group.dead |= {2, 3}
    group.run(1000)
    assert group.leader() is None
    assert sum(group.applied()) == 15_000


def test_a_share_is_raised_before_another_is_lowered(rig, backend):
    group = rig.Group(backend, range(1, 7)).run(1500)
    sums = []
    for demand in (20_000, 9_000, 16_500):
        group.leader().order(wire.ORDER_DEMAND_10W, demand)
        for _ in range(100):
            group.run(5)
            sums.append((demand, sum(group.applied())))
        assert sums[-1] == (demand, demand)
    assert min(total for demand, total in sums if demand == 9_000) >= 9_000


def test_plans_that_nobody_acknowledges_coalesce(rig, backend):
    node = rig.Node(backend, 1, (1, 2, 3))
    term = node.lead()
    for demand in range(100, 130):
        node.order(wire.ORDER_DEMAND_10W, demand)
        counter = rig.sent_of(node.sent, wire.CAN_TYPE_HEARTBEAT)[-1][wire.BEAT_COUNTER]
        node.run(15, 5, rig.beat(2, term, 1, ack=counter))
    assert node.kernel.plan[wire.PLAN_SEQ] == wire.CLUSTER_UNACKED_MAX
    assert node.has_lease()


def test_the_most_urgent_frame_leaves_first_and_an_old_one_never(rig, backend):
    node = rig.Node(backend, 1, (1, 2, 3), zone=1)
    node.lead()
    node.order(wire.ORDER_DEMAND_10W, 77)
    node.order(wire.ORDER_EMERGENCY, wire.EMERGENCY_FLOW_LOST)
    prios = [frame[3] >> 2 & 7 for frame in node.tick(15)]
    assert prios == sorted(prios)
    assert prios[0] == wire.CAN_PRIO_EMERGENCY
    node.kernel.order(node.now_ms + 200, wire.ORDER_EMERGENCY, wire.EMERGENCY_FLOW_LOST)
    node.now_ms += 200 + wire.OUTBOX_AGE_MS + 1
    assert node.flush() == []


def test_a_steady_tick_of_the_twin_allocates_nothing_that_stays(rig):
    group = rig.Group(lambda stem: importlib.import_module(f"evenload.{stem}"), (1, 2, 3)).run(1500)
    kernel = group.nodes[2].kernel
    now_ms = group.now_ms
    tracemalloc.start()
    try:
        kernel.tick(now_ms)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            kernel.tick(now_ms)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 512
