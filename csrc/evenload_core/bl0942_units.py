"""Binding of csrc/src/bl0942_units.c; the specification is shared/evenload/bl0942_units.py."""

from evenload import wire
from evenload.errors import ConfigError

from evenload_core._core import ffi, lib


def derive_power(voltage_ucounts: int, current_ucounts: int) -> int:
    """Return the power calibration that voltage and current imply, in ucounts per W."""
    return lib.evenload_bl0942_units_derive_power(voltage_ucounts, current_ucounts)


def derive_energy(power_ucounts: int) -> int:
    """Return the energy calibration that power implies, in millionths of a pulse per kWh."""
    return lib.evenload_bl0942_units_derive_energy(power_ucounts)


def is_consistent(given_ucounts: int, derived_ucounts: int) -> bool:
    """Return whether a given calibration is within 5 % of the derived one."""
    return lib.evenload_bl0942_units_is_consistent(given_ucounts, derived_ucounts)


class Calibration:
    """Turns registers into units."""

    def __init__(
        self, voltage_ucounts: int, current_ucounts: int, power_ucounts: int, frequency_ucounts: int
    ):
        """Counts per V, A, W, Hz * s in millionths, each in its MIN .. MAX of wire.py, or ConfigError."""
        self._calibration = ffi.new("evenload_bl0942_units_calibration_t *")
        given = (voltage_ucounts, current_ucounts, power_ucounts, frequency_ucounts)
        status = lib.evenload_bl0942_units_calibration_init(self._calibration, *given)
        if status != 0:
            raise _refusal(("voltage", "current", "power", "frequency")[-status - 1], given[-status - 1])

    def voltage_dv(self, v_rms: int) -> int:
        """Return the voltage in 0.1 V; v_rms: 0 .. 2^24 - 1."""
        return lib.evenload_bl0942_units_voltage_dv(self._calibration, v_rms)

    def current_ma(self, i_rms: int) -> int:
        """Return the current in mA; i_rms: 0 .. 2^24 - 1."""
        return lib.evenload_bl0942_units_current_ma(self._calibration, i_rms)

    def power_w(self, watt: int, sign: int) -> int:
        """Return the power in W; watt: -2^23 .. 2^23 - 1; sign: BL0942_SIGN_*."""
        return lib.evenload_bl0942_units_power_w(self._calibration, watt, sign)

    def frequency_mhz(self, freq: int, v_rms: int) -> int:
        """Return the line frequency in 0.001 Hz; 0 where the chip does not measure it."""
        return lib.evenload_bl0942_units_frequency_mhz(self._calibration, freq, v_rms)


class EnergyCounter:
    """Adds up CF_CNT, a 24-bit counter that wraps at 2^24 and restarts at 0 when the chip resets."""

    def __init__(self, energy_ucounts: int, power_w_max: int):
        """energy_ucounts: pulses per kWh in millionths; power_w_max: 1 .. 2^24 W; else ConfigError."""
        self._energy = ffi.new("evenload_bl0942_units_energy_t *")
        given = (energy_ucounts, power_w_max)
        status = lib.evenload_bl0942_units_energy_init(self._energy, *given)
        if status != 0:
            raise _refusal(("energy", "power_w_max")[-status - 1], given[-status - 1])

    @property
    def resets(self) -> int:
        """How often the chip was reset."""
        return self._energy.resets

    def energy_wh(self) -> int:
        """Return the energy in Wh since the start, 0 .. 2^32 - 1."""
        return self._energy.energy_wh

    def rest_upulses(self) -> int:
        """Return the remainder below 1 Wh, in millionths of a pulse."""
        return self._energy.rest_upulses

    def on_count(self, now_ms: int, cf_cnt: int) -> int:
        """Take a CF_CNT (0 .. 2^24 - 1) read at `now_ms`; return BL0942_COUNT_FIRST, _ADDED or _RESET."""
        return lib.evenload_bl0942_units_on_count(self._energy, now_ms, cf_cnt)


class FrozenWatch:
    """Notices a chip that answers but measures nothing: the same registers over and over."""

    def __init__(self):
        self._frozen = ffi.new("evenload_bl0942_units_frozen_t *")
        lib.evenload_bl0942_units_frozen_init(self._frozen)

    @property
    def same_count(self) -> int:
        """Equal packets in a row, up to BL0942_FROZEN_PACKETS; 0 while there is no voltage."""
        return self._frozen.same_count

    def on_packet(self, fields: list, row: int) -> bool:
        """Compare row `row` of a Capture's fields with the last one; return whether the chip is frozen."""
        begin = ffi.from_buffer("int32_t[]", fields) + row * wire.BL0942_FIELD_COUNT
        return lib.evenload_bl0942_units_on_packet(self._frozen, begin)


def _refusal(key, value):
    lowest = getattr(wire, f"BL0942_{key.upper()}_UCOUNTS_MIN", 1)
    highest = getattr(wire, f"BL0942_{key.upper()}_UCOUNTS_MAX", 1 << 24)
    return ConfigError(key, value, f"{lowest} .. {highest}")
