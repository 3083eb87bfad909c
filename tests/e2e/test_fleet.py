"""Real hubs and nodes under a fleet: a leader serves, is killed, and the next one serves; nothing is left behind.

Times are not judged here (`evenload bench realtime` does, on a machine with nothing else to do), but the whole way is
gone: processes, bus, consoles, witnesses, traces, invariants.
"""

import json
import os
import signal

import pytest
from click.testing import CliRunner
from evenload_host.cli import evenload
from evenload_sim.cluster.trace import check_lines
from evenload_sim.cluster_processes import RealtimeError, RealtimeOptions, run_realtime
from evenload_sim.fleet import Fleet, FleetError, FleetOptions

pytestmark = pytest.mark.alone
WAIT_S_MAX = 30
LATE_MS_MAX = 2000


def pids_of(fleet):
    return [fleet.hub.pid, *(node.pid for node in fleet.nodes.values())]


def test_the_leader_is_killed_and_the_next_one_serves():
    events = []
    with Fleet(FleetOptions(), events.append) as fleet:
        first = fleet.wait_for_leader(WAIT_S_MAX)
        pids = pids_of(fleet)
        fleet.kill(first, is_final=True)
        fleet.wait_for(
            lambda: fleet.leader() not in (0, first) and fleet.is_settled(), WAIT_S_MAX, "a new leader"
        )
        assert fleet.status(fleet.leader())["has_lease"]
        fleet.restart(first)
        pids.append(fleet.nodes[first].pid)
        fleet.wait_for(fleet.is_whole, WAIT_S_MAX, "all nodes with a part")
        home = fleet.home
    assert not home.exists()
    assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
    assert check_lines(json.dumps(event) + "\n" for event in events).findings == []


def test_a_stopped_leader_gives_way_and_follows_when_it_goes_on():
    with Fleet() as fleet:
        first = fleet.wait_for_leader(WAIT_S_MAX)
        fleet.kill(first, signal.SIGSTOP)
        fleet.wait_for(
            lambda: fleet.leader() not in (0, first) and fleet.is_settled(), WAIT_S_MAX, "a new leader"
        )
        fleet.kill(first, signal.SIGCONT)
        fleet.wait_for(fleet.is_whole, WAIT_S_MAX, "all nodes with a part")
        assert fleet.status(first)["role"] == "follower"


def test_whatever_is_killed_comes_back_unattended():
    with Fleet(FleetOptions(nodes=3, is_kept=True)) as fleet:
        fleet.wait_for(fleet.is_whole, WAIT_S_MAX, "all nodes with a part")
        fleet.kill_hub()
        for src in fleet.sources:
            fleet.kill(src)
        fleet.wait_for(
            lambda: all(n.start_count == 2 for n in fleet.nodes.values()), WAIT_S_MAX, "the keepers"
        )
        fleet.wait_for(fleet.is_whole, WAIT_S_MAX, "all nodes with a part")
        assert fleet.hub.start_count == 2


def test_an_order_reaches_a_node_and_its_refusal_is_an_answer():
    with Fleet(FleetOptions(nodes=3)) as fleet:
        leader = fleet.wait_for_leader(WAIT_S_MAX)
        assert fleet.order(leader, "load 120")["ok"]
        follower = next(src for src in fleet.sources if src != leader)
        refused = fleet.order(follower, "load 120")
        assert not refused["ok"]
        assert "master" in refused["error"]


def test_a_node_that_cannot_start_is_named_with_its_last_words(tmp_path):
    fleet = Fleet(FleetOptions(nodes=3, home=tmp_path, node_module="evenload_sim.no_such_node"))
    with pytest.raises(FleetError, match="No module named"), fleet:
        pass
    assert not fleet.hub.is_alive


@pytest.mark.parametrize(
    ("options", "words"),
    [(FleetOptions(nodes=13), "1 .. 12"), (FleetOptions(nodes=0), "1 .. 12")],
    ids=("too many", "none"),
)
def test_a_fleet_that_cannot_be_is_refused(options, words):
    with pytest.raises(FleetError, match=words):
        Fleet(options)


def test_a_home_too_long_for_a_local_socket_is_refused(tmp_path):
    with pytest.raises(FleetError, match="too long for a local socket"):
        Fleet(FleetOptions(home=tmp_path / ("x" * 100)))


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_the_command_times_failovers_of_real_processes(how, tmp_path):
    words = ["--realtime", "--runs", "2", "--json", "--trace", str(tmp_path / "trace.jsonl")]
    done = CliRunner().invoke(evenload, ["sim", "cluster", *words, *(["--stop"] if how == "stop" else [])])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["findings"] == []
    assert (found["runs"], found["violations"], found["missed"]) == (2, 0, 0)
    assert found["leaders_per_term_max"] == found["leases_at_once_max"] == 1
    for name in ("detected_ms", "elected_ms", "applied_ms", "contingency_ms", "applied_from_death_ms"):
        assert found[name]["max"] < LATE_MS_MAX
    with (tmp_path / "trace.jsonl").open() as lines:
        assert check_lines(lines).findings == []


def test_a_run_that_cannot_be_is_refused_in_a_sentence():
    with pytest.raises(RealtimeError, match="nodes: 2; 3"):
        run_realtime(RealtimeOptions(nodes=2))
    with pytest.raises(RealtimeError, match="one of kill, stop"):
        run_realtime(RealtimeOptions(how="ask"))
