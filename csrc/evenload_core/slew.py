"""Binding of csrc/src/slew.c; the specification is shared/evenload/slew.py."""

from evenload_core._core import lib
from evenload_core.columns import Columns


def regulate(columns: Columns) -> None:
    """Move grant_ma of every station towards its target_ma."""
    lib.evenload_slew_regulate(columns._struct)


def explain(columns: Columns) -> None:
    """Write the reason of every station."""
    lib.evenload_slew_explain(columns._struct)
