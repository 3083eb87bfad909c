"""Binding of csrc/src/plan.c; the specification is shared/evenload/plan.py."""

from array import array

from evenload_core._core import ffi, lib
from evenload_core.struct import Field


def chunk_count(voter_count: int) -> int:
    """Return how many chunks a plan for `voter_count` (1 .. 12) voters has: 4 or 7."""
    return lib.evenload_plan_chunk_count(voter_count)


def newer(term_a: int, seq_a: int, term_b: int, seq_b: int) -> int:
    """Return 1 if version a is newer than version b, else 0; seq 0 is no plan, in whatever term."""
    return lib.evenload_plan_newer(term_a, seq_a, term_b, seq_b)


def next_seq(seq: int) -> int:
    """Return the seq after `seq` (0 .. 254): 1 .. 255; 0, which is none, after 255."""
    return lib.evenload_plan_next_seq(seq)


class Packer:
    """The chunks of one plan, ready to be sent again and again. Attribute to read: `crc16` of that plan."""

    voter_count = Field()
    chunk_count = Field()
    crc16 = Field()

    def __init__(self, voter_count: int):
        """voter_count: 1 .. 12."""
        self._struct = ffi.new("evenload_plan_packer_t *")
        lib.evenload_plan_packer_init(self._struct, voter_count)

    def load(self, plan: array, src: int) -> None:
        """Take the plan that `src` sends; plan: PLAN_SIZE numbers, which are cut to their widths."""
        lib.evenload_plan_packer_load(self._struct, ffi.from_buffer("int32_t[]", plan), src)

    def chunk(self, index: int, identifier: int, frame: bytearray) -> None:
        """Write chunk `index` (0 .. chunk_count - 1) into `frame`, all 16 bytes; identifier: of type PLAN."""
        lib.evenload_plan_packer_chunk(self._struct, index, identifier, ffi.from_buffer("uint8_t[]", frame))


class Assembler:
    """Puts the chunks of one sender together, in whatever order and however often they come."""

    voter_count = Field()
    chunk_count = Field()
    src = Field()
    crc16 = Field()

    def __init__(self, voter_count: int):
        """voter_count: 1 .. 12."""
        self._struct = ffi.new("evenload_plan_assembler_t *")
        lib.evenload_plan_assembler_init(self._struct, voter_count)
        self.plan = memoryview(ffi.buffer(self._struct.plan)).cast("i")

    def on_chunk(self, frame: bytearray) -> int:
        """Take a PLAN frame; return 1 when it completes a good plan, 0 when there are more to come."""
        return lib.evenload_plan_assembler_on_chunk(self._struct, ffi.from_buffer("uint8_t[]", frame))
