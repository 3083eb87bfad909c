"""Binding of csrc/src/rotation.c; the specification is shared/evenload/rotation.py."""

from array import array

from evenload_core._core import ffi, lib
from evenload_core.struct import Field, point

_COLUMNS = (
    "contending",
    "on",
    "held",
    "in_slot",
    "since_ms",
    "waited_slots",
    "overdue",
    "served_as",
    "served_ma_ms",
    "ranked_as",
)


class Rotation:
    """The turns of `count` (up to ROTATION_STATION_COUNT_MAX) stations, sized at construction."""

    count = Field()
    slot_ms = Field()
    on_min_ms = Field()
    off_min_ms = Field()
    is_started = Field()
    slot_start_ms = Field()

    def __init__(self, count: int):
        self._key = ffi.new("uint64_t[]", 2 * count)
        self._struct = ffi.new("evenload_rotation_t *", {"key": self._key})
        self.count = count
        sizes = dict.fromkeys(_COLUMNS, count) | {"high": count, "low": count, "slack_count": count + 1}
        self._kept = point(self._struct, self, sizes)
        lib.evenload_rotation_init(self._struct)

    def join(self, index: int) -> None:
        """Begin a charging session: the station contends, unserved, and no minimum time holds it."""
        lib.evenload_rotation_join(self._struct, index)

    def leave(self, index: int) -> None:
        """End the charging session: the station contends no more."""
        lib.evenload_rotation_leave(self._struct, index)

    def on_drawn(self, index: int, measured_ma: int, granted_ma: int, passed_ms: int) -> None:
        """Count what a station drew in `passed_ms`: measured, or granted when not measured (negative)."""
        lib.evenload_rotation_on_drawn(self._struct, index, measured_ma, granted_ma, passed_ms)

    def set_on(self, index: int, now_ms: int, is_on: int) -> None:
        """Record whether a station has current from this round on; is_on: 0 or 1."""
        lib.evenload_rotation_set_on(self._struct, index, now_ms, is_on)

    def tick(self, now_ms: int) -> int:
        """End minimum times and slots that are over; return 1 at a slot boundary, else 0."""
        return lib.evenload_rotation_tick(self._struct, now_ms)

    def mark_overdue(self, member: list, count: int, place_count: int) -> None:
        """Mark who has to be served now among member[0 .. count - 1], given `place_count` served places."""
        numbers = ffi.from_buffer("int32_t[]", array("i", member))
        lib.evenload_rotation_mark_overdue(self._struct, numbers, count, place_count)

    def order(self, member: list, count: int) -> int:
        """Sort member[0 .. count - 1] into the order of turns, in place; return how many are eligible."""
        numbers = array("i", member)
        eligible_count = lib.evenload_rotation_order(
            self._struct, ffi.from_buffer("int32_t[]", numbers), count
        )
        for place, index in enumerate(numbers):
            member[place] = index
        return eligible_count
