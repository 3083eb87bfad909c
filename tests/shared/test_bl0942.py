"""The BL0942 protocol, in both backends, on recorded lines.

tests/vectors/bl0942_frames.json holds field captures with their sources, and synthetic frames marked as such.
"""

import json
from pathlib import Path

import pytest
from evenload.wire import BL0942_FIELD_COUNT, BL0942_FIELD_NAMES, BL0942_PACKET_SIZE

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "bl0942_frames.json").read_text())


def cases(family):
    return [pytest.param(case, id=case["id"]) for case in VECTORS[family]]


def row(capture, index):
    """Return packet `index` of the last call as {field name: value}."""
    begin = index * BL0942_FIELD_COUNT
    return dict(zip(BL0942_FIELD_NAMES, capture.fields[begin : begin + BL0942_FIELD_COUNT], strict=True))


def expected(decoded):
    return {name: decoded[name] for name in BL0942_FIELD_NAMES}


def sealed(frame, address=0):
    """Return `frame` (its 22 first bytes) with the checksum that belongs to it."""
    body = bytes(frame[:22])
    return body + bytes([~((0x58 | address) + sum(body)) & 0xFF])


def good_packet(**changes):
    """Return the application note's packet with single bytes changed (b4=...) and the checksum made good."""
    frame = bytearray.fromhex("55 4DD503 BF5135 366401 BA1702 B00400 204E 00 000100 57")
    for name, value in changes.items():
        frame[int(name[1:])] = value
    return sealed(frame)


@pytest.fixture
def decode(backend):
    """Return a function (data, address) -> Capture that decodes a recording in one call."""
    bl0942 = backend("bl0942")

    def run(data, address=0, capacity=64):
        capture = bl0942.Capture(capacity)
        bl0942.decode_batch(bytes(data), address, capture)
        return capture

    return run


@pytest.mark.parametrize("case", cases("packet_frames"))
def test_a_recorded_packet_decodes_exactly(decode, backend, case):
    data = bytes.fromhex(case["bytes"])
    capture = decode(data, case["address"])
    assert (capture.count, capture.dropped_bytes) == (1, 0)
    assert row(capture, 0) == expected(case["decoded"])
    assert backend("bl0942").packet_checksum(case["address"], data) == case["decoded"]["checksum"]


@pytest.mark.parametrize("case", cases("packet_frames"))
def test_a_packet_of_another_address_is_not_accepted(decode, case):
    capture = decode(bytes.fromhex(case["bytes"]), (case["address"] + 1) % 4)
    assert (capture.packets, capture.bad_checksum) == (0, 1)
    assert capture.dropped_bytes == BL0942_PACKET_SIZE


@pytest.mark.parametrize("case", cases("resync_streams"))
def test_packets_are_found_between_junk(decode, case):
    data = bytes.fromhex(case["stream"])
    capture = decode(data, case["address"])
    assert [row(capture, index) for index in range(capture.count)] == [
        expected(frame["decoded"]) for frame in case["expect_frames"]
    ]
    assert capture.dropped_bytes == len(data) - BL0942_PACKET_SIZE * len(case["expect_frames"])


@pytest.mark.parametrize("case", cases("host_frames"))
def test_a_host_frame_is_built_exactly(backend, case):
    bl0942, frame = backend("bl0942"), bytearray(8)
    register, address = int(case["register"], 16), case["address"]
    if case["kind"] == "write":
        size = bl0942.encode_write(frame, address, register, int(case["value"], 16))
    elif case["kind"] == "packet":
        size = bl0942.encode_packet_request(frame, address)
    else:
        size = bl0942.encode_read(frame, address, register)
    assert frame[:size] == bytes.fromhex(case["bytes"])


def test_the_named_writes_are_the_recorded_ones(backend):
    bl0942, frame = backend("bl0942"), bytearray(6)
    for encode, recorded in (
        (bl0942.encode_unlock, "A81D550000E5"),
        (bl0942.encode_lock, "A81D0000003A"),
        (bl0942.encode_soft_reset, "A81C5A5A5A2D"),
    ):
        assert encode(frame, 0) == 6
        assert frame == bytes.fromhex(recorded)
    bl0942.encode_mode(frame, 0, 0x387)
    assert frame == bytes.fromhex("A819870300B4")


@pytest.mark.parametrize("case", cases("register_replies"))
def test_a_register_reply_decodes_exactly(backend, case):
    bl0942, reply = backend("bl0942"), bytes.fromhex(case["bytes"])
    register = int(case["register"], 16)
    assert bl0942.decode_register(case["address"], register, reply) == case["value"]
    assert bl0942.register_checksum(case["address"], register, reply) == reply[3]
    for index in range(4):
        bad = bytearray(reply)
        bad[index] ^= 0x10
        assert bl0942.decode_register(case["address"], register, bytes(bad)) == -1


@pytest.mark.parametrize(
    ("value", "signed"), [(0, 0), (0x7FFFFF, 8388607), (0x800000, -8388608), (0xFFFFFF, -1)]
)
def test_power_is_signed(backend, value, signed):
    assert backend("bl0942").sign24(value) == signed


@pytest.mark.parametrize(
    "changes",
    [
        {"b18": 1},
        {"b21": 1},
        {"b20": 0x04},
        {"b19": 0xF0},  # Noise in STATUS: bits that no chip was seen to set.
        {"b17": 0x3B},  # FREQ 15136: 66.07 Hz.
        {"b16": 0xA9, "b17": 0x61},  # FREQ 25001.
        {"b6": 0x4D},  # V_RMS 5,067,199.
    ],
)
def test_a_packet_that_says_what_cannot_be_is_counted_and_dropped(decode, changes):
    capture = decode(good_packet(**changes))
    assert (capture.packets, capture.implausible, capture.bad_checksum) == (0, 1, 0)
    assert capture.dropped_bytes == BL0942_PACKET_SIZE


@pytest.mark.parametrize(
    "changes",
    [
        {"b19": 0x23, "b20": 0x03},  # Every STATUS bit that was ever seen.
        {"b16": 0x18, "b17": 0x3C},  # FREQ 15384.
        {"b16": 0xA8, "b17": 0x61},  # FREQ 25000.
        {"b4": 0x40, "b5": 0x4B, "b6": 0x4C},  # V_RMS 5,000,000.
    ],
)
def test_a_packet_at_the_edge_of_what_can_be_is_accepted(decode, changes):
    assert decode(good_packet(**changes)).packets == 1


@pytest.mark.parametrize(("v_rms", "packets"), [(0, 1), (0x7FFFE, 1), (0x7FFFF, 0)])
def test_the_frequency_of_a_dead_phase_is_not_looked_at(decode, v_rms, packets):
    """Datasheet 1.4: below V_RMS 0x7FFFF the chip does not measure the frequency."""
    data = good_packet(b4=v_rms & 0xFF, b5=v_rms >> 8 & 0xFF, b6=v_rms >> 16, b16=0, b17=0, b20=3)
    assert decode(data).packets == packets


def test_a_frequency_out_of_range_needs_the_chip_to_say_that_it_measures_none(decode):
    """STATUS bit 9: the voltage is too low. Without it the packet is a shifted frame, not a dead phase."""
    assert decode(good_packet(b4=0, b5=0, b6=0, b16=0, b17=0)).implausible == 1
    assert decode(good_packet(b4=0, b5=0, b6=0)).packets == 1


def test_a_packet_hides_behind_no_false_header(decode):
    """Junk that ends in 55s, each of which takes a good packet's bytes for its own."""
    capture = decode(b"\x55\x01\x55\x55" + good_packet() + b"\x55" + good_packet())
    assert (capture.packets, capture.bad_checksum, capture.dropped_bytes) == (2, 4, 5)


def ends_with_header():
    """Return a good packet whose checksum is 0x55, the value of a header."""
    for low in range(256):
        packet = good_packet(b13=low)
        if packet[22] == 0x55:
            return packet
    raise AssertionError


def test_a_lost_checksum_that_equals_a_header_does_not_swallow_the_next_packet(decode):
    capture = decode(ends_with_header()[:22] + good_packet())
    assert (capture.packets, capture.dropped_bytes, capture.bad_checksum) == (2, 0, 0)


def test_a_checksum_that_equals_a_header_is_no_dropped_byte(decode):
    capture = decode(ends_with_header() * 3 + good_packet())
    assert (capture.packets, capture.dropped_bytes, capture.bad_checksum, capture.implausible) == (4, 0, 0, 0)


def test_what_does_not_fit_the_rows_is_counted(decode):
    capture = decode(good_packet() * 5 + b"\x00", capacity=2)
    assert (capture.count, capture.packets, capture.overflowed, capture.dropped_bytes) == (2, 5, 3, 1)


def test_clearing_a_capture_forgets_everything(decode):
    capture = decode(b"\x01" + good_packet(b18=1) + good_packet())
    capture.clear()
    counters = (capture.packets, capture.dropped_bytes, capture.bad_checksum, capture.implausible)
    assert (capture.count, *counters) == (0, 0, 0, 0, 0)


def test_the_end_of_a_stream_waits_until_it_is_flushed(backend):
    bl0942 = backend("bl0942")
    capture = bl0942.Capture(4)
    parser = bl0942.Parser(0, capture)
    packet = good_packet()
    assert parser.feed(b"\x00" + packet[:10]) == 0
    assert (parser.pending(), parser.pending_size) == (packet[:10], 10)
    assert parser.feed(packet[10:]) == 1
    assert parser.feed(b"") == 0
    parser.feed(packet[:22])
    parser.flush()
    assert (parser.pending_size, capture.dropped_bytes, capture.packets) == (0, 23, 1)


def test_a_borrowed_checksum_is_not_dropped_by_a_flush(backend):
    bl0942 = backend("bl0942")
    capture = bl0942.Capture(4)
    parser = bl0942.Parser(0, capture)
    parser.feed(ends_with_header())
    assert parser.pending() == b"\x55"
    parser.flush()
    assert capture.dropped_bytes == 0


def test_back_to_back_checksums_are_counted(backend):
    data = good_packet() * 3 + good_packet()[:22] + b"\x00"
    assert backend("bl0942").count_checksums(data, 0) == 3


def test_no_intermediate_leaves_the_small_integers(small):
    """The largest values that a line can bring."""
    from evenload import bl0942

    capture = bl0942.Capture(4)
    data = [small(byte) for byte in good_packet(b3=0xFF, b9=0xFF, b12=0xFF, b15=0xFF) + b"\x55" * 30]
    assert bl0942.Parser(0, capture).feed(data) == 1
