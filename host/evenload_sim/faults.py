"""Every fault a person can inject into the simulated site, by name and target.

Meter faults and the serial port aim at a metered circuit (all three of its chips), station faults at a
station, a surge of the building at a phase ("L1", "L2", "L3").
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evenload_sim.world import World

SURGE_MA = 25_000
LABELS = {
    "meter_unplugged": "Unplug the meter of {target}",
    "meter_brownout": "Brown-out of the metering chips of {target}",
    "meter_frozen": "Freeze the meter of {target}",
    "meter_noise": "Noise on the meter line of {target}",
    "meter_bad_sum": "Bad checksums from the meter of {target}",
    "serial_port_gone": "Take away the serial port of {target}",
    "station_noncompliant": "Vehicle at {target} ignores its limit",
    "station_silent": "Cut the link to {target}",
    "base_load_surge": "Surge of 25 A in the building on {target}",
}
PHASE_NAMES = ("L1", "L2", "L3")


class UnknownFault(ValueError):
    """A fault or target that this site does not have; `field` is "name" or "target"."""

    def __init__(self, field: str, value: str, valid: list[str]) -> None:
        self.field = field
        super().__init__(f"{field} is {value!r}; valid: {', '.join(valid)}.")


class Faults:
    """The faults of one world, all off at first; `log` keeps (elapsed_ms, name, target, on) for a replay."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.active: set[tuple[str, str]] = set()
        self.log: list[tuple[int, str, str, bool]] = []
        self._actions: dict[str, Callable[[str, bool], None]] = {
            "station_noncompliant": self._station_noncompliant,
            "station_silent": self._station_silent,
            "base_load_surge": self._base_load_surge,
        }

    def targets(self, name: str) -> list[str]:
        """Return the valid targets of the fault `name`."""
        if name == "base_load_surge":
            return list(PHASE_NAMES)
        if name.startswith("station_"):
            return [station.id for station in self._world.stations]
        return [
            circuit_id
            for circuit_id, meters in zip(self._world.grid.circuit_ids, self._world.rig.meters, strict=True)
            if meters is not None
        ]

    def inject(self, name: str, target: str, on: bool) -> None:
        """Switch a fault; switching to what it already is does nothing."""
        if name not in LABELS:
            raise UnknownFault("name", name, list(LABELS))
        if target not in self.targets(name):
            raise UnknownFault("target", target, self.targets(name))
        if ((name, target) in self.active) == on:
            return
        (self.active.add if on else self.active.discard)((name, target))
        elapsed_ms = self._world.clock.elapsed_ms
        self.log.append((elapsed_ms, name, target, on))
        self._world.note("fault_on" if on else "fault_off", target, name)
        action = self._actions.get(name)
        if action is not None:
            action(target, on)
        else:
            self._world.rig.set_fault(self._circuit(target), name, on)

    def restore_vehicles(self) -> None:
        """Keep a vehicle that has just arrived at a non-compliant station as bad as the one before."""
        for station in self._world.stations:
            if station.vehicle is not None:
                station.vehicle.ignores_pilot = ("station_noncompliant", station.id) in self.active

    def leave_answerable(self, circuit: int) -> bool:
        """Return whether an overload of `circuit` can be seen and obeyed: no fault of a meter or station
        under it.
        """
        world = self._world
        for name, target in self.active:
            if name.startswith("station_"):
                index = [station.id for station in world.stations].index(target)
                if world.grid.is_below(index, circuit):
                    return False
            elif name != "base_load_surge":
                return False
        return True

    def listed(self) -> list[dict[str, object]]:
        """Return every fault worth a button: all of the meters and the building, the stations' for two,
        active ones.
        """
        rows = []
        for name, label in LABELS.items():
            for target in self.targets(name):
                is_on = (name, target) in self.active
                if is_on or not name.startswith("station_") or target in self._suggested():
                    rows.append(
                        {"name": name, "target": target, "on": is_on, "label": label.format(target=target)}
                    )
        return rows

    def _suggested(self) -> list[str]:
        """Return two stations that make a good target: charging ones first, in order."""
        busy = sorted(self._world.stations, key=lambda station: not station.contactor_closed)
        return [station.id for station in busy[:2]]

    def _circuit(self, target: str) -> int:
        return self._world.grid.circuit_ids.index(target)

    def _station_noncompliant(self, target: str, on: bool) -> None:  # noqa: ARG002
        self.restore_vehicles()

    def _station_silent(self, target: str, on: bool) -> None:
        for station in self._world.stations:
            if station.id == target:
                station.is_silent = on

    def _base_load_surge(self, target: str, on: bool) -> None:
        self._world.base_load.surge_ma[PHASE_NAMES.index(target)] = SURGE_MA if on else 0
