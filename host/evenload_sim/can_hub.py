"""A CAN bus that many programs share: one process, the modelled bus in real time, clients on sockets and a terminal.

    hub = CanHub(HubOptions(tcp_port=0, socket_path=Path("bus"), has_pty=True))
    while not hub.stop_asked: hub.turn()
    hub.close()

SLCAN clients and raw clients (`can_clients`) are ports of one `CanBus`, whose microseconds are those of CLOCK_MONOTONIC
since the start: a frame is delivered when its last bit would have ended. The hub itself listens and acknowledges, so
a client may be alone. With `is_instant` the bus runs as fast as it can instead: order and arbitration stay, time not.

The loop waits in `select` with its microseconds (epoll's are milliseconds), up to the next event of the bus. It
measures how late each frame left: from the end that the bus gave it to the moment when it was written to all.
"""

import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from evenload.core import kernel
from evenload.errors import EvenloadError

from evenload_sim.can_bus import NEVER_US, QUEUE_COUNT_MAX, CanBus
from evenload_sim.can_clients import OUT_SIZE_MAX, Client, PtyClient, RawClient, SlcanClient
from evenload_sim.lateness import Lateness
from evenload_sim.real_time import claim_real_time

PRIORITY = 41  # One above the nodes, whose bus this is.
CLIENT_COUNT_MAX = 64
READ_SIZE = 4096
WAIT_S_MAX = 1.0
PAUSE_US = 1000  # Frames are held back by the bus; what is none, by this: a flood of garbage stays a trickle.
PATH_SIZE_MAX = 107  # Of a local socket's address.


class HubError(EvenloadError):
    """The hub can't start, in a sentence."""


@dataclass(frozen=True)
class HubOptions:
    """What to serve. tcp_port: None for none, 0 for a free one; loss: probability 0..1, per receiver and frame."""

    bitrate: int = 500_000
    tcp_port: int | None = None
    has_pty: bool = False
    socket_path: Path | None = None
    loss: float = 0.0
    seed: int = 1
    is_instant: bool = False


class CanHub:
    """The hub. Attributes to read: bus, clients, port (TCP), pty_path, is_real_time, stop_asked, report_asked."""

    def __init__(self, options: HubOptions) -> None:
        self.options = options
        try:
            self.bus = CanBus(options.bitrate, kernel("random32").Random32(options.seed))
        except ValueError as error:
            raise HubError(f"bitrate: {error}.") from error
        self.bus.loss(options.loss)
        self.clients: list[Client] = []
        self.gone: dict[str, int] = {"dropped": 0, "refused": 0, "clients": 0}
        self._lateness = Lateness()
        self._lateness_of_period = Lateness()
        self.stop_asked = False
        self.report_asked = False
        self.port = 0
        self.pty_path = ""
        self._listeners: dict[int, socket.socket] = {}
        self._ended_us: list[int] = []
        self._client_count = 0
        self._paused_us: dict[Client, int] = {}
        self._bus_path: Path | None = None
        self._wake_read, self._wake_write = socket.socketpair()
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        self.is_real_time = False
        self._start_ns = time.monotonic_ns()

    def claim_real_time(self) -> None:
        """Run this process above all nodes if that is permitted; `is_real_time` says so. Not for an instant bus."""
        self.is_real_time = not self.options.is_instant and claim_real_time(PRIORITY)

    def watch_signals(self) -> None:
        """Let SIGTERM and SIGINT set `stop_asked` and SIGUSR1 `report_asked`; they end the wait in `turn`."""
        for wake in (self._wake_read, self._wake_write):
            wake.setblocking(False)
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, self._on_signal)

    def turn(self, wait_s_max: float = WAIT_S_MAX) -> None:
        """Wait for the next event, at most `wait_s_max`, and do what is due."""
        self._advance()
        self._work_off()
        wait_s = min(self._wait_s(), wait_s_max)
        clients = {client.fileno(): client for client in self.clients}
        readers = [number for number, client in clients.items() if self._may_be_read(client)]
        writers = [descriptor for descriptor, client in clients.items() if client.has_output]
        waited_for = [self._wake_read.fileno(), *self._listeners, *readers]
        readable, writable, _ = select.select(waited_for, writers, [], max(0.0, wait_s))
        self._advance()
        # First of all: who has connected before another sends shall hear it.
        for listener in [self._listeners[number] for number in readable if number in self._listeners]:
            self._accept(listener)
        for client in [clients[descriptor] for descriptor in readable if descriptor in clients]:
            self._take(client, client.read)
        for client in [clients[descriptor] for descriptor in writable]:
            self._try(client, client.write)
        if self._wake_read.fileno() in readable:
            self._wake_read.recv(READ_SIZE)

    def close(self) -> None:
        """Disconnect everybody and remove the socket's file."""
        for client in list(self.clients):
            self._remove(client)
        for listener in self._listeners.values():
            listener.close()
        self._wake_read.close()
        self._wake_write.close()
        if self._bus_path is not None:
            self._bus_path.unlink(missing_ok=True)

    def addresses(self) -> dict[str, str]:
        """Return where clients connect: `tcp` and `pty` for SLCAN, `socket` for raw frames."""
        found = {"tcp": f"socket://127.0.0.1:{self.port}"} if self.port else {}
        if self.pty_path:
            found["pty"] = self.pty_path
        if self.options.socket_path is not None:
            found["socket"] = str(self.options.socket_path)
        return found

    def report(self, is_total: bool = False) -> dict[str, Any]:
        """Return the counters since the start, and load and lateness since `restart_period` (is_total: the start)."""
        lateness, load_permille = self._lateness_of_period, self.bus.load_permille()
        if is_total:
            lateness = Lateness()
            lateness.add_all(self._lateness)
            lateness.add_all(self._lateness_of_period)
            load_permille = self.bus.busy_ns * 1000 // max(1, self.bus.now_ns)
        return {
            "frames": self.bus.frames,
            "errors": self.bus.errors,
            "lost": self.bus.lost,
            "load_permille": load_permille,
            "clients": [client.name for client in self.clients],
            "dropped": self.gone["dropped"] + sum(client.dropped for client in self.clients),
            "refused": self.gone["refused"] + sum(client.refused for client in self.clients),
            "lateness": lateness.summary(),
        }

    def restart_period(self) -> None:
        """Begin a new period of `load_permille` and `lateness`; the total goes on."""
        self.bus.restart_load()
        self._lateness.add_all(self._lateness_of_period)
        self._lateness_of_period = Lateness()

    def _now_us(self) -> int:
        return (time.monotonic_ns() - self._start_ns) // 1000

    def _wait_s(self) -> float:
        """Return the seconds to the next event of the bus or the end of a pause."""
        now_us = self._now_us()
        next_us = min(self._paused_us.values(), default=NEVER_US)
        bus_us = self.bus.next_event_us()
        if bus_us != NEVER_US:
            next_us = min(next_us, now_us if self.options.is_instant else bus_us)
        return WAIT_S_MAX if next_us == NEVER_US else (next_us - now_us) / 1e6

    def _advance(self) -> None:
        """Bring the bus to the present and write what it delivered."""
        bus = self.bus
        if self.options.is_instant:
            while (next_us := bus.next_event_us()) != NEVER_US:
                bus.advance(next_us)
        else:
            bus.advance(max(bus.now_us, self._now_us()))
        if self._ended_us:
            for client in [client for client in self.clients if client.has_output]:
                self._try(client, client.write)
            now_us = self._now_us()
            for ended_us in self._ended_us:
                self._lateness_of_period.add(0 if self.options.is_instant else now_us - ended_us)
            self._ended_us.clear()

    def _work_off(self) -> None:
        """End the pauses that are over, and let clients that were behind go on."""
        now_us = self._now_us()
        self._paused_us = {client: end_us for client, end_us in self._paused_us.items() if end_us > now_us}
        for client in [client for client in self.clients if client.is_behind]:
            if client not in self._paused_us and client.port.queued < QUEUE_COUNT_MAX:
                self._take(client, client.work)

    def _may_be_read(self, client: Client) -> bool:
        return not client.is_behind and client not in self._paused_us

    def _take(self, client: Client, deed: Callable[[], None]) -> None:
        """Let `client` read or work; one that has sent no frame, or more than a turn's, pauses."""
        taken, spent = client.taken, client.spent
        self._try(client, deed)
        is_fruitless = client.spent > spent and client.taken == taken
        is_greedy = client.is_behind and client.port.queued < QUEUE_COUNT_MAX
        if client in self.clients and (is_fruitless or is_greedy):
            self._paused_us[client] = self._now_us() + PAUSE_US

    def _try(self, client: Client, deed: Callable[[], None]) -> None:
        """Let `client` read, work or write, then write its answers; remove it when it has gone."""
        if client not in self.clients:
            return
        try:
            deed()
            if client.has_output and deed != client.write:
                client.write()
        except OSError:
            self._remove(client)

    def _remove(self, client: Client) -> None:
        if client not in self.clients:
            return
        self.clients.remove(client)
        self._paused_us.pop(client, None)
        self.bus.detach(client.port)
        client.port.on_frame = None
        client.close()
        self.gone["dropped"] += client.dropped
        self.gone["refused"] += client.refused
        self.gone["clients"] += 1

    def _open(self) -> None:
        options = self.options
        self.bus.attach("hub").on_frame = self._note
        try:
            if options.tcp_port is not None:
                tcp = socket.create_server(("127.0.0.1", options.tcp_port))
                self.port = tcp.getsockname()[1]
                self._listen(tcp)
            if options.socket_path is not None:
                self._listen(_local_server(options.socket_path))
                self._bus_path = options.socket_path
        except OSError as error:
            where = f"tcp: port {options.tcp_port}" if self.port == 0 and options.tcp_port else "socket"
            raise HubError(f"{where}: {error.strerror}. Choose another or 0 for a free one.") from error
        if options.has_pty:
            client = PtyClient(self.bus.attach("pty"), options.bitrate)
            self.pty_path = client.path
            self.clients.append(client)

    def _listen(self, listener: socket.socket) -> None:
        listener.setblocking(False)
        self._listeners[listener.fileno()] = listener

    def _note(self, at_us: int, _frame: bytes) -> None:
        self._ended_us.append(at_us)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # There is no other, or it has gone again.
                return
            if len(self.clients) < CLIENT_COUNT_MAX:
                self._welcome(connection)
            else:
                connection.close()
                self.gone["refused"] += 1

    def _welcome(self, connection: socket.socket) -> None:
        self._client_count += 1
        name = f"client {self._client_count}"
        port = self.bus.attach(name)
        if connection.family == socket.AF_UNIX:
            self.clients.append(RawClient(connection, name, port))
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, OUT_SIZE_MAX)
        self.clients.append(SlcanClient(connection.detach(), name, port, self.options.bitrate))

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGUSR1:
            self.report_asked = True
        else:
            self.stop_asked = True


def _local_server(path: Path) -> socket.socket:
    """Listen on `path`; a file that a dead hub has left is replaced. Raises HubError."""
    if len(str(path).encode()) > PATH_SIZE_MAX - len(".new"):
        raise HubError(f"socket: {path} is too long for a local socket; at most {PATH_SIZE_MAX - 4} bytes.")
    if path.exists() or path.is_symlink():
        if not path.is_socket():
            raise HubError(f"socket: {path} exists and is no socket. Choose another path.")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe, suppress(ConnectionRefusedError):
            probe.connect(str(path))
            raise HubError(f"socket: a hub serves {path} already. Stop it or choose another path.")
    server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    try:
        server.bind(str(fresh))
        server.listen()
        os.replace(fresh, path)  # It appears when it can be connected to.
    except OSError:
        server.close()
        raise
    return server
