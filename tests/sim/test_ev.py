"""Every vehicle model: how it follows, when it refuses, how it fills up."""

import pytest
from evenload_sim.ev import MODELS, Vehicle, VehicleModel

STEP_MS = 100
THREE = VehicleModel("three", 3, 16_000)


def run(vehicle, seconds, offered_ma=16_000, lines=3):
    currents = []
    for _ in range(seconds * 10):
        vehicle.step(offered_ma, lines, STEP_MS)
        currents.append(vehicle.current_ma)
    return currents


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_reaches_its_offer_within_its_rise_time(model):
    vehicle = Vehicle(model, 300, 10_000)
    run(vehicle, model.rise_ms // 1000 + 1, offered_ma=model.current_ma_max)
    assert vehicle.current_ma == model.current_ma_max


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_follows_downward_within_five_seconds(model):
    vehicle = Vehicle(model, 300, 10_000)
    run(vehicle, 20, offered_ma=model.current_ma_max)
    run(vehicle, 5, offered_ma=10_000)
    assert vehicle.current_ma == 10_000


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_stops_below_its_own_minimum(model):
    vehicle = Vehicle(model, 300, 10_000)
    run(vehicle, 20)
    run(vehicle, 6, offered_ma=model.current_ma_min - 100)
    assert vehicle.current_ma == 0


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_draws_whole_amperes_and_never_more_than_offered(model):
    vehicle = Vehicle(model, 300, 10_000)
    assert run(vehicle, 30, offered_ma=11_900)[-1] == 11_000


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_is_gone_three_seconds_after_the_pilot_is_off(model):
    vehicle = Vehicle(model, 300, 10_000)
    run(vehicle, 30)
    run(vehicle, 4, offered_ma=0)
    assert vehicle.current_ma == 0


def test_a_vehicle_that_refuses_below_eight_amperes_goes_on_at_six_once_it_runs():
    model = VehicleModel("stubborn", 1, 16_000, 6_000, start_ma_min=8_000)
    vehicle = Vehicle(model, 300, 10_000)
    run(vehicle, 10, offered_ma=7_000)
    assert vehicle.current_ma == 0
    run(vehicle, 10, offered_ma=8_000)
    run(vehicle, 10, offered_ma=6_000)
    assert vehicle.current_ma == 6_000


def test_lines_in_use_are_the_fewer_of_vehicle_and_station():
    vehicle = Vehicle(THREE, 300, 10_000)
    run(vehicle, 10, lines=1)
    assert (vehicle.lines, vehicle.current_ma) == (1, 16_000)


def test_the_battery_tapers_above_eighty_percent():
    vehicle = Vehicle(THREE, 900, 60_000)
    run(vehicle, 30)
    assert vehicle.current_ma == 8_000


def test_a_vehicle_stops_when_its_driver_has_what_was_wanted():
    vehicle = Vehicle(THREE, 300, 100)
    run(vehicle, 120)
    assert vehicle.is_done
    assert vehicle.current_ma == 0
    assert 100 <= vehicle.energy_wh <= 110


def test_energy_is_current_times_voltage_times_phases():
    vehicle = Vehicle(THREE, 300, 30_000)
    run(vehicle, 20)
    before = vehicle.energy_watt_ms
    run(vehicle, 3600)
    assert vehicle.energy_watt_ms - before == 16 * 230 * 3 * 3_600_000


def test_a_moody_vehicle_pauses_and_comes_back():
    model = VehicleModel("moody", 3, 16_000, pause_every_ms=60_000, pause_ms=30_000)
    vehicle = Vehicle(model, 300, 10_000)
    currents = run(vehicle, 120)
    assert currents[700] == 0
    assert currents[-1] == 16_000


def test_a_non_compliant_vehicle_draws_even_below_its_own_minimum():
    vehicle = Vehicle(VehicleModel("ten ampere", 3, 16_000, 10_000, 10_000), 300, 10_000)
    vehicle.ignores_pilot = True
    run(vehicle, 20, offered_ma=6_000)
    assert vehicle.current_ma == 16_000


def test_a_non_compliant_vehicle_ignores_the_pilot_but_not_the_contactor():
    vehicle = Vehicle(THREE, 300, 10_000)
    vehicle.ignores_pilot = True
    run(vehicle, 20, offered_ma=6_000)
    assert vehicle.current_ma == 16_000
    run(vehicle, 1, offered_ma=0, lines=0)
    assert vehicle.current_ma == 0
