"""Binding of csrc/src/fairness.c; the specification is shared/evenload/fairness.py."""

from evenload_core._core import ffi, lib
from evenload_core.columns import Columns


def fill_level(room_ma: int, weight: int) -> int:
    """Return floor(room_ma * 256 / weight), at most 2^29."""
    return lib.evenload_fairness_fill_level(room_ma, weight)


class Fairness:
    """Raises the targets of one priority class at a time."""

    def __init__(self, columns: Columns):
        self._columns = columns

    def fill(self, priority: int) -> None:
        """Raise target_ma of every admitted station of class `priority` as far as is fair."""
        lib.evenload_fairness_fill(self._columns._struct, priority)


def sort_by_level(items: list[int], level: list[int], count: int, scratch: list[int]) -> None:
    """Sort items[0 .. count - 1] by (level[item], position); all are array("i")."""
    lib.evenload_fairness_sort_by_level(
        ffi.from_buffer("int32_t[]", items),
        ffi.from_buffer("int32_t[]", level),
        count,
        ffi.from_buffer("int32_t[]", scratch),
    )
