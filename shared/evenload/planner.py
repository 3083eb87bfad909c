"""What the leader decides: who carries which part of the load, said until all have it. Mirror: csrc/src/planner.c.

A plan is made when something it says is no longer so: a voter fell silent or came back, its health changed, or
the operator wants something else. It is sent CLUSTER_REPEAT_COUNT times, then repeated every heartbeat while a
living voter reports another. A voter that comes back is given half, nine tenths, then all of its capacity, a
second each, unless the load needs it at once. At most CLUSTER_UNACKED_MAX plans wait for a quorum; changes
beyond that coalesce into the next one. A term has at most PLAN_SEQ_MAX plans; the leader hands over before they end.
"""

from array import array

from evenload import plan
from evenload.dispatch import effective, n1_lost
from evenload.ticks import add_ms, elapsed_ms, is_due_within
from evenload.wire import (
    CAN_DST_ALL,
    CAN_TYPE_PLAN,
    CLUSTER_BEAT_MS,
    CLUSTER_COLUMN_COUNT,
    CLUSTER_RAMP_STEP_MS,
    CLUSTER_REPEAT_COUNT,
    CLUSTER_REPEAT_MS,
    CLUSTER_UNACKED_MAX,
    DERATE_50,
    DERATE_90,
    DERATE_FULL,
    DERATE_OUT,
    DISPATCH_CAP_PERCENT_DEFAULT,
    DISPATCH_DEMAND_10W_MAX,
    DISPATCH_POLICY_RAMP,
    PLAN_CAP_PERCENT,
    PLAN_DEMAND_10W,
    PLAN_DERATE,
    PLAN_MASTER,
    PLAN_MODE,
    PLAN_RANK,
    PLAN_SEQ,
    PLAN_SEQ_MAX,
    PLAN_SHARE_10W,
    PLAN_SLOT_COUNT,
    PLAN_SUPPLY_CK,
    PLAN_SUPPLY_CK_DEFAULT,
    PLAN_TERM,
)


class Planner:
    """The plans of node `src` while it leads; demand, cap, supply and policy are what its operator wants."""

    def __init__(self, src: int, voter_count: int):
        self.src = src
        self.demand_10w = DISPATCH_DEMAND_10W_MAX
        self.cap_percent = DISPATCH_CAP_PERCENT_DEFAULT
        self.supply_ck = PLAN_SUPPLY_CK_DEFAULT
        self.policy = DISPATCH_POLICY_RAMP
        self.health = DERATE_FULL
        self.ramp_mask = 0
        self.committed_seq = 0
        self.made_ms = 0
        self.burst_left = 0
        self.burst_ms = 0
        self.repeat_ms = 0
        self.unmet_10w = 0
        self.is_n1_lost = 0
        self.derate = [0] * PLAN_SLOT_COUNT
        self.packer = plan.Packer(voter_count)

    def adopt(self, current: array) -> None:
        """Want what the applied plan `current` (PLAN_SIZE numbers) says: it survives the leader that made it."""
        self.demand_10w = current[PLAN_DEMAND_10W]
        self.cap_percent = current[PLAN_CAP_PERCENT]
        self.supply_ck = current[PLAN_SUPPLY_CK]
        self.policy = current[PLAN_MODE]

    def begin(self, now_ms: int, term: int, current: array, roster, peers) -> None:
        """Lead `term`: write its first plan over `current`. Who was no member of the last one comes back slowly."""
        self.ramp_mask = 0
        if current[PLAN_SEQ]:
            self.ramp_mask = peers.voter_mask & ~roster.members(current) & ~(1 << self.src)
        self.committed_seq = 0
        current[PLAN_TERM] = term
        current[PLAN_SEQ] = 0
        self._choose(now_ms, roster, peers)
        self._write(now_ms, current, roster)

    def tick(self, now_ms: int, current: array, roster, peers, quorum: int) -> int:
        """Note a commit and make a new plan over `current` if it has to change; return 1 if it did."""
        if self._applied_count(current, roster, peers) >= quorum:
            self.committed_seq = current[PLAN_SEQ]
        self._choose(now_ms, roster, peers)
        urgency = self._urgency(current, roster)
        is_rested = elapsed_ms(now_ms, self.made_ms) >= CLUSTER_REPEAT_MS
        unacked = current[PLAN_SEQ] - self.committed_seq
        if urgency == 0 or unacked >= CLUSTER_UNACKED_MAX or not (is_rested or urgency == 2):
            return 0
        if current[PLAN_SEQ] >= PLAN_SEQ_MAX:
            return 0
        self._write(now_ms, current, roster)
        return 1

    def say(self, now_ms: int, current: array, peers, post) -> None:
        """Send the plan when it is time to."""
        if self.burst_left > 0:
            if is_due_within(now_ms, self.burst_ms, CLUSTER_REPEAT_MS):
                self._send(now_ms, post)
                self.burst_left -= 1
                self.burst_ms = add_ms(now_ms, CLUSTER_REPEAT_MS)
                self.repeat_ms = add_ms(now_ms, CLUSTER_BEAT_MS)
        elif is_due_within(now_ms, self.repeat_ms, CLUSTER_BEAT_MS):
            self.repeat_ms = add_ms(now_ms, CLUSTER_BEAT_MS)
            if self._is_missed(current, peers):
                self._send(now_ms, post)

    def _applied_count(self, current, roster, peers):
        count = 1
        for slot in range(roster.count):
            src = roster.source[slot]
            if src != self.src and peers.alive_mask & (1 << src):
                count += peers.has_applied(src, current[PLAN_TERM], current[PLAN_SEQ])
        return count

    def _is_missed(self, current, peers):
        for src in range(1, CLUSTER_COLUMN_COUNT):
            if peers.alive_mask & (1 << src):
                if not peers.has_applied(src, current[PLAN_TERM], current[PLAN_SEQ]):
                    return True
        return False

    def _choose(self, now_ms, roster, peers):
        """Find the derate that each slot should have now; without the ramps if the load needs all at once."""
        self.ramp_mask |= peers.voter_mask & ~peers.ready_mask & ~(1 << self.src)
        rated_sum_10w = 0
        for slot in range(roster.count):
            src = roster.source[slot]
            derate = self.health if src == self.src else self._derate_of(now_ms, src, peers)
            self.derate[slot] = derate
            rated_sum_10w += effective(roster.rated_10w[src], derate)
        if rated_sum_10w < self.demand_10w:
            for slot in range(roster.count):
                src = roster.source[slot]
                if src != self.src and peers.ready_mask & (1 << src):
                    self.derate[slot] = peers.health[src]

    def _derate_of(self, now_ms, src, peers):
        bit = 1 << src
        if not peers.ready_mask & bit:
            return DERATE_OUT
        health = peers.health[src]
        if not self.ramp_mask & bit:
            return health
        passed_ms = elapsed_ms(now_ms, peers.since_ms[src])
        if passed_ms < 0 or passed_ms >= 3 * CLUSTER_RAMP_STEP_MS:
            self.ramp_mask &= ~bit
            return health
        ramp = DERATE_90
        if passed_ms < CLUSTER_RAMP_STEP_MS:
            ramp = DERATE_OUT
        elif passed_ms < 2 * CLUSTER_RAMP_STEP_MS:
            ramp = DERATE_50
        return ramp if ramp > health else health

    def _urgency(self, current, roster):
        """Return 0 when the plan says what it should, 1 when it does not, 2 when it counts on too much."""
        urgency = 0
        for slot in range(roster.count):
            if current[PLAN_DERATE + slot] < self.derate[slot]:
                return 2
            if current[PLAN_DERATE + slot] != self.derate[slot]:
                urgency = 1
            if current[PLAN_RANK + slot] != roster.rank[roster.source[slot]]:
                urgency = 1
        if current[PLAN_DEMAND_10W] != self.demand_10w or current[PLAN_CAP_PERCENT] != self.cap_percent:
            return 1
        if current[PLAN_SUPPLY_CK] != self.supply_ck or current[PLAN_MODE] != self.policy:
            return 1
        return urgency

    def _write(self, now_ms, current, roster):
        current[PLAN_SEQ] = plan.next_seq(current[PLAN_SEQ])
        current[PLAN_MASTER] = self.src
        current[PLAN_MODE] = self.policy
        current[PLAN_DEMAND_10W] = self.demand_10w
        current[PLAN_CAP_PERCENT] = self.cap_percent
        current[PLAN_SUPPLY_CK] = self.supply_ck
        for slot in range(PLAN_SLOT_COUNT):
            is_used = slot < roster.count
            current[PLAN_RANK + slot] = roster.rank[roster.source[slot]] if is_used else 0
            current[PLAN_DERATE + slot] = self.derate[slot] if is_used else DERATE_OUT
            current[PLAN_SHARE_10W + slot] = 0
        self.unmet_10w = roster.solve(current, roster.members(current))
        self.is_n1_lost = n1_lost(roster.dispatch, self.demand_10w)
        for slot in range(roster.count):
            current[PLAN_SHARE_10W + slot] = roster.dispatch.share_10w[slot]
        self.packer.load(current, self.src)
        self.made_ms = now_ms
        self.burst_left = CLUSTER_REPEAT_COUNT
        self.burst_ms = now_ms

    def _send(self, now_ms, post):
        for index in range(self.packer.chunk_count):
            self.packer.chunk(index, post.identifier(CAN_TYPE_PLAN, CAN_DST_ALL), post.frame)
            post.put(now_ms)
