"""Binding of csrc/src/canframe.c; the specification is shared/evenload/canframe.py."""

from array import array

from evenload_core._core import ffi, lib


def crc8(data: bytearray, count: int, start: int) -> int:
    """Return the SAE J1850 CRC (0 .. 255) of data[0 .. count - 1]; start: 0, or the CRC of what came before."""
    return lib.evenload_canframe_crc8(ffi.from_buffer("uint8_t[]", data), count, start)


def crc16(data: bytearray, count: int) -> int:
    """Return the CRC-16/CCITT-FALSE (0 .. 65535) of data[0 .. count - 1]."""
    return lib.evenload_canframe_crc16(ffi.from_buffer("uint8_t[]", data), count)


def crc32(data: bytearray, count: int) -> int:
    """Return the IEEE 802.3 CRC-32 (0 .. 2^32 - 1) of data[0 .. count - 1], for stored records."""
    return lib.evenload_canframe_crc32(ffi.from_buffer("uint8_t[]", data), count)


def identifier(frame_type: int, cluster: int, dst: int, src: int) -> int:
    """Return the 29-bit identifier of a frame of ours; an unknown type gets the lowest priority."""
    return lib.evenload_canframe_identifier(frame_type, cluster, dst, src)


def type_of(identifier: int) -> int:
    """Return the TYPE of an identifier, CAN_TYPE_*."""
    return lib.evenload_canframe_type_of(identifier)


def cluster_of(identifier: int) -> int:
    """Return the CLUSTER of an identifier, 0 .. 15."""
    return lib.evenload_canframe_cluster_of(identifier)


def version_of(identifier: int) -> int:
    """Return the VERSION of an identifier, 0 .. 7."""
    return lib.evenload_canframe_version_of(identifier)


def dst_of(identifier: int) -> int:
    """Return the DST of an identifier: 63 = everyone."""
    return lib.evenload_canframe_dst_of(identifier)


def src_of(identifier: int) -> int:
    """Return the SRC of an identifier."""
    return lib.evenload_canframe_src_of(identifier)


def prio_of(identifier: int) -> int:
    """Return the PRIO of an identifier: 0 wins arbitration over all others."""
    return lib.evenload_canframe_prio_of(identifier)


def identifier_of(frame: bytearray) -> int:
    """Return the 29-bit identifier of a frame, or -1 if it is no extended data frame with the bits 0b10."""
    return lib.evenload_canframe_identifier_of(ffi.from_buffer("uint8_t[]", frame))


def length_of(frame: bytearray) -> int:
    """Return how many bytes of data a frame has; above 8 in what is no CAN frame."""
    return lib.evenload_canframe_length_of(ffi.from_buffer("uint8_t[]", frame))


def encode(identifier: int, fields: array, frame: bytearray) -> None:
    """Write the frame of `identifier` with `fields` in the order of its type; all 16 bytes of `frame` are set."""
    numbers = ffi.from_buffer("int32_t[]", fields)
    lib.evenload_canframe_encode(identifier, numbers, ffi.from_buffer("uint8_t[]", frame))


def decode(frame: bytearray, fields: array) -> int:
    """Read the fields of a frame; return FRAME_OK or why it is refused."""
    numbers = ffi.from_buffer("int32_t[]", fields)
    return lib.evenload_canframe_decode(ffi.from_buffer("uint8_t[]", frame), numbers)
