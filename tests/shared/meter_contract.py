"""The port contract of Meter: every implementation passes the same tests.

A test module subclasses `MeterContract` (its own class name starts with `Test`) and defines the fixture
`bench`: a MeterBench whose `meter` is fresh from its constructor. The bench hides how a reading reaches the
meter: by hand, through a simulated chip and line, or from a process.
"""

import pytest
from evenload import ticks, wire

POLL_MS = wire.METER_POLL_PERIOD_MS
# One mains load: 230.0 V, 16.0 A, 3,680 W, 50 Hz.
VOLTAGE_DV, CURRENT_MA, POWER_W, ENERGY_WH, FREQUENCY_MHZ = 2300, 16_000, 3_680, 1_500, 50_000


class MeterBench:
    """A meter on a bench. `now_ms` is the ring time; the subclass sets `meter` and overrides `good` ..
    `miss`.

    Each of `good`, `impossible` and `miss` lets one poll period pass, brings that outcome to the meter and
    ticks.
    """

    exact = True  # False where values pass through a chip's registers; then 1 % is enough.

    def __init__(self, meter, now_ms=0):
        self.meter = meter
        self.now_ms = now_ms

    def good(self, current_ma=CURRENT_MA):
        raise NotImplementedError

    def impossible(self, voltage_dv, current_ma):
        raise NotImplementedError

    def miss(self):
        raise NotImplementedError

    def make_fresh(self):
        self.good()
        self.good()
        self.meter.take_events()

    def codes(self):
        return [code for code, _ in self.meter.take_events()]


class MeterContract:
    """What holds for every Meter."""

    @pytest.fixture
    def meter(self, bench):
        return bench.meter

    def test_a_meter_never_read_is_invalid_and_not_connected(self, bench, meter):
        meter.tick(bench.now_ms)
        assert meter.state == wire.METER_INVALID
        assert meter.get_last_update_timestamp() is None
        assert meter.age_ms is None
        assert not meter.is_connected()

    def test_two_good_readings_make_it_fresh_and_one_does_not(self, bench, meter):
        bench.good()
        assert meter.state == wire.METER_RECOVERING
        bench.good()
        assert meter.state == wire.METER_FRESH
        assert meter.is_connected()

    def test_the_getters_have_the_units_of_the_requirement(self, bench, meter):
        bench.make_fresh()
        close = pytest.approx if bench.exact else lambda value: pytest.approx(value, rel=0.01)
        assert meter.get_voltage() == close(VOLTAGE_DV)
        assert meter.get_current() == close((CURRENT_MA + 99) // 100)
        assert meter.get_power() == close(POWER_W)
        assert meter.reading.frequency_mhz == close(FREQUENCY_MHZ)
        assert isinstance(meter.get_energy(), int)

    def test_the_current_is_rounded_up_to_a_tenth_of_an_ampere(self, bench, meter):
        bench.make_fresh()
        assert 0 <= meter.get_current() * 100 - meter.reading.current_ma < 100

    def test_the_age_counts_from_the_request_and_stays_under_a_poll_and_a_half(self, bench, meter):
        bench.make_fresh()
        age_ms = ticks.elapsed_ms(bench.now_ms, meter.get_last_update_timestamp())
        assert 0 <= age_ms == meter.age_ms < POLL_MS * 3 // 2

    def test_two_missed_polls_keep_it_connected_and_the_third_is_stale_at_once(self, bench, meter):
        bench.make_fresh()
        bench.miss()
        bench.miss()
        assert meter.is_connected()
        bench.miss()
        assert not meter.is_connected()
        assert meter.state == wire.METER_STALE

    def test_a_meter_that_never_answered_stays_invalid_however_often_it_is_asked(self, bench, meter):
        for _ in range(5):
            bench.miss()
        assert meter.state == wire.METER_INVALID
        assert wire.EVENT_METER_STALE not in bench.codes()

    def test_the_callback_comes_once_per_outage_with_its_duration(self, bench, meter):
        durations_ms = []
        meter.register_disconnect_callback(durations_ms.append)
        bench.make_fresh()
        for _ in range(6):
            bench.miss()
        assert len(durations_ms) == 1
        assert 2 * POLL_MS <= durations_ms[0] <= 4 * POLL_MS
        bench.make_fresh()
        for _ in range(4):
            bench.miss()
        assert len(durations_ms) == meter.outage_count == 2

    def test_none_unregisters_the_callback(self, bench, meter):
        durations_ms = []
        meter.register_disconnect_callback(durations_ms.append)
        meter.register_disconnect_callback(None)
        bench.make_fresh()
        for _ in range(4):
            bench.miss()
        assert meter.state == wire.METER_STALE
        assert durations_ms == []

    def test_recovery_takes_two_good_readings_in_a_row(self, bench, meter):
        bench.make_fresh()
        for _ in range(4):
            bench.miss()
        bench.good()
        assert meter.state == wire.METER_RECOVERING
        bench.miss()
        assert meter.state == wire.METER_STALE
        bench.good()
        bench.good()
        assert meter.state == wire.METER_FRESH

    def test_an_outage_queues_its_events_once_and_in_order(self, bench):
        bench.make_fresh()
        for _ in range(6):
            bench.miss()
        bench.good()
        bench.good()
        codes = [c for c in bench.codes() if c != wire.EVENT_METER_RESET]
        assert codes == sorted(codes, key=codes.index)
        assert set(codes) == {
            wire.EVENT_METER_STALE,
            wire.EVENT_METER_DISCONNECTED,
            wire.EVENT_METER_RECOVERED,
        }
        assert len(codes) == 3
        assert codes[-1] == wire.EVENT_METER_RECOVERED

    def test_current_above_the_maximum_is_implausible_and_changes_nothing(self, bench, meter):
        bench.make_fresh()
        before_ma, stamp_ms = meter.reading.current_ma, meter.get_last_update_timestamp()
        bench.impossible(VOLTAGE_DV, meter.current_ma_max + 2_000)
        assert meter.state == wire.METER_IMPLAUSIBLE
        assert meter.is_connected()
        assert (meter.reading.current_ma, meter.get_last_update_timestamp()) == (before_ma, stamp_ms)
        assert (meter.implausible_voltage_count, meter.implausible_current_count) == (0, 1)
        assert (wire.EVENT_METER_IMPLAUSIBLE, wire.METER_CAUSE_CURRENT_ABOVE_MAX) in meter.take_events()

    def test_voltage_zero_with_current_is_implausible_with_its_own_event_and_counter(self, bench, meter):
        bench.make_fresh()
        bench.impossible(0, CURRENT_MA)
        assert meter.state == wire.METER_IMPLAUSIBLE
        assert (meter.implausible_voltage_count, meter.implausible_current_count) == (1, 0)
        assert (wire.EVENT_METER_IMPLAUSIBLE, wire.METER_CAUSE_VOLTAGE_ZERO) in meter.take_events()

    def test_three_seconds_of_implausible_readings_are_stale(self, bench, meter):
        bench.make_fresh()
        for _ in range(2):
            bench.impossible(0, CURRENT_MA)
            assert meter.state == wire.METER_IMPLAUSIBLE
        bench.impossible(0, CURRENT_MA)
        bench.impossible(0, CURRENT_MA)
        assert meter.state == wire.METER_STALE

    def test_one_good_reading_after_an_implausible_one_is_not_enough(self, bench, meter):
        bench.make_fresh()
        bench.impossible(0, CURRENT_MA)
        bench.good()
        assert meter.state == wire.METER_RECOVERING
        bench.good()
        assert meter.state == wire.METER_FRESH
