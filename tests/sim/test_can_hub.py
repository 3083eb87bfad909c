"""The hub in this process: clients of all kinds on one bus, the slow ones, the dead ones and the wrong ones."""

import os
import select
import socket
import struct
import time

import pytest
from evenload_sim.can_bits import CAN_ERROR, CAN_EXTENDED, CAN_REMOTE
from evenload_sim.can_clients import OUT_COUNT_MAX, OUT_SIZE_MAX
from evenload_sim.can_hub import CLIENT_COUNT_MAX, CanHub, HubError, HubOptions
from evenload_sim.can_rig import make_frame

DEADLINE_S = 20.0
FRAME = make_frame(0x123 | CAN_EXTENDED)
LINE = b"T0000012389B9B9B9B9B9B9B9B\r"


class Bench:
    """A hub and its clients, in one loop. Clients never wait."""

    def __init__(self, folder, **options):
        self.path = folder / "bus"
        self.hub = CanHub(HubOptions(tcp_port=0, has_pty=True, socket_path=self.path, **options))
        self.sockets = []
        self.terminal = os.open(self.hub.pty_path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def close(self):
        for client in self.sockets:
            client.close()
        os.close(self.terminal)
        self.hub.close()

    def until(self, condition, what="the condition"):
        """Turn the hub until `condition` holds."""
        deadline_s = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline_s, f"{what}: waited in vain; {self.hub.report()}"
            self.hub.turn(0.01)

    def connect(self, kind, address):
        client = socket.socket(*kind)
        client.connect(address)
        client.setblocking(False)
        self.sockets.append(client)
        count = len(self.hub.clients)
        self.until(lambda: len(self.hub.clients) > count, "a client")
        return client

    def raw(self):
        return self.connect((socket.AF_UNIX, socket.SOCK_SEQPACKET), str(self.path))

    def tcp(self, begin=b"O\r"):
        client = self.connect((socket.AF_INET, socket.SOCK_STREAM), ("127.0.0.1", self.hub.port))
        client.sendall(begin)
        assert self.read(client, len(begin) and 1)
        return client

    def read(self, client, size):
        """Return at least `size` bytes that arrive at `client`."""
        data = bytearray()

        def has_come():
            if select.select([client], [], [], 0)[0]:
                data.extend(os.read(client if isinstance(client, int) else client.fileno(), 65536))
            return len(data) >= size

        self.until(has_come, f"{size} bytes")
        return bytes(data)


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.close()


def test_slcan_and_raw_clients_meet_on_one_bus(bench):
    raw, tcp = bench.raw(), bench.tcp()
    os.write(bench.terminal, b"O\r")
    assert bench.read(bench.terminal, 1) == b"\r"
    raw.send(FRAME)
    assert bench.read(tcp, len(LINE)) == LINE
    assert bench.read(bench.terminal, len(LINE)) == LINE
    tcp.send(LINE)
    assert bench.read(raw, 16) == FRAME
    assert bench.read(bench.terminal, len(LINE)) == LINE
    os.write(bench.terminal, b"t1230\r")
    assert bench.read(raw, 16) == make_frame(0x123, b"")
    assert b"t1230\r" in bench.read(tcp, 8)


def test_the_most_urgent_frame_goes_first_whoever_sent_it(bench):
    listener, one, two = bench.raw(), bench.raw(), bench.raw()
    for client, identifiers in ((one, (0x500, 0x300)), (two, (0x400, 0x100))):
        for identifier in identifiers:
            client.send(make_frame(identifier))
    heard = [bench.read(listener, 16) for _ in range(4)]
    order = [struct.unpack_from("<I", frame)[0] for frame in heard]
    assert order in ([0x500, 0x100, 0x300, 0x400], [0x100, 0x300, 0x400, 0x500], [0x400, 0x100, 0x300, 0x500])


def test_a_client_does_not_hear_itself_and_may_be_alone(bench):
    raw = bench.raw()
    raw.send(FRAME)
    bench.until(lambda: bench.hub.bus.frames == 1)
    assert not select.select([raw], [], [], 0)[0]


def test_a_frame_is_delivered_when_the_bus_has_carried_it(bench):
    raw, listener = bench.raw(), bench.raw()
    begin_ns = time.monotonic_ns()
    for _ in range(20):
        raw.send(make_frame(0x555))  # 111 bits of 2 us.
    for _ in range(20):
        bench.read(listener, 16)
    assert time.monotonic_ns() - begin_ns >= (20 * 111 - 3) * 2000
    assert bench.hub.report(is_total=True)["lateness"]["count"] == 20


def test_an_instant_bus_orders_but_does_not_wait(tmp_path):
    bench = Bench(tmp_path, bitrate=10_000, is_instant=True)
    raw, listener = bench.raw(), bench.raw()
    begin_ns = time.monotonic_ns()
    for count in range(200):
        raw.send(make_frame(0x700 - count))
    bench.until(lambda: bench.hub.bus.frames == 200)
    assert bench.hub.bus.now_ns > 2 * 10**9  # Modelled: over two seconds.
    assert time.monotonic_ns() - begin_ns < 2 * 10**9
    first = struct.unpack_from("<I", bench.read(listener, 16))[0]
    assert first < 0x700
    bench.close()


def test_the_first_message_may_name_the_client(bench):
    named, frame_first = bench.raw(), bench.raw()
    named.send(make_frame(0, b"CDU_01"))
    frame_first.send(FRAME)
    assert bench.read(named, 16) == FRAME
    frame_first.send(make_frame(0, b"late"))  # Only the first one names: this is a frame.
    assert bench.read(named, 16) == make_frame(0, b"late")
    assert bench.hub.report()["clients"] == ["pty", "CDU_01", "client 2"]


@pytest.mark.parametrize(
    "message",
    [b"abc", b"x" * 15, b"x" * 17, b"x" * 4000, make_frame(CAN_ERROR | 4), make_frame(0x800), b"\x01" * 16],
)
def test_a_message_that_is_no_frame_is_counted_and_the_client_stays(bench, message):
    raw, listener = bench.raw(), bench.raw()
    raw.send(message)
    raw.send(FRAME)
    assert bench.read(listener, 16) == FRAME
    assert bench.hub.report()["refused"] == 1


def test_standard_and_remote_frames_pass_raw(bench):
    raw, listener = bench.raw(), bench.raw()
    for frame in (make_frame(0x7FF), make_frame(0x7FF | CAN_REMOTE, b"")):
        raw.send(frame)
        assert bench.read(listener, 16) == frame


def test_garbage_on_tcp_is_answered_and_counted(bench):
    tcp = bench.tcp(b"\xff\x00garbage\rt12\r" + b"9" * 5000 + b"\rO\r")
    bench.until(lambda: bench.hub.report()["refused"] == 3)
    tcp.send(LINE)
    bench.until(lambda: bench.hub.bus.frames == 1)


def test_a_client_at_another_speed_takes_no_part(bench):
    tcp = bench.tcp(b"S4\rO\r")
    raw = bench.raw()
    raw.send(FRAME)
    tcp.send(b"\r")
    bench.until(lambda: bench.hub.bus.frames == 1)
    assert b"T" not in bench.read(tcp, 1)


def test_stamped_frames_carry_their_millisecond(bench):
    tcp, raw = bench.tcp(b"Z1\rO\r"), bench.raw()
    raw.send(FRAME)
    line = bench.read(tcp, len(LINE) + 4)[-len(LINE) - 4 :]
    assert line[:-5] + b"\r" == LINE
    assert 0 <= int(line[-5:-1], 16) < 60_000


def test_a_client_that_reads_nothing_costs_only_its_own_frames(tmp_path):
    bench = Bench(tmp_path, is_instant=True)
    dead_raw, dead_tcp, raw, listener = bench.raw(), bench.tcp(), bench.raw(), bench.raw()
    _, hub_raw, hub_tcp, _, _ = bench.hub.clients
    rounds = 0
    while hub_raw.dropped == 0 or hub_tcp.dropped == 0:
        for _ in range(40):
            raw.send(FRAME)
        assert [bench.read(listener, 16) for _ in range(40)] == [FRAME] * 40
        rounds += 1
        assert rounds < 5000, "the kernel takes everything"
    assert bench.hub.bus.frames == 40 * rounds
    assert len(hub_raw._out) == OUT_COUNT_MAX
    assert len(hub_tcp._out) <= OUT_SIZE_MAX
    assert bench.hub.report()["dropped"] == hub_raw.dropped + hub_tcp.dropped
    bench.close()
    assert (dead_raw.fileno(), dead_tcp.fileno()) == (-1, -1)


def test_what_a_client_sends_faster_than_the_bus_waits_and_is_not_lost(bench):
    tcp, listener = bench.tcp(), bench.raw()
    tcp.setblocking(True)
    tcp.sendall(LINE * 300)
    assert [bench.read(listener, 16) for _ in range(300)] == [FRAME] * 300
    assert (bench.hub.report()["dropped"], bench.hub.report()["refused"]) == (0, 0)


def test_a_flood_of_garbage_is_read_with_pauses_and_delays_nobody(bench):
    wrong, raw, listener = bench.raw(), bench.raw(), bench.raw()
    begin_us = bench.hub.bus.now_us
    for _ in range(200):  # Four turns of 64, so three pauses of 1 ms.
        wrong.send(b"abc")
    raw.send(FRAME)
    assert bench.read(listener, 16) == FRAME
    bench.until(lambda: bench.hub.report()["refused"] == 200)
    assert bench.hub.bus.now_us - begin_us >= 3000


def test_clients_that_go_are_forgotten_and_their_counts_stay(bench):
    raw, tcp, stays = bench.raw(), bench.tcp(), bench.raw()
    raw.send(b"abc")
    bench.until(lambda: bench.hub.report()["refused"] == 1)
    raw.close()
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    tcp.close()  # A reset, not an end.
    bench.until(lambda: len(bench.hub.clients) == 2)
    assert len(bench.hub.bus.ports) == 3  # The hub's own, the terminal's, and the one that stays.
    assert bench.hub.report()["refused"] == 1
    stays.send(FRAME)
    bench.until(lambda: bench.hub.bus.frames == 1)


def test_a_client_that_goes_while_it_is_behind_is_forgotten(bench):
    raw = bench.raw()
    for _ in range(100):
        raw.send(FRAME)
    raw.close()
    bench.until(lambda: len(bench.hub.clients) == 1)


def test_closing_the_terminals_channel_forgets_what_nobody_read(bench):
    raw = bench.raw()
    os.write(bench.terminal, b"O\r")
    bench.read(bench.terminal, 1)
    for _ in range(3):
        raw.send(FRAME)
    bench.until(lambda: bench.hub.bus.frames == 3)
    os.write(bench.terminal, b"C\r")
    bench.until(lambda: not bench.hub.clients[0].adapter.is_open)
    assert bench.read(bench.terminal, 1) == b"\r"


def test_too_many_clients_are_turned_away(bench):
    for _ in range(CLIENT_COUNT_MAX - 1):
        bench.raw()
    surplus = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    surplus.connect(str(bench.path))
    bench.until(lambda: bench.hub.report()["refused"] == 1)
    assert select.select([surplus], [], [], DEADLINE_S)[0]
    surplus.close()


def test_loss_repeats_with_the_seed(tmp_path):
    def count_lost():
        bench = Bench(tmp_path, loss=0.3, seed=7, is_instant=True)
        raw, _listener = bench.raw(), bench.raw()
        for _ in range(60):
            raw.send(FRAME)
        bench.until(lambda: bench.hub.bus.frames == 60)
        bench.close()
        return bench.hub.report()["lost"]

    assert count_lost() == count_lost() > 30


def test_the_file_of_a_dead_hub_is_replaced_and_that_of_a_live_one_is_not(bench, tmp_path):
    with pytest.raises(HubError, match="serves"):
        CanHub(HubOptions(socket_path=bench.path))
    stale = tmp_path / "stale"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dead:
        dead.bind(str(stale))
    hub = CanHub(HubOptions(socket_path=stale))
    hub.close()
    assert not stale.exists()


def test_what_cannot_be_served_is_refused_in_a_sentence(bench, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HubError, match="is no socket"):
        CanHub(HubOptions(socket_path=tmp_path / "file"))
    with pytest.raises(HubError, match="too long"):
        CanHub(HubOptions(socket_path=tmp_path / ("x" * 120)))
    with pytest.raises(HubError, match=f"port {bench.hub.port}"):
        CanHub(HubOptions(tcp_port=bench.hub.port))
    with pytest.raises(HubError, match="300000"):
        CanHub(HubOptions(bitrate=300_000))
