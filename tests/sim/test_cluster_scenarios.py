"""Scenarios replay byte for byte on either backend. EVENLOAD_RECORD=1 writes the transcripts anew, to be reviewed."""

import importlib
import os
from pathlib import Path

import pytest
from evenload.core import BACKEND
from evenload_sim.cluster.scenario import Scenario, ScenarioError, parse

SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").glob("*.txt"))
PACKAGES = {"python": "evenload", "c": "evenload_core"}
MUST_HAVE = (
    "prevote checkquorum deaf_leader one_way_link split_3_3 torn_floor clock_step id_clash bus_off telemetry_storm "
    "master_dies master_and_successor_die rejoin transfer"
)


@pytest.mark.parametrize("package", sorted({"evenload", PACKAGES[BACKEND]}))
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario_goes_as_recorded(path, package):
    blocks = parse(path.read_text())
    scenario = Scenario(importlib.import_module(f"{package}.cluster").Cluster)
    played = [scenario.run(block.commands) for block in blocks]
    if os.environ.get("EVENLOAD_RECORD") == "1":
        for block, transcript in zip(blocks, played, strict=True):
            block.transcript = transcript
        path.write_text("\n".join(block.text() for block in blocks))
    assert played == [block.transcript for block in blocks]
    assert not any(line.startswith(("FAILED", "BROKEN")) for transcript in played for line in transcript)


def test_every_scenario_that_has_to_be_there_is():
    assert set(MUST_HAVE.split()) <= {path.stem for path in SCENARIOS}


def test_what_does_not_hold_is_told():
    told = Scenario().run(["cluster 3", "run 1s", "expect leader 3"])
    assert told[-1] == "FAILED expect leader 3: it is 1"


@pytest.mark.parametrize("command", ["fly 3", "run 5", "kill x", "kill"])
def test_an_unknown_command_is_refused(command):
    scenario = Scenario()
    scenario.run(["cluster 3"])
    if command == "kill":
        assert scenario.run(["kill"]) == []
        return
    with pytest.raises(ScenarioError):
        scenario.run([command])


def test_a_scenario_begins_with_a_cluster():
    with pytest.raises(ScenarioError):
        Scenario().run(["run 1s"])
