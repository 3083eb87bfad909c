"""The simulated line: byte times, noise, breaks and a port that vanishes."""

import pytest
from evenload_sim.uart_line import UartLine


class Echo:
    """A chip that answers every byte with its successor and remembers breaks."""

    baud = 4800

    def __init__(self):
        self.heard = []
        self.breaks_us = []

    def step(self, now_us):
        self.now_us = now_us

    def receive(self, now_us, byte, baud):
        self.heard.append((now_us, byte))
        return bytes([(byte + 1) & 0xFF])

    def hear_break(self, now_us, duration_us):
        self.breaks_us.append(duration_us)


def make_line(**options):
    line, chip = UartLine(**options), Echo()
    line.attach(chip)
    return line, chip


def test_a_byte_takes_ten_bit_times_each_way():
    line, chip = make_line()
    line.write(b"\x10\x20")
    line.advance(4)
    assert [time_us for time_us, _ in chip.heard] == [2083]
    assert line.read(10) == b""
    line.advance(1)
    assert line.read(10) == b"\x11"
    line.advance(5)
    assert line.read(10) == b"\x21"


def test_bytes_written_while_the_line_is_busy_queue_up():
    line, chip = make_line(baud=9600)
    line.write(b"\x01")
    line.write(b"\x02")
    line.advance(10)
    assert [time_us for time_us, _ in chip.heard] == [1041, 2082]


def test_a_vanished_port_raises_oserror_until_it_is_back():
    line, _ = make_line()
    line.set_gone(True)
    for call in (lambda: line.write(b"x"), lambda: line.read(1), line.flush_input):
        with pytest.raises(OSError, match="gone"):
            call()
    assert line.reopen(0) is False
    line.set_gone(False)
    assert line.reopen(0) is True
    line.write(b"x")


def test_noise_is_counted_and_the_same_seed_gives_the_same_noise():
    results = []
    for _ in range(2):
        line, chip = make_line(seed=7)
        line.noise_permille = 200
        line.write(bytes(range(200)))
        line.advance(2000)
        results.append(
            ([byte for _, byte in chip.heard], line.lost_bytes, line.inserted_bytes, line.flipped_bytes)
        )
    assert results[0] == results[1]
    assert all(count > 0 for count in results[0][1:])


def test_flush_throws_away_what_has_arrived():
    line, _ = make_line()
    line.write(b"\x01\x02\x03")
    line.advance(100)
    line.flush_input()
    assert line.read(10) == b""


def test_an_unread_buffer_overflows_and_counts():
    line, _ = make_line()
    line.write(bytes([1]) * 5000)
    line.advance(60_000)
    assert line.overrun_bytes == 5000 - 4096


def test_a_zero_sent_slowly_is_heard_as_a_break():
    line, chip = make_line(baud=1200)
    line.write(b"\x00")
    line.advance(20)
    assert chip.breaks_us == [7500]
    assert chip.heard == []
    line.send_break_ms(8)
    line.advance(20)
    assert chip.breaks_us == [7500, 8000]
