"""Cluster frames: the layout byte for byte, every impossible value refused, nothing beyond 30 bits."""

import binascii
import json
from array import array
from pathlib import Path

import pytest
from evenload import canframe as twin
from evenload.wire import (
    CAN_DST_ALL,
    CAN_FRAME_SIZE,
    FIELD_COUNT_MAX,
    FRAME_CRC,
    FRAME_NOT_OURS,
    FRAME_OK,
    FRAME_SHORT,
    FRAME_UNKNOWN,
    FRAME_VALUE,
    FRAME_VERSION,
)
from hypothesis import given
from hypothesis import strategies as st

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "cluster_frames.json").read_text())
PREVOTE_REQ, VOTE_REQ, PREVOTE_RESP, VOTE_RESP, CLAIM, RESIGN, PLAN, BEAT, SET, LEASE = range(1, 11)
EMERGENCY = 12
UNTOUCHED = -99
# A possible frame of each type from node 3: what the refusals below are one step away from.
GOOD = {
    BEAT: [17, 3, 3, 0, 5, 160, 200, 9, 9],
    PREVOTE_REQ: [18, 17, 5, 0, 1, 0],
    VOTE_REQ: [18, 17, 5, 0, 1, 0],
    PREVOTE_RESP: [18, 2, 1, 0, 32, 5],
    VOTE_RESP: [18, 2, 1, 0, -1, -1],
    RESIGN: [17, 3, 2],
    LEASE: [17, 10, 3, 5],
    SET: [17, 1, 2, -500],
    EMERGENCY: [1, 2, 123, 4, 7, 65535],
    CLAIM: [36000, 12345],
}


def numbers(fields=()):
    """Return an array of FIELD_COUNT_MAX numbers that begins with `fields`."""
    return array("i", [*fields, *[UNTOUCHED] * (FIELD_COUNT_MAX - len(fields))])


def encoded(module, frame_type, fields, src=3, dst=None):
    """Return the frame of a type; a SETPOINT goes to node 5, everything else to all."""
    dst = dst if dst is not None else 5 if frame_type == SET else CAN_DST_ALL
    frame = bytearray(b"\xa5" * CAN_FRAME_SIZE)
    module.encode(module.identifier(frame_type, 7, dst, src), numbers(fields), frame)
    return frame


def verdict(module, frame_type, fields, src=3, dst=None):
    return module.decode(encoded(module, frame_type, fields, src, dst), numbers())


def changed(frame_type, place, value):
    fields = list(GOOD[frame_type])
    fields[place] = value
    return fields


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda vector: vector["id"])
def test_every_vector_is_met_byte_for_byte(backend, vector):
    canframe = backend("canframe")
    expected = bytearray.fromhex(vector["frame"])
    identifier = canframe.identifier(vector["type"], vector["cluster"], vector["dst"], vector["src"])
    frame = bytearray(b"\xa5" * CAN_FRAME_SIZE)
    canframe.encode(identifier, numbers(vector["fields"]), frame)
    assert frame.hex() == expected.hex()
    fields = numbers()
    assert canframe.decode(expected, fields) == FRAME_OK
    assert list(fields) == list(numbers(vector["fields"]))
    assert canframe.identifier_of(expected) == identifier


def test_the_checksums_give_their_check_values(backend):
    canframe, checks = backend("canframe"), VECTORS["checks"]
    data = bytearray(checks["data"].encode())
    assert canframe.crc8(data, 9, 0) == int(checks["crc8"], 16)
    assert canframe.crc16(data, 9) == int(checks["crc16"], 16)
    assert canframe.crc32(data, 9) == int(checks["crc32"], 16)


@given(data=st.binary(max_size=80), cut=st.integers(0, 80))
def test_the_checksums_are_those_of_the_standard_library(data, cut):
    data, cut = bytearray(data), min(cut, len(data))
    assert twin.crc16(data, len(data)) == binascii.crc_hqx(data, 0xFFFF)
    assert twin.crc32(data, len(data)) == binascii.crc32(data)
    rest = twin.crc8(data[cut:], len(data) - cut, twin.crc8(data, cut, 0))
    assert rest == twin.crc8(data, len(data), 0)


@pytest.mark.parametrize(
    ("frame_type", "prio"),
    [(n, 1) for n in range(1, 7)]
    + [(EMERGENCY, 0), (PLAN, 2), (LEASE, 2), (BEAT, 3), (SET, 4)]
    + [(n, 5) for n in range(16, 24)]
    + [(24, 6), (28, 7), (0, 7), (31, 7)],
)
def test_the_priority_follows_from_the_type(backend, frame_type, prio):
    canframe = backend("canframe")
    number = canframe.identifier(frame_type, 3, 63, 1)
    assert canframe.prio_of(number) == prio
    assert number < 1 << 29


@pytest.mark.parametrize("flags", [0x00, 0x40, 0xC0, 0xA0, 0xE0])
def test_a_remote_error_or_standard_frame_is_not_ours(backend, flags):
    canframe = backend("canframe")
    frame = encoded(canframe, BEAT, GOOD[BEAT])
    frame[3] = frame[3] & 0x1F | flags
    assert canframe.identifier_of(frame) == -1
    assert canframe.decode(frame, numbers()) == FRAME_NOT_OURS


@pytest.mark.parametrize("reserved", [0, 1, 3])
def test_a_frame_of_another_use_of_the_wire_is_not_ours(backend, reserved):
    canframe = backend("canframe")
    frame = encoded(canframe, BEAT, GOOD[BEAT])
    frame[3] = frame[3] & ~3 | reserved
    assert canframe.decode(frame, numbers()) == FRAME_NOT_OURS


def test_another_version_is_named_so(backend):
    canframe = backend("canframe")
    frame = encoded(canframe, BEAT, GOOD[BEAT])
    frame[1] ^= 0x30
    assert canframe.version_of(canframe.identifier_of(frame)) == 2
    assert canframe.decode(frame, numbers()) == FRAME_VERSION


@pytest.mark.parametrize("frame_type", [0, 11, 13, 14, 15, 25, 26, 27, 29, 30, 31])
def test_an_unknown_type_is_named_so(backend, frame_type):
    assert verdict(backend("canframe"), frame_type, []) == FRAME_UNKNOWN


@pytest.mark.parametrize("frame_type", [PLAN, 16, 23, 24, 28])
@pytest.mark.parametrize("length", [0, 8])
def test_a_type_without_fields_touches_none(backend, frame_type, length):
    canframe = backend("canframe")
    frame, fields = encoded(canframe, frame_type, []), numbers()
    assert frame[4] == 0
    frame[4] = length
    expected = FRAME_SHORT if frame_type == PLAN and length == 0 else FRAME_OK
    assert canframe.decode(frame, fields) == expected
    assert fields == numbers()


@pytest.mark.parametrize("frame_type", sorted(GOOD))
def test_every_other_length_is_refused(backend, frame_type):
    canframe = backend("canframe")
    lengths = {RESIGN: {4}, LEASE: {5}, PREVOTE_RESP: {4, 8}, VOTE_RESP: {4, 8}}.get(frame_type, {8})
    for length in range(256):
        frame = encoded(canframe, frame_type, GOOD[frame_type])
        frame[4] = length
        assert (canframe.decode(frame, numbers()) == FRAME_SHORT) == (length not in lengths)


def test_a_frame_longer_than_can_has_is_refused(backend):
    canframe = backend("canframe")
    frame = encoded(canframe, 16, [])
    frame[4] = 9
    assert canframe.length_of(frame) == 9
    assert canframe.decode(frame, numbers()) == FRAME_SHORT


@pytest.mark.parametrize("frame_type", sorted(GOOD))
@pytest.mark.parametrize(("src", "dst"), [(0, None), (63, None), (3, 0)])
def test_nobody_sends_from_or_to_nobody(backend, frame_type, src, dst):
    assert verdict(backend("canframe"), frame_type, GOOD[frame_type], src, dst) == FRAME_VALUE


@pytest.mark.parametrize("frame_type", sorted(GOOD))
def test_a_priority_of_another_type_is_refused(backend, frame_type):
    canframe = backend("canframe")
    frame = encoded(canframe, frame_type, GOOD[frame_type])
    frame[3] ^= 0x04
    assert canframe.decode(frame, numbers()) == FRAME_VALUE


@pytest.mark.parametrize("frame_type", [PREVOTE_REQ, VOTE_REQ, PREVOTE_RESP, VOTE_RESP, RESIGN, LEASE, SET])
def test_what_voters_send_nobody_else_sends(backend, frame_type):
    assert verdict(backend("canframe"), frame_type, GOOD[frame_type], 15) == FRAME_OK
    assert verdict(backend("canframe"), frame_type, GOOD[frame_type], 16) == FRAME_VALUE


@pytest.mark.parametrize(
    ("frame_type", "fields", "src"),
    [(CLAIM, GOOD[CLAIM], 62), (EMERGENCY, GOOD[EMERGENCY], 62), (BEAT, changed(BEAT, 2, 0), 62)],
)
def test_an_observer_beats_claims_and_warns(backend, frame_type, fields, src):
    assert verdict(backend("canframe"), frame_type, fields, src) == FRAME_OK


REFUSED = {
    "a leader that names nobody": (BEAT, changed(BEAT, 1, 0)),
    "a leader that names another": (BEAT, changed(BEAT, 1, 4)),
    "a follower that names itself": (BEAT, changed(BEAT, 2, 0)),
    "a candidate that names itself": (BEAT, changed(BEAT, 2, 2)),
    "a leader in term 0": (BEAT, [0, 3, 3, 0, 0, 160, 200, 9, 9]),
    "a candidate in term 0": (BEAT, [0, 0, 2, 0, 0, 160, 200, 9, 9]),
    "a prospective candidate in term 0": (BEAT, [0, 0, 1, 0, 0, 160, 200, 9, 9]),
    "the leader of term 0": (BEAT, [0, 4, 0, 0, 0, 160, 200, 9, 9]),
    "a plan of term 0": (BEAT, [0, 0, 0, 0, 5, 160, 200, 9, 9]),
    "a load just above 125 %": (BEAT, changed(BEAT, 5, 251)),
    "a load just below unknown": (BEAT, changed(BEAT, 5, 254)),
    "a capacity just above 100 %": (BEAT, changed(BEAT, 6, 201)),
    "a capacity just below unknown": (BEAT, changed(BEAT, 6, 254)),
    "a request for term 0": (VOTE_REQ, [0, 0, 0, 0, 1, 0]),
    "a plan of the term that is asked for": (VOTE_REQ, [18, 18, 5, 0, 1, 0]),
    "a plan of a later term": (PREVOTE_REQ, [18, 19, 5, 0, 1, 0]),
    "a plan without a term": (VOTE_REQ, [18, 0, 5, 0, 1, 0]),
    "a plan without a seq": (VOTE_REQ, [18, 17, 0, 0, 1, 0]),
    "a fourth try": (PREVOTE_REQ, changed(PREVOTE_REQ, 4, 4)),
    "granted with a reason": (VOTE_RESP, changed(VOTE_RESP, 3, 1)),
    "granted in term 0": (VOTE_RESP, changed(VOTE_RESP, 0, 0)),
    "granted to nobody": (PREVOTE_RESP, changed(PREVOTE_RESP, 1, 0)),
    "granted to itself": (PREVOTE_RESP, changed(PREVOTE_RESP, 1, 3)),
    "a refusal in the short form": (VOTE_RESP, [18, 2, 0, 3, -1, -1]),
    "a resignation from term 0": (RESIGN, changed(RESIGN, 0, 0)),
    "a resignation without a known reason": (RESIGN, changed(RESIGN, 1, 4)),
    "a resignation for itself": (RESIGN, changed(RESIGN, 2, 3)),
    "a transfer to nobody": (RESIGN, changed(RESIGN, 2, 0)),
    "a lease in term 0": (LEASE, changed(LEASE, 0, 0)),
    "a lease of no master": (LEASE, changed(LEASE, 2, 0)),
    "a set point of term 0": (SET, changed(SET, 0, 0)),
    "an emergency of no kind": (EMERGENCY, changed(EMERGENCY, 0, 0)),
    "an emergency of an unknown kind": (EMERGENCY, changed(EMERGENCY, 0, 4)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_impossible_value_is_refused(backend, name):
    assert verdict(backend("canframe"), *REFUSED[name]) == FRAME_VALUE


@pytest.mark.parametrize("role", [1, 2, 3])
def test_an_observer_has_no_role(backend, role):
    canframe = backend("canframe")
    frame = encoded(canframe, BEAT, [17, 0, role, 0, 5, 160, 200, 9, 9], 16)
    assert canframe.decode(frame, numbers()) == FRAME_VALUE


def test_a_set_point_is_for_one_node(backend):
    assert verdict(backend("canframe"), SET, GOOD[SET], dst=CAN_DST_ALL) == FRAME_VALUE
    assert verdict(backend("canframe"), SET, GOOD[SET], dst=62) == FRAME_OK


@pytest.mark.parametrize("place", [11, 15])
def test_a_claim_has_numbers_of_30_bits(backend, place):
    canframe = backend("canframe")
    frame = encoded(canframe, CLAIM, GOOD[CLAIM])
    frame[place] |= 0x40
    assert canframe.decode(frame, numbers()) == FRAME_VALUE


@pytest.mark.parametrize(
    ("frame_type", "fields"),
    [
        (BEAT, [0, 0, 0, 3, 0, 250, 0, 0, 0]),
        (BEAT, changed(BEAT, 5, 255)),
        (BEAT, changed(BEAT, 6, 255)),
        (PREVOTE_REQ, [1, 0, 0, 0, 0, 0]),
        (PREVOTE_RESP, [0, 0, 0, 0, (1 << 24) - 1, 0]),
        (VOTE_RESP, [18, 3, 0, 3, 0, 0]),
        (RESIGN, [1, 0, 0]),
        (RESIGN, [1, 1, 2]),
    ],
)
def test_what_is_at_the_edge_of_a_rule_is_possible(backend, frame_type, fields):
    assert verdict(backend("canframe"), frame_type, fields) == FRAME_OK


def test_every_flipped_bit_of_a_set_point_is_refused(backend):
    canframe = backend("canframe")
    for bit in range(64):
        frame = encoded(canframe, SET, GOOD[SET])
        frame[8 + bit // 8] ^= 1 << bit % 8
        assert canframe.decode(frame, numbers()) == FRAME_CRC


def test_a_set_point_for_or_from_another_node_has_another_crc(backend):
    canframe = backend("canframe")
    for place, bit in [(0, 0x01), (0, 0x04), (0, 0x40), (0, 0x80), (1, 0x01)]:
        frame = encoded(canframe, SET, GOOD[SET])
        frame[place] ^= bit
        assert canframe.decode(frame, numbers()) == FRAME_CRC


@pytest.mark.parametrize("frame_type", sorted(GOOD))
@pytest.mark.parametrize("field", [None, 0, -1, (1 << 30) - 1, -(1 << 30)])
def test_nothing_leaves_30_bits(small, frame_type, field):
    fields = [small(each if field is None else field) for each in GOOD[frame_type]]
    identifier = twin.identifier(
        small(frame_type), small(15), small(5 if frame_type == SET else 63), small(3)
    )
    data, found = [small(0)] * CAN_FRAME_SIZE, [0] * FIELD_COUNT_MAX
    twin.encode(identifier, fields, data)
    assert (twin.decode(data, found) == FRAME_OK) >= (field is None)
    twin.crc16(data, CAN_FRAME_SIZE)
    assert twin.identifier_of([small(0xFF), small(0xFF), small(0xFF), small(0x9E)]) < 1 << 29
