"""Where a node keeps its term ceiling: two slots written alternately, each write torn by a crash in its middle.

A record is magic 4 bytes, generation u32, ceiling u32, crc32 of all before; the valid one of the higher
generation counts (SPEC, term floor).
"""

import struct
import zlib

_MAGIC = b"EVTF"
_RECORD = struct.Struct("<4sIII")
UNREADABLE = -1


class FloorStore:
    """Two slots of bytes that outlive their node.

    `begin` starts a write, `finish` makes it durable; a crash in between calls `tear` with how many bytes
    had reached the slot. `read` is what the next start finds.
    """

    def __init__(self, ceiling: int = 0) -> None:
        self.slots = [_record(1, ceiling), b""]
        self._pending: tuple[int, bytes] | None = None
        self.torn_count = 0
        self.is_worn = False

    def begin(self, ceiling: int) -> None:
        """Start to write `ceiling` over the older slot."""
        older = 0 if self._generation(0) <= self._generation(1) else 1
        generation = max(self._generation(0), self._generation(1)) + 1
        self._pending = (older, _record(generation, ceiling))

    def finish(self) -> None:
        """Let the write that was begun reach the medium whole."""
        if self._pending is not None:
            slot, record = self._pending
            self.slots[slot] = record
            self._pending = None

    def tear(self, kept_size: int) -> None:
        """Lose power in the middle of a write: `kept_size` bytes are new, the rest is as it was."""
        if self._pending is not None:
            slot, record = self._pending
            old = self.slots[slot].ljust(_RECORD.size, b"\xff")
            self.slots[slot] = record[:kept_size] + old[kept_size:]
            self._pending = None
            self.torn_count += 1

    @property
    def is_writing(self) -> bool:
        return self._pending is not None

    def read(self) -> int:
        """Return the ceiling that counts, or UNREADABLE."""
        best = max((0, 1), key=self._generation)
        return self._ceiling(best) if self._generation(best) >= 0 else UNREADABLE

    def replace(self, ceiling: int) -> None:
        """Begin anew with one good record."""
        self.slots = [_record(1, ceiling), b""]
        self._pending = None
        self.is_worn = False

    def wear_out(self) -> None:
        """Let both slots become unreadable."""
        self.slots = [b"\xff" * _RECORD.size] * 2
        self._pending = None
        self.is_worn = True

    def _generation(self, slot: int) -> int:
        """Return the generation of a valid slot, or -1."""
        record = self.slots[slot]
        if len(record) != _RECORD.size:
            return -1
        magic, generation, _, crc = _RECORD.unpack(record)
        if magic != _MAGIC or crc != zlib.crc32(record[:-4]):
            return -1
        return int(generation)

    def _ceiling(self, slot: int) -> int:
        return int(_RECORD.unpack(self.slots[slot])[2])


def _record(generation: int, ceiling: int) -> bytes:
    head = struct.pack("<4sII", _MAGIC, generation, ceiling)
    return head + struct.pack("<I", zlib.crc32(head))
