"""canframe: both twins encode and decode alike, whatever the fields and whatever the frame."""

from array import array

import pytest
from evenload import canframe as twin
from evenload.wire import CAN_DST_ALL, CAN_FRAME_SIZE, CAN_VERSION, FIELD_COUNT_MAX, FRAME_OK
from evenload_core import canframe as core
from hypothesis import given
from hypothesis import strategies as st

PREVOTE_REQ, VOTE_REQ, PREVOTE_RESP, VOTE_RESP, CLAIM, RESIGN, PLAN, BEAT, SET, LEASE = range(1, 11)
EMERGENCY = 12
UNTOUCHED = -99
U4, U8, U16, U24 = (st.integers(0, (1 << bits) - 1) for bits in (4, 8, 16, 24))
I16 = st.integers(-(1 << 15), (1 << 15) - 1)
PERCENT = st.one_of(st.integers(0, 200), st.just(255))
TERM = st.integers(1, (1 << 24) - 1)
VERSION = st.one_of(st.just((0, 0)), st.tuples(st.integers(1, 99), st.integers(1, 255)))

TYPES = (1, 2, 3, 4, CLAIM, RESIGN, BEAT, SET, LEASE, EMERGENCY)


@st.composite
def possible(draw):
    """A type, a SRC and fields that a correct node may send."""
    frame_type = draw(st.sampled_from(TYPES))
    src = draw(st.integers(1, 15))
    others = st.sampled_from([n for n in range(1, 16) if n != src])
    if frame_type == BEAT:
        leader, role = draw(
            st.one_of(st.just((src, 3)), st.tuples(st.one_of(st.just(0), others), st.integers(0, 2)))
        )
        fields = [draw(TERM), leader, role, draw(st.integers(0, 3)), draw(U8), draw(PERCENT), draw(PERCENT)]
        return frame_type, src, [*fields, draw(U4), draw(U4)]
    if frame_type in (PREVOTE_REQ, VOTE_REQ):
        term = draw(st.integers(100, (1 << 24) - 1))
        return (
            frame_type,
            src,
            [term, *draw(VERSION), draw(st.integers(0, 1)), draw(st.integers(0, 3)), draw(U4)],
        )
    if frame_type in (PREVOTE_RESP, VOTE_RESP):
        long_form, short_form = st.tuples(U24, U8), st.just((-1, -1))
        if draw(st.booleans()):
            return frame_type, src, [draw(TERM), draw(others), 1, 0, *draw(st.one_of(long_form, short_form))]
        return frame_type, src, [draw(U24), draw(U4), 0, draw(st.integers(0, 7)), *draw(long_form)]
    if frame_type == RESIGN:
        reason = draw(st.integers(0, 3))
        return (
            frame_type,
            src,
            [draw(TERM), reason, draw(others if reason == 3 else st.one_of(st.just(0), others))],
        )
    rest = {
        LEASE: (TERM, U4, st.integers(1, 15), U8),
        SET: (TERM, U8, U8, I16),
        EMERGENCY: (st.integers(1, 3), U8, I16, U8, U8, U16),
        CLAIM: (st.integers(0, (1 << 30) - 1), st.integers(0, (1 << 30) - 1)),
    }[frame_type]
    return frame_type, src, [draw(each) for each in rest]


def numbers(fields=()):
    return array("i", [*fields, *[UNTOUCHED] * (FIELD_COUNT_MAX - len(fields))])


@pytest.mark.parametrize("canframe", [twin, core], ids=["python", "c"])
@given(possible(), st.integers(0, 15))
def test_what_is_encoded_is_decoded(canframe, frame, cluster):
    frame_type, src, fields = frame
    data = bytearray(CAN_FRAME_SIZE)
    dst = 5 if frame_type == SET else CAN_DST_ALL
    canframe.encode(canframe.identifier(frame_type, cluster, dst, src), numbers(fields), data)
    found = numbers()
    assert canframe.decode(data, found) == FRAME_OK
    assert list(found[: len(fields)]) == fields
    assert set(found[len(fields) :]) <= {UNTOUCHED}
    number = canframe.identifier_of(data)
    assert (canframe.type_of(number), canframe.cluster_of(number)) == (frame_type, cluster)
    assert (canframe.dst_of(number), canframe.src_of(number)) == (dst, src)
    assert canframe.version_of(number) == CAN_VERSION
    again = bytearray(b"\xff" * CAN_FRAME_SIZE)
    canframe.encode(number, found, again)
    assert again == data


WIRE_IDENTIFIER = st.one_of(
    st.integers(0, (1 << 29) - 1),
    st.builds(
        twin.identifier, st.integers(0, 31), st.integers(0, 15), st.integers(0, 63), st.integers(0, 63)
    ),
)
FIELDS = st.lists(
    st.one_of(st.integers(-(1 << 31), (1 << 31) - 1), st.integers(-2, 300)),
    min_size=FIELD_COUNT_MAX,
    max_size=FIELD_COUNT_MAX,
)


@given(WIRE_IDENTIFIER, FIELDS)
def test_any_fields_give_the_same_frame(identifier, fields):
    frames = bytearray(CAN_FRAME_SIZE), bytearray(b"\xff" * CAN_FRAME_SIZE)
    for module, frame in zip((twin, core), frames, strict=True):
        module.encode(identifier, array("i", fields), frame)
    assert frames[0] == frames[1]
    assert twin.identifier_of(frames[0]) == core.identifier_of(frames[0])
    for name in ("type_of", "cluster_of", "version_of", "dst_of", "src_of", "prio_of"):
        assert getattr(twin, name)(identifier) == getattr(core, name)(identifier)


def check_decoded_alike(frame):
    found = numbers(), numbers()
    assert twin.decode(frame, found[0]) == core.decode(frame, found[1])
    assert found[0] == found[1]
    assert twin.identifier_of(frame) == core.identifier_of(frame)
    assert twin.length_of(frame) == core.length_of(frame)


@given(WIRE_IDENTIFIER, st.sampled_from((4, 5, 8)), st.binary(min_size=11, max_size=11))
def test_any_payload_is_judged_alike(identifier, length, rest):
    frame = bytearray(identifier.to_bytes(4, "little") + bytes((length,)) + rest)
    frame[3] |= 0x80
    check_decoded_alike(frame)


@given(st.binary(min_size=CAN_FRAME_SIZE, max_size=CAN_FRAME_SIZE))
def test_any_sixteen_bytes_are_judged_alike(data):
    check_decoded_alike(bytearray(data))


@given(possible(), st.integers(0, 8 * CAN_FRAME_SIZE - 1))
def test_a_possible_frame_with_a_flipped_bit_is_judged_alike(frame, bit):
    frame_type, src, fields = frame
    data = bytearray(CAN_FRAME_SIZE)
    twin.encode(twin.identifier(frame_type, 0, 5, src), numbers(fields), data)
    data[bit // 8] ^= 1 << bit % 8
    check_decoded_alike(data)


@given(st.binary(min_size=1, max_size=80), st.integers(0, 255))
def test_the_checksums_agree(data, start):
    data = bytearray(data)
    assert twin.crc8(data, len(data), start) == core.crc8(data, len(data), start)
    assert twin.crc16(data, len(data)) == core.crc16(data, len(data))
    assert twin.crc32(data, len(data)) == core.crc32(data, len(data))
