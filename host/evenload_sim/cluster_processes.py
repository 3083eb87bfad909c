"""Failovers of real processes: kill the leader, see when the survivors have the next one's plan, start it again.

    run_realtime(RealtimeOptions(runs=10))["applied_ms"]["max"]

Times count from the last frame of the dead node that a witness saw on the bus (`realtime_witness`) to the stamps that
the survivors' real-time threads put on their own transitions; CLOCK_MONOTONIC is one clock for all processes.

A kill is void, and repeated, when the hub or the bare cyclic thread was more than 10 ms late between the last frame and
the end: then the machine, not the cluster, was slow. More than 10 % of void kills are an error of the run.
"""

import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenload.errors import EvenloadError
from evenload.random32 import Random32
from evenload.wire import CLUSTER_VOTER_COUNT_MAX

from evenload_sim.cluster.trace import check_lines
from evenload_sim.failover_times import TIME_NAMES, Death, FailoverTimes, percentiles
from evenload_sim.fleet import Fleet, FleetError, FleetOptions
from evenload_sim.realtime_rig import Rig

__all__ = ["Fleet", "FleetError", "FleetOptions", "RealtimeError", "RealtimeOptions", "run_realtime"]

LATE_US_MAX = 10_000
VOID_SHARE_MAX = 0.1
NODES_MIN = 3
SILENCE_S = 0.1
FAILOVER_S_MAX = 2.0
SETTLE_S_MAX = 30.0
LINGER_MS = 300
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}

Event = dict[str, Any]


class RealtimeError(EvenloadError):
    """A run that proves nothing: the machine was too busy, or the options ask for what is not there."""


@dataclass(frozen=True)
class RealtimeOptions:
    """What to run.

    runs: kills that count. how: "kill" (SIGKILL, restarted) or "stop" (SIGSTOP, continued afterwards: a silent death).
    victim: "leader", "follower", or a source. is_hogged: a hog on every core. trace: a file for every transition.
    """

    runs: int = 10
    nodes: int = 6
    seed: int = 1
    loss: float = 0.0
    how: str = "kill"
    victim: str = "leader"
    is_hogged: bool = False
    trace: Path | None = None

    def check(self) -> None:
        """Raise RealtimeError for what cannot be run."""
        if self.how not in SIGNALS:
            raise RealtimeError(f"how: {self.how!r}; one of {', '.join(SIGNALS)} is valid.")
        if not NODES_MIN <= self.nodes <= CLUSTER_VOTER_COUNT_MAX:
            raise RealtimeError(
                f"nodes: {self.nodes}; {NODES_MIN} .. {CLUSTER_VOTER_COUNT_MAX} are valid: fewer elect nobody after a "
                "death."
            )


def run_realtime(
    options: RealtimeOptions, on_kill: Callable[[dict[str, Any]], None] = lambda _kill: None
) -> dict[str, Any]:
    """Run and return the result: the keys of `evenload sim cluster --json`, and void, missed, rt,
    late_us_max, findings, kills.

    on_kill: called with every kill, the void ones too. Raises FleetError when the cluster does not settle,
    RealtimeError when more than a tenth of the kills are void.
    """
    options.check()
    events: list[Event] = []
    fleet_options = FleetOptions(nodes=options.nodes, seed=options.seed, loss=options.loss)
    with Rig(fleet_options, options.is_hogged, events.append) as rig:
        run = _Run(rig, options, events)
        while run.counted < options.runs:
            on_kill(run.kill_once())
        is_rt = run.is_rt()
    lines = [json.dumps(event, separators=(",", ":")) + "\n" for event in events]
    if options.trace is not None:
        options.trace.write_text("".join(lines))
    return {**run.report(), **_verdict(lines, run.missed), "rt": is_rt}


class _Run:
    """The kills of one run."""

    def __init__(self, rig: Rig, options: RealtimeOptions, events: list[Event]) -> None:
        self.counted = 0
        self.missed = 0
        self._rig = rig
        self._options = options
        self._events = events
        self._random = Random32(options.seed)
        self._kills: list[dict[str, Any]] = []

    def kill_once(self) -> dict[str, Any]:
        """Settle, kill, wait for the end of the failover, bring the victim back; return what was seen."""
        fleet = self._rig.fleet
        fleet.wait_for(fleet.is_whole, SETTLE_S_MAX, "all nodes with a part of one plan")
        self._linger(LINGER_MS + self._random.below(50))
        leader = fleet.leader()
        victim = self._choose(leader)
        plan, first_event = fleet.views[leader].plan, len(self._events)
        death_us = fleet.kill(victim, SIGNALS[self._options.how])
        self._linger(int(SILENCE_S * 1000))
        last_us = self._rig.last_frame_us(victim)
        if last_us is None:
            raise RealtimeError(
                f"The witness saw no frame of node {victim}: its log says nothing of the bus."
            )
        survivors = frozenset(src for src in fleet.sources if src != victim)
        times = FailoverTimes(Death(victim, leader, plan[0], last_us, death_us, survivors))
        self._follow(times, first_event)
        self._note(times, plan[0])
        self._bring_back(victim)
        return self._kills[-1]

    def report(self) -> dict[str, Any]:
        """Return everything but the verdict on the trace."""
        good = [kill for kill in self._kills if not kill["is_void"]]
        times = {name: percentiles(kill[name] for kill in good) for name in TIME_NAMES}
        counts = {"runs": len(good), "seed": self._options.seed, "void": len(self._kills) - len(good)}
        late_us = max((kill["late_us"] for kill in good), default=0)
        return {**counts, "missed": self.missed, "late_us_max": late_us, **times, "kills": self._kills}

    def is_rt(self) -> bool:
        """Tell whether every node runs its loop with SCHED_FIFO."""
        fleet = self._rig.fleet
        return all(fleet.status(src).get("rt") is True for src in fleet.sources if fleet.is_running(src))

    def _choose(self, leader: int) -> int:
        if self._options.victim == "leader":
            return leader
        if self._options.victim == "follower":
            followers = [src for src in self._rig.fleet.sources if src != leader]
            return followers[self._random.below(len(followers))]
        return int(self._options.victim)

    def _linger(self, span_ms: int) -> None:
        until_s = time.monotonic() + span_ms / 1000
        while (left_s := until_s - time.monotonic()) > 0:
            self._rig.turn(min(left_s, 0.01))

    def _follow(self, times: FailoverTimes, taken: int) -> None:
        until_s = time.monotonic() + FAILOVER_S_MAX
        while True:
            times.take_all(self._events[taken:])
            taken = len(self._events)
            if times.is_complete or time.monotonic() > until_s:
                return
            self._rig.turn(0.01)

    def _note(self, times: FailoverTimes, term: int) -> None:
        last_us, found = times.death.last_us, times.as_dict()
        end_us = last_us + int((found["applied_ms"] or 1000 * FAILOVER_S_MAX) * 1000)
        late_us = self._rig.late_us_max(last_us, end_us)
        is_void = late_us > LATE_US_MAX
        self.counted += not is_void
        self.missed += not is_void and not times.is_complete
        names = {"victim": times.death.src, "leader": times.leader, "term": term}
        self._kills.append({**names, "is_void": is_void, "late_us": late_us, **found})
        void = len(self._kills) - self.counted
        if void > max(2, VOID_SHARE_MAX * self._options.runs):
            raise RealtimeError(
                f"{void} of {len(self._kills)} kills are void: this machine stalls for more than 10 ms too often to "
                "measure 300 ms. Free it of other work, or allow SCHED_FIFO (root, or the capability SYS_NICE)."
            )

    def _bring_back(self, victim: int) -> None:
        fleet = self._rig.fleet
        if self._options.how == "stop":
            fleet.kill(victim, signal.SIGCONT)
        else:
            fleet.restart(victim)


def _verdict(lines: list[str], missed: int) -> dict[str, Any]:
    verdict = check_lines(lines)
    return {
        "findings": [f"{found.rule}, line {found.line}: {found.sentence}" for found in verdict.findings],
        "violations": len(verdict.findings) + missed,
        "leaders_per_term_max": verdict.leaders_per_term_max,
        "leases_at_once_max": verdict.leases_at_once_max,
    }
