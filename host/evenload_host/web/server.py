"""waitress without a thread of ours: whoever owns the main loop lets it pass once in a while.

Handlers run in waitress's own pool; the sockets are served by `turn`, which the main thread calls between two
steps of its world.
"""

import errno
import logging
from typing import Any

from evenload.errors import EvenloadError
from flask import Flask
from waitress import create_server, wasyncore

THREADS = 8


class PortBusy(EvenloadError):
    """The port is taken, or may not be opened."""


class Server:
    """An application on one loopback port. port: 0 lets the system choose; `port` says which it became."""

    def __init__(self, app: Flask, port: int, host: str = "127.0.0.1") -> None:
        self._sockets: dict[int, Any] = {}
        try:
            self._server = create_server(
                app, map=self._sockets, host=host, port=port, threads=THREADS, ident="evenload"
            )
        except OSError as error:
            wasyncore.close_all(self._sockets)  # waitress opens its wake-up pipe before it binds.
            raise PortBusy(port_sentence(port, error)) from error
        # A browser opens the page with more requests than threads; that they queue is no news.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self.host = host
        self.port: int = int(self._server.effective_port)

    def turn(self, timeout_s: float) -> None:
        """Serve the sockets that are ready; wait at most `timeout_s` for the first of them."""
        wasyncore.loop(timeout=timeout_s, use_poll=True, map=self._sockets, count=1)

    def close(self) -> None:
        """Stop the pool and close every socket; a handler at work is given a second."""
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
        wasyncore.close_all(self._sockets)


def port_sentence(port: int, error: OSError) -> str:
    """Return why a port cannot be opened and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use by another program. Choose a free one, e.g. --port {port + 1}."
    if error.errno == errno.EACCES:
        return f"Port {port} needs privileges. Choose one above 1023 with --port."
    return f"Port {port} cannot be opened ({error.strerror}). Choose another with --port."
