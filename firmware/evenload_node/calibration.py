"""A meter's calibration on the node's own storage: a JSON file, written with the defaults at the first start."""

import json

from evenload.bl0942_calibration import KEYS, CalibrationCounts
from evenload.errors import ConfigError

from evenload_node.hal.files import read_text, write_text


def load_calibration(path: str, may_write: bool = True) -> CalibrationCounts:
    """Return the calibration in the file `path`; where there is none, the defaults, written there if allowed.

    Raises ConfigError when the file holds no calibration, OSError when the storage fails.
    """
    text = read_text(path)
    if text is None:
        counts = CalibrationCounts({})
        if may_write:
            store_calibration(path, counts)
        return counts
    try:
        given = json.loads(text)
    except (ValueError, RuntimeError):  # RuntimeError: nested deeper than the stack.
        given = None
    if not isinstance(given, dict):
        raise ConfigError(path, "no JSON object", "an object with the keys " + ", ".join(KEYS))
    return CalibrationCounts(given)


def store_calibration(path: str, counts: CalibrationCounts):
    """Write the calibration; the file is replaced at once or not at all."""
    write_text(path, counts.as_text())
