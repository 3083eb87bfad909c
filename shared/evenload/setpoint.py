"""Frames that set a current: authenticated and replay-protected (SPEC, setpoint; R17).

Anyone on the line may listen, cut or repeat; only who has the key may set a current, and a frame acts once.
Controller and station share a key of 16..64 bytes. Both kinds of frame have 36 bytes, little-endian:

    0       1      2            4         8                    20
    magic | kind | station_id | counter | payload (12 bytes) | tag (16 bytes)

    payload of a set-point (kind 1)  current_ma u32, ttl_ms u16, phases u8, 0 x 5
    payload of a report (kind 2)     floor u32, 3 x measured_da u16, state u8, 0

The tag is the first 16 bytes of HMAC-SHA256 (RFC 2104, truncated as in its section 5) over bytes 0..19. The
kind is under the tag, so a report can't come back as a set-point.

Replay. A station acts only on a counter above every counter it ever accepted. "Ever" survives power cuts
without a write per frame: both ends store a high-water mark ahead of use (`Counter`), and go on from the
mark after a restart. A station that went on from its mark may be ahead of its controller; its report
carries `floor`, the counter to exceed, and the controller jumps there. The floor also dates the report: one
whose floor is below the counter the controller started from was recorded earlier, and is dropped.
"""

import hashlib
import struct

from evenload import wire

FRAME_SIZE = wire.SETPOINT_FRAME_SIZE
_SIGNED_SIZE = FRAME_SIZE - wire.SETPOINT_TAG_SIZE
_BLOCK_SIZE = 64
_COUNTER_MAX = 0xFFFFFFFF
_NOT_MEASURED_DA = 0xFFFF


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Return the 32 bytes of HMAC-SHA256 (RFC 2104); MicroPython has hashlib but no hmac."""
    if len(key) > _BLOCK_SIZE:
        key = hashlib.sha256(key).digest()
    padded = key + bytes(_BLOCK_SIZE - len(key))
    inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in padded]))
    inner.update(message)
    outer = hashlib.sha256(bytes([byte ^ 0x5C for byte in padded]))
    outer.update(inner.digest())
    return outer.digest()


def is_equal(left: bytes, right: bytes) -> bool:
    """Return whether both are equal, in a time that depends on their lengths only."""
    different = len(left) ^ len(right)
    for i in range(min(len(left), len(right))):
        different |= left[i] ^ right[i]
    return different == 0


class Counter:
    """A counter that never gives a value twice, not even over power cuts.

    store: object with `load() -> int` (0 if nothing was stored) and `store(value)`. Before a value is used,
    a mark above it is on the store; marks are SETPOINT_MARK_STEP apart, so at one frame a second the store
    is written each 68 minutes. A restart skips what was left below the mark.
    """

    def __init__(self, store):
        self._store = store
        self.start = store.load()
        self.value = self.start
        self._mark = self.start

    def next(self) -> int:
        """Return the next value; it is above every earlier one, before a restart too."""
        self.raise_to(self.value + 1)
        return self.value

    def raise_to(self, value: int):
        """Make `value` the present value if it is above it."""
        if value <= self.value:
            return
        if value >= self._mark:
            mark = min(value + wire.SETPOINT_MARK_STEP, _COUNTER_MAX)
            self._store.store(mark)  # If the store fails, the value was not used either.
            self._mark = mark
        self.value = value


class Setpoint:
    """Columns of a set-point: current_ma per phase (0 .. 80000), phases 1..3, ttl_ms of its lease (0 ..
    30000).
    """

    def __init__(self):
        self.counter = 0
        self.current_ma = 0
        self.phases = 1
        self.ttl_ms = 0


class Report:
    """Columns of a station's report: state STATION_*, measured_ma[3] by site phase, floor (see above)."""

    def __init__(self):
        self.counter = 0
        self.floor = 0
        self.state = wire.STATION_UNREPORTED
        self.measured_ma = [wire.NOT_MEASURED_MA] * 3


def pack_setpoint(key: bytes, station_id: int, setpoint: Setpoint) -> bytes:
    """Return the frame of a set-point for `station_id` (0 .. 65535)."""
    payload = struct.pack("<IHBBI", setpoint.current_ma, setpoint.ttl_ms, setpoint.phases, 0, 0)
    return _seal(key, (wire.SETPOINT_KIND_SET, station_id, setpoint.counter), payload)


def pack_report(key: bytes, station_id: int, report: Report) -> bytes:
    """Return the frame of a report; measured currents go in 0.1 A, rounded up."""
    measured = [_to_da(current_ma) for current_ma in report.measured_ma]
    payload = struct.pack("<IHHHBB", report.floor, measured[0], measured[1], measured[2], report.state, 0)
    return _seal(key, (wire.SETPOINT_KIND_REPORT, station_id, report.counter), payload)


class Gate:
    """What every receiver of frames does first: drop and count what is not whole, not for it, not
    authentic.

    kind SETPOINT_KIND_*; counters `malformed_count foreign_count tampered_count replayed_count
    accepted_count`.
    """

    def __init__(self, key: bytes, kind: int, station_id: int):
        self._key = key
        self._kind = kind
        self._station_id = station_id
        self.accepted_count = 0
        self.malformed_count = 0
        self.foreign_count = 0
        self.tampered_count = 0
        self.replayed_count = 0

    def open(self, frame: bytes) -> int:
        """Return the frame's counter, or -1 if it is dropped (and counted)."""
        if len(frame) != FRAME_SIZE or frame[0] != wire.SETPOINT_MAGIC:
            self.malformed_count += 1
            return -1
        _, kind, station_id, counter = struct.unpack_from("<BBHI", frame, 0)
        if kind != self._kind or station_id != self._station_id:
            self.foreign_count += 1
            return -1
        if not is_equal(_tag(self._key, frame[:_SIGNED_SIZE]), frame[_SIGNED_SIZE:]):
            self.tampered_count += 1
            return -1
        return counter


class SetpointReceiver(Gate):
    """The station's end. store: as for `Counter`, its own."""

    def __init__(self, key: bytes, station_id: int, store):
        super().__init__(key, wire.SETPOINT_KIND_SET, station_id)
        self._highest = Counter(store)

    @property
    def floor(self) -> int:
        """Return the counter that the next set-point must exceed: it goes into every report."""
        return self._highest.value

    def accept(self, frame: bytes, setpoint: Setpoint) -> bool:
        """Write the frame's columns into `setpoint` and return True, or drop and count it, which changes
        nothing.
        """
        counter = self.open(frame)
        if counter < 0:
            return False
        if counter <= self._highest.value:
            self.replayed_count += 1
            return False
        current_ma, ttl_ms, phases, _, _ = struct.unpack_from("<IHBBI", frame, 8)
        self._highest.raise_to(counter)  # Even a nonsensical authentic frame is used up.
        sensible = current_ma <= wire.SETPOINT_CURRENT_MA_MAX and ttl_ms <= wire.SETPOINT_TTL_MS_MAX
        if not sensible or not 1 <= phases <= 3:
            self.malformed_count += 1
            return False
        setpoint.counter = counter
        setpoint.current_ma = current_ma
        setpoint.ttl_ms = ttl_ms
        setpoint.phases = phases
        self.accepted_count += 1
        return True


class ReportReceiver(Gate):
    """The controller's end. counter: the one its set-points to this station are numbered with."""

    def __init__(self, key: bytes, station_id: int, counter: Counter):
        super().__init__(key, wire.SETPOINT_KIND_REPORT, station_id)
        self._counter = counter
        self._highest = -1

    def accept(self, frame: bytes, report: Report) -> bool:
        """Write the frame's columns into `report` and return True, or drop and count it.

        A report from before this controller's start is dropped, but its floor is believed: raising the
        counter is always safe, and is how a controller whose store was lost finds back.
        """
        counter = self.open(frame)
        if counter < 0:
            return False
        floor, first, second, third, state, _ = struct.unpack_from("<IHHHBB", frame, 8)
        self._counter.raise_to(floor)
        if counter <= self._highest or floor < self._counter.start:
            self.replayed_count += 1
            return False
        if state >= len(wire.STATION_NAMES):
            self.malformed_count += 1
            return False
        self._highest = counter
        report.counter = counter
        report.floor = floor
        report.state = state
        report.measured_ma[0] = _to_ma(first)
        report.measured_ma[1] = _to_ma(second)
        report.measured_ma[2] = _to_ma(third)
        self.accepted_count += 1
        return True


def _seal(key, head, payload):
    kind, station_id, counter = head
    signed = struct.pack("<BBHI", wire.SETPOINT_MAGIC, kind, station_id, counter) + payload
    return signed + _tag(key, signed)


def _tag(key, signed):
    return hmac_sha256(key, signed)[: wire.SETPOINT_TAG_SIZE]


def _to_da(current_ma):
    if current_ma < 0:
        return _NOT_MEASURED_DA
    return min((current_ma + 99) // 100, _NOT_MEASURED_DA - 1)


def _to_ma(current_da):
    return wire.NOT_MEASURED_MA if current_da == _NOT_MEASURED_DA else current_da * 100
