"""The pilot's duty cycle against IEC 61851-1, table A.8; the cable's coding against table B.2."""

import itertools

import pytest
from evenload import pilot, wire


@pytest.mark.parametrize(
    ("duty_bp", "band", "expected_ma"),
    [
        # No charging: too low, between digital and 8 %, too high.
        (0, wire.PILOT_NO_CHARGING, 0),
        (299, wire.PILOT_NO_CHARGING, 0),
        (701, wire.PILOT_NO_CHARGING, 0),
        (799, wire.PILOT_NO_CHARGING, 0),
        (9701, wire.PILOT_NO_CHARGING, 0),
        (10000, wire.PILOT_NO_CHARGING, 0),
        # Digital communication.
        (300, wire.PILOT_DIGITAL, 0),
        (500, wire.PILOT_DIGITAL, 0),
        (700, wire.PILOT_DIGITAL, 0),
        # 8 .. 10 % is 6 A.
        (800, wire.PILOT_MINIMUM, 6000),
        (999, wire.PILOT_MINIMUM, 6000),
        # 10 .. 85 %: duty x 0.6 A (Fluke FEV300 manual, table 4).
        (1000, wire.PILOT_LOW_RANGE, 6000),
        (2700, wire.PILOT_LOW_RANGE, 16200),
        (5300, wire.PILOT_LOW_RANGE, 31800),
        (8500, wire.PILOT_LOW_RANGE, 51000),
        # 85 .. 96 %: (duty - 64) x 2.5 A.
        (8600, wire.PILOT_HIGH_RANGE, 55000),
        (9000, wire.PILOT_HIGH_RANGE, 65000),
        (9600, wire.PILOT_HIGH_RANGE, 80000),
        # 96 .. 97 % is 80 A.
        (9601, wire.PILOT_MAXIMUM, 80000),
        (9700, wire.PILOT_MAXIMUM, 80000),
    ],
)
def test_a_duty_cycle_means_what_the_standard_says(duty_bp, band, expected_ma):
    assert pilot.classify(duty_bp) == band
    assert pilot.current_ma(duty_bp) == expected_ma


def test_every_duty_cycle_has_one_meaning():
    bands = [pilot.classify(duty_bp) for duty_bp in range(10001)]
    changes = sum(1 for before, after in itertools.pairwise(bands) if before != after)
    assert changes == 7
    assert all((pilot.current_ma(duty_bp) == 0) == (bands[duty_bp] <= 1) for duty_bp in range(10001))


def test_a_vehicle_never_reads_more_than_was_granted_and_at_most_a_step_less():
    for allowed_ma in range(6000, 90001):
        read_ma = pilot.current_ma(pilot.duty_bp(allowed_ma))
        assert read_ma <= allowed_ma
        # The low range has steps of 6 mA, the high one of 25; between 51 and 52.525 A there is nothing.
        step_ma = 6 if allowed_ma <= 51000 else 1525 if allowed_ma < 52525 else 25
        assert allowed_ma > 80000 or allowed_ma - read_ma < step_ma


@pytest.mark.parametrize("allowed_ma", [-1, 0, 5999])
def test_less_than_six_amps_is_no_charging(allowed_ma):
    assert pilot.current_ma(pilot.duty_bp(allowed_ma)) == 0


@pytest.mark.parametrize(
    ("resistance_ohm", "expected_ma"),
    [
        (1500, 13000),
        (680, 20000),
        (220, 32000),
        (100, 63000),
        (1100, 13000),
        (936, 20000),
        (164, 32000),
        (140, 63000),
    ],
)
def test_a_cable_is_known_by_its_resistor(resistance_ohm, expected_ma):
    assert pilot.cable_current_ma(resistance_ohm) == expected_ma


@pytest.mark.parametrize("resistance_ohm", [-1, 0, 79, 141, 163, 309, 399, 937, 1099, 2461, 4500, 1000000])
def test_a_resistor_of_no_code_is_no_cable(resistance_ohm):
    assert pilot.cable_current_ma(resistance_ohm) == 0


def test_the_inlet_selector_picks_its_setting():
    assert [pilot.inlet_current_ma(code) for code in range(8)] == list(pilot.INLET_CURRENT_MA)
    assert pilot.inlet_current_ma(1, (63000, 32000)) == 32000


@pytest.mark.parametrize("code", [-1, 8, 255])
def test_an_illegal_selector_code_means_the_smallest_setting(code):
    assert pilot.inlet_current_ma(code) == 16000
    assert pilot.inlet_current_ma(code, (63000, 20000, 32000)) == 20000
