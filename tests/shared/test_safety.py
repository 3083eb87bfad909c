"""The safety table, one test per cell, and the feeder that feeds it (requirement 5.3; R8)."""

import pytest
from evenload import wire
from evenload.meter import Meter, Reading
from evenload.safety import ACTIONS, Feeder, action_of, path_state, worst_state


def test_never_read_suspends_every_station():
    assert action_of(wire.METER_INVALID) == wire.SAFETY_SUSPEND


def test_a_fresh_meter_allocates_normally():
    assert action_of(wire.METER_FRESH) == wire.SAFETY_NORMAL


def test_a_stale_meter_goes_to_the_fallback_set():
    assert action_of(wire.METER_STALE) == wire.SAFETY_FALLBACK


def test_an_implausible_meter_holds_and_never_raises():
    assert action_of(wire.METER_IMPLAUSIBLE) == wire.SAFETY_HOLD


def test_a_recovering_meter_ramps():
    assert action_of(wire.METER_RECOVERING) == wire.SAFETY_RAMP


def test_a_circuit_without_a_meter_on_purpose_is_normal():
    assert action_of(wire.METER_UNMETERED) == wire.SAFETY_NORMAL


@pytest.mark.parametrize("state", [-1, len(wire.METER_NAMES), 99])
def test_an_unknown_state_suspends(state):
    assert action_of(state) == wire.SAFETY_SUSPEND


def test_every_state_has_its_cell_and_the_order_is_the_severity():
    assert len(ACTIONS) == len(wire.METER_NAMES)
    ranked = sorted(range(len(ACTIONS)), key=lambda state: (ACTIONS[state], state))
    assert [wire.METER_NAMES[state] for state in ranked] == [
        "fresh",
        "unmetered",
        "recovering",
        "implausible",
        "stale",
        "invalid",
    ]


@pytest.mark.parametrize("worse", range(len(wire.METER_NAMES)))
@pytest.mark.parametrize("better", range(len(wire.METER_NAMES)))
def test_the_worst_of_two_does_not_depend_on_their_order_in_what_it_does(worse, better):
    expected = max(action_of(worse), action_of(better))
    assert action_of(worst_state([worse, better])) == action_of(worst_state([better, worse])) == expected


def test_a_station_takes_the_worst_state_on_its_path_to_the_root():
    parents = [wire.CIRCUIT_NONE, 0, 0, 1]
    states = [wire.METER_FRESH, wire.METER_IMPLAUSIBLE, wire.METER_STALE, wire.METER_FRESH]
    assert path_state(3, parents, states) == wire.METER_IMPLAUSIBLE
    assert path_state(2, parents, states) == wire.METER_STALE
    assert path_state(0, parents, states) == wire.METER_FRESH
    states[0] = wire.METER_INVALID
    assert path_state(3, parents, states) == wire.METER_INVALID


def feed(meter, now_ms, current_ma):
    reading = Reading()
    reading.set(2300, current_ma, 0, 0, 50_000)
    meter.accept(now_ms, reading)
    meter.tick(now_ms)


@pytest.fixture
def feeder():
    """A feeder of three meters, all fresh at 10, 11 and 12 A, the last reading at 1000, 1010 and 1020 ms."""
    feeder = Feeder([Meter("L1"), Meter("L2"), Meter("L3")])
    for phase, meter in enumerate(feeder.meters):
        feed(meter, 0, 10_000 + 1000 * phase)
        feed(meter, 1000 + 10 * phase, 10_000 + 1000 * phase)
    feeder.observe()
    return feeder


def test_a_feeder_combines_three_phases_and_its_oldest_sample(feeder):
    for meter in feeder.meters:
        meter.tick(1030)
    feeder.observe()
    assert (feeder.state, feeder.action) == (wire.METER_FRESH, wire.SAFETY_NORMAL)
    assert feeder.feeder_ma == [10_000, 11_000, 12_000]
    assert feeder.sample_ms == 1000


def test_a_feeder_is_worth_what_its_worst_meter_is_worth(feeder):
    feeder.meters[1].tick(4100)
    feeder.observe()
    assert (feeder.state, feeder.action) == (wire.METER_STALE, wire.SAFETY_FALLBACK)


def test_a_feeder_with_a_phase_that_has_no_meter_is_never_read():
    feeder = Feeder([Meter("L1"), None, Meter("L3")])
    for meter in (feeder.meters[0], feeder.meters[2]):
        feed(meter, 0, 10_000)
        feed(meter, 100, 10_000)
    assert feeder.observe() == wire.EVENT_AUTO_SUSPEND
    assert feeder.state == wire.METER_INVALID
    assert feeder.feeder_ma == [10_000, wire.NOT_MEASURED_MA, 10_000]
    assert feeder.sample_ms is None


def test_auto_suspend_is_reported_once_when_suspension_begins():
    feeder = Feeder([Meter(), Meter(), Meter()])
    assert [feeder.observe() for _ in range(3)] == [wire.EVENT_AUTO_SUSPEND, 0, 0]


def test_a_feeder_knows_a_new_reading_from_an_old_one(feeder):
    feeder.observe()
    assert not feeder.is_new
    feed(feeder.meters[2], 2020, 12_000)
    feeder.observe()
    assert feeder.is_new


def test_only_a_fresh_phase_above_its_limit_exceeds(feeder):
    limits_ma = [0, 0, 0, 10_000, 11_000, 12_000]
    assert not feeder.exceeds(limits_ma, 3)
    feed(feeder.meters[2], 2020, 12_001)
    feeder.observe()
    assert feeder.exceeds(limits_ma, 3)
    feeder.meters[2].tick(6000)
    feeder.observe()
    assert not feeder.exceeds(limits_ma, 3)
