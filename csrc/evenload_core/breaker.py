"""Binding of csrc/src/breaker.c; the specification is shared/evenload/breaker.py."""

from evenload_core._core import ffi, lib
from evenload_core.struct import Field, point


class Breaker:
    """`count` thermal cells; columns as in the twin."""

    count = Field()

    def __init__(self, count: int):
        self._struct = ffi.new("evenload_breaker_t *")
        self.count = count
        sizes = dict.fromkeys(
            ("rated_ma", "curve", "heat", "heat_permille", "action", "held_ma", "held_ms"), count
        )
        rows = lib.EVENLOAD_BREAKER_CURVE_COUNT * lib.EVENLOAD_BREAKER_ROW_COUNT
        self._kept = point(self._struct, self, sizes | {"ratio_permille": rows, "action_ms": rows})
        lib.evenload_breaker_init(self._struct)

    def reset(self, index: int) -> None:
        """Make a cell cold and forget its last reading."""
        lib.evenload_breaker_reset(self._struct, index)

    def on_measured(self, index: int, now_ms: int, current_ma: int) -> int:
        """Take a reading and return what to do: BREAKER_ACTION_*."""
        return lib.evenload_breaker_on_measured(self._struct, index, now_ms, current_ma)
