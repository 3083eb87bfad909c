"""The cluster's page and its routes: complete without a script, in two languages, and no handler waits for a node."""

import json
import re

import pytest
from evenload import wire
from evenload_host.dashboard import cluster_view
from evenload_host.dashboard.words import LANGUAGES, Phrasebook, load_words
from evenload_host.web.app import create_app
from evenload_host.web.cluster_port import ClusterRefusal
from evenload_host.web.config import WebConfig


def node(number, **changes):
    return {
        "node": number,
        "state": "up",
        "role": "follower",
        "has_lease": False,
        "term": 17,
        "plan": "17.3",
        "rated_kw": 50.0,
        "applied_kw": 27.5,
        "planned_kw": 27.5,
        "basis": "plan",
        "health": "full",
        "alarms": [],
        "age_ms": 32,
        "restart_s": 0.0,
        "beats": [82, 32],
        "marks": [],
        "contingency": [],
    } | changes


def kill(number, **changes):
    return {
        "id": number,
        "node": 1,
        "was_leader": True,
        "leader": 2,
        "contingency_ms": 154.2,
        "elected_ms": 164.0,
        "applied_ms": 169.6,
        "applied_from_death_ms": 151.0,
    } | changes


def event(number, code, severity="info", **values):
    return {"id": number, "sim_s": 65.2, "severity": severity, "code": code, "values": values}


def sample_cluster():
    down = {
        "state": "down",
        "role": "boot",
        "age_ms": 1234,
        "restart_s": 1.8,
        "applied_kw": 0.0,
        "planned_kw": None,
    }
    return {
        "at": "2026-11-20T12:00:00.000Z",
        "kind": "processes",
        "reason": "",
        "phase": "running",
        "rt": True,
        "run_s": 65.4,
        "leader": 2,
        "term": 17,
        "plan": "17.3",
        "demand_kw": 165.0,
        "demand_kw_max": 400,
        "carried_kw": 165.0,
        "unmet_kw": 0.0,
        "short_kw": 0.0,
        "rated_kw": 300.0,
        "n1": "kept",
        "alive": 5,
        "voters": 6,
        "quorum": 4,
        "bus": {"load_percent": 9.4, "frames_per_s": 341, "bitrate": 500_000},
        "nodes": [
            node(1, **down),
            node(2, role="leader", has_lease=True),
            node(3, basis="contingency", applied_kw=33.0),
            node(4, alarms=["no_floor"]),
            node(5, health="50"),
            node(6),
        ],
        "kills": [
            kill(1, applied_ms=301.0),
            kill(2),
            kill(3, contingency_ms=None, elected_ms=None, applied_ms=None),
        ],
        "kill_count": 3,
        "events": [
            event(1, "started", count=6),
            event(2, "master", node=2, old=1, ms="168", limit=300),
            event(3, "alarm", "warn", node=4, alarm="no_floor"),
        ],
    }


class ClusterByHand:
    """A ClusterPort whose snapshot a test sets; it remembers orders."""

    def __init__(self):
        self.now = sample_cluster()
        self.orders = []

    def snapshot(self):
        return self.now

    def age_ms(self):
        return 90

    def kill(self, number):
        if number == 1:
            raise ClusterRefusal("node", "Node 1 is down already.", is_conflict=True)
        if number > 6:
            raise ClusterRefusal("node", "node is 7; valid: 1, 2, 3, 4, 5, 6.")
        self.orders.append(("kill", number))

    def load(self, load_kw):
        if not 0 <= load_kw <= 400:
            raise ClusterRefusal("load_kw", f"load_kw is {load_kw:g}; valid: 0 .. 400 kW.")
        self.orders.append(("load", load_kw))


@pytest.fixture
def cluster():
    return ClusterByHand()


@pytest.fixture
def client(site, cluster):
    return create_app(site, WebConfig(csrf_token="the-token"), cluster).test_client()


def post(client, path, body, **headers):
    return client.post(path, json=body, headers={"X-CSRF-Token": "the-token"} | headers)


def page(client, query=""):
    return client.get(f"/cluster{query}").get_data(as_text=True)


def painted(client, query=""):
    return page(client, query).partition('id="initial"')[0]


def test_the_snapshot_carries_its_own_age(client) -> None:
    answer = client.get("/cluster/snapshot.json")
    assert (answer.status_code, answer.json["age_ms"], answer.json["leader"]) == (200, 90, 2)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_kill_is_queued_and_answered_at_once(client, cluster) -> None:
    answer = post(client, "/cluster/kill", {"node": 2})
    assert (answer.status_code, answer.data) == (202, b"")
    assert cluster.orders == [("kill", 2)]


def test_a_load_is_queued_and_answered_at_once(client, cluster) -> None:
    assert post(client, "/cluster/load", {"load_kw": 240.5}).status_code == 202
    assert cluster.orders == [("load", 240.5)]


@pytest.mark.parametrize(
    ("word", "body", "status"),
    [
        ("kill", {"node": 1}, 409),
        ("kill", {"node": 7}, 422),
        ("kill", {"node": "2"}, 422),
        ("kill", {"node": True}, 422),
        ("kill", {}, 422),
        ("load", {"load_kw": 401}, 422),
        ("load", {"load_kw": -1}, 422),
        ("load", {"load_kw": 10**400}, 422),
        ("load", {"load_kw": float("nan")}, 422),
        ("load", {"load_kw": None}, 422),
    ],
)
def test_a_refusal_is_a_problem_that_names_its_field(client, cluster, word, body, status) -> None:
    answer = post(client, f"/cluster/{word}", body)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["field"] == ("node" if word == "kill" else "load_kw")
    assert answer.json["reason"]
    assert cluster.orders == []


@pytest.mark.parametrize("path", ["/cluster/kill", "/cluster/load"])
def test_a_body_that_is_no_object_or_a_foreign_page_is_refused(client, cluster, path) -> None:
    assert post(client, path, [2]).status_code == 400
    assert post(client, path, {"node": 2, "load_kw": 1}, **{"X-CSRF-Token": "guess"}).status_code == 403
    assert post(client, path, {"node": 2, "load_kw": 1}, Origin="http://evil.example").status_code == 403
    assert cluster.orders == []


def test_a_site_without_a_cluster_says_so_and_shows_no_link(site) -> None:
    alone = create_app(site, WebConfig(csrf_token="the-token")).test_client()
    for path in ("/cluster", "/cluster/snapshot.json"):
        answer = alone.get(path)
        assert answer.status_code == 404
        assert "without a cluster" in answer.json["detail"]
    assert post(alone, "/cluster/kill", {"node": 2}).status_code == 404
    assert "/cluster" not in alone.get("/").get_data(as_text=True).partition('id="initial"')[0]


def test_the_sites_page_tells_how_the_cluster_is_and_leads_there(client) -> None:
    text = client.get("/?lang=en&theme=dark").get_data(as_text=True)
    assert "master node 2, term 17" in text
    assert "5 of 6 nodes" in text
    assert 'href="/cluster?lang=en&amp;theme=dark"' in text


def test_the_first_paint_shows_every_node_with_its_numbers(client) -> None:
    text = painted(client)
    rows = re.findall(r'<li class="node" data-node="(\d)" data-state="(\w+)" data-role="(\w+)"', text)
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert rows[0][1:] == ("down", "down")
    assert rows[1][1:] == ("up", "leader")
    for found in ("term 17 · plan 17.3", "32 ms", "27.5", "/ 50 kW", "starts again in 2 s"):
        assert found in text
    assert "carries a contingency share" in text
    assert "at half of its capacity" in text
    assert "term record unreadable" in text
    assert "6 real processes · SCHED_FIFO" in text


def test_the_master_is_told_by_a_word_and_a_sign_and_not_by_colour_alone(client) -> None:
    text = painted(client)
    assert re.search(r'data-node="2".*?class="role">[^<]*Master', text, re.S)


def test_the_first_paint_shows_the_cluster_in_numbers_with_units(client) -> None:
    text = " ".join(re.sub(r"<[^>]+>", " ", painted(client)).split())
    for found in ("Node 2", "165.0 kW", "165.0 / 300 kW", "5 of 6 needs 4", "9.4 %", "341 /s", "kept"):
        assert found in text


def test_the_first_paint_tells_kills_and_events_in_words(client) -> None:
    text = painted(client)
    assert "Node 2 became master 168 ms after the last frame of node 1." in text
    assert "Node 4 reports: term record unreadable: does not vote." in text
    assert re.search(r'data-kill="1" data-late="yes"', text)
    assert re.search(r'data-kill="2" data-late="no"', text)
    assert "Kills: 3; plan applied: median 235 ms, longest 301 ms" in text


def test_every_kill_button_names_its_node_and_says_what_it_is_about(client) -> None:
    text = painted(client)
    assert len(re.findall(r'data-kill="\d"[^>]*aria-label="Kill node \d \(simulated equipment\)"', text)) == 6
    assert len(re.findall(r'aria-disabled="true"', text)) == 1
    assert "kill -9" in text and "The equipment is simulated" in text


def test_a_simulated_cluster_says_so_and_why(client, cluster) -> None:
    cluster.now |= {"kind": "simulated", "reason": "The hub <ended>."}
    text = painted(client)
    assert re.search(
        r'id="fallback" data-tone="attention">.*?not real processes.*?The hub &lt;ended&gt;\.', text, re.S
    )
    assert "6 simulated nodes" in text
    assert "kill -9" not in text


def test_real_processes_need_no_such_notice(client) -> None:
    assert 'id="fallback" data-tone="attention" hidden' in painted(client)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"phase": "starting", "leader": 0}, "starting"),
        ({"phase": "ended"}, "ended"),
        ({"unmet_kw": 20.0, "n1": "lost"}, "unmet"),
        ({"leader": 0, "alive": 3}, "no_quorum"),
        ({"leader": 0}, "electing"),
        ({"short_kw": 27.5, "n1": "lost"}, "moving"),
        ({"n1": "lost"}, "n1_lost"),
        ({}, "covered"),
    ],
)
def test_the_state_is_what_matters_most(client, cluster, changes, word) -> None:
    cluster.now |= changes
    text = painted(client)
    assert f'data-row="{word}"' in text
    assert load_words("en")[f"cluster.state.{word}"] in text
    assert "{" not in re.search(r'id="state-text">(.*?)<', text).group(1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_that_the_page_may_be_given_has_words(language) -> None:
    words = load_words(language)
    alarms = [name.removeprefix("ALARM_").lower() for name in vars(wire) if name.startswith("ALARM_")]
    keys = [f"cluster.role.{name}" for name in wire.ROLE_NAMES]
    keys += [f"cluster.basis.{name}" for name in wire.BASIS_NAMES]
    keys += [f"cluster.alarm.{name}" for name in alarms]
    keys += [f"cluster.health.{name}" for name in wire.DERATE_NAMES if name != "full"]
    keys += [
        f"cluster.fact.{fact['name']}" for fact in cluster_view.facts_view(sample_cluster(), Phrasebook("en"))
    ]
    assert [key for key in keys if key not in words] == []


def test_the_page_is_in_chinese_when_asked(client) -> None:
    text = painted(client, "?lang=zh-TW")
    assert "節點 2 在節點 1 的最後訊框後 168 ms 成為主控。" in text
    assert "終止節點 2（模擬設備）" in text


def test_the_page_has_no_inline_script_or_style(client) -> None:
    text = page(client)
    scripts = re.findall(r"<script([^>]*)>", text)
    assert all("src=" in script or 'type="application/json"' in script for script in scripts)
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", text)


def test_the_initial_data_is_the_snapshot(client, cluster) -> None:
    found = re.search(r'<script type="application/json" id="initial">(.*?)</script>', page(client), re.S)
    assert json.loads(found.group(1))["nodes"] == cluster.now["nodes"]


@pytest.mark.parametrize(("age_ms", "text"), [(None, "–"), (32, "32 ms"), (999, "999 ms"), (2140, "2.1 s")])
def test_the_age_of_a_heartbeat_is_short(age_ms, text) -> None:
    assert cluster_view.age_text(age_ms) == text
