"""What `evenload charging plan` computes, and the JSON Schema of its site file."""

from typing import Any, TypedDict

from evenload import site as site_file
from evenload import wire

ROUND_MS = 1000
SETTLE_ROUNDS = 3
# Without --ticks the question is where the current ends up, so the speed of raises is left out.
WITHOUT_SLEW = {"raise_headroom_percent": 100, "raise_rated_percent_per_s": 0, "raise_settle_ms": 0}


class PlannedStation(TypedDict):
    """One line of the plan; limiting_* are null where no circuit limits the station."""

    id: str
    grant_a: float
    phases: int
    reason: str
    limiting_circuit: str | None
    limiting_phase: str | None
    expires_ms: int


class PlannedCircuit(TypedDict):
    """What a circuit would carry, per phase, base load included."""

    id: str
    limit_a: list[float]
    base_a: list[float]
    planned_a: list[float]


class Plan(TypedDict):
    """The answer of `evenload charging plan --json`."""

    site: str
    ticks: int
    stations: list[PlannedStation]
    circuits: list[PlannedCircuit]


def compute_plan(site: dict[str, Any], ticks: int | None) -> Plan:
    """Return the plan of the site file `site` after `ticks` rounds of 1 s, or settled when None.

    The measurements are held as they stand in the file. ConfigError names what the file has wrong.
    """
    changed: Any = site
    if ticks is None and isinstance(site, dict):
        changed = {**site, **WITHOUT_SLEW}
    built = site_file.build(changed)
    rounds = ticks or SETTLE_ROUNDS
    for number in range(rounds):
        now_ms = number * ROUND_MS
        built.measure(site.get("measurements", {}), now_ms)
        built.allocation.tick(now_ms)
    a = built.allocation
    return Plan(
        site=built.name,
        ticks=rounds,
        stations=[_station(built, s) for s in range(len(built.station_ids))],
        circuits=[
            PlannedCircuit(
                id=built.circuit_ids[n],
                limit_a=_amperes(a.limit_ma, n),
                base_a=_amperes(a.base_ma, n),
                planned_a=_amperes(a.load_ma, n),
            )
            for n in range(len(built.circuit_ids))
        ],
    )


def _amperes(column: Any, n: int) -> list[float]:
    return [column[k] / 1000 for k in range(3 * n, 3 * n + 3)]


def _station(built: Any, s: int) -> PlannedStation:
    a = built.allocation
    circuit, phase = a.limiting_circuit[s], a.limiting_phase[s]
    return PlannedStation(
        id=built.station_ids[s],
        grant_a=a.grant_ma[s] / 1000,
        phases=a.grant_phases[s],
        reason=wire.REASON_NAMES[a.reason[s]],
        limiting_circuit=None if circuit == wire.CIRCUIT_NONE else built.circuit_ids[circuit],
        limiting_phase=None if phase == wire.PHASE_NONE else f"L{phase + 1}",
        expires_ms=a.expires_ms[s],
    )


def _span(least: int, most: int, text: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most, "description": text}


def _phases(text: str) -> dict[str, Any]:
    amounts = {"type": "integer", "minimum": 0, "maximum": wire.ALLOCATION_CURRENT_MA_MAX}
    return {"type": "array", "items": amounts, "minItems": 3, "maxItems": 3, "description": text}


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _station_schema() -> dict[str, Any]:
    most = wire.ALLOCATION_STATION_MA_MAX
    properties = {
        "id": {"type": "string", "minLength": 1, "maxLength": 64},
        "circuit": {"type": "string", "description": "The id of the circuit it hangs on."},
        "wiring": {"enum": list(wire.WIRING_NAMES), "description": "Site phases of its terminals, in order."},
        "min_ma": _span(wire.EV_MIN_CURRENT_MA, most, "The least current its cars charge with."),
        "max_ma": _span(wire.EV_MIN_CURRENT_MA, most, "The most its cable and hardware carry."),
        "failsafe_ma": _span(0, most, "What it falls back to by itself when it hears nothing."),
        "priority": _span(0, wire.ALLOCATION_PRIORITY_MAX, "Strict class; 0 is served first."),
        "weight": _span(1, wire.ALLOCATION_WEIGHT_MAX, "Share inside its class."),
        "switchable": {"type": "boolean", "description": "May switch between one and three phases."},
    }
    return _object(properties, ["id", "circuit"])


def _circuit_schema() -> dict[str, Any]:
    properties = {
        "id": {"type": "string", "minLength": 1, "maxLength": 64},
        "parent": {"type": "string", "description": "The id of the circuit above; the root has none."},
        "limit_ma": _phases("What L1, L2, L3 may carry."),
        "fallback_current_ma": _phases("Budget for stations while the meter is stale; at most limit_ma."),
        "metered": {"type": "boolean", "description": "Has a meter; the root has one unless this is false."},
        "breaker_rated_ma": _phases("Rated current of the breaker; 0 = no breaker model."),
    }
    return _object(properties, ["id", "limit_ma"])


def _measurements_schema() -> dict[str, Any]:
    circuit = {
        "feeder_ma": _phases("What the meter shows, cars included."),
        "meter_state": {"enum": list(wire.METER_NAMES)},
        "cap_ma": _phases("External cap on the circuit."),
    }
    station = {
        "state": {"enum": list(wire.STATION_NAMES)},
        "measured_ma": _phases("What the car draws, by site phase."),
        "cap_ma": _span(0, wire.ALLOCATION_STATION_MA_MAX, "External cap on the station."),
        "weight": _span(1, wire.ALLOCATION_WEIGHT_MAX, "Share inside its class, now."),
    }
    by_id = {"type": "object", "description": "By id."}
    return _object(
        {
            "circuits": {**by_id, "additionalProperties": _object(circuit, [])},
            "stations": {**by_id, "additionalProperties": _object(station, [])},
        },
        [],
    )


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a site file."""
    properties: dict[str, Any] = {"name": {"type": "string"}}
    for key in site_file.SETTINGS:
        properties[key] = _span(*site_file.setting_range(key), f"Setting; the default is in SPEC, {key}.")
    properties["circuits"] = {
        "type": "array",
        "items": _circuit_schema(),
        "minItems": 1,
        "maxItems": wire.ALLOCATION_CIRCUITS_MAX,
    }
    properties["stations"] = {
        "type": "array",
        "items": _station_schema(),
        "maxItems": wire.ALLOCATION_STATIONS_MAX,
    }
    properties["measurements"] = _measurements_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Evenload site file",
        **_object(properties, ["circuits", "stations"]),
    }


def example() -> dict[str, Any]:
    """Return a complete site file: six stations on two sub-circuits behind a 63 A main fuse."""
    wirings = ("L1-L2-L3", "L2-L3-L1", "L3-L1-L2", "L1", "L2-L3", "unknown")
    stations = [
        {
            "id": f"bay-{number + 1:02}",
            "circuit": "east" if number < 3 else "west",
            "wiring": wiring,
            "min_ma": 6000,
            "max_ma": 32000,
            "failsafe_ma": 0,
            "priority": 0 if number else 1,
            "weight": 2 if number == 2 else 1,
            "switchable": number == 1,
        }
        for number, wiring in enumerate(wirings)
    ]
    return {
        "name": "Garage",
        "step_ma": 100,
        "slot_ms": 900000,
        "raise_rated_percent_per_s": 3,
        "circuits": [
            {
                "id": "main",
                "limit_ma": [63000, 63000, 63000],
                "fallback_current_ma": [24000, 24000, 24000],
                "metered": True,
                "breaker_rated_ma": [63000, 63000, 63000],
            },
            {"id": "east", "parent": "main", "limit_ma": [40000, 40000, 40000]},
            {"id": "west", "parent": "main", "limit_ma": [32000, 32000, 32000]},
        ],
        "stations": stations,
        "measurements": _example_measurements(),
    }


def _example_measurements() -> dict[str, Any]:
    return {
        "circuits": {
            "main": {
                "feeder_ma": [21000, 18500, 24300],
                "meter_state": "fresh",
                "cap_ma": [60000, 60000, 60000],
            }
        },
        "stations": {
            "bay-01": {"state": "charging", "measured_ma": [6000, 6000, 6000]},
            "bay-02": {"state": "charging", "measured_ma": [6000, 6000, 6000]},
            "bay-03": {"state": "connected", "measured_ma": [0, 0, 0]},
            "bay-04": {"state": "charging", "measured_ma": [6000, 0, 0], "cap_ma": 16000},
            "bay-05": {"state": "connected"},
            "bay-06": {"state": "available"},
        },
    }
