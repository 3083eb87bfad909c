"""`evenload charging plan`: the what-if tool, its example and its schema, with both cores."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

EVENLOAD = Path(sys.executable).parent / "evenload"


def run(*words, core="python", text=None, color=False):
    environment = {**os.environ, "EVENLOAD_CORE": core}
    environment.pop("FORCE_COLOR", None)
    if color:
        environment["FORCE_COLOR"] = "1"
    command = [str(EVENLOAD), "charging", "plan", *words]
    return subprocess.run(command, env=environment, input=text, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def example():
    return run("--example").stdout


def test_the_example_is_what_the_schema_asks_for(example):
    schema = json.loads(run("--schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(example), schema)


@pytest.mark.parametrize("words", [(), ("--json",), ("--ticks", "40"), ("--json", "--ticks", "3")])
def test_both_cores_answer_with_the_same_bytes(example, words, require_module):
    require_module("evenload_core", "a C compiler and `make core` build it")
    answers = [run(*words, "-", core=core, text=example) for core in ("python", "c")]
    assert [answer.returncode for answer in answers] == [0, 0]
    assert answers[0].stdout == answers[1].stdout


def test_the_plan_names_grant_reason_and_what_limits(example):
    plan = json.loads(run("--json", "-", text=example).stdout)
    bays = {station["id"]: station for station in plan["stations"]}
    assert bays["bay-06"]["grant_a"] == 0
    assert bays["bay-06"]["reason"] == "not_connected"
    assert bays["bay-03"]["grant_a"] == pytest.approx(2 * bays["bay-02"]["grant_a"], abs=0.2)
    assert (bays["bay-02"]["limiting_circuit"], bays["bay-02"]["limiting_phase"]) == ("main", "L3")
    for circuit in plan["circuits"]:
        assert all(p <= limit for p, limit in zip(circuit["planned_a"], circuit["limit_a"], strict=True))


def test_a_wrong_key_is_refused_with_the_nearest_one(example):
    site = json.loads(example)
    site["stations"][0]["max_am"] = 1
    refused = run("-", text=json.dumps(site))
    assert refused.returncode == 2
    assert "stations[0].max_am is 1" in refused.stderr
    assert "did you mean max_ma" in refused.stderr


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "[" * 100_000, "9" * 5_000, "NaN"])
def test_a_file_that_is_no_site_is_refused_in_one_sentence(text):
    refused = run("-", text=text)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


def test_colours_come_only_where_they_are_asked_for(example):
    assert "\x1b[" not in run("-", text=example).stdout
    assert "\x1b[" in run("-", text=example, color=True).stdout
