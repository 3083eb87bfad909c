"""The C core: no warning from a compiler, no finding of a sanitiser, and the proof where it is promised."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
WATERFILL = HERE.parents[1] / "csrc" / "src" / "waterfill.c"
TOOLS = {"frama-c": "frama-c-base", "why3": "why3", "z3": "z3", "cvc4": "cvc4"}

# What a hurried change might do to the waterfill; each must leave goals unproved.
BROKEN = {
    "the level is raised one mA too far": (
        "level_ma += left_ma / above_count;",
        "level_ma += left_ma / above_count + 1;",
    ),
    "a negative request is granted": ("request_ma[i] > 0 ? request_ma[i] : 0;", "request_ma[i];"),
}


def make(*words):
    """Run a target of tests/c/Makefile; return its output. It fails the test when make fails."""
    done = subprocess.run(["make", "-C", str(HERE), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def prove(source, timeout_s):
    """Return what prove.py says of a source: exit code, goals proved, goals in all."""
    command = [sys.executable, str(HERE / "prove.py"), str(source), str(timeout_s)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"(\d+) / (\d+) goals proved", done.stdout)
    assert found, done.stdout[-4000:] + done.stderr[-4000:]
    return done.returncode, int(found.group(1)), int(found.group(2))


@pytest.fixture
def compilers(require_program):
    require_program("make", "make")
    require_program("gcc", "gcc")
    require_program("clang", "clang")


@pytest.fixture
def provers(require_program):
    for program, package in TOOLS.items():
        require_program(program, package)


def test_no_compiler_warns(compilers):
    assert "no warning" in make("strict", "CC=gcc")


def test_the_real_time_loop_has_no_race_with_its_other_thread(compilers):
    assert "race_rt_loop: " in make("race", "RACE_SECONDS=2")


def test_the_sanitisers_find_nothing_in_a_replay(compilers):
    assert "fuzz_waterfill: 500 inputs" in make("test", "CC=gcc", "REPLAYS=500")


@pytest.mark.slow
def test_libfuzzer_finds_nothing_in_ten_seconds(compilers):
    assert "no finding" in make("fuzz-smoke", "SECONDS=10")


@pytest.mark.slow
def test_every_goal_of_the_waterfill_is_proved(provers):
    status, proved_count, goal_count = prove(WATERFILL, 30)
    assert (status, proved_count) == (0, goal_count)
    assert goal_count > 150


@pytest.mark.slow
@pytest.mark.parametrize("change", BROKEN)
def test_a_broken_waterfill_is_not_proved(provers, tmp_path, change):
    right, wrong = BROKEN[change]
    text = WATERFILL.read_text()
    assert text.count(right) == 1
    broken = tmp_path / "waterfill.c"
    broken.write_text(text.replace(right, wrong))
    status, proved_count, goal_count = prove(broken, 4)
    assert status == 1
    assert proved_count < goal_count


def test_an_axiom_is_refused_before_the_proof(tmp_path):
    source = tmp_path / "trusting.c"
    source.write_text("/*@ axiomatic A { axiom a: 0 == 1; } */\nint f(void)\n{\n    return 0;\n}\n")
    done = subprocess.run(
        [sys.executable, str(HERE / "prove.py"), str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "asks to be trusted (axiom, axiomatic)" in done.stdout
