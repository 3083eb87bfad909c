"""The adapter's side of SLCAN, the ASCII protocol of Lawicel's CAN232 and CANUSB: bytes in, answers and frames out.

Every command ends with CR. The answer is CR or a value and CR, or BEL for what is wrong or not now possible.

    Sn        bit rate, n 0..8: 10 20 50 100 125 250 500 800 1000 kbit/s     only when closed
    sxxyy     bit rate as timing registers: taken, not looked at             only when closed
    O, L, C   open, open to listen only, close
    tiiildd.. standard data frame, riiil its remote request                  z CR; only when open, not to listen
    Tiiiiiiiildd.., Riiiiiiiil   the same with 29 bits                       Z CR
    F         status: bit 2 error warning, bit 5 error passive, bit 7 bus-off   only when open
    Z0, Z1    frames to the client carry their time, 0..59999 ms, in 4 digits   only when closed
    V, v, N   version 1.0 1.3, its detail, serial number
    (empty)   CR: clients begin with some CR to end what stood before

A virtual bus has one bit rate. A client that asks for another gets BEL and can't open, as on a real wire it would take
no part. Nothing here reads, writes or waits.
"""

import re
import struct

from evenload_sim.can_bits import CAN_EXTENDED, CAN_EXTENDED_MASK, CAN_REMOTE, CAN_STANDARD_MASK

CR = b"\r"
BEL = b"\a"
BITRATES = (10_000, 20_000, 50_000, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000)
LINE_SIZE_MAX = 32  # The longest command, an extended frame of 8 bytes, has 26.
STAMP_PERIOD_MS = 60_000
VERSION = b"V1013"
SERIAL = b"NEVLD"

_FRAME = re.compile(
    rb"(?:([tr])([0-9A-Fa-f]{3})|([TR])([0-9A-Fa-f]{8}))([0-8])((?:[0-9A-Fa-f]{2}){0,8})", re.DOTALL
)
_TIMING = re.compile(rb"s[0-9A-Fa-f]{4}")


def parse_frame(line: bytes) -> bytes | None:
    """Return the struct can_frame of a t, T, r or R command without its CR; None if it is not well formed."""
    match = _FRAME.fullmatch(line)
    if match is None:
        return None
    standard, standard_id, extended, extended_id, digit, digits = match.groups()
    identifier = int(standard_id or extended_id, 16)
    if identifier > (CAN_STANDARD_MASK if standard else CAN_EXTENDED_MASK):
        return None
    length = int(digit)
    is_remote = (standard or extended) in b"rR"
    if len(digits) != (0 if is_remote else 2 * length):
        return None
    can_id = identifier | (CAN_EXTENDED if extended else 0) | (CAN_REMOTE if is_remote else 0)
    return struct.pack("<IB3x8s", can_id, length, bytes.fromhex(digits.decode()))


def encode_frame(frame: bytes) -> bytes:
    """Return the line that tells a client of `frame`, without CR."""
    can_id, length = struct.unpack_from("<IB", frame)
    if can_id & CAN_EXTENDED:
        head = b"%c%08X%d" % (b"R" if can_id & CAN_REMOTE else b"T", can_id & CAN_EXTENDED_MASK, length)
    else:
        head = b"%c%03X%d" % (b"r" if can_id & CAN_REMOTE else b"t", can_id & CAN_STANDARD_MASK, length)
    return head if can_id & CAN_REMOTE else head + frame[8 : 8 + length].hex().upper().encode()


class SlcanAdapter:
    """One channel of an adapter. bitrate: of its bus, in bit/s.

    is_open: frames pass; is_stamped: they carry their time. `refused` counts commands answered with BEL. `status` is
    set by the owner: what F tells.
    """

    def __init__(self, bitrate: int) -> None:
        self.is_open = False
        self.is_stamped = False
        self.refused = 0
        self.status = 0
        self._bitrate = bitrate
        self._asked = bitrate
        self._is_listening = False
        self._received = b""
        self._is_skipping = False  # The rest of a line that is too long.

    def feed(self, data: bytes) -> None:
        """Take bytes of the client; `next_turn` says what they mean."""
        self._received += data

    def next_turn(self) -> tuple[bytes, bytes | None] | None:
        """Return (answer, frame to send or None) of the next whole command, or None until there is one."""
        line, found, rest = self._received.partition(CR)
        if not found:
            if len(line) > LINE_SIZE_MAX:
                self._is_skipping = True
                self._received = b""
            return None
        self._received = rest
        is_too_long = self._is_skipping or len(line) > LINE_SIZE_MAX
        self._is_skipping = False
        if is_too_long:
            return self._refuse()
        return self._obey(line.lstrip(b"\n"))

    def _obey(self, line: bytes) -> tuple[bytes, bytes | None]:
        kind = line[:1]
        if not kind:
            return CR, None
        if kind in b"tTrR":
            frame = parse_frame(line) if self.is_open and not self._is_listening else None
            return self._refuse() if frame is None else (b"z\r" if kind in b"tr" else b"Z\r", frame)
        answer = self._answer(line)
        return self._refuse() if answer is None else (answer, None)

    def _answer(self, line: bytes) -> bytes | None:
        """Return the answer to a command that is no frame; None to refuse it."""
        answers = {b"V": VERSION + CR, b"v": b"v0103\r", b"N": SERIAL + CR}
        if line in answers:
            return answers[line]
        if self.is_open:
            if line == b"C":
                self.is_open = False
                return CR
            return b"F%02X\r" % self.status if line == b"F" else None
        if line in (b"O", b"L") and self._asked == self._bitrate:
            self.is_open, self._is_listening = True, line == b"L"
        elif line in (b"Z0", b"Z1"):
            self.is_stamped = line == b"Z1"
        elif not self._set_speed(line):
            return None
        return CR

    def _set_speed(self, line: bytes) -> bool:
        if _TIMING.fullmatch(line):
            self._asked = self._bitrate
            return True
        if len(line) != 2 or line[:1] != b"S" or line[1:] not in b"012345678":
            return False
        self._asked = BITRATES[int(line[1:])]
        return self._asked == self._bitrate

    def _refuse(self) -> tuple[bytes, None]:
        self.refused += 1
        return BEL, None
