"""Seeded packet streams of a BL0942, whole or damaged: what parsers are compared on.

The damage is that of the field: a byte lost, a byte added (00, F0, E0 or anything), a bit flipped, a frame
cut off; 17 % of the frames in the default mixture. One seed gives one stream, whatever the backend.
"""

from evenload.core import kernel
from evenload.wire import (
    BL0942_COMMAND_READ,
    BL0942_PACKET_HEADER,
    BL0942_PACKET_SIZE,
)

random32 = kernel("random32")

# Frames in a thousand.
LOST_BYTE_PERMILLE = 50
ADDED_BYTE_PERMILLE = 50
FLIPPED_BIT_PERMILLE = 50
CUT_PERMILLE = 20

_I_RMS_PER_A = 251213
_I_RMS_ZX_MIN = 0x3FFFF


class Stream:
    """A recorded line with `frame_count` packets of `address`.

    data: the bytes on the line; frames: the packets as the chip sent them, 23 bytes each, CF_CNT of frame n
    is n; damaged: one flag per frame, 0 where all 23 bytes lie in `data` untouched.
    """

    def __init__(self, seed: int, frame_count: int, address: int = 0, is_damaged: bool = True) -> None:
        """seed: 0 .. 2^32 - 1; frame_count: 1 .. 2^24 - 1; address: 0 .. 3."""
        self.address = address
        self.frame_count = frame_count
        self.frames = bytearray()
        self.damaged = bytearray(frame_count)
        self._random = random32.Random32(seed)
        line = bytearray()
        for index in range(frame_count):
            frame = self._frame(index)
            self.frames += frame
            if is_damaged:
                self.damaged[index] = self._damage(frame)
            line += frame
        self.data = bytes(line)

    def frame(self, index: int) -> bytes:
        """Return packet `index` as the chip sent it."""
        return bytes(self.frames[index * BL0942_PACKET_SIZE : (index + 1) * BL0942_PACKET_SIZE])

    def _frame(self, index: int) -> bytearray:
        """A feeder at 214 .. 233 V that carries nothing a third of the time and 6 .. 32 A otherwise."""
        below = self._random.below
        is_idle = below(3) == 0
        i_rms = below(40) if is_idle else _I_RMS_PER_A * 6 + below(_I_RMS_PER_A * 26)
        v_rms = 3_400_000 + below(300_000)
        watt = 0 if is_idle else i_rms * v_rms // 6_400_681  # P = U * I * 3537 / 305978 / 73989.
        i_fast_rms = i_rms * 363 // 1000 + 17_000 + below(60_000)
        status = (0x100 if i_rms < _I_RMS_ZX_MIN else 0) | (0x22 if is_idle else 0)
        frame = bytearray([BL0942_PACKET_HEADER])
        for value in (i_rms, v_rms, i_fast_rms, watt, index):
            frame += value.to_bytes(3, "little")
        frame += (19_950 + below(120)).to_bytes(2, "little") + b"\x00" + status.to_bytes(3, "little")
        frame.append(~((BL0942_COMMAND_READ | self.address) + sum(frame)) & 0xFF)
        return frame

    def _damage(self, frame: bytearray) -> int:
        """Damage `frame` in place, or not; return whether it is damaged now."""
        below = self._random.below
        lot = below(1000) - LOST_BYTE_PERMILLE
        place = below(BL0942_PACKET_SIZE)
        if lot < 0:
            del frame[place]
            return 1
        lot -= ADDED_BYTE_PERMILLE
        if lot < 0:
            frame.insert(place, (0x00, 0xF0, 0xE0, below(256))[below(4)])
            return 1 if place > 0 else 0  # Before the header it is only junk between two frames.
        lot -= FLIPPED_BIT_PERMILLE
        if lot < 0:
            frame[place] ^= 1 << below(8)
            return 1
        lot -= CUT_PERMILLE
        if lot < 0:
            del frame[max(place, 1) :]
            return 1
        return 0
