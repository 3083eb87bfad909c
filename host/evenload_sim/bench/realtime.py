"""Real processes: failovers of six nodes on one hub, idle and with every core hogged; beats; coming back unattended.

Times count from the last frame of the dead leader. The fast rows kill a few times, `--all` a hundred.
"""

import math
import signal
import time
from collections.abc import Callable
from typing import Any

from evenload_sim.bench import Result, Row, result
from evenload_sim.bench.beats import measure_beats
from evenload_sim.cluster_processes import RealtimeOptions, run_realtime
from evenload_sim.fleet import Fleet, FleetOptions

FEW, MANY = 8, 100
FEW_S, MANY_S = 12, 60
FAILOVER_MS_MAX = 300
IDLE_MEDIAN_MS_MAX = 175
HOGGED_P99_MS_MAX = 200
VOID_PERCENT_MAX = 10
BACK_S_MAX = 300
RETURN_S_MAX = 60.0


def failovers(runs: int, how: str, is_hogged: bool) -> list[Result]:
    """Kill the leader `runs` times; is_hogged: beside a hog on every core."""
    found = run_realtime(RealtimeOptions(runs=runs, how=how, is_hogged=is_hogged))
    word = {"kill": "kill -9", "stop": "SIGSTOP"}[how]
    name = f"real cluster, {runs} x {word}, {'every core hogged' if is_hogged else 'idle'}"
    applied = found["applied_ms"]
    in_time = [kill["applied_ms"] for kill in found["kills"] if not kill["is_void"]]
    in_time_percent = (
        100 * sum(1 for ms in in_time if ms is not None and ms <= FAILOVER_MS_MAX) / len(in_time)
    )
    median_target = None if is_hogged else IDLE_MEDIAN_MS_MAX
    p99_target = HOGGED_P99_MS_MAX if is_hogged else None
    rows = [
        result(f"{name}: new plan on all within 300 ms", in_time_percent, "%", "higher", target=100),
        result(f"{name}: plan applied, median", applied["p50"], "ms", "lower", target=median_target),
        result(f"{name}: plan applied, p99", applied["p99"], "ms", "lower", target=p99_target),
        result(f"{name}: plan applied, max", applied["max"], "ms", "lower", target=FAILOVER_MS_MAX),
    ]
    for key, words in (("detected_ms", "silence detected"), ("contingency_ms", "contingency shares applied")):
        rows.append(result(f"{name}: {words}, max", found[key]["max"], "ms", "lower"))
    death = found["applied_from_death_ms"]
    rows.append(result(f"{name}: plan applied, from death, max", death["max"], "ms", "lower"))
    void_percent = 100 * found["void"] / (found["void"] + found["runs"])
    rows.append(result(f"{name}: void kills", void_percent, "%", "lower", target=VOID_PERCENT_MAX))
    rows.append(result(f"{name}: broken rules in the trace", found["violations"], "", "lower", target=0))
    rows.append(result(f"{name}: leaders in a term", found["leaders_per_term_max"], "", "lower", target=1))
    rows.append(result(f"{name}: nodes with SCHED_FIFO", 100 * found["rt"], "%", "higher"))
    return rows


def beats(span_s: int) -> list[Result]:
    """Let six nodes beat for `span_s` while their Python sides collect garbage and write JSON."""
    return measure_beats(span_s)


def return_unattended() -> list[Result]:
    """Kill every process at once with -9, then the hub alone, and wait for a leader that serves all."""
    rows = []
    with Fleet(FleetOptions(is_kept=True)) as fleet:
        for words, kill in (("the hub and all nodes", _kill_all), ("the hub", Fleet.kill_hub)):
            fleet.wait_for_leader(RETURN_S_MAX)
            rows.append(_return_after(fleet, words, kill))
        fleet.wait_for_leader(RETURN_S_MAX)
        rows.append(_return_after(fleet, "the leader's node", lambda running: running.kill(running.leader())))
    return rows


def _return_after(fleet: Fleet, words: str, kill: Callable[[Fleet], Any]) -> Result:
    starts = {src: child.start_count for src, child in fleet.nodes.items()}
    begin_s = time.monotonic()
    kill(fleet)
    fleet.wait_for(lambda: not fleet.is_whole(), RETURN_S_MAX, "the effect of the kill")
    fleet.wait_for(fleet.is_whole, RETURN_S_MAX, "all nodes with a part of one plan")
    back_s = time.monotonic() - begin_s
    assert all(child.start_count >= starts[src] for src, child in fleet.nodes.items())
    name = f"real cluster, {words} killed with -9: all nodes serve again unattended"
    return result(name, math.ceil(back_s * 100) / 100, "s", "lower", target=BACK_S_MAX)


def _kill_all(fleet: Fleet) -> None:
    fleet.kill_hub()
    for src in fleet.sources:
        fleet.kill(src, signal.SIGKILL)


ROWS = [
    Row("realtime.failover", lambda: failovers(FEW, "kill", is_hogged=False)),
    Row("realtime.failover_hogged", lambda: failovers(FEW, "kill", is_hogged=True)),
    Row("realtime.beats", lambda: beats(FEW_S)),
    Row("realtime.return", return_unattended),
    Row("realtime.failover_100", lambda: failovers(MANY, "kill", is_hogged=False), slow=True),
    Row("realtime.failover_hogged_100", lambda: failovers(MANY, "kill", is_hogged=True), slow=True),
    Row("realtime.failover_silent_100", lambda: failovers(MANY, "stop", is_hogged=False), slow=True),
    Row("realtime.beats_60", lambda: beats(MANY_S), slow=True),
]
