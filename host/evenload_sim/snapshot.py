"""One moment of the simulated site as the page sees it: SI floats, the unit in the key."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from evenload import core, ticks, wire
from evenload.safety import worst_state

from evenload_sim.grid import PHASES

if TYPE_CHECKING:
    from evenload_sim.world import World

PHASE_NAMES = ("L1", "L2", "L3")
# The safety table's rows, worst first: (METER_*, row, what it does).
ROWS = (
    (wire.METER_INVALID, "invalid", "a meter was never read: every station below it is suspended."),
    (
        wire.METER_STALE,
        "stale",
        "the meter is stale: 6 A for as many stations as fit the static budget, 0 A for the rest.",
    ),
    (
        wire.METER_IMPLAUSIBLE,
        "implausible",
        "the meter reads something impossible: currents hold, nothing is raised.",
    ),
    (
        wire.METER_RECOVERING,
        "recovered",
        "the meter has one good reading: currents hold until the second, then rise slowly.",
    ),
)
NORMAL_TEXT = "Every meter is fresh: current is shared up to the limits."


def snapshot(world: "World") -> dict[str, Any]:
    """Return GET /site/snapshot.json."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "sim_s": world.clock.elapsed_ms / 1000,
        "backend": core.BACKEND,
        "seed": world.seed,
        "speed": world.speed,
        "site": world.site_dict.get("name", "Site"),
        "circuits": [_circuit(world, circuit) for circuit in range(len(world.grid.circuit_ids))],
        "stations": [_station(world, index) for index in range(len(world.stations))],
        "events": world.events.newest(),
        "faults": world.faults.listed(),
        "safety": _safety(world),
        "history": world.history.snapshot(),
    }


def _circuit(world: "World", circuit: int) -> dict[str, Any]:
    allocation, grid = world.role.allocation, world.grid
    cells = range(PHASES * circuit, PHASES * circuit + PHASES)
    parent = grid.parents[circuit]
    meters = world.rig.meters[circuit]
    load_ma = [meter.reading.current_ma for meter in meters] if meters else [grid.feeder_ma[k] for k in cells]
    caps_ma = [allocation.cap_ma[k] for k in cells]
    capped = any(allocation.cap_ma[k] < allocation.limit_ma[k] for k in cells)
    rated = any(grid.breakers[k] is not None for k in cells)
    return {
        "id": grid.circuit_ids[circuit],
        "parent": grid.circuit_ids[parent] if parent >= 0 else None,
        "limit_a": _amperes([allocation.limit_ma[k] for k in cells]),
        "load_a": _amperes(load_ma),
        "true_a": _amperes([grid.feeder_ma[k] for k in cells]),
        "base_a": _amperes([allocation.base_ma[k] for k in cells]),
        "ev_a": _amperes([grid.station_ma[k] for k in cells]),
        "planned_a": _amperes([allocation.load_ma[k] for k in cells]),
        "cap_a": [ma / 1000 if ma < wire.NO_CAP_MA else None for ma in caps_ma] if capped else None,
        "heat_percent": [allocation.breaker_heat_permille[k] / 10 for k in cells] if rated else None,
        "meter": _meter(world, circuit) if meters else None,
    }


def _meter(world: "World", circuit: int) -> dict[str, Any]:
    """Return the worst state, the largest age and the summed counters of a circuit's three meters."""
    meters = world.rig.meters[circuit] or ()
    worst = worst_state([meter.state for meter in meters])
    ages_ms: list[int | None] = [meter.age_ms for meter in meters]
    counters: dict[str, int] = {}
    for meter in meters:
        for name, value in world.rig.counters(meter).items():
            counters[name] = counters.get(name, 0) + value
    return {
        "state": wire.METER_NAMES[worst],
        "age_ms": None if None in ages_ms else max(age_ms or 0 for age_ms in ages_ms),
        "connected": all(meter.is_connected() for meter in meters),
        "voltage_v": [meter.get_voltage() / 10 for meter in meters],
        "power_kw": [meter.power_w_signed / 1000 for meter in meters],
        "energy_kwh": [meter.get_energy() / 1000 for meter in meters],
        "counters": counters,
    }


def _station(world: "World", index: int) -> dict[str, Any]:
    allocation, station = world.role.allocation, world.stations[index]
    report, vehicle = station.report(), station.vehicle
    circuit, phase = allocation.limiting_circuit[index], allocation.limiting_phase[index]
    left_ms = ticks.elapsed_ms(allocation.expires_ms[index], world.clock.now_ms)
    return {
        "id": station.id,
        "circuit": world.grid.circuit_ids[world.grid.station_circuit[index]],
        "wiring": wire.WIRING_NAMES[station.wiring],
        "priority": allocation.priority[index],
        "state": wire.STATION_NAMES[report.state],
        "ev": vehicle.model.name if vehicle else None,
        "grant_a": allocation.grant_ma[index] / 1000,
        "phases": allocation.grant_phases[index],
        "measured_a": _amperes([max(0, ma) for ma in report.measured_ma]),
        "reason": wire.REASON_NAMES[allocation.reason[index]],
        "limiting_circuit": world.grid.circuit_ids[circuit] if circuit >= 0 else None,
        "limiting_phase": PHASE_NAMES[phase] if phase >= 0 else None,
        "energy_kwh": vehicle.energy_wh / 1000 if vehicle else 0.0,
        "requested_kwh": vehicle.wanted_wh / 1000 if vehicle else 0.0,
        "soc_percent": vehicle.soc_permille / 10 if vehicle else None,
        "expires_ms": max(0, left_ms),
        "queue_position": _queue_position(world, index),
    }


def _queue_position(world: "World", index: int) -> int | None:
    """Return the place among those that wait for their turn, 1 = next: class first, then least served."""
    allocation = world.role.allocation
    waiting = [
        (allocation.priority[s], allocation.served_as[s], s)
        for s in range(len(world.stations))
        if allocation.reason[s] == wire.REASON_WAITING_TURN
    ]
    places = [s for _, _, s in sorted(waiting)]
    return places.index(index) + 1 if index in places else None


def _safety(world: "World") -> dict[str, str]:
    """Return the worst row of the safety table that is in force, and for which circuits."""
    for state, row, text in ROWS:
        hit = [
            name
            for name, meters in zip(world.grid.circuit_ids, world.rig.meters, strict=True)
            if meters is not None and state in [meter.state for meter in meters]
        ]
        if hit:
            return {"row": row, "text": f"{', '.join(hit)}: {text}"}
    return {"row": "normal", "text": NORMAL_TEXT}


def _amperes(currents_ma: list[int]) -> list[float]:
    return [current_ma / 1000 for current_ma in currents_ma]
