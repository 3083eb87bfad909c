"""The console of a node on a local stream socket: any number of lines from any number of clients, none of which can
hurt: long lines, half lines, clients that never read and clients that flood cost themselves their connection or wait.
"""

import asyncio
import json
import socket
from collections import deque

from evenload_node.console import LINE_SIZE_MAX, Console
from evenload_node.hal.console_socket_posix import CLIENT_COUNT_MAX

BACKLOG_SIZE_MAX = 1 << 20
LINES_PER_TURN_MAX = 8  # 128 clients that flood may cost the pump's 50 ms step little more than its period.


class ConsoleClient(asyncio.Protocol):
    """One connection. server: ConsoleServer."""

    def __init__(self, server: "ConsoleServer"):
        self._server = server
        self._pending = b""
        self._lines: deque[bytes] = deque()
        self._is_skipping = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or say that there are too many."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if len(self._server.clients) >= CLIENT_COUNT_MAX:
            self.send(
                {"id": None, "ok": False, "error": f"{CLIENT_COUNT_MAX} clients are connected; close one."}
            )
            transport.close()
            return
        self._server.clients.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the client."""
        self._transport = None
        self._server.clients.discard(self)
        self._server.console.forget(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes; whole lines are asked, the rest is kept up to one line's length."""
        *lines, rest = (self._pending + data).split(b"\n")
        for line in lines:
            if self._is_skipping:
                self._is_skipping = False
            else:
                self._lines.append(line)
        if self._is_skipping or len(rest) > LINE_SIZE_MAX:
            if not self._is_skipping:
                self.send(
                    {"id": None, "ok": False, "error": f"A line has at most {LINE_SIZE_MAX} characters."}
                )
            self._is_skipping = True
            rest = b""
        self._pending = rest
        self._ask_some()

    def _ask_some(self) -> None:
        """Ask a few lines; while more wait, the client is not read and everyone else has a turn."""
        for _ in range(min(len(self._lines), LINES_PER_TURN_MAX)):
            if self._transport is None or self._transport.is_closing():
                self._lines.clear()
                return
            self._server.ask(self._lines.popleft(), self)
        if self._transport is None or self._transport.is_closing():
            return
        if self._lines:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._ask_some)
        else:
            self._transport.resume_reading()

    def send(self, answer: dict) -> None:
        """Send one answer or event; a client that does not read loses its connection."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > BACKLOG_SIZE_MAX:
            self._server.dropped_count += 1
            self._transport.abort()
            return
        self._transport.write(json.dumps(answer, separators=(", ", ": ")).encode() + b"\n")

    def on_trace(self, line: dict) -> None:
        """Send a trace line that was asked for by `trace`."""
        self.send(line)


class ConsoleServer:
    """console: what answers; clock: function that returns the ring time. `clients`, `dropped_count`."""

    def __init__(self, console: Console, clock):
        self.console = console
        self.clients: set[ConsoleClient] = set()
        self.dropped_count = 0
        self._clock = clock
        self._server: asyncio.AbstractServer | None = None

    async def open(self, line: socket.socket) -> None:
        """Serve on a listening socket."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(
            lambda: ConsoleClient(self), sock=line, backlog=CLIENT_COUNT_MAX
        )

    def ask(self, line: bytes, client: ConsoleClient) -> None:
        """Pass a line on."""
        self.console.ask(self._clock(), line.decode(errors="replace").strip("\r"), client)

    def close(self) -> None:
        """End every connection."""
        if self._server is not None:
            self._server.close()
        for client in list(self.clients):
            if client._transport is not None:
                client._transport.close()
