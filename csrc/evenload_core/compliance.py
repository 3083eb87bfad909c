"""Binding of csrc/src/compliance.c; the specification is shared/evenload/compliance.py."""

from evenload_core._core import lib
from evenload_core.columns import Columns


def grow_age(age_ms: int, dt_ms: int) -> int:
    """Return age_ms + dt_ms, at most ALLOCATION_AGE_MS_MAX."""
    return lib.evenload_compliance_grow_age(age_ms, dt_ms)


def observe(columns: Columns) -> None:
    """Take in what stations report."""
    lib.evenload_compliance_observe(columns._struct)
