"""Cluster: attacks and accidents that once broke a rule, each with what must hold instead."""

import pytest
from evenload import wire

FOLLOW_MS = 400


def follower(rig, backend, voters=(1, 2, 3), src=2, **settings):
    """Return a booted node that follows voter 1 in term 7."""
    node = rig.Node(backend, src, voters, **settings)
    node.run(
        FOLLOW_MS, 5, rig.beat(1, 7, 1, counter=3), *[rig.beat(v, 7, 1) for v in voters if v not in (1, src)]
    )
    node.sent.clear()
    return node


def last_beat(rig, node, span_ms=60):
    return rig.sent_of(node.run(span_ms), wire.CAN_TYPE_HEARTBEAT)[-1]


@pytest.mark.parametrize("src", [2, 40, 9])
def test_who_may_not_vote_yet_or_ever_answers_no_request(rig, backend, src):
    node = rig.Node(backend, src, (1, 2, 3))
    node.run(100 if src == 2 else 400)
    node.sent.clear()
    assert node.hear(rig.prevote_req(1, 1), rig.vote_req(1, 1)) == wire.FRAME_OK
    node.tick(0)
    assert rig.sent_of(node.sent, wire.CAN_TYPE_PREVOTE_RESP) == []
    assert rig.sent_of(node.sent, wire.CAN_TYPE_VOTE_RESP) == []


def test_a_plan_alone_is_no_leader_frame_that_could_be_acknowledged(rig, backend):
    """S5: the counter of the old leader must not renew the lease of the new one."""
    node = follower(rig, backend)
    node.run(200)
    node.hear(*rig.chunks(rig.plan_numbers(8, 1, 3, [0, 0, 0]), 3))
    assert node.kernel.plan[wire.PLAN_TERM] == 8
    found = last_beat(rig, node)
    assert (found[wire.BEAT_TERM], found[wire.BEAT_PLAN_SEQ], found[wire.BEAT_LEADER]) == (8, 1, 0)
    node.hear(rig.lease(3, 8, counter=9))
    found = last_beat(rig, node)
    assert (found[wire.BEAT_LEADER], found[wire.BEAT_ACK]) == (3, 9)


def test_a_term_of_the_same_leader_needs_a_new_acknowledgement(rig, backend):
    node = follower(rig, backend)
    node.hear(*rig.chunks(rig.plan_numbers(9, 1, 1, [0, 0, 0]), 3))
    assert last_beat(rig, node)[wire.BEAT_LEADER] == 0
    node.hear(rig.beat(1, 9, 1, counter=4))
    found = last_beat(rig, node)
    assert (found[wire.BEAT_LEADER], found[wire.BEAT_ACK]) == (1, 4)


def test_a_clock_that_goes_back_does_not_shorten_the_boot(rig, backend):
    """S5: whoever may have promised something before a restart has to listen longer than the promise."""
    node = rig.Node(backend, 2, (1, 2, 3), now_ms=5000)
    node.run(20)
    node.tick(-3000)
    assert node.kernel.role == wire.ROLE_BOOT
    node.run(wire.CLUSTER_BOOT_MS - 10)
    assert node.kernel.role == wire.ROLE_BOOT
    node.run(15)
    assert node.kernel.role == wire.ROLE_FOLLOWER


def test_a_clock_that_goes_back_does_not_end_an_emergency(rig, backend):
    node = follower(rig, backend)
    node.hear(rig.emergency(40, wire.EMERGENCY_OVERTEMPERATURE))
    node.run(50)
    assert node.kernel.basis == wire.BASIS_EMERGENCY
    node.tick(-1000)
    assert node.kernel.basis == wire.BASIS_EMERGENCY
    node.run(9000)
    assert node.kernel.basis == wire.BASIS_EMERGENCY
    node.run(1100)
    assert node.kernel.basis != wire.BASIS_EMERGENCY


def test_an_emergency_stamped_after_the_tick_counts(rig, backend):
    node = follower(rig, backend)
    node.hear(rig.emergency(40, wire.EMERGENCY_FLOW_LOST), at_ms=node.now_ms + 1)
    node.tick(0)
    assert node.kernel.basis == wire.BASIS_EMERGENCY


def test_a_clock_that_goes_back_does_not_delay_going_alone(rig, backend):
    node = rig.Node(backend, 2, (1, 2, 3), now_ms=100_000)
    node.run(250)
    node.tick(-90_000)
    node.run(wire.CLUSTER_ALONE_MS + 10)
    assert (node.kernel.basis, node.kernel.applied_10w) == (wire.BASIS_ALONE, 5000)


def test_a_pause_does_not_trade_the_bond_to_a_candidate(rig, backend):
    """S5: node 2 has voted for 3; the old leader, asking on, must not free it after a pause."""
    node = follower(rig, backend)
    node.run(145)
    node.hear(rig.vote_req(3, 8))
    node.tick(0)
    assert node.kernel.voted_for == 3
    node.tick(wire.CLUSTER_AWAY_MS + 1)
    node.hear(rig.prevote_req(1, 9), rig.vote_req(1, 9))
    answers = rig.sent_of(node.tick(0), wire.CAN_TYPE_VOTE_RESP)
    assert [row[wire.RESPONSE_REASON] for row in answers] == [wire.VOTE_REASON_LEADER]


def candidate(rig, backend, voters):
    """Return a node that has just asked for votes."""
    node = rig.Node(backend, 1, voters, serial=5)
    others = voters[1:]
    for _ in range(200):
        node.run(5, 5, *[rig.beat(src, 0) for src in others])
        if node.kernel.role == wire.ROLE_PRECANDIDATE:
            node.hear(*[rig.grant(src, 1, 1, is_vote=False) for src in others])
        if node.kernel.role == wire.ROLE_CANDIDATE:
            return node
    raise AssertionError("never a candidate")


def test_a_silenced_candidate_does_not_win_by_its_namesakes_votes(rig, backend):
    node = candidate(rig, backend, (1, 2, 3))
    term = node.kernel.term
    node.hear(rig.claim(1, 9999, 0))
    assert node.kernel.is_silent == 1
    node.hear(rig.grant(2, 1, term), rig.grant(3, 1, term))
    assert node.tick(0) == []
    assert (node.has_lease(), node.kernel.role) == (0, wire.ROLE_FOLLOWER)


def test_a_node_that_falls_silent_sends_nothing_more_but_its_resignation(rig, backend):
    node = rig.Node(backend, 1, (1, 2, 3))
    node.lead()
    node.kernel.tick(node.now_ms + 25)
    node.hear(rig.claim(1, 9999, 0))
    types = {frame[2] >> 3 for frame in node.flush()}
    assert types == {wire.CAN_TYPE_RESIGN}
    assert node.run(300) == []


def test_two_nodes_alike_in_all_fall_silent_both(rig, backend):
    nodes = [rig.Node(backend, 2, (1, 2, 3), serial=77) for _ in range(2)]
    for node in nodes:
        node.run(1000)
        node.sent.clear()
        node.hear(rig.beat(2, 0))
    claims = [node.tick(0)[0] for node in nodes]
    for node, frame in zip(nodes, reversed(claims), strict=True):
        node.hear(frame)
        assert node.kernel.is_silent == 1


@pytest.mark.parametrize("at, value", [(4, 7), (2, 0x20)])
def test_a_malformed_frame_of_the_own_source_is_no_clash(rig, backend, at, value):
    node = rig.Node(backend, 2, (1, 2, 3))
    node.run(100)
    frame = rig.beat(2, 5)
    frame[at] = value
    assert node.hear(frame) in (wire.FRAME_SHORT, wire.FRAME_VALUE, wire.FRAME_UNKNOWN)
    assert node.kernel.is_silent == 0


def test_a_malformed_chunk_is_no_sign_of_life(rig, backend):
    node = rig.Node(backend, 2, (1, 2, 3))
    frame = rig.chunks(rig.plan_numbers(7, 1, 3, [0, 0, 0]), 3)[0]
    frame[4] = 5
    assert node.hear(frame) == wire.FRAME_SHORT
    assert node.snapshot()[wire.SNAPSHOT_PEER_AGE_MS + 3] == -1


def test_chunks_of_another_voter_do_not_starve_the_plan_of_the_leader(rig, backend):
    node = follower(rig, backend)
    foreign = rig.chunks(rig.plan_numbers(7, 4, 3, [1, 2, 3]), 3)[1]
    for frame in rig.chunks(rig.plan_numbers(7, 2, 1, [100, 200, 300]), 3):
        assert node.hear(foreign) == wire.FRAME_STALE
        node.hear(frame)
    assert node.kernel.plan[wire.PLAN_SEQ] == 2


JUMPS = ["beat", "lease", "resign", "vote_req", "floor", "plan"]


@pytest.mark.parametrize("kind", JUMPS)
def test_one_forged_term_does_not_use_up_all_terms(rig, backend, kind):
    node = follower(rig, backend)
    node.run(160)
    far = wire.TERM_MAX
    frames = {
        "beat": [rig.beat(3, far)],
        "lease": [rig.lease(3, far)],
        "resign": [rig.resign(3, far)],
        "vote_req": [rig.vote_req(3, far)],
        "floor": [rig.refusal(3, 1, 8, floor=far)],
        "plan": rig.chunks(rig.plan_numbers(far, 1, 3, [0, 0, 0]), 3),
    }[kind]
    stored = node.stored
    assert node.hear(*frames) == wire.FRAME_VALUE
    node.tick(0)
    assert (node.kernel.term, node.stored) == (7, stored)
    assert not node.kernel.alarm & wire.ALARM_TERM_END


def test_a_node_that_boots_believes_any_term(rig, backend):
    node = rig.Node(backend, 2, (1, 2, 3))
    node.hear(rig.beat(1, 9_000_000, 1))
    assert (node.kernel.term, node.kernel.leader) == (9_000_000, 1)


def test_a_clock_step_and_a_clash_are_told(rig, backend):
    node = follower(rig, backend)
    node.tick(-50)
    assert node.told(wire.TRACE_ALARM)[-1][0] & wire.ALARM_CLOCK_STEP
    node.hear(rig.beat(2, 7))
    node.tick(5)
    assert node.told(wire.TRACE_ALARM)[-1][0] & wire.ALARM_CLASH


def test_the_beats_of_the_first_candidate_are_possible(rig, backend):
    node = rig.Node(backend, 1, (1, 2, 3))
    for _ in range(120):
        node.run(5, 5, rig.beat(2, 0), rig.beat(3, 0))
        if node.kernel.role == wire.ROLE_PRECANDIDATE:
            break
    frames = [frame for frame in node.run(80) if frame[2] >> 3 == wire.CAN_TYPE_HEARTBEAT]
    assert frames
    other = rig.Node(backend, 2, (1, 2, 3))
    assert [other.hear(frame) for frame in frames] == [wire.FRAME_OK] * len(frames)


def test_a_follower_says_what_its_plan_leaves_unmet(rig, backend):
    node = follower(rig, backend)
    node.hear(*rig.chunks(rig.plan_numbers(7, 1, 1, [5000, 5000, 5000], demand=16_000), 3))
    node.tick(5)
    assert node.kernel.alarm & wire.ALARM_UNMET
    assert node.snapshot()[wire.SNAPSHOT_UNMET_10W] == 1000


def test_a_member_that_says_it_is_out_is_not_counted_on(rig, backend):
    """S11: nobody is left to plan anew when the leader has died."""
    node = follower(rig, backend)
    node.hear(*rig.chunks(rig.plan_numbers(7, 1, 1, [2000, 2000, 2000]), 3))
    node.run(100, 5, rig.beat(1, 7, 1, seq=1), rig.beat(3, 7, 1, seq=1))
    assert node.kernel.applied_10w == 2000
    node.run(10, 5, rig.beat(1, 7, 1, seq=1), rig.beat(3, 7, 1, seq=1, health=wire.DERATE_OUT))
    assert (node.kernel.basis, node.kernel.applied_10w) == (wire.BASIS_CONTINGENCY, 2600)


def test_a_lease_frame_names_its_sender(rig, backend):
    node = follower(rig, backend)
    assert node.hear(rig.lease(1, 7, counter=5, master=3)) == wire.FRAME_VALUE


def test_counters_stay_small(rig, backend):
    """A board has 30 bits; what only counts wraps at 24."""
    node = rig.Node(backend, 1, (1,), stores=False)
    kernel = node.kernel
    parts = kernel._struct if hasattr(kernel, "_struct") else kernel
    parts.post.trace_lost = (1 << 24) - 1
    parts.post.outbox.dropped = (1 << 24) - 1
    parts.election.election_count = (1 << 24) - 1
    for _ in range(wire.TRACE_COUNT + 2):
        kernel.on_stored(node.now_ms, 0)
    assert parts.post.trace_lost < 100
    node.stores = True
    node.flush()
    node.run(600)
    assert node.has_lease()
    assert parts.election.election_count == 0
