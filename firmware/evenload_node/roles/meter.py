"""The meter role: polls meters, judges them, and keeps what happened for whoever asks."""

from evenload import wire
from evenload.meter import Meter

EVENT_COUNT_MAX = 256


class EventQueue:
    """Events as (code EVENT_*, subject, value), oldest first, at most EVENT_COUNT_MAX; `dropped_count`
    beyond.
    """

    def __init__(self):
        self._events = []
        self.dropped_count = 0

    def push(self, code: int, subject: str, value: int):
        """Append an event; the newest is dropped and counted when nobody takes them."""
        if len(self._events) >= EVENT_COUNT_MAX:
            self.dropped_count += 1
        else:
            self._events.append((code, subject, value))

    def take(self) -> list:
        """Return and forget the events."""
        taken = self._events
        self._events = []
        return taken


class MeterRole:
    """Any number of meters, each one phase.

    meters: list of Meter (whose `step` polls when due, each 1,000 ms); events: the queue to report to, its
    own if None.
    """

    def __init__(self, meters: list[Meter], events: EventQueue | None = None):
        self.meters = meters
        self.events = EventQueue() if events is None else events

    def poll(self, now_ms: int):
        """Poll what is due and take in what arrived; may be called between passes, as often as wanted."""
        for meter in self.meters:
            meter.step(now_ms)

    def step(self, now_ms: int):
        """Do one pass: poll, take in, judge."""
        self.poll(now_ms)
        for meter in self.meters:
            meter.tick(now_ms)
            for code, value in meter.take_events():
                self.events.push(code, meter.name, value)

    def take_events(self) -> list:
        """Return and forget what happened, as (EVENT_*, meter's name, value)."""
        return self.events.take()

    def status(self) -> dict:
        """Return what a person or supervisor wants to see, JSON-ready."""
        return {"role": "meter", "meters": [meter_status(meter) for meter in self.meters]}


def meter_status(meter: Meter) -> dict:
    """Return one meter's readings, health and counters, JSON-ready."""
    reading = meter.reading
    read = meter.get_last_update_timestamp() is not None
    return {
        "id": meter.name,
        "state": wire.METER_NAMES[meter.state],
        "connected": meter.is_connected(),
        "frozen": meter.is_frozen,
        "age_ms": meter.age_ms,
        "voltage_dv": reading.voltage_dv if read else None,
        "current_ma": reading.current_ma if read else None,
        "power_w": reading.power_w_signed if read else None,
        "energy_wh": reading.energy_wh if read else None,
        "frequency_mhz": reading.frequency_mhz if read else None,
        "counters": _counters_of(meter),
    }


def _counters_of(meter):
    counters = meter.counters()
    counters.update(
        {
            "accepted": meter.accepted_count,
            "failed": meter.failed_count,
            "implausible_voltage": meter.implausible_voltage_count,
            "implausible_current": meter.implausible_current_count,
            "frozen": meter.frozen_count,
            "reset": meter.reset_count,
            "outage": meter.outage_count,
        }
    )
    return counters
