"""SerialPort on real pseudo terminals and pyserial URLs: never blocks, raises OSError only, comes back by
itself.
"""

import itertools
import os
import pty
import select
import socket
import termios
import tty

import pytest
from evenload import ticks
from evenload_node.hal.serial_posix import BACKOFF_MS_MAX, BACKOFF_MS_MIN, SerialPort


class Terminal:
    """A pseudo terminal under a name that stays, as udev gives one."""

    def __init__(self, link):
        self.link = link
        self.master = self.slave = -1
        self.plug_in()

    def plug_in(self):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.link.symlink_to(os.ttyname(self.slave))

    def unplug(self):
        if self.master >= 0:
            self.link.unlink()
            os.close(self.slave)
            os.close(self.master)
            self.master = -1


@pytest.fixture
def terminal(tmp_path):
    terminal = Terminal(tmp_path / "port")
    yield terminal
    terminal.unplug()


@pytest.fixture
def port(terminal):
    port = SerialPort(str(terminal.link), 4800)
    yield port
    port.close()


def read_arrived(port, size):
    """Read until `size` bytes are there; the operating system says when, no clock does."""
    data = b""
    while len(data) < size:
        assert select.select([port._line.fileno()], [], [], 10)[0]
        data += port.read(size - len(data))
    return data


def test_bytes_go_both_ways_and_an_empty_line_reads_as_nothing(port, terminal):
    assert port.reopen(0)
    port.write(b"\x58\xaa")
    assert os.read(terminal.master, 10) == b"\x58\xaa"
    assert port.read(10) == b""
    os.write(terminal.master, b"\x55" * 23)
    assert read_arrived(port, 23) == b"\x55" * 23


def test_flushed_input_is_gone(port, terminal):
    port.reopen(0)
    os.write(terminal.master, b"old")
    assert select.select([port._line.fileno()], [], [], 10)[0]
    port.flush_input()
    assert port.read(10) == b""


@pytest.mark.parametrize("act", [lambda p: p.write(b"x"), lambda p: p.read(1), lambda p: p.flush_input()])
def test_a_line_that_is_not_open_is_an_oserror(act):
    port = SerialPort("/dev/there-is-no-such-port", 4800)
    with pytest.raises(OSError, match="not open"):
        act(port)


def test_a_missing_port_is_tried_at_growing_intervals(tmp_path):
    port = SerialPort(str(tmp_path / "missing"), 4800)
    now_ms, tried_ms = ticks.PERIOD_MS - 5_000, []
    for _ in range(4_000):
        refused = port.refused_count
        assert not port.reopen(now_ms)
        if port.refused_count != refused:
            tried_ms.append(now_ms)
        now_ms = ticks.add_ms(now_ms, 10)
    pauses_ms = [ticks.elapsed_ms(b, a) for a, b in itertools.pairwise(tried_ms)]
    assert pauses_ms == [250, 500, 1000, 2000, 4000, 8000, 8000, 8000, 8000]
    assert (pauses_ms[0], pauses_ms[-1]) == (BACKOFF_MS_MIN, BACKOFF_MS_MAX)
    assert "missing" in port.last_error


def test_a_port_that_vanishes_raises_oserror_and_is_found_again_under_its_name(port, terminal):
    port.reopen(0)
    terminal.unplug()
    with pytest.raises(OSError, match="port"):
        port.read(10)
    assert (port.is_open, port.lost_count) == (False, 1)
    assert not port.reopen(0)
    terminal.plug_in()
    assert not port.reopen(100)
    assert port.reopen(BACKOFF_MS_MIN)
    assert port.opened_count == 2
    port.write(b"back")
    assert os.read(terminal.master, 10) == b"back"


def test_a_port_that_vanishes_while_it_is_written_to_raises_oserror(port, terminal):
    port.reopen(0)
    terminal.unplug()
    with pytest.raises(OSError, match="port"):
        port.write(b"x")


def test_a_full_line_is_an_error_and_not_a_wait(port):
    port.reopen(0)
    with pytest.raises(OSError, match="bytes"):
        for _ in range(100_000):
            port.write(b"x" * 64)
    assert not port.is_open


def test_the_speed_can_be_changed_and_holds_when_the_line_is_opened_again(port, terminal):
    port.reopen(0)
    port.set_baud(9600)
    assert termios.tcgetattr(terminal.slave)[4] == termios.B9600
    port.close()
    assert port.reopen(0)
    assert termios.tcgetattr(terminal.slave)[4] == termios.B9600


def test_a_second_owner_of_the_same_port_is_refused(port, terminal):
    port.reopen(0)
    second = SerialPort(str(terminal.link), 4800)
    assert not second.reopen(0)
    assert "exclusively lock" in second.last_error


def test_any_pyserial_url_works():
    port = SerialPort("loop://", 4800)
    assert port.reopen(0)
    port.write(b"echo")
    assert port.read(10) == b"echo"
    port.close()


def test_a_socket_url_works_and_its_end_is_an_oserror():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = SerialPort(f"socket://127.0.0.1:{server.getsockname()[1]}", 4800)
        assert port.reopen(0)
        peer, _ = server.accept()
        port.write(b"ask")
        assert peer.recv(10) == b"ask"
        assert port.read(10) == b""
        peer.close()
        assert select.select([port._line.fileno()], [], [], 10)[0]
        with pytest.raises(OSError, match="socket"):
            port.read(10)
        assert not port.is_open


def test_a_wrong_url_is_refused_with_its_reason():
    port = SerialPort("nonsense://x", 4800)
    assert not port.reopen(0)
    assert "nonsense" in port.last_error
