"""Kills of a live cluster: measured from the last frame, told once, and kept as they were measured."""


def test_a_kill_is_measured_from_the_last_frame_of_the_killed(stage) -> None:
    stage.source.frames = [(stage.source.now - 30_000, stage.heartbeat(1))]
    stage.live.kill(1)
    stage.let(0.0)
    died_us = stage.source.now
    stage.fail_over(died_us - 30_000)
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
    stage.fail_over(stage.source.now)
    for _ in range(5):
        stage.let(0.2)
    codes = stage.codes()
    assert [codes.count(code) for code in ("killed", "covered", "master", "applied")] == [1, 1, 1, 1]


def test_a_failover_beyond_the_limit_is_an_alarm(stage) -> None:
    stage.live.kill(1)
    stage.let(0.0)
    stage.fail_over(stage.source.now + 200_000)
    stage.let(0.6)
    assert stage.event("late")["severity"] == "alarm"
    assert "applied" not in stage.codes()


def test_a_killed_follower_has_no_election(stage) -> None:
    stage.live.kill(3)
    stage.let(0.0)
    died_us = stage.source.now
    stage.source.events += [
        stage.line(died_us + 153_000, 1, "alive", 0b0110),
        stage.line(died_us + 153_000, 1, "plan", 7, 4),
        stage.line(died_us + 156_000, 2, "alive", 0b0110),
        stage.line(died_us + 160_000, 2, "plan", 7, 4),
    ]
    stage.let(0.3)
    row = stage.now["kills"][0]
    assert (row["was_leader"], row["elected_ms"], row["applied_ms"], row["leader"]) == (False, None, 160.0, 1)


def test_a_complete_failover_is_not_undone_by_the_death_of_the_new_master(stage) -> None:
    stage.live.kill(1)
    stage.let(0.0)
    stage.fail_over(stage.source.now)
    stage.let(0.3)
    stage.live.kill(2)
    stage.let(0.3)
    first, second = stage.now["kills"]
    assert (first["leader"], first["elected_ms"], first["applied_ms"]) == (2, 166.0, 171.6)
    assert (second["was_leader"], second["applied_ms"]) == (True, None)


def test_a_failover_that_loses_a_survivor_goes_on_without_it(stage) -> None:
    stage.live.kill(1)
    stage.let(0.0)
    died_us = stage.source.now
    stage.live.kill(3)
    stage.let(0.0)
    stage.fail_over(died_us)
    stage.let(0.3)
    assert stage.now["kills"][0]["applied_ms"] == 166.0


def test_a_node_that_had_just_come_back_may_win(stage) -> None:
    stage.source.known[2] = stage.status(2, role="boot")
    stage.let(0.2)
    stage.live.kill(1)
    stage.let(0.0)
    stage.fail_over(stage.source.now)
    stage.let(0.3)
    row = stage.now["kills"][0]
    assert (row["leader"], row["elected_ms"], row["applied_ms"]) == (2, 166.0, 171.6)


def test_what_never_happens_stays_open_and_is_given_up(stage) -> None:
    stage.live.kill(1)
    stage.let(0.0)
    stage.let(2.6)
    stage.fail_over(stage.source.now)
    stage.let(0.3)
    assert stage.now["kills"][0]["applied_ms"] is None


def test_two_kills_of_one_node_are_one(stage) -> None:
    stage.live.kill(2)
    stage.live.kill(2)
    stage.let(0.2)
    assert stage.now["kill_count"] == 1


def test_a_lane_tells_deaths_masters_and_contingency(stage) -> None:
    stage.live.kill(1)
    stage.let(0.0)
    stage.fail_over(stage.source.now)
    stage.let(0.3)
    first, second, third = stage.now["nodes"]
    assert first["marks"] == [[500, "lead"], [300, "down"]]
    assert second["marks"] == [[134, "lead"]]
    assert second["contingency"] == [[148, 0]]
    assert third["contingency"] == [[144, 128]]
    stage.let(4.0)
    assert stage.now["nodes"][2]["contingency"] == []


def test_the_last_node_dies_without_a_survivor_whose_times_could_be_told(stage) -> None:
    for src in (2, 3, 1):
        stage.live.kill(src)
        stage.let(0.2)
    assert stage.now["alive"] == 0
    row = stage.now["kills"][-1]
    assert (row["node"], row["contingency_ms"], row["elected_ms"], row["applied_ms"]) == (1, None, None, None)
    stage.let(2.6)
    assert stage.now["kill_count"] == 3
