"""A node's console socket, spoken by a program: requests with an id, answers, and the lines that nobody asked for."""

import json
import socket
from pathlib import Path
from typing import Any

READ_SIZE = 1 << 16
# The kernel's limit for the address of a local socket, its closing zero included.
PATH_SIZE_MAX = 108


class NodeConsole:
    """One connection that never blocks; it is opened again by `connect` after the node died.

    path: the node's console socket, at most 107 bytes long.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket: socket.socket | None = None
        self._pending = b""
        self._next_id = 0

    @property
    def is_open(self) -> bool:
        """Tell whether the connection stands, as far as is known."""
        return self._socket is not None

    def fileno(self) -> int:
        """Return the descriptor to wait for; the connection must be open."""
        assert self._socket is not None
        return self._socket.fileno()

    def connect(self) -> bool:
        """Try to connect; returns whether the connection stands."""
        if self._socket is None:
            attempt = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            # Not even the connect may block: a stopped node accepts nobody.
            attempt.setblocking(False)
            try:
                attempt.connect(str(self.path))
            except OSError:
                attempt.close()
                return False
            self._socket, self._pending = attempt, b""
        return True

    def send(self, words: str) -> int:
        """Send a request and return its id; a broken connection shows at the next `read`."""
        self._next_id += 1
        if self._socket is not None:
            try:
                self._socket.sendall(f"#{self._next_id} {words}\n".encode())
            except OSError:
                self.close()
        return self._next_id

    def read(self) -> list[dict[str, Any]]:
        """Return the lines that have arrived; closes the connection when the node has gone."""
        while self._socket is not None:
            try:
                data = self._socket.recv(READ_SIZE)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self.close()
                break
            self._pending += data
        *lines, self._pending = self._pending.split(b"\n")
        return [json.loads(line) for line in lines if line.strip()]

    def close(self) -> None:
        """Close the connection; lines that were read already stay readable."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
