"""The cluster's plan on the wire: chunks out, chunks in, and which plan is newer; mirror: csrc/src/plan.c.

A plan is an array of PLAN_SIZE numbers (PLAN_*), its columns by slot: the place of a voter in the sorted list
of voters. It travels as PLAN frames, the chunks, which all have the same identifier: 4 for up to 6 voters, 7
for 7 to 12 (SPEC, Cluster frames). Byte 0 of a chunk is the low nibble of the seq in the high nibble and the
number of the chunk in the low one; the other seven bytes are its payload:

    0  term u24, master 4 bits, mode 4 bits, demand u16 (10 W), cap percent u8
    1  ranks of slots 0 .. 5 (4 bits each, slot 0 lowest), supply u16 (0.01 K), crc16
    2  shares of slots 0 .. 2 (u16, 10 W), derates of slots 0 .. 3 (2 bits each, slot 0 lowest)
    3  shares of slots 3 .. 5, derates of slots 4 and 5, high nibble of the seq
    4  shares of slots 6 .. 8, derates of slots 6 .. 9
    5  shares of slots 9 .. 11, derates of slots 10 and 11, 4 zero bits
    6  ranks of slots 6 .. 11, 4 zero bytes

The crc16 covers the SRC of the sender, the whole seq and the payloads of all chunks in order, the crc itself
as 0: no chunk carries more of its version than a nibble, so the crc is what keeps two plans apart. Slots that
no voter has are 0 in every column.
"""

from array import array

from evenload import canframe
from evenload.wire import (
    CAN_DATA_SIZE,
    CAN_FRAME_SIZE,
    CAN_TYPE_PLAN,
    FIELD_COUNT_MAX,
    FRAME_CRC,
    FRAME_OK,
    FRAME_UNKNOWN,
    FRAME_VALUE,
    PLAN_CAP_PERCENT,
    PLAN_CHUNK_COUNT_MAX,
    PLAN_CHUNK_SIZE,
    PLAN_DEMAND_10W,
    PLAN_DERATE,
    PLAN_MASTER,
    PLAN_MODE,
    PLAN_RANK,
    PLAN_SEQ,
    PLAN_SEQ_MAX,
    PLAN_SHARE_10W,
    PLAN_SIZE,
    PLAN_SLOT_COUNT,
    PLAN_SUPPLY_CK,
    PLAN_TERM,
)

_DATA = CAN_FRAME_SIZE - CAN_DATA_SIZE
_CHUNK_COUNT_SMALL = 4
_SLOT_COUNT_SMALL = 6
_CAP_PERCENT_MAX = 100
# Half of the seqs, rounded down, are newer than a seq; the other half is older.
# The bytes below stand in one buffer: SRC and seq, then the payloads of the chunks.
_PAYLOAD = 2
_MASTER = 5
_DEMAND = 6
_CAP = 8
_RANKS = 9
_SUPPLY = 12
_CRC = 14
_SHARES = 16
_SEQ_HIGH = 29
_RANKS_UPPER = 44
_UPPER_ZERO = 43
_LAST_ZEROS = 47
_SIZE = _PAYLOAD + PLAN_CHUNK_SIZE * PLAN_CHUNK_COUNT_MAX


def chunk_count(voter_count: int) -> int:
    """Return how many chunks a plan for `voter_count` (1 .. 12) voters has: 4 or 7."""
    return _CHUNK_COUNT_SMALL if voter_count <= _SLOT_COUNT_SMALL else PLAN_CHUNK_COUNT_MAX


def newer(term_a: int, seq_a: int, term_b: int, seq_b: int) -> int:
    """Return 1 if version a is newer than version b, else 0.

    The higher term is newer, within a term the higher seq: a term has at most PLAN_SEQ_MAX plans and its seq
    never wraps. Seq 0 is no plan, in whatever term, and older than any.
    """
    if seq_a == 0:
        return 0
    if seq_b == 0 or term_a > term_b:
        return 1
    return 1 if term_a == term_b and seq_a > seq_b else 0


def next_seq(seq: int) -> int:
    """Return the seq after `seq` (0 .. 254): 1 .. 255; 0, which is none, after 255."""
    return seq + 1 if seq < PLAN_SEQ_MAX else 0


class Packer:
    """The chunks of one plan, ready to be sent again and again. Attribute to read: `crc16` of that plan."""

    def __init__(self, voter_count: int):
        """voter_count: 1 .. 12."""
        self.voter_count = voter_count
        self.chunk_count = chunk_count(voter_count)
        self.crc16 = 0
        self._bytes = bytearray(_SIZE)
        self._no_fields = array("i", [0] * FIELD_COUNT_MAX)

    def load(self, plan: array, src: int) -> None:
        """Take the plan that `src` sends; plan: PLAN_SIZE numbers, which are cut to their widths."""
        data = self._bytes
        for index in range(_SIZE):
            data[index] = 0
        data[0] = src & 63
        data[1] = plan[PLAN_SEQ] & 0xFF
        _put16(data, _PAYLOAD, plan[PLAN_TERM])
        data[_PAYLOAD + 2] = (plan[PLAN_TERM] >> 16) & 0xFF
        data[_MASTER] = (plan[PLAN_MASTER] & 15) | ((plan[PLAN_MODE] & 15) << 4)
        _put16(data, _DEMAND, plan[PLAN_DEMAND_10W])
        data[_CAP] = plan[PLAN_CAP_PERCENT] & 0xFF
        _put16(data, _SUPPLY, plan[PLAN_SUPPLY_CK])
        data[_SEQ_HIGH] = plan[PLAN_SEQ] & 0xF0
        for slot in range(self.voter_count):
            data[_rank_at(slot)] |= (plan[PLAN_RANK + slot] & 15) << (4 * (slot & 1))
            _put16(data, _share_at(slot), plan[PLAN_SHARE_10W + slot])
            data[_derate_at(slot)] |= (plan[PLAN_DERATE + slot] & 3) << _derate_shift(slot)
        self.crc16 = canframe.crc16(data, _PAYLOAD + PLAN_CHUNK_SIZE * self.chunk_count)
        _put16(data, _CRC, self.crc16)

    def chunk(self, index: int, identifier: int, frame: bytearray) -> None:
        """Write chunk `index` (0 .. chunk_count - 1) into `frame`, all 16 bytes; identifier: of type PLAN."""
        canframe.encode(identifier, self._no_fields, frame)
        frame[4] = CAN_DATA_SIZE
        frame[_DATA] = ((self._bytes[1] & 15) << 4) | index
        for place in range(PLAN_CHUNK_SIZE):
            frame[_DATA + 1 + place] = self._bytes[_PAYLOAD + PLAN_CHUNK_SIZE * index + place]


class Assembler:
    """Puts the chunks of one sender together, in whatever order and however often they come.

    Attributes to read, set by each complete and good plan: `plan`, PLAN_SIZE numbers; `src`, who sent it;
    `crc16`. Chunks of the next plan do not touch them before that one is complete as well.
    """

    def __init__(self, voter_count: int):
        """voter_count: 1 .. 12."""
        self.voter_count = voter_count
        self.chunk_count = chunk_count(voter_count)
        self.src = 0
        self.crc16 = 0
        self.plan = array("i", [0] * PLAN_SIZE)
        self._mask = 0
        self._nibble = 0
        self._bytes = bytearray(_SIZE)

    def on_chunk(self, frame: bytearray) -> int:
        """Take a PLAN frame; return 1 when it completes a good plan, 0 when there are more to come.

        A chunk of another sender or with another nibble of seq starts anew, and so does every chunk after a
        complete plan: a repeated burst completes it again, and answers 1 again. Refused: FRAME_UNKNOWN (not a
        PLAN frame), what canframe.decode refuses, FRAME_VALUE (no such chunk: it is left out; or an impossible
        plan) and FRAME_CRC; after an impossible plan and a wrong crc all chunks have to come again.
        """
        data = self._bytes
        number = canframe.identifier_of(frame)
        if number >= 0 and canframe.type_of(number) != CAN_TYPE_PLAN:
            return FRAME_UNKNOWN
        status = canframe.decode(frame, self.plan)
        if status != FRAME_OK:
            return status
        index = frame[_DATA] & 15
        if index >= self.chunk_count:
            return FRAME_VALUE
        if canframe.src_of(number) != data[0] or frame[_DATA] >> 4 != self._nibble:
            self._mask = 0
        data[0] = canframe.src_of(number)
        self._nibble = frame[_DATA] >> 4
        for place in range(PLAN_CHUNK_SIZE):
            data[_PAYLOAD + PLAN_CHUNK_SIZE * index + place] = frame[_DATA + 1 + place]
        self._mask |= 1 << index
        if self._mask != (1 << self.chunk_count) - 1:
            return 0
        self._mask = 0
        return self._finish()

    def _finish(self):
        data = self._bytes
        data[1] = self._nibble | (data[_SEQ_HIGH] & 0xF0)
        crc = _get16(data, _CRC)
        _put16(data, _CRC, 0)
        if crc != canframe.crc16(data, _PAYLOAD + PLAN_CHUNK_SIZE * self.chunk_count):
            return FRAME_CRC
        if not self._is_possible():
            return FRAME_VALUE
        self.src = data[0]
        self.crc16 = crc
        self._read()
        return 1

    def _is_possible(self):
        """Return whether the plan has a version and a cap up to 100 %, and 0 wherever it has to be 0."""
        data = self._bytes
        spare = data[_UPPER_ZERO] & 0xF0
        for index in range(_LAST_ZEROS, _SIZE):
            spare |= data[index]
        for slot in range(self.voter_count, PLAN_SLOT_COUNT):
            spare |= (data[_rank_at(slot)] >> (4 * (slot & 1))) & 15
            spare |= _get16(data, _share_at(slot))
            spare |= (data[_derate_at(slot)] >> _derate_shift(slot)) & 3
        has_term = data[_PAYLOAD] | data[_PAYLOAD + 1] | data[_PAYLOAD + 2]
        return spare == 0 and has_term != 0 and data[1] != 0 and data[_CAP] <= _CAP_PERCENT_MAX

    def _read(self):
        data = self._bytes
        plan = self.plan
        plan[PLAN_TERM] = _get16(data, _PAYLOAD) | (data[_PAYLOAD + 2] << 16)
        plan[PLAN_SEQ] = data[1]
        plan[PLAN_MASTER] = data[_MASTER] & 15
        plan[PLAN_MODE] = data[_MASTER] >> 4
        plan[PLAN_DEMAND_10W] = _get16(data, _DEMAND)
        plan[PLAN_CAP_PERCENT] = data[_CAP]
        plan[PLAN_SUPPLY_CK] = _get16(data, _SUPPLY)
        for slot in range(self.voter_count):
            plan[PLAN_RANK + slot] = (data[_rank_at(slot)] >> (4 * (slot & 1))) & 15
            plan[PLAN_SHARE_10W + slot] = _get16(data, _share_at(slot))
            plan[PLAN_DERATE + slot] = (data[_derate_at(slot)] >> _derate_shift(slot)) & 3


def _rank_at(slot):
    return (_RANKS if slot < _SLOT_COUNT_SMALL else _RANKS_UPPER - 3) + (slot >> 1)


def _share_at(slot):
    return _SHARES + PLAN_CHUNK_SIZE * (slot // 3) + 2 * (slot % 3)


def _derate_at(slot):
    # Slots 0 .. 3 stand in chunk 2, 4 and 5 in chunk 3, 6 .. 9 in chunk 4, 10 and 11 in chunk 5.
    pair = (slot % _SLOT_COUNT_SMALL) >> 2
    return _SHARES + 6 + PLAN_CHUNK_SIZE * (2 * (slot // _SLOT_COUNT_SMALL) + pair)


def _derate_shift(slot):
    return 2 * ((slot % _SLOT_COUNT_SMALL) & 3)


def _put16(data, at, value):
    data[at] = value & 0xFF
    data[at + 1] = (value >> 8) & 0xFF


def _get16(data, at):
    return data[at] | (data[at + 1] << 8)
