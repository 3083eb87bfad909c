"""The seeded world test: a storm of faults with every invariant checked, then healing, then L5; again and again."""

from dataclasses import dataclass, field
from typing import Any, TextIO

from evenload import wire

from evenload_sim.cluster.events import Event
from evenload_sim.cluster.faults import FaultMenu, random_of, storm_options
from evenload_sim.cluster.watch import RuleBroken
from evenload_sim.cluster.world import ClusterOptions, ClusterWorld

STORM_US = 6_000_000
RECOVERY_US = 1_000_000
# BOOT of the core's restarted nodes comes before the second that L5 grants.
BOOT_US = (wire.CLUSTER_BOOT_MS + wire.CLUSTER_TICK_MS_MAX + 2) * 1_060
CALM_US = 400_000


@dataclass
class Storm:
    """What one seed went through. faults: how often each happened."""

    seed: int
    simulated_us: int = 0
    rounds: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    broken: str = ""
    recovery_us_max: int = 0
    events: int = 0


def run_storm(seed: int, rounds: int = 3, menu: tuple[str, ...] | None = None, **changes: Any) -> Storm:
    """Let `rounds` storms pass over the world of `seed`; raises RuleBroken at the first broken invariant."""
    options = ClusterOptions(**{**storm_options(random_of(seed)), **changes})
    world = ClusterWorld(seed, options)
    world.replay_words = f"evenload sim cluster --storm {rounds} --seed {seed} --runs 1"
    world.begin()
    found = Storm(seed)
    faults = FaultMenu(world, menu)
    try:
        for _ in range(rounds):
            faults.start()
            world.run(world.now_us + STORM_US)
            core = faults.heal()
            found.recovery_us_max = max(found.recovery_us_max, recover(world, core))
            stay_calm(world, core)
            found.rounds += 1
    finally:
        found.faults = faults.log
        found.simulated_us = world.now_us
        found.events = world.watch.event_count
    return found


def try_storm(job: tuple[int, int], trace: TextIO | None = None) -> Storm:
    """Run the storms of (seed, rounds) for a pool: what broke is told, not raised. trace: where it is written."""
    seed, rounds = job
    try:
        return run_storm(seed, rounds, trace=trace)
    except RuleBroken as broken:
        return Storm(seed, simulated_us=broken.t_us, broken=str(broken))


def recover(world: ClusterWorld, core: list[int]) -> int:
    """L5: wait until a core has a leader with a lease and its plan committed; return how long it took."""
    healed_us = world.now_us
    # Whoever led may be deaf now, and has to notice that first.
    world.run(healed_us + BOOT_US)
    world.run(healed_us + BOOT_US + RECOVERY_US, lambda: is_served(world, core))
    if not is_served(world, core) and not are_terms_used_up(world):
        states = ", ".join(f"{src}: {describe(world, src)}" for src in world.voters)
        event = Event(world.now_us, core[0], wire.TRACE_NONE)
        world.watch.report("L5", f"the core {core} has no leader with a committed plan ({states})", event)
    return world.now_us - healed_us


def is_served(world: ClusterWorld, core: list[int]) -> bool:
    """Tell whether a node holds the lease and the whole core has its plan."""
    leader = world.leader()
    if not leader:
        return False
    own = world.nodes[leader].kernel
    version = (own.term, own.plan[wire.PLAN_SEQ])
    plans = [world.nodes[src].kernel.plan for src in core]
    return all((plan[wire.PLAN_TERM], plan[wire.PLAN_SEQ]) == version for plan in plans)


def are_terms_used_up(world: ClusterWorld) -> bool:
    """Tell whether somebody's term or floor is the last there is: nobody can ask for a later one."""
    live = [node.kernel for node in world.nodes.values() if node.is_up]
    return any(max(own.term, own.floor) >= wire.TERM_MAX for own in live)


def stay_calm(world: ClusterWorld, core: list[int]) -> None:
    """Nothing is left to go wrong: the leader stays, and so does its term."""
    leader, term = world.leader(), world.nodes[core[0]].kernel.term
    world.run(world.now_us + CALM_US)
    if world.leader() != leader or world.nodes[core[0]].kernel.term != term:
        event = Event(world.now_us, core[0], wire.TRACE_NONE)
        sentence = f"leader {leader} of term {term} did not stay; now {world.leader()} leads"
        world.watch.report("L2", sentence, event)


def describe(world: ClusterWorld, src: int) -> str:
    """Return a node's state in a few words."""
    node = world.nodes[src]
    if not node.is_up:
        return "down"
    own = node.kernel
    plan = f"{own.plan[wire.PLAN_TERM]}.{own.plan[wire.PLAN_SEQ]}"
    return (
        f"{wire.ROLE_NAMES[own.role]} of {own.leader} in term {own.term}, plan {plan}, ceiling {own.ceiling}"
    )
