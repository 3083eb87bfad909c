"""A site by hand for the web tests: a garage of two circuits, and a port that remembers orders."""

import pytest
from evenload_host.web.app import create_app
from evenload_host.web.config import WebConfig
from evenload_host.web.port import SiteRefusal


def circuit(name, parent, limit_a, meter):
    return {
        "id": name,
        "parent": parent,
        "limit_a": [limit_a] * 3,
        "load_a": [61.2, 79.1, 40.0],
        "base_a": [20.0, 21.0, 22.0],
        "ev_a": [41.2, 58.1, 18.0],
        "planned_a": [62.0, 80.0, 41.0],
        "cap_a": None,
        "heat_percent": [10.0, 60.5, 5.0],
        "meter": meter,
    }


def station(number, **changes):
    return {
        "id": f"bay-{number:02d}",
        "circuit": "east",
        "wiring": "L1-L2-L3",
        "state": "charging",
        "priority": 1,
        "ev": "Compact",
        "grant_a": 16.0,
        "phases": 3,
        "measured_a": [15.8, 15.9, 15.7],
        "reason": "circuit_limit",
        "limiting_circuit": "main",
        "limiting_phase": "L2",
        "energy_kwh": 3.2,
        "requested_kwh": 20.0,
        "soc_percent": 45.0,
        "expires_ms": 60000,
        "queue_position": None,
    } | changes


def event(number, **changes):
    return {"id": number, "sim_s": 9.0, "subject": "main", "text": "plain"} | changes


def sample_snapshot():
    """Return a snapshot with one station of each kind that looks different."""
    meter = {
        "state": "fresh",
        "age_ms": 412,
        "connected": True,
        "counters": {"packets": 99, "bad_checksum": 2},
    }
    waiting = {"state": "connected", "grant_a": 0.0, "reason": "waiting_turn", "queue_position": 2}
    empty = {"state": "available", "ev": None, "grant_a": 0.0, "reason": "not_connected"}
    return {
        "at": "2026-11-20T12:00:00.000Z",
        "sim_s": 3723.4,
        "backend": "c",
        "seed": 7,
        "speed": 1,
        "site": "Garage",
        "circuits": [circuit("main", None, 80.0, meter), circuit("east", "main", 50.0, None)],
        "stations": [
            station(1),
            station(2, **waiting),
            station(3, **empty, limiting_circuit=None, limiting_phase=None),
            station(4, reason="noncompliant", grant_a=0.0),
        ],
        "events": [
            event(1, code="meter_stale", severity="warn", value=3000),
            event(2, code="unheard_of", severity="info", text="Its own <text>."),
        ],
        "faults": [
            {"name": "meter_unplugged", "target": "main", "on": False, "label": "Unplug the meter of main"}
        ],
        "safety": {"row": "normal", "text": "Every meter is fresh."},
        "history": {"period_s": 1, "main_a": [[61.0], [79.0], [40.0]]},
    }


class SiteByHand:
    """A SitePort whose snapshot and age a test sets."""

    def __init__(self):
        self.now = sample_snapshot()
        self.age = 120
        self.injected = []

    def snapshot(self):
        return self.now

    def age_ms(self):
        return self.age

    def inject(self, name, target, on):
        if name != "meter_unplugged":
            raise SiteRefusal("name", f"name is {name!r}; valid: meter_unplugged.")
        self.injected.append((name, target, on))


@pytest.fixture
def site():
    return SiteByHand()


@pytest.fixture
def client(site):
    return create_app(site, WebConfig(csrf_token="the-token")).test_client()
