"""The meters of a simulated site as they are built: BL0942 chips on UART lines, read by the real driver.

Each phase has its own chip and line. A current transformer in front of the 1 mohm shunt brings a feeder of
up to 240 A into the chip's 30 A, so the driver is calibrated by that ratio.
"""

from evenload import wire
from evenload.bl0942_calibration import CalibrationCounts
from evenload.meter import Meter
from evenload_node.drivers.bl0942_bus import Bl0942Bus
from evenload_node.drivers.bl0942_meter import Bl0942Meter, Bl0942Settings

from evenload_sim.bl0942_chip import Bl0942Chip
from evenload_sim.ev import VOLTAGE_V
from evenload_sim.grid import PHASES
from evenload_sim.meter_rig import CURRENT_MA_MAX, PASS_MS, circuit_names, metered_circuits
from evenload_sim.uart_line import UartLine

TRANSFORMER_RATIO = 8
NOISE_PERMILLE = 20  # One packet in three or so is lost: 25 bytes a poll.
CHIP_FAULTS = {
    "meter_unplugged": "silent",
    "meter_brownout": "brownout",
    "meter_frozen": "frozen",
    "meter_bad_sum": "bad_sum",
}
# The source's resistance: the voltage sags a little under load, as it does in a garage.
SAG_MV_PER_A = 30


class ChipRig:
    """Three chips, lines and meters to every metered circuit.

    site: SITE.json; seed: of the chips' and lines' noise.
    """

    def __init__(self, site: dict[str, object], seed: int) -> None:
        self.meters: list[list[Bl0942Meter] | None] = []
        self.chips: dict[int, Bl0942Chip] = {}
        self.lines: dict[int, UartLine] = {}
        for circuit, (name, has_meter) in enumerate(
            zip(circuit_names(site), metered_circuits(site), strict=True)
        ):
            if not has_meter:
                self.meters.append(None)
                continue
            for cell in range(PHASES * circuit, PHASES * circuit + PHASES):
                self.lines[cell] = UartLine(seed=seed + 2 * cell)
                self.chips[cell] = Bl0942Chip(seed=seed + 2 * cell + 1)
                self.lines[cell].attach(self.chips[cell])
            self.meters.append(
                [
                    make_meter(self.lines[PHASES * circuit + phase], f"{name} L{phase + 1}")
                    for phase in range(PHASES)
                ]
            )

    def step(self, now_ms: int, feeder_ma: list[int]) -> None:  # noqa: ARG002 - lines count their own time
        """Let the feeders' currents of the last 100 ms flow through the transformers, and the lines move
        on.
        """
        for cell, chip in self.chips.items():
            current_ma = feeder_ma[cell]
            chip.voltage_mv = VOLTAGE_V * 1000 - SAG_MV_PER_A * current_ma // 1000
            chip.current_ma = current_ma // TRANSFORMER_RATIO
            chip.power_mw = current_ma * VOLTAGE_V // TRANSFORMER_RATIO
            self.lines[cell].advance(PASS_MS)

    def set_fault(self, circuit: int, name: str, on: bool) -> None:
        """Switch a fault on all three chips or lines of a circuit."""
        for cell in range(PHASES * circuit, PHASES * circuit + PHASES):
            if name == "serial_port_gone":
                self.lines[cell].set_gone(on)
            elif name == "meter_noise":
                self.lines[cell].noise_permille = NOISE_PERMILLE if on else 0
            else:
                self.chips[cell].set_fault(CHIP_FAULTS[name], on)

    def counters(self, meter: Meter) -> dict[str, int]:
        """Return what the chip's line, parser and meter have counted."""
        assert isinstance(meter, Bl0942Meter)
        implausible = meter.implausible_voltage_count + meter.implausible_current_count
        counters: dict[str, int] = dict(meter.counters())
        counters["implausible"] += implausible
        return counters | {"failed": meter.failed_count}


def make_meter(line: UartLine, name: str) -> Bl0942Meter:
    """Return the real driver's meter on a line of its own, calibrated for the transformer."""
    counts = CalibrationCounts(
        {"current": wire.BL0942_CURRENT_UCOUNTS_DEFAULT / TRANSFORMER_RATIO / 1_000_000}
    )
    settings = Bl0942Settings(counts, name)
    settings.current_ma_max = CURRENT_MA_MAX
    return Bl0942Meter(Bl0942Bus(line, line.baud), settings)
