"""The invariants at work in the simulated world: every transition, every watched frame and every crash.

History (S1 .. S7) sees what a trace sees. Here is what only the world knows: what a plan holds (S8, S10), who
sent a set-point (S9), what a frame may change (S12, S13, S15), what the store holds (S14), who heard whom
(L2), when a lease truly ended (S5, L3).
"""

from array import array
from typing import TYPE_CHECKING

from evenload import ticks, wire

from evenload_sim.cluster.coverage import DERATE_PERCENT, Coverage
from evenload_sim.cluster.events import DOWN, Event, Version
from evenload_sim.cluster.invariants import History, words
from evenload_sim.cluster.node import HEARD_GAP_US

if TYPE_CHECKING:
    from evenload_sim.cluster.node import Node
    from evenload_sim.cluster.world import ClusterWorld

# L2: who heard the leader without a gap of HEARD_GAP_US for this long refuses every candidate.
HEARD_SPAN_US = 300_000
# Twice the same frame may change what counts frames, and nothing else (S13).
COUNTERS = (
    wire.SNAPSHOT_FRAMES_IN,
    wire.SNAPSHOT_FRAMES_OUT,
    wire.SNAPSHOT_NOW_MS,
    wire.SNAPSHOT_OUTBOX_DROPPED,
    wire.SNAPSHOT_TRACE_LOST,
    *range(wire.SNAPSHOT_FAULT, wire.SNAPSHOT_FAULT + wire.FRAME_FAULT_COUNT),
)


class RuleBroken(AssertionError):
    """An invariant was broken: which, when (simulated), by what, and the command that shows it again."""

    def __init__(self, rule: str, sentence: str, world: "ClusterWorld") -> None:
        self.rule = rule
        self.seed = world.seed
        self.t_us = world.now_us
        self.replay = world.replay_command()
        seconds = world.now_us / 1_000_000
        super().__init__(
            f"{rule} broken at {seconds:.6f} s, seed {world.seed}: {sentence}. See it again: {self.replay}"
        )


class Watch:
    """Holds a world against the invariants. `violations` has (rule, sentence, t_us) of each finding."""

    def __init__(self, world: "ClusterWorld") -> None:
        self.world = world
        self.violations: list[tuple[str, str, int]] = []
        self.event_count = 0
        self.history = History(world.quorum, world.rated_10w, self.report, until_us=self._lease_until_us)
        self.coverage = Coverage(world, self.report)
        self.plans: dict[Version, tuple[int, ...]] = {}
        self._leading_since_us: dict[int, int] = {}
        self._emergencies: dict[int, int] = {}
        self._snapshots = (self._snapshot(), self._snapshot())

    def take(self, event: Event) -> None:
        """Hold one transition against every rule."""
        self.event_count += 1
        event = event._replace(line=self.event_count)
        code = event.code
        if code == wire.TRACE_LEASE_END:
            self._stood_down_in_time(event)
        elif code == wire.TRACE_ROLE:
            self._candidate_is_needed(event)
        elif code == DOWN:
            self._leading_since_us.pop(event.node, None)
        self.history.take(event)
        if code == wire.TRACE_VOTE:
            self._floor_is_stored(event)
        elif code == wire.TRACE_PLAN:
            self._plan_is_whole(event)
        elif code == wire.TRACE_SETPOINT:
            self._setpoint_is_the_leaders(event)
        elif code == wire.TRACE_EMERGENCY:
            self._emergencies[event.node] = event.c
        self.coverage.take(event)

    def report(self, rule: str, sentence: str, event: Event) -> None:
        """Keep a finding; a strict world stops at it."""
        self.violations.append((rule, sentence, event.t_us))
        if self.world.options.strict:
            raise RuleBroken(rule, sentence, self.world)

    def crash(self, node: "Node") -> None:
        """S14: at every crash point the store holds a ceiling as high as any term the node voted in."""
        past = self.history.past.get(node.src)
        voted = max(past.votes, default=-1) if past is not None else -1
        ceiling = node.store.read()
        if ceiling < voted and not node.store.is_worn:
            sentence = f"node {node.src} dies with ceiling {ceiling} stored, it voted in term {voted}"
            self.report("S14", sentence, self._now(node))

    def receive(self, node: "Node", at_ms: int, frame: bytes) -> None:
        """Deliver a PREVOTE or EMERGENCY frame, and look at what it changed (S12, S13, S15)."""
        kind = frame[2] >> 3
        own = node.kernel
        before = (own.term, own.voted_for)
        node.receive(at_ms, frame)
        if kind == wire.CAN_TYPE_EMERGENCY:
            self._emergency_is_obeyed(node, frame)
        elif kind == wire.CAN_TYPE_PREVOTE_REQ and (own.term, own.voted_for) != before:
            sentence = f"a PREVOTE changed term and vote of node {node.src} from {before} to {own.term, own.voted_for}"
            self.report("S12", sentence, self._now(node))
        if self.world.options.is_random:
            self._deliver_again(node, at_ms, frame)

    def _lease_until_us(self, event: Event) -> int:
        node = self.world.nodes.get(event.node)
        if node is None:
            return event.t_us
        left_ms = ticks.elapsed_ms(event.a, node.clock.now_ms(event.t_us))
        # A lease that ends later than one can last comes from before the clock went back: it holds no longer.
        return node.clock.true_us(left_ms, event.t_us) if left_ms <= wire.CLUSTER_STICKY_MS else event.t_us

    def clock_changed(self, node: "Node") -> None:
        """S5 after a clock was steered: a lease lasts as long as its holder's clock says."""
        past = self.history.past.get(node.src)
        if past is not None and past.role == wire.ROLE_LEADER and node.is_up:
            now_us = self.world.now_us
            event = Event(now_us, node.src, wire.TRACE_LEASE, node.kernel.lease_until_ms)
            if node.kernel.has_lease(node.clock.now_ms(now_us)):
                past.lease_until_us = self._lease_until_us(event)
                self.history.no_second_lease(event, past)

    def _floor_is_stored(self, event: Event) -> None:
        node = self.world.nodes.get(event.node)
        if node is not None and node.store.read() < event.a:
            sentence = f"node {event.node} votes in term {event.a}, its store holds {node.store.read()}"
            self.report("S14", sentence, event)

    def _plan_is_whole(self, event: Event) -> None:
        node = self.world.nodes.get(event.node)
        version = (event.a, event.b)
        if node is None:
            return
        plan = self._in_use(tuple(node.kernel.plan))
        if (plan[wire.PLAN_TERM], plan[wire.PLAN_SEQ]) != version:
            return  # Two plans in one step: the older one can no longer be looked at.
        if event.node in self.history.leaders.get(event.a, ()):
            self.plans[version] = plan
            self._plan_adds_up(plan, event)
        elif self.plans.get(version) != plan:
            self.report("S8", f"node {event.node} applied a plan {words(version)} that nobody made", event)

    def _in_use(self, plan: tuple[int, ...]) -> tuple[int, ...]:
        """Return a plan with what its unused slots hold left out: nobody sends that."""
        count = len(self.world.voters)
        kept = list(plan)
        for column in (wire.PLAN_RANK, wire.PLAN_SHARE_10W, wire.PLAN_DERATE):
            for slot in range(count, wire.PLAN_SLOT_COUNT):
                kept[column + slot] = 0
        return tuple(kept)

    def _plan_adds_up(self, plan: tuple[int, ...], event: Event) -> None:
        shares, effective = [], []
        for slot, src in enumerate(self.world.voters):
            share_10w = plan[wire.PLAN_SHARE_10W + slot]
            effective_10w = self.world.rated_10w[src] * DERATE_PERCENT[plan[wire.PLAN_DERATE + slot]] // 100
            if not 0 <= share_10w <= effective_10w:
                self.report("S10", f"node {src} gets {share_10w} of {effective_10w} x 10 W", event)
            shares.append(share_10w)
            effective.append(effective_10w)
        due_10w = min(plan[wire.PLAN_DEMAND_10W], sum(effective))
        if sum(shares) != due_10w:
            self.report("S10", f"plan {event.a}.{event.b} shares {sum(shares)} of {due_10w} x 10 W", event)

    def _setpoint_is_the_leaders(self, event: Event) -> None:
        term = self.history.past[event.node].term
        if event.a != term or not self.history.leaders.get(event.a):
            sentence = f"node {event.node} in term {term} obeys a set-point of term {event.a}"
            self.report("S9", sentence, event)

    def _stood_down_in_time(self, event: Event) -> None:
        past, node = self.history.past.get(event.node), self.world.nodes.get(event.node)
        if past is None or node is None or node.paused_until_us > event.t_us - HEARD_SPAN_US:
            return
        overdue_us = event.t_us - past.lease_until_us
        # To the next tick, by a clock that may be 5 % slow and counts whole milliseconds.
        if overdue_us > (node.grid.tick_us + node.grid.jitter_us) * 106 // 100 + 1_000:
            self.report("L3", f"node {event.node} stood down {overdue_us} us after its lease", event)

    def _candidate_is_needed(self, event: Event) -> None:
        """L2: nobody becomes candidate while a quorum hears the leader."""
        if event.a == wire.ROLE_LEADER:
            self._leading_since_us[event.node] = event.t_us
            return
        self._leading_since_us.pop(event.node, None)
        if event.a != wire.ROLE_CANDIDATE:
            return
        long_ago_us = event.t_us - HEARD_SPAN_US
        for leader, since_us in self._leading_since_us.items():
            if since_us < long_ago_us and self.world.nodes[leader].is_up:
                count = 1 + sum(self._hears(node, leader, event.t_us) for node in self.world.nodes.values())
                if count >= self.world.quorum:
                    sentence = f"node {event.node} is candidate of term {event.b} while {count} hear {leader}"
                    self.report("L2", sentence, event)

    @staticmethod
    def _hears(node: "Node", leader: int, t_us: int) -> bool:
        """Return whether `node` has heard `leader` often enough for long, awake and with a steady clock."""
        long_ago_us = t_us - HEARD_SPAN_US
        is_steady = (
            node.is_up and max(node.paused_until_us, node.clock_step_us, node.started_us) < long_ago_us
        )
        is_recent = t_us - node.heard_us[leader] < HEARD_GAP_US
        return is_steady and is_recent and node.heard_since_us[leader] < long_ago_us and node.src != leader

    def _emergency_is_obeyed(self, node: "Node", frame: bytes) -> None:
        """S15: whatever the role and the term, the frame is acted on before anything else happens."""
        self._emergencies.pop(node.src, None)
        node.drain(self.world.now_us)
        if frame[0] & 63 == node.kernel.src:
            return  # From a node with the same identifier: a clash, settled elsewhere.
        is_known = 0 < frame[8] < len(wire.EMERGENCY_WORDS)
        if is_known and self._emergencies.get(node.src) != frame[0] & 63:
            self.report("S15", f"node {node.src} ignores an emergency from {frame[0] & 63}", self._now(node))

    def _deliver_again(self, node: "Node", at_ms: int, frame: bytes) -> None:
        now_ms = node.clock.now_ms(self.world.now_us)
        once, twice = self._snapshots
        node.kernel.snapshot(now_ms, once)
        node.receive(at_ms, frame)
        node.kernel.snapshot(now_ms, twice)
        self._same_twice(node, once, twice)

    def _now(self, node: "Node") -> Event:
        return Event(self.world.now_us, node.src, wire.TRACE_NONE)

    def _same_twice(self, node: "Node", once: "array[int]", twice: "array[int]") -> None:
        for offset in COUNTERS:
            twice[offset] = once[offset]
        if once != twice:
            offset = next(offset for offset in range(wire.SNAPSHOT_SIZE) if once[offset] != twice[offset])
            sentence = f"a frame delivered twice changed node {node.src}, snapshot[{offset}]"
            self.report("S13", sentence, self._now(node))

    @staticmethod
    def _snapshot() -> "array[int]":
        return array("i", bytes(4 * wire.SNAPSHOT_SIZE))
