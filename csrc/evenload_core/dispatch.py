"""Binding of csrc/src/dispatch.c; the specification is shared/evenload/dispatch.py."""

from evenload_core._core import ffi, lib
from evenload_core.struct import Field


class Dispatch:
    """The members of a cluster, by slot, and what each of them has to carry."""

    count = Field()
    policy = Field()
    master = Field()
    cap_percent = Field()
    unmet_10w = Field()

    def __init__(self):
        self._struct = ffi.new("evenload_dispatch_t *")
        lib.evenload_dispatch_init(self._struct)
        self.effective_10w = self._struct.effective_10w
        self.rank = self._struct.rank
        self.cost_linear = self._struct.cost_linear
        self.cost_cubic = self._struct.cost_cubic
        self.share_10w = self._struct.share_10w

    def solve(self, demand_10w: int) -> int:
        """Share `demand_10w` among the members and return what is unmet."""
        return lib.evenload_dispatch_solve(self._struct, demand_10w)


def effective(rated_10w: int, derate: int) -> int:
    """Return the capacity that a unit has at a derate, rounded down."""
    return lib.evenload_dispatch_effective(rated_10w, derate)


def n1_lost(dispatch, demand_10w: int) -> int:
    """Return 1 if the demand could not be carried without the largest member, else 0."""
    return lib.evenload_dispatch_n1_lost(dispatch._struct, demand_10w)
