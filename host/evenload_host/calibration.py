"""A meter's calibration as a JSON file: counts per unit, keys voltage, current, power, energy, frequency.

The keys are those of the requirement's stored configuration. A value that is not above zero is ignored with a
warning and its default kept. Power and energy follow from voltage and current (datasheet V1.10: P = U * I *
3537 / 305978 / 73989, E = P * 3.6e6 / 419430.4); a file that sets them is obeyed, with a warning when it is
more than 5 % off.
"""

import json
from pathlib import Path

import click
from evenload.errors import ConfigError

# The reference design: 1 mohm shunt, 510 ohm under 5 x 390 kohm, Vref 1.218 V (application note V1.04).
COUNTS_PER_AMPERE = 251213.465
COUNTS_PER_VOLT = 15883.341
HERTZ_COUNTS = 1_000_000.0
POWER_FROM_UI = 3537 / 305978 / 73989
ENERGY_FROM_POWER = 3.6e6 / 419430.4
KEYS = ("voltage", "current", "power", "energy", "frequency")
INCONSISTENT_SHARE = 0.05


def read_counts(path: Path | None) -> dict[str, float]:
    """Return the counts per unit in `path`, complete; without a path the reference design's.

    Warnings go to stderr. Raises ConfigError for a file that is no JSON object of numbers.
    """
    given = {} if path is None else read_given(path)
    counts = {
        "voltage": given.get("voltage", COUNTS_PER_VOLT),
        "current": given.get("current", COUNTS_PER_AMPERE),
        "frequency": given.get("frequency", HERTZ_COUNTS),
    }
    derive(counts, given, "power", counts["voltage"] * counts["current"] * POWER_FROM_UI)
    derive(counts, given, "energy", counts["power"] * ENERGY_FROM_POWER)
    return counts


def derive(counts: dict[str, float], given: dict[str, float], key: str, derived: float) -> None:
    """Set counts[key] to what was given, or else to `derived`; warn when the two differ by more than 5 %."""
    counts[key] = given.get(key, derived)
    if abs(counts[key] - derived) > INCONSISTENT_SHARE * derived:
        click.echo(
            f"Warning: calibration {key} is {counts[key]:g}, but voltage and current make it {derived:.7g}; "
            "more than 5 % apart, so one of them is wrong.",
            err=True,
        )


def read_given(path: Path) -> dict[str, float]:
    """Return the usable values of the file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(
            str(path), f"no JSON ({error})", f"an object with the keys {', '.join(KEYS)}"
        ) from error
    if not isinstance(content, dict):
        raise ConfigError(str(path), content, f"an object with the keys {', '.join(KEYS)}")
    given = {}
    for key, value in content.items():
        if key not in KEYS:
            raise ConfigError(f"{path}: {key}", value, f"the keys {', '.join(KEYS)}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(f"{path}: {key}", value, "a number above 0, in counts per unit")
        if value > 0:
            given[key] = float(value)
        else:
            click.echo(
                f"Warning: calibration {key} is {value:g}; not above 0, so its default is kept.", err=True
            )
    return given
