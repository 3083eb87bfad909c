"""The console's words, answered by real kernels in stepped time; and the sentence for every line that is no request."""

import json

import pytest
from evenload_node.console import LINE_SIZE_MAX, NAMES, WAITING_COUNT_MAX
from evenload_node.hal.console_client_posix import human_text


def test_an_id_comes_back_and_an_empty_line_is_not_answered(cluster):
    assert cluster.ask(2, "#7 term")["id"] == "7"
    assert cluster.ask(2, "term")["id"] is None
    assert cluster.units[2].ask("   ") == []


def test_status_tells_what_the_contract_promises(cluster):
    status = cluster.ask(1, "status")
    assert (status["node"], status["src"], status["role"], status["leader"]) == ("CDU_01", 1, "leader", 1)
    assert status["has_lease"] is True
    assert status["alive"] == [1, 2, 3]
    assert status["plan"]["demand_kw"] == 80
    assert sum(share["share_kw"] for share in status["plan"]["shares"]) == pytest.approx(80)
    assert status["applied_kw"] == status["target_kw"] == status["plan"]["shares"][0]["share_kw"]
    assert status["basis"] == "plan"
    assert status["alarms"] == []
    assert {"p50_us", "p99_us", "max_us", "histogram"} <= set(status["lateness"])
    assert status["rt"] is False
    assert json.loads(json.dumps(status)) == status


def test_peers_show_every_voter_as_this_unit_hears_it(cluster):
    rows = cluster.ask(2, "peers")["peers"]
    assert [(row["src"], row["self"], row["role"]) for row in rows] == [
        (1, False, "leader"),
        (2, True, "follower"),
        (3, False, "follower"),
    ]
    assert all(row["alive"] for row in rows)
    cluster.units[3].drive.is_cut = True
    cluster.run_ms(200)
    row = cluster.ask(2, "peers")["peers"][2]
    assert (row["alive"], row["age_ms"]) == (False, None)


def test_load_on_the_master_is_answered_when_a_quorum_has_the_plan(cluster):
    answer = cluster.ask(1, "load 90.5")
    assert answer["ok"] and answer["committed"]
    assert answer["after_ms"] < 300
    assert answer["plan"]["demand_kw"] == 90.5
    cluster.run_ms(100)
    assert cluster.ask(3, "plan")["plan"]["demand_kw"] == 90.5


def test_load_on_a_follower_names_the_master(cluster):
    answer = cluster.ask(2, "load 165")
    assert answer["ok"] is False
    assert answer["error"] == "load: this unit follows; the master is CDU_01 (unit 1). Ask there."


def test_load_on_a_master_that_has_lost_its_quorum_is_refused_or_not_committed(cluster):
    for src in (2, 3):
        cluster.units[src].drive.is_cut = True
    cluster.run_ms(60)
    answer = cluster.ask(1, "load 100")
    assert not answer["ok"] or not answer["committed"]
    cluster.run_ms(400)
    assert cluster.ask(1, "load 100")["error"].startswith("load: no master is elected now")


def test_a_master_hands_over_and_stands_down(cluster):
    assert cluster.ask(1, "transfer CDU_03")["ok"]
    cluster.run_ms(300)
    assert cluster.ask(3, "term")["role"] == "leader"
    assert cluster.ask(3, "resign")["ok"]
    cluster.run_ms(300)
    assert cluster.ask(3, "term")["leader"] in (1, 2)


def test_a_drained_unit_loses_its_load_and_gets_it_back(cluster):
    assert cluster.ask(3, "drain")["ok"]
    cluster.run_ms(500)
    assert cluster.ask(3, "status")["applied_kw"] == 0
    assert cluster.ask(3, "drain off")["ok"]
    cluster.run_ms(6_000)
    assert cluster.ask(3, "status")["applied_kw"] > 0


def test_a_degraded_unit_says_so(cluster):
    assert cluster.ask(3, "health 50")["ok"]
    cluster.run_ms(100)
    assert cluster.ask(1, "peers")["peers"][2]["health"] == "50"
    assert cluster.ask(3, "health 0")["ok"]
    cluster.run_ms(100)
    assert cluster.ask(1, "peers")["peers"][2]["health"] == "full"


def test_supply_cap_and_policy_reach_the_plan(cluster):
    for line, key, value in (
        ("supply 30.5", "supply_c", 30.5),
        ("cap 70", "cap_percent", 70),
        ("policy efficiency", "policy", "efficiency"),
    ):
        answer = cluster.ask(1, line)
        assert answer["committed"]
        assert answer["plan"][key] == value


def test_the_trace_begins_with_what_is_known_and_goes_on(cluster):
    unit = cluster.units[2]
    answer = unit.ask("trace")[0]
    assert answer["cluster"] == {
        "event": "cluster",
        "voters": [1, 2, 3],
        "rated_10w": {"1": 5000, "2": 5000, "3": 5000},
        "quorum": 2,
        "version": 1,
    }
    assert unit.client.lines[0]["event"] == "boot"
    assert set(unit.client.lines[0]) == {"t_us", "node", "event", "a", "b", "c", "at_ms"}
    assert "plan" in [line["event"] for line in unit.client.lines]
    count = len(unit.client.lines)
    cluster.ask(1, "load 60")
    cluster.run_ms(100)
    assert "plan" in [line["event"] for line in unit.client.lines[count:]]
    assert unit.ask("trace off")[0]["trace"] is False
    count = len(unit.client.lines)
    cluster.ask(1, "load 70")
    cluster.run_ms(100)
    assert len(unit.client.lines) == count


def test_a_client_that_has_gone_is_sent_nothing(cluster):
    unit = cluster.units[2]
    unit.ask("trace")
    unit.console.forget(unit.client)
    count = len(unit.client.lines)
    cluster.ask(1, "load 60")
    assert len(unit.client.lines) == count


def test_help_lists_every_word_and_log_the_newest_lines(cluster):
    words = [row["word"].split()[0] for row in cluster.ask(1, "help")["words"]]
    assert words == list(NAMES)
    assert any("event=role leader" in line for line in cluster.ask(1, "log")["log"])
    assert cluster.ask(1, "beats") == {"id": None, "ok": True, "beats_us": [], "lost": 0}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("stauts", "did you mean status?"),
        ("#5 loud 3", "did you mean load?"),
        ("status now", "status has 1 arguments; valid: `status`."),
        ("load", "load has 0 arguments; valid: `load KW`."),
        ("load much", "load is much; valid: a number of 0 .. 655.35."),
        ("load nan", "load is nan; valid: a number of 0 .. 655.35."),
        ("load -1", "load is -1; valid"),
        ("load 1e9", "load is 1e9; valid"),
        ("load 1 2", "load has 2 arguments"),
        ("transfer 9", "transfer is 9; valid: a voter: 1 (CDU_01), 2 (CDU_02), 3 (CDU_03)."),
        ("transfer 1", "transfer: the value is out of range"),
        ("drain maybe", "drain is maybe; valid: drain, or drain off."),
        ("health good", "health is good; valid: one of full, 90, 50, out."),
        ("trace now", "trace is now; valid: trace, or trace off."),
        ("cap 0", "cap is 0; valid: a number of 1 .. 100."),
        ("policy fair", "policy is fair; valid: one of ramp, efficiency."),
        ("supply 300", "supply is 300; valid: a number of 5 .. 60."),
        ("\x00\x01\x02", "is no word of this console"),
        ("status " + "x" * LINE_SIZE_MAX, "longer than 512 characters"),
    ],
)
def test_a_line_that_is_no_request_is_answered_with_a_sentence(cluster, line, words):
    answer = cluster.ask(1, line)
    assert answer["ok"] is False
    assert words in answer["error"]


def test_too_many_waiting_requests_are_refused(cluster):
    unit = cluster.units[1]
    unit.drive.answers.extend([(0, 0)] * (WAITING_COUNT_MAX + 1))
    assert "has not taken the last commands" in unit.ask("load 50")[0]["error"]
    unit.drive.answers.clear()
    for _ in range(WAITING_COUNT_MAX):
        unit.ask("load 50")
    assert "wait already" in unit.ask("load 50")[0]["error"]


def test_a_unit_alone_cools_its_own_demand(alone):
    assert alone("status")["role"] == "alone"
    assert alone("load 45") == {"id": None, "ok": True}
    status = alone("status")
    assert (status["applied_kw"], status["basis"], status["voters"]) == (45, "alone", [])
    assert alone("load 60")["ok"]
    assert alone("status")["alarms"] == ["unmet"]
    assert alone("drain")["ok"]
    assert alone("status")["applied_kw"] == 0
    assert alone("transfer 2")["error"] == "transfer is 2; valid: a voter: none, the unit runs alone."
    assert alone("resign")["error"].startswith("resign: this unit runs alone")
    assert alone("peers")["peers"] == []


def test_a_person_reads_lines(cluster):
    text = human_text(cluster.ask(1, "status"))
    assert "role: leader" in text
    assert "src 2, node CDU_02, share_kw" in text
    assert human_text({"id": None, "ok": True}) == "done"
    assert human_text({"id": None, "ok": True, "log": ["one", "two"]}) == "one\ntwo"
    assert human_text({"id": None, "ok": True, "floor_fault": ""}) == "floor_fault: none"
    assert human_text(cluster.ask(1, "help")).splitlines()[0].split(maxsplit=1) == ["help", "this list"]
    assert human_text({"id": None, "ok": False, "error": "No."}) == "No."
