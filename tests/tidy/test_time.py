"""Ring times are compared by evenload.ticks alone; only a loop's owner sleeps or starts a thread."""

import ast
import re

import pytest

# Names of points in time. A duration (period_ms, age_ms, elapsed_ms) is an ordinary integer.
RING_NAME = re.compile(
    r"(^|_)(now|then|deadline|due|expires|expiry|heard|sample|since|until|started|seen)_ms$|_at_ms$"
)
RING_SHELVES = ("shared/", "firmware/", "host/evenload_sim/")
RING_FILES = {"shared/evenload/ticks.py"}

# Rule 47: threads live in named places only. The rest is a loop that ticks.
LOOP_OWNERS = ("firmware/evenload_node/hal/", "host/evenload_host/cli/sim.py")
LOOP_WORDS = {"sleep", "Timer", "Thread"}


def _is_ring_time(node):
    if isinstance(node, ast.Subscript):
        node = node.value
    return bool(RING_NAME.search(getattr(node, "attr", getattr(node, "id", ""))))


def compared_times(source):
    """Return a finding for each < between, or difference of, points on the ring."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Compare) and any(
            isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in node.ops
        ):
            if any(_is_ring_time(side) for side in [node.left, *node.comparators]):
                found.append(
                    f"{source.name}:{node.lineno} compares ring times; use ticks.is_due or elapsed_ms"
                )
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            if _is_ring_time(node.left) and _is_ring_time(node.right):
                found.append(f"{source.name}:{node.lineno} subtracts ring times; use ticks.elapsed_ms")
    return found


def loops_of_its_own(source):
    """Return a finding for each thread, timer or sleep."""
    found = []
    for node in ast.walk(source.tree):
        is_import = isinstance(node, ast.Import | ast.ImportFrom)
        names = (
            [alias.name for alias in node.names] + [getattr(node, "module", "") or ""] if is_import else []
        )
        if isinstance(node, ast.Call):
            names = [ast.unparse(node.func).rpartition(".")[2]]
        for word in sorted(({"threading", "_thread"} | LOOP_WORDS) & set(names)):
            found.append(f"{source.name}:{node.lineno} uses {word}; a machine is given now_ms by its loop")
    return found


def test_times_are_compared_on_the_ring_only(python_sources):
    kernels = [s for s in python_sources if s.shelf_is(*RING_SHELVES) and s.name not in RING_FILES]
    assert [finding for source in kernels for finding in compared_times(source)] == []


def test_only_loops_sleep_and_start_threads(python_sources):
    machines = [s for s in python_sources if s.shelf_is("shared/", "firmware/", "host/")]
    machines = [s for s in machines if not s.name.startswith(LOOP_OWNERS)]
    assert [finding for source in machines for finding in loops_of_its_own(source)] == []


def test_no_unit_test_sleeps(python_sources):
    tests = [
        s for s in python_sources if s.shelf_is("tests/") and not s.shelf_is("tests/e2e/", "tests/target/")
    ]
    assert [f for source in tests for f in loops_of_its_own(source) if "sleep" in f] == []


@pytest.mark.parametrize(
    "text",
    ["now_ms > deadline_ms", "self.due_ms <= now_ms", "heard_ms[3] < limit", "now_ms - self.sample_ms"],
)
def test_a_compared_ring_time_is_found(bad_source, text):
    assert compared_times(bad_source("shared/evenload/x.py", text))


@pytest.mark.parametrize(
    "text", ["age_ms > limit_ms", "elapsed_ms(now_ms, then_ms) >= 3000", "now_ms + 5", "now_ms == 5"]
)
def test_a_duration_is_an_ordinary_integer(bad_source, text):
    assert not compared_times(bad_source("shared/evenload/x.py", text))


@pytest.mark.parametrize(
    "text", ["import threading", "time.sleep(1)", "from time import sleep", "Timer(3, f)"]
)
def test_a_sleep_or_thread_is_found(bad_source, text):
    assert loops_of_its_own(bad_source("shared/evenload/x.py", text))
