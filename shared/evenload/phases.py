"""Terminals and site phases, switching between one and three, and unbalance (R13). Mirror: csrc/src/phases.c.

A wiring (WIRING_*) names the site phases of a station's terminals in order: "L2-L3-L1" puts terminal 1 on
L2. A mask has bit 0 for L1, bit 1 for L2, bit 2 for L3. A wiring that nobody knows counts on all three
phases, whatever is drawn.

Functions: `terminal_count(wiring)`, `mask(wiring, phase_count)`, `site_phase(wiring, terminal)`,
`unbalance_ma(l1, l2, l3)`, `room_ma(l1, l2, l3, mask, unbalance_ma_max)`, `best_phase(l1, l2, l3, mask)`.

`PhaseSwitch(count)` decides for `count` stations. Settings: `up_ms`, `pause_ms`, `surplus_ma`,
`switch_count_max`. Columns: `min_ma[i]` (to write), `phase_count[i]` (1 or 3), `pausing[i]`,
`switch_count[i]`. Methods: `start(index, phase_count)` at the begin of a session, `choose(index, now_ms,
one_ma, three_ma) -> 0, 1 or 3` each round.

Down at once: with three phases in use and less than `min_ma` free on one of them, one phase is taken if
that has `min_ma` free. Up late: all three phases have `min_ma` + `surplus_ma` free for `up_ms` without a
break. The surplus is R13's 200 W: at 230 V on three phases that is 200 / 690 A, rounded up to 290 mA on
each. Around a change nothing is granted for `pause_ms` (0 is returned). A session has at most
`switch_count_max` changes; an up is refused if the down after it would exceed them.
"""

from evenload.ticks import elapsed_ms
from evenload.wire import (
    EV_MIN_CURRENT_MA,
    NO_CAP_MA,
    PHASE_NONE,
    PHASES_SURPLUS_MA_DEFAULT,
    PHASES_SWITCH_COUNT_MAX_DEFAULT,
    PHASES_SWITCH_PAUSE_MS_DEFAULT,
    PHASES_SWITCH_UP_MS_DEFAULT,
    WIRING_UNKNOWN,
)

# The site phases of each wiring's terminals, two bits each (0..2, 3 = no terminal), terminal 1 lowest; in
# the order of WIRING_NAMES.
_TERMINALS = (0x24, 0x18, 0x21, 0x09, 0x12, 0x06, 0x3C, 0x3D, 0x3E, 0x34, 0x39, 0x32, 0x24)


def terminal_count(wiring: int) -> int:
    """Return how many phases a station of this wiring can draw on: 1, 2 or 3 (unknown: 3)."""
    count = 0
    for terminal in range(3):
        if (_TERMINALS[wiring] >> (2 * terminal)) & 3 != 3:
            count += 1
    return count


def mask(wiring: int, phase_count: int) -> int:
    """Return the site phases that `phase_count` (0..3) drawn phases load, as a mask 0..7.

    A station draws on its first terminals; one with fewer terminals loads those it has.
    """
    if wiring == WIRING_UNKNOWN:
        return 7 if phase_count > 0 else 0
    bits = 0
    for terminal in range(phase_count):
        # A missing terminal shifts its bit to place 3, which the mask cuts off.
        bits |= 1 << ((_TERMINALS[wiring] >> (2 * terminal)) & 3)
    return bits & 7


def site_phase(wiring: int, terminal: int) -> int:
    """Return the site phase 0..2 of a terminal 0..2; PHASE_NONE where there is none or nobody knows."""
    phase = (_TERMINALS[wiring] >> (2 * terminal)) & 3
    return PHASE_NONE if phase == 3 or wiring == WIRING_UNKNOWN else phase


def unbalance_ma(l1_ma: int, l2_ma: int, l3_ma: int) -> int:
    """Return the largest difference between two phases."""
    return max(l1_ma, l2_ma, l3_ma) - min(l1_ma, l2_ma, l3_ma)


def room_ma(l1_ma: int, l2_ma: int, l3_ma: int, phase_mask: int, unbalance_ma_max: int) -> int:
    """Return the largest current that may be added on every phase of `phase_mask` (1..7), 0 .. NO_CAP_MA.

    The phases of the mask may exceed the others by `unbalance_ma_max`; where they already do, 0. All three
    phases together shift no balance: NO_CAP_MA. An unbalance among the others is not theirs to repair.
    """
    loaded_ma = -NO_CAP_MA
    spared_ma = NO_CAP_MA
    if phase_mask & 1:
        loaded_ma = max(loaded_ma, l1_ma)
    else:
        spared_ma = min(spared_ma, l1_ma)
    if phase_mask & 2:
        loaded_ma = max(loaded_ma, l2_ma)
    else:
        spared_ma = min(spared_ma, l2_ma)
    if phase_mask & 4:
        loaded_ma = max(loaded_ma, l3_ma)
    else:
        spared_ma = min(spared_ma, l3_ma)
    if spared_ma == NO_CAP_MA or loaded_ma == -NO_CAP_MA:
        return NO_CAP_MA
    return max(0, min(unbalance_ma_max + spared_ma - loaded_ma, NO_CAP_MA))


def best_phase(l1_ma: int, l2_ma: int, l3_ma: int, phase_mask: int) -> int:
    """Return the phase 0..2 of `phase_mask` (1..7) on which a load unbalances least.

    That is the least loaded one; of equals the lowest.
    """
    best = PHASE_NONE
    best_ma = NO_CAP_MA
    if phase_mask & 1 and l1_ma < best_ma:
        best = 0
        best_ma = l1_ma
    if phase_mask & 2 and l2_ma < best_ma:
        best = 1
        best_ma = l2_ma
    if phase_mask & 4 and l3_ma < best_ma:
        best = 2
    return best


class PhaseSwitch:
    """One or three phases for each of `count` stations, sized at construction."""

    def __init__(self, count: int):
        self.count = count
        self.up_ms = PHASES_SWITCH_UP_MS_DEFAULT
        self.pause_ms = PHASES_SWITCH_PAUSE_MS_DEFAULT
        self.surplus_ma = PHASES_SURPLUS_MA_DEFAULT
        self.switch_count_max = PHASES_SWITCH_COUNT_MAX_DEFAULT
        self.min_ma = [EV_MIN_CURRENT_MA] * count
        self.phase_count = [3] * count
        self.pausing = [0] * count
        self.paused_ms = [0] * count
        self.surplus = [0] * count
        self.surplus_ms = [0] * count
        self.switch_count = [0] * count

    def start(self, index: int, phase_count: int) -> None:
        """Begin a session on `phase_count` phases (1 or 3), without a pause."""
        self.phase_count[index] = phase_count
        self.pausing[index] = 0
        self.paused_ms[index] = 0
        self.surplus[index] = 0
        self.surplus_ms[index] = 0
        self.switch_count[index] = 0

    def choose(self, index: int, now_ms: int, one_ma: int, three_ma: int) -> int:
        """Return on how many phases current may be granted in this round: 1 or 3, 0 while pausing.

        one_ma: free for this station on its single phase; three_ma: on each of all three. Negative counts
        as none.
        """
        if self.pausing[index]:
            if 0 <= elapsed_ms(now_ms, self.paused_ms[index]) < self.pause_ms:
                return 0
            self.pausing[index] = 0
        min_ma = self.min_ma[index]
        if self.phase_count[index] == 3:
            if three_ma < min_ma <= one_ma and self.switch_count[index] < self.switch_count_max:
                return self._switch(index, now_ms, 1)
        elif self._is_surplus_due(index, now_ms, three_ma >= min_ma + self.surplus_ma):
            return self._switch(index, now_ms, 3)
        return self.phase_count[index]

    def _is_surplus_due(self, index, now_ms, is_surplus):
        """Latch how long the surplus has lasted; 0 none, 1 counting, 2 long enough."""
        if not is_surplus:
            self.surplus[index] = 0
            return False
        if self.surplus[index] == 0:
            self.surplus[index] = 1
            self.surplus_ms[index] = now_ms
        if self.surplus[index] == 1 and elapsed_ms(now_ms, self.surplus_ms[index]) >= self.up_ms:
            self.surplus[index] = 2
        return self.surplus[index] == 2 and self.switch_count[index] + 2 <= self.switch_count_max

    def _switch(self, index, now_ms, phase_count):
        self.phase_count[index] = phase_count
        self.pausing[index] = 1
        self.paused_ms[index] = now_ms
        self.surplus[index] = 0
        self.switch_count[index] += 1
        return 0
