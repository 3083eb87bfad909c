"""What is known of a node: its trace is believed before its status, which may be older."""

import pytest
from evenload_sim.node_view import NodeView

STATUS = {
    "role": "leader",
    "term": 3,
    "leader": 2,
    "has_lease": True,
    "plan": {"term": 3, "seq": 4},
    "alive": [1, 2],
}


def line(word, a=0, b=0, c=0):
    return {"t_us": 1, "node": 2, "event": word, "a": a, "b": b, "c": c, "at_ms": 1}


@pytest.fixture
def view():
    return NodeView(2)


def test_a_status_tells_what_was_before_the_trace(view):
    view.on_status(STATUS)
    assert (view.role, view.term, view.leader, view.has_lease) == ("leader", 3, 2, True)
    assert (view.plan, view.alive) == ((3, 4), {1, 2})
    assert view.is_leader


def test_a_status_that_comes_late_changes_nothing_that_the_trace_has_told(view):
    for event in (line("role", 0, 5, 1), line("plan", 5, 1), line("alive", 0b1110), line("lease_end", 4)):
        view.on_event(event)
    view.on_status({**STATUS, "has_lease": False})
    assert (view.role, view.term, view.leader) == ("follower", 5, 1)
    assert (view.plan, view.alive, view.has_lease) == ((5, 1), {1, 2, 3}, False)


def test_who_follows_holds_no_lease(view):
    for event in (line("role", 3, 5, 2), line("lease", 100, 5)):
        view.on_event(event)
    assert view.has_lease
    view.on_event(line("role", 0, 6, 1))
    assert not view.has_lease


def test_a_killed_node_leads_nobody(view):
    view.on_event(line("role", 3, 5, 2))
    view.on_event({"t_us": 2, "node": 2, "event": "down"})
    assert not view.is_leader


def test_a_line_that_is_not_known_is_passed_over(view):
    view.on_event(line("prevote", 5, 2, 1))
    assert view.term == 0
