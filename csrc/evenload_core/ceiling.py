"""Binding of csrc/src/ceiling.c; the specification is shared/evenload/ceiling.py."""

from evenload_core._core import lib
from evenload_core.columns import Columns


def set_ceilings(columns: Columns) -> None:
    """Write ceiling_ma and cause of every station."""
    lib.evenload_ceiling_set_ceilings(columns._struct)
