"""How a cooling load is shared among the units of a cluster (SPEC, load sharing). Mirror: csrc/src/dispatch.c.

Everything is in units of 10 W and integer. `Dispatch.solve(demand_10w)` puts all units of all members into one
order and gives the first `demand_10w` of them; what there are not enough units for is returned as unmet. The
order is a property of the members alone, so that taking a member away, or derating it, never takes a unit from
another; a node that sees fewer members than there are can only take too much upon itself, never too little.

The order has two classes: units up to a member's bound (its effective capacity; of the master only cap_percent
of it), then the master's units above. Within the first class a policy decides:

  ramp        real-valued rule: x = min(bound, max(0, e * (1 - L * w / 100))), w = min(95, 20 + 10 * rank), with
              the one L at which the sum is the demand. Unit u of a member is due when the falling L makes its x
              reach u - 1/2, that is at L / 50 = (2 * (e - u) + 1) / (e * w); the largest L comes first.
  efficiency  cost of u units: linear * u + cubic * u^3 / e^2; the unit that costs least comes first (in 1 /
              2^18 of a coefficient), then the member that is loaded least in relation to its e.

Ties go to the lower slot. Whole units cannot follow the real-valued rule exactly; rounding down and giving the
rest to the largest fractions comes nearer, but takes units from survivors when a member goes, which this order
cannot. Numbers may exceed 30 bits: it runs when a plan or the view of the members changes, not in every tick.
"""

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

_PRICE_BITS = 18
# The dearest unit: linear, and three times cubic at full load.
_PRICE_MAX = 4 * DISPATCH_COST_MAX << _PRICE_BITS
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
        # Scratch: effective_10w and the costs inside their ranges, what the first class may give, weights.
        self._room = [0] * DISPATCH_COUNT_MAX
        self._bound = [0] * DISPATCH_COUNT_MAX
        self._weight = [0] * DISPATCH_COUNT_MAX
        self._linear = [0] * DISPATCH_COUNT_MAX
        self._cubic = [0] * DISPATCH_COUNT_MAX

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
            extra = min(left, self._room[self.master] - self._bound[self.master])
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
            self._room[slot] = room
            self._bound[slot] = bound
            rank = max(0, min(self.rank[slot], DISPATCH_COUNT_MAX))
            self._weight[slot] = min(_WEIGHT_FIRST + _WEIGHT_STEP * rank, _WEIGHT_MAX)
            self._linear[slot] = max(0, min(self.cost_linear[slot], DISPATCH_COST_MAX))
            self._cubic[slot] = max(1, min(self.cost_cubic[slot], DISPATCH_COST_MAX))
            self.share_10w[slot] = 0
            bound_sum += bound
        return bound_sum

    def _start_ramp(self, target):
        """Take every unit that is due at the real-valued rule's L: at most count / 2 too many or too few."""
        room_sum = 0
        slope_sum = 0
        for slot in range(DISPATCH_COUNT_MAX):
            if self._room[slot] > 0 and self._is_loaded(slot, target):
                room_sum += self._room[slot]
                slope_sum += self._room[slot] * self._weight[slot]
        if slope_sum == 0:
            return
        # L / 100 = excess / slope_sum.
        excess = room_sum - target
        if 0 <= self.master < DISPATCH_COUNT_MAX:
            room = self._room[self.master]
            bound = self._bound[self.master]
            slope = room * self._weight[self.master]
            # Where the master would be above its bound it stands at it, and the others share the rest.
            if (room - bound) * slope_sum > excess * slope and slope_sum > slope:
                slope_sum -= slope
                excess -= room - bound
        for slot in range(DISPATCH_COUNT_MAX):
            room = self._room[slot]
            due = (room * 2 + 1) * slope_sum - 2 * excess * room * self._weight[slot]
            self.share_10w[slot] = max(0, min(due // (2 * slope_sum), self._bound[slot]))

    def _is_loaded(self, slot, target):
        """Return whether the members of smaller weight carry no more than `target` where this one begins."""
        weight = self._weight[slot]
        carried = 0
        for other in range(DISPATCH_COUNT_MAX):
            if self._weight[other] < weight:
                load = self._room[other] * (weight - self._weight[other])
                carried += min(load, self._bound[other] * weight)
        return carried <= target * weight

    def _start_efficiency(self, target):
        """Take every unit up to the highest price at which they are not more than `target`."""
        low = -1
        high = _PRICE_MAX
        while high - low > 1:
            price = (low + high) // 2
            total = 0
            for slot in range(DISPATCH_COUNT_MAX):
                total += self._affordable(slot, price)
            if total > target:
                high = price
            else:
                low = price
            if total == target:
                break
        for slot in range(DISPATCH_COUNT_MAX):
            self.share_10w[slot] = self._affordable(slot, low)

    def _affordable(self, slot, price):
        """Return how many units of a member cost `price` or less."""
        square = self._room[slot] * self._room[slot]
        budget = (((price + 1) * square - 1) >> _PRICE_BITS) - self._linear[slot] * square
        low = 0
        high = self._bound[slot]
        while low < high:
            middle = (low + high + 1) // 2
            if self._cubic[slot] * (3 * middle * (middle - 1) + 1) <= budget:
                low = middle
            else:
                high = middle - 1
        return low

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
            if self.share_10w[slot] < self._bound[slot] and (
                first < 0 or self._precedes(slot, self.share_10w[slot] + 1, first, self.share_10w[first] + 1)
            ):
                first = slot
        return first

    def _last_slot(self):
        """Return the member whose last unit is the last in the order."""
        last = -1
        for slot in range(DISPATCH_COUNT_MAX):
            if self.share_10w[slot] > 0 and (
                last < 0 or not self._precedes(slot, self.share_10w[slot], last, self.share_10w[last])
            ):
                last = slot
        return last

    def _precedes(self, slot, unit, other, other_unit):
        """Return whether a unit comes before one of a lower slot: in a tie it does not."""
        room = self._room[slot]
        other_room = self._room[other]
        if self.policy == DISPATCH_POLICY_EFFICIENCY:
            price = self._price(slot, unit)
            other_price = self._price(other, other_unit)
            if price != other_price:
                return price < other_price
            return (2 * unit - 1) * other_room < (2 * other_unit - 1) * room
        due = (2 * (room - unit) + 1) * other_room * self._weight[other]
        return due > (2 * (other_room - other_unit) + 1) * room * self._weight[slot]

    def _price(self, slot, unit):
        square = self._room[slot] * self._room[slot]
        cost = self._linear[slot] * square + self._cubic[slot] * (3 * unit * (unit - 1) + 1)
        return (cost << _PRICE_BITS) // square


def effective(rated_10w: int, derate: int) -> int:
    """Return the capacity that a unit has at a derate (DERATE_*), rounded down; out or unknown: 0."""
    if derate == DERATE_FULL:
        percent = 100
    elif derate == DERATE_90:
        percent = 90
    elif derate == DERATE_50:
        percent = 50
    else:
        percent = 0
    return rated_10w * percent // 100


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
