"""What this node delivers: its part of the plan, or more while others are missing. Mirror: csrc/src/cover.c.

Nobody waits for a master to replace lost cooling. The load rule is population monotone: a node that shares the
last plan's demand among those it still hears takes at least its planned part, and whoever hears fewer takes more,
so all shares together cover the demand however their views differ. A share is raised at once and lowered only
when every living member has applied the same plan, one heartbeat later at the earliest (make before break).
"""

from array import array

from evenload.dispatch import effective
from evenload.ticks import elapsed_ms
from evenload.wire import (
    BASIS_ALONE,
    BASIS_BOOT,
    BASIS_CONTINGENCY,
    BASIS_EMERGENCY,
    BASIS_ISOLATED,
    BASIS_PLAN,
    CLUSTER_ALONE_MS,
    CLUSTER_BEAT_MS,
    CLUSTER_COLUMN_COUNT,
    CLUSTER_EMERGENCY_HOLD_MS,
    CLUSTER_RETURN_MS,
    DERATE_FULL,
    PLAN_DEMAND_10W,
    PLAN_SEQ,
    PLAN_SHARE_10W,
    PLAN_TERM,
    TRACE_SHARE,
)


class Cover:
    """The share of node `src`; `applied_10w` is what its pump has to deliver now."""

    def __init__(self, src: int, voter_mask: int):
        self.src = src
        self.own_bit = (1 << src) & voter_mask if src < CLUSTER_COLUMN_COUNT else 0
        self.health = DERATE_FULL
        self.is_isolated = 0
        self.has_emergency = 0
        self.emergency_ms = 0
        self.has_plan = 0
        self.member_mask = 0
        self.view_mask = 0
        self.share_10w = 0
        self.unmet_10w = 0
        self.is_returning = 0
        self.return_ms = 0
        self.is_leaderless = 0
        self.leaderless_ms = 0
        self.is_alone = 0
        self.is_lowering = 0
        self.lower_ms = 0
        self.basis = BASIS_BOOT
        self.target_10w = 0
        self.applied_10w = 0

    def capacity_10w(self, roster) -> int:
        """Return what this node can deliver with its present health."""
        return effective(roster.rated_10w[self.src], self.health) if self.own_bit else 0

    def on_plan(self, plan: array, roster) -> None:
        """Take over a plan that has just been applied."""
        self.has_plan = 1
        self.member_mask = roster.members(plan)
        self.view_mask = self.member_mask
        self.is_returning = 0
        self.share_10w = plan[PLAN_SHARE_10W + roster.slot[self.src]] if self.own_bit else 0
        unmet_10w = plan[PLAN_DEMAND_10W]
        for slot in range(roster.count):
            unmet_10w -= plan[PLAN_SHARE_10W + slot]
        self.unmet_10w = unmet_10w if unmet_10w > 0 else 0

    def on_emergency(self, at_ms: int) -> None:
        """Deliver all there is, until CLUSTER_EMERGENCY_HOLD_MS after the last call."""
        self.has_emergency = 1
        self.emergency_ms = at_ms

    def on_clock_step(self, now_ms: int) -> None:
        """Start every span anew: the clock went back."""
        self.emergency_ms = now_ms
        self.leaderless_ms = now_ms
        self.return_ms = now_ms
        self.lower_ms = now_ms

    def tick(self, now_ms: int, election, peers, roster, plan: array) -> int:
        """Find the share for what is known now; return 1 when what is delivered, or why, has changed."""
        self._tick_timers(now_ms, election.leader != 0 or election.is_booting())
        if self.has_plan:
            self._look(now_ms, election.leader, peers, roster, plan)
        was_10w = self.applied_10w
        was_basis = self.basis
        capacity_10w = self.capacity_10w(roster)
        self.target_10w = self._target_10w(election.is_booting(), capacity_10w)
        if self.target_10w >= self.applied_10w:
            self.is_lowering = 0
            self.applied_10w = self.target_10w
        else:
            self._lower(now_ms, peers, plan, capacity_10w)
        return int(self.applied_10w != was_10w or self.basis != was_basis)

    def note(self, now_ms: int, post) -> None:
        """Put what is delivered into the trace."""
        post.trace(now_ms, TRACE_SHARE, self.applied_10w, self.basis, self.target_10w)

    def _tick_timers(self, now_ms, is_led):
        if self.has_emergency:
            passed_ms = elapsed_ms(now_ms, self.emergency_ms)
            if passed_ms >= CLUSTER_EMERGENCY_HOLD_MS:
                self.has_emergency = 0
        if is_led:
            self.is_leaderless = 0
            self.is_alone = 0
        elif not self.is_leaderless:
            self.is_leaderless = 1
            self.leaderless_ms = now_ms
        elif elapsed_ms(now_ms, self.leaderless_ms) >= CLUSTER_ALONE_MS:
            self.is_alone = 1

    def _look(self, now_ms, leader, peers, roster, plan):
        """Shrink the view at once; let it grow back only under a living leader that has not planned anew."""
        seen = peers.ready_mask & ~peers.out_mask | self.own_bit
        if self.view_mask & ~seen:
            self.view_mask &= seen
            self.is_returning = 0
            self._solve(roster, plan)
        elif self.view_mask != self.member_mask:
            if not leader or self.member_mask & ~seen:
                self.is_returning = 0
            elif not self.is_returning:
                self.is_returning = 1
                self.return_ms = now_ms
            elif elapsed_ms(now_ms, self.return_ms) >= CLUSTER_RETURN_MS:
                self.on_plan(plan, roster)

    def _solve(self, roster, plan):
        self.unmet_10w = roster.solve(plan, self.view_mask)
        self.share_10w = roster.dispatch.share_10w[roster.slot[self.src]] if self.own_bit else 0

    def _target_10w(self, is_booting, capacity_10w):
        if self.is_isolated:
            self.basis = BASIS_ISOLATED
            return 0
        if self.has_emergency:
            self.basis = BASIS_EMERGENCY
            return capacity_10w
        if is_booting:
            self.basis = BASIS_BOOT
            return 0
        is_member = self.member_mask & self.own_bit
        # Without a plan, or outside a plan that those who are left can't carry, nobody else will do it.
        if self.is_alone and (not self.has_plan or (not is_member and self.unmet_10w > 0)):
            self.basis = BASIS_ALONE
            return capacity_10w
        if not self.has_plan:
            return self.applied_10w
        self.basis = BASIS_PLAN if self.view_mask == self.member_mask else BASIS_CONTINGENCY
        share_10w = self.share_10w if is_member else 0
        return share_10w if share_10w < capacity_10w else capacity_10w

    def _lower(self, now_ms, peers, plan, capacity_10w):
        if self.is_isolated:
            self.applied_10w = 0
            return
        if self.applied_10w > capacity_10w:
            self.applied_10w = capacity_10w
        if not self.is_lowering:
            self.is_lowering = 1
            self.lower_ms = now_ms
        if elapsed_ms(now_ms, self.lower_ms) >= CLUSTER_BEAT_MS and self._others_have_applied(peers, plan):
            self.is_lowering = 0
            self.applied_10w = self.target_10w

    def _others_have_applied(self, peers, plan):
        if not self.has_plan:
            return True
        waited_for = self.member_mask & peers.ready_mask & ~self.own_bit
        for src in range(1, CLUSTER_COLUMN_COUNT):
            if waited_for & (1 << src) and not peers.has_applied(src, plan[PLAN_TERM], plan[PLAN_SEQ]):
                return False
        return True
