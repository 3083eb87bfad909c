"""Binding of csrc/src/cluster.c; the specification is shared/evenload/cluster.py."""

from array import array

from evenload_core._core import ffi, lib
from evenload_core.struct import Field


class _PartField:
    """A scalar of a part of the C struct, e.g. "election.ballot.term", seen as an attribute of the node."""

    def __init__(self, path: str):
        *self._parts, self._name = path.split(".")

    def __get__(self, instance, owner=None) -> int:
        return getattr(self._part(instance), self._name)

    def __set__(self, instance, value: int) -> None:
        setattr(self._part(instance), self._name, value)

    def _part(self, instance):
        part = instance._struct
        for name in self._parts:
            part = getattr(part, name)
        return part


class Cluster:
    """Node `src` (1 .. 15: the bit of a voter in voter_mask; 16 .. 62: an observer) among the voters of voter_mask."""

    src = Field()
    voter_mask = Field()
    serial = Field()
    zone = Field()
    load = Field()
    health = Field()
    is_draining = Field()
    is_started = Field()
    alarm = Field()
    ceiling_wanted = Field()
    frames_in = Field()
    cluster_id = _PartField("post.cluster_id")
    is_silent = _PartField("post.is_silent")
    stagger_ms = _PartField("election.stagger_ms")
    rto_ms = _PartField("election.rto_ms")
    role = _PartField("election.role")
    leader = _PartField("election.leader")
    leader_heard_ms = _PartField("election.leader_heard_ms")
    term = _PartField("election.ballot.term")
    voted_for = _PartField("election.ballot.voted_for")
    floor = _PartField("election.ballot.floor")
    ceiling = _PartField("election.ballot.ceiling")
    can_vote = _PartField("election.ballot.can_vote")
    lease_until_ms = _PartField("lease.until_ms")
    demand_10w = _PartField("planner.demand_10w")
    cap_percent = _PartField("planner.cap_percent")
    supply_ck = _PartField("planner.supply_ck")
    policy = _PartField("planner.policy")
    applied_10w = _PartField("cover.applied_10w")
    target_10w = _PartField("cover.target_10w")
    basis = _PartField("cover.basis")

    def __init__(self, src: int, voter_mask: int):
        self._struct = ffi.new("evenload_cluster_t *")
        lib.evenload_cluster_init(self._struct, src, voter_mask)
        self.rated_10w = self._struct.roster.rated_10w
        self.rank = self._struct.roster.rank
        self.cost_linear = self._struct.roster.cost_linear
        self.cost_cubic = self._struct.roster.cost_cubic
        self.faults = self._struct.faults
        self.plan = memoryview(ffi.buffer(self._struct.plan)).cast("i")

    def start(self, now_ms: int, ceiling: int) -> None:
        """Begin in BOOT. ceiling: the stored term ceiling (0 .. TERM_MAX), or -1: unreadable, so never vote."""
        lib.evenload_cluster_start(self._struct, now_ms, ceiling)

    def on_frame(self, at_ms: int, frame: bytearray) -> int:
        """Take in a frame received at `at_ms`; return FRAME_OK, or why it was not acted on (counted in faults)."""
        return lib.evenload_cluster_on_frame(self._struct, at_ms, ffi.from_buffer("uint8_t[]", frame))

    def tick(self, now_ms: int) -> None:
        """Do what is due at `now_ms`, after the frames that have arrived."""
        lib.evenload_cluster_tick(self._struct, now_ms)

    def take_outbox(self, now_ms: int, frame: bytearray) -> int:
        """Write the most urgent frame into `frame` (16 bytes) and return 1; 0 when there is none."""
        return lib.evenload_cluster_take_outbox(self._struct, now_ms, ffi.from_buffer("uint8_t[]", frame))

    def next_due_ms(self, now_ms: int) -> int:
        """Return in how many ms (0 .. CLUSTER_BEAT_MS) a tick can matter if no frame arrives before."""
        return lib.evenload_cluster_next_due_ms(self._struct, now_ms)

    def on_stored(self, now_ms: int, ceiling: int) -> None:
        """Count on a term ceiling that the owner has stored durably."""
        lib.evenload_cluster_on_stored(self._struct, now_ms, ceiling)

    def order(self, now_ms: int, code: int, value: int) -> int:
        """Obey the owner: code ORDER_*; return ORDER_DONE or why not (negative)."""
        return lib.evenload_cluster_order(self._struct, now_ms, code, value)

    def take_trace(self, into: array) -> int:
        """Write the oldest transition into `into` (TRACE_SIZE numbers) and return 1; 0 when there is none."""
        return lib.evenload_cluster_take_trace(self._struct, ffi.from_buffer("int32_t[]", into))

    def snapshot(self, now_ms: int, into: array) -> None:
        """Write everything that can be shown into `into` (SNAPSHOT_SIZE numbers, SNAPSHOT_* offsets)."""
        lib.evenload_cluster_snapshot(self._struct, now_ms, ffi.from_buffer("int32_t[]", into))

    def has_lease(self, now_ms: int) -> int:
        """Return 1 while this node leads and may act."""
        return lib.evenload_cluster_has_lease(self._struct, now_ms)

    def stand_down(self, now_ms: int, reason: int, target: int) -> None:
        """Give up leading, in favour of `target` (0: of whoever is elected)."""
        lib.evenload_cluster_stand_down(self._struct, now_ms, reason, target)

    def apply_plan(self, now_ms: int) -> None:
        """Follow what now stands in `plan`."""
        lib.evenload_cluster_apply_plan(self._struct, now_ms)

    def successor(self) -> int:
        """Return the best healthy voter that has applied the present plan, or 0."""
        return lib.evenload_cluster_successor(self._struct)

    def may_succeed(self, src: int) -> int:
        """Return 1 when voter `src` is ready, healthy and has applied the present plan."""
        return lib.evenload_cluster_may_succeed(self._struct, src)
