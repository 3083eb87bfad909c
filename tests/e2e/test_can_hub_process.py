"""The hub as a process: python-can through TCP and through a serial port, signals, and a reader that stops."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from evenload_sim.can_rig import make_frame

DEADLINE_S = 30
CODE = "from evenload_host.cli import main; main()"


class HubProcess:
    """`evenload sim can-hub --json`; `told` is its ready line."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [sys.executable, "-c", CODE, "sim", "can-hub", "--json", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.told = json.loads(line)

    def next_line(self, event):
        """Return the next line of that kind."""
        while True:
            line = json.loads(self.process.stdout.readline())
            if line["event"] == event:
                return line

    def stop(self, number=signal.SIGTERM):
        """End it; return (exit code, its last line, what it said on stderr)."""
        self.process.send_signal(number)
        said, errors = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, json.loads(said.splitlines()[-1]), errors


@pytest.fixture
def start_hub():
    """Return a function (options) -> running hub."""
    started = []

    def start(*options):
        started.append(HubProcess(*options))
        return started[-1]

    yield start
    for hub in started:
        if hub.process.poll() is None:
            hub.process.kill()
        hub.process.communicate()


@pytest.fixture
def open_bus(require_module):
    """Return a context manager (channel) -> python-can bus. Let it end before the hub does."""
    can = require_module("can", "pip install python-can")

    @contextmanager
    def open_at(channel):
        bus = can.Bus(interface="slcan", channel=channel, bitrate=500_000, sleep_after_open=0)
        try:
            yield bus
        finally:
            bus.shutdown()

    return open_at


def connect_raw(path):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.settimeout(DEADLINE_S)
    client.connect(str(path))
    return client


def has_ended(client):
    """Return whether the other side has gone, politely or not."""
    try:
        return client.recv(17) == b""
    except ConnectionResetError:  # It went before it had accepted.
        return True


def exchange(sender, receiver):
    """Send frames of every kind by python-can and return whether each arrived as it was sent."""
    import can

    for identifier, is_extended, is_remote, data in (
        (0x7FF, False, False, b""),
        (0x123, False, False, bytes(range(8))),
        (0x1ABCDEF0, True, False, b"\xbe\xef"),
        (0x123, False, True, b""),
        (0x1ABCDEF0, True, True, b""),
    ):
        message = can.Message(
            arbitration_id=identifier, is_extended_id=is_extended, is_remote_frame=is_remote, data=data
        )
        sender.send(message)
        heard = next_message(receiver)
        assert heard.equals(message, timestamp_delta=None, check_channel=False), (heard, message)


def next_message(bus):
    """Return the next frame; answers to commands are no frames, and recv returns None for them."""
    deadline_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline_s:
        message = bus.recv(1.0)
        if message is not None:
            return message
    raise AssertionError("no frame came")


def test_python_can_talks_through_tcp(start_hub, open_bus):
    hub = start_hub("--tcp", "0")
    with open_bus(hub.told["tcp"]) as one, open_bus(hub.told["tcp"]) as two:
        assert one.get_version(5) == (10, 13)
        assert one.get_serial_number(5) == "EVLD"
        assert two.get_version(5) == (10, 13)  # Answered: its channel is open.
        exchange(one, two)
        exchange(two, one)
    assert hub.stop()[1]["frames"] == 10


def test_python_can_talks_through_a_serial_port_again_and_again(start_hub, open_bus):
    hub = start_hub("--tcp", "0", "--pty")
    with open_bus(hub.told["tcp"]) as far:
        assert far.get_version(5) == (10, 13)
        for _ in range(3):
            with open_bus(hub.told["pty"]) as near:
                assert near.get_version(5) == (10, 13)
                exchange(near, far)
                exchange(far, near)
    assert hub.stop()[1]["frames"] == 30


def test_python_can_and_raw_clients_share_a_bus(start_hub, open_bus, tmp_path):
    hub = start_hub("--tcp", "0", "--socket", str(tmp_path / "bus"))
    with open_bus(hub.told["tcp"]) as bus, connect_raw(hub.told["socket"]) as raw:
        assert bus.get_version(5) == (10, 13)
        raw.send(make_frame(0x123, b"\x01\x02"))
        message = next_message(bus)
        assert (message.arbitration_id, bytes(message.data)) == (0x123, b"\x01\x02")
        bus.send(message)
        assert raw.recv(17) == make_frame(0x123, b"\x01\x02")


def test_the_hub_reports_each_second_when_asked_and_at_the_end(start_hub, tmp_path):
    hub = start_hub("--socket", str(tmp_path / "bus"), "--seed", "3")
    assert set(hub.told) == {"event", "socket", "port", "bitrate", "instant", "rt", "pid"}
    raw, listener = connect_raw(tmp_path / "bus"), connect_raw(tmp_path / "bus")
    raw.send(make_frame(0, b"CDU_01"))
    raw.send(make_frame(0x123))
    assert listener.recv(17) == make_frame(0x123)
    hub.process.send_signal(signal.SIGUSR1)
    asked = hub.next_line("asked")
    assert (asked["frames"], asked["clients"]) == (1, ["CDU_01", "client 2"])
    assert set(asked["lateness"]) == {"count", "p50_us", "p99_us", "max_us"}
    assert hub.next_line("second")["t_us"] >= asked["t_us"]
    code, last, errors = hub.stop(signal.SIGINT)
    assert (code, last["event"], last["frames"], last["lateness"]["count"]) == (0, "stopped", 1, 1)
    assert errors == ""
    assert not (tmp_path / "bus").exists()
    raw.close()
    listener.close()


def test_a_reader_of_the_reports_that_stops_reading_stops_nothing(start_hub, tmp_path):
    hub = start_hub("--socket", str(tmp_path / "bus"))
    raw, listener = connect_raw(tmp_path / "bus"), connect_raw(tmp_path / "bus")
    for count in range(600):  # Far more reports than a pipe holds.
        hub.process.send_signal(signal.SIGUSR1)
        raw.send(make_frame(1 + count))
        assert listener.recv(17) == make_frame(1 + count)
    raw.close()
    listener.close()


def test_a_killed_hub_can_be_started_on_the_same_path(start_hub, tmp_path):
    first = start_hub("--socket", str(tmp_path / "bus"))
    raw = connect_raw(tmp_path / "bus")
    first.process.kill()
    first.process.wait(DEADLINE_S)
    assert has_ended(raw)
    start_hub("--socket", str(tmp_path / "bus"))
    connect_raw(tmp_path / "bus").close()
    raw.close()


def test_what_cannot_be_served_is_refused_with_a_sentence(start_hub, tmp_path):
    start_hub("--socket", str(tmp_path / "bus"))
    for options, words in (
        (("--socket", str(tmp_path / "bus")), "serves"),
        (("--bitrate", "300000"), "bitrate"),
        (("--tcp", "70000"), "--tcp"),
        (("--loss", "nan"), "--loss"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", CODE, "sim", "can-hub", *options],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr


@pytest.mark.alone
def test_a_saturated_bus_is_on_time(start_hub, tmp_path):
    """Six receivers and a sender that never stops, 500 kbit/s: the 99th percentile is late by less than 1 ms.

    Where the kernel doesn't let the hub run above everything else, half the frames are. The best of three counts: what
    the machine does meanwhile is not the hub's.
    """
    for attempt in range(3):
        late = saturate(start_hub("--socket", str(tmp_path / f"bus{attempt}")), 4000)
        if late < 1000:
            return
    raise AssertionError(f"late by {late} us")


def saturate(hub, total):
    """Let one client send `total` frames to six others; return the lateness in us that counts."""
    sender = connect_raw(hub.told["socket"])
    receivers = [connect_raw(hub.told["socket"]) for _ in range(6)]
    poll = select.poll()
    for client in [sender, *receivers]:
        client.setblocking(False)
        poll.register(client, select.POLLIN)
    poll.modify(sender, select.POLLOUT)
    heard = dict.fromkeys([client.fileno() for client in receivers], 0)
    sent = 0
    while min(heard.values()) < total:
        events = poll.poll(DEADLINE_S * 1000)
        assert events, heard
        for descriptor, _ in events:
            if descriptor == sender.fileno():
                sent += send_some(sender, sent, total)
                if sent == total:
                    poll.unregister(sender)
            else:
                heard[descriptor] += len(os.read(descriptor, 17)) // 16
    _, last, _ = hub.stop()
    assert (last["frames"], last["dropped"], last["refused"]) == (total, 0, 0)
    for client in [sender, *receivers]:
        client.close()
    return last["lateness"]["p99_us" if last["rt"] else "p50_us"]


def send_some(sender, sent, total):
    """Send frames until the socket is full; return how many."""
    count = 0
    try:
        while sent + count < total:
            sender.send(make_frame(0x100 + sent % 8, (sent + count).to_bytes(8, "little")))
            count += 1
    except BlockingIOError:
        pass
    return count
