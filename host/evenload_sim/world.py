"""The whole simulated site: building, vehicles, stations, breakers, meters, and the real charger role among
them.

`step` moves everything by passes of 100 ms in one fixed order (building, traffic, stations, cables, meters,
role, breakers, rules), so one seed and one list of faults give the same bytes of trace each time. The rules
of `invariants` are checked after every pass.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TextIO

from evenload import ticks, wire
from evenload.safety import worst_state

from evenload_sim import invariants
from evenload_sim.base_load import BaseLoad
from evenload_sim.chip_rig import ChipRig
from evenload_sim.clock import SimulatedClock
from evenload_sim.events import EventFeed
from evenload_sim.faults import Faults
from evenload_sim.garage import Traffic, garage_site
from evenload_sim.grid import PHASES, Grid
from evenload_sim.history import History
from evenload_sim.meter_rig import Rig
from evenload_sim.role_controller import RoleController
from evenload_sim.snapshot import snapshot
from evenload_sim.station import SimulatedStation
from evenload_sim.watch import Watch

PASS_MS = 100
TRACE_PERIOD_MS = 1000


class Controller(Protocol):
    """Whoever sets the stations: the real charger role, or a bench's baseline."""

    def step(self, now_ms: int) -> None:
        """Do one pass of the node's loop."""

    def take_events(self) -> list[tuple[str, str, object]]:
        """Return what happened as (code, subject, value)."""


@dataclass(frozen=True)
class WorldOptions:
    """How a world begins.

    start_ms: ring time of the first moment (the default wraps after an hour); start_hour: row of homes.csv,
    hour 0 of a day is a multiple of 24; load_percent: size of the building; traffic: whether vehicles come
    and go by themselves; trace: where one JSON line per second and event goes; make_rig, make_controller:
    other meters than chips, another controller than the role (its world is not checked).
    """

    start_ms: int = ticks.PERIOD_MS - 3_600_000
    start_hour: int = 17
    load_percent: int = 100
    traffic: bool = True
    trace: TextIO | None = None
    make_rig: "Callable[[World], Rig] | None" = None
    make_controller: "Callable[[World], Controller] | None" = None


class World:
    """A simulated site; site: SITE.json (default the garage), seed: of everything that is random in it."""

    def __init__(
        self, site: dict[str, Any] | None = None, seed: int = 1, options: WorldOptions | None = None
    ) -> None:
        self.site_dict: dict[str, Any] = site if site is not None else garage_site()
        self.seed = seed
        self.options = options or WorldOptions()
        self.clock = SimulatedClock(self.options.start_ms)
        self.stations = [SimulatedStation(entry) for entry in self.site_dict["stations"]]
        self.grid = Grid(self.site_dict, self.stations)
        self.base_load = BaseLoad(seed, self.options.start_hour, self.options.load_percent)
        self.traffic = (
            Traffic(seed + 1, len(self.stations), self.options.start_hour % 24)
            if self.options.traffic
            else None
        )
        make_rig = self.options.make_rig
        self.rig: Rig = make_rig(self) if make_rig else ChipRig(self.site_dict, seed + 2)
        self.speed = 1  # Simulated seconds per real one; whoever drives the world says so here.
        self.controller: Controller = (self.options.make_controller or RoleController)(self)
        self.events = EventFeed()
        self.history = History()
        self.faults = Faults(self)
        self.watch = None if self.options.make_controller else Watch(self, self.role.allocation)
        self._rest_ms = 0

    @property
    def role(self) -> RoleController:
        """Return the real role's controller; a baseline's world has none."""
        assert isinstance(self.controller, RoleController)
        return self.controller

    def snapshot(self) -> dict[str, Any]:
        """Return this moment as the page sees it."""
        return snapshot(self)

    def step(self, delta_ms: int) -> None:
        """Move the world by `delta_ms`, in passes of 100 ms; a rest below 100 ms waits for the next call."""
        self._rest_ms += delta_ms
        while self._rest_ms >= PASS_MS:
            self._rest_ms -= PASS_MS
            self._pass()

    def inject(self, name: str, target: str, on: bool) -> None:
        """Switch a fault on or off; raises faults.UnknownFault with what would be valid."""
        self.faults.inject(name, target, on)

    def note(self, code: str, subject: str, value: object = "") -> None:
        """Add an event to the feed and to the trace."""
        self.events.add(self.clock.elapsed_ms, code, subject, value)
        self._trace({"at_ms": self.clock.elapsed_ms, "event": code, "subject": subject, "value": value})

    def replay_command(self) -> str:
        """Return the command that runs this world again up to this moment, faults included."""
        options = self.options
        words = [
            f"python -m evenload_sim.replay --seed {self.seed} --until-ms {self.clock.elapsed_ms}",
            f"--start-ms {options.start_ms} --start-hour {options.start_hour}",
            f"--load-percent {options.load_percent}",
        ]
        for elapsed_ms, name, target, on in self.faults.log:
            words.append(f"--inject {elapsed_ms}:{name}:{target}:{'on' if on else 'off'}")
        return " ".join(words)

    def _pass(self) -> None:
        self.clock.advance(PASS_MS)
        now_ms, elapsed_ms = self.clock.now_ms, self.clock.elapsed_ms
        self.base_load.step(elapsed_ms)
        self._move_traffic(elapsed_ms)
        for station in self.stations:
            station.step(now_ms, PASS_MS)
        self.grid.load([self.base_load.current_ma(phase) for phase in range(PHASES)])
        self.rig.step(now_ms, self.grid.feeder_ma)
        self.controller.step(now_ms)
        self.grid.age(PASS_MS)
        for code, subject, value in self.controller.take_events():
            self.note(code, subject, value)
        if self.watch is not None:
            self.watch.look(PASS_MS)
            invariants.check(self.watch)
        if elapsed_ms % TRACE_PERIOD_MS == 0:
            self.history.add(self._measured_main_ma())
            self._trace_second()

    def _measured_main_ma(self) -> list[int] | list[None]:
        """Return what the main meter reads, None on each phase while it is not trusted."""
        meters = self.rig.meters[0]
        if meters is None:
            return self.grid.feeder_ma[:PHASES]
        if worst_state([meter.state for meter in meters]) not in (wire.METER_FRESH, wire.METER_RECOVERING):
            return [None] * PHASES
        return [meter.reading.current_ma for meter in meters]

    def _move_traffic(self, elapsed_ms: int) -> None:
        if self.traffic is None:
            return
        for station, arrived, energy_wh in self.traffic.step(elapsed_ms, self.stations):
            if arrived and station.vehicle is not None:
                self.note("vehicle_arrived", station.id, station.vehicle.model.name)
                self.faults.restore_vehicles()
            else:
                self.note("vehicle_left", station.id, f"{energy_wh / 1000:.1f}")

    def _trace_second(self) -> None:
        if self.options.trace is None:
            return
        self._trace(
            {
                "at_ms": self.clock.elapsed_ms,
                "ring_ms": self.clock.now_ms,
                "feeder_ma": self.grid.feeder_ma,
                "offered_ma": [station.offered_ma for station in self.stations],
                "drawn_ma": [max(station.current_ma) for station in self.stations],
                "state": [station.state for station in self.stations],
                "meter": [
                    [meter.state for meter in meters] if meters else None for meters in self.rig.meters
                ],
            }
        )

    def _trace(self, line: dict[str, object]) -> None:
        if self.options.trace is not None:
            self.options.trace.write(json.dumps(line, separators=(",", ":")) + "\n")
