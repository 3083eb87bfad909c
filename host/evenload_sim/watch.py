"""What the rules of the world look at: pilots, plans, cables and meters of one moment, gathered once per
pass.
"""

from typing import TYPE_CHECKING, Any

from evenload import ticks, wire

from evenload_sim.grid import PHASES
from evenload_sim.station import LINES_OF_WIRING, SimulatedStation

if TYPE_CHECKING:
    from evenload_sim.world import World

# A rule about meters binds the plan one allocation round and two passes after the meter's state began.
REACTION_MS = 1_200
# Below this a feeder is not "in overload": chip accuracy, rounding and the whole amperes of vehicles.
TOLERANCE_PERCENT = 2
_WORSE = (wire.METER_INVALID, wire.METER_STALE, wire.METER_IMPLAUSIBLE, wire.METER_RECOVERING)


class Watch:
    """The observed world; columns per station `[s]`, circuit `[n]` and cell `[3 * n + phase]`.

    grant_ma[s]: what the controller says; granted_ma[cell]: its sum; own_state[n], path_state[n]: METER_*
    that binds the plan now, of the circuit's own meter and of the worst one up to the root;
    overload_ms[cell]: for how long a feeder has been in overload while its stations are offered more than
    fits.
    """

    def __init__(self, world: "World", allocation: Any) -> None:
        self.world = world
        self.allocation = allocation
        self.grid = world.grid
        self.stations = world.stations
        circuits = len(self.grid.circuit_ids)
        self.grant_ma = [0] * len(self.stations)
        self.granted_ma = [0] * (PHASES * circuits)
        self.own_state = [wire.METER_FRESH] * circuits
        self.path_state = [wire.METER_FRESH] * circuits
        self.overload_ms = [0] * (PHASES * circuits)
        self.energy_seen = [0] * len(self.stations)
        self.meter_energy_seen = [[0] * PHASES for _ in range(circuits)]
        self._state_seen = list(self.own_state)
        self._state_age_ms = [0] * circuits

    def look(self, delta_ms: int) -> None:
        """Gather the moment after a pass of `delta_ms`."""
        self._look_at_grants()
        for circuit in range(len(self.own_state)):
            self._look_at_meter(circuit, delta_ms)
        for circuit, parent in enumerate(self.grid.parents):
            own = self.own_state[circuit]
            above = self.path_state[parent] if parent >= 0 else wire.METER_FRESH
            self.path_state[circuit] = next((bad for bad in _WORSE if bad in (own, above)), wire.METER_FRESH)
        self._look_at_overload(delta_ms)

    def _look_at_grants(self) -> None:
        allocation = self.allocation
        grants = list(allocation.grant_ma)
        lines = [
            lines_counted(s, allocation.grant_phases[i], allocation.phase_mask[i])
            for i, s in enumerate(self.stations)
        ]
        self.grant_ma = grants
        self.granted_ma = self.grid.spread(grants, lines)

    def _look_at_meter(self, circuit: int, delta_ms: int) -> None:
        """Take the worst state of the circuit's meters once it is old enough to bind; by age, whatever they
        say.
        """
        meters = self.world.rig.meters[circuit]
        if meters is None:
            return
        now_ms = self.world.clock.now_ms
        states = [meter.state for meter in meters]
        for meter in meters:
            stamp_ms = meter.get_last_update_timestamp()
            if stamp_ms is None:
                states.append(wire.METER_INVALID)
            elif (
                ticks.elapsed_ms(now_ms, stamp_ms) >= wire.METER_STALE_THRESHOLD_MS
                or not meter.is_connected()
            ):
                states.append(wire.METER_STALE)
        worst = next((bad for bad in _WORSE if bad in states), wire.METER_FRESH)
        same = worst == self._state_seen[circuit]
        self._state_age_ms[circuit] = self._state_age_ms[circuit] + delta_ms if same else 0
        self._state_seen[circuit] = worst
        if worst not in (wire.METER_STALE, wire.METER_INVALID) or self._state_age_ms[circuit] >= REACTION_MS:
            self.own_state[circuit] = worst

    def _look_at_overload(self, delta_ms: int) -> None:
        grid = self.grid
        over = [
            feeder > limit + limit * TOLERANCE_PERCENT // 100
            for feeder, limit in zip(grid.feeder_ma, grid.limit_ma, strict=True)
        ]
        if not any(over):
            for cell in range(len(over)):
                self.overload_ms[cell] = 0
            return
        offered = grid.spread(
            [station.offered_ma if station.vehicle else 0 for station in self.stations],
            [station.lines[: station.setpoint_phases] for station in self.stations],
        )
        for cell, is_over in enumerate(over):
            base_ma = grid.feeder_ma[cell] - grid.station_ma[cell]
            too_much = (
                offered[cell] > 0
                and offered[cell] + base_ma > grid.limit_ma[cell] * (100 + TOLERANCE_PERCENT) // 100
            )
            answerable = self.world.faults.leave_answerable(cell // PHASES)
            self.overload_ms[cell] = (
                self.overload_ms[cell] + delta_ms if is_over and too_much and answerable else 0
            )


def lines_counted(station: SimulatedStation, phases: int, mask: int) -> tuple[int, ...]:
    """Return the site phases that a grant on `phases` lines is counted on; unknown wiring counts on all
    three. mask: the phases the allocator counts (bit 0 is L1); it may leave out what a car does not use.
    """
    if station.wiring == wire.WIRING_UNKNOWN:
        return (0, 1, 2)
    lines = LINES_OF_WIRING[station.wiring][: max(1, phases)]
    return tuple(line for line in lines if mask >> line & 1)
