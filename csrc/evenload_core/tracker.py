"""Binding of csrc/src/tracker.c; the specification is shared/evenload/tracker.py."""

from evenload_core._core import ffi, lib
from evenload_core.struct import Field, point


class Tracker:
    """`count` trackers; columns: stable_ma, sample_count, sample_ma."""

    count = Field()

    def __init__(self, count: int):
        self._struct = ffi.new("evenload_tracker_t *")
        self.count = count
        sizes = {
            "stable_ma": count,
            "sample_count": count,
            "sample_ma": lib.EVENLOAD_TRACKER_SAMPLE_COUNT * count,
        }
        self._kept = point(self._struct, self, sizes)
        lib.evenload_tracker_init(self._struct)

    def reset(self, index: int) -> None:
        """Forget the samples of a station."""
        lib.evenload_tracker_reset(self._struct, index)

    def on_sample(self, index: int, actual_ma: int, limit_ma: int) -> None:
        """Take one sample."""
        lib.evenload_tracker_on_sample(self._struct, index, actual_ma, limit_ma)
