"""The columns of one allocation: what every circuit and station was told, measured and granted (mirror:
csrc/src/columns.c).

A column is an array with one entry per circuit `[n]`, per circuit and phase (a cell) `[3 * n + phase]`, per
station `[s]` or per station and phase `[3 * s + phase]`. Circuits are numbered with the root first and
every parent before its children; phases are L1, L2, L3 of the site. Currents are mA, times the ring of
`ticks` in ms, ages ms.
"""

from evenload import wire
from evenload.breaker import Breaker
from evenload.phases import PhaseSwitch
from evenload.rotation import Rotation
from evenload.tracker import Tracker


class Settings:
    """The settings of an allocation; every one has its default in wire.py (ALLOCATION_*)."""

    def __init__(self):
        self.step_ma = wire.STEP_MA_DEFAULT
        self.slot_ms = wire.ALLOCATION_SLOT_MS
        self.on_min_ms = wire.ALLOCATION_ON_MIN_MS
        self.off_min_ms = wire.ALLOCATION_OFF_MIN_MS
        self.lease_ms = wire.ALLOCATION_LEASE_MS
        self.lease_grace_ms = wire.ALLOCATION_LEASE_GRACE_MS
        self.follow_ms = wire.ALLOCATION_FOLLOW_MS
        self.raise_headroom_percent = wire.ALLOCATION_RAISE_HEADROOM_PERCENT
        self.raise_rated_percent_per_s = wire.ALLOCATION_RAISE_RATED_PERCENT_PER_S
        self.raise_settle_ms = wire.ALLOCATION_RAISE_SETTLE_MS
        self.reclaim_after_ms = wire.ALLOCATION_RECLAIM_AFTER_MS
        self.reclaim_margin_ma = wire.ALLOCATION_RECLAIM_MARGIN_MA
        self.narrow_after_ms = 0
        self.start_margin_ma = wire.ALLOCATION_START_MARGIN_MA
        self.boot_wait_ms = wire.ALLOCATION_BOOT_WAIT_MS
        self.unbalance_ma_max = 0
        self.root_unmetered = 0


class Columns:
    """The arrays of one allocation, sized at construction.

    circuit_count: 1..8192; station_count: 0..32768. `seal()` of the allocation validates what is written
    into them.
    """

    def __init__(self, circuit_count: int, station_count: int):
        self.circuit_count = circuit_count
        self.station_count = station_count
        self.settings = Settings()
        self.breaker = Breaker(3 * circuit_count)
        self.tracker = Tracker(station_count)
        self.rotation = Rotation(station_count)
        self.phase_switch = PhaseSwitch(station_count)
        self._size_circuits(circuit_count)
        self._size_cells(3 * circuit_count)
        self._size_station_setup(station_count)
        self._size_station_state(station_count)
        self._size_ages(station_count)
        self._size_scratch(station_count)
        self.now_ms = 0
        self.dt_ms = 0
        self.started = 0
        self.booted = 0
        self.boot_age_ms = 0
        self.told_age_ms = 0  # Of the window of told_ma.
        self.sealed = 0
        self.guard_count = 0
        self.suspended_count = 0
        self.boundary = 0
        self.waiting_count = 0
        self.events_count = 0
        self.events_first = 0
        self.events_dropped = 0
        self.fault_index = 0
        self.fault_value = 0

    def _size_circuits(self, count):
        self.circuit_parent = [wire.CIRCUIT_NONE] * count
        self.metered = [0] * count
        self.meter_state = [wire.METER_INVALID] * count
        self.sample_ms = [0] * count
        self.worst_state = [wire.METER_INVALID] * count  # Of every meter from here to the root.
        self.worst_circuit = [wire.CIRCUIT_NONE] * count
        self.sample_seen_ms = [-1] * count
        self.sample_age_ms = [wire.ALLOCATION_AGE_MS_MAX] * count
        self.path_age_ms = [0] * count  # Of the oldest sample from here to the root.
        self.crowded = [0] * count  # Kept a station waiting in the last round.
        self.first_member = [0] * count  # The subtree's stations are members[first .. last - 1].
        self.last_member = [0] * count

    def _size_cells(self, count):
        self.limit_ma = [0] * count
        self.fallback_ma = [0] * count
        self.breaker_rated_ma = self.breaker.rated_ma
        self.feeder_ma = [wire.NOT_MEASURED_MA] * count
        self.cap_ma = [wire.NO_CAP_MA] * count
        self.base_ma = [0] * count  # All load that is not a station, of the circuit and below it.
        self.load_ma = [0] * count
        self.breaker_heat_permille = self.breaker.heat_permille
        self.suspended = [0] * count  # 1 while the breaker model keeps all stations below off.
        self.suspend_age_ms = [0] * count
        self.own_base_ma = [
            0
        ] * count  # The part of base_ma that no meter further down explains; held while bad.
        self.available_ma = [0] * count  # For stations, before any of them is counted.
        self.room_ma = [0] * count
        self.spare_ma = [0] * count  # What the minimums of the last round left.
        self.slack_ma = [0] * count  # What is free beyond max(grant, measured): where a raise may go (R1b).
        self.sum_ma = [0] * count
        self.weight_sum = [0] * count
        self.level = [0] * count

    def _size_station_setup(self, count):
        self.station_circuit = [0] * count
        self.wiring = [wire.WIRING_L1_L2_L3] * count
        self.min_ma = [wire.EV_MIN_CURRENT_MA] * count
        self.max_ma = [wire.EV_MIN_CURRENT_MA] * count
        self.failsafe_ma = [0] * count
        self.priority = [0] * count
        self.weight = [1] * count
        self.switchable = [0] * count
        self.station_state = [wire.STATION_UNREPORTED] * count
        self.heard_ms = [0] * count
        self.station_cap_ma = [wire.NO_CAP_MA] * count
        self.measured_ma = [wire.NOT_MEASURED_MA] * (3 * count)

    def _size_station_state(self, count):
        self.grant_ma = [0] * count
        self.grant_phases = [0] * count
        self.reason = [wire.REASON_NOT_CONNECTED] * count
        self.limiting_circuit = [wire.CIRCUIT_NONE] * count
        self.limiting_phase = [wire.PHASE_NONE] * count
        self.expires_ms = [0] * count
        self.served_as = self.rotation.served_as
        self.phase_mask = [0] * count
        self.low_ma = [0] * count  # min_ma rounded up, max_ma rounded down to the step.
        self.high_ma = [0] * count
        self.silent = [0] * count
        self.noncompliant = [0] * count
        self.fresh = [0] * count  # Reported since the last round.
        self.shed = [
            0
        ] * count  # Stopped because the current was short, so a start needs a margin for a while.
        self.present = [0] * count  # A car is there: the session of the rotation and the phase switch.
        self.idle = [0] * count  # Was offered current for reclaim_after_ms and drew none.
        self.held_ma = [0] * count
        self.draw_ma = [0] * (3 * count)  # measured_ma where it is known and recent, else 0.
        self.over_ma = [0] * (3 * count)  # What counts beyond the grant: late, non-compliant, silent.

    def _size_ages(self, count):
        self.heard_seen_ms = [-1] * count
        self.heard_age_ms = [0] * count
        self.set_age_ms = [0] * count
        self.raise_age_ms = [wire.ALLOCATION_AGE_MS_MAX] * count
        self.switch_age_ms = [wire.ALLOCATION_AGE_MS_MAX] * count
        self.charge_age_ms = [0] * count
        self.told_ma = [0] * count  # Largest set-point of this window of 3.5 s, and of the two before.
        self.told_before_ma = [0] * count
        self.told_first_ma = [0] * count
        self.over_age_ms = [-1] * count
        self.calm_age_ms = [-1] * count
        self.calm_wait_ms = [wire.ALLOCATION_COMPLIANT_AFTER_MS] * count
        self.offer_age_ms = [0] * count
        self.quiet_age_ms = [0] * (3 * count)

    def _size_scratch(self, station_count):
        self.ceiling_ma = [0] * station_count
        self.target_ma = [0] * station_count
        self.cause = [
            0
        ] * station_count  # REASON_* of the ceiling, -1 none; pace: of a grant below its target.
        self.pace = [0] * station_count
        self.used_ma = [wire.NOT_MEASURED_MA] * station_count  # Stable current of a car that can't take more.
        self.held_phase_ma = [0] * (3 * station_count)
        self.status = [0] * station_count
        self.members = [0] * station_count
        self.queue = [0] * station_count
        self.event_code = [0] * wire.ALLOCATION_EVENTS_MAX
        self.event_circuit = [0] * wire.ALLOCATION_EVENTS_MAX
        self.event_station = [0] * wire.ALLOCATION_EVENTS_MAX
        self.event_value = [0] * wire.ALLOCATION_EVENTS_MAX

    def push_event(self, code: int, circuit: int, station: int, value: int) -> None:
        """Append an event to the ring; when the ring is full the new event is dropped and counted."""
        if self.events_count == wire.ALLOCATION_EVENTS_MAX:
            self.events_dropped += 1
            return
        at = (self.events_first + self.events_count) % wire.ALLOCATION_EVENTS_MAX
        self.event_code[at] = code
        self.event_circuit[at] = circuit
        self.event_station[at] = station
        self.event_value[at] = value
        self.events_count += 1

    def take_events(self) -> list[tuple[int, int, int, int]]:
        """Return the waiting events as (code, circuit, station, value), oldest first, and forget them."""
        events = []
        for i in range(self.events_count):
            at = (self.events_first + i) % wire.ALLOCATION_EVENTS_MAX
            events.append(
                (self.event_code[at], self.event_circuit[at], self.event_station[at], self.event_value[at])
            )
        self.events_first = 0
        self.events_count = 0
        return events
