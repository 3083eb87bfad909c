"""The models of election and lease: what must hold holds, and every spoiled rule is caught (`make model`: more)."""

import importlib.util
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("model_run", Path(__file__).resolve().parent / "run.py")
run = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(run)

REPORT = """
State-vector 36 byte, depth reached 37, errors: {errors}
  5204348 states, stored
  332.761\ttotal actual memory usage
pan: elapsed time 12.8 seconds
"""


@pytest.fixture
def spin(require_program):
    require_program("spin", "spin")
    require_program("cc", "gcc")


@pytest.mark.parametrize("case", run.SMOKE, ids=lambda case: case.name.replace(" ", "-"))
def test_a_case_is_as_promised(spin, tmp_path, case):
    found = run.search(case, tmp_path)
    assert run.is_as_promised(case, found), run.line(case, found)


def test_the_report_is_read():
    found = run.read(REPORT.format(errors=0))
    assert found == run.Found(0, True, 5204348, 12.8, 332.761)


def test_a_search_that_did_not_finish_is_no_proof():
    sound = run.SOUND_SMOKE[0]
    assert run.is_as_promised(sound, run.read(REPORT.format(errors=0)))
    assert not run.is_as_promised(sound, run.read("Warning: Search not completed" + REPORT.format(errors=0)))
    assert not run.is_as_promised(sound, run.read(REPORT.format(errors=1)))
    assert not run.is_as_promised(sound, run.read("pan: out of memory"))


def test_a_spoiled_rule_that_is_not_caught_is_a_failure():
    spoiled = run.BROKEN[0]
    assert run.is_as_promised(spoiled, run.read(REPORT.format(errors=1)))
    assert not run.is_as_promised(spoiled, run.read(REPORT.format(errors=0)))
