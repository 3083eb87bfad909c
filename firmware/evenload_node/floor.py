"""The vote floor's stored record (SPEC, cluster): two slots written one after the other, the higher valid version wins.

    offset  0        4           8           12
            "EVF1"   version u32 ceiling u32 crc32 u32 of the 12 bytes before     little endian

A record that was torn while it was written leaves the other slot, whose ceiling is the one that votes relied on: a
ceiling counts only after `store` has returned, and then both slots hold it, so that either may be damaged or removed
later without a start below it. What cannot be read is never guessed: then the node does not vote.
"""

import struct

from evenload.core import kernel
from evenload.wire import TERM_MAX

canframe = kernel("canframe")

MAGIC = b"EVF1"
RECORD_SIZE = 16
SLOT_COUNT = 2
CEILING_UNREADABLE = -1


def pack_record(version: int, ceiling: int) -> bytes:
    """Return the 16 bytes of a record."""
    head = struct.pack("<4sII", MAGIC, version, ceiling)
    return head + struct.pack("<I", canframe.crc32(head, len(head)))


def unpack_record(data: bytes) -> tuple[int, int] | None:
    """Return (version, ceiling), or None if `data` is no whole record."""
    if len(data) != RECORD_SIZE:
        return None
    magic, version, ceiling, crc = struct.unpack("<4sIII", data)
    if magic != MAGIC or crc != canframe.crc32(data[:12], 12) or ceiling > TERM_MAX:
        return None
    return version, ceiling


class Floor:
    """The stored term ceiling of one voter.

    slots: object with `read(index) -> bytes | None` (None: there is no such file; OSError: it can't be read),
    `write(index, data)` (durable when it returns; OSError) and `name(index)`. `fault`: why the ceiling is unknown,
    or "".
    """

    def __init__(self, slots):
        self._slots = slots
        self._version = 0
        self._newest = SLOT_COUNT - 1
        self.fault = ""

    def load(self) -> int:
        """Return the stored ceiling, 0 at the very first start, CEILING_UNREADABLE (-1) if nobody can tell."""
        found = 0
        ceiling = 0
        seen = []
        for index in range(SLOT_COUNT):
            try:
                data = self._slots.read(index)
            except OSError as error:
                self.fault = "{} can't be read ({}): this node does not vote. Repair the storage.".format(
                    self._slots.name(index), error
                )
                return CEILING_UNREADABLE
            if data is None:
                continue
            seen.append(self._slots.name(index))
            record = unpack_record(data)
            if record is not None and record[0] > self._version:
                found += 1
                self._newest = index
                self._version, ceiling = record
        if seen and not found:
            self.fault = (
                "{} hold no valid record: this node does not vote. Remove them once the other units have elected "
                "a master in a later term."
            ).format(" and ".join(seen))
            return CEILING_UNREADABLE
        return ceiling

    def store(self, ceiling: int):
        """Write the ceiling into both slots, the older first; it counts when this returns. Raises OSError."""
        for _ in range(SLOT_COUNT):
            index = (self._newest + 1) % SLOT_COUNT
            self._slots.write(index, pack_record(self._version + 1, ceiling))
            self._version += 1
            self._newest = index
