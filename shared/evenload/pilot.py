"""The control pilot, the cable's coding and the inlet selector: what a charging current looks like as a
signal.

Sources: IEC 61851-1, table A.8 (what a vehicle reads from a duty cycle; the same table is printed in the
Fluke FEV300 manual, page 12, with 96 % < duty <= 97 % as 80 A) and table B.2 (cable resistors). A duty
cycle is in basis points: 1 % is 100, so that 6 mA is the smallest step of the low range."""

from evenload.wire import (
    PILOT_CURRENT_MA_MAX,
    PILOT_CURRENT_MA_MIN,
    PILOT_DIGITAL,
    PILOT_HIGH_RANGE,
    PILOT_LOW_RANGE,
    PILOT_MAXIMUM,
    PILOT_MINIMUM,
    PILOT_NO_CHARGING,
)

# The low range ends with 85 %, which is 51 A.
_LOW_CURRENT_MA_MAX = 51000
_LOW_DUTY_BP_MAX = 8500

# Resistance between PP and PE in ohm, lowest and highest that is read as the code, and the cable's current.
# Nominal: 100, 220, 680, 1500 ohm. Between two bands, and outside, nothing is certain: no cable.
_CABLE_BANDS = ((80, 140, 63000), (164, 308, 32000), (400, 936, 20000), (1100, 2460, 13000))

# What the selector pins of an inlet mean, code 0 first. A board may bring its own table.
INLET_CURRENT_MA = (16000, 20000, 25000, 32000, 40000, 50000, 63000, 80000)


def classify(duty_bp: int) -> int:
    """Return PILOT_* for any duty cycle: what a vehicle may do with it.

    Below 3 %, between 7 and 8 % and above 97 % it may not charge; 3 .. 7 % asks for digital communication.
    """
    if duty_bp < 300 or 700 < duty_bp < 800 or duty_bp > 9700:
        return PILOT_NO_CHARGING
    if duty_bp <= 700:
        return PILOT_DIGITAL
    if duty_bp < 1000:
        return PILOT_MINIMUM
    if duty_bp <= _LOW_DUTY_BP_MAX:
        return PILOT_LOW_RANGE
    return PILOT_HIGH_RANGE if duty_bp <= 9600 else PILOT_MAXIMUM


def current_ma(duty_bp: int) -> int:
    """Return the current that a duty cycle allows, 0 or 6000 .. 80000 mA; digital communication: 0."""
    band = classify(duty_bp)
    if band == PILOT_MINIMUM:
        return PILOT_CURRENT_MA_MIN
    if band == PILOT_LOW_RANGE:
        return duty_bp * 6
    if band == PILOT_HIGH_RANGE:
        return (duty_bp - 6400) * 25
    return PILOT_CURRENT_MA_MAX if band == PILOT_MAXIMUM else 0


def duty_bp(allowed_ma: int) -> int:
    """Return the duty cycle that allows at most `allowed_ma`; 10000 (steady +12 V, no charging) below 6 A.

    The result is floored: a vehicle never reads more than was granted. Above 80 A it is 96 %. Between 51 and
    52.525 A, which neither range can express, it is 85 %.
    """
    if allowed_ma < PILOT_CURRENT_MA_MIN:
        return 10000
    if allowed_ma <= _LOW_CURRENT_MA_MAX:
        return allowed_ma // 6
    allowed_ma = min(allowed_ma, PILOT_CURRENT_MA_MAX)
    return max(allowed_ma // 25 + 6400, _LOW_DUTY_BP_MAX)


def cable_current_ma(resistance_ohm: int) -> int:
    """Return the current of the plugged cable: 13000, 20000, 32000 or 63000 mA; 0 for any other coding."""
    for least_ohm, most_ohm, cable_ma in _CABLE_BANDS:
        if least_ohm <= resistance_ohm <= most_ohm:
            return cable_ma
    return 0


def inlet_current_ma(code: int, settings_ma: tuple = INLET_CURRENT_MA) -> int:
    """Return the inlet's current for a selector code (the requirement calls it GetInletCurrent).

    settings_ma: the current of each code. A code outside the table means its smallest setting.
    """
    if 0 <= code < len(settings_ma):
        return settings_ma[code]
    return min(settings_ma)
