"""The simulated cluster in real time: it is the same to a live cluster as real processes are."""

import pytest
from evenload_sim.live_cluster import LiveCluster
from evenload_sim.live_world import FORGIVEN_LAG_US, SLICE_US, WorldSource

STEP_S = 0.02
LIMIT_MS = 300


class Stage:
    """A live cluster over the simulated world, and the clock of both."""

    def __init__(self):
        self.now_s = 100.0
        self.source = WorldSource(1, lambda: self.now_s)
        self.live = LiveCluster(self.source, "No process today.", lambda: self.now_s)
        self.live.start()

    def let(self, seconds):
        for _ in range(round(seconds / STEP_S)):
            self.now_s += STEP_S
            self.live.advance()

    @property
    def now(self):
        return self.live.snapshot()


@pytest.fixture
def stage():
    made = Stage()
    made.let(2.0)
    return made


def test_six_nodes_elect_a_master_and_carry_the_load(stage) -> None:
    now = stage.now
    assert (now["kind"], now["reason"], now["rt"]) == ("simulated", "No process today.", False)
    assert (now["alive"], now["voters"], now["quorum"], now["n1"]) == (6, 6, 4, "kept")
    assert now["leader"] in range(1, 7)
    assert now["carried_kw"] == pytest.approx(now["demand_kw"]) == pytest.approx(165.0)
    assert [row["planned_kw"] for row in now["nodes"]] == [row["applied_kw"] for row in now["nodes"]]
    assert now["bus"]["load_percent"] > 3
    assert all(30 <= len(row["beats"]) <= 40 for row in stage.now["nodes"])


def test_a_killed_master_is_replaced_in_time_and_comes_back(stage) -> None:
    old = stage.now["leader"]
    stage.live.kill(old)
    stage.let(0.6)
    kill = stage.now["kills"][0]
    assert kill["leader"] == stage.now["leader"] != old
    assert kill["contingency_ms"] <= kill["applied_ms"] <= LIMIT_MS
    assert kill["elected_ms"] <= kill["applied_ms"]
    assert stage.now["alive"] == 5
    stage.let(4.0)
    assert stage.now["alive"] == 6
    assert "joined" in [event["code"] for event in stage.now["events"]]


def test_a_load_reaches_the_plan_and_too_much_of_it_is_unmet(stage) -> None:
    stage.live.load(330)
    stage.let(1.5)
    assert (stage.now["demand_kw"], stage.now["unmet_kw"], stage.now["n1"]) == (330.0, 30.0, "lost")
    stage.live.load(165)
    stage.let(1.5)
    assert (stage.now["demand_kw"], stage.now["unmet_kw"], stage.now["n1"]) == (165.0, 0.0, "kept")


def test_below_quorum_nobody_leads_and_it_heals(stage) -> None:
    for src in (1, 2, 3):
        stage.live.kill(src)
    stage.let(1.0)
    assert (stage.now["leader"], stage.now["alive"]) == (0, 3)
    assert {row["basis"] for row in stage.now["nodes"][3:]} == {"contingency"}
    stage.let(6.0)
    assert (stage.now["leader"] > 0, stage.now["alive"]) == (True, 6)


def test_the_world_moves_with_the_clock_and_gives_up_what_it_cannot_catch_up(stage) -> None:
    before_us = stage.source.now_us()
    stage.now_s += 0.03
    stage.source.turn()
    assert stage.source.now_us() == pytest.approx(before_us + 30_000, abs=1)
    stage.now_s += 3 * FORGIVEN_LAG_US / 1_000_000
    stage.source.turn()
    assert stage.source.now_us() <= before_us + 30_001 + SLICE_US
    assert stage.source.turn() > 0
