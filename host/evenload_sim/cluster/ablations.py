"""Each decision of the design taken away, to see what breaks: `evenload sim cluster --ablate NAME`.

An ablation changes a setting of the kernel, what a simulated node sends or how it stamps, or a part of the
Python twin that is replaced by a worse one. The kernels themselves have no switches for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from evenload import wire
from evenload.ballot import Ballot
from evenload.cluster import Cluster
from evenload.election import Election
from evenload.lease import Lease
from evenload.planner import Planner
from evenload.ticks import add_ms, elapsed_ms

if TYPE_CHECKING:
    from evenload_sim.cluster.node import Node
    from evenload_sim.cluster.world import ClusterWorld

RESPONSES = (wire.CAN_TYPE_PREVOTE_RESP, wire.CAN_TYPE_VOTE_RESP)
NEVER_MS = 10_000
LONG_LEASE_MS = 130


@dataclass(frozen=True)
class Ablation:
    """What is taken away. apply: changes a world before it begins."""

    sentence: str
    apply: Callable[["ClusterWorld"], None]


class LiveSlotElection(Election):
    """Computes its slot anew at each tick, with who is alive then."""

    def _tick_follower(self, now_ms: int, peers: Any, post: Any) -> None:
        self.has_slot = self.has_slot if self.is_transfer else 0
        super()._tick_follower(now_ms, peers, post)


class ImpatientElection(Election):
    """Holds nothing back for another candidate."""

    def hold(self, now_ms: int, span_ms: int) -> None:
        """Go on at once."""


class LateBallot(Ballot):
    """Sticks to a leader as long as a candidate waits: 150 instead of 140 ms."""

    def tick(self, now_ms: int) -> None:
        """End the refusal after the time of detection."""
        if self.is_sticky and elapsed_ms(now_ms, self.sticky_ms) >= wire.CLUSTER_DETECT_MS:
            self.is_sticky = 0

    def _refuses(self, at_ms: int, src: int, fields: Any) -> bool:
        if not self.is_sticky or src == self.sticky_src or fields[wire.REQUEST_TRANSFER]:
            return False
        return bool(elapsed_ms(at_ms, self.sticky_ms) < wire.CLUSTER_DETECT_MS)


class DeafBallot(Ballot):
    """Takes no notice of the floors that others tell."""

    def on_floor(self, floor: int) -> None:
        """Forget it."""

    def top(self) -> int:
        """Return the own term alone."""
        return int(self.term)


class LongLease(Lease):
    """130 ms instead of 124."""

    def begin(self, request_ms: int) -> None:
        """Begin as always, to end later."""
        super().begin(request_ms)
        self.until_ms = add_ms(request_ms, LONG_LEASE_MS)

    def extend(self, other_count: int) -> int:
        """Extend as always, to end later."""
        self.until_ms = add_ms(self.until_ms, wire.CLUSTER_LEASE_MS - LONG_LEASE_MS)
        is_moved = super().extend(other_count)
        self.until_ms = add_ms(self.until_ms, LONG_LEASE_MS - wire.CLUSTER_LEASE_MS)
        return int(is_moved)

    def holds(self, now_ms: int) -> int:
        """Return 1 while it is good."""
        return int(bool(self.is_held) and 0 < elapsed_ms(self.until_ms, now_ms) <= LONG_LEASE_MS)


class ForgetfulPlanner(Planner):
    """Says a plan three times and never again."""

    def _is_missed(self, current: Any, peers: Any) -> bool:  # noqa: ARG002
        return False


def _with_part(**parts: Callable[[int, int], Any]) -> Callable[["ClusterWorld"], None]:
    """Return what gives every node the Python twin with other parts; a part is made of (src, voter mask)."""

    def make(src: int, mask: int) -> Cluster:
        own = Cluster(src, mask)
        for path, part in parts.items():
            owner = own.election if path == "ballot" else own
            setattr(owner, path, part(src, mask))
        return own

    return lambda world: _each(world, lambda node: setattr(node, "make_kernel", make))


def _each(world: "ClusterWorld", change: Callable[["Node"], None]) -> None:
    for node in world.nodes.values():
        change(node)


def _with_setting(name: str, value: int) -> Callable[["ClusterWorld"], None]:
    """Return what changes a setting of every kernel."""

    def configure(usual: Callable[[Any], None], own: Any) -> None:
        usual(own)
        setattr(own, name, value)

    return lambda world: _each(
        world, lambda node: setattr(node, "configure", partial(configure, node.configure))
    )


def _with_shape(shape: Callable[["Node", bytearray], bool]) -> Callable[["ClusterWorld"], None]:
    """Return what changes, or with False drops, the frames that every node sends."""
    return lambda world: _each(world, lambda node: setattr(node, "shape", partial(shape, node)))


def _beats_only(_node: "Node", frame: bytearray) -> bool:
    return bool(frame[2] >> 3 != wire.CAN_TYPE_LEASE)


def _eight_bytes(_node: "Node", frame: bytearray) -> bool:
    if frame[2] >> 3 in RESPONSES:
        frame[4] = wire.CAN_DATA_SIZE
    return True


def _seq_of_any_term(node: "Node", frame: bytearray) -> bool:
    if frame[2] >> 3 == wire.CAN_TYPE_HEARTBEAT and frame[8] | frame[9] | frame[10]:
        frame[12] = node.kernel.plan[wire.PLAN_SEQ]
    return True


def _polled(world: "ClusterWorld") -> None:
    _each(world, lambda node: setattr(node, "is_polled", True))


def _sticky_150(world: "ClusterWorld") -> None:
    _polled(world)
    _with_part(ballot=lambda _src, _mask: LateBallot())(world)


def _drifting(world: "ClusterWorld") -> None:
    """The first leader's clock runs 5 % slow, all others' 5 % fast: the worst for a lease."""
    for src, node in world.nodes.items():
        node.clock.rate = 950_000 if src == world.voters[0] else 1_050_000


def _long_lease(world: "ClusterWorld") -> None:
    _drifting(world)
    _with_part(lease=lambda _src, _mask: LongLease())(world)


def _floors(world: "ClusterWorld") -> None:
    """Every store holds a ceiling already, as after a restart of all."""
    _each(world, lambda node: node.store.replace(300))


def _deaf_to_floors(world: "ClusterWorld") -> None:
    _floors(world)
    _with_part(ballot=lambda _src, _mask: DeafBallot())(world)


ABLATIONS: dict[str, Ablation] = {
    "no_stagger": Ablation("candidates of every rank go at once", _with_setting("stagger_ms", 0)),
    "live_slot": Ablation("the slot is not frozen at detection", _with_part(election=LiveSlotElection)),
    "no_hold": Ablation("nobody holds back for another candidate", _with_part(election=ImpatientElection)),
    "no_retry": Ablation("a request that is lost is not repeated", _with_setting("rto_ms", NEVER_MS)),
    "sticky_150": Ablation("stamps when polled, and voters stick as long as candidates wait", _sticky_150),
    "beats_only": Ablation(
        "no lease frames: heartbeats alone carry the lease (O2)", _with_shape(_beats_only)
    ),
    "long_responses": Ablation("every response has 8 bytes (O1)", _with_shape(_eight_bytes)),
    "polled_stamps": Ablation("frames are stamped when they are polled", _polled),
    "drift": Ablation("no ablation: the worst clocks of the 5 % (O3)", _drifting),
    "lease_130": Ablation("lease 130 ms under the worst clocks (O3)", _long_lease),
    "seq_of_any_term": Ablation(
        "plan_seq is told whatever the plan's term (O4)", _with_shape(_seq_of_any_term)
    ),
    "floors": Ablation("no ablation: all nodes have restarted once (O7)", _floors),
    "deaf_to_floors": Ablation("a candidate asks for its own term + 1 (O7)", _deaf_to_floors),
    "no_repeat": Ablation(
        "a plan is said three times only (O11)",
        _with_part(planner=lambda src, mask: ForgetfulPlanner(src, mask.bit_count())),
    ),
}
