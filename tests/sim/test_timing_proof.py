"""The tables of SPEC's timing proof are what the program computes."""

from pathlib import Path

import pytest
from evenload_sim.can_analysis import Traffic, analyse

SPEC = (Path(__file__).resolve().parents[2] / "SPEC.md").read_text()
WIRES = {
    "6 voters, 250 kbit/s": Traffic(bitrate=250_000),
    "6 voters, 500 kbit/s": Traffic(),
    "6 voters, 1 Mbit/s": Traffic(bitrate=1_000_000),
    "12 voters, 500 kbit/s": Traffic(voters=12),
    "12 voters, 1 Mbit/s": Traffic(voters=12, bitrate=1_000_000),
}
TICKS = {
    "6 voters, 500 kbit/s, tick 2 + 1 ms": Traffic(tick_ms=2.0, late_ms=1.0),
    "6 voters, 500 kbit/s, tick 10 + 5 ms": Traffic(tick_ms=10.0, late_ms=5.0),
    "15 voters, 500 kbit/s": Traffic(voters=15),
}
BOUNDS = (
    "contingency_ms",
    "elected_ms",
    "applied_ms",
    "one_fault_ms",
    "both_ms",
    "follower_ms",
    "follower_one_loss_ms",
    "stagger_ms",
)
CROWDS = {
    "12 voters + 34 others": Traffic(voters=12, others=34),
    "12 voters + 34 others, telemetry 1": Traffic(voters=12, others=34, telemetry=1),
    "6 voters + 40 others, telemetry 1": Traffic(others=40, telemetry=1),
    "12 + 34, 46 emergencies at once": Traffic(voters=12, others=34, telemetry=1, emergencies=46),
    "12 + 34, 1 Mbit/s": Traffic(voters=12, others=34, bitrate=1_000_000),
    **{f"{k} clusters of 6, one elects": Traffic(clusters=k, telemetry=1) for k in (2, 3, 4, 6, 8, 16)},
    **{
        f"{k} clusters of 6, all elect at once": Traffic(clusters=k, electing=k, telemetry=1)
        for k in (2, 3, 4)
    },
    "16 clusters of 3, one elects": Traffic(voters=3, clusters=16, telemetry=1),
    **{
        f"{k} clusters of 3, all elect": Traffic(voters=3, clusters=k, electing=k, telemetry=1)
        for k in (4, 5)
    },
    **{
        f"{k} clusters of 6, 1 Mbit/s, one elects": Traffic(clusters=k, bitrate=1_000_000, telemetry=1)
        for k in (8, 16)
    },
    **{
        f"{k} clusters of 6, 1 Mbit/s, all elect": Traffic(
            clusters=k, electing=k, bitrate=1_000_000, telemetry=1
        )
        for k in (6, 7, 8)
    },
}


def number(value):
    return "none" if value is None else str(value) if isinstance(value, int) else f"{value:.1f}"


def row(*cells):
    return "| " + " | ".join(cells) + " |"


@pytest.mark.parametrize("name", WIRES)
def test_the_responses_are_the_computed_ones(name):
    found = analyse(WIRES[name])
    cells = [
        f"{number(one['response_ms'])} / {number(one['response_one_error_ms'])}"
        for one in found["messages"][:8]
    ]
    loads = f"{found['steady_permille'] / 10:.1f} / {found['election_permille'] / 10:.1f} %"
    assert row(name, *cells, loads) in SPEC


@pytest.mark.parametrize("name", [*WIRES, *TICKS])
def test_the_bounds_are_the_computed_ones(name):
    bounds = analyse({**WIRES, **TICKS}[name])["failover"]
    verdict = "yes" if bounds["is_in_time"] else "no"
    assert row(name, *(number(bounds[word]) for word in BOUNDS), verdict) in SPEC


@pytest.mark.parametrize("name", CROWDS)
def test_the_crowds_are_the_computed_ones(name):
    found = analyse(CROWDS[name])
    bounds, lease = found["failover"], found["lease"]
    failover = " / ".join(number(bounds[word]) for word in ("applied_ms", "one_fault_ms", "both_ms"))
    assert (
        row(
            name,
            str(found["nodes"]),
            f"{found['steady_permille'] / 10:.1f} %",
            failover,
            "yes" if bounds["is_in_time"] else "no",
            f"{number(lease['gap_ms'])} / {number(lease['gap_one_loss_ms'])}",
        )
        in SPEC
    )


def test_the_largest_that_the_text_names():
    def keeps_lease(voters, others):
        return analyse(Traffic(voters=voters, others=others, telemetry=0))["lease"]["is_kept_one_loss"]

    assert [keeps_lease(12, 26), keeps_lease(12, 27)] == [True, False]
    assert [keeps_lease(6, 38), keeps_lease(6, 39)] == [True, False]
    assert analyse(Traffic(voters=8, clusters=2, electing=2, telemetry=1))["failover"]["is_in_time"]
    assert analyse(Traffic(voters=14))["failover"]["is_in_time"]
