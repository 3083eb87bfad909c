"""Binding of csrc/src/circuits.c; the specification is shared/evenload/circuits.py."""

from evenload_core._core import ffi, lib
from evenload_core.columns import Columns


def severity(meter_state: int) -> int:
    """Return how bad METER_* is: 0 trusted, 1 hold, 2 static budget, 3 nothing."""
    return lib.evenload_circuits_severity(meter_state)


def index_members(columns: Columns) -> None:
    """Order the stations so that every circuit's subtree is one range of `members`."""
    lib.evenload_circuits_index_members(columns._struct)


def sum_below(columns: Columns, amounts: list[int], totals: list[int]) -> None:
    """Write the sum over every station below into totals[3 * n + phase]; both are array("i")."""
    lib.evenload_circuits_sum_below(
        columns._struct, ffi.from_buffer("int32_t[]", amounts), ffi.from_buffer("int32_t[]", totals)
    )


def intake(columns: Columns) -> None:
    """Read the meters."""
    lib.evenload_circuits_intake(columns._struct)


def watch_breakers(columns: Columns) -> None:
    """Feed the breaker model of every cell."""
    lib.evenload_circuits_watch_breakers(columns._struct)


def take_from_path(columns: Columns, amounts: list[int], s: int, amount_ma: int) -> None:
    """Subtract `amount_ma` from the amounts, an array("i"), of every cell on the path of s."""
    lib.evenload_circuits_take_from_path(columns._struct, ffi.from_buffer("int32_t[]", amounts), s, amount_ma)


def tightest_cell(columns: Columns, amounts: list[int], s: int) -> int:
    """Return the cell with the smallest amount, of an array("i"), on the path of station s."""
    return lib.evenload_circuits_tightest_cell(columns._struct, ffi.from_buffer("int32_t[]", amounts), s)
