"""The BL0942's UART protocol: frames out, replies and packets in; mirror: csrc/src/bl0942.c.

Sources: Belling BL0942 datasheet V1.10, sections 1.5 (registers) and 3.2 (UART). The 23 bytes of a packet:

    0      1      4      7           10    13      16    18  19      22
    0x55 | I_RMS | V_RMS | I_FAST_RMS | WATT | CF_CNT | FREQ | 0 | STATUS | CK      all little-endian
           u24     u24     u24          s24    u24      u16        u24

CK is the inverted low byte of the sum of the command byte (0x58 | address, not in the reply) and bytes 0 ..
21, so a packet of another address fails. A sum of eight bits lets one shifted frame in 256 pass; what such
a frame says is almost never plausible, so a packet must also have

    byte 18 zero; STATUS without other bits than 0, 1, 5, 8 and 9 (5 is undocumented, but set in the field)
    V_RMS up to 5,000,000; FREQ 15384 .. 25000 (40 .. 65 Hz)

Without the rule for STATUS a byte of noise before it, equal to the checksum, passes under load: 5 packets
in 10^6. FREQ may hold anything only where V_RMS is below 0x7FFFF, from where on the chip does not measure it
(datasheet 1.4), and STATUS says so in bit 9: a dead phase must still be read as 0 V.

The parser slides: whatever is not a good packet costs one byte, never a frame, so no packet hides behind
junk. When the last byte of a packet is itself 0x55, it may be the header of the next packet (the checksum
byte got lost, and the header happens to fit): it is then looked at twice, and counts as dropped only if
nothing else does.
"""

from evenload.wire import (
    BL0942_ADDRESS_MAX,
    BL0942_COMMAND_READ,
    BL0942_COMMAND_WRITE,
    BL0942_FIELD_COUNT,
    BL0942_FREQ_MAX,
    BL0942_FREQ_MIN,
    BL0942_PACKET_HEADER,
    BL0942_PACKET_SIZE,
    BL0942_REGISTER_MODE,
    BL0942_REGISTER_PACKET,
    BL0942_REGISTER_SOFT_RESET,
    BL0942_REGISTER_WRITE_PROTECT,
    BL0942_SOFT_RESET,
    BL0942_STATUS_MASK,
    BL0942_STATUS_V_LOW,
    BL0942_UNLOCK,
    BL0942_V_RMS_LIVE_MIN,
    BL0942_V_RMS_MAX,
    BL0942_WRITE_SIZE,
)

_COUNTER_MASK = (1 << 30) - 1
_SUM_SIZE = BL0942_PACKET_SIZE - 1


def register_checksum(address: int, register: int, data: bytes) -> int:
    """Return the checksum (0 .. 255) of a register reply; data: the 3 value bytes, low byte first."""
    return ~((BL0942_COMMAND_READ | address) + register + data[0] + data[1] + data[2]) & 0xFF


def packet_checksum(address: int, packet: bytes) -> int:
    """Return the checksum (0 .. 255) of a packet; packet: at least its bytes 0 .. 21."""
    total = BL0942_COMMAND_READ | address
    for index in range(_SUM_SIZE):
        total += packet[index]
    return ~total & 0xFF


def sign24(value: int) -> int:
    """Return the 24-bit two's complement `value` (0 .. 2^24 - 1) as a signed number."""
    return ((value & 0xFFFFFF) ^ 0x800000) - 0x800000


def encode_read(frame: bytearray, address: int, register: int) -> int:
    """Write the request for one register into `frame` (>= 2 bytes); return its size, 2."""
    frame[0] = BL0942_COMMAND_READ | (address & BL0942_ADDRESS_MAX)
    frame[1] = register & 0xFF
    return 2


def encode_packet_request(frame: bytearray, address: int) -> int:
    """Write the request for the 23-byte packet into `frame` (>= 2 bytes); return its size, 2."""
    return encode_read(frame, address, BL0942_REGISTER_PACKET)


def encode_write(frame: bytearray, address: int, register: int, value: int) -> int:
    """Write a register write (value: 0 .. 2^24 - 1) into `frame` (>= 6 bytes); return its size, 6.

    The chip never answers a write: read the register back.
    """
    frame[0] = BL0942_COMMAND_WRITE | (address & BL0942_ADDRESS_MAX)
    frame[1] = register & 0xFF
    frame[2] = value & 0xFF
    frame[3] = (value >> 8) & 0xFF
    frame[4] = (value >> 16) & 0xFF
    frame[5] = ~(frame[0] + frame[1] + frame[2] + frame[3] + frame[4]) & 0xFF
    return BL0942_WRITE_SIZE


def encode_unlock(frame: bytearray, address: int) -> int:
    """Write the frame that lets registers 0x12 .. 0x1C be written; return its size, 6."""
    return encode_write(frame, address, BL0942_REGISTER_WRITE_PROTECT, BL0942_UNLOCK)


def encode_lock(frame: bytearray, address: int) -> int:
    """Write the frame that protects registers 0x12 .. 0x1C again; return its size, 6."""
    return encode_write(frame, address, BL0942_REGISTER_WRITE_PROTECT, 0)


def encode_soft_reset(frame: bytearray, address: int) -> int:
    """Write the frame that resets the chip (unlock first); return its size, 6."""
    return encode_write(frame, address, BL0942_REGISTER_SOFT_RESET, BL0942_SOFT_RESET)


def encode_mode(frame: bytearray, address: int, mode: int) -> int:
    """Write the frame that sets MODE (0 .. 0x3FF: refresh, line frequency, baud); return its size, 6."""
    return encode_write(frame, address, BL0942_REGISTER_MODE, mode & 0x3FF)


def decode_register(address: int, register: int, reply: bytes) -> int:
    """Return the value (0 .. 2^24 - 1) of a 4-byte register reply, or -1 when its checksum is wrong."""
    if register_checksum(address & BL0942_ADDRESS_MAX, register, reply) != reply[3]:
        return -1
    return reply[0] | (reply[1] << 8) | (reply[2] << 16)


class Capture:
    """Where decoded packets go, and what was counted on the way.

    fields: `capacity` rows of 7 numbers; field F of packet n of the last call is fields[n * 7 +
    BL0942_FIELD_F]. count: rows filled by the last call. The counters (30 bits, wrapping) run until
    `clear`: packets accepted, overflowed (accepted, but no row was left), dropped_bytes, bad_checksum and
    implausible (headers that began no good packet).
    """

    def __init__(self, capacity: int):
        self.capacity = capacity
        self.fields = [0] * (capacity * BL0942_FIELD_COUNT)
        self.clear()

    def clear(self) -> None:
        """Set the count and every counter to zero."""
        self.count = 0
        self.packets = 0
        self.overflowed = 0
        self.dropped_bytes = 0
        self.bad_checksum = 0
        self.implausible = 0


class Parser:
    """Finds packets of one address in a byte stream that may come in any pieces.

    The result does not depend on the pieces. At most 22 bytes wait for more; the first of them is a header.
    """

    def __init__(self, address: int, capture: "Capture"):
        """address: 0 .. 3 of the chip that was asked; capture: where the packets go."""
        self.capture = capture
        self.pending_size = 0
        self._command = BL0942_COMMAND_READ | (address & BL0942_ADDRESS_MAX)
        self._pending = bytearray(2 * _SUM_SIZE)
        self._borrowed = 0

    def feed(self, data: bytes) -> int:
        """Decode `data`; return how many packets are in the rows of `capture`, replacing the last ones."""
        self.capture.count = 0
        size = len(data)
        offset = 0
        if self.pending_size > 0:
            offset = self._feed_joint(data, size)
        offset = self._hunt(data, offset, size, size)
        for index in range(offset, size):
            self._pending[self.pending_size] = data[index]
            self.pending_size += 1
        return self.capture.count

    def flush(self) -> None:
        """Drop the bytes that wait for more."""
        self._count_dropped(self.pending_size - self._borrowed)
        self.pending_size = 0
        self._borrowed = 0

    def pending(self) -> bytes:
        """Return a copy of the bytes that wait for more."""
        return bytes(self._pending[: self.pending_size])

    def _feed_joint(self, data, size):
        """Decode what begins in the pending bytes; return how many bytes of `data` that used up."""
        begun = self.pending_size
        added = min(size, _SUM_SIZE)
        for index in range(added):
            self._pending[begun + index] = data[index]
        offset = self._hunt(self._pending, 0, begun, begun + added)
        if offset >= begun:
            self.pending_size = 0
            return offset - begun
        self.pending_size = begun + added - offset  # Less than a packet, so all of `data` is in here.
        for index in range(self.pending_size):
            self._pending[index] = self._pending[offset + index]
        return size

    def _hunt(self, data, offset, start_end, size):
        """Decode every packet that starts before `start_end`; return the first offset not decided yet."""
        while offset < start_end:
            if data[offset] != BL0942_PACKET_HEADER:
                self._count_dropped(1)
                offset += 1
            elif size - offset < BL0942_PACKET_SIZE:
                break
            elif self._accepts(data, offset):
                self._store(data, offset)
                self._borrowed = 1 if data[offset + _SUM_SIZE] == BL0942_PACKET_HEADER else 0
                offset += BL0942_PACKET_SIZE - self._borrowed
            else:
                self._count_dropped(1 - self._borrowed)
                self._borrowed = 0
                offset += 1
        return offset

    def _accepts(self, data, offset):
        total = self._command
        for index in range(offset, offset + BL0942_PACKET_SIZE):
            total += data[index]
        if total & 0xFF != 0xFF:
            self.capture.bad_checksum = (self.capture.bad_checksum + 1 - self._borrowed) & _COUNTER_MASK
            return False
        if not _is_plausible(data, offset):
            self.capture.implausible = (self.capture.implausible + 1 - self._borrowed) & _COUNTER_MASK
            return False
        return True

    def _store(self, data, offset):
        capture = self.capture
        capture.packets = (capture.packets + 1) & _COUNTER_MASK
        if capture.count == capture.capacity:
            capture.overflowed = (capture.overflowed + 1) & _COUNTER_MASK
            return
        fields = capture.fields
        row = capture.count * BL0942_FIELD_COUNT
        fields[row] = data[offset + 1] | (data[offset + 2] << 8) | (data[offset + 3] << 16)
        fields[row + 1] = data[offset + 4] | (data[offset + 5] << 8) | (data[offset + 6] << 16)
        fields[row + 2] = data[offset + 7] | (data[offset + 8] << 8) | (data[offset + 9] << 16)
        fields[row + 3] = sign24(data[offset + 10] | (data[offset + 11] << 8) | (data[offset + 12] << 16))
        fields[row + 4] = data[offset + 13] | (data[offset + 14] << 8) | (data[offset + 15] << 16)
        fields[row + 5] = data[offset + 16] | (data[offset + 17] << 8)
        fields[row + 6] = data[offset + 19] | (data[offset + 20] << 8)
        capture.count += 1

    def _count_dropped(self, count):
        self.capture.dropped_bytes = (self.capture.dropped_bytes + count) & _COUNTER_MASK


def decode_batch(data: bytes, address: int, capture: "Capture") -> int:
    """Decode a whole recording in one call; return how many packets are in the rows of `capture`.

    What is left at the end is dropped. Use a Parser for a stream that goes on.
    """
    parser = Parser(address, capture)
    count = parser.feed(data)
    parser.flush()
    return count


def count_checksums(data: bytes, address: int) -> int:
    """Return how many of the 23-byte frames lying back to back in `data` have a good checksum.

    No hunting and no fields: the yardstick that `evenload bench parser` holds the batch decoder against.
    """
    good = 0
    for offset in range(0, len(data) - _SUM_SIZE, BL0942_PACKET_SIZE):
        total = BL0942_COMMAND_READ | (address & BL0942_ADDRESS_MAX)
        for index in range(offset, offset + _SUM_SIZE):
            total += data[index]
        if ~total & 0xFF == data[offset + _SUM_SIZE]:
            good += 1
    return good


def _is_plausible(data, offset):
    status = data[offset + 19] | (data[offset + 20] << 8) | (data[offset + 21] << 16)
    if data[offset + 18] != 0 or status & ~BL0942_STATUS_MASK != 0:
        return False
    v_rms = data[offset + 4] | (data[offset + 5] << 8) | (data[offset + 6] << 16)
    if v_rms < BL0942_V_RMS_LIVE_MIN and status & BL0942_STATUS_V_LOW != 0:
        return True
    freq = data[offset + 16] | (data[offset + 17] << 8)
    return v_rms <= BL0942_V_RMS_MAX and BL0942_FREQ_MIN <= freq <= BL0942_FREQ_MAX
