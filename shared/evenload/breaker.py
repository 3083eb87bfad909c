"""The thermal model of a breaker (R7). Mirror: csrc/src/breaker.c.

`Breaker(count)` models `count` cells (3 * circuit + phase). Columns to write: `rated_ma[i]` (0 = no model),
`curve[i]` (BREAKER_CURVE_*). Columns to read: `heat[i]`, `heat_permille[i]`, `action[i]`. Methods:
`reset(index)`, `on_measured(index, now_ms, current_ma) -> BREAKER_ACTION_*`.

The model never delays a set-point decrease and permits nothing: the allocator cuts at once (R1, R6). It
times only the next step, suspending, when the measured current stays above the rating although the
set-points are already cut. Whoever guards a limit below the breaker's rating sets `rated_ma` to that limit:
the model then acts earlier.

Heat runs from 0 to BREAKER_HEAT_FULL. A current is held until the next reading: while the held current lies
above the rating, heat rises so that it is full after the action time of its ratio; otherwise it falls, from
full to zero in BREAKER_COOL_MS, so that repeated short overloads add up. A silent meter cools nothing
beyond BREAKER_GAP_MS. SUSPEND is latched when heat is full and the reading is above the rating; it ends
when the heat has fallen to BREAKER_RECOVER_PERMILLE.

A curve is BREAKER_ROW_COUNT rows of `ratio_permille[8 * curve + row]`, rising, and `action_ms[8 * curve +
row]`; the last row whose ratio the current exceeds holds; a ratio of 0 ends the table; an action time of 0
means the next reading. Rows may be rewritten before the first reading, and BREAKER_CURVE_CUSTOM is there
for it.
"""

from evenload.ticks import elapsed_ms
from evenload.wire import (
    BREAKER_ACTION_NONE,
    BREAKER_ACTION_SUSPEND,
    BREAKER_COOL_MS,
    BREAKER_CURVE_COUNT,
    BREAKER_GAP_MS,
    BREAKER_HEAT_FULL,
    BREAKER_RECOVER_PERMILLE,
    BREAKER_ROW_COUNT,
    NOT_MEASURED_MA,
)

# (ratio permille, action ms) rows of each curve, in the order of BREAKER_CURVE_NAMES. Sources: the default
# is R7. A miniature breaker holds 1.13 In for an hour and 2.55 In for 1 s (IEC 60898-1, table 7). The
# standard names no lower edge in between: the rows lie below the straight line, on double-logarithmic
# paper, from 30 s at 1.45 In to 1 s at 2.55 In, and above that below the adiabatic line, up to the magnetic
# release at 3, 5 or 10 In. A gG fuse holds 1.25 In for an hour (IEC 60269-1); its rows lie below the
# pre-arcing gates of a 16 A link.
_DEFAULT_ROWS = ((1000, 60000), (1130, 30000), (1400, 10000), (2000, 0))
_MCB_ROWS = ((1000, 60000), (1130, 30000), (1400, 10000), (1700, 4000), (2000, 1000))
_CURVE_ROWS = (
    _DEFAULT_ROWS,
    _MCB_ROWS + ((2550, 500), (3000, 0)),
    _MCB_ROWS + ((2550, 200), (5000, 0)),
    _MCB_ROWS + ((2550, 200), (5000, 50), (10000, 0)),
    ((1000, 600000), (1250, 60000), (1600, 8000), (2000, 1000), (3000, 250), (4000, 100), (5000, 0)),
    _DEFAULT_ROWS,
)


class Breaker:
    """`count` thermal cells, sized at construction. Columns: see the module."""

    def __init__(self, count: int):
        self.count = count
        self.rated_ma = [0] * count
        self.curve = [0] * count
        self.heat = [0] * count
        self.heat_permille = [0] * count
        self.action = [BREAKER_ACTION_NONE] * count
        self.held_ma = [NOT_MEASURED_MA] * count
        self.held_ms = [0] * count
        self.ratio_permille = [0] * (BREAKER_CURVE_COUNT * BREAKER_ROW_COUNT)
        self.action_ms = [0] * (BREAKER_CURVE_COUNT * BREAKER_ROW_COUNT)
        for curve in range(BREAKER_CURVE_COUNT):
            for row in range(len(_CURVE_ROWS[curve])):
                place = BREAKER_ROW_COUNT * curve + row
                self.ratio_permille[place], self.action_ms[place] = _CURVE_ROWS[curve][row]

    def reset(self, index: int) -> None:
        """Make a cell cold and forget its last reading, as after replacing the breaker."""
        self.heat[index] = 0
        self.heat_permille[index] = 0
        self.action[index] = BREAKER_ACTION_NONE
        self.held_ma[index] = NOT_MEASURED_MA
        self.held_ms[index] = 0

    def on_measured(self, index: int, now_ms: int, current_ma: int) -> int:
        """Take a reading and return what to do: BREAKER_ACTION_NONE or BREAKER_ACTION_SUSPEND.

        current_ma: 0 .. 10^7, rounded up; NOT_MEASURED_MA keeps the reading before it in force. now_ms:
        ring time; a time before the last reading's counts as the same time. rated_ma: up to 10^7.
        """
        rated_ma = self.rated_ma[index]
        if rated_ma <= 0:
            return BREAKER_ACTION_NONE
        held_ma = self.held_ma[index]
        if held_ma != NOT_MEASURED_MA:
            self._pass_time(index, elapsed_ms(now_ms, self.held_ms[index]), held_ma)
        if current_ma >= 0:
            held_ma = current_ma
        self.held_ma[index] = held_ma
        self.held_ms[index] = now_ms
        heat = self.heat[index]
        self.heat_permille[index] = heat // (BREAKER_HEAT_FULL // 1000)
        if heat >= BREAKER_HEAT_FULL and held_ma > rated_ma:
            self.action[index] = BREAKER_ACTION_SUSPEND
        elif self.heat_permille[index] <= BREAKER_RECOVER_PERMILLE:
            self.action[index] = BREAKER_ACTION_NONE
        return self.action[index]

    def _pass_time(self, index, passed_ms, held_ma):
        """Warm or cool a cell by `passed_ms` of the current that was held."""
        if passed_ms <= 0:
            return
        heat = self.heat[index]
        if held_ma > self.rated_ma[index]:
            heat += self._warmth(index, passed_ms, held_ma)
            heat = min(heat, BREAKER_HEAT_FULL)
        else:
            passed_ms = min(passed_ms, BREAKER_GAP_MS)
            heat -= passed_ms * (BREAKER_HEAT_FULL // BREAKER_COOL_MS)
            heat = max(heat, 0)
        self.heat[index] = heat

    def _warmth(self, index, passed_ms, held_ma):
        """Return the heat of `passed_ms` at `held_ma`, rounded up."""
        whole, rest = self.rated_ma[index] // 1000, self.rated_ma[index] % 1000
        place = BREAKER_ROW_COUNT * self.curve[index]
        end = place + BREAKER_ROW_COUNT
        action_ms = self.action_ms[place]
        while place < end:
            ratio = self.ratio_permille[place]
            # The threshold is floored, which decides a whole number of mA above it exactly.
            if ratio == 0 or held_ma <= whole * ratio + rest * ratio // 1000:
                break
            action_ms = self.action_ms[place]
            place += 1
        if passed_ms >= action_ms:
            return BREAKER_HEAT_FULL
        return passed_ms * ((BREAKER_HEAT_FULL + action_ms - 1) // action_ms)
