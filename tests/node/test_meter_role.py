"""The meter role: polling, status, events and their bound."""

from evenload import wire
from evenload_node.roles.meter import EVENT_COUNT_MAX, EventQueue, MeterRole
from evenload_sim.meter import SimulatedMeter


def test_events_carry_the_meters_name():
    meter = SimulatedMeter("main L1")
    role = MeterRole([meter])
    for now_ms in range(0, 3_000, 100):
        role.step(now_ms)
    meter.connected = False
    for now_ms in range(3_000, 8_000, 100):
        role.step(now_ms)
    named = {(code, subject) for code, subject, _ in role.take_events()}
    assert named == {(wire.EVENT_METER_DISCONNECTED, "main L1"), (wire.EVENT_METER_STALE, "main L1")}
    assert role.take_events() == []


def test_events_that_nobody_takes_are_bounded_and_counted():
    queue = EventQueue()
    for n in range(EVENT_COUNT_MAX + 5):
        queue.push(wire.EVENT_METER_RESET, "x", n)
    assert queue.dropped_count == 5
    assert len(queue.take()) == EVENT_COUNT_MAX


def test_the_status_of_a_meter_never_read_has_no_values():
    status = MeterRole([SimulatedMeter("L1")]).status()["meters"][0]
    assert (status["state"], status["voltage_dv"], status["age_ms"]) == ("invalid", None, None)
