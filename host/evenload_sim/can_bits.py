"""Classic CAN frames as bits: exact length on the wire, arbitration order, CRC-15 and bit stuffing.

A frame is SocketCAN's `struct can_frame`, 16 bytes, little endian:

    offset  0  1  2  3 | 4      | 5..7 | 8 .. 15
            can_id u32 | length | 0    | data

can_id: bit 31 extended identifier (29 bits), bit 30 remote request (RTR), bit 29 error message (never on a
wire), then the identifier. length: 0..8; a remote request carries a length and no data.

On the wire (ISO 11898-1), sent from left to right, most significant bit first:

    standard  SOF id(11)            RTR IDE=0 r0     DLC(4) data CRC(15) | del ACK del EOF(7) | IFS(3)
    extended  SOF id(11) SRR=1 IDE=1 id(18) RTR r1 r0 DLC(4) data CRC(15) | del ACK del EOF(7) | IFS(3)

From SOF to the end of the CRC a bit of the opposite value follows every five equal bits; it counts towards
the next five. So the length depends on every bit, and a simulated second has some thousand frames: the
automaton of the stuffing, ten states (last bit, run of 1..5), and the CRC run on whole bytes through tables,
and what identifier and length alone decide is kept from frame to frame. tests/sim/test_can_bits.py holds
both against a walk over single bits and against the formulas of Davis, Burns, Bril and Lukkien ("Controller
Area Network (CAN) schedulability analysis: refuted, revisited and revised", 2007).
"""

from evenload.wire import CAN_DATA_SIZE, CAN_FRAME_SIZE

CAN_EXTENDED = 1 << 31
CAN_REMOTE = 1 << 30
CAN_ERROR = 1 << 29
CAN_STANDARD_MASK = 0x7FF
CAN_EXTENDED_MASK = 0x1FFFFFFF

CRC_SIZE_BITS = 15
CRC_POLYNOMIAL = 0x4599
EOF_END_BITS = 10  # CRC delimiter, ACK slot, ACK delimiter, seven bits of EOF.
IFS_BITS = 3
STANDARD_BITS = 34  # SOF to CRC without data, not stuffed.
EXTENDED_BITS = 54
STUFF_RUN = 5
HEAD_SIZE = 5  # can_id and length: what the header on the wire depends on.
KEPT_MAX = 8192  # Heads and frames remembered; then all are forgotten at once.

_HEAD_PAD = {
    False: (0b10101, 24),
    True: (0b1, 40),
}  # Alternating and ending in 1, as an idle bus: never stuffed.


def frame_bits(frame: bytes) -> int:
    """Return how many bits `frame` takes: SOF to the end of EOF with its stuff bits, and 3 bits of IFS.

    Raises ValueError, as `check_frame`.
    """
    bits = _BITS.get(frame)
    if bits is None:
        bits = _count_bits(frame)
        if len(_BITS) >= KEPT_MAX:
            _BITS.clear()
        _BITS[frame] = bits
    return bits


def arbitration_key(frame: bytes) -> int:
    """Return the number by which frames win arbitration: the smallest goes first.

    These are the bits of the arbitration field in the order of the wire, so a standard frame beats an extended
    one with the same first 11 bits, and data beats a remote request. Equal keys are the same field: arbitration
    cannot part them. Raises ValueError, as `check_frame`.
    """
    return (_HEADS.get(frame[:HEAD_SIZE]) or _remember_head(frame))[0]


def check_frame(frame: bytes) -> None:
    """Raise ValueError, in a sentence, for what is no classic CAN frame."""
    if len(frame) != CAN_FRAME_SIZE:
        raise ValueError(f"the frame has {len(frame)} bytes; a struct can_frame has {CAN_FRAME_SIZE}")
    can_id = int.from_bytes(frame[:4], "little")
    if can_id & CAN_ERROR:
        raise ValueError(f"can_id 0x{can_id:08X} is an error message, which no node can send; clear bit 29")
    if not can_id & CAN_EXTENDED and can_id & CAN_EXTENDED_MASK > CAN_STANDARD_MASK:
        raise ValueError(f"can_id 0x{can_id:08X} exceeds 11 bits; set bit 31 for an extended identifier")
    if frame[4] > CAN_DATA_SIZE:
        raise ValueError(f"the frame's length is {frame[4]}; classic CAN carries 0..{CAN_DATA_SIZE} bytes")


def least_bits(is_extended: bool, data_size: int) -> int:
    """Return the length of a frame without one stuff bit, IFS included. data_size: 0..8."""
    return (EXTENDED_BITS if is_extended else STANDARD_BITS) + 8 * data_size + EOF_END_BITS + IFS_BITS


def worst_bits(is_extended: bool, data_size: int) -> int:
    """Return the length that no frame of this kind exceeds, IFS included (Davis et al., 2007)."""
    stuffable = (EXTENDED_BITS if is_extended else STANDARD_BITS) + 8 * data_size
    return stuffable + (stuffable - 1) // 4 + EOF_END_BITS + IFS_BITS


def wire_bits(frame: bytes) -> list[int]:
    """Return the bits from SOF to the end of the CRC, stuff bits included: where two frames first differ.

    Walks over single bits: for collisions, which are rare.
    """
    check_frame(frame)
    size_bits, header = _header(frame[:HEAD_SIZE])
    data = _data_of(frame)
    body = (header << 8 * len(data)) | int.from_bytes(data, "big")
    size_bits += 8 * len(data)
    crc = 0
    for shift in range(size_bits - 1, -1, -1):
        crc = _crc_step(crc, (body >> shift) & 1)
    plain = (body << CRC_SIZE_BITS) | crc
    size_bits += CRC_SIZE_BITS
    return stuffed([(plain >> shift) & 1 for shift in range(size_bits - 1, -1, -1)])


def stuffed(bits: list[int]) -> list[int]:
    """Return `bits` with a bit of the opposite value behind every five equal ones."""
    sent: list[int] = []
    run = 0
    for bit in bits:
        run = run + 1 if sent and sent[-1] == bit else 1
        sent.append(bit)
        if run == STUFF_RUN:
            sent.append(1 - bit)
            run = 1
    return sent


def _count_bits(frame: bytes) -> int:
    _key, crc, state, bits = _HEADS.get(frame[:HEAD_SIZE]) or _remember_head(frame)
    if len(frame) != CAN_FRAME_SIZE:
        check_frame(frame)
    for byte in _data_of(frame):
        crc = _CRC[(crc >> 7) ^ byte] ^ ((crc << 8) & 0x7FFF)
        step = _STUFF[state | byte]
        state = step & _STATE_MASK
        bits += step >> 16
    step = _STUFF[state | (crc >> 7)]
    bits += step >> 16
    return bits + (_STUFF_7[(step & _STATE_MASK) | (crc & 0x7F)] >> 16)


def _data_of(frame: bytes) -> bytes:
    return b"" if frame[3] & 0x40 else frame[8 : 8 + frame[4]]


def _remember_head(frame: bytes) -> tuple[int, int, int, int]:
    """Return (key, crc, stuffing state, bits) of a frame's head: bits without data, but all of the rest."""
    check_frame(frame)
    head = frame[:HEAD_SIZE]
    can_id = int.from_bytes(head[:4], "little")
    is_extended = bool(can_id & CAN_EXTENDED)
    size_bits, header = _header(head)
    pad, padded_bits = _HEAD_PAD[is_extended]
    crc, state, stuff_bits = 0, _STATE_IDLE, 0
    padded = (pad << size_bits | header).to_bytes(padded_bits // 8, "big")
    for byte, plain in zip(padded, header.to_bytes(padded_bits // 8, "big"), strict=True):
        crc = _CRC[(crc >> 7) ^ plain] ^ ((crc << 8) & 0x7FFF)
        step = _STUFF[state | byte]
        state = step & _STATE_MASK
        stuff_bits += step >> 16
    data_size = 0 if can_id & CAN_REMOTE else head[4]
    kept = _key_of(can_id), crc, state, least_bits(is_extended, data_size) + stuff_bits
    if len(_HEADS) >= KEPT_MAX:
        _HEADS.clear()
    _HEADS[head] = kept
    return kept


def _key_of(can_id: int) -> int:
    remote = (can_id >> 30) & 1
    if can_id & CAN_EXTENDED:
        identifier = can_id & CAN_EXTENDED_MASK
        return ((identifier >> 18) << 21) | (0b11 << 19) | ((identifier & 0x3FFFF) << 1) | remote
    return ((can_id & CAN_STANDARD_MASK) << 21) | (remote << 20)


def _header(head: bytes) -> tuple[int, int]:
    """Return (size in bits, value) of SOF to DLC."""
    can_id = int.from_bytes(head[:4], "little")
    length = head[4]
    remote = (can_id >> 30) & 1
    if can_id & CAN_EXTENDED:
        identifier = can_id & CAN_EXTENDED_MASK
        value = ((identifier >> 18) << 2 | 0b11) << 18 | (identifier & 0x3FFFF)
        return 39, (value << 3 | remote << 2) << 4 | length
    return 19, ((can_id & CAN_STANDARD_MASK) << 3 | remote << 2) << 4 | length


def _crc_step(crc: int, bit: int) -> int:
    shifted = (crc << 1) & 0x7FFF
    return shifted ^ CRC_POLYNOMIAL if bit ^ (crc >> 14) else shifted


# The automaton's state is (last bit * 5 + run - 1) << 8, so that a byte can be or-ed to it; a step of the table
# is the next state, and the stuff bits that were sent in bits 16 and up.
_STATE_MASK = 0xF00
_STATE_IDLE = 5 << 8  # One recessive bit.


def _stuffing_table(size_bits: int) -> list[int]:
    table = [0] * (10 << 8)
    for state in range(10):
        for value in range(1 << size_bits):
            last, run, sent = state // 5, state % 5 + 1, 0
            for shift in range(size_bits - 1, -1, -1):
                bit = (value >> shift) & 1
                run = run + 1 if bit == last else 1
                last = bit
                if run == STUFF_RUN:
                    last, run, sent = 1 - bit, 1, sent + 1
            table[state << 8 | value] = sent << 16 | (last * 5 + run - 1) << 8
    return table


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        crc = value << 7
        for _ in range(8):
            crc = _crc_step(crc, 0)
        table.append(crc)
    return table


_CRC = _crc_table()
_STUFF = _stuffing_table(8)
_STUFF_7 = _stuffing_table(7)
_HEADS: dict[bytes, tuple[int, int, int, int]] = {}
_BITS: dict[bytes, int] = {}
