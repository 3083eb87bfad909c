"""A snapshot as the first paint shows it: numbers as text, codes as words, each state with its tone.

A tone is one of good, attention, danger, idle, unknown; the page shows it by shape and colour together.
"""

from typing import Any

from evenload_host.dashboard.words import Phrasebook, run_clock

METER_TONES = {"fresh": "good", "recovering": "attention", "implausible": "attention", "stale": "danger"}
SAFETY_TONES = {"normal": "good", "recovered": "attention", "implausible": "attention"}
DANGER_REASONS = ("noncompliant", "faulted", "guard", "breaker", "meter_invalid")
ATTENTION_REASONS = ("silent", "meter_stale", "meter_hold")
SHAPES = {"good": "●", "attention": "▲", "danger": "■", "idle": "○", "unknown": "◌"}
SEVERITY_TONES = {"info": "idle", "warn": "attention", "alarm": "danger"}
NEAR_PERCENT = 95


def page_view(snapshot: dict[str, Any], book: Phrasebook) -> dict[str, Any]:
    """Return everything that the template prints."""
    return {
        "clock": run_clock(snapshot["sim_s"]),
        "age": book.age(snapshot["age_ms"]),
        "safety": safety_view(snapshot["safety"], book),
        "circuits": [circuit_view(circuit, book) for circuit in snapshot["circuits"]],
        "stations": [station_view(station, book) for station in snapshot["stations"]],
        "first": first_stations(snapshot["stations"]),
        "events": [event_view(event, book) for event in reversed(snapshot["events"])],
        "faults": fault_groups(snapshot["faults"], book),
        "summary": summary_text(snapshot["stations"], book),
        "shapes": SHAPES,
    }


def safety_view(safety: dict[str, str], book: Phrasebook) -> dict[str, str]:
    """Return the row of the safety table in force: word, sentence and the circuits it names."""
    row = safety["row"]
    circuits, colon, _ = safety["text"].partition(": ")
    return {
        "tone": SAFETY_TONES.get(row, "danger"),
        "word": book.say(f"safety.{row}"),
        "text": book.say(f"safety.{row}.text"),
        "where": circuits if colon and row != "normal" else "",
    }


def circuit_view(circuit: dict[str, Any], book: Phrasebook) -> dict[str, Any]:
    """Return one circuit's phases as text and its meter's health."""
    phases = []
    for phase in range(3):
        load_a, limit_a = circuit["load_a"][phase], circuit["limit_a"][phase]
        heat = circuit["heat_percent"]
        phases.append(
            {
                "name": f"L{phase + 1}",
                "load": f"{load_a:.1f}",
                "limit": f"{limit_a:.0f}",
                "reserve": f"{max(0.0, 100 - heat[phase]):.0f}" if heat else "–",
                "tone": load_tone(load_a, limit_a),
            }
        )
    meter = meter_view(circuit["meter"], book)
    is_stale = meter is not None and circuit["meter"]["state"] not in ("fresh", "recovering")
    trust = f"{meter['word']}, {book.say('meter.age', age=meter['age'])}" if meter and is_stale else ""
    return {
        "id": circuit["id"],
        "phases": phases,
        "meter": meter,
        "stale": "yes" if is_stale else "no",
        "trust": trust,
    }


def load_tone(load_a: float, limit_a: float) -> str:
    """Return good, attention near the fuse, danger over it."""
    if load_a > limit_a:
        return "danger"
    return "attention" if load_a * 100 > limit_a * NEAR_PERCENT else "good"


def meter_view(meter: dict[str, Any] | None, book: Phrasebook) -> dict[str, Any] | None:
    """Return a meter's state word, tone, age and counters; None for a circuit without one."""
    if meter is None:
        return None
    return {
        "tone": METER_TONES.get(meter["state"], "danger"),
        "word": book.say(f"meter.{meter['state']}"),
        "age": book.age(meter["age_ms"]),
        "link": book.say("meter.connected" if meter["connected"] else "meter.disconnected"),
        "counters": [
            (name, book.words.get(f"counter.{name}", name.replace("_", " ")), value)
            for name, value in meter["counters"].items()
        ],
    }


def station_view(station: dict[str, Any], book: Phrasebook) -> dict[str, Any]:
    """Return one row of the table of stations."""
    position = station["queue_position"]
    return {
        "id": station["id"],
        "circuit": station["circuit"],
        "wiring": station["wiring"],
        "plugged": "yes" if station["ev"] else "no",
        "ev": book.vehicle(station["ev"]) if station["ev"] else "",
        "tone": station_tone(station),
        "state": book.say(f"state.{station['state']}"),
        "grant": f"{station['grant_a']:.1f}",
        "measured": [f"{current_a:.1f}" for current_a in station["measured_a"]],
        "reason": book.reason(station),
        "queue": "" if position is None else book.say("station.queue", position=position),
        "energy": f"{station['energy_kwh']:.1f}" if station["ev"] else "–",
        "requested": f"{station['requested_kwh']:.0f}" if station["ev"] else "–",
    }


def first_stations(stations: list[dict[str, Any]]) -> set[str]:
    """Return the ids of the stations of a higher class than the lowest one in use."""
    lowest = max((station["priority"] for station in stations), default=0)
    return {station["id"] for station in stations if station["priority"] < lowest}


def station_tone(station: dict[str, Any]) -> str:
    """Return how a station fares: its reason may worry, charging is good, everything else waits."""
    if station["reason"] in DANGER_REASONS or station["state"] == "faulted":
        return "danger"
    if station["reason"] in ATTENTION_REASONS:
        return "attention"
    if station["state"] == "unreported":
        return "unknown"
    return "good" if station["state"] == "charging" and station["grant_a"] > 0 else "idle"


def summary_text(stations: list[dict[str, Any]], book: Phrasebook) -> str:
    """Return how many charge, are only plugged in and are free, and the amperes granted."""
    charging = [s for s in stations if s["state"] == "charging" and s["grant_a"] > 0]
    idle = [station for station in stations if station["ev"] and station not in charging]
    free = [station for station in stations if station["state"] == "available"]
    granted_a = sum(station["grant_a"] for station in stations)
    return book.say(
        "station.summary",
        charging=len(charging),
        idle=len(idle),
        free=len(free),
        grant=f"{granted_a:.0f}",
    )


def event_view(event: dict[str, Any], book: Phrasebook) -> dict[str, Any]:
    """Return one line of the feed."""
    return {
        "id": event["id"],
        "clock": run_clock(event["sim_s"]),
        "tone": SEVERITY_TONES.get(event["severity"], "unknown"),
        "severity": event["severity"],
        "word": book.say(f"severity.{event['severity']}"),
        "text": book.event(event),
    }


def fault_groups(faults: list[dict[str, Any]], book: Phrasebook) -> list[dict[str, Any]]:
    """Return the faults by name, in the site's order, each with what it does and a switch per target."""
    groups: dict[str, dict[str, Any]] = {}
    for fault in faults:
        name = fault["name"]
        group = groups.setdefault(
            name,
            {
                "name": name,
                "title": book.words.get(f"fault.{name}", fault["label"]),
                "does": book.words.get(f"fault.{name}.does", fault["label"]),
                "switches": [],
            },
        )
        group["switches"].append({"target": fault["target"], "on": fault["on"]})
    return list(groups.values())
