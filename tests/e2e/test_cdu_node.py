"""Real `evenload-node run` processes of the role cdu on a real `evenload sim can-hub`.

The tests wait for what the units say on their consoles, never for time.
"""

import itertools
import json
import signal
import socket
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.alone
DEADLINE_S = 60
RUN = [sys.executable, "-m", "evenload_node.linux"]


@pytest.fixture
def three(make_cdu_site):
    """Three units that share one plan."""
    site = make_cdu_site(3)
    for src in (1, 2, 3):
        site.start(src)
    site.settle(1, 2, 3)
    return site


def leader_of(statuses):
    return next(src for src, status in statuses.items() if status["has_lease"])


def test_a_killed_master_is_replaced_and_comes_back_without_a_new_term(three):
    before = three.settle(1, 2, 3)
    dead = leader_of(before)
    three.kill(dead)
    others = [src for src in (1, 2, 3) if src != dead]
    after = three.settle(*others)
    assert leader_of(after) != dead
    term = after[others[0]]["term"]
    assert term > before[dead]["term"]
    assert sum(status["applied_kw"] for status in after.values()) >= 80
    three.start(dead)
    back = three.settle(1, 2, 3)
    assert {status["term"] for status in back.values()} == {term}
    found = three.ask(dead, "term")
    assert found["floor"] >= before[dead]["term"]
    assert found["ceiling"] > found["floor"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_a_planned_stop_resigns_first(three, number):
    master = leader_of(three.settle(1, 2, 3))
    with three.console(master) as console:
        console.ask("trace")
        started = time.monotonic()
        assert three.kill(master, number) == 0
        assert time.monotonic() - started < 1
        events = []
        while not events or events[-1]["event"] != "lease_end":
            events.append(console.read())
    assert events[-1]["b"] == 0  # RESIGN_REASON_PLANNED
    assert "event=stopped" in three.log(master)
    assert not (three.folder / f"n{master}" / "console.sock").exists()


def test_the_hub_may_die_and_return(three):
    three.stop_hub()
    for src in (1, 2, 3):
        three.until(lambda src=src: not three.ask(src, "status")["bus"]["open"], "a lost bus")
    three.until(lambda: three.ask(2, "status")["leader"] == 0, "no master without a bus")
    three.until(
        lambda: three.ask(2, "status")["applied_kw"] == 50, "all it has from a unit that hears nobody"
    )
    three.start_hub()
    back = three.settle(1, 2, 3)
    assert {src: status["bus"]["lost"] for src, status in back.items()} == {1: 1, 2: 1, 3: 1}, three.log(1)
    assert "is `evenload sim can-hub --socket` running?" in three.log(1)


def test_a_unit_starts_without_a_bus_and_takes_it_when_it_comes(make_cdu_site):
    site = make_cdu_site(3)
    site.stop_hub()
    for src in (1, 2, 3):
        site.start(src)
    assert site.ask(1, "status")["bus"]["open"] is False
    site.start_hub()
    site.settle(1, 2, 3)


def test_load_is_shared_anew_and_survives_a_cold_start_of_all(three):
    master = leader_of(three.settle(1, 2, 3))
    answer = three.ask(master, "load 120")
    assert answer["ok"]
    for src in (1, 2, 3):
        three.until(lambda src=src: three.ask(src, "plan")["plan"]["demand_kw"] == 120, "the new demand")
        stored = three.folder / f"n{src}" / "plan.json"
        three.until(stored.exists, "a plan on disk")
        three.until(lambda stored=stored: '"demand_10w": 12000' in stored.read_text(), "the plan on disk")
    for src in (1, 2, 3):
        three.kill(src)
    for src in (1, 2, 3):
        three.start(src)
    assert three.settle(1, 2, 3)[1]["plan"]["demand_kw"] == 120


def test_a_storm_on_the_console_delays_no_heartbeat(three):
    path = three.folder / "n2" / "console.sock"
    stamps = []
    with three.console(2) as watcher:
        watcher.ask("beats")
        deaf = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(100)]
        for number, line in enumerate(deaf):
            line.connect(str(path))
            line.sendall((b"trace\nstat", b"x" * 300, b"\xff\xfe\x00\nstatus\n", b"\n" * 500)[number % 4])
        with three.console(2) as client:
            client.line.sendall(b"#1 " + b"y" * 1_000_000)
            assert "at most 512 characters" in client.read()["error"]
            assert client.ask("\n#2 term")["id"] == "2"
            while len(stamps) < 30:
                assert client.ask("status")["ok"]
                stamps += watcher.ask("beats")["beats_us"]
        for line in deaf:
            line.close()
        status = watcher.ask("status")
    gaps_us = [after - before for before, after in itertools.pairwise(stamps)]
    assert max(gaps_us) < 100_000
    assert status["leader"] != 0


def test_one_unit_on_python_can_and_one_on_the_python_kernels_are_units_like_others(make_cdu_site):
    site = make_cdu_site(3)
    slcan = {"kind": "python-can", "interface": "slcan", "channel": f"socket://127.0.0.1:{site.tcp_port}"}
    site.start(1)
    site.start(2, environment={"EVENLOAD_CORE": "python"})
    site.start(3, can=slcan)
    statuses = site.settle(1, 2, 3)
    assert [statuses[src]["backend"] for src in (1, 2)] == ["c", "python"]
    assert statuses[3]["bus"]["kind"] == "python-can"
    assert [statuses[src]["rt"] for src in (2, 3)] == [False, False]
    shares = [share["share_kw"] for share in statuses[1]["plan"]["shares"]]
    for src in (1, 2, 3):
        site.until(
            lambda src=src: site.ask(src, "status")["applied_kw"] == shares[src - 1], "the planned share"
        )
    site.stop_hub()
    site.until(lambda: not site.ask(3, "status")["bus"]["open"], "a lost adapter")
    site.until(lambda: "event=bus_lost" in site.log(3), "a word about it in the log")


def test_the_requirements_yaml_starts_each_unit_with_its_own_node_id(make_cdu_site):
    site = make_cdu_site(3)
    path = site.folder / "distributed_cdu_config.yaml"
    path.write_text(
        f"""CDU_System:
  node_id: "CDU_01"
  priority_map: {{CDU_01: 1, CDU_02: 2, CDU_03: 3}}
  state_dir: {site.folder}/n{{id}}
  demand_kw: 80
  can: {{kind: virtual, path: {site.folder}/bus}}
blocks:
  pump_1: {{type: pump_vfd, address: 1}}
"""
    )
    for src, node_id in ((1, "CDU_01"), (2, "2"), (3, "CDU_03")):
        site.spawn(src, [str(path), "--node-id", node_id])
    statuses = site.settle(1, 2, 3)
    assert [statuses[src]["node"] for src in (1, 2, 3)] == ["CDU_01", "CDU_02", "CDU_03"]
    assert statuses[2]["blocks"] == [{"id": "pump_1", "type": "pump_vfd", "settings": {"address": 1}}]
    done = subprocess.run(
        [*RUN, "console", str(path), "--node-id", "3", "plan"], capture_output=True, text=True, check=True
    )
    assert "demand_kw: 80" in done.stdout


def test_a_unit_whose_floor_is_damaged_does_not_vote_and_says_why(make_cdu_site):
    site = make_cdu_site(3)
    folder = site.folder / "n3"
    folder.mkdir()
    for name in ("floor.0", "floor.1"):
        (folder / name).write_bytes(b"junk")
    for src in (1, 2, 3):
        site.start(src)
    assert "no_floor" in site.settle(1, 2, 3)[3]["alarms"]
    assert "this node does not vote" in site.ask(3, "term")["floor_fault"]
    assert "event=floor" in site.log(3)


def test_a_unit_alone_needs_no_bus(make_cdu_site):
    site = make_cdu_site(1)
    values = {"node": "one", "role": "cdu", "state_dir": str(site.folder / "n1"), "cdu": {"rated_kw": 50}}
    path = site.folder / "alone.json"
    path.write_text(json.dumps(values))
    site.spawn(1, [str(path)])
    assert site.ask(1, "status")["role"] == "alone"
    assert site.ask(1, "load 30")["ok"]
    site.until(lambda: site.ask(1, "status")["delivered_kw"] == 30, "30 kW delivered")
    assert site.kill(1, signal.SIGTERM) == 0


def test_the_client_shows_answers_refusals_and_an_absent_node(three):
    follower = next(src for src, status in three.settle(1, 2, 3).items() if not status["has_lease"])

    def client(*words):
        return subprocess.run(
            [*RUN, "console", *words],
            capture_output=True,
            text=True,
            cwd=three.folder,
            check=False,
            input="term\nhelp\n",
        )

    done = client(f"n{follower}.json", "term")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "role: follower")
    done = client(f"n{follower}/console.sock", "load", "100", "--json")
    assert done.returncode == 1
    assert "this unit follows; the master is" in json.loads(done.stdout)["error"]
    done = client(f"n{follower}.json")
    assert done.returncode == 0
    assert "role: follower" in done.stdout
    assert "the unit: role, master, share" in done.stdout
    three.kill(follower)
    done = client(f"n{follower}.json", "term")
    assert done.returncode == 2
    assert "Is the node running?" in done.stderr


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"can": {"kind": "virtual", "path": "bus", "bitrate": 250000}},
            "can.bitrate is 250000; valid: at least 500000",
        ),
        ({"state_dir": "x" * 120}, "bytes"),
        (
            {"cluster": {"src": 4, "voters": [{"src": 1, "rated_kw": 50}]}},
            "cluster.src is 4; valid: a voter: one of 1",
        ),
    ],
)
def test_what_cannot_run_is_refused_in_one_sentence(unconnected_cdu, tmp_path, changes, words):
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({**unconnected_cdu(tmp_path), **changes}))
    done = subprocess.run(
        [*RUN, "run", str(path)],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_process_of_the_same_unit_is_refused(three):
    done = subprocess.run(
        [*RUN, "run", str(three.folder / "n1.json")],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 2
    assert "valid: a folder that no other running node uses" in done.stderr
    assert three.ask(1, "status")["ok"]


def test_two_units_with_one_number_silence_the_younger_and_say_so(three):
    other = three.folder / "n9"
    values = {**three.config(2), "state_dir": str(other)}
    path = three.folder / "clash.json"
    path.write_text(json.dumps(values))
    three.spawn(9, [str(path)])
    status = three.until(
        lambda: (found := three.ask(9, "status"))["silent"] and found, "silence of the younger"
    )
    assert "clash" in status["alarms"]
    three.until(lambda: "event=alarm clash" in three.log(9), "a word about it in the log")
    assert three.ask(2, "status")["silent"] is False
    three.settle(1, 2, 3)
