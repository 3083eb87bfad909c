"""What registers mean, in both backends; expected values from the application note and from field logs."""

from array import array
from fractions import Fraction

import pytest
from evenload import wire
from evenload.errors import ConfigError

VOLTAGE = wire.BL0942_VOLTAGE_UCOUNTS_DEFAULT
CURRENT = wire.BL0942_CURRENT_UCOUNTS_DEFAULT
POWER = 623_393_799  # Application note V1.04, reference design: 623.3938 counts per W.
ENERGY = 5_350_631_896
FREQUENCY = wire.BL0942_FREQUENCY_UCOUNTS_DEFAULT


@pytest.fixture
def units(backend):
    return backend("bl0942_units")


@pytest.fixture
def calibration(units):
    return units.Calibration(VOLTAGE, CURRENT, POWER, FREQUENCY)


def test_power_and_energy_follow_from_voltage_and_current(units):
    assert units.derive_power(VOLTAGE, CURRENT) == POWER
    assert units.derive_energy(POWER) == ENERGY


def test_a_calibration_five_percent_off_is_inconsistent(units):
    assert units.is_consistent(105_000_000, 100_000_000)
    assert units.is_consistent(95_000_000, 100_000_000)
    assert not units.is_consistent(105_000_001, 100_000_000)
    assert not units.is_consistent(3_304_611_270, ENERGY)  # What old ESPHome used: 62 % too much energy.


def test_the_worked_example_of_the_application_note(calibration):
    """V1.04: 251213, 3494335, 137146 and 20000 are 1 A, 219.999 V, 220 W and 50 Hz."""
    assert calibration.current_ma(251213) == 1000
    assert calibration.voltage_dv(3494335) == 2200
    assert calibration.power_w(137146, wire.BL0942_SIGN_SIGNED) == 220
    assert calibration.frequency_mhz(20000, 3494335) == 50000


def test_field_logs_of_old_constants_are_reproduced(units):
    """Vector C1: 214.10805 V, 0.14863 A, 2.73993 W, 49.96502 Hz with the constants of that firmware."""
    old = units.Calibration(15_873_359_440, 251_213_464_700, 596_000_000, FREQUENCY)
    assert (old.voltage_dv(3398614), old.current_ma(37339)) == (2141, 149)
    assert (old.power_w(1633, wire.BL0942_SIGN_SIGNED), old.frequency_mhz(20014, 3398614)) == (3, 49965)


@pytest.mark.parametrize(
    ("sign", "consumed_w", "returned_w"),
    [
        (wire.BL0942_SIGN_SIGNED, 220, -220),
        (wire.BL0942_SIGN_ABS, 220, 220),
        (wire.BL0942_SIGN_INVERT, -220, 220),
    ],
)
def test_the_sign_policy_is_obeyed(calibration, sign, consumed_w, returned_w):
    assert calibration.power_w(137146, sign) == consumed_w
    assert calibration.power_w(-137146, sign) == returned_w


def test_no_frequency_without_voltage_and_no_division_by_zero(calibration):
    assert calibration.frequency_mhz(20000, wire.BL0942_V_RMS_LIVE_MIN - 1) == 0
    assert calibration.frequency_mhz(0, 3494335) == 0
    assert calibration.frequency_mhz(1, 3494335) == 1_000_000_000


@pytest.mark.parametrize(("place", "key"), [(0, "voltage"), (1, "current"), (2, "power"), (3, "frequency")])
@pytest.mark.parametrize("value", [0, -1, 1 << 50])
def test_a_calibration_out_of_range_is_refused_with_its_key(units, place, key, value):
    given = [VOLTAGE, CURRENT, POWER, FREQUENCY]
    given[place] = value
    with pytest.raises(ConfigError, match=rf"{key} is {value}; valid: \d+ \.\. \d+\.") as refused:
        units.Calibration(*given)
    assert refused.value.key == key


@pytest.mark.parametrize(("given", "key"), [((0, 1000), "energy"), ((ENERGY, 0), "power_w_max")])
def test_an_energy_counter_out_of_range_is_refused_with_its_key(units, given, key):
    with pytest.raises(ConfigError) as refused:
        units.EnergyCounter(*given)
    assert refused.value.key == key


def test_the_first_count_is_where_energy_starts(units):
    energy = units.EnergyCounter(ENERGY, 25_000)
    assert energy.on_count(0, 0x800000) == wire.BL0942_COUNT_FIRST  # As a fresh board was seen to start.
    assert energy.energy_wh() == 0


def test_energy_adds_up_without_losing_a_pulse(units):
    """One pulse a second for an hour is 3600 / 5350.632 kWh."""
    energy = units.EnergyCounter(ENERGY, 25_000)
    for second in range(3601):
        energy.on_count(second * 1000, second)
    exact_upulses = 3600 * 1_000_000
    assert energy.energy_wh() == exact_upulses // 5_350_632 == 672
    assert energy.rest_upulses() == exact_upulses % 5_350_632


def test_a_wrap_of_the_counter_is_no_reset(units):
    energy = units.EnergyCounter(ENERGY, 25_000)
    energy.on_count(0, 0xFFFFF8)
    assert energy.on_count(1000, 8) == wire.BL0942_COUNT_ADDED
    assert (energy.energy_wh(), energy.resets) == (16_000_000 // 5_350_632, 0)


def test_a_chip_reset_is_no_wrap(units):
    """Old ESPHome read a reset as a wrap: 3137 kWh out of nowhere (esphome/esphome#15280)."""
    energy = units.EnergyCounter(ENERGY, 25_000)
    energy.on_count(0, 5000)
    assert energy.on_count(1000, 11) == wire.BL0942_COUNT_RESET
    assert (energy.energy_wh(), energy.resets) == (2, 1)  # The eleven pulses since the reset.


def test_a_count_that_no_load_could_have_made_adds_nothing(units):
    energy = units.EnergyCounter(ENERGY, 25_000)
    energy.on_count(0, 100)
    assert energy.on_count(1000, 0x800000) == wire.BL0942_COUNT_RESET
    assert energy.energy_wh() == 0
    assert energy.on_count(2000, 0x800003) == wire.BL0942_COUNT_ADDED


def test_after_a_long_silence_everything_since_is_counted(units):
    energy = units.EnergyCounter(ENERGY, 25_000)
    energy.on_count(0, 0)
    assert energy.on_count(3_600_000, 100_000) == wire.BL0942_COUNT_ADDED  # 18.7 kWh in an hour.
    assert energy.energy_wh() == 100_000_000_000 // 5_350_632


def test_a_count_as_far_as_the_ring_reaches_is_an_increase(units):
    energy = units.EnergyCounter(ENERGY, 25_000)
    energy.on_count(0, 0)
    assert energy.on_count((1 << 29) + 5, 0xFFFFFF) == wire.BL0942_COUNT_ADDED


def packet(v_rms=3_400_000, freq=20_000, i_fast_rms=5):
    return array("i", [1, v_rms, i_fast_rms, 3, 4, freq, 0x100])


def test_ten_equal_packets_are_a_frozen_chip(units):
    watch = units.FrozenWatch()
    assert [watch.on_packet(packet(), 0) for _ in range(12)] == [False] * 9 + [True] * 3


def test_one_changed_digit_ends_the_suspicion(units):
    watch = units.FrozenWatch()
    for _ in range(11):
        watch.on_packet(packet(), 0)
    assert not watch.on_packet(packet(i_fast_rms=6), 0)
    assert watch.same_count == 1


def test_a_status_that_changes_is_no_sign_of_life(units):
    watch = units.FrozenWatch()
    for status in range(10):
        fields = packet()
        fields[wire.BL0942_FIELD_STATUS] = status
        frozen = watch.on_packet(fields, 0)
    assert frozen


def test_a_dead_phase_is_not_frozen(units):
    watch = units.FrozenWatch()
    assert not any(watch.on_packet(packet(v_rms=0), 0) for _ in range(20))


def test_any_row_of_a_capture_can_be_watched(units):
    watch = units.FrozenWatch()
    rows = packet() + packet(freq=20_001)
    assert [watch.on_packet(rows, row) for row in (0, 1, 1)] == [False] * 3
    assert watch.same_count == 2


def test_every_conversion_is_within_one_unit_of_the_exact_quotient(calibration):
    for count in [*range(0, 1 << 24, 65_537), (1 << 24) - 1]:
        assert abs(calibration.current_ma(count) - Fraction(count * 10**9, CURRENT)) <= 1
        assert abs(calibration.voltage_dv(count) - Fraction(count * 10**7, VOLTAGE)) <= 1
        watt = calibration.power_w(count >> 1, wire.BL0942_SIGN_SIGNED)
        assert abs(watt - Fraction((count >> 1) * 10**6, POWER)) <= 1


def test_no_intermediate_leaves_the_small_integers(small):
    from evenload.bl0942_units import Calibration, EnergyCounter

    steepest = Calibration(
        wire.BL0942_VOLTAGE_UCOUNTS_MIN,
        wire.BL0942_CURRENT_UCOUNTS_MIN,
        wire.BL0942_POWER_UCOUNTS_MIN,
        wire.BL0942_FREQUENCY_UCOUNTS_MAX,
    )
    most = small((1 << 24) - 1)
    steepest.voltage_dv(most)
    steepest.current_ma(most)
    steepest.power_w(-small(1 << 23), wire.BL0942_SIGN_INVERT)
    steepest.frequency_mhz(small(65535), most)
    for ucounts, power_w_max in (
        (wire.BL0942_ENERGY_UCOUNTS_MAX, 1 << 24),
        (wire.BL0942_ENERGY_UCOUNTS_MIN, 1),
        (wire.BL0942_ENERGY_UCOUNTS_MAX, 1),
    ):
        energy = EnergyCounter(ucounts, power_w_max)
        for now_ms, cf_cnt in ((0, 0), (1000, 1), (1 << 28, 3_000_000), (1 << 28, 0), ((1 << 29) + 9, 999)):
            energy.on_count(small(now_ms), small(cf_cnt))
