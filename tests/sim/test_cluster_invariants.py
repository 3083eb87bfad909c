"""Each invariant of a cluster's history fails on a history that breaks it, and holds on one that does not."""

import pytest
from evenload import wire
from evenload_sim.cluster.events import DOWN, UP, Event, is_newer
from evenload_sim.cluster.invariants import History

QUORUM = 2
RATED_10W = {1: 5000, 2: 5000, 3: 5000}
MS = 1000


def judged(rows, noise_us=0):
    """Return the rules that a history of (ms, node, code, a, b, c) breaks."""
    found = []
    history = History(QUORUM, RATED_10W, lambda rule, _sentence, _event: found.append(rule), noise_us)
    for line, (at_ms, node, code, *numbers) in enumerate(rows, 1):
        history.take(Event(at_ms * MS, node, code, *numbers, *[0] * (3 - len(numbers)), at_ms, line))
    history.finish()
    return found


def elected(at_ms, leader, term, voters):
    """Return the events of a won election."""
    mask = sum(1 << src for src in voters)
    votes = [(at_ms, src, wire.TRACE_VOTE, term, leader) for src in voters]
    won = [(at_ms + 1, leader, wire.TRACE_GRANTS, term, mask, QUORUM)]
    return [*votes, *won, (at_ms + 1, leader, wire.TRACE_ROLE, wire.ROLE_LEADER, term, leader)]


def planned(at_ms, leader, version, nodes, crc=77):
    """Return the events of a plan that some nodes apply after its leader."""
    rows = [(at_ms, leader, wire.TRACE_PLAN, *version, crc)]
    return rows + [(at_ms + 1, src, wire.TRACE_PLAN, *version, crc) for src in nodes]


GOOD = [*elected(10, 1, 5, [1, 2]), *planned(12, 1, (5, 1), [2, 3]), *elected(400, 2, 6, [2, 3])]


def test_a_good_history_breaks_nothing():
    assert judged(GOOD) == []


def test_s1_two_leaders_of_one_term():
    assert "S1" in judged([*elected(10, 1, 5, [1, 2]), *elected(20, 2, 5, [2, 3])])


def test_s2_a_term_goes_back():
    assert judged([(10, 1, wire.TRACE_TERM, 5), (11, 1, wire.TRACE_TERM, 4)]) == ["S2"]


def test_s2_a_vote_at_the_floor():
    rows = [(1, 1, UP), (1, 1, wire.TRACE_BOOT, 9, 25, 1), (300, 1, wire.TRACE_VOTE, 9, 2)]
    assert judged(rows) == ["S2"]


def test_s2_a_node_without_a_record_votes():
    rows = [(1, 1, UP), (1, 1, wire.TRACE_BOOT, 0, 0, 0), (300, 1, wire.TRACE_VOTE, 9, 2)]
    assert judged(rows) == ["S2"]


def test_s2_a_restart_may_know_less():
    assert (
        judged([(10, 1, wire.TRACE_TERM, 5), (11, 1, DOWN), (12, 1, UP), (13, 1, wire.TRACE_TERM, 4)]) == []
    )


def test_s3_a_second_vote_across_a_restart():
    rows = [(10, 1, wire.TRACE_VOTE, 5, 2), (11, 1, DOWN), (12, 1, UP), (300, 1, wire.TRACE_VOTE, 5, 3)]
    assert judged(rows) == ["S3"]


def test_s3_the_same_vote_again_is_no_second_one():
    assert judged([(10, 1, wire.TRACE_VOTE, 5, 2), (11, 1, wire.TRACE_VOTE, 5, 2)]) == []


def test_s4_too_few_votes():
    rows = [(10, 1, wire.TRACE_VOTE, 5, 1), (11, 1, wire.TRACE_GRANTS, 5, 2, QUORUM)]
    assert judged(rows) == ["S4"]


def test_s4_a_vote_that_nobody_gave():
    rows = [(1, 2, wire.TRACE_TERM, 1), *elected(10, 1, 5, [1, 2])]
    assert judged([row for row in rows if row[1:3] != (2, wire.TRACE_VOTE)]) == []  # Its tail may be missing.
    rows = [*rows[:1], *[row for row in rows[1:] if row[1:3] != (2, wire.TRACE_VOTE)]]
    rows.insert(-2, (11, 2, wire.TRACE_VOTE, 5, 3))
    assert "S4" in judged(rows)


def test_s4_a_leader_without_an_election():
    assert judged([(10, 1, wire.TRACE_ROLE, wire.ROLE_LEADER, 5, 1)]) == ["S4"]


def test_s5_two_leases_at_one_instant():
    rows = [*elected(10, 1, 5, [1, 2]), (12, 1, wire.TRACE_LEASE, 136, 5), *elected(100, 2, 6, [2, 3])]
    assert judged([*rows, (102, 2, wire.TRACE_LEASE, 226, 6)]) == ["S5"]
    assert judged([*rows, (101, 1, wire.TRACE_LEASE_END, 5), (102, 2, wire.TRACE_LEASE, 226, 6)]) == []
    assert judged([*rows, (137, 2, wire.TRACE_LEASE, 226, 6)]) == []


def test_s5_a_lease_without_leadership():
    assert judged([(12, 1, wire.TRACE_LEASE, 136, 5)]) == ["S5"]


def test_s5_leaves_room_for_the_noise_of_real_clocks():
    rows = [*elected(10, 1, 5, [1, 2]), (12, 1, wire.TRACE_LEASE, 136, 5), *elected(100, 2, 6, [2, 3])]
    assert judged([*rows, (135, 2, wire.TRACE_LEASE, 226, 6)], noise_us=2 * MS) == []
    assert judged([*rows, (120, 2, wire.TRACE_LEASE, 226, 6)], noise_us=2 * MS) == ["S5"]


def test_s6_an_older_plan_after_a_newer_one():
    rows = [*elected(10, 1, 5, [1, 2]), *planned(12, 1, (5, 2), []), *planned(20, 1, (5, 1), [])]
    assert judged(rows) == ["S6"]


def test_s6_one_version_with_two_contents():
    rows = [*elected(10, 1, 5, [1, 2]), *planned(12, 1, (5, 1), []), (20, 3, wire.TRACE_PLAN, 5, 1, 99)]
    assert judged(rows) == ["S6"]
    assert judged(rows, noise_us=2 * MS) == ["S6"]


def test_s6_the_sequence_never_wraps():
    rows = [*elected(10, 1, 5, [1, 2]), *planned(12, 1, (5, 255), []), *planned(20, 1, (5, 1), [], crc=78)]
    assert judged(rows) == ["S6"]
    assert is_newer((5, 255), (5, 1)) and not is_newer((5, 1), (5, 255)) and not is_newer((5, 1), (5, 1))
    assert is_newer((6, 1), (5, 255)) and not is_newer((5, 0), (4, 1)) and is_newer((4, 1), (5, 0))


def test_s7_a_committed_plan_is_lost():
    rows = [*elected(10, 1, 5, [1, 2]), *planned(12, 1, (5, 1), [2]), *elected(400, 3, 6, [3, 2])]
    assert judged(rows) == ["S7"]


def test_s7_counts_nobody_who_restarted_since():
    rows = [*elected(10, 1, 5, [1, 2]), *planned(12, 1, (5, 1), [2]), (20, 2, DOWN), (30, 2, UP)]
    assert judged([*rows, *elected(400, 3, 6, [3, 2])]) == []


def test_s7_a_dead_node_has_still_acknowledged():
    rows = [*elected(10, 1, 5, [1, 2]), *planned(12, 1, (5, 1), [2]), (20, 1, DOWN)]
    assert judged([*rows, *elected(400, 3, 6, [3, 2])]) == ["S7"]


@pytest.mark.parametrize("numbers", [(5001, 2, 5000), (-1, 2, 0), (5000, 2, 5001)])
def test_s10_a_share_beyond_the_capacity(numbers):
    assert judged([(10, 1, wire.TRACE_SHARE, *numbers)]) == ["S10"]
