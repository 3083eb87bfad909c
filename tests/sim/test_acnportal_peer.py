"""The bench against acnportal: its baseline repeats exactly, and our kernel beside it (extra `peers`)."""

import importlib.util

import pytest
from evenload_sim.bench import acnportal_peer

needs_acnportal = pytest.mark.skipif(
    importlib.util.find_spec("acnportal") is None,
    reason="acnportal is not installed; pip install -c constraints.txt -e '.[peers]'",
)


@pytest.fixture
def algorithms():
    from evenload_sim.peers.acnportal_import import algorithms

    return algorithms


@needs_acnportal
def test_its_earliest_deadline_first_repeats_the_baseline(algorithms):
    outcome = acnportal_peer.simulate(
        algorithms.SortedSchedulingAlgo(algorithms.earliest_deadline_first), seed=1
    )
    assert acnportal_peer.share(outcome) == 100
    assert round(outcome.peak_a, 1) == 675.2
    assert outcome.violation_count == 0
    assert len(outcome.decisions_ns) == 167


@needs_acnportal
def test_uncontrolled_charging_is_counted_as_violations(algorithms):
    outcome = acnportal_peer.simulate(algorithms.UncontrolledCharging(), seed=1)
    assert round(outcome.energy_percent, 1) == 102.1
    assert round(outcome.peak_a, 1) == 896.0
    assert outcome.violation_count == 62


@needs_acnportal
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_our_kernel_delivers_everything_and_violates_nothing(seed):
    from evenload_sim.peers.acnportal_algorithm import EvenloadAlgorithm

    outcome = acnportal_peer.simulate(EvenloadAlgorithm(), seed)
    assert acnportal_peer.share(outcome) == 100
    assert round(outcome.demands_met_percent, 6) == 100
    assert outcome.violation_count == 0


def test_without_the_peer_the_row_says_so(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for row in acnportal_peer.ROWS:
        (entry,) = row.run()
        assert entry["value"] is None
        assert "acnportal" in entry["peer"]
