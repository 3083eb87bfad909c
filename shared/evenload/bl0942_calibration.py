"""A BL0942's calibration from what a person wrote down: counts per unit, completed and checked (SPEC, Units).

The keys are those of the requirement's stored configuration: `voltage`, `current`, `power` and `energy` are counts
per V, A, W and kWh; `frequency` is what FREQ divides to give Hz. A value that is not above zero is ignored with a
warning and its default kept. Only voltage and current are independent: power and energy follow from them. A power
or energy that was set to something else than its default is obeyed, with a warning when it is more than 5 % off.
"""

from evenload.bl0942_units import derive_energy, derive_power, is_consistent
from evenload.errors import ConfigError
from evenload.wire import (
    BL0942_CURRENT_UCOUNTS_DEFAULT,
    BL0942_FREQUENCY_UCOUNTS_DEFAULT,
    BL0942_VOLTAGE_UCOUNTS_DEFAULT,
)

KEYS = ("voltage", "current", "power", "energy", "frequency")
_UCOUNTS = 1000000
# A number from JSON has been through a float, on a board one of 24 bits: this close (1 in 2^20) means equal.
_SAME_SHIFT = 20


class CalibrationCounts:
    """Counts per unit in millionths, complete: voltage_ucounts .. frequency_ucounts; `warnings` are sentences."""

    def __init__(self, given: dict):
        """given: any of KEYS with numbers; raises ConfigError for another key or no number."""
        self.warnings = []
        values = self._take(given)
        default_power = derive_power(BL0942_VOLTAGE_UCOUNTS_DEFAULT, BL0942_CURRENT_UCOUNTS_DEFAULT)
        self.voltage_ucounts = values.get("voltage", BL0942_VOLTAGE_UCOUNTS_DEFAULT)
        self.current_ucounts = values.get("current", BL0942_CURRENT_UCOUNTS_DEFAULT)
        self.frequency_ucounts = values.get("frequency", BL0942_FREQUENCY_UCOUNTS_DEFAULT)
        derived = derive_power(self.voltage_ucounts, self.current_ucounts)
        self.power_ucounts = self._choose(values, "power", derived, default_power)
        derived = derive_energy(self.power_ucounts)
        self.energy_ucounts = self._choose(values, "energy", derived, derive_energy(default_power))

    def as_text(self) -> str:
        """Return the counts per unit as the JSON object that is stored, exactly, keys in the order of KEYS."""
        ucounts = (
            self.voltage_ucounts,
            self.current_ucounts,
            self.power_ucounts,
            self.energy_ucounts,
            self.frequency_ucounts,
        )
        lines = []
        for place in range(len(KEYS)):
            lines.append('"{}": {}'.format(KEYS[place], _decimal(ucounts[place])))
        return "{" + ",\n ".join(lines) + "}\n"

    def _take(self, given):
        values = {}
        for key in given:
            value = given[key]
            if key not in KEYS:
                raise ConfigError("calibration." + key, value, "the keys " + ", ".join(KEYS))
            # What JSON knows beside numbers; NaN and Infinity are none to count with.
            if value is None or isinstance(value, (bool, str, list, dict)) or value - value != 0:
                raise ConfigError("calibration." + key, value, "a number above 0, in counts per unit")
            if value > 0:
                values[key] = int(value * _UCOUNTS)  # Down, by at most a millionth of a count.
            else:
                text = "calibration {} is {}; not above 0, so its default is kept."
                self.warnings.append(text.format(key, value))
        return values

    def _choose(self, values, key, derived, default):
        chosen = values.get(key, default)
        if abs(chosen - default) << _SAME_SHIFT <= default:
            return derived
        if not is_consistent(chosen, derived):
            text = "calibration {} is {}, but voltage and current make it {}: more than 5 % apart, so one is wrong."
            self.warnings.append(text.format(key, _decimal(chosen), _decimal(derived)))
        return chosen


def _decimal(ucounts):
    """Return ucounts millionths as a decimal number."""
    return "{}.{:06d}".format(ucounts // _UCOUNTS, ucounts % _UCOUNTS)  # Exact: nothing is rounded.
