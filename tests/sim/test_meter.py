"""SimulatedMeter: it keeps the port's contract, and can be set to any reading, age and connection by hand."""

import importlib.util
from pathlib import Path

import pytest
from evenload import ticks, wire
from evenload.meter import check_freshness
from evenload_sim.meter import SimulatedMeter

_spec = importlib.util.spec_from_file_location(
    "meter_contract", Path(__file__).parents[1] / "shared" / "meter_contract.py"
)
contract = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(contract)


class SimulatedBench(contract.MeterBench):
    """Polls answered from what the meter was told to show."""

    def __init__(self, now_ms=0):
        super().__init__(SimulatedMeter("simulated"), now_ms)

    def good(self, current_ma=contract.CURRENT_MA):
        self.meter.show(contract.VOLTAGE_DV, current_ma, contract.POWER_W, contract.ENERGY_WH)
        self._poll(connected=True)

    def impossible(self, voltage_dv, current_ma):
        self.meter.show(voltage_dv, current_ma, 0, 0)
        self._poll(connected=True)

    def miss(self):
        self._poll(connected=False)

    def _poll(self, connected):
        self.meter.connected = connected
        self.now_ms = ticks.add_ms(self.now_ms, contract.POLL_MS)
        self.meter.step(self.now_ms)
        self.meter.tick(self.now_ms)


@pytest.fixture
def bench():
    return SimulatedBench()


class TestSimulatedMeter(contract.MeterContract):
    pass


class TestSimulatedMeterAcrossTheRingsEnd(contract.MeterContract):
    @pytest.fixture
    def bench(self):
        return SimulatedBench(now_ms=ticks.PERIOD_MS - 2500)


def test_every_value_of_the_port_can_be_set_by_hand(bench):
    meter = bench.meter
    meter.show(2_295, 12_340, -2_830, 1_500)
    meter.step(0)
    assert (meter.get_voltage(), meter.get_current(), meter.get_power()) == (2_295, 124, 2_830)
    assert (meter.get_energy(), meter.power_w_signed) == (1_500, -2_830)


@pytest.mark.parametrize(("age_ms", "state"), [(2_999, wire.METER_FRESH), (3_000, wire.METER_STALE)])
def test_its_age_can_be_set_by_hand(bench, age_ms, state):
    bench.make_fresh()
    bench.meter.set_age(bench.now_ms, age_ms)
    assert check_freshness(bench.meter, bench.now_ms) == state


def test_a_current_alone_keeps_voltage_and_energy(bench):
    bench.meter.show(2_400, 0, 0, 77)
    bench.meter.show_current(10_000)
    bench.meter.step(0)
    assert (bench.meter.get_voltage(), bench.meter.get_power(), bench.meter.get_energy()) == (
        2_400,
        2_400,
        77,
    )


def test_a_frozen_meter_is_stale_at_once(bench):
    bench.make_fresh()
    bench.meter.frozen = True
    bench.miss()
    bench.meter.connected = True
    bench.meter.step(ticks.add_ms(bench.now_ms, 1000))
    bench.meter.tick(ticks.add_ms(bench.now_ms, 1000))
    assert bench.meter.state == wire.METER_STALE
