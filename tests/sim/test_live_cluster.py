"""A live cluster: what it publishes, what it refuses, and that a kill is measured, told and undone by the keeper."""

from array import array

import pytest
from evenload import canframe, wire
from evenload_sim.live_beats import Beats
from evenload_sim.live_cluster import ORDERS_MAX, RESTART_S, LiveCluster, OrderRefused

SOURCES = [1, 2, 3]
QUORUM_MASK = 0b1110
START_US = 5_000_000


def line(t_us, node, word, a=0, b=0):
    return {"t_us": t_us, "node": node, "event": word, "a": a, "b": b, "c": 0, "at_ms": 0}


def heartbeat(src):
    frame = bytearray(wire.CAN_FRAME_SIZE)
    fields = array("i", bytes(4 * wire.FIELD_COUNT_MAX))
    canframe.encode(canframe.identifier(wire.CAN_TYPE_HEARTBEAT, 1, wire.CAN_DST_ALL, src), fields, frame)
    return bytes(frame)


def status(src, **changes):
    return {
        "role": "leader" if src == 1 else "follower",
        "term": 7,
        "leader": 1,
        "has_lease": src == 1,
        "plan": {"term": 7, "seq": 3, "demand_kw": 90.0, "share_kw": 30.0},
        "applied_kw": 30.0,
        "unmet_kw": 0.0,
        "basis": "plan",
        "alarms": [],
        "rt": True,
    } | changes


class SourceByHand:
    """A ClusterSource of three nodes whose every word a test writes."""

    kind = "processes"
    sources = SOURCES
    rated_kw = dict.fromkeys(SOURCES, 50.0)
    bitrate = 500_000

    def __init__(self):
        self.now = START_US
        self.events, self.frames, self.answers, self.orders = [], [], [], []
        self.known = {}
        self.dead = set()
        self.restarted = []

    def start(self):
        self.known = {src: status(src) for src in SOURCES}
        self.events.append(line(self.now, 1, "lease", 0, 7))

    def cancel(self):
        self.dead = set(SOURCES)

    def turn(self):
        return 0.0

    def now_us(self):
        return self.now

    def take_events(self):
        taken, self.events = self.events, []
        return taken

    def take_frames(self):
        taken, self.frames = self.frames, []
        return taken

    def ask(self):
        pass

    def statuses(self):
        return {src: known for src, known in self.known.items() if src not in self.dead}

    def is_running(self, src):
        return src not in self.dead

    def kill(self, src):
        self.dead.add(src)
        self.known.pop(src)
        return self.now

    def restart(self, src):
        self.dead.discard(src)
        self.restarted.append(src)

    def order(self, src, words):
        self.orders.append((src, words))

    def take_answers(self):
        taken, self.answers = self.answers, []
        return taken

    def close(self):
        self.dead = set(SOURCES)


class Stage:
    """A live cluster over a source by hand, and the clock of both."""

    def __init__(self):
        self.source = SourceByHand()
        self.live = LiveCluster(self.source, "", lambda: self.source.now / 1_000_000)
        self.live.start()
        self.let(0.2)

    def let(self, seconds):
        self.source.now += int(seconds * 1_000_000)
        self.live.advance()

    @property
    def now(self):
        return self.live.snapshot()

    def codes(self):
        return [event["code"] for event in self.now["events"]]

    def event(self, code):
        return next(event for event in reversed(self.now["events"]) if event["code"] == code)


@pytest.fixture
def stage():
    return Stage()


def fail_over(stage, last_us):
    """Let the survivors of node 1 take over as they do: silence, contingency, election, plan."""
    stage.source.known[2] = status(2, role="leader", has_lease=True, term=8)
    stage.source.events += [
        line(last_us + 152_000, 2, "alive", 0b1100),
        line(last_us + 152_000, 2, "share", 4500, wire.BASIS_CONTINGENCY),
        line(last_us + 155_000, 3, "alive", 0b1100),
        line(last_us + 155_400, 3, "share", 4500, wire.BASIS_CONTINGENCY),
        line(last_us + 166_000, 2, "lease", 0, 8),
        line(last_us + 166_000, 2, "plan", 8, 1),
        line(last_us + 171_600, 3, "plan", 8, 1),
        line(last_us + 171_600, 3, "share", 4500, wire.BASIS_PLAN),
    ]


def test_a_cluster_that_has_not_started_says_so() -> None:
    source = SourceByHand()
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
    stage.source.frames = [(stage.source.now + 20_000 * step, heartbeat(2)) for step in range(1, 9)]
    stage.let(0.2)
    row = stage.now["nodes"][1]
    assert row["beats"] == [180, 160, 140, 120, 100, 80, 60, 40]
    assert row["age_ms"] == 40
    assert stage.now["bus"]["frames_per_s"] == 8
    assert 0.1 < stage.now["bus"]["load_percent"] < 0.4
    assert stage.now["nodes"][0]["age_ms"] is None


def test_a_kill_is_measured_from_the_last_frame_of_the_killed(stage) -> None:
    stage.source.frames = [(stage.source.now - 30_000, heartbeat(1))]
    stage.live.kill(1)
    stage.let(0.0)
    died_us = stage.source.now
    fail_over(stage, died_us - 30_000)
    stage.let(0.3)
    assert stage.now["kills"] == [
        {
            "id": 1,
            "node": 1,
            "was_leader": True,
            "leader": 2,
            "contingency_ms": 155.4,
            "elected_ms": 166.0,
            "applied_ms": 171.6,
            "applied_from_death_ms": 141.6,
        }
    ]
    assert stage.event("master")["values"] == {"old": 1, "node": 2, "limit": 300, "ms": "166"}
    assert stage.event("applied")["values"]["ms"] == "172"
    assert stage.now["leader"] == 2


def test_each_time_is_told_once(stage) -> None:
    stage.live.kill(1)
    stage.let(0.0)
    fail_over(stage, stage.source.now)
    for _ in range(5):
        stage.let(0.2)
    codes = stage.codes()
    assert [codes.count(code) for code in ("killed", "covered", "master", "applied")] == [1, 1, 1, 1]


def test_a_failover_beyond_the_limit_is_an_alarm(stage) -> None:
    stage.live.kill(1)
    stage.let(0.0)
    fail_over(stage, stage.source.now + 200_000)
    stage.let(0.6)
    assert stage.event("late")["severity"] == "alarm"
    assert "applied" not in stage.codes()


def test_a_killed_follower_has_no_election(stage) -> None:
    stage.live.kill(3)
    stage.let(0.0)
    died_us = stage.source.now
    stage.source.events += [
        line(died_us + 153_000, 1, "alive", 0b0110),
        line(died_us + 153_000, 1, "plan", 7, 4),
        line(died_us + 156_000, 2, "alive", 0b0110),
        line(died_us + 160_000, 2, "plan", 7, 4),
    ]
    stage.let(0.3)
    row = stage.now["kills"][0]
    assert (row["was_leader"], row["elected_ms"], row["applied_ms"], row["leader"]) == (False, None, 160.0, 1)


def test_what_never_happens_stays_open_and_is_given_up(stage) -> None:
    stage.live.kill(1)
    stage.let(0.0)
    stage.let(2.6)
    fail_over(stage, stage.source.now)
    stage.let(0.3)
    assert stage.now["kills"][0]["applied_ms"] is None


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
    stage.source.known[2] = status(2)
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


def test_two_kills_of_one_node_are_one(stage) -> None:
    stage.live.kill(2)
    stage.live.kill(2)
    stage.let(0.2)
    assert stage.now["kill_count"] == 1


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
    stage.source.known = {src: status(src, unmet_kw=5.0, alarms=["unmet", "n1_lost"]) for src in SOURCES}
    stage.let(0.2)
    assert stage.now["n1"] == "lost"
    assert stage.now["nodes"][0]["alarms"] == []
    stage.source.known = {src: status(src) for src in SOURCES}
    stage.let(0.2)
    stage.live.kill(2)
    stage.live.kill(3)
    stage.let(0.2)
    told = ["unmet", "n1_lost", "met", "n1_kept", "killed", "killed", "quorum_lost"]
    assert stage.codes()[2:] == told


def test_a_nodes_own_alarm_is_told_once(stage) -> None:
    for _ in range(3):
        stage.source.known[3] = status(3, alarms=["no_floor"])
        stage.let(0.2)
    assert stage.codes().count("alarm") == 1
    assert stage.now["nodes"][2]["alarms"] == ["no_floor"]


def test_a_lane_tells_deaths_masters_and_contingency(stage) -> None:
    stage.live.kill(1)
    stage.let(0.0)
    fail_over(stage, stage.source.now)
    stage.let(0.3)
    first, second, third = stage.now["nodes"]
    assert first["marks"] == [[500, "lead"], [300, "down"]]
    assert second["marks"] == [[134, "lead"]]
    assert second["contingency"] == [[148, 0]]
    assert third["contingency"] == [[144, 128]]
    stage.let(4.0)
    assert stage.now["nodes"][2]["contingency"] == []


def test_the_end_is_published(stage) -> None:
    stage.live.close()
    assert (stage.now["phase"], stage.now["alive"]) == ("ended", 0)


def test_what_is_not_the_clusters_counts_as_load_only() -> None:
    beats = Beats([1], 500_000)
    beats.on_frame(1000, heartbeat(9))
    beats.on_frame(2000, bytes((1, 0, 0, 0, 8)) + bytes(11))
    assert beats.frames_per_s(2000) == 2
    assert beats.heard_us(1) is None
    assert beats.frames_per_s(1_002_001) == 0
