"""The allocation round: who may charge with how much current, so that no fuse is ever exceeded (SPEC,
Allocation; mirror: csrc/src/allocation.c).

One `tick` is one round: stations and meters are taken in (compliance, breaker, circuits), every station
gets a ceiling (ceiling), minimums are admitted in the order of class and turn, the rest is shared fairly
inside each class (fairness), grants move towards those targets (slew), and a guard that shares no code with
the sharing sums everything again. A round may be called at any time: a decrease never waits for anything.
"""

from evenload import ticks, wire
from evenload.ceiling import set_ceilings
from evenload.circuits import (
    index_members,
    intake,
    set_phases,
    sum_below,
    take_from_path,
    tightest_cell,
    watch_breakers,
)
from evenload.columns import Columns, mask_phases
from evenload.compliance import grow_age, observe
from evenload.errors import ConfigError
from evenload.fairness import STATUS_ADMITTED, Fairness, sort_by_level
from evenload.setup import find_fault
from evenload.slew import explain, regulate

_RANKS_PER_PRIORITY = 4


class Allocation(Columns):
    """One site's allocator. Write the setup columns, `seal()`, then write inputs and `tick` about once a
    second.

    circuit_count: 1..8192; station_count: 0..32768. Cost of a round: O(n log n) in the stations.
    """

    def __init__(self, circuit_count: int, station_count: int):
        super().__init__(circuit_count, station_count)
        self._fairness = Fairness(self)
        self._scratch = [0] * station_count

    def seal(self) -> None:
        """Validate the setup columns and derive what the rounds need; raise ConfigError for the first
        fault.
        """
        fault = find_fault(self)
        if fault > 0:
            key = wire.ALLOCATION_FAULT_KEYS[fault]
            column = getattr(self, key, None)
            if column is None:
                value = getattr(self.settings, key)
                raise ConfigError("settings." + key, value, wire.ALLOCATION_FAULT_VALIDS[fault])
            value = column[self.fault_index]
            raise ConfigError(
                "{}[{}]".format(key, self.fault_index), value, wire.ALLOCATION_FAULT_VALIDS[fault]
            )
        step_ma = self.settings.step_ma
        for s in range(self.station_count):
            self.low_ma[s] = (self.min_ma[s] + step_ma - 1) // step_ma * step_ma
            self.high_ma[s] = self.max_ma[s] // step_ma * step_ma
            set_phases(self, s, 0)
            self.grant_phases[s] = mask_phases(self.phase_mask[s])
        index_members(self)
        self.sealed = 1

    def tick(self, now_ms: int) -> None:
        """Run one round at `now_ms` (ring ms): reads the input columns, writes the output columns and
        events.
        """
        if not self.sealed:
            return
        self._advance(now_ms)
        observe(self)
        intake(self)
        watch_breakers(self)
        set_ceilings(self)
        self._admit()
        regulate(self)
        explain(self)
        self._guard()
        for s in range(self.station_count):
            self.expires_ms[s] = ticks.add_ms(now_ms, self.settings.lease_ms)

    def _advance(self, now_ms):
        self.dt_ms = 0
        if self.started:
            self.dt_ms = max(ticks.elapsed_ms(now_ms, self.now_ms), 0)
            self.dt_ms = min(self.dt_ms, wire.ALLOCATION_AGE_MS_MAX)
            self.boot_age_ms = grow_age(self.boot_age_ms, self.dt_ms)
        self.started = 1
        self.now_ms = now_ms
        if not self.booted:
            unreported = 0
            for s in range(self.station_count):
                unreported += self.station_state[s] == wire.STATION_UNREPORTED
            self.booted = 1 if unreported == 0 or self.boot_age_ms >= self.settings.boot_wait_ms else 0

    def _admit(self):
        """Keep or take in stations in the order of class and turn while their minimum fits, then share the
        rest.
        """
        sum_below(self, self.over_ma, self.sum_ma)
        for k in range(3 * self.circuit_count):
            self.room_ma[k] = self.available_ma[k] - self.sum_ma[k]
        count = self._queue_up()
        classes = 0
        self.waiting_count = 0
        for i in range(count):
            s = self.queue[i]
            cell = tightest_cell(self, self.room_ma, s)
            if self.room_ma[cell] >= self.low_ma[s] + self._margin_ma(s):
                take_from_path(self, self.room_ma, s, self.low_ma[s])
                self.status[s] = STATUS_ADMITTED
                self.target_ma[s] = self.low_ma[s]
                classes |= 1 << self.priority[s]
            else:
                self.cause[s] = wire.REASON_WAITING_TURN
                self.limiting_circuit[s] = cell // 3
                self.limiting_phase[s] = cell % 3
                self.waiting_count += 1
        for priority in range(wire.ALLOCATION_PRIORITY_MAX + 1):
            if classes >> priority & 1:
                self._fairness.fill(priority)

    def _queue_up(self):
        """Write the stations that may charge into `queue` in the order of their turn; return how many."""
        count = 0
        for s in range(self.station_count):
            if self.ceiling_ma[s] > 0:
                on = self.grant_ma[s] > 0
                if not on and self.switch_age_ms[s] < self.settings.off_min_ms:
                    self.cause[s] = wire.REASON_WAITING_TURN
                    continue
                in_slot = on and self.switch_age_ms[s] < max(self.settings.slot_ms, self.settings.on_min_ms)
                self.rank[s] = (
                    self.priority[s] * _RANKS_PER_PRIORITY + self.idle[s] * 2 + (0 if in_slot else 1)
                )
                self.queue[count] = s
                count += 1
        sort_by_level(self.queue, self.served_as, count, self._scratch)
        sort_by_level(self.queue, self.rank, count, self._scratch)
        return count

    def _margin_ma(self, s):
        """Return what must fit beyond the minimum: a station shed a moment ago is not started to stop at
        once.
        """
        shed = self.grant_ma[s] == 0 and self.shed[s] and self.switch_age_ms[s] < self.settings.on_min_ms
        return self.settings.start_margin_ma if shed else 0

    def _guard(self):
        """Sum the final grants again and clamp whoever stands below a cell that they exceed; writes
        load_ma.
        """
        self._sum_loads()
        for k in range(3 * self.circuit_count):
            if self.load_ma[k] > self.available_ma[k] and self._clamp(k):
                self.guard_count += 1
                self.push_event(
                    wire.EVENT_GUARD_ACTED, k // 3, wire.CIRCUIT_NONE, self.load_ma[k] - self.available_ma[k]
                )
                self._sum_loads()
        for k in range(3 * self.circuit_count):
            self.load_ma[k] += self.base_ma[k]

    def _sum_loads(self):
        planned = self.held_phase_ma
        for s in range(self.station_count):
            for phase in range(3):
                i = 3 * s + phase
                planned[i] = self.over_ma[i]
                if self.phase_mask[s] >> phase & 1:
                    planned[i] += self.grant_ma[s]
        sum_below(self, planned, self.load_ma)

    def _clamp(self, k):
        """Stop the stations below cell k, the last in turn first, until the excess is gone; return how
        many.
        """
        excess_ma = self.load_ma[k] - self.available_ma[k]
        stopped = 0
        bit = 1 << k % 3
        for i in range(self.last_member[k // 3] - 1, self.first_member[k // 3] - 1, -1):
            s = self.members[i]
            if excess_ma > 0 and self.grant_ma[s] > 0 and self.phase_mask[s] & bit:
                excess_ma -= self.grant_ma[s]
                self.grant_ma[s] = 0
                self.set_age_ms[s] = 0
                self.switch_age_ms[s] = 0
                self.reason[s] = wire.REASON_GUARD
                self.limiting_circuit[s] = k // 3
                self.limiting_phase[s] = k % 3
                stopped += 1
        return stopped
