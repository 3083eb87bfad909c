"""S11: the heat that is there is carried, but for the time it takes to notice a death.

Two readings of one rule. `Coverage` watches the simulated world, which knows every node's demand, health and
what it truly delivers. `TraceCoverage` reads a trace, which knows no more than who follows which plan, and who
died.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evenload import wire

from evenload_sim.cluster.events import DOWN, NO_VERSION, UP, Event, Version

if TYPE_CHECKING:
    from evenload_sim.cluster.world import ClusterWorld

Report = Callable[[str, str, Event], None]

# Detection 150 ms + tau at each survivor, tau to act, and clocks that run 6 % slow; then the 2 tau of a switch.
GAP_US_MAX = 164_000 * 106 // 100 + 14_000
DERATE_PERCENT = (100, 90, 50, 0)
CARRYING = (wire.BASIS_PLAN, wire.BASIS_CONTINGENCY, wire.BASIS_EMERGENCY)


@dataclass
class Carrier:
    """What one node delivers, and by which plan."""

    is_up: bool = False
    basis: int = wire.BASIS_BOOT
    applied_10w: int = 0
    target_10w: int = 0
    version: Version = NO_VERSION


class TraceCoverage:
    """Coverage as far as a trace proves it: nobody goes on by a plan that counts on a node dead for long.

    What the others then deliver can't be judged: their health is not in a trace. A node whose tail is missing
    is not accused.
    """

    def __init__(self, voters: list[int], report: Report) -> None:
        self._carriers = {src: Carrier() for src in voters}
        self._report = report
        # By node: since when, and who died, without an answer.
        self._waiting: dict[int, tuple[int, int]] = {}

    def take(self, event: Event) -> None:
        """Follow one event; events come in the order of their times."""
        carrier = self._carriers.get(event.node)
        if carrier is None:
            return
        self._judge(event)
        if event.code == DOWN:
            self._expect_answers(event, carrier)
            self._carriers[event.node] = Carrier()
        elif event.code == UP:
            self._carriers[event.node] = Carrier(is_up=True)
        elif event.code == wire.TRACE_SHARE:
            carrier.is_up = True
            carrier.applied_10w, carrier.basis, carrier.target_10w = event.a, event.b, event.c
        elif event.code == wire.TRACE_PLAN:
            carrier.version = (event.a, event.b)

    def _expect_answers(self, event: Event, dead: Carrier) -> None:
        self._waiting.pop(event.node, None)
        if dead.basis != wire.BASIS_PLAN or dead.target_10w == 0:
            return
        for src, carrier in self._carriers.items():
            follows = carrier.is_up and carrier.basis == wire.BASIS_PLAN and carrier.version == dead.version
            if src != event.node and follows:
                self._waiting.setdefault(src, (event.t_us, event.node))

    def _judge(self, event: Event) -> None:
        if event.node not in self._waiting:
            return
        since_us, dead = self._waiting[event.node]
        waited_us = event.t_us - since_us
        is_answer = event.code in (wire.TRACE_SHARE, wire.TRACE_PLAN, UP, DOWN)
        if waited_us > GAP_US_MAX:
            sentence = (
                f"node {event.node} goes on by the plan {waited_us // 1000} ms after the death of {dead}"
            )
            self._report("S11", sentence, event)
        if is_answer or waited_us > GAP_US_MAX:
            del self._waiting[event.node]


@dataclass
class Served(Carrier):
    """What the world knows of a node beside its trace: the demand and its own part in the plan it follows."""

    demand_10w: int = 0
    capacity_10w: int = 0
    members: int = 0


class Coverage:
    """Coverage of the simulated world: what live nodes deliver against what their plans say is needed.

    The demand that counts is the smallest that any live node's plan names, the capacity that of the nodes
    that have a part in their plan. Every death, plan, pause and steered clock starts the time anew.
    """

    def __init__(self, world: "ClusterWorld", report: Report) -> None:
        self._world = world
        self._report = report
        self._nodes = {src: Served() for src in world.voters}
        self._short_since_us: int | None = None
        self._planned_us = 0
        self.deaf_links = 0
        self.gap_us_max = 0

    def take(self, event: Event) -> None:
        """Follow one transition and judge the time since the last."""
        node = self._nodes.get(event.node)
        if node is None:
            return
        if self._short_since_us is not None:
            self._judge(event)
        if event.code == wire.TRACE_SHARE:
            node.applied_10w, node.basis = event.a, event.b
        elif event.code == wire.TRACE_PLAN:
            self._follow_plan(event.node, node)
            self.disturb()
        elif event.code in (UP, DOWN):
            self._nodes[event.node] = Served(is_up=event.code == UP)
            self.disturb()
        else:
            return
        self._look(event.t_us)

    def disturb(self) -> None:
        """Start the time anew: something happened that has to be noticed first."""
        self._short_since_us = None
        self._look(self._world.now_us)

    def missing_10w(self) -> int:
        """Return how much of what is due nobody delivers now; 0 while live nodes follow different plans, or none.

        While a plan switches and its frames are lost, nothing is promised.
        """
        version = NO_VERSION
        members = planless = 0
        demand_10w = capacity_10w = applied_10w = 0
        for src, row in self._nodes.items():
            if not row.is_up:
                continue
            applied_10w += row.applied_10w
            if row.basis == wire.BASIS_ALONE or (
                row.basis in CARRYING and version not in (NO_VERSION, row.version)
            ):
                return 0
            if row.basis in CARRYING:
                version = row.version
                demand_10w = row.demand_10w
                members |= row.members
                capacity_10w += self._capacity_10w(src, row)
            elif self._world.nodes[src].started_us <= self._planned_us:
                planless |= 1 << src  # It was there when the plan was made, and has not got it yet.
        if members & planless:
            return 0
        return min(demand_10w, capacity_10w) - applied_10w

    def _capacity_10w(self, src: int, row: Served) -> int:
        """Return what a node's plan counts on, or less if the node knows better; a paused one can't do more."""
        node = self._world.nodes[src]
        if node.paused_until_us > self._world.now_us:
            return row.applied_10w
        own_10w = self._world.rated_10w[src] * DERATE_PERCENT[node.kernel.health] // 100
        return min(row.capacity_10w, own_10w)

    def _follow_plan(self, src: int, row: Served) -> None:
        plan = self._world.nodes[src].kernel.plan
        derate = plan[wire.PLAN_DERATE + self._world.voters.index(src)]
        if all(row.version != (plan[wire.PLAN_TERM], plan[wire.PLAN_SEQ]) for row in self._nodes.values()):
            self._planned_us = self._world.now_us
        row.version = (plan[wire.PLAN_TERM], plan[wire.PLAN_SEQ])
        row.demand_10w = plan[wire.PLAN_DEMAND_10W]
        row.members = sum(
            1 << voter
            for slot, voter in enumerate(self._world.voters)
            if plan[wire.PLAN_DERATE + slot] != wire.DERATE_OUT
        )
        row.capacity_10w = self._world.rated_10w[src] * DERATE_PERCENT[derate] // 100

    def _look(self, t_us: int) -> None:
        if self.missing_10w() <= 0:
            if self._short_since_us is not None:
                self.gap_us_max = max(self.gap_us_max, t_us - self._short_since_us)
            self._short_since_us = None
        elif self._short_since_us is None:
            self._short_since_us = t_us

    def _judge(self, event: Event) -> None:
        assert self._short_since_us is not None
        short_us = event.t_us - self._short_since_us
        late_us = max(node.grid.jitter_us for node in self._world.nodes.values())
        if short_us > GAP_US_MAX + 2 * late_us and not self.deaf_links:
            self._short_since_us = None
            self._report(
                "S11", f"{self.missing_10w()} x 10 W stay uncovered for {short_us // 1000} ms", event
            )
