"""Weighted max-min fairness on the tree of circuits by progressive filling (SPEC, Allocation; mirror:
csrc/src/fairness.c).

A water level t rises (1/256 mA per unit of weight). An admitted station holds its minimum until w * t
reaches it, then follows w * t, and stops at its ceiling or when a cell (a circuit's phase) on its path is
full. Every cell keeps the room beyond what is frozen and what still holds its minimum, and the weight W of
the stations that follow the level; it is full at t = floor(room * 256 / W). Freezing at floor(w * t / 256),
rounded down to the step, never lowers another cell's level, only an activation does. So the three kinds of
change happen in the order of their level; of one level activations come first, then ceilings, then cells;
equal ones in the order of their index.
"""

from evenload import wire
from evenload.circuits import take_from_path
from evenload.columns import Columns
from evenload.wire import STATUS_ADMITTED, STATUS_FROZEN, STATUS_PENDING, STATUS_RISING


def fill_level(room_ma: int, weight: int) -> int:
    """Return floor(room_ma * 256 / weight), at most 2^29, in halves that stay below 2^30.

    room_ma: 0..6000000; weight: 1..2^25 - 1.
    """
    quotient = room_ma // weight
    if quotient >= wire.ALLOCATION_LEVEL_MAX >> 8:
        return wire.ALLOCATION_LEVEL_MAX
    rest = room_ma - quotient * weight
    high = rest * 16 // weight
    rest = rest * 16 - high * weight
    return quotient * 256 + high * 16 + rest * 16 // weight


class Fairness:
    """Raises the targets of one priority class at a time; the work arrays are sized at construction."""

    def __init__(self, columns: Columns):
        self._columns = columns
        count = columns.station_count
        self._starts = [0] * count
        self._tops = [0] * count
        self._start_level = [0] * count
        self._top_level = [0] * count
        self._scratch = [0] * count
        self._dirty = [0] * (3 * columns.circuit_count)

    def fill(self, priority: int) -> None:
        """Raise target_ma of every STATUS_ADMITTED station of class `priority` (0..7) as far as is fair.

        Takes what it gives from room_ma and leaves limiting_circuit and limiting_phase of those that a cell
        stopped.
        """
        c = self._columns
        count = self._collect(priority)
        sort_by_level(self._starts, self._start_level, count, self._scratch)
        sort_by_level(self._tops, self._top_level, count, self._scratch)
        start = top = 0
        while top < count:
            cell = self._fullest_cell()
            level = c.level[cell] if cell >= 0 else wire.ALLOCATION_LEVEL_MAX
            start_level = (
                self._start_level[self._starts[start]] if start < count else wire.ALLOCATION_LEVEL_MAX
            )
            top_level = self._top_level[self._tops[top]]
            if start_level <= top_level and start_level <= level:
                while start < count and self._start_level[self._starts[start]] == start_level:
                    self._activate(self._starts[start])
                    start += 1
            elif top_level <= level:
                while top < count and self._top_level[self._tops[top]] == top_level:
                    self._top_out(self._tops[top])
                    top += 1
            else:
                self._fill_up(cell, level)

    def _collect(self, priority):
        c = self._columns
        count = 0
        for k in range(3 * c.circuit_count):
            c.weight_sum[k] = 0
            c.level[k] = wire.ALLOCATION_LEVEL_MAX
            self._dirty[k] = 0
        for s in range(c.station_count):
            if c.status[s] == STATUS_ADMITTED and c.priority[s] == priority:
                weight = c.weight[s]
                if c.ceiling_ma[s] > c.low_ma[s]:
                    c.status[s] = STATUS_PENDING
                    self._starts[count] = s
                    self._tops[count] = s
                    self._start_level[s] = c.low_ma[s] * 256 // weight
                    self._top_level[s] = (c.ceiling_ma[s] * 256 + weight - 1) // weight
                    count += 1
        return count

    def _fullest_cell(self):
        """Return the cell that is full first, -1 if none will be; of equal ones the lowest index."""
        c = self._columns
        level, dirty, weight_sum = c.level, self._dirty, c.weight_sum
        best = -1
        best_level = wire.ALLOCATION_LEVEL_MAX
        for k in range(3 * c.circuit_count):
            if dirty[k]:
                dirty[k] = 0
                level[k] = (
                    fill_level(c.room_ma[k], weight_sum[k])
                    if weight_sum[k] > 0
                    else wire.ALLOCATION_LEVEL_MAX
                )
            if level[k] < best_level:
                best = k
                best_level = level[k]
        return best

    def _activate(self, s):
        if self._columns.status[s] == STATUS_PENDING:
            self._columns.status[s] = STATUS_RISING
            self._move(s, -self._columns.low_ma[s], -self._columns.weight[s])

    def _top_out(self, s):
        if self._columns.status[s] == STATUS_RISING:
            self._freeze(s, self._columns.ceiling_ma[s])

    def _freeze(self, s, grant_ma):
        self._columns.status[s] = STATUS_FROZEN
        self._columns.target_ma[s] = grant_ma
        self._move(s, grant_ma, self._columns.weight[s])

    def _move(self, s, amount_ma, weight):
        c = self._columns
        take_from_path(c, c.room_ma, s, amount_ma)
        take_from_path(c, c.weight_sum, s, weight)
        n = c.station_circuit[s]
        while n >= 0:
            self._dirty[3 * n] = self._dirty[3 * n + 1] = self._dirty[3 * n + 2] = 1
            n = c.circuit_parent[n]

    def _fill_up(self, cell, level):
        """Stop everyone below the full cell: those rising at the level, those pending at their minimum."""
        c = self._columns
        bit = 1 << cell % 3
        step_ma = c.settings.step_ma
        n = cell // 3
        for i in range(c.first_member[n], c.last_member[n]):
            s = c.members[i]
            if c.phase_mask[s] & bit and (c.status[s] == STATUS_PENDING or c.status[s] == STATUS_RISING):
                c.limiting_circuit[s] = n
                c.limiting_phase[s] = cell % 3
                if c.status[s] == STATUS_PENDING:
                    c.status[s] = STATUS_FROZEN
                else:
                    grant_ma = c.weight[s] * level // 256
                    self._freeze(s, max(grant_ma - grant_ma % step_ma, c.low_ma[s]))
        c.level[cell] = wire.ALLOCATION_LEVEL_MAX


def sort_by_level(items: list[int], level: list[int], count: int, scratch: list[int]) -> None:
    """Sort items[0 .. count - 1] by (level[item], position): stable, in place, O(n) when in order already."""
    run = 1
    for i in range(1, count):
        if level[items[i]] < level[items[i - 1]]:
            break
    else:
        return
    while run < count:
        _merge_runs(items, level, count, run, scratch)
        run *= 2


def _merge_runs(items, level, count, run, scratch):
    for first in range(0, count, 2 * run):
        middle = min(first + run, count)
        last = min(first + 2 * run, count)
        left = first
        right = middle
        for at in range(first, last):
            if left < middle and (right >= last or level[items[left]] <= level[items[right]]):
                scratch[at] = items[left]
                left += 1
            else:
                scratch[at] = items[right]
                right += 1
    for i in range(count):
        items[i] = scratch[i]
