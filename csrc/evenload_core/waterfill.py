"""Binding of csrc/src/waterfill.c; the specification is shared/evenload/waterfill.py."""

from array import array

from evenload_core._core import ffi, lib


def fill(request_ma: list, grant_ma: list, limit_ma: int) -> int:
    """Divide `limit_ma` among requests, write the grants and return their sum."""
    count = len(request_ma)
    requests = ffi.from_buffer("int32_t[]", array("i", request_ma))
    grants = ffi.new("int32_t[]", count)
    used_ma = lib.evenload_waterfill_fill(requests, grants, count, limit_ma)
    grant_ma[:] = array("i", ffi.buffer(grants)[:])
    return used_ma
