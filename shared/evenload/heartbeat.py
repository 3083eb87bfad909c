"""Who is there: the voters as their frames show them (SPEC, cluster). Mirror: csrc/src/heartbeat.c.

Columns by source, 1 .. 15. Any frame of a voter is a sign of life; CLUSTER_DETECT_MS of silence end it, for good
until the next frame. A voter is `ready` when it is alive and has said more than that it is starting.
"""

from array import array

from evenload import plan
from evenload.ticks import elapsed_ms
from evenload.wire import (
    BEAT_CAPACITY,
    BEAT_COUNTER,
    BEAT_HEALTH,
    BEAT_LEADER,
    BEAT_LOAD,
    BEAT_LOAD_UNKNOWN,
    BEAT_PLAN_SEQ,
    BEAT_ROLE,
    BEAT_TERM,
    CLUSTER_COLUMN_COUNT,
    CLUSTER_DETECT_MS,
    DERATE_FULL,
    DERATE_OUT,
    ROLE_FOLLOWER,
)


def is_starting(fields: array) -> int:
    """Return 1 for the heartbeat of a node in BOOT: a follower of nobody that offers no capacity yet."""
    return int(
        fields[BEAT_ROLE] == ROLE_FOLLOWER
        and fields[BEAT_LEADER] == 0
        and fields[BEAT_CAPACITY] == BEAT_LOAD_UNKNOWN
    )


class Heartbeat:
    """The other voters of `voter_mask` (bits 1 .. 15) as node `src` hears them."""

    def __init__(self, src: int, voter_mask: int):
        self.src = src
        self.voter_mask = voter_mask
        self.alive_mask = 0
        self.ready_mask = 0
        self.out_mask = 0
        self.is_known = [0] * CLUSTER_COLUMN_COUNT
        self.heard_ms = [0] * CLUSTER_COLUMN_COUNT
        self.since_ms = [0] * CLUSTER_COLUMN_COUNT
        self.term = [0] * CLUSTER_COLUMN_COUNT
        self.leader = [0] * CLUSTER_COLUMN_COUNT
        self.role = [0] * CLUSTER_COLUMN_COUNT
        self.health = [0] * CLUSTER_COLUMN_COUNT
        self.plan_seq = [0] * CLUSTER_COLUMN_COUNT
        self.load = [BEAT_LOAD_UNKNOWN] * CLUSTER_COLUMN_COUNT
        self.capacity = [BEAT_LOAD_UNKNOWN] * CLUSTER_COLUMN_COUNT
        self.counter = [0] * CLUSTER_COLUMN_COUNT
        self.lost = [0] * CLUSTER_COLUMN_COUNT

    def on_life(self, src: int, at_ms: int) -> None:
        """Note a sign of life of voter `src`, received at `at_ms`."""
        self.heard_ms[src] = at_ms
        self.alive_mask |= 1 << src

    def on_counter(self, src: int, counter: int) -> None:
        """Count the frames of `src` that never came, by the gap in its counter (0 .. 15)."""
        if self.is_known[src]:
            gap = (counter - self.counter[src] - 1) & 15
            # A frame delivered twice shows as a gap of 15.
            if gap < 15:
                self.lost[src] = (self.lost[src] + gap) & 0xFFFFFF
        self.counter[src] = counter
        self.is_known[src] = 1

    def on_beat(self, src: int, at_ms: int, fields: array) -> None:
        """Take over what a heartbeat of voter `src` says; fields: as canframe.decode leaves them."""
        self.on_counter(src, fields[BEAT_COUNTER])
        bit = 1 << src
        if is_starting(fields):
            self.ready_mask &= ~bit
        elif not self.ready_mask & bit:
            self.ready_mask |= bit
            self.since_ms[src] = at_ms
        self.out_mask &= ~bit
        if fields[BEAT_HEALTH] == DERATE_OUT:
            self.out_mask |= bit
        self.term[src] = fields[BEAT_TERM]
        self.leader[src] = fields[BEAT_LEADER]
        self.role[src] = fields[BEAT_ROLE]
        self.health[src] = fields[BEAT_HEALTH]
        self.plan_seq[src] = fields[BEAT_PLAN_SEQ]
        self.load[src] = fields[BEAT_LOAD]
        self.capacity[src] = fields[BEAT_CAPACITY]

    def tick(self, now_ms: int) -> None:
        """End the life of whoever has been silent for CLUSTER_DETECT_MS."""
        for src in range(1, CLUSTER_COLUMN_COUNT):
            bit = 1 << src
            if self.alive_mask & bit:
                silent_ms = elapsed_ms(now_ms, self.heard_ms[src])
                if silent_ms >= CLUSTER_DETECT_MS:
                    self.alive_mask &= ~bit
                    self.ready_mask &= ~bit
                    self.is_known[src] = 0
                elif silent_ms < 0:  # The clock went back: what was heard was heard now at the latest.
                    self.heard_ms[src] = now_ms

    def ready_count(self) -> int:
        """Return how many other voters are ready."""
        count = 0
        for src in range(1, CLUSTER_COLUMN_COUNT):
            count += (self.ready_mask >> src) & 1
        return count

    def precedes(self, src: int, own_health: int) -> int:
        """Return 1 when `src` goes before this node as master: healthy before degraded, then by source."""
        own_key = (CLUSTER_COLUMN_COUNT if own_health != DERATE_FULL else 0) + self.src
        key = (CLUSTER_COLUMN_COUNT if self.health[src] != DERATE_FULL else 0) + src
        return int(key < own_key)

    def rank_among(self, mask: int, own_health: int) -> int:
        """Return how many ready voters of `mask` go before this node as master."""
        count = 0
        for src in range(1, CLUSTER_COLUMN_COUNT):
            if mask & self.ready_mask & (1 << src) and self.precedes(src, own_health):
                count += 1
        return count

    def rank(self, own_health: int, left_out: int) -> int:
        """Return how many ready voters go before this node as master.

        left_out: the source that does not count, the suspected or resigned leader (0: none).
        """
        return self.rank_among(self.voter_mask & ~(1 << left_out), own_health)

    def has_newer_plan(self, term: int, seq: int) -> int:
        """Return 1 when a living voter has applied a newer plan than (term, seq)."""
        for src in range(1, CLUSTER_COLUMN_COUNT):
            if self.alive_mask & (1 << src) and self.plan_seq[src]:
                if plan.newer(self.term[src], self.plan_seq[src], term, seq):
                    return 1
        return 0

    def has_applied(self, src: int, term: int, seq: int) -> int:
        """Return 1 when the last heartbeat of `src` says that it applied plan (term, seq)."""
        return int(self.plan_seq[src] == seq and self.term[src] == term)

    def next_silence_ms(self, now_ms: int, cap_ms: int) -> int:
        """Return in how many ms (0 .. cap_ms) the next voter falls silent if nobody speaks."""
        rest_ms = cap_ms
        for src in range(1, CLUSTER_COLUMN_COUNT):
            if self.alive_mask & (1 << src):
                left_ms = CLUSTER_DETECT_MS - elapsed_ms(now_ms, self.heard_ms[src])
                if left_ms < rest_ms:
                    rest_ms = left_ms
        return rest_ms if rest_ms > 0 else 0
