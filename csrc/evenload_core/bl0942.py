"""Binding of csrc/src/bl0942.c; the specification is shared/evenload/bl0942.py."""

from array import array

from evenload.wire import BL0942_FIELD_COUNT

from evenload_core._core import ffi, lib


def register_checksum(address: int, register: int, data: bytes) -> int:
    """Return the checksum (0 .. 255) of a register reply; data: the 3 value bytes, low byte first."""
    return lib.evenload_bl0942_register_checksum(address, register, ffi.from_buffer("uint8_t[]", data))


def packet_checksum(address: int, packet: bytes) -> int:
    """Return the checksum (0 .. 255) of a packet; packet: at least its bytes 0 .. 21."""
    return lib.evenload_bl0942_packet_checksum(address, ffi.from_buffer("uint8_t[]", packet))


def sign24(value: int) -> int:
    """Return the 24-bit two's complement `value` (0 .. 2^24 - 1) as a signed number."""
    return lib.evenload_bl0942_sign24(value)


def encode_read(frame: bytearray, address: int, register: int) -> int:
    """Write the request for one register into `frame` (>= 2 bytes); return its size, 2."""
    return lib.evenload_bl0942_encode_read(ffi.from_buffer("uint8_t[]", frame), address, register)


def encode_packet_request(frame: bytearray, address: int) -> int:
    """Write the request for the 23-byte packet into `frame` (>= 2 bytes); return its size, 2."""
    return lib.evenload_bl0942_encode_packet_request(ffi.from_buffer("uint8_t[]", frame), address)


def encode_write(frame: bytearray, address: int, register: int, value: int) -> int:
    """Write a register write (value: 0 .. 2^24 - 1) into `frame` (>= 6 bytes); return its size, 6."""
    return lib.evenload_bl0942_encode_write(ffi.from_buffer("uint8_t[]", frame), address, register, value)


def encode_unlock(frame: bytearray, address: int) -> int:
    """Write the frame that lets registers 0x12 .. 0x1C be written; return its size, 6."""
    return lib.evenload_bl0942_encode_unlock(ffi.from_buffer("uint8_t[]", frame), address)


def encode_lock(frame: bytearray, address: int) -> int:
    """Write the frame that protects registers 0x12 .. 0x1C again; return its size, 6."""
    return lib.evenload_bl0942_encode_lock(ffi.from_buffer("uint8_t[]", frame), address)


def encode_soft_reset(frame: bytearray, address: int) -> int:
    """Write the frame that resets the chip (unlock first); return its size, 6."""
    return lib.evenload_bl0942_encode_soft_reset(ffi.from_buffer("uint8_t[]", frame), address)


def encode_mode(frame: bytearray, address: int, mode: int) -> int:
    """Write the frame that sets MODE (0 .. 0x3FF: refresh, line frequency, baud); return its size, 6."""
    return lib.evenload_bl0942_encode_mode(ffi.from_buffer("uint8_t[]", frame), address, mode)


def decode_register(address: int, register: int, reply: bytes) -> int:
    """Return the value (0 .. 2^24 - 1) of a 4-byte register reply, or -1 when its checksum is wrong."""
    return lib.evenload_bl0942_decode_register(address, register, ffi.from_buffer("uint8_t[]", reply))


class Capture:
    """Where decoded packets go, and what was counted on the way."""

    def __init__(self, capacity: int):
        self.capacity = capacity
        self.fields = array("i", bytes(4 * capacity * BL0942_FIELD_COUNT))
        self._capture = ffi.new("evenload_bl0942_capture_t *")
        self._fields = ffi.from_buffer("int32_t[]", self.fields)
        lib.evenload_bl0942_capture_init(self._capture, self._fields, capacity)

    @property
    def count(self) -> int:
        """Rows filled by the last call."""
        return self._capture.count

    @property
    def packets(self) -> int:
        """Packets accepted."""
        return self._capture.packets

    @property
    def overflowed(self) -> int:
        """Packets accepted for which no row was left."""
        return self._capture.overflowed

    @property
    def dropped_bytes(self) -> int:
        """Bytes that belong to no accepted packet."""
        return self._capture.dropped_bytes

    @property
    def bad_checksum(self) -> int:
        """Headers whose 23 bytes had a wrong sum."""
        return self._capture.bad_checksum

    @property
    def implausible(self) -> int:
        """Headers whose 23 bytes had a good sum but said what cannot be."""
        return self._capture.implausible

    def clear(self) -> None:
        """Set the count and every counter to zero."""
        lib.evenload_bl0942_capture_clear(self._capture)


class Parser:
    """Finds packets of one address in a byte stream that may come in any pieces."""

    def __init__(self, address: int, capture: "Capture"):
        """address: 0 .. 3 of the chip that was asked; capture: where the packets go."""
        self.capture = capture
        self._parser = ffi.new("evenload_bl0942_parser_t *")
        lib.evenload_bl0942_parser_init(self._parser, address, capture._capture)

    @property
    def pending_size(self) -> int:
        """Bytes that wait for more."""
        return self._parser.pending_size

    def feed(self, data: bytes) -> int:
        """Decode `data`; return how many packets are in the rows of `capture`, replacing the last ones."""
        return lib.evenload_bl0942_parser_feed(self._parser, ffi.from_buffer("uint8_t[]", data), len(data))

    def flush(self) -> None:
        """Drop the bytes that wait for more."""
        lib.evenload_bl0942_parser_flush(self._parser)

    def pending(self) -> bytes:
        """Return a copy of the bytes that wait for more."""
        return ffi.buffer(self._parser.pending, self._parser.pending_size)[:]


def decode_batch(data: bytes, address: int, capture: "Capture") -> int:
    """Decode a whole recording in one call; return how many packets are in the rows of `capture`."""
    buffer = ffi.from_buffer("uint8_t[]", data)
    return lib.evenload_bl0942_decode_batch(buffer, len(data), address, capture._capture)


def count_checksums(data: bytes, address: int) -> int:
    """Return how many of the 23-byte frames lying back to back in `data` have a good checksum."""
    return lib.evenload_bl0942_count_checksums(ffi.from_buffer("uint8_t[]", data), len(data), address)
