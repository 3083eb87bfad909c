"""The simulated BL0942 answers as the datasheet says, and its faults do what their names say."""

import json
from pathlib import Path

import pytest
from evenload.core import kernel
from evenload_sim.bl0942_chip import FAULTS, Bl0942Chip
from evenload_sim.bl0942_pty import Bl0942Pty
from evenload_sim.uart_line import UartLine

bl0942 = kernel("bl0942")
PACKET_REQUEST = b"\x58\xaa"


def make_chip(**options):
    """Return a quiet chip at 1 A, 220 V, 220 W (the application note's example), refreshed once."""
    chip, line = Bl0942Chip(noise=False, **options), UartLine()
    chip.voltage_mv, chip.current_ma, chip.power_mw = 220_000, 1000, 220_000
    line.attach(chip)
    line.advance(400)
    return chip, line


def ask(line, request, wait_ms=80):
    line.write(request)
    line.advance(wait_ms)
    return line.read(1000)


def write_register(line, address, register, value):
    frame = bytearray(6)
    bl0942.encode_write(frame, address, register, value)
    ask(line, bytes(frame))


def read_register(line, register, address=0):
    reply = ask(line, bytes([0x58 | address, register]), 30)
    return bl0942.decode_register(address, register, reply) if len(reply) == 4 else None


def decode(data):
    capture = bl0942.Capture(8)
    bl0942.Parser(0, capture).feed(data)
    return capture


def test_the_application_notes_example_comes_out_of_the_registers():
    _, line = make_chip()
    assert read_register(line, 0x03) == 251_213
    assert abs(read_register(line, 0x04) - 3_494_335) <= 1
    assert abs(read_register(line, 0x06) - 137_146) <= 1
    assert read_register(line, 0x08) == 20_000
    assert read_register(line, 0x19) == 0x87


def test_a_packet_is_accepted_by_the_parser():
    _, line = make_chip()
    capture = decode(ask(line, PACKET_REQUEST))
    assert (capture.packets, capture.dropped_bytes) == (1, 0)
    assert capture.fields[0] == 251_213


def test_negative_power_is_twos_complement_and_sets_the_reverse_flag():
    chip, line = make_chip()
    chip.power_mw = -220_000
    line.advance(400)
    assert bl0942.sign24(read_register(line, 0x06)) in (-137_146, -137_145)
    assert read_register(line, 0x09) & 1 == 1


def test_every_recorded_host_frame_is_understood():
    vectors = json.loads((Path(__file__).parent.parent / "vectors/bl0942_frames.json").read_text())
    for frame in vectors["host_frames"]:
        if frame["kind"] == "write" and frame["register"] == "0x19":
            chip, line = make_chip(address=frame["address"])
            write_register(line, frame["address"], 0x1D, 0x55)
            ask(line, bytes.fromhex(frame["bytes"]))
            assert chip.read_register(0x19) == int(frame["value"], 0), frame["id"]


def test_a_foreign_address_is_not_answered_and_does_not_lose_the_next_frame():
    _, line = make_chip()
    assert ask(line, b"\x59\xaa") == b""
    assert decode(ask(line, PACKET_REQUEST)).packets == 1


def test_configuration_is_write_protected_until_it_is_unlocked():
    chip, line = make_chip()
    write_register(line, 0, 0x19, 0x8F)
    assert chip.read_register(0x19) == 0x87
    write_register(line, 0, 0x1D, 0x55)
    assert read_register(line, 0x1D) == 1
    write_register(line, 0, 0x19, 0x8F)
    assert chip.read_register(0x19) == 0x8F


def test_a_damaged_write_is_ignored():
    chip, line = make_chip()
    write_register(line, 0, 0x1D, 0x55)
    ask(line, b"\xa8\x19\x8f\x00\x00\x00")
    assert chip.read_register(0x19) == 0x87


def test_a_frame_slower_than_16_ms_is_forgotten():
    _, line = make_chip()
    ask(line, b"\x58", 20)
    assert ask(line, b"\xaa") == b""
    assert decode(ask(line, PACKET_REQUEST)).packets == 1


def test_a_break_of_36_bit_times_resets_the_uart():
    _, line = make_chip()
    line.write(b"\xa8\x19")  # A write frame begun, within its 16 ms.
    line.advance(5)
    line.send_break_ms(8)
    line.advance(8)
    assert decode(ask(line, PACKET_REQUEST)).packets == 1


def test_energy_pulses_follow_the_power_exactly():
    chip, line = make_chip()
    before = chip.read_register(0x07)
    line.advance(3_600_000)
    watt = chip.read_register(0x06)
    assert chip.read_register(0x07) - before == pytest.approx(watt * 3600 / 419430.4, abs=1)


def test_a_small_load_creeps_and_reads_zero():
    chip, line = make_chip()
    chip.power_mw, chip.current_ma = 100, 1
    line.advance(400)
    assert (read_register(line, 0x03), read_register(line, 0x06)) == (0, 0)
    assert read_register(line, 0x09) & 2 == 2


def test_a_changed_baud_needs_the_host_to_follow():
    _, line = make_chip()
    write_register(line, 0, 0x1D, 0x55)
    write_register(line, 0, 0x19, 0x387)
    assert decode(ask(line, PACKET_REQUEST)).packets == 0
    line.advance(100)
    line.set_baud(38_400)
    line.flush_input()
    assert decode(ask(line, PACKET_REQUEST, 20)).packets == 1


def test_readings_jitter_unless_the_chip_is_frozen():
    chip, line = Bl0942Chip(seed=3), UartLine()
    chip.current_ma, chip.power_mw = 16_000, 3_680_000
    line.attach(chip)
    line.advance(400)
    seen = set()
    for _ in range(10):
        line.advance(1000)
        seen.add(ask(line, PACKET_REQUEST))
    assert len(seen) == 10
    chip.set_fault("frozen", True)
    seen.clear()
    for _ in range(10):
        line.advance(1000)
        seen.add(ask(line, PACKET_REQUEST))
    assert len(seen) == 1


def test_a_bad_sum_is_never_accepted():
    chip, line = make_chip()
    chip.set_fault("bad_sum", True)
    capture = decode(ask(line, PACKET_REQUEST) + bytes(23))
    assert (capture.packets, capture.bad_checksum) == (0, 1)


def test_shifted_replies_are_found_behind_their_junk():
    chip, line = make_chip()
    chip.set_fault("shifted", True)
    capture = decode(ask(line, PACKET_REQUEST))
    assert capture.packets == 1
    assert 1 <= capture.dropped_bytes <= 3


def test_a_silent_chip_says_nothing():
    chip, line = make_chip()
    chip.set_fault("silent", True)
    assert ask(line, PACKET_REQUEST) == b""


def test_a_brown_out_silences_the_chip_and_leaves_defaults_and_no_energy():
    chip, line = make_chip()
    line.advance(600_000)
    write_register(line, 0, 0x1D, 0x55)
    write_register(line, 0, 0x19, 0x8F)
    assert chip.read_register(0x07) > 0
    chip.set_fault("brownout", True)
    assert ask(line, PACKET_REQUEST) == b""
    chip.set_fault("brownout", False)
    assert (chip.read_register(0x07), chip.read_register(0x19)) == (0, 0x87)


def test_batched_replies_arrive_five_at_a_time():
    chip, line = make_chip()
    chip.set_fault("batched", True)
    sizes = [len(ask(line, PACKET_REQUEST, 300)) for _ in range(5)]
    assert sizes == [0, 0, 0, 0, 5 * 23 + 4]


def test_an_unknown_fault_is_refused_by_name():
    with pytest.raises(ValueError, match="'melted' is no fault of a BL0942; valid: bad_sum"):
        Bl0942Chip().set_fault("melted", True)
    assert len(FAULTS) == 6


def test_a_pty_carries_requests_to_the_chips_and_answers_back(tmp_path):
    serial = pytest.importorskip("serial")
    chip = Bl0942Chip(noise=False)
    terminal = Bl0942Pty([chip], tmp_path / "meter")
    with serial.Serial(str(terminal.link), 4800, timeout=0) as port:
        terminal.step(400)
        port.write(PACKET_REQUEST)
        terminal.step(100)
        assert decode(port.read(100)).packets == 1
    terminal.unplug()
    assert not terminal.link.exists()
    terminal.plug_in()
    assert terminal.link.exists()
    terminal.unplug()
