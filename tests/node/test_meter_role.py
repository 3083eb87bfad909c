"""The meter role: polling, time slices on a shared line, events and their bound."""

import pytest
from evenload import ticks, wire
from evenload_node.roles.meter import EVENT_COUNT_MAX, EventQueue, MeterRole
from evenload_sim.meter import SimulatedMeter


class WatchedMeter(SimulatedMeter):
    """A meter by hand that remembers when it was stepped."""

    def __init__(self, name):
        super().__init__(name)
        self.stepped_ms = []

    def step(self, now_ms):
        self.stepped_ms.append(now_ms)
        super().step(now_ms)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_meters_on_a_shared_line_are_stepped_in_turns_that_never_overlap(count):
    meters = [WatchedMeter(f"address {n}") for n in range(count)]
    role = MeterRole(meters)
    role.share_line(meters)
    for now_ms in range(0, 10_000, 25):
        role.step(now_ms)
    for slot, meter in enumerate(meters):
        slices = {now_ms % 1000 * count // 1000 for now_ms in meter.stepped_ms}
        assert slices == {slot}
        assert meter.state == wire.METER_FRESH
        assert 9 <= meter.accepted_count <= 10


def test_a_meter_alone_on_its_line_is_stepped_on_every_pass():
    alone, first, second = WatchedMeter("alone"), WatchedMeter("a"), WatchedMeter("b")
    role = MeterRole([alone, first, second])
    role.share_line([first, second])
    for now_ms in range(0, 1_000, 100):
        role.step(now_ms)
    assert len(alone.stepped_ms) == 10
    assert len(first.stepped_ms) == len(second.stepped_ms) == 5


def test_turns_go_on_across_the_end_of_the_ring():
    meters = [SimulatedMeter("a"), SimulatedMeter("b")]
    role = MeterRole(meters)
    role.share_line(meters)
    for elapsed_ms in range(0, 10_000, 25):
        role.step(ticks.add_ms(ticks.PERIOD_MS - 5_000, elapsed_ms))
        if elapsed_ms > 3_000:
            assert [meter.state for meter in meters] == [wire.METER_FRESH] * 2


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
