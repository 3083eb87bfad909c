"""The lanes of the cluster's page: which marks a node gets."""

from typing import Any

from evenload_sim.live_lanes import Lanes

NOW_US = 1_000_000


def event(t_us: int, word: str) -> dict[str, Any]:
    """Return a line of node 1's trace."""
    return {"t_us": t_us, "node": 1, "event": word, "a": 0, "b": 0, "c": 0}


def test_the_last_lease_of_a_dead_master_that_comes_late_plants_no_flag() -> None:
    lanes = Lanes([1])
    lanes.on_event(event(100_000, "lease"), 0)
    lanes.on_event(event(500_000, "down"), 0)
    lanes.on_event(event(490_000, "lease"), 0)
    assert [word for _, word in lanes.row(1, NOW_US)["marks"]] == ["lead", "down"]


def test_a_node_that_came_back_gets_its_flag_again() -> None:
    lanes = Lanes([1])
    for t_us, word in ((100_000, "down"), (200_000, "up"), (300_000, "lease")):
        lanes.on_event(event(t_us, word), 0)
    assert [word for _, word in lanes.row(1, NOW_US)["marks"]] == ["down", "up", "lead"]
