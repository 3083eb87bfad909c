"""The role around the kernel: the floor before the vote, the last plan, the reported load, the log."""

import json
from itertools import pairwise

from evenload import wire
from evenload_node.floor import unpack_record
from evenload_node.hal.pump_simulated import SimulatedPump
from evenload_node.roles.cdu import HISTORY_COUNT_MAX, initial_plan


def test_nobody_votes_before_its_ceiling_is_stored(make_cluster_of):
    made = make_cluster_of(3)
    for unit in made.units.values():
        unit.ports.slots.is_broken = True
    made.start()
    made.run_ms(2_000)
    for unit in made.units.values():
        assert unit.role.numbers[wire.SNAPSHOT_TERM] == 0
        assert "No space left" in unit.role.storage_fault
        assert sum("event=storage" in line for line in unit.log_lines) == 1
        unit.ports.slots.is_broken = False
    made.run_ms(1_500)
    assert made.units[1].role.numbers[wire.SNAPSHOT_HAS_LEASE]
    for unit in made.units.values():
        assert unpack_record(unit.ports.slots.data[0])[1] >= unit.role.numbers[wire.SNAPSHOT_TERM]
        assert unit.role.storage_fault == ""


def test_a_unit_whose_floor_is_unreadable_follows_without_voting(make_cluster_of):
    made = make_cluster_of(3)
    made.units[3].ports.slots.data = [b"junk", b"junk"]
    made.start()
    made.run_ms(1_500)
    assert made.ask(3, "term")["leader"] == 1
    assert made.ask(3, "term")["voted_for"] == 0
    assert made.ask(3, "status")["alarms"] == ["no_floor"]
    assert "does not vote" in made.ask(3, "status")["faults"][0]
    assert made.units[3].ports.slots.data == [b"junk", b"junk"]


def test_the_last_plan_is_kept_once_it_rests(cluster):
    unit = cluster.units[3]
    cluster.ask(1, "load 66")
    cluster.run_ms(500)
    assert unit.ports.plan_file.text is None or json.loads(unit.ports.plan_file.text)["demand_10w"] == 8_000
    cluster.run_ms(1_500)
    kept = json.loads(unit.ports.plan_file.text)
    assert kept == {"demand_10w": 6_600, "supply_ck": 30_815, "cap_percent": 80, "policy": 0}
    assert initial_plan(unit.config, unit.ports.plan_file.text) == kept


def test_a_damaged_last_plan_leaves_the_configurations_values(cluster):
    config = cluster.units[1].config
    usual = initial_plan(config, None)
    assert usual == {"demand_10w": 8_000, "supply_ck": 30_815, "cap_percent": 80, "policy": 0}
    for text in (
        "",
        "{",
        "[]",
        "7",
        "[" * 100_000,
        '{"demand_10w": -1, "cap_percent": 101, "policy": "ramp", "supply_ck": 1.5}',
    ):
        assert initial_plan(config, text) == usual


def test_the_delivered_load_is_reported_to_everyone(cluster):
    cluster.run_ms(3_000)
    rows = cluster.ask(3, "peers")["peers"]
    shares = cluster.ask(3, "plan")["plan"]["shares"]
    for row, share in zip(rows, shares, strict=True):
        assert abs(row["load_kw"] - share["share_kw"]) <= 0.25


def test_a_pump_follows_with_its_slew_and_no_faster():
    pump = SimulatedPump(1_000)
    pump.step(0)
    pump.set_share(3_000)
    for now_ms, wanted in ((100, 100), (600, 600), (10_000, 1_600), (10_900, 2_500), (12_000, 3_000)):
        pump.step(now_ms)
        assert pump.delivered_10w == wanted
    pump.set_share(0)
    pump.step(12_500)
    assert pump.delivered_10w == 2_500


def test_alarms_and_masters_are_told_once(cluster):
    unit = cluster.units[1]
    assert sum("event=role leader" in line for line in unit.log_lines) == 1
    for src in (2, 3):
        cluster.units[src].drive.is_cut = True
    told = len(unit.log_lines)
    cluster.run_ms(1_000)
    assert sum("event=alarm no_quorum" in line for line in unit.log_lines[told:]) == 1
    for src in (2, 3):
        cluster.units[src].drive.is_cut = False
    cluster.run_ms(1_000)
    assert sum("event=alarm_over no_quorum" in line for line in unit.log_lines[told:]) == 1


def test_a_master_remembers_more_than_its_leases(cluster):
    cluster.run_ms(3_000)
    events = [line["event"] for line in cluster.units[1].role.history]
    assert {"boot", "role", "plan", "lease"} <= set(events)
    assert ("lease", "lease") not in pairwise(events)


def test_the_history_has_a_bound(cluster):
    unit = cluster.units[1]
    unit.drive.traces.extend([(1, wire.TRACE_TERM, n, 0, 0, 0) for n in range(2 * HISTORY_COUNT_MAX)])
    unit.role.turn()
    assert len(unit.role.history) == HISTORY_COUNT_MAX
    assert unit.role.history[-1]["a"] == 2 * HISTORY_COUNT_MAX - 1
