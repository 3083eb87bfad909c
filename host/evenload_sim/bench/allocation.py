"""Allocation rounds: time per round and station, C against its Python twin, and fairness in shortage."""

import importlib
from typing import Any

from evenload import wire
from evenload.random32 import Random32

from evenload_sim.bench import Result, Row, result, spent_ns

STATIONS_PER_CIRCUIT = 32
WARM_ROUNDS = 90
TIMED_ROUNDS = 60
US_TARGETS = {64: 10.0, 1000: 200.0, 10000: 3000.0}


class Garage:
    """A garage of `station_count` stations: inputs like a real one, a short supply, all cars charging."""

    def __init__(self, package: str, station_count: int) -> None:
        circuits = 1 + -(-station_count // STATIONS_PER_CIRCUIT)
        module = importlib.import_module(f"{package}.allocation")
        self.allocation: Any = module.Allocation(circuits, station_count)
        self.now_ms = 0
        self._random = Random32(station_count)
        a = self.allocation
        for n in range(circuits):
            a.circuit_parent[n] = 0 if n else wire.CIRCUIT_NONE
            a.metered[n] = 0 if n else 1
            # About four of five cars get their minimum: rotation has to choose.
            each_ma = 4000 * (STATIONS_PER_CIRCUIT if n else station_count)
            for k in range(3 * n, 3 * n + 3):
                a.limit_ma[k] = each_ma
        for s in range(station_count):
            a.station_circuit[s] = 1 + s // STATIONS_PER_CIRCUIT
            a.wiring[s] = s % wire.WIRING_L1_L2
            a.max_ma[s] = 32000
            a.station_state[s] = wire.STATION_CHARGING
        a.seal()
        for _ in range(WARM_ROUNDS):
            self.step()

    def step(self) -> int:
        """Pass a second and return the nanoseconds of its round.

        Every car draws its grant but one in eight, whose battery takes 9 A.
        """
        a = self.allocation
        self.now_ms += 1000
        total = [5000, 6000, 7000]
        for s in range(a.station_count):
            a.heard_ms[s] = self.now_ms
            draw_ma = min(a.grant_ma[s], 9000) if s % 8 == 0 else a.grant_ma[s]
            for phase in range(3):
                amount_ma = draw_ma if a.phase_mask[s] >> phase & 1 else 0
                a.measured_ma[3 * s + phase] = amount_ma
                total[phase] += amount_ma
        a.sample_ms[0] = self.now_ms
        a.meter_state[0] = wire.METER_FRESH
        for phase in range(3):
            a.feeder_ma[phase] = total[phase] + self._random.below(500)
        return spent_ns(lambda: a.tick(self.now_ms), 1)

    def draw_weights(self) -> None:
        """Give every station a weight of its own, as laxity does: no two levels are equal."""
        for s in range(self.allocation.station_count):
            self.allocation.weight[s] = 1 + self._random.below(wire.ALLOCATION_WEIGHT_MAX)

    def round_ns(self) -> float:
        """Return the best nanoseconds of one round, each with a second's new inputs, which aren't timed."""
        best = self.step()
        for _ in range(TIMED_ROUNDS):
            best = min(best, self.step())
        return best


def _time_c(station_count: int) -> list[Result]:
    garage = Garage("evenload_core", station_count)
    results = [
        result(
            f"allocation round, C, {station_count} stations",
            garage.round_ns() / 1000,
            "us",
            "lower",
            target=US_TARGETS[station_count],
        )
    ]
    garage.draw_weights()
    name = f"allocation round, C, {station_count} stations, every weight different"
    results.append(result(name, garage.round_ns() / 1000, "us", "lower"))
    return results


def _compare_twins() -> list[Result]:
    c_ns = Garage("evenload_core", 64).round_ns()
    python_ns = Garage("evenload", 64).round_ns()
    ratio = python_ns / c_ns
    return [
        result(
            "allocation round, C against the Python twin, 64 stations",
            ratio,
            "x",
            "higher",
            target=40.0,
            peer="Python twin",
            ratio=ratio,
        )
    ]


def _time_python() -> list[Result]:
    name = "allocation round, Python twin, 8 stations"
    return [result(name, Garage("evenload", 8).round_ns() / 1000, "us", "lower", target=300.0)]


def _measure_growth() -> list[Result]:
    """Cost per station of 10,000 over that of 64, against log2: 13.3 / 6."""
    small_ns = Garage("evenload_core", 64).round_ns() / 64
    large_ns = Garage("evenload_core", 10000).round_ns() / 10000
    name = "allocation round, C, cost per station, 10,000 against 64"
    return [result(name, large_ns / small_ns, "x", "lower", target=2.2, peer="64 stations", ratio=None)]


ROWS = [
    Row("allocation.round.64", lambda: _time_c(64)),
    Row("allocation.round.1000", lambda: _time_c(1000)),
    Row("allocation.round.10000", lambda: _time_c(10000), slow=True),
    Row("allocation.growth", _measure_growth, slow=True),
    Row("allocation.python", _time_python),
    Row("allocation.twins", _compare_twins),
]
