"""Runs a baseline policy on the same meters and stations as the real charger role."""

from collections.abc import Sequence
from typing import Protocol

from evenload import ticks, wire
from evenload.meter import Meter

from evenload_sim.bench.policies import View
from evenload_sim.grid import PHASES, Grid

LEASE_MS = 30_000


class Policy(Protocol):
    """A rule that writes new set-points from what it sees, every `period_ms`."""

    name: str
    period_ms: int

    def decide(self, view: View, grants_ma: list[int]) -> None:
        """Write the new set-points into `grants_ma`."""


class PolicyController:
    """The controller's place in the world, taken by a baseline.

    meters: per circuit three meters or None, as the charger role gets them.
    """

    def __init__(self, policy: Policy, grid: Grid, meters: Sequence[Sequence[Meter] | None]) -> None:
        self.policy = policy
        self._grid = grid
        self._meters = meters
        self._due_ms: int | None = None
        self._poll_due_ms: int | None = None
        count = len(grid.stations)
        self.grant_ma = [0] * count
        limit_ma = [grid.limit_ma[cell : cell + PHASES] for cell in range(0, len(grid.limit_ma), PHASES)]
        self._view = View(
            limit_ma, grid.paths, [s.lines for s in grid.stations], [s.max_ma for s in grid.stations]
        )

    def step(self, now_ms: int) -> None:
        """Poll the meters, decide when it is time, renew every station's lease each second."""
        for meters in self._meters:
            for meter in meters or ():
                meter.step(now_ms)
                meter.tick(now_ms)
        if self._poll_due_ms is not None and not ticks.is_due(now_ms, self._poll_due_ms):
            return
        self._poll_due_ms = ticks.add_ms(now_ms, wire.METER_POLL_PERIOD_MS)
        if self._due_ms is None or ticks.is_due(now_ms, self._due_ms):
            self._due_ms = ticks.add_ms(now_ms, self.policy.period_ms)
            self._look(now_ms)
            self.policy.decide(self._view, self.grant_ma)
        for station, grant_ma in zip(self._grid.stations, self.grant_ma, strict=True):
            station.set_current(now_ms, grant_ma, len(station.lines), ticks.add_ms(now_ms, LEASE_MS))

    def take_events(self) -> list[tuple[str, str, object]]:
        """Return nothing: a baseline tells no story."""
        return []

    def _look(self, now_ms: int) -> None:
        view = self._view
        view.feeder_ma = []
        view.age_ms = []
        for meters in self._meters:
            stamps = [meter.get_last_update_timestamp() for meter in meters or ()]
            known = [stamp for stamp in stamps if stamp is not None]
            if meters is None or len(known) < PHASES:
                view.feeder_ma.append(None)
                view.age_ms.append(0)
                continue
            view.feeder_ma.append([meter.reading.current_ma for meter in meters])
            view.age_ms.append(max(ticks.elapsed_ms(now_ms, stamp) for stamp in known))
        stations = self._grid.stations
        view.connected = [station.report().state >= wire.STATION_CONNECTED for station in stations]
        view.measured_ma = [station.report().measured_ma for station in stations]
