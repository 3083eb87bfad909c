"""What a BL0942's registers mean: mA, 0.1 V, W, mHz and Wh, in integers; mirror: csrc/src/bl0942_units.c.

A calibration is counts per unit, in millionths ("ucounts"): counts per V, A and W, pulses per kWh, and the
number that FREQ divides to give Hz (1,000,000 by the datasheet, section 1.6). Only voltage and current are
independent (datasheet V1.10, section 2; Vref cancels):

    power  = voltage * current * 3537 / 305978 / 73989        393 / 2515445138 in lowest terms
    energy = power * 3.6e6 / (1638.4 * 256)                   140625 / 16384 in lowest terms

Configuration may use large integers. What runs at every reading stays within 2^30 - 1: a calibration
becomes a scale of 2^-26 units per count, below 16 units per count, and 24-bit registers are multiplied in
halves. The result is within one unit of the exact quotient: half a unit of rounding and 2^24 / 2^27 of the
scale's.
"""

from evenload import ticks
from evenload.errors import ConfigError
from evenload.wire import (
    BL0942_COUNT_ADDED,
    BL0942_COUNT_FIRST,
    BL0942_COUNT_RESET,
    BL0942_CURRENT_UCOUNTS_MAX,
    BL0942_CURRENT_UCOUNTS_MIN,
    BL0942_ENERGY_UCOUNTS_MAX,
    BL0942_ENERGY_UCOUNTS_MIN,
    BL0942_FIELD_COUNT,
    BL0942_FIELD_STATUS,
    BL0942_FIELD_V_RMS,
    BL0942_FREQUENCY_UCOUNTS_MAX,
    BL0942_FREQUENCY_UCOUNTS_MIN,
    BL0942_FROZEN_PACKETS,
    BL0942_POWER_UCOUNTS_MAX,
    BL0942_POWER_UCOUNTS_MIN,
    BL0942_SIGN_ABS,
    BL0942_SIGN_INVERT,
    BL0942_V_RMS_LIVE_MIN,
    BL0942_VOLTAGE_UCOUNTS_MAX,
    BL0942_VOLTAGE_UCOUNTS_MIN,
)

_COUNT_MASK = 0xFFFFFF
_SCALE_SHIFT = 26
_UPULSES_PER_PULSE = 1000000
_PULSES_PER_STEP = 1000
_SLACK_PULSES = 2
_POWER_W_MAX = 1 << 24


def derive_power(voltage_ucounts: int, current_ucounts: int) -> int:
    """Return the power calibration that voltage and current imply, in ucounts per W."""
    ampere_counts = current_ucounts // 1000000
    product = voltage_ucounts * ampere_counts + voltage_ucounts * (current_ucounts % 1000000) // 1000000
    return product // 2515445138 * 393 + product % 2515445138 * 393 // 2515445138


def derive_energy(power_ucounts: int) -> int:
    """Return the energy calibration that power implies, in millionths of a pulse per kWh."""
    return power_ucounts * 140625 // 16384


def is_consistent(given_ucounts: int, derived_ucounts: int) -> bool:
    """Return whether a given calibration is within 5 % of the derived one."""
    return abs(given_ucounts - derived_ucounts) * 20 <= derived_ucounts


class Calibration:
    """Turns registers into units. Every method is for one register and allocates nothing."""

    def __init__(
        self, voltage_ucounts: int, current_ucounts: int, power_ucounts: int, frequency_ucounts: int
    ):
        """Counts per V, A, W, Hz * s in millionths, each in its MIN .. MAX of wire.py, or ConfigError."""
        _check("voltage", voltage_ucounts, BL0942_VOLTAGE_UCOUNTS_MIN, BL0942_VOLTAGE_UCOUNTS_MAX)
        _check("current", current_ucounts, BL0942_CURRENT_UCOUNTS_MIN, BL0942_CURRENT_UCOUNTS_MAX)
        _check("power", power_ucounts, BL0942_POWER_UCOUNTS_MIN, BL0942_POWER_UCOUNTS_MAX)
        _check("frequency", frequency_ucounts, BL0942_FREQUENCY_UCOUNTS_MIN, BL0942_FREQUENCY_UCOUNTS_MAX)
        self._voltage_scale = _scale_of(10, voltage_ucounts)
        self._current_scale = _scale_of(1000, current_ucounts)
        self._power_scale = _scale_of(1, power_ucounts)
        self._frequency_mhz = frequency_ucounts // 1000

    def voltage_dv(self, v_rms: int) -> int:
        """Return the voltage in 0.1 V; v_rms: 0 .. 2^24 - 1."""
        return _scaled(v_rms, self._voltage_scale)

    def current_ma(self, i_rms: int) -> int:
        """Return the current in mA; i_rms: 0 .. 2^24 - 1."""
        return _scaled(i_rms, self._current_scale)

    def power_w(self, watt: int, sign: int) -> int:
        """Return the power in W; watt: -2^23 .. 2^23 - 1; sign: BL0942_SIGN_*."""
        power_w = _scaled(abs(watt), self._power_scale)
        if watt < 0 and sign != BL0942_SIGN_ABS:
            power_w = -power_w
        return -power_w if sign == BL0942_SIGN_INVERT else power_w

    def frequency_mhz(self, freq: int, v_rms: int) -> int:
        """Return the line frequency in 0.001 Hz; 0 where the chip does not measure it."""
        if freq == 0 or v_rms < BL0942_V_RMS_LIVE_MIN:
            return 0
        return (self._frequency_mhz + (freq >> 1)) // freq


class EnergyCounter:
    """Adds up CF_CNT, a 24-bit counter that wraps at 2^24 and restarts at 0 when the chip resets.

    The two look alike: the count goes down. An increase modulo 2^24 is a wrap only if the site could have
    used that much since the last reading; otherwise the chip was reset, and what it counted since is added,
    if that could have been. The remainder below 1 Wh is kept exactly; energy_wh wraps at 2^32 Wh (4,294,967
    kWh).
    """

    def __init__(self, energy_ucounts: int, power_w_max: int):
        """energy_ucounts: pulses per kWh in millionths; power_w_max: 1 .. 2^24 W; else ConfigError."""
        _check("energy", energy_ucounts, BL0942_ENERGY_UCOUNTS_MIN, BL0942_ENERGY_UCOUNTS_MAX)
        _check("power_w_max", power_w_max, 1, _POWER_W_MAX)
        self.resets = 0
        self._upulses_per_wh = (energy_ucounts + 500) // 1000
        self._pulses_per_s = (power_w_max * energy_ucounts + 3600000000000 - 1) // 3600000000000
        self._span_s_max = _COUNT_MASK // self._pulses_per_s + 1
        self._started = False
        self._cf_cnt = 0
        self._counted_ms = 0
        self._rest_upulses = 0
        self._wh_low = 0  # 16 bits each: a u32 is no small integer on a board.
        self._wh_high = 0

    def energy_wh(self) -> int:
        """Return the energy in Wh since the start, 0 .. 2^32 - 1."""
        return (self._wh_high << 16) | self._wh_low

    def rest_upulses(self) -> int:
        """Return the remainder below 1 Wh, in millionths of a pulse."""
        return self._rest_upulses

    def on_count(self, now_ms: int, cf_cnt: int) -> int:
        """Take a CF_CNT (0 .. 2^24 - 1) read at `now_ms`; return BL0942_COUNT_FIRST, _ADDED or _RESET.

        The first count is where the energy starts from: what the chip counted before is not ours.
        """
        if not self._started:
            self._started = True
            self._remember(now_ms, cf_cnt)
            return BL0942_COUNT_FIRST
        pulses_max = self._pulses_since(now_ms)
        pulses = (cf_cnt - self._cf_cnt) & _COUNT_MASK
        self._remember(now_ms, cf_cnt)
        if pulses <= pulses_max:
            self._add(pulses)
            return BL0942_COUNT_ADDED
        self.resets = (self.resets + 1) & 0x3FFFFFFF
        if cf_cnt <= pulses_max:
            self._add(cf_cnt)
        return BL0942_COUNT_RESET

    def _remember(self, now_ms, cf_cnt):
        self._counted_ms = now_ms
        self._cf_cnt = cf_cnt

    def _pulses_since(self, now_ms):
        """Return the most pulses that the maximum power gives since the last count, in begun seconds."""
        elapsed_ms = ticks.elapsed_ms(now_ms, self._counted_ms)
        if elapsed_ms < 0:  # Longer ago than the ring of times can tell.
            return _COUNT_MASK
        span_s = min(elapsed_ms // 1000 + 1, self._span_s_max)
        return span_s * self._pulses_per_s + _SLACK_PULSES

    def _add(self, pulses):
        while pulses > 0:
            step = min(pulses, _PULSES_PER_STEP)
            pulses -= step
            self._rest_upulses += step * _UPULSES_PER_PULSE
            self._wh_low += self._rest_upulses // self._upulses_per_wh
            self._rest_upulses %= self._upulses_per_wh
            self._wh_high = (self._wh_high + (self._wh_low >> 16)) & 0xFFFF
            self._wh_low &= 0xFFFF


class FrozenWatch:
    """Notices a chip that answers but measures nothing: the same registers over and over.

    On a live line the lowest bits of V_RMS and FREQ change nearly every time. A dead phase is left out: there
    is nothing to change.
    """

    def __init__(self):
        self.same_count = 0
        self._last = [0] * BL0942_FIELD_COUNT

    def on_packet(self, fields: list, row: int) -> bool:
        """Compare row `row` of a Capture's fields with the last one; return whether the chip is frozen."""
        begin = row * BL0942_FIELD_COUNT
        same = True
        for index in range(BL0942_FIELD_STATUS):
            same = same and fields[begin + index] == self._last[index]
            self._last[index] = fields[begin + index]
        if self._last[BL0942_FIELD_V_RMS] < BL0942_V_RMS_LIVE_MIN:
            self.same_count = 0
        elif not same:
            self.same_count = 1
        elif self.same_count < BL0942_FROZEN_PACKETS:
            self.same_count += 1
        return self.same_count == BL0942_FROZEN_PACKETS


def _check(key, value, lowest, highest):
    if not lowest <= value <= highest:
        raise ConfigError(key, value, "{} .. {}".format(lowest, highest))


def _scale_of(units, ucounts):
    """Return units * 10^6 / ucounts in 2^-26, rounded to nearest: 1 .. 2^30 - 1."""
    return ((units * 1000000 << _SCALE_SHIFT) + ucounts // 2) // ucounts


def _scaled(count, scale):
    """Return count * scale / 2^26, rounded to nearest, exactly: halves of 12 and 15 bits, carried upward."""
    high = count >> 12
    low = count & 0xFFF
    scale_high = scale >> 15
    scale_low = scale & 0x7FFF
    middle = high * scale_low + (low * scale_low >> 12)
    upper = low * scale_high + (middle >> 3) + (1 << 10)
    return ((high * scale_high + (upper >> 12)) << 1) | ((upper >> 11) & 1)
