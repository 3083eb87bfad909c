"""Set-point frames: RFC 4231 vectors, tampering, replay over power cuts, foreign frames (R17)."""

import hashlib
import hmac

import pytest
from evenload import wire
from evenload.setpoint import (
    FRAME_SIZE,
    Counter,
    Report,
    ReportReceiver,
    Setpoint,
    SetpointReceiver,
    hmac_sha256,
    is_equal,
    pack_report,
    pack_setpoint,
)
from hypothesis import given
from hypothesis import strategies as st

KEY = bytes(range(32))
STATION_ID = 7

# RFC 4231, section 4, test cases 1-4, 6 and 7: key, data, HMAC-SHA-256.
RFC_4231 = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. "
        b"The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]


class MemoryStore:
    """What a file or flash page does: keeps one number; `writes` counts."""

    def __init__(self):
        self.value = 0
        self.writes = 0

    def load(self):
        return self.value

    def store(self, value):
        self.value = value
        self.writes += 1


class Pair:
    """A controller and a station that share a key; each can lose power, its store stays."""

    def __init__(self):
        self.controller_store, self.station_store = MemoryStore(), MemoryStore()
        self.restart_controller()
        self.restart_station()

    def restart_controller(self):
        self.counter = Counter(self.controller_store)
        self.reports = ReportReceiver(KEY, STATION_ID, self.counter)

    def restart_station(self):
        self.setpoints = SetpointReceiver(KEY, STATION_ID, self.station_store)
        self.report_counter = Counter(self.station_store_of_reports)

    @property
    def station_store_of_reports(self):
        if not hasattr(self, "_report_store"):
            self._report_store = MemoryStore()
        return self._report_store

    def setpoint_frame(self, current_ma=16_000, phases=3, ttl_ms=10_000):
        setpoint = Setpoint()
        setpoint.counter = self.counter.next()
        setpoint.current_ma, setpoint.phases, setpoint.ttl_ms = current_ma, phases, ttl_ms
        return pack_setpoint(KEY, STATION_ID, setpoint)

    def report_frame(self, state=wire.STATION_CHARGING, measured_ma=(16_000, 15_930, wire.NOT_MEASURED_MA)):
        report = Report()
        report.counter, report.floor = self.report_counter.next(), self.setpoints.floor
        report.state, report.measured_ma = state, list(measured_ma)
        return pack_report(KEY, STATION_ID, report)


@pytest.fixture
def pair():
    return Pair()


@pytest.fixture
def got():
    return Setpoint()


@pytest.mark.parametrize(("key", "data", "digest"), RFC_4231)
def test_hmac_gives_the_vectors_of_rfc_4231(key, data, digest):
    assert hmac_sha256(key, data).hex() == digest


@given(st.binary(max_size=200), st.binary(max_size=300))
def test_hmac_equals_the_standard_librarys(key, data):
    assert hmac_sha256(key, data) == hmac.new(key, data, hashlib.sha256).digest()


@given(st.binary(max_size=8), st.binary(max_size=8))
def test_constant_time_equality_is_equality(left, right):
    assert is_equal(left, right) == (left == right)


def test_a_set_point_arrives_as_it_was_sent(pair, got):
    assert pair.setpoints.accept(pair.setpoint_frame(12_300, 2, 9_000), got)
    assert (got.current_ma, got.phases, got.ttl_ms, got.counter) == (12_300, 2, 9_000, 1)


def test_a_report_arrives_in_tenths_of_an_ampere_rounded_up(pair):
    report = Report()
    assert pair.reports.accept(pair.report_frame(), report)
    assert report.state == wire.STATION_CHARGING
    assert report.measured_ma == [16_000, 16_000, wire.NOT_MEASURED_MA]


@pytest.mark.parametrize("position", range(FRAME_SIZE))
def test_a_frame_with_any_one_byte_changed_is_dropped(pair, got, position):
    frame = bytearray(pair.setpoint_frame())
    frame[position] ^= 0x01
    assert not pair.setpoints.accept(bytes(frame), got)
    gate = pair.setpoints
    assert gate.malformed_count + gate.foreign_count + gate.tampered_count == 1
    assert gate.tampered_count == (0 if position < 4 else 1)
    assert (got.current_ma, pair.setpoints.floor) == (0, 0)


def test_a_replayed_frame_is_dropped_and_counted(pair, got):
    frame = pair.setpoint_frame()
    assert pair.setpoints.accept(frame, got)
    assert not pair.setpoints.accept(frame, got)
    assert pair.setpoints.replayed_count == 1


def test_an_overtaken_frame_is_dropped(pair, got):
    older, newer = pair.setpoint_frame(32_000), pair.setpoint_frame(6_000)
    assert pair.setpoints.accept(newer, got)
    assert not pair.setpoints.accept(older, got)
    assert got.current_ma == 6_000


def test_a_frame_recorded_before_the_stations_power_cut_is_not_taken_after_it(pair, got):
    frames = [pair.setpoint_frame() for _ in range(10)]
    assert pair.setpoints.accept(frames[0], got)
    pair.restart_station()
    assert [pair.setpoints.accept(frame, got) for frame in frames] == [False] * 10
    assert pair.setpoints.replayed_count == 10


def test_after_its_power_cut_a_station_leads_its_controller_above_its_floor(pair, got):
    assert pair.setpoints.accept(pair.setpoint_frame(), got)
    pair.restart_station()
    assert not pair.setpoints.accept(pair.setpoint_frame(), got)
    pair.reports.accept(pair.report_frame(), Report())
    assert pair.setpoints.accept(pair.setpoint_frame(), got)


def test_a_restarted_controller_never_uses_a_counter_twice(pair, got):
    for _ in range(10):
        assert pair.setpoints.accept(pair.setpoint_frame(), got)
    pair.restart_controller()
    assert pair.setpoints.accept(pair.setpoint_frame(), got)


def test_a_report_from_before_the_controllers_restart_is_dropped(pair, got):
    pair.setpoints.accept(pair.setpoint_frame(), got)
    recorded = pair.report_frame(state=wire.STATION_AVAILABLE)
    pair.restart_controller()
    assert not pair.reports.accept(recorded, Report())
    assert pair.reports.replayed_count == 1
    pair.setpoints.accept(pair.setpoint_frame(), got)
    assert pair.reports.accept(pair.report_frame(), Report())


def test_a_controller_that_lost_its_store_finds_back_through_one_report(pair, got):
    for _ in range(5000):
        pair.setpoints.accept(pair.setpoint_frame(), got)
    pair.controller_store = MemoryStore()
    pair.restart_controller()
    assert not pair.setpoints.accept(pair.setpoint_frame(), got)
    pair.reports.accept(pair.report_frame(), Report())
    assert pair.setpoints.accept(pair.setpoint_frame(), got)


def test_a_replayed_report_is_dropped(pair):
    frame = pair.report_frame()
    assert pair.reports.accept(frame, Report())
    assert not pair.reports.accept(frame, Report())
    assert pair.reports.replayed_count == 1


def test_frames_for_another_station_or_of_another_kind_are_foreign(pair, got):
    setpoint = Setpoint()
    setpoint.counter = 5
    assert not pair.setpoints.accept(pack_setpoint(KEY, STATION_ID + 1, setpoint), got)
    assert not pair.setpoints.accept(pair.report_frame(), got)
    assert pair.setpoints.foreign_count == 2


def test_a_frame_under_another_key_is_tampered(pair, got):
    setpoint = Setpoint()
    setpoint.counter = 5
    assert not pair.setpoints.accept(pack_setpoint(b"another key 16 b", STATION_ID, setpoint), got)
    assert pair.setpoints.tampered_count == 1


@pytest.mark.parametrize("size", [0, 1, FRAME_SIZE - 1, FRAME_SIZE + 1])
def test_a_frame_of_the_wrong_size_is_malformed(pair, got, size):
    assert not pair.setpoints.accept((pair.setpoint_frame() + b"\0")[:size], got)
    assert pair.setpoints.malformed_count == 1


# Values just beyond what a set-point may hold: phases 1..3, ttl_ms up to 30,000 (R9), current up to 80 A.
@pytest.mark.parametrize(
    ("current_ma", "phases", "ttl_ms"), [(6000, 0, 1), (6000, 4, 1), (6000, 1, 30_001), (80_001, 1, 1)]
)
def test_an_authentic_frame_with_a_senseless_value_is_malformed_and_used_up(
    pair, got, current_ma, phases, ttl_ms
):
    frame = pair.setpoint_frame(current_ma, phases, ttl_ms)
    assert not pair.setpoints.accept(frame, got)
    assert not pair.setpoints.accept(frame, got)
    assert (pair.setpoints.malformed_count, pair.setpoints.replayed_count) == (1, 1)


def test_the_store_is_written_once_per_mark_and_always_ahead_of_use():
    store = MemoryStore()
    counter = Counter(store)
    for _ in range(3 * wire.SETPOINT_MARK_STEP):
        assert counter.next() < store.value
    assert 3 <= store.writes <= 4


@given(st.binary(min_size=FRAME_SIZE, max_size=FRAME_SIZE))
def test_random_bytes_never_set_a_current(frame):
    receiver = SetpointReceiver(KEY, STATION_ID, MemoryStore())
    assert not receiver.accept(frame, Setpoint())
