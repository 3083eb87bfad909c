"""Traces: what a simulated cluster writes is found good, and what is broken, torn or noisy is judged rightly."""

import io
import json

import pytest
from click.testing import CliRunner
from evenload_host.cli import evenload
from evenload_sim.cluster.measure import Trial, run_traced
from evenload_sim.cluster.trace import TraceUnreadable, check_lines

HEAD = '{"event":"cluster","voters":[1,2,3],"rated_10w":{"1":500,"2":500,"3":500},"quorum":2,"version":1}\n'


def line(t_us, node, event, *numbers, at_ms=0):
    """Return one line of a trace."""
    entry = {"t_us": t_us, "node": node, "event": event}
    return json.dumps({**entry, **dict(zip("abc", [*numbers, 0, 0, 0], strict=False)), "at_ms": at_ms}) + "\n"


@pytest.fixture(scope="module")
def recorded():
    file = io.StringIO()
    outcome = run_traced(Trial(at_ms=700), 4, file)
    assert outcome.is_finished and not outcome.violations
    return file.getvalue().splitlines(keepends=True)


def test_a_simulated_failover_is_good(recorded):
    verdict = check_lines(recorded)
    assert verdict.findings == [] and verdict.nodes == [1, 2, 3, 4, 5, 6]
    assert verdict.leaders_per_term_max == verdict.leases_at_once_max == 1
    assert sum('"event":"down"' in text for text in recorded) == 1


def test_lines_of_two_nodes_may_be_swapped_and_tails_may_be_missing(recorded):
    events = [json.loads(text) for text in recorded[1:]]
    late = [dict(event, t_us=event["t_us"] + 900 * (event["node"] % 2)) for event in events]
    cut = [event for event in late if event["node"] != 4 or event["t_us"] < 600_000]
    by_node = [json.dumps(event) + "\n" for event in sorted(cut, key=lambda event: -event["node"])]
    assert check_lines([recorded[0], *by_node, '{"t_us":9']).findings == []


def with_second_leader(recorded):
    """Return the lines with one more, and its number: another node leads the first leader's term too."""
    place, leader = next(
        (number, row)
        for number, row in enumerate(map(json.loads, recorded))
        if row["event"] == "role" and row["a"] == 3
    )
    other = line(leader["t_us"] + 1, leader["node"] % 6 + 1, "role", 3, leader["b"], 0)
    return [*recorded[: place + 1], other, *recorded[place + 1 :]], place + 2


def test_a_second_leader_of_a_term_is_found_with_its_line(recorded):
    lines, number = with_second_leader(recorded)
    findings = check_lines(lines).findings
    assert ("S1", number) in [(finding.rule, finding.line) for finding in findings]


def test_a_node_that_goes_on_by_a_plan_with_a_dead_member_is_found():
    shares = [
        line(1000 * src, src, "plan", 1, 1, 7) + line(1000 * src, src, "share", 300, 2, 300)
        for src in (1, 2, 3)
    ]
    begin = [HEAD, *"".join(shares).splitlines(keepends=True), line(400_000, 3, "down")]
    covers = [line(560_000, src, "share", 450, 3, 450) for src in (1, 2)]
    later = [line(800_000, src, "alive", 6) for src in (1, 2)]
    found = check_lines([*begin, *later]).findings
    assert [(finding.rule, finding.line) for finding in found] == [("S11", 9), ("S11", 10)]
    assert check_lines([*begin, *covers, *later]).findings == []
    assert check_lines(begin).findings == []  # Both tails are missing.


def test_what_is_carried_while_a_plan_switches_is_no_demand():
    begin = [
        line(1000 * src, src, word, *numbers)
        for src in (1, 2, 3)
        for word, *numbers in (("plan", 1, 1, 7), ("share", 300, 2, 300))
    ]
    # The plan gives 1 more and the others less; they lower when 1 has risen, 50 ms later, and tell of it then.
    switch = [line(600_000 + src, src, "plan", 1, 2, 8) for src in (1, 2, 3)]
    switch += [line(600_010, 1, "share", 500, 2, 500), line(650_000, 3, "down")]
    after = [
        line(790_000, src, "share", 500 if src == 1 else 400, 3, 500 if src == 1 else 400) for src in (1, 2)
    ]
    later = [line(1_500_000, src, "alive", 6) for src in (1, 2)]
    assert check_lines([HEAD, *begin, *switch, *after, *later]).findings == []


def test_a_lease_that_a_stopped_leader_finds_in_old_frames_is_over():
    stopped = [line(800_000, 1, "role", 3, 4, 1, at_ms=800), line(800_000, 1, "lease", 924, 4, at_ms=800)]
    elected = [
        line(1_000_000, 2, "role", 3, 5, 2, at_ms=1000),
        line(1_000_000, 2, "lease", 1124, 5, at_ms=1000),
    ]
    resumed = [
        line(1_010_000, 1, "lease", 990, 4, at_ms=890),
        line(1_010_000, 1, "role", 0, 5, 2, at_ms=1005),
        line(1_010_000, 1, "lease_end", 5, 1, at_ms=1005),
    ]
    assert check_lines([HEAD, *stopped, *elected, *resumed]).findings == []
    awake = [line(1_010_000, 1, "lease", 1130, 4, at_ms=1010)]
    assert [finding.rule for finding in check_lines([HEAD, *stopped, *elected, *awake]).findings] == ["S5"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "empty"),
        (['{"event":"role"}\n'], "line 1 is not the head"),
        ([HEAD, "?\n"], "line 2 is no JSON"),
        ([HEAD, '{"t_us":1,"node":1,"event":"jump"}\n'], "line 2 is no event"),
        ([HEAD.replace('"version":1', '"version":9')], "version 1"),
    ],
)
def test_what_is_no_trace_is_refused_with_its_line(lines, words):
    with pytest.raises(TraceUnreadable, match=words):
        check_lines(lines)


def run(*words):
    """Run a command and return (exit code, output)."""
    result = CliRunner().invoke(evenload, [*words], standalone_mode=False)
    assert not result.exception or isinstance(result.exception, TraceUnreadable), result.exception
    return (2 if result.exception else result.return_value), result.output


def test_the_command_says_good_bad_or_unreadable(recorded, tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text("".join(recorded))
    assert run("sim", "check-trace", str(path))[0] == 0
    lines, number = with_second_leader(recorded)
    path.write_text("".join(lines))
    code, output = run("sim", "check-trace", str(path), "--json")
    assert code == 1 and "S1" in [finding["rule"] for finding in json.loads(output)["findings"]]
    assert f"{path}:{number}: S1" in run("sim", "check-trace", str(path))[1]
    path.write_text("nothing\n")
    assert run("sim", "check-trace", str(path))[0] == 2


@pytest.mark.parametrize("content", [b"\xff\xfe\0\x80\n", HEAD.encode() + b"\x80\n", b"[" * 100_000 + b"\n"])
def test_what_is_no_trace_is_unreadable_and_accuses_nobody(content, tmp_path):
    path = tmp_path / "field.jsonl"
    path.write_bytes(content)
    result = CliRunner().invoke(evenload, ["sim", "check-trace", str(path), "--json"])
    assert "is no JSON object" in str(result.exception)


def test_a_noise_that_is_no_number_is_refused():
    result = CliRunner().invoke(evenload, ["sim", "check-trace", "--noise-ms", "nan", "-"])
    assert (result.exit_code, "valid: a number of 0 .. 1000" in result.output) == (2, True)


def test_the_cluster_command_prints_its_keys(tmp_path):
    code, output = run(
        "sim", "cluster", "--runs", "3", "--jobs", "1", "--json", "--trace", str(tmp_path / "t.jsonl")
    )
    found = json.loads(output)
    assert code == 0 and found["runs"] == 3 and found["violations"] == found["unfinished"] == 0
    for key in ("detected_ms", "elected_ms", "applied_ms", "contingency_ms", "applied_from_death_ms"):
        assert 0 < found[key]["p50"] <= found[key]["p99"] <= found[key]["max"] <= 216
    assert run("sim", "check-trace", str(tmp_path / "t.jsonl"))[0] == 0


def test_the_cluster_command_shows_a_table_and_a_histogram():
    code, output = run("sim", "cluster", "--runs", "3", "--jobs", "1", "--kill", "follower")
    assert code == 0 and "p50" in output and "150 ..  160 ms" in output and "#" in output


@pytest.mark.parametrize(
    "words", [("--partition", "3/4"), ("--partition", "x"), ("--ablate", "nothing"), ("--loss", "nan")]
)
def test_what_cannot_be_tried_is_refused(words):
    result = CliRunner().invoke(evenload, ["sim", "cluster", *words])
    assert result.exit_code != 0
    assert words[1] in str(result.exception)


def test_a_cluster_of_one_has_nobody_left_to_measure():
    code, output = run("sim", "cluster", "--nodes", "1", "--runs", "1", "--json")
    assert code == 0
    assert json.loads(output)["unfinished"] == 1


def test_nothing_but_the_answer_is_printed_where_nobody_looks():
    result = CliRunner().invoke(evenload, ["sim", "cluster", "--runs", "1", "--jobs", "1", "--json"])
    assert result.stderr == ""
    assert json.loads(result.stdout)["runs"] == 1
