"""The simulated EVSE: its lease, its contactor and what it reports."""

import pytest
from evenload import ticks, wire
from evenload_sim.ev import Vehicle, VehicleModel
from evenload_sim.station import LINES_OF_WIRING, SimulatedStation

STEP_MS = 100
THREE = VehicleModel("three", 3, 16_000, rise_ms=2_000, fall_ms=1_000)


class Rig:
    """A station on a bench: `run` renews its set-point or lets it run out."""

    def __init__(self, wiring="L1-L2-L3", failsafe_ma=0, start_ms=0):
        config = {"id": "bay", "wiring": wiring, "min_ma": 6000, "max_ma": 32000, "failsafe_ma": failsafe_ma}
        self.station = SimulatedStation(config)
        self.now_ms = start_ms

    def run(self, seconds, current_ma=None, phases=3):
        for tick in range(seconds * 10):
            self.now_ms = ticks.add_ms(self.now_ms, STEP_MS)
            if current_ma is not None and tick % 10 == 0:
                self.station.set_current(self.now_ms, current_ma, phases, ticks.add_ms(self.now_ms, 10_000))
            self.station.step(self.now_ms, STEP_MS)


def charging(**kwargs):
    rig = Rig(**kwargs)
    rig.station.plug_in(Vehicle(THREE, 300, 20_000))
    rig.run(10, current_ma=16_000)
    return rig


def test_a_free_station_is_available_and_draws_nothing():
    rig = Rig()
    rig.run(3, current_ma=16_000)
    assert (rig.station.state, rig.station.current_ma) == (wire.STATION_AVAILABLE, [0, 0, 0])


def test_a_vehicle_without_an_offer_is_connected_and_with_one_is_charging():
    rig = Rig()
    rig.station.plug_in(Vehicle(THREE, 300, 20_000))
    rig.run(2, current_ma=0)
    assert rig.station.state == wire.STATION_CONNECTED
    rig.run(5, current_ma=16_000)
    assert (rig.station.state, rig.station.report().measured_ma) == (wire.STATION_CHARGING, [16_000] * 3)


def test_a_lease_that_runs_out_leaves_the_failsafe_current():
    rig = charging(failsafe_ma=6_000)
    rig.run(9)
    assert rig.station.offered_ma == 16_000
    rig.run(8)
    assert rig.station.offered_ma == 6_000
    assert rig.station.current_ma == [6_000] * 3


def test_a_failsafe_of_zero_opens_the_contactor():
    rig = charging()
    rig.run(20)
    assert (rig.station.contactor_closed, rig.station.current_ma) == (False, [0, 0, 0])


def test_a_lease_lives_across_the_end_of_the_ring_and_never_comes_back():
    rig = charging(start_ms=ticks.PERIOD_MS - 12_000)
    assert rig.station.offered_ma == 16_000
    rig.run(15)
    assert not rig.station.has_lease
    rig.now_ms = ticks.add_ms(rig.now_ms, ticks.PERIOD_MS // 2)
    rig.station.step(rig.now_ms, STEP_MS)
    assert not rig.station.has_lease


def test_a_set_point_that_has_already_expired_is_refused():
    rig = charging()
    rig.station.set_current(rig.now_ms, 32_000, 3, rig.now_ms)
    assert rig.station.setpoint_ma == 16_000


def test_a_silent_station_hears_nothing_and_reports_nothing():
    rig = charging(failsafe_ma=6_000)
    rig.station.is_silent = True
    report = rig.station.report()
    heard_ms, measured_ma = report.heard_ms, list(report.measured_ma)
    rig.run(30, current_ma=32_000)
    assert report.heard_ms == heard_ms
    assert report.measured_ma == measured_ma
    assert rig.station.current_ma == [6_000] * 3


def test_zero_current_opens_the_contactor_within_three_seconds_and_costs_one_cycle():
    rig = charging()
    rig.run(4, current_ma=0)
    assert not rig.station.contactor_closed
    rig.run(5, current_ma=16_000)
    assert rig.station.contactor_cycles == 2


def test_the_contactor_stops_a_vehicle_that_ignores_its_pilot():
    rig = charging()
    rig.station.vehicle.ignores_pilot = True
    rig.run(10, current_ma=6_000)
    assert rig.station.current_ma == [16_000] * 3
    rig.run(4, current_ma=0)
    assert rig.station.current_ma == [0, 0, 0]


@pytest.mark.parametrize("wiring", range(len(wire.WIRING_NAMES)), ids=wire.WIRING_NAMES)
def test_current_flows_on_the_site_phases_of_the_wiring(wiring):
    rig = charging(wiring=wire.WIRING_NAMES[wiring])
    loaded = [phase for phase in range(3) if rig.station.current_ma[phase]]
    assert loaded == sorted(LINES_OF_WIRING[wiring])


def test_one_phase_of_three_uses_the_first_line_only():
    rig = charging(wiring="L2-L3-L1")
    rig.run(10, current_ma=16_000, phases=1)
    assert rig.station.current_ma == [0, 16_000, 0]


def test_energy_survives_the_departure_of_the_vehicle():
    rig = charging()
    energy = rig.station.energy_watt_ms
    rig.station.unplug()
    rig.run(5, current_ma=16_000)
    assert rig.station.energy_watt_ms == energy > 0
    assert rig.station.state == wire.STATION_AVAILABLE
