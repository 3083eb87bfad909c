"""The cables of a site: which circuits a station's current flows through, and what every breaker carries."""

from evenload_sim.mcb import MiniatureBreaker
from evenload_sim.station import SimulatedStation

PHASES = 3


class Grid:
    """The tree of circuits as copper and breakers; a cell is 3 * circuit + phase.

    site: SITE.json; stations in its order. `feeder_ma[cell]` is the true current after `load`,
    `station_ma[cell]` the part of it that stations draw.
    """

    def __init__(self, site: dict[str, object], stations: list[SimulatedStation]) -> None:
        circuits = _entries(site, "circuits")
        self.circuit_ids = [str(circuit["id"]) for circuit in circuits]
        self.limit_ma = [ma for circuit in circuits for ma in _triple(circuit, "limit_ma", 0)]
        self.breakers = [
            MiniatureBreaker(ma) if ma else None
            for circuit in circuits
            for ma in _triple(circuit, "breaker_rated_ma", 0)
        ]
        self.parents = [
            self.circuit_ids.index(str(circuit["parent"])) if "parent" in circuit else -1
            for circuit in circuits
        ]
        homes = [str(entry["circuit"]) for entry in _entries(site, "stations")]
        self.station_circuit = [self.circuit_ids.index(home) for home in homes]
        self.stations = stations
        self.paths = [self._path(circuit) for circuit in self.station_circuit]
        self.feeder_ma = [0] * (PHASES * len(circuits))
        self.station_ma = [0] * (PHASES * len(circuits))

    def load(self, base_ma: list[int]) -> None:
        """Let the stations and the building's `base_ma` (per phase, at the root) flow; does not age the
        breakers.
        """
        drawn = self.station_ma
        for cell in range(len(drawn)):
            drawn[cell] = 0
        for station, path in zip(self.stations, self.paths, strict=True):
            if station.contactor_closed:
                for circuit in path:
                    for phase in range(PHASES):
                        drawn[PHASES * circuit + phase] += station.current_ma[phase]
        self.feeder_ma[:] = drawn
        for phase in range(PHASES):
            self.feeder_ma[phase] += base_ma[phase]

    def age(self, delta_ms: int) -> None:
        """Let every breaker carry its current for `delta_ms`."""
        for cell, breaker in enumerate(self.breakers):
            if breaker is not None:
                breaker.step(self.feeder_ma[cell], delta_ms)

    def spread(self, amounts_ma: list[int], lines: list[tuple[int, ...]]) -> list[int]:
        """Return per cell the sum of amounts_ma[station] over the site phases in lines[station]."""
        totals = [0] * len(self.feeder_ma)
        for amount_ma, phases, path in zip(amounts_ma, lines, self.paths, strict=True):
            if amount_ma:
                for circuit in path:
                    for phase in phases:
                        totals[PHASES * circuit + phase] += amount_ma
        return totals

    def is_below(self, station: int, circuit: int) -> bool:
        """Return whether the station hangs below the circuit."""
        return circuit in self.paths[station]

    def cell_name(self, cell: int) -> str:
        """Return a cell as a person names it: "main L1"."""
        return f"{self.circuit_ids[cell // PHASES]} L{cell % PHASES + 1}"

    def _path(self, circuit: int) -> list[int]:
        """Return the circuits from `circuit` to the root."""
        path = []
        while circuit >= 0:
            path.append(circuit)
            circuit = self.parents[circuit]
        return path


def _entries(site: dict[str, object], key: str) -> list[dict[str, object]]:
    entries = site[key]
    if not isinstance(entries, list):
        raise TypeError(f"{key} is {entries!r}; valid: a list")
    return entries


def _triple(circuit: dict[str, object], key: str, default: int) -> list[int]:
    value = circuit.get(key, [default] * PHASES)
    if not isinstance(value, list):
        raise TypeError(f"{key} is {value!r}; valid: a list of three")
    return value
