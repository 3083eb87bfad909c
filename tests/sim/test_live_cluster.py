"""A live cluster: what it publishes, what it refuses, and what its keeper does."""

import pytest
from evenload_sim.live_beats import Beats
from evenload_sim.live_cluster import ORDERS_MAX, RESTART_S, LiveCluster, OrderRefused


def test_a_cluster_that_has_not_started_says_so(source) -> None:
    now = LiveCluster(source, "", lambda: 0.0).snapshot()
    assert (now["phase"], now["leader"], now["alive"]) == ("starting", 0, 0)
    assert {row["state"] for row in now["nodes"]} == {"starting"}


def test_a_running_cluster_is_told_in_numbers(stage) -> None:
    now = stage.now
    assert (now["phase"], now["leader"], now["term"], now["plan"]) == ("running", 1, 7, "7.3")
    assert (now["demand_kw"], now["carried_kw"], now["unmet_kw"], now["rated_kw"]) == (90.0, 90.0, 0.0, 150.0)
    assert (now["alive"], now["voters"], now["quorum"], now["n1"], now["rt"]) == (3, 3, 2, "kept", True)
    assert stage.codes() == ["started", "first_master"]


def test_a_published_snapshot_is_never_changed(stage) -> None:
    before, text = stage.now, str(stage.now)
    stage.live.kill(2)
    stage.let(0.2)
    assert stage.now is not before
    assert str(before) == text


def test_it_publishes_five_times_a_second(stage) -> None:
    before = stage.now
    stage.let(0.1)
    assert stage.now is before
    assert stage.live.age_ms() == 100
    stage.let(0.11)
    assert stage.now is not before


def test_heartbeats_age_and_load_come_from_the_bus(stage) -> None:
    stage.source.frames = [(stage.source.now + 20_000 * step, stage.heartbeat(2)) for step in range(1, 9)]
    stage.let(0.2)
    row = stage.now["nodes"][1]
    assert row["beats"] == [180, 160, 140, 120, 100, 80, 60, 40]
    assert row["age_ms"] == 40
    assert stage.now["bus"]["frames_per_s"] == 8
    assert 0.1 < stage.now["bus"]["load_percent"] < 0.4
    assert stage.now["nodes"][0]["age_ms"] is None


def test_the_keeper_starts_a_killed_node_again_after_three_seconds(stage) -> None:
    stage.live.kill(2)
    stage.let(0.0)
    stage.let(0.2)
    row = stage.now["nodes"][1]
    assert (row["state"], row["restart_s"], stage.now["alive"]) == ("down", 2.8, 2)
    stage.let(RESTART_S - 0.3)
    assert stage.source.restarted == []
    stage.let(0.2)
    assert stage.source.restarted == [2]
    assert stage.now["nodes"][1]["state"] == "starting"
    stage.source.known[2] = stage.status(2)
    stage.let(0.3)
    assert stage.now["nodes"][1]["state"] == "up"
    assert stage.event("joined")["values"] == {"node": 2, "seconds": "3.4"}


def test_a_node_that_ends_by_itself_is_an_alarm_and_is_started_again(stage) -> None:
    stage.source.dead.add(3)
    stage.let(0.2)
    assert stage.event("ended")["severity"] == "alarm"
    stage.let(RESTART_S)
    assert stage.source.restarted == [3]


def test_orders_for_what_is_not_there_are_refused_at_once(stage) -> None:
    with pytest.raises(OrderRefused, match="valid: 1, 2, 3") as refused:
        stage.live.kill(4)
    assert (refused.value.field, refused.value.is_conflict) == ("node", False)
    stage.live.kill(2)
    stage.let(0.2)
    with pytest.raises(OrderRefused, match="down already") as refused:
        stage.live.kill(2)
    assert refused.value.is_conflict


@pytest.mark.parametrize("load_kw", [-0.1, 200.1, float("nan"), float("inf")])
def test_a_load_outside_of_what_makes_sense_is_refused(stage, load_kw) -> None:
    with pytest.raises(OrderRefused, match=r"valid: 0 \.\. 200 kW"):
        stage.live.load(load_kw)


def test_the_queue_of_orders_is_bounded(stage) -> None:
    for _ in range(ORDERS_MAX):
        stage.live.load(100)
    with pytest.raises(OrderRefused, match="Too many"):
        stage.live.load(100)


def test_a_load_goes_to_the_master_and_its_answer_is_told(stage) -> None:
    stage.live.load(120)
    stage.let(0.0)
    assert stage.source.orders == [(1, "load 120")]
    stage.source.answers = [
        (1, "load 120", {"ok": True}),
        (1, "load 130", {"ok": False, "error": "Not now."}),
    ]
    stage.let(0.2)
    assert stage.event("load")["values"] == {"node": 1, "kw": "120"}
    assert stage.event("load_refused")["values"] == {"node": 1, "kw": "130", "reason": "Not now."}


def test_a_load_without_a_master_is_told(stage) -> None:
    stage.live.kill(1)
    stage.live.load(120)
    stage.let(0.2)
    assert stage.source.orders == []
    assert stage.event("load_no_master")["values"] == {"kw": "120"}


def test_quorum_coverage_and_n1_are_told_when_they_change(stage) -> None:
    stage.source.known = {
        src: stage.status(src, unmet_kw=5.0, alarms=["unmet", "n1_lost"]) for src in stage.source.sources
    }
    stage.let(0.2)
    assert stage.now["n1"] == "lost"
    assert stage.now["nodes"][0]["alarms"] == []
    stage.source.known = {src: stage.status(src) for src in stage.source.sources}
    stage.let(0.2)
    stage.live.kill(2)
    stage.live.kill(3)
    stage.let(0.2)
    told = ["unmet", "n1_lost", "met", "n1_kept", "killed", "killed", "quorum_lost"]
    assert stage.codes()[2:] == told


def test_what_is_being_taken_over_is_short_and_becomes_unmet_when_it_lasts(stage) -> None:
    stage.live.kill(3)
    stage.let(0.2)
    assert (stage.now["carried_kw"], stage.now["short_kw"], stage.now["unmet_kw"]) == (60.0, 30.0, 0.0)
    for _ in range(4):
        stage.let(0.2)
    assert (stage.now["short_kw"], stage.now["unmet_kw"]) == (30.0, 30.0)
    stage.source.known = {src: stage.status(src, applied_kw=45.0) for src in (1, 2)}
    stage.let(0.2)
    assert (stage.now["carried_kw"], stage.now["short_kw"], stage.now["unmet_kw"]) == (90.0, 0.0, 0.0)


def test_a_nodes_own_alarm_is_told_once(stage) -> None:
    for _ in range(3):
        stage.source.known[3] = stage.status(3, alarms=["no_floor"])
        stage.let(0.2)
    assert stage.codes().count("alarm") == 1
    assert stage.now["nodes"][2]["alarms"] == ["no_floor"]


def test_the_end_is_published(stage) -> None:
    stage.live.close()
    assert (stage.now["phase"], stage.now["alive"]) == ("ended", 0)


def test_what_is_not_the_clusters_counts_as_load_only(stage) -> None:
    beats = Beats([1], 500_000)
    beats.on_frame(1000, stage.heartbeat(9))
    beats.on_frame(2000, bytes((1, 0, 0, 0, 8)) + bytes(11))
    assert beats.frames_per_s(2000) == 2
    assert beats.heard_us(1) is None
    assert beats.frames_per_s(1_002_001) == 0
