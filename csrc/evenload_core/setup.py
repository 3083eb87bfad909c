"""Binding of csrc/src/setup.c; the specification is shared/evenload/setup.py."""

from evenload_core._core import lib
from evenload_core.columns import Columns


def find_fault(columns: Columns) -> int:
    """Return 0 or the first ALLOCATION_FAULT_* of the setup."""
    return lib.evenload_setup_find_fault(columns._struct)
