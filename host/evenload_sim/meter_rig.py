"""The meters of a simulated site, three to a metered circuit: by hand, or as chips on lines (chip_rig)."""

from collections.abc import Sequence
from typing import Protocol

from evenload.meter import Meter

from evenload_sim.ev import VOLTAGE_V
from evenload_sim.grid import PHASES
from evenload_sim.meter import VOLTAGE_DV, SimulatedMeter

CURRENT_MA_MAX = 160_000  # Plausible at the feeders of a garage: twice its main fuse.
WATT_MS_PER_WH = 3_600_000
PASS_MS = 100


class Rig(Protocol):
    """What a world asks of its meters: columns per circuit, None where a circuit has no meter."""

    @property
    def meters(self) -> Sequence[Sequence[Meter] | None]:
        """Return three meters per circuit, or None."""

    def step(self, now_ms: int, feeder_ma: list[int]) -> None:
        """Let the true feeder currents (per cell) reach whatever measures them."""

    def set_fault(self, circuit: int, name: str, on: bool) -> None:
        """Switch a fault of the contract ("meter_...", "serial_port_gone") on all three meters of
        `circuit`.
        """

    def counters(self, meter: Meter) -> dict[str, int]:
        """Return what a meter and its line have counted."""


class HandRig:
    """Meters that read the truth without a chip or a line between: for benches and tests of policy.

    site: SITE.json; a circuit with "metered" has three.
    """

    def __init__(self, site: dict[str, object]) -> None:
        names, metered = circuit_names(site), metered_circuits(site)
        self.meters: list[list[SimulatedMeter] | None] = [
            [SimulatedMeter(f"{name} L{phase + 1}", CURRENT_MA_MAX) for phase in range(PHASES)]
            if has_meter
            else None
            for name, has_meter in zip(names, metered, strict=True)
        ]
        self._energy_watt_ms = [0] * (PHASES * len(names))

    def step(self, now_ms: int, feeder_ma: list[int]) -> None:  # noqa: ARG002 - chips need the time, these do not
        """Show every meter its feeder of the last 100 ms."""
        for circuit, meters in enumerate(self.meters):
            for phase, meter in enumerate(meters or ()):
                cell = PHASES * circuit + phase
                self._energy_watt_ms[cell] += feeder_ma[cell] * VOLTAGE_V // 1000 * PASS_MS
                energy_wh = self._energy_watt_ms[cell] // WATT_MS_PER_WH
                meter.show(VOLTAGE_DV, feeder_ma[cell], feeder_ma[cell] * VOLTAGE_V // 1000, energy_wh)

    def set_fault(self, circuit: int, name: str, on: bool) -> None:
        """Switch a fault: a frozen meter repeats itself, every other one does not answer."""
        for meter in self.meters[circuit] or ():
            if name == "meter_frozen":
                meter.frozen = on
            else:
                meter.connected = not on

    def counters(self, meter: Meter) -> dict[str, int]:
        """Return what the meter has counted."""
        implausible = meter.implausible_voltage_count + meter.implausible_current_count
        return {"packets": meter.accepted_count, "failed": meter.failed_count, "implausible": implausible}


def metered_circuits(site: dict[str, object]) -> list[bool]:
    """Return per circuit of SITE.json whether it has meters."""
    circuits = site["circuits"]
    assert isinstance(circuits, list)
    return [bool(circuit.get("metered", False)) for circuit in circuits]


def circuit_names(site: dict[str, object]) -> list[str]:
    """Return the ids of the circuits of SITE.json."""
    circuits = site["circuits"]
    assert isinstance(circuits, list)
    return [str(circuit["id"]) for circuit in circuits]
