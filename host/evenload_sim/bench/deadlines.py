"""The requirement's deadlines: what part of its budget the code behind each one takes, on either backend.

Each path is all that one node computes for one deadline. It is given in percent of the deadline on this machine, and
as a multiple of a calibration loop (a fixed piece of plain Python) timed in the same run: that number moves with the
code, not with the machine, and is what tests/bench/test_deadlines.py guards.
"""

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evenload import wire
from evenload.meter import Meter, Reading

from evenload_sim.bench import Result, Row, absent, best_ns, result
from evenload_sim.bench.allocation import Garage
from evenload_sim.bench.cluster_ring import NODE_COUNT, Ring

PACKAGES = {"python": "evenload", "c": "evenload_core"}
CALIBRATION_ROUNDS = 1000
FEEDER_METERS = 3
SHARE_PERCENT_MAX = {"python": 5.0, "c": 0.5}


@dataclass(frozen=True)
class Deadline:
    """One deadline of the requirement. measure: package -> best ns of one pass of its code path in one node."""

    name: str
    budget_ms: int
    of: str
    measure: Callable[[str], float]


def calibration_ns() -> float:
    """Return the ns of the calibration loop: integer arithmetic and list access in plain Python."""
    cells = [0] * 64

    def loop() -> None:
        for i in range(CALIBRATION_ROUNDS):
            cells[i & 63] = (cells[i * 7 & 63] + i) & 0xFFFF

    return best_ns(loop)


def packet() -> bytes:
    """Return one good packet of a BL0942 at 230 V and 16 A."""
    data = bytearray(wire.BL0942_PACKET_SIZE)
    data[0] = wire.BL0942_PACKET_HEADER
    for begin, value in ((1, 4_019_415), (4, 3_653_168), (7, 4_019_415), (10, 2_294_000), (13, 77)):
        data[begin : begin + 3] = value.to_bytes(3, "little")
    data[16:18] = (20_000).to_bytes(2, "little")
    data[22] = ~(wire.BL0942_COMMAND_READ + sum(data[:22])) & 0xFF
    return bytes(data)


class MeterPath:
    """What comes with one packet of one meter: request, packet, units, energy, the port's rules."""

    def __init__(self, package: str) -> None:
        self._bl0942: Any = importlib.import_module(f"{package}.bl0942")
        units: Any = importlib.import_module(f"{package}.bl0942_units")
        self._capture = self._bl0942.Capture(1)
        self._parser = self._bl0942.Parser(0, self._capture)
        voltage, current = wire.BL0942_VOLTAGE_UCOUNTS_DEFAULT, wire.BL0942_CURRENT_UCOUNTS_DEFAULT
        power = units.derive_power(voltage, current)
        self._calibration = units.Calibration(voltage, current, power, wire.BL0942_FREQUENCY_UCOUNTS_DEFAULT)
        self._energy = units.EnergyCounter(units.derive_energy(power), 26_000)
        self._meter, self._reading = Meter("main L1"), Reading()
        self._request, self._packet = bytearray(8), packet()
        self._now_ms = 0

    def once(self) -> None:
        """Pass the path once."""
        self._now_ms = (self._now_ms + 1000) % wire.TICKS_PERIOD_MS
        self._bl0942.encode_packet_request(self._request, 0)
        assert self._parser.feed(self._packet) == 1
        fields, units = self._capture.fields, self._calibration
        self._energy.on_count(self._now_ms, fields[wire.BL0942_FIELD_CF_CNT])
        v_rms = fields[wire.BL0942_FIELD_V_RMS]
        self._reading.set(
            units.voltage_dv(v_rms),
            units.current_ma(fields[wire.BL0942_FIELD_I_RMS]),
            units.power_w(fields[wire.BL0942_FIELD_WATT], wire.BL0942_SIGN_SIGNED),
            self._energy.energy_wh(),
            units.frequency_mhz(fields[wire.BL0942_FIELD_FREQ], v_rms),
        )
        assert self._meter.accept(self._now_ms, self._reading)
        self._meter.tick(self._now_ms)


def frame_ns(package: str) -> float:
    """One packet of one meter."""
    return best_ns(MeterPath(package).once)


def poll_ns(package: str) -> float:
    """One poll of a feeder: three meters."""
    meters = [MeterPath(package) for _ in range(FEEDER_METERS)]

    def poll() -> None:
        for meter in meters:
            meter.once()

    return best_ns(poll)


def allocation_ns(package: str) -> float:
    """One round of 64 stations."""
    return Garage(package, 64).round_ns()


def beat_ns(package: str) -> float:
    """One beat of a steady cluster: 25 ticks of 2 ms, five beats and the leader's lease frames in, one beat out."""
    return _steady_ns(package, wire.CLUSTER_BEAT_MS)


def detection_ns(package: str) -> float:
    """The 150 ms in which a silence is watched."""
    return _steady_ns(package, wire.CLUSTER_DETECT_MS)


def reallocation_ns(package: str) -> float:
    """A follower dies: from its last frame until the master's new plan is applied."""
    return _failover_ns(package, is_leader=False)


def failover_ns(package: str) -> float:
    """The leader dies: silence, contingency share, pre-vote, vote, plan."""
    return _failover_ns(package, is_leader=True)


def _steady_ns(package: str, span_ms: int) -> float:
    ring = Ring(package)
    ring.settle()
    ring.run(500)
    best = 0.0
    for _ in range(20):
        ring.spent_ns = 0
        ring.run(span_ms)
        best = min(best or ring.spent_ns, ring.spent_ns)
    return best / NODE_COUNT


def _failover_ns(package: str, is_leader: bool) -> float:
    best = 0.0
    for _ in range(5):
        ring = Ring(package)
        ring.settle()
        ring.run(500)
        version = ring.version(ring.leader)
        ring.kill(ring.leader if is_leader else NODE_COUNT)
        ring.spent_ns = 0
        done = _applied_after(ring, version)
        passed_ms = ring.run_until(done, 1000)
        assert passed_ms < 300, f"{passed_ms} ms until the new plan"
        best = min(best or ring.spent_ns, ring.spent_ns)
    return best / (NODE_COUNT - 1)


def _applied_after(ring: Ring, version: tuple[int, int]) -> Callable[[], bool]:
    return lambda: ring.is_settled() and ring.version(ring.leader) != version


DEADLINES = [
    Deadline("frame_interval", wire.BL0942_FRAME_INTERVAL_MS, "a meter's packet", frame_ns),
    Deadline("beat", wire.CLUSTER_BEAT_MS, "a beat of six nodes", beat_ns),
    Deadline("detection", wire.CLUSTER_DETECT_MS, "watching for silence", detection_ns),
    Deadline("reallocation", 200, "a follower dies", reallocation_ns),
    Deadline("failover", 300, "the leader dies", failover_ns),
    Deadline("device_poll", 100, "polling a feeder's three meters", poll_ns),
    Deadline("allocation", 1000, "a round of 64 stations", allocation_ns),
]


def is_there(package: str) -> bool:
    """Tell whether the kernels of `package` can be loaded."""
    return bool(importlib.util.find_spec(package) and importlib.util.find_spec(f"{package}.cluster"))


def share_percent(deadline: Deadline, nanoseconds: float) -> float:
    """Return the part of the budget in percent."""
    return nanoseconds / (deadline.budget_ms * 10_000)


def shares() -> list[Result]:
    """Measure every deadline on both backends."""
    found: list[Result] = []
    for deadline in DEADLINES:
        for backend, package in PACKAGES.items():
            name = f"deadline {deadline.budget_ms} ms, {deadline.of}: share of the budget, {backend}"
            if not is_there(package):
                found.append(absent(name, "%", "lower", "the C core"))
                continue
            share = share_percent(deadline, deadline.measure(package))
            found.append(result(name, share, "%", "lower", target=SHARE_PERCENT_MAX[backend]))
    return found


ROWS = [Row("deadlines.share", shares)]
