"""bl0942_units: both twins over every calibration and stream; and both against exact rational arithmetic."""

from array import array
from fractions import Fraction

from evenload import bl0942_units as twin
from evenload import wire
from evenload_core import bl0942_units as core
from hypothesis import given
from hypothesis import strategies as st

VOLTAGES = st.integers(wire.BL0942_VOLTAGE_UCOUNTS_MIN, wire.BL0942_VOLTAGE_UCOUNTS_MAX)
CURRENTS = st.integers(wire.BL0942_CURRENT_UCOUNTS_MIN, wire.BL0942_CURRENT_UCOUNTS_MAX)
POWERS = st.integers(wire.BL0942_POWER_UCOUNTS_MIN, wire.BL0942_POWER_UCOUNTS_MAX)
ENERGIES = st.integers(wire.BL0942_ENERGY_UCOUNTS_MIN, wire.BL0942_ENERGY_UCOUNTS_MAX)
FREQUENCIES = st.integers(wire.BL0942_FREQUENCY_UCOUNTS_MIN, wire.BL0942_FREQUENCY_UCOUNTS_MAX)
U24 = st.integers(0, (1 << 24) - 1)
S24 = st.integers(-(1 << 23), (1 << 23) - 1)


@given(st.tuples(VOLTAGES, CURRENTS, POWERS, FREQUENCIES), U24, S24, st.integers(0, 65535), st.integers(0, 2))
def test_conversions_agree_and_are_within_one_unit(ucounts, count, watt, freq, sign):
    ours, theirs = twin.Calibration(*ucounts), core.Calibration(*ucounts)
    assert ours.voltage_dv(count) == theirs.voltage_dv(count)
    assert ours.current_ma(count) == theirs.current_ma(count)
    assert ours.power_w(watt, sign) == theirs.power_w(watt, sign)
    assert ours.frequency_mhz(freq, count) == theirs.frequency_mhz(freq, count)
    assert abs(ours.voltage_dv(count) - Fraction(count * 10 * 10**6, ucounts[0])) <= 1
    assert abs(ours.current_ma(count) - Fraction(count * 1000 * 10**6, ucounts[1])) <= 1
    assert abs(ours.power_w(watt, wire.BL0942_SIGN_SIGNED) - Fraction(watt * 10**6, ucounts[2])) <= 1
    if freq and count >= wire.BL0942_V_RMS_LIVE_MIN:
        assert abs(ours.frequency_mhz(freq, count) - Fraction(ucounts[3], 1000 * freq)) <= 1


@given(VOLTAGES, CURRENTS, POWERS)
def test_derived_calibrations_agree_and_are_exact(voltage, current, power):
    assert twin.derive_power(voltage, current) == core.derive_power(voltage, current)
    exact = Fraction(voltage * current * 3537, 305978 * 73989 * 10**6)
    assert 0 <= exact - twin.derive_power(voltage, current) < 2
    assert twin.derive_energy(power) == core.derive_energy(power) == power * 36_000_000 // 4_194_304
    assert twin.is_consistent(voltage, power) == core.is_consistent(voltage, power)


@given(
    ENERGIES,
    st.integers(1, 1 << 24),
    st.lists(st.tuples(st.one_of(st.integers(0, 5000), st.integers(0, (1 << 30) - 1)), U24), max_size=30),
)
def test_energy_counters_agree_after_every_count(ucounts, power_w_max, counts):
    ours, theirs = twin.EnergyCounter(ucounts, power_w_max), core.EnergyCounter(ucounts, power_w_max)
    now_ms = 0
    for elapsed_ms, cf_cnt in counts:
        now_ms = (now_ms + elapsed_ms) & ((1 << 30) - 1)
        assert ours.on_count(now_ms, cf_cnt) == theirs.on_count(now_ms, cf_cnt)
        assert ours.energy_wh() == theirs.energy_wh()
        assert (ours.rest_upulses(), ours.resets) == (theirs.rest_upulses(), theirs.resets)


@given(st.lists(st.tuples(st.sampled_from([0, 0x7FFFE, 0x7FFFF, 3_400_000]), st.integers(0, 1)), max_size=60))
def test_frozen_watches_agree_after_every_packet(packets):
    ours, theirs = twin.FrozenWatch(), core.FrozenWatch()
    for v_rms, freq in packets:
        fields = array("i", [0, v_rms, 0, 0, 0, freq, 0])
        for _ in range(4):
            assert ours.on_packet(fields, 0) == theirs.on_packet(fields, 0)
            assert ours.same_count == theirs.same_count
