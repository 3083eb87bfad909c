"""The simulated cluster: nodes with the real kernel on one virtual CAN bus, in microseconds, from one seed.

Nothing happens between two events, so the world jumps from one to the next: a frame that ends on the bus, a
tick at which a node acts, an entry of the agenda (a fault, an order, a load of telemetry). Events of one
microsecond have a fixed order: bus, agenda, nodes by their place. Every transition that a kernel tells goes
through the invariants as it happens.
"""

from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from heapq import heappop, heappush
from typing import Any, TextIO

from evenload import wire
from evenload.core import kernel

from evenload_sim.can_bus import CanBus, Port
from evenload_sim.cluster.clock import RATE_ONE, RING_MASK, DriftingClock
from evenload_sim.cluster.events import Event
from evenload_sim.cluster.node import NEVER_US, Grid, Node
from evenload_sim.cluster.telemetry import Telemetry
from evenload_sim.cluster.trace import Header, TraceWriter
from evenload_sim.cluster.watch import Watch

BUS, AGENDA, FIRST_NODE = 0, 1, 2
DEMAND_10W_DEFAULT = 2_750
RATED_10W_DEFAULT = 5_000
TERM_START = 0


@dataclass(frozen=True)
class ClusterOptions:
    """How a cluster begins.

    telemetry_count: frames of telemetry per node and 100 ms; demand_10w: for each node, so that six carry
    165 kW; rated_10w: of each node; ceiling: what every store holds at first; strict: a broken invariant
    raises RuleBroken, otherwise it is counted; ablation: a name of `ablations.ABLATIONS`, or none; is_random:
    nodes of different sizes, clocks that drift; start_spread_us: nodes power up within this time.
    """

    node_count: int = 6
    bitrate: int = 500_000
    tick_us: int = 5_000
    jitter_us: int = 2_000
    telemetry_count: int = 4
    demand_10w: int = DEMAND_10W_DEFAULT
    rated_10w: int = RATED_10W_DEFAULT
    ceiling: int = TERM_START
    strict: bool = True
    ablation: str = ""
    is_random: bool = False
    start_spread_us: int = 50_000
    clears_mailboxes: bool = True
    trace: TextIO | None = None


class ClusterWorld:
    """A cluster of `options.node_count` voters with SRC 1 .. N; `seed` decides everything random in it."""

    def __init__(self, seed: int = 1, options: ClusterOptions | None = None) -> None:
        self.seed = seed
        self.options = options or ClusterOptions()
        random32 = kernel("random32").Random32
        self.random = random32(seed * 4)
        self.bus = CanBus(self.options.bitrate, random32(seed * 4 + 1))
        self.now_us = 0
        self.quorum = self.options.node_count // 2 + 1
        self.voters = list(range(1, self.options.node_count + 1))
        self.rated_10w = {src: self._rated(src) for src in self.voters}
        self.demand_10w = self.options.demand_10w * self.options.node_count
        self.replay_words = ""
        self._wakes = [NEVER_US, NEVER_US]
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0
        self._steppers: list[Node] = []
        self.nodes: dict[int, Node] = {src: self._make(src) for src in self.voters}
        self.listeners: list[Callable[[Event], None]] = []
        if self.options.trace is not None:
            head = Header(self.voters, self.rated_10w, self.quorum)
            self.listeners.append(TraceWriter(self.options.trace, head).take)
        self.watch = Watch(self)
        self.telemetry = Telemetry(self, self.options.telemetry_count)
        for node in self.nodes.values():
            self.connect(node)

    def begin(self) -> None:
        """Power every node up, each at a moment of its own."""
        for node in self.nodes.values():
            self.at(self.random.below(self.options.start_spread_us + 1), partial(self.start, node.src))

    def at(self, t_us: int, act: Callable[[], None]) -> None:
        """Let `act` happen at `t_us`."""
        self._order += 1
        heappush(self._agenda, (t_us, self._order, act))
        self._wakes[AGENDA] = self._agenda[0][0]

    def after(self, delta_us: int, act: Callable[[], None]) -> None:
        """Let `act` happen `delta_us` from now."""
        self.at(self.now_us + delta_us, act)

    def run(self, until_us: int, stop: Callable[[], bool] | None = None) -> None:
        """Let time pass up to and including `until_us`, or until `stop()` is true after an event."""
        wakes, bus, steppers = self._wakes, self.bus, self._steppers
        while True:
            t_us = min(wakes)
            if t_us > until_us:
                break
            index = wakes.index(t_us)
            self.now_us = t_us
            if index == BUS:
                bus.advance(t_us)
                wakes[BUS] = bus.next_event_us()
            elif index == AGENDA:
                bus.advance(t_us)
                heappop(self._agenda)[2]()
                wakes[AGENDA] = self._agenda[0][0] if self._agenda else NEVER_US
                wakes[BUS] = bus.next_event_us()
            else:
                steppers[index - FIRST_NODE].step(t_us)
            if stop is not None and stop():
                return
        self.now_us = until_us

    def run_ms(self, span_ms: int) -> None:
        """Let `span_ms` pass."""
        self.run(self.now_us + span_ms * 1000)

    def start(self, src: int) -> None:
        """Power node `src` up."""
        self.nodes[src].start(self.now_us)

    def kill(self, src: int, torn_size: int = 0) -> None:
        """Take node `src`'s power away now."""
        node = self.nodes[src]
        self.bus.advance(self.now_us)
        if node.is_up:
            self.watch.crash(node)
        node.kill(self.now_us, torn_size)

    def resume(self, src: int) -> None:
        """Let a paused node go on at its next tick."""
        node = self.nodes[src]
        if node.is_up:
            node.pause(self.now_us)

    def cut(self, groups: list[list[int]]) -> None:
        """Cut the wire into groups of SRCs; [] makes it one again."""
        self.bus.advance(self.now_us)
        self.bus.cut([self.ports(group) for group in groups])
        self._wakes[BUS] = self.bus.next_event_us()
        self.watch.coverage.disturb()

    def steer(self, src: int, rate: int = 0, step_us: int = 0) -> None:
        """Let a node's clock run at another rate from now on, or jump."""
        node = self.nodes[src]
        if rate:
            node.clock.set_rate(self.now_us, rate)
        if step_us:
            node.clock.step(self.now_us, step_us)
            node.clock_step_us = self.now_us
        self.watch.clock_changed(node)
        self.watch.coverage.disturb()
        self.resume(src)

    def plug_impostor(self, src: int, offset: int) -> Node:
        """Connect one more node that believes to be `src`, and power it up; its trace stands under src + offset."""
        impostor = self._make(src)
        impostor.src = src + offset
        self.connect(impostor)
        impostor.make_kernel = lambda _src, mask: self.nodes[src].make_kernel(src, mask)
        impostor.configure = partial(self._configure_impostor, src)
        impostor.start(self.now_us)
        return impostor

    def send_setpoint(self, src: int, dst: int, term: int, value: int) -> None:
        """Let the owner of node `src` send node `dst` a SETPOINT of some term."""
        fields = array("i", bytes(4 * wire.FIELD_COUNT_MAX))
        fields[wire.SET_TERM], fields[wire.SET_SEQ], fields[wire.SET_VALUE] = term, 1, value
        frame = bytearray(wire.CAN_FRAME_SIZE)
        canframe = kernel("canframe")
        identifier = canframe.identifier(wire.CAN_TYPE_SETPOINT, 1, dst, src)
        canframe.encode(identifier, fields, frame)
        self._before_send(self.now_us)
        self.nodes[src].port.send(frame)

    def order(self, src: int, code: int, value: int) -> int:
        """Give node `src` an order of its owner; returns one of wire.ORDER_*."""
        node = self.nodes[src]
        if not node.is_up:
            return int(wire.ORDER_NOT_READY)
        answer: int = node.order(self.now_us, code, value)
        self.watch.coverage.disturb()
        return answer

    def leader(self) -> int:
        """Return the SRC of the node that holds a lease now, 0 if none does."""
        for src, node in self.nodes.items():
            is_leader = node.is_up and node.kernel.role == wire.ROLE_LEADER
            if is_leader and node.kernel.has_lease(node.clock.now_ms(self.now_us)):
                return src
        return 0

    def ports(self, sources: list[int]) -> list[Port]:
        """Return the ports of nodes, for a cut or a deaf ear."""
        return [self.nodes[src].port for src in sources]

    def connect(self, node: Node) -> None:
        """Let a node take part in the loop; its transitions go to the invariants."""
        node.emit = self._take
        node.configure = partial(self.configure, node.src)
        node.clears_mailboxes = self.options.clears_mailboxes
        node.before_send = self._before_send
        node.receive_watched = self.watch.receive
        node.wakes = self._wakes
        node.slot = len(self._wakes)
        self._wakes.append(NEVER_US)
        self._steppers.append(node)

    def configure(self, src: int, own: Any) -> None:
        """Set up a kernel that has just been made: what a node's configuration holds."""
        own.cluster_id = 1
        own.demand_10w = self.demand_10w
        own.serial = 1_000 + src
        own.zone = src
        for voter in self.voters:
            own.rated_10w[voter] = self.rated_10w[voter]
            own.rank[voter] = voter - 1

    def renew(self, **changes: Any) -> None:
        """Change options that are read while the world runs."""
        self.options = replace(self.options, **changes)

    def replay_command(self) -> str:
        """Return the command that runs this world again."""
        return self.replay_words or f"evenload sim cluster --seed {self.seed}"

    def _configure_impostor(self, src: int, own: Any) -> None:
        self.configure(src, own)
        own.serial = 1

    def _take(self, event: Event) -> None:
        self.watch.take(event)
        for listener in self.listeners:
            listener(event)

    def _before_send(self, t_us: int) -> None:
        self.bus.advance(t_us)
        # What is queued now starts at the next microsecond at the earliest, and the bus knows when.
        self._wakes[BUS] = t_us

    def _make(self, src: int) -> Node:
        mask = sum(1 << voter for voter in self.voters)
        grid = Grid(self.options.tick_us, self.options.jitter_us, self.random)
        rate = RATE_ONE - 50_000 + self.random.below(100_001) if self.options.is_random else RATE_ONE
        clock = DriftingClock(self.random.below(RING_MASK + 1) * 1000, rate)
        node = Node(src, mask, grid, clock, self.bus.attach(f"CDU_{src:02}"))
        node.store.replace(self.options.ceiling)
        node.port.power(False)
        return node

    def _rated(self, _src: int) -> int:
        if not self.options.is_random:
            return self.options.rated_10w
        below_10w: int = self.random.below(self.options.rated_10w)
        return self.options.rated_10w // 2 + below_10w
