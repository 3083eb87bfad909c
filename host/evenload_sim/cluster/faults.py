"""The fault menu: everything that may go wrong with a cluster, at rates that each seed chooses anew.

Swarm testing (Groce et al. 2012; TigerBeetle's VOPR): a seed leaves about half of the menu out altogether and
draws the rate of the rest, so that rare faults also happen without the noise of all the others. Then `heal` ends
every fault, keeps a core of a quorum well, and leaves the others dead, deaf or well for good: with that core a
leader and a committed plan must come within a second (L5).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from evenload import wire
from evenload.core import kernel

from evenload_sim.cluster.clock import RATE_ONE

if TYPE_CHECKING:
    from evenload_sim.cluster.node import Node
    from evenload_sim.cluster.world import ClusterWorld

MS = 1_000
SECOND = 1_000_000
DRIFT_PPM_MAX = 50_000
RECORD_SIZE = 16
CLASH_NODE = 100
PERIODS_MS = (200, 500, 2_000, 5_000)
# Some seeds are wilder than others; faults that last long and fill the wire come more seldom.
PACES = (1, 2, 4)
RARE = {"storm": 3, "demand_rush": 10}
# Two nodes of one identifier settle who is silent while they hear each other; nothing can while they don't.
BESIDE_CLASH = ("clash", "storm", "order", "demand_rush", "emergency", "duplicate", "drift", "stale_setpoint")


class FaultMenu:
    """Faults of one world. `start` begins the storm, `heal` ends it; `log` counts what was done, by name."""

    def __init__(self, world: "ClusterWorld", menu: tuple[str, ...] | None = None) -> None:
        self.world = world
        self.random = world.random
        self.log: dict[str, int] = {}
        self.is_on = False
        self.impostors: list[Node] = []
        self._acts: dict[str, Callable[[], None]] = {
            "crash": self._crash,
            "pause": self._pause,
            "late_ticks": self._late_ticks,
            "loss": self._loss,
            "duplicate": self._duplicate,
            "error_burst": self._error_burst,
            "stuck_mailbox": self._stuck_mailbox,
            "bus_off": self._bus_off,
            "deaf": self._deaf,
            "cut": self._cut,
            "drift": self._drift,
            "clock_step": self._clock_step,
            "storm": self._storm,
            "clash": self._clash,
            "order": self._order,
            "demand_rush": self._demand_rush,
            "emergency": self._emergency,
            "stale_setpoint": self._stale_setpoint,
            "lost_record": self._lost_record,
        }
        names = list(self._acts) if menu is None else list(menu)
        # The period in which each fault of this seed happens once on average; the others never do.
        pace = PACES[self.random.below(len(PACES))]
        self.period_ms = {
            name: pace * PERIODS_MS[self.random.below(len(PERIODS_MS))] * RARE.get(name, 1)
            for name in names
            if menu is not None or self.random.below(2)
        }
        if "clash" in self.period_ms and menu is None:
            self.period_ms = {
                name: period_ms for name, period_ms in self.period_ms.items() if name in BESIDE_CLASH
            }

    def start(self) -> None:
        """Begin the storm."""
        self.is_on = True
        for name in self.period_ms:
            self._plan_next(name)

    def heal(self) -> list[int]:
        """End every fault; return the SRCs of a core that stays well, one node more than half."""
        self.is_on = False
        world = self.world
        self._mend_wire()
        for impostor in self.impostors:
            impostor.kill(world.now_us)
        self.impostors.clear()
        for src, node in world.nodes.items():
            world.telemetry.storm(src, world.options.telemetry_count)
            node.paused_until_us = min(node.paused_until_us, world.now_us)
            node.grid.make_late(0)
            if node.is_up and (node.kernel.is_silent or not node.kernel.can_vote or node.kernel.health):
                world.kill(src)
            world.order(src, wire.ORDER_DRAIN, 0)
            if node.store.read() < 0:
                node.store.replace(self._highest_vote(src))
            world.resume(src)
        core = self._choose_core()
        for src in world.voters:
            if src in core or self.random.below(3) == 0:
                world.start(src)
            elif self.random.below(2):
                world.kill(src)
            else:
                world.start(src)
                world.bus.deaf(world.nodes[src].port, None)
                world.watch.coverage.deaf_links += 1
        return core

    def _choose_core(self) -> list[int]:
        left = list(self.world.voters)
        while len(left) > self.world.quorum:
            left.pop(self.random.below(len(left)))
        return left

    def _highest_vote(self, src: int) -> int:
        """Return what a person would enter for a node whose record was lost: no lower than its last vote."""
        past = self.world.watch.history.past.get(src)
        return max(past.votes, default=0) if past is not None else 0

    def _mend_wire(self) -> None:
        bus = self.world.bus
        bus.advance(self.world.now_us)
        bus.loss(0)
        bus.loss(0, bus.ports)
        bus.duplicate(0)
        bus.error(0)
        for receiver in bus.ports:
            bus.deaf(receiver, None, False)
            bus.deaf(None, receiver, False)
            for sender in bus.ports:
                bus.deaf(receiver, sender, False)
            bus.stuck(receiver, self.world.now_us)
            if receiver.is_off:
                bus.bus_off(receiver, self.world.now_us + MS)
        self.world.watch.coverage.deaf_links = 0
        self.world.cut([])

    def _plan_next(self, name: str) -> None:
        span_us = 2 * self.period_ms[name] * MS
        self.world.after(1 + self.random.below(span_us), lambda: self._do(name))

    def _do(self, name: str) -> None:
        if not self.is_on:
            return
        self.log[name] = self.log.get(name, 0) + 1
        self._acts[name]()
        self._plan_next(name)

    def _node(self) -> "Node":
        voters = self.world.voters
        return self.world.nodes[voters[self.random.below(len(voters))]]

    def _span_us(self, least_ms: int, most_ms: int) -> int:
        more_ms: int = self.random.below(most_ms - least_ms + 1)
        return (least_ms + more_ms) * MS

    def _undo_after(self, span_us: int, undo: Callable[[], None]) -> None:
        self.world.after(span_us, lambda: undo() if self.is_on else None)

    def _crash(self) -> None:
        node = self._node()
        self.world.kill(node.src, torn_size=self.random.below(RECORD_SIZE + 1))
        self._undo_after(self._span_us(1, 1_500), lambda: self.world.start(node.src))

    def _pause(self) -> None:
        node = self._node()
        node.pause(self.world.now_us + self._span_us(10, 500))
        self.world.watch.coverage.disturb()

    def _late_ticks(self) -> None:
        node = self._node()

        def make_late(more_us: int) -> None:
            node.grid.make_late(more_us)
            # The tick that is due was drawn before: whoever judges lateness leaves this moment out.
            node.paused_until_us = max(node.paused_until_us, self.world.now_us)

        make_late(self._span_us(1, 40))
        self._undo_after(self._span_us(50, 1_000), lambda: make_late(0))

    def _loss(self) -> None:
        bus = self.world.bus
        at = None if self.random.below(2) else [self._node().port]
        bus.loss((0.01, 0.05, 0.2, 0.5)[self.random.below(4)], at)
        self._undo_after(self._span_us(20, 1_000), lambda: bus.loss(0, at))

    def _duplicate(self) -> None:
        bus = self.world.bus
        bus.duplicate((0.01, 0.1, 0.5)[self.random.below(3)])
        self._undo_after(self._span_us(20, 1_000), lambda: bus.duplicate(0))

    def _error_burst(self) -> None:
        self.world.bus.error((0.1, 0.5, 1.0)[self.random.below(3)], self.world.now_us + self._span_us(1, 60))

    def _stuck_mailbox(self) -> None:
        self.world.bus.stuck(self._node().port, self.world.now_us + self._span_us(5, 600))

    def _bus_off(self) -> None:
        node = self._node()
        self.world.bus.bus_off(
            node.port, self.world.now_us + self._span_us(3, 800) if self.random.below(2) else None
        )

    def _deaf(self) -> None:
        """One node hears nobody, nobody hears it, or one link works one way only."""
        bus, coverage = self.world.bus, self.world.watch.coverage
        rx, tx = self._node().port, self._node().port
        pair = ((rx, None), (None, tx), (rx, tx))[self.random.below(3)]
        bus.deaf(pair[0], pair[1])
        coverage.deaf_links += 1

        def hear() -> None:
            bus.deaf(pair[0], pair[1], False)
            coverage.deaf_links = max(0, coverage.deaf_links - 1)
            coverage.disturb()

        self._undo_after(self._span_us(50, 1_500), hear)

    def _cut(self) -> None:
        groups: list[list[int]] = [[], []]
        kept = list(self.world.voters)
        away_count = (2, len(kept) // 2, 1)[self.random.below(3)]
        for _ in range(away_count):
            groups[1].append(kept.pop(self.random.below(len(kept))))
        groups[0] = kept
        self.world.cut(groups)
        self._undo_after(self._span_us(50, 1_500), lambda: self.world.cut([]))

    def _drift(self) -> None:
        rate = RATE_ONE - DRIFT_PPM_MAX + self.random.below(2 * DRIFT_PPM_MAX + 1)
        self.world.steer(self._node().src, rate=rate)

    def _clock_step(self) -> None:
        """Let an awake node's clock jump; a step in a pause looks like a shorter pause, and nobody can tell."""
        node = self._node()
        span_us = self._span_us(1, 500) if self.random.below(3) else self._span_us(1, 100_000)
        if node.paused_until_us <= self.world.now_us:
            self.world.steer(node.src, step_us=span_us if self.random.below(2) else -span_us)

    def _storm(self) -> None:
        src = self._node().src
        telemetry = self.world.telemetry
        telemetry.storm(src, 20 + self.random.below(200))
        usual = self.world.options.telemetry_count
        self._undo_after(self._span_us(50, 400), lambda: telemetry.storm(src, usual))

    def _clash(self) -> None:
        """A second node with the identifier of another is plugged in, and taken out again."""
        node = self._node()
        if self.impostors or not node.is_up or node.kernel.role == wire.ROLE_BOOT:
            return
        impostor = self.world.plug_impostor(node.src, CLASH_NODE)
        self.impostors.append(impostor)

        def unplug() -> None:
            impostor.kill(self.world.now_us)
            if impostor in self.impostors:
                self.impostors.remove(impostor)

        self._undo_after(self._span_us(20, 1_000), unplug)

    def _order(self) -> None:
        node = self._node()
        kinds: tuple[tuple[int, int], ...] = (
            (wire.ORDER_DEMAND_10W, self.random.below(self.world.demand_10w * 2)),
            (wire.ORDER_TRANSFER, self._node().src),
            (wire.ORDER_RESIGN, 0),
            (wire.ORDER_DRAIN, self.random.below(2)),
            (wire.ORDER_HEALTH, self.random.below(4)),
            (wire.ORDER_HEALTH, wire.DERATE_FULL),
            (wire.ORDER_POLICY, self.random.below(2)),
            (wire.ORDER_CAP_PERCENT, 50 + self.random.below(51)),
        )
        code, value = kinds[self.random.below(len(kinds))]
        leader = self.world.leader()
        for_leader = code not in (wire.ORDER_DRAIN, wire.ORDER_HEALTH) and leader
        self.world.order(leader if for_leader else node.src, code, value)

    def _demand_rush(self) -> None:
        """Change the demand so often that plan_seq comes to its end."""
        left = 20 + self.random.below(280)

        def change() -> None:
            nonlocal left
            left -= 1
            leader = self.world.leader()
            if leader:
                self.world.order(leader, wire.ORDER_DEMAND_10W, self.random.below(self.world.demand_10w * 2))
            if left and self.is_on:
                self.world.after(11 * MS, change)

        change()

    def _emergency(self) -> None:
        src = self._node().src
        self.world.order(src, wire.ORDER_EMERGENCY, 1 + self.random.below(3))
        self._undo_after(self._span_us(50, 2_000), lambda: self._clear_emergency(src))

    def _clear_emergency(self, src: int) -> None:
        self.world.order(src, wire.ORDER_EMERGENCY, 0)
        self.world.order(src, wire.ORDER_HEALTH, wire.DERATE_FULL)

    def _stale_setpoint(self) -> None:
        """Some node, leader or not, sends another a set-point of a term near its own."""
        node = self._node()
        if not node.is_up:
            return
        term = max(0, node.kernel.term - 1 + self.random.below(3))
        self.world.send_setpoint(node.src, self._node().src, max(1, term), self.random.below(256))

    def _lost_record(self) -> None:
        """The store of a dead node becomes unreadable: from its next start on it must not vote."""
        node = self._node()
        if not node.is_up and self.random.below(4) == 0:
            node.store.wear_out()


def storm_options(random: Any) -> dict[str, Any]:
    """Return options that vary from seed to seed: number of nodes, where terms begin, telemetry."""
    near_end = wire.TERM_MAX - 200 - random.below(400)
    return {
        "node_count": (3, 4, 5, 6, 6, 6, 6, 7, 9)[random.below(9)],
        "ceiling": near_end if random.below(16) == 0 else random.below(1000),
        "telemetry_count": (0, 0, 1, 4)[random.below(4)],
        "is_random": True,
        "clears_mailboxes": True,
    }


def random_of(seed: int) -> Any:
    """Return the generator that decides a seed's options."""
    return kernel("random32").Random32(seed * 4 + 3)
