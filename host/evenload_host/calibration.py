"""A meter's calibration file on the host: counts per unit, keys voltage, current, power, energy, frequency."""

import json
from pathlib import Path

import click
from evenload.bl0942_calibration import KEYS, CalibrationCounts
from evenload.errors import ConfigError


def read_counts(path: Path | None) -> dict[str, float]:
    """Return the counts per unit in `path`, complete; without a path the reference design's.

    Warnings go to stderr. Raises ConfigError for a file that is no JSON object of numbers.
    """
    counts = CalibrationCounts({} if path is None else read_object(path))
    for warning in counts.warnings:
        click.echo(f"Warning: {path}: {warning}", err=True)
    stored: dict[str, float] = json.loads(counts.as_text())
    return stored


def read_object(path: Path) -> dict[str, object]:
    """Return the JSON object in the file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise ConfigError(str(path), "no JSON object", "an object with the keys " + ", ".join(KEYS))
    return content
