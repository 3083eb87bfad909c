"""Whose turn it is when there is not enough for everyone (R4; SPEC, rotation). Mirror: csrc/src/rotation.c.

`Rotation(count)` keeps the turns of `count` stations. Settings to write: `slot_ms`, `on_min_ms`,
`off_min_ms`. Columns to read, per station: `contending`, `on`, `held` (inside its minimum on or off time),
`in_slot` (had current in this slot), `waited_slots`, `overdue`, `served_as` (ampere-seconds of this
session), `since_ms` (of the last change of `on`).

One round of the allocator, per class of priority:
  1. once: `tick(now_ms)`; per charging station: `on_drawn(index, measured_ma, granted_ma, passed_ms)`.
  2. after a slot boundary (tick returned 1) and when members or places changed:
     `mark_overdue(member, count, place_count)`, for the members of a class, and again for the members of any
     narrower bottleneck; marks add up until the boundary.
  3. `order(member, count) -> eligible count`: sorts the station numbers in place; admit from the front, shed
     from the end. Keep `member` between rounds: an order that still holds is only checked.
  4. for every member: `set_on(index, now_ms, is_on)` with the outcome, unchanged ones too.
A car comes with `join(index)` and goes with `leave(index)`.

The order is: just on (inside the minimum on-time); on and inside its slot; overdue (longest wait, then
least served); all others (least served, then longest wait); then the index. Not eligible, at the end: off
for less than off_min_ms. Served is compared as it was at the last boundary or change of `on`, so that an
order holds for a whole slot.

Overdue. With N members, k places and W = ceil(N / k) - 1, nobody may wait more than W slots. A station that
has waited w slots can still afford W - w. If, for some s < W, more than k * (s + 1) members can afford s
slots or fewer, the surplus has to be served now: as many of the longest waiting become overdue as the worst
s demands, and whoever has waited as long as the last of them. This keeps the bound for EVs of any appetite,
not only for identical ones: every group of equal slack stays small enough to be served in time (the
induction is in tests/shared/test_rotation.py).
"""

from evenload.ticks import add_ms, elapsed_ms
from evenload.wire import (
    ROTATION_DRAWN_MA_MAX,
    ROTATION_DRAWN_MS_MAX,
    ROTATION_INSERTION_COUNT_MAX,
    ROTATION_OFF_MIN_MS_DEFAULT,
    ROTATION_ON_MIN_MS_DEFAULT,
    ROTATION_RANK_ABSENT,
    ROTATION_RANK_HELD_OFF,
    ROTATION_RANK_IN_SLOT,
    ROTATION_RANK_JUST_ON,
    ROTATION_RANK_OVERDUE,
    ROTATION_RANK_WAITING,
    ROTATION_SERVED_AS_MAX,
    ROTATION_SLOT_MS_DEFAULT,
    ROTATION_WAITED_MAX,
)

_MA_MS_PER_AS = 1000000


class Rotation:
    """The turns of `count` (up to ROTATION_STATION_COUNT_MAX) stations, sized at construction."""

    def __init__(self, count: int):
        self.count = count
        self.slot_ms = ROTATION_SLOT_MS_DEFAULT
        self.on_min_ms = ROTATION_ON_MIN_MS_DEFAULT
        self.off_min_ms = ROTATION_OFF_MIN_MS_DEFAULT
        self.is_started = 0
        self.slot_start_ms = 0
        self.contending = [0] * count
        self.on = [0] * count
        self.held = [0] * count
        self.in_slot = [0] * count
        self.since_ms = [0] * count
        self.waited_slots = [0] * count
        self.overdue = [0] * count
        self.served_as = [0] * count
        self.served_ma_ms = [0] * count
        self.ranked_as = [0] * count
        # Scratch: the sort key of a station in two halves of less than 30 bits, and the count of each slack.
        self._high = [0] * count
        self._low = [0] * count
        self._slack_count = [0] * (count + 1)

    def join(self, index: int) -> None:
        """Begin a charging session: the station contends, unserved, and no minimum time holds it."""
        self._clear(index, 1)

    def leave(self, index: int) -> None:
        """End the charging session: the station contends no more."""
        self._clear(index, 0)

    def on_drawn(self, index: int, measured_ma: int, granted_ma: int, passed_ms: int) -> None:
        """Count what a station drew in `passed_ms`: measured, or granted when not measured (negative).

        The currents are sums over its phases, cut at ROTATION_DRAWN_MA_MAX; passed_ms is cut at
        ROTATION_DRAWN_MS_MAX.
        """
        drawn_ma = measured_ma if measured_ma >= 0 else granted_ma
        drawn_ma = max(0, min(drawn_ma, ROTATION_DRAWN_MA_MAX))
        passed_ms = max(0, min(passed_ms, ROTATION_DRAWN_MS_MAX))
        # 10^5 mA * 10^4 ms + 10^6 stays below 2^30.
        rest_ma_ms = self.served_ma_ms[index] + drawn_ma * passed_ms
        served_as = self.served_as[index] + rest_ma_ms // _MA_MS_PER_AS
        self.served_ma_ms[index] = rest_ma_ms % _MA_MS_PER_AS
        self.served_as[index] = min(served_as, ROTATION_SERVED_AS_MAX)

    def set_on(self, index: int, now_ms: int, is_on: int) -> None:
        """Record whether a station has current from this round on; is_on: 0 or 1."""
        if is_on:
            if not self.on[index]:
                self._change(index, now_ms, 1)
            self.in_slot[index] = 1
            self.waited_slots[index] = 0
            self.overdue[index] = 0
        elif self.on[index]:
            self._change(index, now_ms, 0)

    def tick(self, now_ms: int) -> int:
        """End minimum times and slots that are over; return 1 at a slot boundary, else 0."""
        for index in range(self.count):
            if self.held[index]:
                min_ms = self.on_min_ms if self.on[index] else self.off_min_ms
                if elapsed_ms(now_ms, self.since_ms[index]) >= min_ms:
                    self.held[index] = 0
        if not self.is_started:
            self.is_started = 1
            self.slot_start_ms = now_ms
        passed_ms = elapsed_ms(now_ms, self.slot_start_ms)
        if 0 <= passed_ms < self.slot_ms:
            return 0
        # The clock keeps its beat; after a gap of whole slots (or a jump back) it starts anew.
        keeps_beat = self.slot_ms <= passed_ms < 2 * self.slot_ms
        self.slot_start_ms = add_ms(self.slot_start_ms, self.slot_ms) if keeps_beat else now_ms
        for index in range(self.count):
            self._end_slot(index)
        return 1

    def mark_overdue(self, member: list, count: int, place_count: int) -> None:
        """Mark who has to be served now among member[0 .. count - 1], given `place_count` served places.

        member: array of station indexes, each once. Members that do not contend are left out.
        """
        contender_count = 0
        for place in range(count):
            contender_count += self.contending[member[place]]
        place_count = max(place_count, 1)
        wait_max = (contender_count + place_count - 1) // place_count - 1
        if wait_max <= 0:
            return
        slack_count = self._slack_count
        for slack in range(wait_max + 1):
            slack_count[slack] = 0
        for place in range(count):
            index = member[place]
            if self.contending[index]:
                slack_count[wait_max - min(self.waited_slots[index], wait_max)] += 1
        urgent_slack = self._urgent_slack(wait_max, place_count)
        for place in range(count):
            index = member[place]
            if self.contending[index] and wait_max - min(self.waited_slots[index], wait_max) <= urgent_slack:
                self.overdue[index] = 1

    def order(self, member: list, count: int) -> int:
        """Sort member[0 .. count - 1] into the order of turns, in place; return how many are eligible.

        member: array of station indexes, each once; len(member) >= count.
        """
        eligible_count = 0
        is_ordered = True
        for place in range(count):
            index = member[place]
            eligible_count += self._set_key(index)
            if is_ordered and place and self._precedes(index, member[place - 1]):
                is_ordered = False
        if not is_ordered:
            if count <= ROTATION_INSERTION_COUNT_MAX:
                self._insert(member, count)
            else:
                self._sort(member, count)
        return eligible_count

    def _clear(self, index, contends):
        self.contending[index] = contends
        self.on[index] = 0
        self.held[index] = 0
        self.in_slot[index] = 0
        self.since_ms[index] = 0
        self.waited_slots[index] = 0
        self.overdue[index] = 0
        self.served_as[index] = 0
        self.served_ma_ms[index] = 0
        self.ranked_as[index] = 0

    def _change(self, index, now_ms, is_on):
        self.on[index] = is_on
        self.since_ms[index] = now_ms
        self.held[index] = 1
        self.ranked_as[index] = self.served_as[index]

    def _end_slot(self, index):
        if self.on[index] or self.in_slot[index] or not self.contending[index]:
            self.waited_slots[index] = 0
        elif self.waited_slots[index] < ROTATION_WAITED_MAX:
            self.waited_slots[index] += 1
        self.in_slot[index] = 0
        self.overdue[index] = 0
        self.ranked_as[index] = self.served_as[index]

    def _urgent_slack(self, wait_max, place_count):
        """Return the largest slack that has to be served now, -1 if none."""
        within_count = 0
        urgent_count = 0
        capacity_count = 0
        for slack in range(wait_max):
            within_count += self._slack_count[slack]
            urgent_count = max(urgent_count, within_count - capacity_count)
            capacity_count += place_count
        within_count = 0
        urgent_slack = -1
        while within_count < urgent_count:
            urgent_slack += 1
            within_count += self._slack_count[urgent_slack]
        return urgent_slack

    def _set_key(self, index):
        """Store the sort key of a station; return 1 if it is eligible, else 0."""
        rank = self._rank(index)
        inverse_wait = ROTATION_WAITED_MAX - self.waited_slots[index]
        before_served = inverse_wait if rank == ROTATION_RANK_OVERDUE else 0
        after_served = inverse_wait if rank == ROTATION_RANK_WAITING else 0
        served_as = self.ranked_as[index]
        self._high[index] = (rank << 22) | (before_served << 12) | (served_as >> 12)
        self._low[index] = ((served_as & 0xFFF) << 10) | after_served
        return 1 if rank < ROTATION_RANK_HELD_OFF else 0

    def _rank(self, index):
        if not self.contending[index]:
            return ROTATION_RANK_ABSENT
        if self.on[index]:
            if self.held[index]:
                return ROTATION_RANK_JUST_ON
            if self.in_slot[index]:
                return ROTATION_RANK_IN_SLOT
        elif self.held[index]:
            return ROTATION_RANK_HELD_OFF
        return ROTATION_RANK_OVERDUE if self.overdue[index] else ROTATION_RANK_WAITING

    def _precedes(self, index, other):
        if self._high[index] != self._high[other]:
            return self._high[index] < self._high[other]
        if self._low[index] != self._low[other]:
            return self._low[index] < self._low[other]
        return index < other

    def _insert(self, member, count):
        """Insertion sort: boards have few stations, and it allocates nothing."""
        for place in range(1, count):
            index = member[place]
            while place > 0 and self._precedes(index, member[place - 1]):
                member[place] = member[place - 1]
                place -= 1  # noqa: PLW2901
            member[place] = index

    def _sort(self, member, count):
        """Sort many members by one integer each; this allocates, which only hosts are asked to do."""
        keys = []
        for place in range(count):
            index = member[place]
            keys.append((self._high[index] << 39) | (self._low[index] << 17) | index)
        keys.sort()
        for place in range(count):
            member[place] = keys[place] & 0x1FFFF
