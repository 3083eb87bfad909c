"""The allocation round: who may charge with how much current, so that no fuse is ever exceeded (SPEC,
Allocation; mirror: csrc/src/allocation.c).

One `tick` is one round: stations and meters are taken in (compliance, breaker, circuits), every station
gets a ceiling (ceiling), minimums are admitted in the order of class and turn, the rest is shared fairly
inside each class (fairness), grants move towards those targets (slew), and a guard that shares no code with
the sharing sums everything again. A round may be called at any time: a decrease never waits for anything.
"""

from evenload import ticks, wire
from evenload.admission import Admission
from evenload.ceiling import set_ceilings
from evenload.circuits import index_members, intake, sum_below, watch_breakers
from evenload.columns import Columns
from evenload.compliance import grow_age, observe
from evenload.errors import ConfigError
from evenload.fairness import Fairness
from evenload.phases import mask, terminal_count
from evenload.setup import find_fault
from evenload.slew import explain, regulate
from evenload.waterfill import fill


class Allocation(Columns):
    """One site's allocator. Write the setup columns, `seal()`, then write inputs and `tick` about once a
    second.

    circuit_count: 1..8192; station_count: 0..32768. Cost of a round: O(n log n) in the stations.
    """

    def __init__(self, circuit_count: int, station_count: int):
        super().__init__(circuit_count, station_count)
        self._admission = Admission(self)
        self._fairness = Fairness(self)

    def seal(self) -> None:
        """Validate the setup columns and derive what the rounds need; raise ConfigError for the first
        fault.
        """
        fault = find_fault(self)
        if fault > 0:
            key = wire.ALLOCATION_FAULT_KEYS[fault].format(self.fault_index)
            raise ConfigError(key, self.fault_value, wire.ALLOCATION_FAULT_VALIDS[fault])
        step_ma = self.settings.step_ma
        for s in range(self.station_count):
            self.low_ma[s] = (self.min_ma[s] + step_ma - 1) // step_ma * step_ma
            self.high_ma[s] = self.max_ma[s] // step_ma * step_ma
            self.phase_mask[s] = mask(self.wiring[s], 3)
            self.grant_phases[s] = terminal_count(self.wiring[s])
            self.phase_switch.min_ma[s] = self.low_ma[s]
        self.rotation.slot_ms = self.settings.slot_ms
        self.rotation.on_min_ms = self.settings.on_min_ms
        self.rotation.off_min_ms = self.settings.off_min_ms
        index_members(self)
        self._admission.index_classes()
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
        self._admission.take_turns()
        set_ceilings(self)
        classes = self._admission.admit()
        for priority in range(wire.ALLOCATION_PRIORITY_MAX + 1):
            if classes >> priority & 1:
                self._fairness.fill(priority)
        regulate(self)
        explain(self)
        self._guard()
        for s in range(self.station_count):
            is_on = 1 if self.grant_ma[s] > 0 or self.phase_switch.pausing[s] else 0
            self.rotation.set_on(s, now_ms, is_on)
            self.expires_ms[s] = ticks.add_ms(now_ms, self.settings.lease_ms)

    def _advance(self, now_ms):
        self.dt_ms = 0
        if self.started:
            self.dt_ms = max(ticks.elapsed_ms(now_ms, self.now_ms), 0)
            self.dt_ms = min(self.dt_ms, wire.ALLOCATION_AGE_MS_MAX)
            self.boot_age_ms = grow_age(self.boot_age_ms, self.dt_ms)
        self.started = 1
        self.now_ms = now_ms
        self.boundary = self.rotation.tick(now_ms)
        if not self.booted:
            unreported = 0
            for s in range(self.station_count):
                unreported += self.station_state[s] == wire.STATION_UNREPORTED
            self.booted = 1 if unreported == 0 or self.boot_age_ms >= self.settings.boot_wait_ms else 0

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
        """Divide what cell k has among its stations by the proved waterfill; return how many were lowered."""
        bit = 1 << k % 3
        requests = []
        members = []
        for i in range(self.first_member[k // 3], self.last_member[k // 3]):
            s = self.members[i]
            if self.grant_ma[s] > 0 and self.phase_mask[s] & bit:
                members.append(s)
                requests.append(self.grant_ma[s])
        fixed_ma = self.load_ma[k] - sum(requests)
        grants = [0] * len(requests)
        fill(requests, grants, max(self.available_ma[k] - fixed_ma, 0))
        lowered = 0
        for i in range(len(members)):
            if grants[i] < requests[i]:
                self._lower(members[i], grants[i], k)
                lowered += 1
        return lowered

    def _lower(self, s, grant_ma, k):
        grant_ma -= grant_ma % self.settings.step_ma
        if grant_ma < self.low_ma[s]:
            grant_ma = 0
            self.switch_age_ms[s] = 0
        self.grant_ma[s] = grant_ma
        self.set_age_ms[s] = 0
        self.reason[s] = wire.REASON_GUARD
        self.limiting_circuit[s] = k // 3
        self.limiting_phase[s] = k % 3
