"""Binding of csrc/src/phases.c; the specification is shared/evenload/phases.py."""

from evenload_core._core import ffi, lib
from evenload_core.struct import Field, point

_COLUMNS = ("min_ma", "phase_count", "pausing", "paused_ms", "surplus", "surplus_ms", "switch_count")


def terminal_count(wiring: int) -> int:
    """Return how many phases a station of this wiring can draw on: 1, 2 or 3 (unknown: 3)."""
    return lib.evenload_phases_terminal_count(wiring)


def mask(wiring: int, phase_count: int) -> int:
    """Return the site phases that `phase_count` (0..3) drawn phases load, as a mask 0..7."""
    return lib.evenload_phases_mask(wiring, phase_count)


def site_phase(wiring: int, terminal: int) -> int:
    """Return the site phase 0..2 of a terminal 0..2; PHASE_NONE where there is none or nobody knows."""
    return lib.evenload_phases_site_phase(wiring, terminal)


def unbalance_ma(l1_ma: int, l2_ma: int, l3_ma: int) -> int:
    """Return the largest difference between two phases."""
    return lib.evenload_phases_unbalance_ma(l1_ma, l2_ma, l3_ma)


def room_ma(l1_ma: int, l2_ma: int, l3_ma: int, phase_mask: int, unbalance_ma_max: int) -> int:
    """Return the largest current that may be added on every phase of `phase_mask` (1..7)."""
    return lib.evenload_phases_room_ma(l1_ma, l2_ma, l3_ma, phase_mask, unbalance_ma_max)


def best_phase(l1_ma: int, l2_ma: int, l3_ma: int, phase_mask: int) -> int:
    """Return the phase 0..2 of `phase_mask` (1..7) on which a load unbalances least."""
    return lib.evenload_phases_best_phase(l1_ma, l2_ma, l3_ma, phase_mask)


class PhaseSwitch:
    """One or three phases for each of `count` stations, sized at construction."""

    count = Field()
    up_ms = Field()
    pause_ms = Field()
    surplus_ma = Field()
    switch_count_max = Field()

    def __init__(self, count: int):
        self._struct = ffi.new("evenload_phase_switch_t *")
        self.count = count
        self._kept = point(self._struct, self, dict.fromkeys(_COLUMNS, count))
        lib.evenload_phases_init(self._struct)

    def start(self, index: int, phase_count: int) -> None:
        """Begin a session on `phase_count` phases (1 or 3), without a pause."""
        lib.evenload_phases_start(self._struct, index, phase_count)

    def choose(self, index: int, now_ms: int, one_ma: int, three_ma: int) -> int:
        """Return on how many phases current may be granted in this round: 1 or 3, 0 while pausing."""
        return lib.evenload_phases_choose(self._struct, index, now_ms, one_ma, three_ma)
