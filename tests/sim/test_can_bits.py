"""Frame lengths, held against counting by hand, a walk over single bits and the published formulas."""

import struct

import pytest
from evenload_sim import can_bits
from evenload_sim.can_bits import CAN_ERROR, CAN_EXTENDED, CAN_REMOTE, frame_bits, stuffed
from hypothesis import given
from hypothesis import strategies as st

identifiers = st.one_of(
    st.integers(0, 0x7FF), st.integers(0, 0x1FFFFFFF).map(lambda identifier: identifier | CAN_EXTENDED)
)
runs = st.lists(st.sampled_from([0x00, 0xFF, 0x0F, 0xF0, 0x55, 0xC3, 0x1F, 0x81]), min_size=8, max_size=8)
payloads = st.one_of(st.binary(min_size=8, max_size=8), runs.map(bytes))


def make_frame(can_id, data=b"", length=None):
    return struct.pack("<IB3x8s", can_id, len(data) if length is None else length, data)


def crc_15(bits):
    """Return the remainder by long division of `bits` by x15+x14+x10+x8+x7+x4+x3+1, a list of 15 bits."""
    divisor = [1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1]
    work = bits + [0] * 15
    for index in range(len(bits)):
        if work[index]:
            work[index : index + 16] = [a ^ b for a, b in zip(work[index : index + 16], divisor, strict=True)]
    return work[-15:]


def field(value, size_bits):
    return [int(digit) for digit in f"{value:0{size_bits}b}"]


def plain_bits(can_id, length, data):
    """Return SOF to CRC of a frame, built field by field as ISO 11898-1 draws it."""
    remote = int(bool(can_id & CAN_REMOTE))
    if can_id & CAN_EXTENDED:
        identifier = field(can_id & 0x1FFFFFFF, 29)
        bits = [0, *identifier[:11], 1, 1, *identifier[11:], remote, 0, 0]
    else:
        bits = [0, *field(can_id & 0x7FF, 11), remote, 0, 0]
    bits += field(length, 4)
    for byte in b"" if remote else data[:length]:
        bits += field(byte, 8)
    return bits + crc_15(bits)


def test_a_frame_of_zeros_is_counted_by_hand():
    # 34 zeros (the CRC of zeros is zero): a stuff bit after each five of them, six in all; 13 bits follow.
    assert frame_bits(make_frame(0)) == 34 + 6 + 13


def test_a_frame_stuffed_twice_is_counted_by_hand():
    # SOF, identifier 0x555, RTR IDE r0, DLC, data, CRC by long division: 42 bits. The six zeros around r0 take
    # one stuff bit, and the last bit of data with the first four of the CRC another.
    text = "0" + "10101010101" + "000" + "0001" + "01010101" + "111100010010111"
    assert "".join(map(str, plain_bits(0x555, 1, b"\x55"))) == text
    assert frame_bits(make_frame(0x555, b"\x55")) == 42 + 2 + 13


def test_an_alternating_frame_reaches_the_shortest_length():
    assert frame_bits(make_frame(0x555, b"\x9b" * 8)) == 111
    assert frame_bits(make_frame(0x15555555 | CAN_EXTENDED, b"\x9b" * 8)) == 131


def test_a_stuffed_bit_counts_towards_the_next_run():
    assert stuffed([0, 0, 0, 0, 0, 1, 1, 1, 1, 0]) == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0]
    assert stuffed([1] * 5) == [1, 1, 1, 1, 1, 0]


def test_the_worst_pattern_is_stuffed_as_often_as_the_formula():
    # Five equal bits, then four of the other value, and so on: a stuff bit completes each run.
    for size_bits in (34, 54, 98, 118):
        pattern = ([0] * 5 + ([1] * 4 + [0] * 4) * 20)[:size_bits]
        assert len(stuffed(pattern)) == size_bits + (size_bits - 1) // 4


def test_the_bounds_are_those_of_the_published_table():
    # Davis, Burns, Bril, Lukkien (2007); the reference's table of 11-bit and 29-bit identifiers.
    assert (can_bits.least_bits(False, 8), can_bits.worst_bits(False, 8)) == (111, 135)
    assert (can_bits.least_bits(True, 8), can_bits.worst_bits(True, 8)) == (131, 160)
    assert (can_bits.least_bits(True, 4), can_bits.worst_bits(True, 4)) == (99, 120)


def test_the_crc_has_the_catalogued_check_value():
    # CRC-15/CAN: "123456789" gives 0x059E.
    bits = [bit for byte in b"123456789" for bit in field(byte, 8)]
    assert crc_15(bits) == field(0x059E, 15)


@given(identifiers, st.booleans(), st.integers(0, 8), payloads)
def test_the_tables_count_what_a_walk_over_single_bits_counts(can_id, is_remote, length, data):
    can_id |= CAN_REMOTE if is_remote else 0
    frame = make_frame(can_id, data, length)
    bits = stuffed(plain_bits(can_id, length, data))
    assert can_bits.wire_bits(frame) == bits
    assert frame_bits(frame) == len(bits) + 13
    is_extended, size = bool(can_id & CAN_EXTENDED), 0 if is_remote else length
    assert can_bits.least_bits(is_extended, size) <= frame_bits(frame)
    assert frame_bits(frame) <= can_bits.worst_bits(is_extended, size)


@given(identifiers, identifiers, st.booleans(), st.booleans())
def test_the_smaller_key_is_the_one_that_wins_bit_by_bit(first_id, second_id, first_remote, second_remote):
    ids = [first_id | CAN_REMOTE * first_remote, second_id | CAN_REMOTE * second_remote]
    keys = [can_bits.arbitration_key(make_frame(can_id)) for can_id in ids]
    fields = [plain_bits(can_id, 0, b"")[: 33 if can_id & CAN_EXTENDED else 14] for can_id in ids]
    for pair in zip(*fields, strict=False):
        if pair[0] != pair[1]:
            assert (keys[0] < keys[1]) == (pair[0] == 0)
            return
    assert ids[0] == ids[1]


def test_a_standard_frame_beats_an_extended_one_with_the_same_first_bits():
    standard, extended = make_frame(0x123), make_frame(0x123 << 18 | CAN_EXTENDED)
    remote = make_frame(0x123 | CAN_REMOTE)
    order = sorted([extended, remote, standard], key=can_bits.arbitration_key)
    assert order == [standard, remote, extended]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (b"", "has 0 bytes"),
        (make_frame(1)[:15], "has 15 bytes"),
        (make_frame(1) + b"\0", "has 17 bytes"),
        (make_frame(0x800), "exceeds 11 bits"),
        (make_frame(CAN_ERROR | 4), "error message"),
        (make_frame(1, length=9), "length is 9"),
    ],
)
def test_what_is_no_frame_is_refused_in_a_sentence(frame, words):
    for call in (frame_bits, can_bits.arbitration_key, can_bits.check_frame):
        with pytest.raises(ValueError, match=words):
            call(frame)
