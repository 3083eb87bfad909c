"""Failovers of the simulated cluster, each kind against its bound (SPEC, Timing proof), and how fast the world runs.

Every row also counts broken invariants and runs that did not finish; one of either is a row that fails. The
quick rows try some hundred seeds each; `cluster.failovers` does 100,000 and takes many minutes.
"""

import os
import time
from dataclasses import replace

from evenload_sim.bench import Result, Row, result
from evenload_sim.cluster.measure import Outcome, Trial, run_seeds, summary
from evenload_sim.cluster.soak import pooled
from evenload_sim.cluster.storm import run_storm
from evenload_sim.cluster.world import ClusterOptions, ClusterWorld

QUICK_RUNS = 300
ALL_RUNS = 100_000
CHUNK = 50
# Names, what is tried, the bound of `applied` and of `contingency` in ms.
LEADER = Trial(kill="leader", at_ms=700)
SUCCESSOR = Trial(kill="successor", at_ms=700)
FOLLOWER = Trial(kill="follower", at_ms=700)
TWELVE = Trial(kill="leader", at_ms=900, world=ClusterOptions(node_count=12))
CASES: dict[str, tuple[str, Trial, float]] = {
    "no_fault": ("leader dies", LEADER, 216),
    "frame_lost_at_one": ("leader dies, a frame lost at one", replace(LEADER, lose_frame="one"), 243),
    "frame_lost": ("leader dies, a frame lost at all", replace(LEADER, lose_frame="all"), 243),
    "successor_dead": ("leader and successor die", SUCCESSOR, 243),
    "both": ("leader and successor die, a frame lost at all", replace(SUCCESSOR, lose_frame="all"), 270),
    "follower": ("a follower dies", FOLLOWER, 171),
    "follower_frame_lost": ("a follower dies, a frame lost at all", replace(FOLLOWER, lose_frame="all"), 188),
    "twelve_voters": ("12 voters, leader dies", TWELVE, 300),
}
CONTINGENCY_MS_MAX = 164
SPEED_MIN = 75
RUNS_S_MAX = 120
RUNS_TIMED = 3_000
CLUSTER_HOURS_PER_20_MINUTES_MIN = 50


class RunsBroken(AssertionError):
    """A bench that found a broken invariant or a failover without an end."""


def _failovers(case: str, run_count: int) -> list[Result]:
    what, trial, bound_ms = CASES[case]
    found = summary(_outcomes(trial, run_count), 1)
    if found["violations"] or found["unfinished"]:
        raise RunsBroken(f"{case}: {found['violations']} violations, {found['unfinished']} unfinished")
    about = f"simulated, {what}, {run_count} runs"
    rows = [
        result(
            f"{about}: plan applied everywhere, max",
            found["applied_ms"]["max"],
            "ms",
            "lower",
            target=bound_ms,
        ),
        result(f"{about}: plan applied everywhere, p50", found["applied_ms"]["p50"], "ms", "lower"),
    ]
    name = f"{about}: contingency shares, max"
    rows.append(result(name, found["contingency_ms"]["max"], "ms", "lower", target=CONTINGENCY_MS_MAX))
    for key in ("leaders_per_term_max", "leases_at_once_max"):
        rows.append(result(f"{about}: {key}", found[key], "", "lower", target=1))
    return rows


def _outcomes(trial: Trial, run_count: int) -> list[Outcome]:
    seeds = list(range(1, run_count + 1))
    jobs = [(trial, seeds[start : start + CHUNK]) for start in range(0, run_count, CHUNK)]
    return [outcome for part in pooled(run_seeds, jobs, os.cpu_count() or 1) for outcome in part]


def _speed() -> list[Result]:
    """Six nodes in steady state with all invariants, per second of one core."""
    rows = []
    for telemetry_count in (0, 4):
        world = ClusterWorld(1, ClusterOptions(telemetry_count=telemetry_count))
        world.begin()
        world.run(2_000_000)
        started_s = time.process_time()
        world.run(62_000_000)
        speed = 60 / (time.process_time() - started_s)
        name = f"simulated cluster, 6 nodes, {telemetry_count} frames of telemetry per node and 100 ms"
        rows.append(result(name, speed, "x real time", "higher", target=SPEED_MIN))
    return rows


def _storm_speed() -> list[Result]:
    """The fault menu: cluster-hours that 20 minutes on two cores would make, from one core's processor time."""
    started_s = time.process_time()
    simulated_us = sum(run_storm(seed, rounds=2).simulated_us for seed in range(1, 13))
    times = simulated_us / 1_000_000 / (time.process_time() - started_s)
    name = "storms of all faults: cluster-hours in 20 minutes of two cores"
    return [result(name, times * 2 * 20 / 60, "h", "higher", target=CLUSTER_HOURS_PER_20_MINUTES_MIN)]


def _many_runs() -> list[Result]:
    started_s = time.monotonic()
    _outcomes(Trial(), RUNS_TIMED)
    name = f"evenload sim cluster --runs {RUNS_TIMED}"
    return [result(name, time.monotonic() - started_s, "s", "lower", target=RUNS_S_MAX)]


def _all() -> list[Result]:
    """100,000 failovers of the headline, a tenth of that of each other case."""
    others = [case for case in CASES if case != "no_fault"]
    rows = _failovers("no_fault", ALL_RUNS)
    for case in others:
        rows += _failovers(case, ALL_RUNS // 10)
    return rows


def _row(case: str) -> Row:
    return Row(f"cluster.{case}", lambda: _failovers(case, QUICK_RUNS))


ROWS = [
    *(_row(case) for case in CASES),
    Row("cluster.speed", _speed),
    Row("cluster.storm_speed", _storm_speed),
    Row("cluster.runs_3000", _many_runs, slow=True),
    Row("cluster.failovers", _all, slow=True),
]
