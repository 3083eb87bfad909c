"""A charging station of the simulated world: an EVSE that obeys its lease, with or without a vehicle on its
cable.
"""

from evenload import ticks, wire
from evenload_node.station import StationPort, StationReport

from evenload_sim.ev import PILOT_OFF_STOP_MS, Vehicle

# Site phase of a station's first, second and third line, by wiring code.
LINES_OF_WIRING = (
    (0, 1, 2),
    (0, 2, 1),
    (1, 0, 2),
    (1, 2, 0),
    (2, 0, 1),
    (2, 1, 0),
    (0,),
    (1,),
    (2,),
    (0, 1),
    (1, 2),
    (2, 0),
    (1, 2, 0),  # Unknown to the controller; in this world it is turned by one.
)
REPORT_PERIOD_MS = 1000
REPORT_STEP_MA = 100


class SimulatedStation(StationPort):
    """An EVSE with a lease: without renewal it falls back to its failsafe current by itself.

    config: one entry of SITE.json's "stations". The controller calls `set_current` and `report`; the world
    calls `plug_in`, `unplug` and `step`. `is_silent` cuts both directions of the link.
    """

    def __init__(self, config: dict[str, object]) -> None:
        self.id = str(config["id"])
        self.wiring = wire.WIRING_NAMES.index(str(config["wiring"]))
        self.lines = LINES_OF_WIRING[self.wiring]
        self.min_ma = _whole(config, "min_ma", wire.EV_MIN_CURRENT_MA)
        self.max_ma = _whole(config, "max_ma", 32_000)
        self.failsafe_ma = _whole(config, "failsafe_ma", 0)
        self.vehicle: Vehicle | None = None
        self.is_silent = False
        self.is_dark = False  # Its supply is off: a breaker above has tripped.
        self.setpoint_ma = 0
        self.setpoint_phases = len(self.lines)
        self.expires_ms = 0
        self.has_lease = False
        self.contactor_closed = False
        self.contactor_cycles = 0
        self.energy_watt_ms = 0
        self.current_ma = [0, 0, 0]  # True current by site phase.
        self.state = wire.STATION_AVAILABLE
        self._report = StationReport()
        self.sessions = 0
        self._report_wait_ms = 0
        self._off_ms = 0

    def set_current(self, now_ms: int, current_ma: int, phases: int, expires_ms: int) -> None:
        """Take a set-point: `current_ma` per phase on `phases` lines until the ring time `expires_ms`."""
        if self.is_silent or ticks.is_due(now_ms, expires_ms):
            return
        self.setpoint_ma = current_ma
        self.setpoint_phases = max(1, min(phases, len(self.lines)))
        self.expires_ms = expires_ms
        self.has_lease = True

    def report(self) -> StationReport:
        """Return the last report: draw by site phase, rounded up to 0.1 A; the same object every time."""
        return self._report

    def plug_in(self, vehicle: Vehicle) -> None:
        """A vehicle arrives."""
        self.vehicle = vehicle
        self.sessions += 1

    def unplug(self) -> None:
        """The vehicle leaves."""
        self.vehicle = None

    @property
    def offered_ma(self) -> int:
        """Return what the pilot offers: the set-point while its lease lives, else the failsafe current."""
        return min(self.max_ma, self.setpoint_ma if self.has_lease else self.failsafe_ma)

    def step(self, now_ms: int, delta_ms: int) -> None:
        """Live for `delta_ms` up to the ring time `now_ms`."""
        if self.has_lease and ticks.is_due(now_ms, self.expires_ms):
            self.has_lease = (
                False  # Latched: a lease that ran out never comes back to life when the ring wraps.
            )
        self._draw(delta_ms)
        self.state = self._state()
        self._report_wait_ms -= delta_ms
        if self._report_wait_ms <= 0:
            self._report_wait_ms = REPORT_PERIOD_MS
            self._update_report(now_ms)

    def _draw(self, delta_ms: int) -> None:
        for phase in range(3):
            self.current_ma[phase] = 0
        vehicle = self.vehicle
        if vehicle is None or self.is_dark:
            self.contactor_closed = False
            return
        offered_ma = self.offered_ma
        self._move_contactor(vehicle, offered_ma, delta_ms)
        lines = min(self.setpoint_phases, len(self.lines)) if self.contactor_closed else 0
        before = vehicle.energy_watt_ms
        vehicle.step(offered_ma, lines, delta_ms)
        self.energy_watt_ms += vehicle.energy_watt_ms - before
        for line in range(vehicle.lines):
            self.current_ma[self.lines[line]] = vehicle.current_ma

    def _move_contactor(self, vehicle: Vehicle, offered_ma: int, delta_ms: int) -> None:
        """Close for a vehicle that may and will charge; open without load, or after 3 s of pilot off in any
        case.
        """
        if not self.contactor_closed:
            if offered_ma >= max(self.min_ma, vehicle.model.start_ma_min) and vehicle.wants_energy:
                self.contactor_closed = True
                self.contactor_cycles += 1
            return
        self._off_ms = self._off_ms + delta_ms if offered_ma == 0 else 0
        idle = vehicle.current_ma == 0 and (offered_ma == 0 or not vehicle.wants_energy)
        if idle or self._off_ms >= PILOT_OFF_STOP_MS:
            self.contactor_closed = False
            self._off_ms = 0

    def _state(self) -> int:
        state: int = wire.STATION_AVAILABLE
        if self.vehicle is not None:
            state = wire.STATION_CHARGING if self.contactor_closed else wire.STATION_CONNECTED
        return state

    def _update_report(self, now_ms: int) -> None:
        if self.is_silent:
            return
        report = self._report
        for phase in range(3):
            report.measured_ma[phase] = -(-self.current_ma[phase] // REPORT_STEP_MA) * REPORT_STEP_MA
        report.state = self.state
        report.heard_ms = now_ms


def _whole(config: dict[str, object], key: str, default: int) -> int:
    value = config.get(key, default)
    if not isinstance(value, int):
        raise TypeError(f"{key} is {value!r}; valid: a whole number")
    return value
