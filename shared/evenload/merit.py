"""Which unit of a load comes first (SPEC, load sharing). Mirror: csrc/src/merit.c. A part of dispatch.

A unit is 10 W; unit u of a member is the one that makes its share u. The order is a property of the members
alone. Ties go to the lower slot. `dispatch` is a prepared Dispatch: its columns `room`, `bound`, `weight`,
`slope` (room * weight), `linear` and `cubic` are inside their ranges.

ramp        real-valued rule: x = min(bound, max(0, room * (1 - L * weight / 100))) with the one L at which the
            sum is the demand. A unit is due when the falling L makes x reach u - 1/2, that is at
            L / 50 = (2 * (room - u) + 1) / slope; the largest L comes first.
efficiency  cost of u units: linear * u + cubic * u^3 / room^2; the unit that costs least comes first (in
            1 / 2^18 of a coefficient), then that of the member that is loaded least in relation to its room.
"""

from evenload.wire import DISPATCH_COST_MAX, DISPATCH_COUNT_MAX, DISPATCH_POLICY_EFFICIENCY

_PRICE_BITS = 18
# The dearest unit: linear, and three times cubic at full load.
PRICE_MAX = 4 * DISPATCH_COST_MAX << _PRICE_BITS


def is_loaded(dispatch, slot: int, target: int) -> bool:
    """Return whether a member of the ramp has load: those before it carry no more than `target` at its start."""
    weight = dispatch.weight[slot]
    carried = 0
    for other in range(DISPATCH_COUNT_MAX):
        if dispatch.weight[other] < weight:
            load = dispatch.room[other] * (weight - dispatch.weight[other])
            carried += min(load, dispatch.bound[other] * weight)
    return carried <= target * weight


def due_at(dispatch, slot: int, slope_sum: int, excess: int) -> int:
    """Return how many units of a member are due where L is 100 * excess / slope_sum; slope_sum: 1 .."""
    due = (2 * dispatch.room[slot] + 1) * slope_sum - 2 * excess * dispatch.slope[slot]
    return max(0, min(due // (2 * slope_sum), dispatch.bound[slot]))


def affordable(dispatch, slot: int, price: int) -> int:
    """Return how many units of a member cost `price` or less; price: -1 .. PRICE_MAX."""
    square = dispatch.room[slot] * dispatch.room[slot]
    budget = (((price + 1) * square - 1) >> _PRICE_BITS) - dispatch.linear[slot] * square
    low = 0
    high = dispatch.bound[slot]
    while low < high:
        middle = (low + high + 1) // 2
        if dispatch.cubic[slot] * _steepness(middle) <= budget:
            low = middle
        else:
            high = middle - 1
    return low


def precedes(dispatch, slot: int, unit: int, other: int, other_unit: int) -> bool:
    """Return whether a unit comes before one of a lower slot: in a tie it does not. Units: 1 .. room."""
    room = dispatch.room[slot]
    other_room = dispatch.room[other]
    if dispatch.policy == DISPATCH_POLICY_EFFICIENCY:
        price = _price(dispatch, slot, unit)
        other_price = _price(dispatch, other, other_unit)
        if price != other_price:
            return price < other_price
        return (2 * unit - 1) * other_room < (2 * other_unit - 1) * room
    due = (2 * (room - unit) + 1) * dispatch.slope[other]
    return due > (2 * (other_room - other_unit) + 1) * dispatch.slope[slot]


def _steepness(unit):
    """Return what the cubic term adds to the cost with this unit, times room^2 / cubic."""
    return 3 * unit * (unit - 1) + 1


def _price(dispatch, slot, unit):
    square = dispatch.room[slot] * dispatch.room[slot]
    cost = dispatch.linear[slot] * square + dispatch.cubic[slot] * _steepness(unit)
    return (cost << _PRICE_BITS) // square
