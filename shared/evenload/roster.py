"""The voters of a cluster as the load rule sees them: places, capacities, ranks. Mirror: csrc/src/roster.c.

A plan has a slot for each voter, in the order of their sources. Columns by source, 1 .. 15, are configuration,
equal on every node: `rated_10w`, load `rank` (0 carries most) and the costs of the efficiency policy.
"""

from array import array

from evenload.dispatch import Dispatch, effective
from evenload.wire import (
    CLUSTER_COLUMN_COUNT,
    DERATE_OUT,
    DISPATCH_CAP_PERCENT_DEFAULT,
    DISPATCH_MASTER_NONE,
    PLAN_CAP_PERCENT,
    PLAN_DEMAND_10W,
    PLAN_DERATE,
    PLAN_MASTER,
    PLAN_MODE,
    PLAN_RANK,
    PLAN_SLOT_COUNT,
)


class Roster:
    """voter_mask: bits 1 .. 15, at most PLAN_SLOT_COUNT of them."""

    def __init__(self, voter_mask: int):
        self.count = 0
        self.source = [0] * PLAN_SLOT_COUNT
        self.slot = [-1] * CLUSTER_COLUMN_COUNT
        self.rated_10w = [0] * CLUSTER_COLUMN_COUNT
        self.rank = [0] * CLUSTER_COLUMN_COUNT
        self.cost_linear = [0] * CLUSTER_COLUMN_COUNT
        self.cost_cubic = [1] * CLUSTER_COLUMN_COUNT
        self.dispatch = Dispatch()
        self.dispatch.cap_percent = DISPATCH_CAP_PERCENT_DEFAULT
        for src in range(1, CLUSTER_COLUMN_COUNT):
            if voter_mask & (1 << src) and self.count < PLAN_SLOT_COUNT:
                self.rank[src] = self.count
                self.slot[src] = self.count
                self.source[self.count] = src
                self.count += 1

    def members(self, plan: array) -> int:
        """Return the bits of the sources that a plan (PLAN_SIZE numbers) gives a part to."""
        mask = 0
        for slot in range(self.count):
            if plan[PLAN_DERATE + slot] != DERATE_OUT:
                mask |= 1 << self.source[slot]
        return mask

    def solve(self, plan: array, mask: int) -> int:
        """Share a plan's demand among those of its members that are in `mask`; return what is unmet, in 10 W.

        The shares are in `dispatch.share_10w`, by slot.
        """
        dispatch = self.dispatch
        dispatch.count = self.count
        dispatch.policy = plan[PLAN_MODE]
        dispatch.cap_percent = plan[PLAN_CAP_PERCENT]
        dispatch.master = DISPATCH_MASTER_NONE
        for slot in range(self.count):
            src = self.source[slot]
            derate = plan[PLAN_DERATE + slot] if mask & (1 << src) else DERATE_OUT
            dispatch.effective_10w[slot] = effective(self.rated_10w[src], derate)
            dispatch.rank[slot] = plan[PLAN_RANK + slot]
            dispatch.cost_linear[slot] = self.cost_linear[src]
            dispatch.cost_cubic[slot] = self.cost_cubic[src]
            if src == plan[PLAN_MASTER]:
                dispatch.master = slot
        return dispatch.solve(plan[PLAN_DEMAND_10W])
