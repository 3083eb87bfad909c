"""The adapter's side of SLCAN: every command, every answer, and what is no command."""

import pytest
from evenload_sim.can_bits import CAN_EXTENDED, CAN_REMOTE
from evenload_sim.can_rig import make_frame
from evenload_sim.slcan import LINE_SIZE_MAX, SlcanAdapter, encode_frame, parse_frame
from hypothesis import given
from hypothesis import strategies as st

frames = st.builds(
    lambda identifier, is_remote, data: make_frame(
        identifier | (CAN_REMOTE if is_remote else 0), b"" if is_remote else data
    ),
    st.one_of(st.integers(0, 0x7FF), st.integers(0, 0x1FFFFFFF).map(lambda number: number | CAN_EXTENDED)),
    st.booleans(),
    st.binary(max_size=8),
)


def talk(adapter, data):
    """Feed `data` and return (answers, frames)."""
    adapter.feed(data)
    turns = list(iter(adapter.next_turn, None))
    return b"".join(answer for answer, _ in turns), [frame for _, frame in turns if frame is not None]


@pytest.fixture
def adapter():
    return SlcanAdapter(500_000)


@pytest.fixture
def open_adapter(adapter):
    talk(adapter, b"O\r")
    return adapter


@pytest.mark.parametrize(
    ("line", "can_id", "data"),
    [
        (b"t1230", 0x123, b""),
        (b"t7FF80011223344556677", 0x7FF, bytes.fromhex("0011223344556677")),
        (b"T1ABCDEF02BEEF", 0x1ABCDEF0 | CAN_EXTENDED, b"\xbe\xef"),
        (b"r1230", 0x123 | CAN_REMOTE, b""),
        (b"R000000010", 1 | CAN_EXTENDED | CAN_REMOTE, b""),
    ],
)
def test_a_frame_reads_as_it_is_written(line, can_id, data):
    assert parse_frame(line) == make_frame(can_id, data)
    assert encode_frame(make_frame(can_id, data)) == line


def test_a_remote_request_keeps_its_length_without_data():
    assert encode_frame(parse_frame(b"r1238")) == b"r1238"


@given(frames)
def test_every_frame_survives_both_ways(frame):
    assert parse_frame(encode_frame(frame)) == frame
    line = encode_frame(frame)
    assert parse_frame(line[:1] + line[1:].lower()) == frame


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"t",
        b"t123",
        b"t1239001122334455667788",  # Nine bytes.
        b"t12320",  # Half a byte.
        b"t1231",  # Less than it says.
        b"t12310011",  # More than it says.
        b"t8000",  # Twelve bits.
        b"T200000000",  # Thirty bits.
        b"T123",
        b"t 120",
        b"t+120",
        b"t1_20",
        b"t0x10",
        b"tG230",
        b"r123100",
        b"x1230",
        b"t1230\n",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_frame_is_refused(line, open_adapter):
    assert parse_frame(line) is None
    answers, sent = talk(open_adapter, line + b"\r")
    assert sent == []
    assert answers == (b"\r" if line == b"" else b"\a")


def test_opening_and_closing_answer_cr_and_bel_when_it_is_not_the_moment(adapter):
    assert talk(adapter, b"C\rO\rO\rL\rC\rC\r")[0] == b"\a\r\a\a\r\a"
    assert adapter.refused == 4


def test_frames_pass_only_while_the_channel_is_open(adapter):
    assert talk(adapter, b"t1230\r") == (b"\a", [])
    assert talk(adapter, b"O\rt1230\rT000001230\rr1230\r") == (
        b"\rz\rZ\rz\r",
        [make_frame(0x123, b""), make_frame(0x123 | CAN_EXTENDED, b""), make_frame(0x123 | CAN_REMOTE, b"")],
    )
    assert talk(adapter, b"C\rt1230\r") == (b"\r\a", [])


def test_a_listener_hears_and_sends_nothing(adapter):
    assert talk(adapter, b"L\rt1230\r") == (b"\r\a", [])
    assert adapter.is_open


def test_speed_and_stamps_are_set_while_closed(adapter):
    assert talk(adapter, b"S6\rs001C\rZ1\rO\rS6\rs001C\rZ0\r")[0] == b"\r\r\r\r\a\a\a"
    assert adapter.is_stamped


def test_another_speed_than_the_buses_is_refused_and_keeps_the_channel_closed(adapter):
    assert talk(adapter, b"S5\rO\r")[0] == b"\a\a"
    assert talk(adapter, b"S6\rO\r")[0] == b"\r\r"
    assert talk(SlcanAdapter(250_000), b"S5\rO\r")[0] == b"\r\r"


@pytest.mark.parametrize("line", [b"S9", b"S", b"S66", b"s12", b"sZZZZ", b"Z2", b"Q", b"M00000000", b"VV"])
def test_an_unknown_command_is_refused(adapter, line):
    assert talk(adapter, line + b"\r")[0] == b"\a"


def test_version_serial_and_status_are_told(open_adapter):
    assert talk(open_adapter, b"V\rv\rN\rF\r")[0] == b"V1013\rv0103\rNEVLD\rF00\r"
    open_adapter.status = 0xA4
    assert talk(open_adapter, b"F\r")[0] == b"FA4\r"
    assert talk(SlcanAdapter(500_000), b"F\r")[0] == b"\a"


def test_empty_lines_and_line_feeds_do_no_harm(adapter):
    assert talk(adapter, b"\r\r\rO\r\nt1230\r\n")[0] == b"\r\r\r\rz\r"


def test_commands_may_arrive_in_any_pieces(open_adapter):
    sent = [talk(open_adapter, bytes([byte]))[1] for byte in b"t1232BEEF\rt1230\r"]
    assert [frame for frames in sent for frame in frames] == [
        make_frame(0x123, b"\xbe\xef"),
        make_frame(0x123, b""),
    ]


@pytest.mark.parametrize("size", [LINE_SIZE_MAX + 1, 100, 5000])
def test_an_oversized_line_is_thrown_away_up_to_its_end(open_adapter, size):
    for part in (b"t123", b"0" * size, b"0" * size):
        assert talk(open_adapter, part) == (b"", [])
    assert talk(open_adapter, b"\rt1230\r") == (b"\az\r", [make_frame(0x123, b"")])
    assert open_adapter.refused == 1


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_garbage_never_stops_the_adapter(parts):
    adapter = SlcanAdapter(500_000)
    for part in parts:
        talk(adapter, part)
    talk(adapter, b"\rC\rS6\rO\r")
    assert talk(adapter, b"t1230\r")[1] == [make_frame(0x123, b"")]
