"""How long a failover takes: one world per seed, one death (or cut), and the times until all is well again.

Silence is counted from the last frame: detection and contingency from the last frame of any kind (any frame is a
sign of life), election and plan from the last leader frame (heartbeat, lease or plan), as the bus delivered them.
Detected, contingency and applied are reached with the last survivor, elected with the first lease of the new
leader.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TextIO

from evenload import wire
from evenload.errors import EvenloadError

from evenload_sim.cluster.ablations import ABLATIONS
from evenload_sim.cluster.events import Event, Version, is_newer
from evenload_sim.cluster.world import ClusterOptions, ClusterWorld

KILLS = ("leader", "follower", "successor", "none")
LOSSES = ("none", "one", "all")
KEYS = ("detected_ms", "elected_ms", "applied_ms", "contingency_ms", "applied_from_death_ms")
LEADER_TYPES = (wire.CAN_TYPE_HEARTBEAT, wire.CAN_TYPE_LEASE, wire.CAN_TYPE_PLAN)
LOSABLE = frozenset(
    (
        wire.CAN_TYPE_PREVOTE_REQ,
        wire.CAN_TYPE_VOTE_REQ,
        wire.CAN_TYPE_PREVOTE_RESP,
        wire.CAN_TYPE_VOTE_RESP,
        wire.CAN_TYPE_PLAN,
    )
)
# So many election and plan frames follow a death of the leader, and of another node.
LOSABLE_COUNT = {"leader": 28, "successor": 36, "follower": 12, "none": 28}
SPREAD_US = 100_000
LATE_MS = 300
PATIENCE_US = 2_000_000
CUT_US = 1_000_000
# The successor dies around the leader's death: before its silence shows, and before it can win.
SUCCESSOR_EARLY_US, SUCCESSOR_LATE_US = 150_000, 100_000


class TrialError(EvenloadError):
    """What cannot be tried: a cut that does not add up to the nodes there are, an ablation nobody knows."""


@dataclass(frozen=True)
class Trial:
    """What is done to a cluster. kill: one of KILLS, at `at_ms` plus up to 100 ms; loss: probability of each
    delivery; lose_frame: one election or plan frame after the death, lost at one receiver or at all; partition:
    sizes of the groups, "3/3".
    """

    kill: str = "leader"
    at_ms: int = 1000
    loss: float = 0.0
    lose_frame: str = "none"
    partition: str = ""
    world: ClusterOptions = field(default_factory=ClusterOptions)

    def check(self) -> None:
        """Raise TrialError for what cannot be tried."""
        if not 0 <= self.loss <= 1:  # Not a number is neither.
            raise TrialError(f"--loss is {self.loss}; a probability lies in 0 .. 1.")
        if self.partition:
            self.groups()
        known = ", ".join(ABLATIONS)
        if self.world.ablation and self.world.ablation not in ABLATIONS:
            raise TrialError(f"--ablate is {self.world.ablation!r}; known are {known}.")

    def groups(self, leader: int = 1) -> list[list[int]]:
        """Return the SRCs of each group of the partition, the leader in the first; raises TrialError."""
        try:
            sizes = [int(size) for size in self.partition.split("/")]
        except ValueError:
            sizes = []
        if sum(sizes) != self.world.node_count or any(size < 1 for size in sizes):
            raise TrialError(
                f"--partition is {self.partition!r}; its parts add up to the {self.world.node_count} nodes, as in 3/3."
            )
        voters = [leader, *(src for src in range(1, self.world.node_count + 1) if src != leader)]
        groups = []
        for size in sizes:
            groups.append(voters[:size])
            voters = voters[size:]
        return groups


@dataclass
class Outcome:
    """What one run showed. times: those of KEYS that were reached; is_finished: nothing is missing."""

    seed: int
    times: dict[str, float] = field(default_factory=dict)
    is_finished: bool = False
    violations: list[str] = field(default_factory=list)
    leaders_per_term_max: int = 0
    leases_at_once_max: int = 0
    simulated_us: int = 0
    lapses: int = 0
    lease_left_ms: float | None = None


class Stopwatch:
    """Listens to one world from a death on. dead: the SRCs that do not survive; leader: the one in office."""

    def __init__(self, world: ClusterWorld, victim: int, dead: set[int], leader_dies: bool) -> None:
        self.world = world
        self.victim = victim
        self.dead = dead
        self.leader_dies = leader_dies
        self.death_us = 0
        self.last_us = 0
        self.last_leader_us = 0
        self.old: Version = (0, 0)
        self.detected_us: dict[int, int] = {}
        self.contingency_us: dict[int, int] = {}
        self.applied_us: dict[int, int] = {}
        self.elected_us = 0
        self.survivors = [src for src in world.voters if src not in dead]
        for src in self.survivors:
            self._tap(src)
        world.listeners.append(self._on_event)

    def die(self) -> None:
        """Kill the victim now."""
        world = self.world
        self.death_us = world.now_us
        plan = world.nodes[self.victim].kernel.plan
        self.old = (plan[wire.PLAN_TERM], plan[wire.PLAN_SEQ])
        world.kill(self.victim)

    def is_done(self) -> bool:
        """Tell whether every survivor has detected, covers, and has the new plan."""
        everyone = len(self.survivors)
        is_led = bool(self.elected_us) or not self.leader_dies
        return len(self.applied_us) == everyone == len(self.detected_us) and is_led

    def times(self) -> dict[str, float]:
        """Return the times in ms that were reached."""
        from_us = self.last_leader_us if self.leader_dies else self.last_us
        found: dict[str, float] = {}
        everyone = len(self.survivors)
        if not everyone:
            return found
        if len(self.detected_us) == everyone:
            found["detected_ms"] = (max(self.detected_us.values()) - self.last_us) / 1000
        if len(self.contingency_us) == everyone:
            found["contingency_ms"] = (max(self.contingency_us.values()) - self.last_us) / 1000
        if self.elected_us:
            found["elected_ms"] = (self.elected_us - from_us) / 1000
        if len(self.applied_us) == everyone:
            applied_us = max(self.applied_us.values())
            found["applied_ms"] = (applied_us - from_us) / 1000
            found["applied_from_death_ms"] = (applied_us - self.death_us) / 1000
        return found

    def _tap(self, src: int) -> None:
        port, deliver, victim = self.world.nodes[src].port, self.world.nodes[src].on_frame, self.victim

        def tap(at_us: int, frame: bytes) -> None:
            if frame[0] & 63 == victim:
                self.last_us = at_us
                if frame[2] >> 3 in LEADER_TYPES:
                    self.last_leader_us = at_us
            deliver(at_us, frame)

        port.on_frame = tap

    def _on_event(self, event: Event) -> None:
        if not self.death_us or event.node in self.dead:
            return
        node, t_us = event.node, event.t_us
        if event.code == wire.TRACE_ALIVE:
            if not event.a >> self.victim & 1:
                self.detected_us.setdefault(node, t_us)
        elif event.code == wire.TRACE_SHARE:
            # With two deaths another one changes the share before or after; the one that counts is the victim's.
            is_first = node not in self.detected_us or node not in self.contingency_us
            if event.b == wire.BASIS_CONTINGENCY and node not in self.applied_us and is_first:
                self.contingency_us[node] = t_us
        elif event.code == wire.TRACE_PLAN:
            is_new = event.a > self.old[0] if self.leader_dies else is_newer((event.a, event.b), self.old)
            if is_new:
                self.applied_us.setdefault(node, t_us)
                self.contingency_us.setdefault(node, t_us)
        elif event.code == wire.TRACE_LEASE and self.leader_dies and not self.elected_us:
            self.elected_us = t_us


def run_trial(trial: Trial, seed: int) -> Outcome:
    """Run one world and return what it showed; its violations are counted, not raised."""
    options = replace(trial.world, strict=False)
    world = ClusterWorld(seed, options)
    world.replay_words = replay_words(trial, seed)
    if trial.world.ablation:
        ABLATIONS[trial.world.ablation].apply(world)
    world.begin()
    if trial.loss:
        world.bus.loss(trial.loss)
    if trial.kill == "none" and not trial.partition:
        world.run(trial.at_ms * 1000 + PATIENCE_US)
        return _outcome(world, {}, is_finished=world.leader() != 0)
    world.run(trial.at_ms * 1000 + world.random.below(SPREAD_US) - SPREAD_US)
    leader = world.leader()
    if not leader:
        return _outcome(world, {}, is_finished=False)
    if trial.partition:
        return _cut(world, trial)
    stopwatch = _arm(world, trial, leader)
    world.run(world.now_us + SPREAD_US)
    stopwatch.die()
    world.run(world.now_us + PATIENCE_US, stopwatch.is_done)
    return _outcome(world, stopwatch.times(), stopwatch.is_done())


def run_traced(trial: Trial, seed: int, file: TextIO) -> Outcome:
    """Run one world and write its trace."""
    return run_trial(replace(trial, world=replace(trial.world, trace=file)), seed)


def _arm(world: ClusterWorld, trial: Trial, leader: int) -> Stopwatch:
    """Choose who dies 100 ms from now, and which frame will be lost."""
    others = [src for src in world.voters if src != leader]
    death_us = world.now_us + SPREAD_US
    if trial.kill == "follower":
        victim = others[world.random.below(len(others))]
        stopwatch = Stopwatch(world, victim, {victim}, leader_dies=False)
    elif trial.kill == "successor":
        stopwatch = Stopwatch(world, leader, {leader, others[0]}, leader_dies=True)
        span_us = SUCCESSOR_EARLY_US + SUCCESSOR_LATE_US
        at_us = death_us - SUCCESSOR_EARLY_US + world.random.below(span_us)
        world.at(max(at_us, world.now_us), lambda: world.kill(others[0]))
    else:
        stopwatch = Stopwatch(world, leader, {leader}, leader_dies=True)
    if trial.lose_frame != "none":
        _lose_one(world, trial, stopwatch)
    return stopwatch


def _lose_one(world: ClusterWorld, trial: Trial, stopwatch: Stopwatch) -> None:
    left = 1 + world.random.below(LOSABLE_COUNT[trial.kill])
    survivors = stopwatch.survivors
    at_one = [world.nodes[survivors[world.random.below(len(survivors))]].port]

    def matching(frame: bytes) -> bool:
        nonlocal left
        if not stopwatch.death_us or frame[2] >> 3 not in LOSABLE:
            return False
        left -= 1
        return bool(left == 0)

    world.bus.lose_next(1, at_one if trial.lose_frame == "one" else None, matching)


def _cut(world: ClusterWorld, trial: Trial) -> Outcome:
    """Cut the wire, and heal it after a second; times from the cut, or from the healing if it took that."""
    world.run(world.now_us + SPREAD_US)
    seen: dict[str, list[int]] = {"alive": [], "share": [], "lease": [], "plan": []}
    leader = world.leader()
    codes = {wire.TRACE_ALIVE: "alive", wire.TRACE_LEASE: "lease", wire.TRACE_PLAN: "plan"}

    def listen(event: Event) -> None:
        if event.code in codes and not (event.code == wire.TRACE_LEASE and event.node == leader):
            seen[codes[event.code]].append(event.t_us)
        elif event.code == wire.TRACE_SHARE and event.b == wire.BASIS_CONTINGENCY:
            seen["share"].append(event.t_us)

    world.listeners.append(listen)
    cut_us = world.now_us
    world.cut(trial.groups(leader))
    world.run(cut_us + CUT_US)
    times: dict[str, float] = {}
    for key, name in (("detected_ms", "alive"), ("contingency_ms", "share"), ("applied_ms", "plan")):
        if seen[name]:
            times[key] = (max(at_us for at_us in seen[name]) - cut_us) / 1000
    healed_us = cut_us if seen["lease"] else world.now_us
    world.cut([])
    world.run(world.now_us + PATIENCE_US, lambda: bool(seen["lease"]))
    if seen["lease"]:
        times["elected_ms"] = (seen["lease"][0] - healed_us) / 1000
        times["margin_ms"] = (seen["lease"][0] - world.watch.history.past[leader].lease_until_us) / 1000
    return _outcome(world, times, bool(world.leader()))


def _outcome(world: ClusterWorld, times: dict[str, float], is_finished: bool) -> Outcome:
    history = world.watch.history
    violations = [f"{rule} at {t_us} us: {sentence}" for rule, sentence, t_us in world.watch.violations]
    leaders = max((len(leaders) for leaders in history.leaders.values()), default=0)
    leases = history.leases_at_once_max
    outcome = Outcome(world.seed, times, is_finished, violations, leaders, leases, world.now_us)
    outcome.lapses = history.lapses
    outcome.lease_left_ms = (
        history.lease_left_us_min / 1000 if history.lease_left_us_min is not None else None
    )
    return outcome


def replay_words(trial: Trial, seed: int) -> str:
    """Return the command that runs one trial again."""
    parts = [
        f"evenload sim cluster --seed {seed} --runs 1 --nodes {trial.world.node_count} --kill {trial.kill}"
    ]
    parts.append(
        f"--at {trial.at_ms} --telemetry {trial.world.telemetry_count} --lose-frame {trial.lose_frame}"
    )
    parts += [f"--bitrate {trial.world.bitrate}"] if trial.world.bitrate != ClusterOptions.bitrate else []
    parts += (
        [f"--tick {trial.world.tick_us // 1000}"] if trial.world.tick_us != ClusterOptions.tick_us else []
    )
    parts += (
        [f"--jitter {trial.world.jitter_us // 1000}"]
        if trial.world.jitter_us != ClusterOptions.jitter_us
        else []
    )
    parts += [f"--loss {trial.loss}"] if trial.loss else []
    parts += [f"--partition {trial.partition}"] if trial.partition else []
    parts += [f"--ablate {trial.world.ablation}"] if trial.world.ablation else []
    return " ".join(parts)


def run_seeds(job: tuple[Trial, list[int]]) -> list[Outcome]:
    """Run a part of the seeds: what one process of a pool does."""
    trial, seeds = job
    return [run_trial(trial, seed) for seed in seeds]


def summary(outcomes: Iterable[Outcome], seed: int) -> dict[str, Any]:
    """Return the figures of many runs as `--json` prints them."""
    rows = list(outcomes)
    found: dict[str, Any] = {
        "runs": len(rows),
        "seed": seed,
        "violations": sum(len(row.violations) for row in rows),
        "unfinished": sum(not row.is_finished for row in rows),
        "late": sum(row.times.get("applied_ms", 0) > LATE_MS for row in rows),
        "lapses": sum(row.lapses for row in rows),
        "leaders_per_term_max": max((row.leaders_per_term_max for row in rows), default=0),
        "leases_at_once_max": max((row.leases_at_once_max for row in rows), default=0),
    }
    left_ms = [row.lease_left_ms for row in rows if row.lease_left_ms is not None]
    found["lease_left_ms_min"] = min(left_ms, default=None)
    for key in KEYS:
        found[key] = percentiles([row.times[key] for row in rows if key in row.times])
    margins_ms = [row.times["margin_ms"] for row in rows if "margin_ms" in row.times]
    found["margin_ms_min"] = min(margins_ms, default=None)
    return found


def percentiles(values: list[float]) -> dict[str, float | None]:
    """Return p50, p99 and max of `values`, None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return {"p50": None, "p99": None, "max": None}
    last = len(ordered) - 1
    return {"p50": ordered[last // 2], "p99": ordered[last * 99 // 100], "max": ordered[-1]}
