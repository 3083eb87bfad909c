"""The bench frame: choosing rows, judging targets, the table and the JSON of `evenload bench`."""

import json

import pytest
from click.testing import CliRunner
from evenload_host.cli import bench as bench_command
from evenload_sim import bench
from evenload_sim.bench import Row, absent, best_ns, is_met, result


def met() -> list[bench.Result]:
    return [result("parser, C", 5.9, "ns", "lower", target=6, peer="checksum loop", ratio=2.1)]


def missed() -> list[bench.Result]:
    return [
        result("fairness", 0.9, "Jain", "higher", target=0.95),
        absent("energy", "kWh", "higher", "acnportal"),
    ]


def broken() -> list[bench.Result]:
    raise ValueError("no such file")


ROWS = [Row("bl0942.batch", met), Row("allocation.fair", missed), Row("allocation.big", broken, slow=True)]


@pytest.fixture
def rows(monkeypatch):
    monkeypatch.setattr(bench, "all_rows", lambda: ROWS)


def test_rows_are_chosen_by_name_leading_words_or_pattern() -> None:
    assert [row.name for row in bench.select(ROWS, (), False)] == ["bl0942.batch", "allocation.fair"]
    assert [row.name for row in bench.select(ROWS, ("allocation",), True)] == [
        "allocation.fair",
        "allocation.big",
    ]
    assert [row.name for row in bench.select(ROWS, ("*.batch",), False)] == ["bl0942.batch"]
    assert [row.name for row in bench.select(ROWS, ("allocation.big",), False)] == ["allocation.big"]


def test_a_name_that_no_row_has_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(bench.BenchError, match=r"'alocation'.*bl0942\.batch"):
        bench.select(ROWS, ("alocation",), False)


def test_a_target_is_met_in_the_direction_that_is_better() -> None:
    assert is_met(result("a", 3, "us", "lower", target=3)) is True
    assert is_met(result("a", 3, "us", "higher", target=4)) is False
    assert is_met(result("a", 3, "us", "higher")) is None
    assert is_met(absent("a", "us", "lower", "peer")) is None


def test_timing_counts_single_calls() -> None:
    calls = []
    assert best_ns(lambda: calls.append(1), repeat_count=1, span_ms=1) > 0
    assert calls


def test_json_is_a_list_with_the_contract_keys_and_progress_stays_on_stderr(rows) -> None:
    outcome = CliRunner().invoke(bench_command.command, ["--json"])
    results = json.loads(outcome.stdout)
    assert [sorted(entry) for entry in results] == [
        ["better", "name", "peer", "ratio", "target", "unit", "value"]
    ] * 3
    assert "[1/2] bl0942.batch" in outcome.stderr
    assert "1 slow rows left out" in outcome.stderr


def test_the_table_says_pass_fail_and_which_peer_is_absent(rows) -> None:
    outcome = CliRunner().invoke(bench_command.command, [])
    assert outcome.exit_code == 0
    lines = outcome.stdout.splitlines()
    assert lines[1].startswith("pass") and "<= 6" in lines[1] and "2.1 x checksum loop" in lines[1]
    assert lines[2].startswith("FAIL")
    assert lines[3].startswith("n/a") and "acnportal: not installed" in lines[3]
    assert lines[-1] == "1 of 2 targets met."


def test_a_row_that_fails_is_named_and_the_others_still_count(rows) -> None:
    outcome = CliRunner().invoke(bench_command.command, ["allocation", "--all"])
    assert outcome.exit_code == 1
    assert "failed: ValueError: no such file" in outcome.stderr
    assert "FAIL" in outcome.stdout
