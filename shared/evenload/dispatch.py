"""How a cooling load is shared among the units of a cluster (SPEC, load sharing). Mirror: csrc/src/dispatch.c.

Everything is in units of 10 W and integer. `Dispatch.solve(demand_10w)` puts all units of all members into one
order and gives the first `demand_10w` of them; what there are not enough units for is returned as unmet. The
order is a property of the members alone, so that taking a member away, or derating it, never takes a unit from
another; a node that sees fewer members than there are can only take too much upon itself, never too little.

The order has two classes: units up to a member's bound (its effective capacity; of the master only cap_percent
of it), then the master's units above. The order within the first class is the policy's (`merit`). Whole units
cannot follow the real-valued rule exactly; rounding down and giving the rest to the largest fractions comes
nearer, but takes units from survivors when a member goes, which this order cannot. Numbers may exceed 30 bits:
it runs when a plan or the view of the members changes, not in every tick.
"""

from evenload.merit import PRICE_MAX, affordable, due_at, is_loaded, precedes
from evenload.wire import (
    DERATE_50,
    DERATE_90,
    DERATE_FULL,
    DISPATCH_CAP_PERCENT_DEFAULT,
    DISPATCH_COST_MAX,
    DISPATCH_COUNT_MAX,
    DISPATCH_MASTER_NONE,
    DISPATCH_POLICY_EFFICIENCY,
    DISPATCH_POLICY_RAMP,
    DISPATCH_RATED_10W_MAX,
)

_WEIGHT_FIRST = 20
_WEIGHT_STEP = 10
_WEIGHT_MAX = 95


class Dispatch:
    """The members of a cluster, by slot, and what each of them has to carry.

    Columns of DISPATCH_COUNT_MAX numbers to write: `effective_10w` (0 .. 65535; 0: not a member), `rank` (0 is
    loaded first), `cost_linear` (0 .. 1000) and `cost_cubic` (1 .. 1000; 0 counts as 1), both relative to the
    effective capacity. Scalars: `count` (slots in use), `policy` (DISPATCH_POLICY_*), `master` (a slot, or
    DISPATCH_MASTER_NONE), `cap_percent` (0 .. 100). To read: `share_10w`, `unmet_10w`. A number outside its
    range counts as the nearest one inside: a plan from the wire cannot break the rule.
    """

    def __init__(self):
        self.count = DISPATCH_COUNT_MAX
        self.policy = DISPATCH_POLICY_RAMP
        self.master = DISPATCH_MASTER_NONE
        self.cap_percent = DISPATCH_CAP_PERCENT_DEFAULT
        self.unmet_10w = 0
        self.effective_10w = [0] * DISPATCH_COUNT_MAX
        self.rank = [0] * DISPATCH_COUNT_MAX
        self.cost_linear = [0] * DISPATCH_COUNT_MAX
        self.cost_cubic = [0] * DISPATCH_COUNT_MAX
        self.share_10w = [0] * DISPATCH_COUNT_MAX
        # For merit: what was written, inside its range.
        self.room = [0] * DISPATCH_COUNT_MAX
        self.bound = [0] * DISPATCH_COUNT_MAX
        self.weight = [0] * DISPATCH_COUNT_MAX
        self.slope = [0] * DISPATCH_COUNT_MAX
        self.linear = [0] * DISPATCH_COUNT_MAX
        self.cubic = [0] * DISPATCH_COUNT_MAX

    def solve(self, demand_10w: int) -> int:
        """Share `demand_10w` (a negative one counts as 0) among the members and return what is unmet.

        Guarantees: sum of share_10w + unmet_10w == demand; 0 <= share <= effective; unmet > 0 only when every
        member carries all it can. O(count^2) for the ramp.
        """
        demand = max(demand_10w, 0)
        bound_sum = self._prepare()
        target = min(demand, bound_sum)
        if self.policy == DISPATCH_POLICY_EFFICIENCY:
            self._start_efficiency(target)
        else:
            self._start_ramp(target)
        self._settle(target)
        left = demand - target
        if left > 0 and 0 <= self.master < DISPATCH_COUNT_MAX:
            extra = min(left, self.room[self.master] - self.bound[self.master])
            self.share_10w[self.master] += extra
            left -= extra
        self.unmet_10w = left
        return left

    def _prepare(self):
        """Bring every number into its range; return the sum of the bounds."""
        cap_percent = max(0, min(self.cap_percent, 100))
        bound_sum = 0
        for slot in range(DISPATCH_COUNT_MAX):
            room = max(0, min(self.effective_10w[slot], DISPATCH_RATED_10W_MAX)) if slot < self.count else 0
            bound = room * cap_percent // 100 if slot == self.master else room
            self.room[slot] = room
            self.bound[slot] = bound
            rank = max(0, min(self.rank[slot], DISPATCH_COUNT_MAX))
            weight = min(_WEIGHT_FIRST + _WEIGHT_STEP * rank, _WEIGHT_MAX)
            self.weight[slot] = weight
            self.slope[slot] = room * weight
            self.linear[slot] = max(0, min(self.cost_linear[slot], DISPATCH_COST_MAX))
            self.cubic[slot] = max(1, min(self.cost_cubic[slot], DISPATCH_COST_MAX))
            self.share_10w[slot] = 0
            bound_sum += bound
        return bound_sum

    def _start_ramp(self, target):
        """Take every unit that is due at the real-valued rule's L: at most count / 2 too many or too few."""
        room_sum = 0
        slope_sum = 0
        for slot in range(DISPATCH_COUNT_MAX):
            if self.room[slot] > 0 and is_loaded(self, slot, target):
                room_sum += self.room[slot]
                slope_sum += self.slope[slot]
        if slope_sum == 0:
            return
        # L / 100 = excess / slope_sum.
        excess = room_sum - target
        if 0 <= self.master < DISPATCH_COUNT_MAX:
            over = self.room[self.master] - self.bound[self.master]
            slope = self.slope[self.master]
            # Where the master would be above its bound it stands at it, and the others share the rest.
            if over * slope_sum > excess * slope and slope_sum > slope:
                slope_sum -= slope
                excess -= over
        for slot in range(DISPATCH_COUNT_MAX):
            self.share_10w[slot] = due_at(self, slot, slope_sum, excess)

    def _start_efficiency(self, target):
        """Take every unit up to the highest price at which they are not more than `target`."""
        low = -1
        high = PRICE_MAX
        while high - low > 1:
            price = (low + high) // 2
            total = self._share_to(price)
            if total == target:
                return
            if total > target:
                high = price
            else:
                low = price
        self._share_to(low)

    def _share_to(self, price):
        """Make the units that cost `price` or less the shares, and return how many they are."""
        total = 0
        for slot in range(DISPATCH_COUNT_MAX):
            units = affordable(self, slot, price)
            self.share_10w[slot] = units
            total += units
        return total

    def _settle(self, target):
        """Give the next units, or take the last ones back, until `target` are given."""
        used = 0
        for slot in range(DISPATCH_COUNT_MAX):
            used += self.share_10w[slot]
        while used < target:
            self.share_10w[self._next_slot()] += 1
            used += 1
        while used > target:
            self.share_10w[self._last_slot()] -= 1
            used -= 1

    def _next_slot(self):
        """Return the member whose next unit is the first in the order."""
        first = -1
        for slot in range(DISPATCH_COUNT_MAX):
            if self.share_10w[slot] < self.bound[slot] and (
                first < 0 or precedes(self, slot, self.share_10w[slot] + 1, first, self.share_10w[first] + 1)
            ):
                first = slot
        return first

    def _last_slot(self):
        """Return the member whose last unit is the last in the order."""
        last = -1
        for slot in range(DISPATCH_COUNT_MAX):
            if self.share_10w[slot] > 0 and (
                last < 0 or not precedes(self, slot, self.share_10w[slot], last, self.share_10w[last])
            ):
                last = slot
        return last


def effective(rated_10w: int, derate: int) -> int:
    """Return the capacity (0 .. 65535) that a unit has at a derate (DERATE_*), floored; out or unknown: 0."""
    if derate == DERATE_FULL:
        percent = 100
    elif derate == DERATE_90:
        percent = 90
    elif derate == DERATE_50:
        percent = 50
    else:
        percent = 0
    return max(0, min(rated_10w, DISPATCH_RATED_10W_MAX)) * percent // 100


def n1_lost(dispatch, demand_10w: int) -> int:
    """Return 1 if the demand could not be carried without the largest member, else 0."""
    largest = 0
    total = 0
    for slot in range(DISPATCH_COUNT_MAX):
        if slot < dispatch.count:
            room = max(0, min(dispatch.effective_10w[slot], DISPATCH_RATED_10W_MAX))
            largest = max(largest, room)
            total += room
    return 1 if demand_10w > total - largest else 0
