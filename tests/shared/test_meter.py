"""Meter: the port itself, with readings handed in directly."""

import importlib.util
from pathlib import Path

import pytest
from evenload import ticks, wire
from evenload.meter import Meter, Reading, check_freshness

_spec = importlib.util.spec_from_file_location("meter_contract", Path(__file__).parent / "meter_contract.py")
contract = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(contract)


class HandBench(contract.MeterBench):
    """Readings handed in 52 ms after their request, as a packet at 4800 baud takes."""

    def __init__(self, now_ms=0):
        super().__init__(Meter("hand"), now_ms)
        self.draft = Reading()

    def good(self, current_ma=contract.CURRENT_MA):
        self.draft.set(contract.VOLTAGE_DV, current_ma, contract.POWER_W, contract.ENERGY_WH, 50_000)
        self._poll(lambda request_ms: self.meter.accept(request_ms, self.draft))

    def impossible(self, voltage_dv, current_ma):
        self.draft.set(voltage_dv, current_ma, 0, 0, 50_000)
        self._poll(lambda request_ms: self.meter.accept(request_ms, self.draft))

    def miss(self):
        self._poll(self.meter.fail)

    def frozen(self):
        self._poll(self.meter.freeze)

    def _poll(self, outcome):
        request_ms = ticks.add_ms(self.now_ms, contract.POLL_MS - 52)
        self.now_ms = ticks.add_ms(request_ms, 52)
        outcome(request_ms)
        self.meter.tick(self.now_ms)


@pytest.fixture
def bench():
    return HandBench()


class TestMeterByHand(contract.MeterContract):
    pass


class TestMeterAcrossTheRingsEnd(contract.MeterContract):
    @pytest.fixture
    def bench(self):
        return HandBench(now_ms=ticks.PERIOD_MS - 2500)


def test_a_stamp_of_zero_is_a_time_and_not_never():
    meter, draft = Meter(), Reading()
    draft.set(2300, 6000, 1380, 0, 50_000)
    meter.accept(0, draft)
    meter.accept(0, draft)
    meter.tick(10)
    assert meter.get_last_update_timestamp() == 0
    assert meter.state == wire.METER_FRESH
    assert check_freshness(meter, 10) == wire.METER_FRESH


def test_freshness_without_a_meter_is_invalid():
    assert check_freshness(None, 0) == wire.METER_INVALID
    assert check_freshness(Meter(), 0) == wire.METER_INVALID


def test_freshness_is_stale_at_3000_ms_and_not_at_2999(bench):
    bench.make_fresh()
    stamp_ms = bench.meter.get_last_update_timestamp()
    assert check_freshness(bench.meter, stamp_ms + 2999) == wire.METER_FRESH
    assert check_freshness(bench.meter, stamp_ms + 3000) == wire.METER_STALE
    bench.meter.tick(stamp_ms + 2999)
    assert bench.meter.state == wire.METER_FRESH
    bench.meter.tick(stamp_ms + 3000)
    assert bench.meter.state == wire.METER_STALE


def test_a_stale_meter_stays_stale_when_the_ring_has_gone_round(bench):
    bench.meter.invalid_after_ms = 0
    bench.make_fresh()
    stamp_ms = bench.meter.get_last_update_timestamp()
    quarter_ms = ticks.PERIOD_MS // 4
    for turn in range(1, 9):
        bench.meter.tick(ticks.add_ms(stamp_ms, turn * quarter_ms))
        assert bench.meter.state == wire.METER_STALE
        assert bench.meter.age_ms >= quarter_ms
    assert check_freshness(bench.meter, stamp_ms) == wire.METER_STALE


def test_a_meter_that_stays_lost_becomes_invalid_after_ten_minutes_until_it_has_recovered(bench):
    bench.make_fresh()
    for _ in range(598):
        bench.miss()
    assert bench.meter.state == wire.METER_STALE
    for _ in range(4):
        bench.miss()
    assert bench.meter.state == wire.METER_INVALID
    bench.good()
    bench.miss()
    assert bench.meter.state == wire.METER_INVALID
    bench.good()
    bench.good()
    assert bench.meter.state == wire.METER_FRESH


def test_a_meter_told_so_stays_stale_for_ever(bench):
    bench.meter.invalid_after_ms = 0
    bench.make_fresh()
    for _ in range(1000):
        bench.miss()
    assert bench.meter.state == wire.METER_STALE


def test_both_causes_at_once_are_two_events_and_two_counts(bench):
    bench.make_fresh()
    bench.impossible(0, bench.meter.current_ma_max + 1)
    assert bench.meter.take_events() == [
        (wire.EVENT_METER_IMPLAUSIBLE, wire.METER_CAUSE_VOLTAGE_ZERO),
        (wire.EVENT_METER_IMPLAUSIBLE, wire.METER_CAUSE_CURRENT_ABOVE_MAX),
    ]
    assert bench.meter.implausible_voltage_count == bench.meter.implausible_current_count == 1


def test_the_maximum_current_itself_is_plausible(bench):
    bench.make_fresh()
    bench.good(bench.meter.current_ma_max)
    assert bench.meter.state == wire.METER_FRESH


def test_voltage_zero_without_current_is_a_dead_phase_and_plausible(bench):
    bench.make_fresh()
    bench.impossible(0, 0)
    assert bench.meter.state == wire.METER_FRESH


def test_a_frozen_meter_is_stale_at_once_and_still_connected(bench):
    bench.make_fresh()
    bench.frozen()
    assert bench.meter.state == wire.METER_STALE
    assert bench.meter.is_connected()
    assert bench.codes() == [wire.EVENT_METER_FROZEN, wire.EVENT_METER_STALE]
    bench.frozen()
    assert bench.codes() == []
    assert bench.meter.frozen_count == 2


def test_a_chip_reset_is_counted_and_reported_without_changing_the_state(bench):
    bench.make_fresh()
    bench.meter.reset(bench.now_ms)
    bench.good()
    assert bench.meter.state == wire.METER_FRESH
    assert bench.meter.take_events() == [(wire.EVENT_METER_RESET, 1)]


def test_the_callback_comes_from_tick_and_never_from_the_reader(bench):
    calls = []
    bench.meter.register_disconnect_callback(calls.append)
    bench.make_fresh()
    for _ in range(3):
        bench.meter.fail(bench.now_ms)
    assert calls == []
    bench.meter.tick(bench.now_ms)
    assert len(calls) == 1


def test_implausible_readings_during_an_outage_do_not_soften_it_to_a_hold(bench):
    bench.make_fresh()
    for _ in range(4):
        bench.miss()
    bench.impossible(0, 16_000)
    assert bench.meter.state == wire.METER_STALE


def test_negative_power_keeps_its_sign_beside_the_unsigned_getter(bench):
    bench.draft.set(2300, 1000, -230, 0, 50_000)
    bench.meter.accept(5, bench.draft)
    assert (bench.meter.get_power(), bench.meter.power_w_signed) == (230, -230)


def test_u16_and_u32_never_overflow():
    meter, draft = Meter(current_ma_max=10_000_000), Reading()
    draft.set(70_000, 7_000_000, 3, (1 << 32) + 5, 50_000)
    meter.accept(0, draft)
    assert (meter.get_voltage(), meter.get_current(), meter.get_energy()) == (65_535, 65_535, 5)


def test_events_beyond_the_bound_are_dropped_and_counted():
    meter = Meter()
    for _ in range(20):
        meter.reset(0)
    assert len(meter.take_events()) == 16
    assert meter.events_dropped == 4


def test_a_reading_is_copied_whole_so_the_drivers_draft_can_be_reused(bench):
    bench.make_fresh()
    bench.draft.set(1, 2, 3, 4, 5)
    assert bench.meter.get_voltage() == contract.VOLTAGE_DV
