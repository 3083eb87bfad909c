"""Binding of csrc/src/random32.c; the specification is shared/evenload/random32.py."""

from evenload_core._core import ffi, lib


class Random32:
    """A stream of random numbers; the same seed gives the same stream on every target."""

    def __init__(self, seed: int):
        self._random = ffi.new("evenload_random32_t *")
        lib.evenload_random32_init(self._random, seed & 0xFFFFFFFF)

    @property
    def high(self) -> int:
        """The upper 17 bits of the state."""
        return self._random.state >> 15

    @property
    def low(self) -> int:
        """The lower 15 bits of the state."""
        return self._random.state & 0x7FFF

    def next30(self) -> int:
        """Return the next number, 0 .. 2^30 - 1."""
        return lib.evenload_random32_next30(self._random)

    def below(self, bound: int) -> int:
        """Return an unbiased number 0 .. bound - 1; bound: 1 .. 2^30 - 1."""
        return lib.evenload_random32_below(self._random, bound)
