"""The site of `make run`: a garage of 24 stations behind one main fuse, and the traffic that uses it."""

from typing import Any

from evenload.core import kernel

from evenload_sim.ev import MODELS, Vehicle
from evenload_sim.station import SimulatedStation

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
TURNS = ("L1-L2-L3", "L2-L3-L1", "L3-L1-L2")
# Stations that are not the ordinary 3-phase kind: (number, wiring).
SPECIAL_WIRING = {
    5: "L1",
    6: "L2",
    7: "L3",
    8: "L1-L2",
    11: "L1-L3-L2",
    17: "L2",
    18: "L3-L1",
    21: "L3",
    24: "unknown",
}
PRIVILEGED = (1, 13)  # Car sharing: priority class 0, everyone else class 1.


def garage_site() -> dict[str, Any]:
    """Return the garage as SITE.json: main fuse 125 A, east and west 80 A; main and east are metered.

    The static budget of the main fuse is what its fuse leaves beside the largest building load of the year;
    that of the sub-circuits, which feed chargers only, may be larger because the main fuse bounds it
    anyway.
    """
    return {
        "name": "Garage",
        "slot_ms": 15 * MINUTE_MS,
        "circuits": [
            _circuit("main", 125_000, 42_000) | {"metered": True},
            _circuit("east", 80_000, 36_000) | {"metered": True, "parent": "main"},
            _circuit("west", 80_000, 36_000) | {"metered": False, "parent": "main"},
        ],
        "stations": [_station(number) for number in range(1, 25)],
    }


def _circuit(name: str, limit_ma: int, fallback_ma: int) -> dict[str, object]:
    return {
        "id": name,
        "limit_ma": [limit_ma] * 3,
        "fallback_current_ma": [fallback_ma] * 3,
        "breaker_rated_ma": [limit_ma] * 3,
    }


def _station(number: int) -> dict[str, object]:
    return {
        "id": f"bay-{number:02d}",
        "circuit": "east" if number <= 12 else "west",
        "wiring": SPECIAL_WIRING.get(number, TURNS[number % 3]),
        "min_ma": 6_000,
        "max_ma": 32_000,
        "failsafe_ma": 0,
        "priority": 0 if number in PRIVILEGED else 1,
        "weight": 1,
        "switchable": False,
    }


class Traffic:
    """Vehicles that come and go, from a seed; hour_of_day: 0 .. 23 at time 0.

    At time 0 about half of the stations are taken. Later a free station waits minutes by day and hours by
    night; a stay lasts between half an hour and ten hours.
    """

    def __init__(self, seed: int, station_count: int, hour_of_day: int) -> None:
        self.hour_of_day = hour_of_day
        self._random = kernel("random32").Random32(seed)
        self._move_elapsed_ms = [
            0 if self._random.below(100) < 55 else self._gap_ms(0) for _ in range(station_count)
        ]

    def step(
        self, elapsed_ms: int, stations: list[SimulatedStation]
    ) -> list[tuple[SimulatedStation, bool, int]]:
        """Move vehicles whose time has come; return (station, arrived, Wh taken) of each that moved."""
        moved = []
        for index, station in enumerate(stations):
            if elapsed_ms < self._move_elapsed_ms[index]:
                continue
            energy_wh = station.vehicle.energy_wh if station.vehicle is not None else 0
            arrives = station.vehicle is None
            if arrives:
                station.plug_in(self._vehicle())
                self._move_elapsed_ms[index] = elapsed_ms + MINUTE_MS * (30 + self._random.below(570))
            else:
                station.unplug()
                self._move_elapsed_ms[index] = elapsed_ms + self._gap_ms(elapsed_ms)
            moved.append((station, arrives, energy_wh))
        return moved

    def _vehicle(self) -> Vehicle:
        model = MODELS[self._random.below(len(MODELS))]
        soc_permille = 150 + self._random.below(600)
        return Vehicle(model, soc_permille, 4_000 + self._random.below(36_000))

    def _gap_ms(self, elapsed_ms: int) -> int:
        """Return how long a station stays free that became free at `elapsed_ms`."""
        hour = (self.hour_of_day + elapsed_ms // HOUR_MS) % 24
        longest_minutes = 90 if 6 <= hour < 22 else 480
        return MINUTE_MS * (2 + int(self._random.below(longest_minutes)))
