"""The cluster's CAN frames: identifiers, payloads and checksums (SPEC, Cluster frames); mirror: csrc/src/canframe.c.

A frame is a buffer of CAN_FRAME_SIZE bytes as SocketCAN has it, little-endian: can_id u32 (bit 31 extended,
bit 30 remote, bit 29 error), length u8, three zero bytes, eight bytes of data. An identifier is the 29 bits

    28:26 prio | 25:24 0b10 | 23:19 type | 18:15 cluster | 14:12 version | 11:6 dst | 5:0 src

`encode` and `decode` move the fields of one frame between a buffer and the caller's array of
FIELD_COUNT_MAX numbers, in the order that evenload.wire gives (BEAT_*, REQUEST_*, ...), the first field in the
lowest bits, and allocate nothing.

`decode` refuses what no correct node sends, so that nobody behind it has to think of it:

    every frame   a prio that is not its type's; SRC 0 or 63; DST 0
    election (CLAIM excepted), PLAN, LEASE, SETPOINT   SRC above 15: only voters send these
    HEARTBEAT     a node that names itself leader without the role LEADER, or has the role and names another;
                  another role than FOLLOWER from SRC above 15 or in term 0; a leader or plan_seq in term 0;
                  load 251 .. 254 and capacity 201 .. 254 (both in 0.5 %; 255 = unknown)
    *_REQ         term 0; a plan_term not below the term; one of plan_term and plan_seq zero alone; try above 3
    *_RESP        granted with a reason, in term 0, or to candidate 0 or itself; a refusal in the short form
    RESIGN        term 0; an unknown reason; target itself; a transfer to nobody
    LEASE         term 0; master 0
    SETPOINT      DST 63 (it is for one node); term 0
    EMERGENCY     an unknown code, 0 included
    CLAIM         an uptime or serial above 2^30 - 1
"""

from array import array

from evenload.wire import (
    BEAT_CAPACITY,
    BEAT_LEADER,
    BEAT_LOAD,
    BEAT_LOAD_UNKNOWN,
    BEAT_PLAN_SEQ,
    BEAT_ROLE,
    BEAT_TERM,
    CAN_DATA_SIZE,
    CAN_DST_ALL,
    CAN_FRAME_SIZE,
    CAN_PRIO_BULK,
    CAN_PRIO_ELECTION,
    CAN_PRIO_EMERGENCY,
    CAN_PRIO_HEARTBEAT,
    CAN_PRIO_PLAN,
    CAN_PRIO_SETPOINT,
    CAN_PRIO_TELEMETRY,
    CAN_PRIO_TIME,
    CAN_RESERVED,
    CAN_SRC_MAX,
    CAN_SRC_VOTER_MAX,
    CAN_TYPE_CLAIM,
    CAN_TYPE_EMERGENCY,
    CAN_TYPE_HEARTBEAT,
    CAN_TYPE_LEASE,
    CAN_TYPE_PLAN,
    CAN_TYPE_PREVOTE_RESP,
    CAN_TYPE_RESIGN,
    CAN_TYPE_SETPOINT,
    CAN_TYPE_VOTE_REQ,
    CAN_TYPE_VOTE_RESP,
    CAN_VERSION,
    CLUSTER_TRIES_MAX,
    EMERGENCY_CODE,
    EMERGENCY_FLOW_LOST,
    EMERGENCY_LEAK,
    EMERGENCY_VALUE,
    FRAME_CRC,
    FRAME_NOT_OURS,
    FRAME_OK,
    FRAME_SHORT,
    FRAME_UNKNOWN,
    FRAME_VALUE,
    FRAME_VERSION,
    LEASE_MASTER,
    LEASE_TERM,
    REQUEST_PLAN_SEQ,
    REQUEST_PLAN_TERM,
    REQUEST_TERM,
    REQUEST_TRY,
    RESIGN_REASON,
    RESIGN_REASON_TRANSFER,
    RESIGN_TARGET,
    RESIGN_TERM,
    RESPONSE_CANDIDATE,
    RESPONSE_FLOOR,
    RESPONSE_GRANTED,
    RESPONSE_PLAN_SEQ,
    RESPONSE_REASON,
    RESPONSE_TERM,
    ROLE_FOLLOWER,
    ROLE_LEADER,
    SET_TERM,
    SET_VALUE,
)

# Byte 3 of can_id: the extended flag, and the three flags together.
_EXTENDED = 0x80
_FLAGS = 0xE0
_DATA = CAN_FRAME_SIZE - CAN_DATA_SIZE
_SHORT_SIZE = 4
_LEASE_SIZE = 5
_LOAD_MAX = 250
_CAPACITY_MAX = 200
# The priority that belongs to each type, -1 (whose low bits are the lowest priority) where there is no such type.
_PRIOS = (
    (-1,)
    + 6 * (CAN_PRIO_ELECTION,)
    + (CAN_PRIO_PLAN, CAN_PRIO_HEARTBEAT, CAN_PRIO_SETPOINT, CAN_PRIO_PLAN, -1, CAN_PRIO_EMERGENCY)
    + 3 * (-1,)
    + 8 * (CAN_PRIO_TELEMETRY,)
    + (CAN_PRIO_TIME, -1, -1, -1, CAN_PRIO_BULK, -1, -1, -1)
)
# The widths in bits of the fields, by type up to EMERGENCY. CLAIM has its own rule: 32 bits are no small number.
_ASK = (24, 24, 8, 1, 3, 4)
_ANSWER = (24, 4, 1, 3, 24, 8)
_RESIGN = (24, 4, 4)
_BEAT = (24, 4, 2, 2, 8, 8, 8, 4, 4)
_SETPOINT = (24, 8, 8, 16)
_LEASE = (24, 4, 4, 8)
_ALARM = (8, 8, 16, 8, 8, 16)
_WIDTHS = ((), _ASK, _ASK, _ANSWER, _ANSWER, (), _RESIGN, (), _BEAT, _SETPOINT, _LEASE, (), _ALARM)
_SHORT_FIELD_COUNT = 4


def crc8(data: bytearray, count: int, start: int) -> int:
    """Return the SAE J1850 CRC (0 .. 255) of data[0 .. count - 1]; start: 0, or the CRC of what came before."""
    crc = start ^ 0xFF
    for index in range(count):
        crc = _step8(crc, data[index])
    return crc ^ 0xFF


def crc16(data: bytearray, count: int) -> int:
    """Return the CRC-16/CCITT-FALSE (0 .. 65535) of data[0 .. count - 1]."""
    crc = 0xFFFF
    for index in range(count):
        byte = data[index]
        # A nibble times x^16 needs no reduction by 0x1021, and its product is the same with carries.
        crc = ((crc << 4) & 0xFFFF) ^ (((crc >> 12) ^ (byte >> 4)) * 0x1021)
        crc = ((crc << 4) & 0xFFFF) ^ (((crc >> 12) ^ (byte & 15)) * 0x1021)
    return crc


def crc32(data: bytearray, count: int) -> int:
    """Return the IEEE 802.3 CRC-32 (0 .. 2^32 - 1) of data[0 .. count - 1], for stored records.

    Only the result leaves 30 bits: a board has to allocate it, so this is not for the tick path.
    """
    high = 0xFFFF
    low = 0xFFFF
    for index in range(count):
        low ^= data[index]
        for _ in range(8):
            is_odd = low & 1
            low = (low >> 1) | ((high & 1) << 15)
            high >>= 1
            if is_odd:
                low ^= 0x8320
                high ^= 0xEDB8
    return ((high ^ 0xFFFF) << 16) | (low ^ 0xFFFF)


def identifier(frame_type: int, cluster: int, dst: int, src: int) -> int:
    """Return the 29-bit identifier of a frame of ours; an unknown type gets the lowest priority."""
    prio = _PRIOS[frame_type & 31] & CAN_PRIO_BULK
    upper = (prio << 26) | (CAN_RESERVED << 24) | ((frame_type & 31) << 19) | ((cluster & 15) << 15)
    return upper | (CAN_VERSION << 12) | ((dst & 63) << 6) | (src & 63)


def type_of(identifier: int) -> int:
    """Return the TYPE of an identifier, CAN_TYPE_*."""
    return (identifier >> 19) & 31


def cluster_of(identifier: int) -> int:
    """Return the CLUSTER of an identifier, 0 .. 15."""
    return (identifier >> 15) & 15


def version_of(identifier: int) -> int:
    """Return the VERSION of an identifier, 0 .. 7."""
    return (identifier >> 12) & 7


def dst_of(identifier: int) -> int:
    """Return the DST of an identifier: 63 = everyone."""
    return (identifier >> 6) & 63


def src_of(identifier: int) -> int:
    """Return the SRC of an identifier."""
    return identifier & 63


def prio_of(identifier: int) -> int:
    """Return the PRIO of an identifier: 0 wins arbitration over all others."""
    return (identifier >> 26) & 7


def identifier_of(frame: bytearray) -> int:
    """Return the 29-bit identifier of a frame, or -1 if it is no extended data frame with the bits 0b10."""
    if frame[3] & _FLAGS != _EXTENDED or frame[3] & 3 != CAN_RESERVED:
        return -1
    return frame[0] | (frame[1] << 8) | (frame[2] << 16) | ((frame[3] & 31) << 24)


def length_of(frame: bytearray) -> int:
    """Return how many bytes of data a frame has; above 8 in what is no CAN frame."""
    return frame[4]


def encode(identifier: int, fields: array, frame: bytearray) -> None:
    """Write the frame of `identifier` with `fields` in the order of its type; all 16 bytes of `frame` are set.

    Fields are cut to their widths. A response whose RESPONSE_FLOOR is -1 gets the short form. The crc8 of a
    SETPOINT is added here. A type without fields (PLAN, telemetry, TIME, BULK, unknown) gets no data.
    """
    frame[0] = identifier & 0xFF
    frame[1] = (identifier >> 8) & 0xFF
    frame[2] = (identifier >> 16) & 0xFF
    frame[3] = ((identifier >> 24) & 31) | _EXTENDED
    for index in range(4, CAN_FRAME_SIZE):
        frame[index] = 0
    frame_type = type_of(identifier)
    if frame_type == CAN_TYPE_CLAIM:
        _put_claim(fields, frame)
    elif frame_type <= CAN_TYPE_EMERGENCY:
        widths = _WIDTHS[frame_type]
        is_short = widths is _ANSWER and fields[RESPONSE_FLOOR] < 0
        _pack(widths, _SHORT_FIELD_COUNT if is_short else len(widths), fields, frame)
        if frame_type == CAN_TYPE_SETPOINT:
            frame[_DATA + 7] = _setpoint_crc8(identifier, frame)
            frame[4] = CAN_DATA_SIZE


def decode(frame: bytearray, fields: array) -> int:
    """Read the fields of a frame; return FRAME_OK, or the first reason of this order why it is refused:

    FRAME_NOT_OURS (see identifier_of), FRAME_VERSION, FRAME_UNKNOWN (no such type), FRAME_VALUE (of the
    identifier), FRAME_SHORT (not the length of its type), FRAME_CRC, FRAME_VALUE (of the payload; `fields` may
    then hold what was refused). PLAN, telemetry, TIME and BULK are judged so far and `fields` is left alone.
    """
    number = identifier_of(frame)
    if number < 0:
        return FRAME_NOT_OURS
    if version_of(number) != CAN_VERSION:
        return FRAME_VERSION
    frame_type = type_of(number)
    if _PRIOS[frame_type] < 0:
        return FRAME_UNKNOWN
    if not _is_identifier_possible(number):
        return FRAME_VALUE
    if not _is_length_right(frame_type, frame[4]):
        return FRAME_SHORT
    if frame_type == CAN_TYPE_SETPOINT and frame[_DATA + 7] != _setpoint_crc8(number, frame):
        return FRAME_CRC
    if frame_type > CAN_TYPE_EMERGENCY or frame_type == CAN_TYPE_PLAN:
        return FRAME_OK
    if frame_type == CAN_TYPE_CLAIM:
        return FRAME_OK if _take_claim(frame, fields) else FRAME_VALUE
    _unpack(_WIDTHS[frame_type], frame, fields)
    return FRAME_OK if _is_payload_possible(frame_type, src_of(number), frame[4], fields) else FRAME_VALUE


def _step8(crc, byte):
    # A nibble times x^8 needs no reduction by 0x1D = x^4 + x^3 + x^2 + 1.
    high = (crc >> 4) ^ (byte >> 4)
    crc = ((crc << 4) & 0xFF) ^ high ^ (high << 2) ^ (high << 3) ^ (high << 4)
    high = (crc >> 4) ^ (byte & 15)
    return ((crc << 4) & 0xFF) ^ high ^ (high << 2) ^ (high << 3) ^ (high << 4)


def _is_identifier_possible(number):
    frame_type = type_of(number)
    src = src_of(number)
    if prio_of(number) != _PRIOS[frame_type] or src == 0 or src > CAN_SRC_MAX or dst_of(number) == 0:
        return False
    if frame_type == CAN_TYPE_SETPOINT and dst_of(number) == CAN_DST_ALL:
        return False
    is_from_any = frame_type in (CAN_TYPE_CLAIM, CAN_TYPE_HEARTBEAT) or frame_type >= CAN_TYPE_EMERGENCY
    return is_from_any or src <= CAN_SRC_VOTER_MAX


def _is_length_right(frame_type, length):
    if frame_type in (CAN_TYPE_PREVOTE_RESP, CAN_TYPE_VOTE_RESP):
        return length in (_SHORT_SIZE, CAN_DATA_SIZE)
    if frame_type == CAN_TYPE_RESIGN:
        return length == _SHORT_SIZE
    if frame_type == CAN_TYPE_LEASE:
        return length == _LEASE_SIZE
    return length == CAN_DATA_SIZE or (frame_type > CAN_TYPE_EMERGENCY and length < CAN_DATA_SIZE)


def _is_payload_possible(frame_type, src, length, fields):
    if frame_type == CAN_TYPE_HEARTBEAT:
        return _is_beat_possible(src, fields)
    if frame_type <= CAN_TYPE_VOTE_REQ:
        return _is_request_possible(fields)
    if frame_type <= CAN_TYPE_VOTE_RESP:
        return _is_response_possible(src, length, fields)
    if frame_type == CAN_TYPE_RESIGN:
        return _is_resign_possible(src, fields)
    if frame_type == CAN_TYPE_LEASE:
        return fields[LEASE_TERM] != 0 and fields[LEASE_MASTER] != 0
    if frame_type == CAN_TYPE_SETPOINT:
        fields[SET_VALUE] = (fields[SET_VALUE] ^ 0x8000) - 0x8000
        return fields[SET_TERM] != 0
    fields[EMERGENCY_VALUE] = (fields[EMERGENCY_VALUE] ^ 0x8000) - 0x8000
    return EMERGENCY_LEAK <= fields[EMERGENCY_CODE] <= EMERGENCY_FLOW_LOST


def _is_beat_possible(src, fields):
    leader = fields[BEAT_LEADER]
    is_acting = fields[BEAT_ROLE] != ROLE_FOLLOWER
    if (fields[BEAT_ROLE] == ROLE_LEADER) != (leader == src) or (is_acting and src > CAN_SRC_VOTER_MAX):
        return False
    if fields[BEAT_TERM] == 0 and (is_acting or leader != 0 or fields[BEAT_PLAN_SEQ] != 0):
        return False
    if _LOAD_MAX < fields[BEAT_LOAD] < BEAT_LOAD_UNKNOWN:
        return False
    return not _CAPACITY_MAX < fields[BEAT_CAPACITY] < BEAT_LOAD_UNKNOWN


def _is_request_possible(fields):
    plan_term = fields[REQUEST_PLAN_TERM]
    # No plan_term is below term 0, so term 0 needs no rule of its own.
    if plan_term >= fields[REQUEST_TERM] or (plan_term == 0) != (fields[REQUEST_PLAN_SEQ] == 0):
        return False
    return fields[REQUEST_TRY] <= CLUSTER_TRIES_MAX


def _is_response_possible(src, length, fields):
    if length == _SHORT_SIZE:
        fields[RESPONSE_FLOOR] = -1
        fields[RESPONSE_PLAN_SEQ] = -1
    if fields[RESPONSE_GRANTED] == 0:
        return length == CAN_DATA_SIZE
    candidate = fields[RESPONSE_CANDIDATE]
    return fields[RESPONSE_REASON] == 0 and fields[RESPONSE_TERM] != 0 and candidate not in (0, src)


def _is_resign_possible(src, fields):
    reason = fields[RESIGN_REASON]
    if fields[RESIGN_TERM] == 0 or reason > RESIGN_REASON_TRANSFER or fields[RESIGN_TARGET] == src:
        return False
    return reason != RESIGN_REASON_TRANSFER or fields[RESIGN_TARGET] != 0


def _pack(widths, count, fields, frame):
    """Write the first `count` fields, one after the other from the low bit of the first byte of data on."""
    waiting = 0
    waiting_bits = 0
    at = _DATA
    for index in range(count):
        waiting |= (fields[index] & ((1 << widths[index]) - 1)) << waiting_bits
        waiting_bits += widths[index]
        while waiting_bits >= 8:
            frame[at] = waiting & 0xFF
            waiting >>= 8
            waiting_bits -= 8
            at += 1
    frame[4] = at - _DATA


def _unpack(widths, frame, fields):
    waiting = 0
    waiting_bits = 0
    at = _DATA
    for index in range(len(widths)):
        while waiting_bits < widths[index]:
            waiting |= frame[at] << waiting_bits
            waiting_bits += 8
            at += 1
        fields[index] = waiting & ((1 << widths[index]) - 1)
        waiting >>= widths[index]
        waiting_bits -= widths[index]


def _put_claim(fields, frame):
    frame[4] = CAN_DATA_SIZE
    for index in range(CAN_DATA_SIZE):
        frame[_DATA + index] = (fields[index >> 2] >> (8 * (index & 3))) & (0x3F if index & 3 == 3 else 0xFF)


def _take_claim(frame, fields):
    """Read the two numbers of a CLAIM; return whether both have 30 bits."""
    if frame[_DATA + 3] > 0x3F or frame[_DATA + 7] > 0x3F:
        return False
    for index in range(2):
        at = _DATA + 4 * index
        fields[index] = frame[at] | (frame[at + 1] << 8) | (frame[at + 2] << 16) | (frame[at + 3] << 24)
    return True


def _setpoint_crc8(number, frame):
    crc = _step8(_step8(_step8(0xFF, type_of(number)), dst_of(number)), src_of(number))
    for index in range(_DATA, _DATA + 7):
        crc = _step8(crc, frame[index])
    return crc ^ 0xFF
