"""`evenload-node console`: asks a running node over its local socket and shows the answer to a person or a program.

Exit codes: 0 answered, 1 the node refused, 2 no node answers there.
"""

import json
import os
import socket
import stat
import sys

from evenload.errors import EvenloadError

from evenload_node.hal.config_posix import read_config

ANSWER_S_MAX = 5.0
STREAMS = ("trace",)


class NoNodeError(EvenloadError):
    """Nobody answers at the socket; the text says where and what to do."""


class ConsoleConnection:
    """A connection to the socket at `path`. Raises NoNodeError."""

    def __init__(self, path: str):
        self._path = path
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.settimeout(ANSWER_S_MAX)
        self._pending = b""
        try:
            self._line.connect(path)
        except OSError as error:
            self._line.close()
            raise NoNodeError(
                f"{path}: {error.strerror or error}. Is the node running? It is started with `evenload-node run FILE`."
            ) from error

    def send(self, words: str) -> None:
        """Send one request."""
        self._line.sendall(words.encode() + b"\n")

    def read(self, timeout_s: float | None = ANSWER_S_MAX) -> dict:
        """Return the next line; None waits for ever. Raises NoNodeError when none comes."""
        self._line.settimeout(timeout_s)
        while b"\n" not in self._pending:
            try:
                data = self._line.recv(1 << 16)
            except OSError as error:
                raise NoNodeError(f"{self._path}: no answer within {timeout_s:g} s.") from error
            if not data:
                raise NoNodeError(f"{self._path}: the node has closed the connection.")
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        return json.loads(line)

    def close(self) -> None:
        """Close the connection."""
        self._line.close()


def run_console(target: str, node_id: str | None, words: list[str], as_json: bool) -> int:
    """Ask `words`, or every line of standard input if there are none; returns the exit code."""
    try:
        connection = ConsoleConnection(socket_of(target, node_id))
    except EvenloadError as error:
        print(f"evenload-node console: {error}", file=sys.stderr)
        return 2
    try:
        requests = [" ".join(words)] if words else sys.stdin
        code = 0
        for request in requests:
            if request.strip():
                code = _ask(connection, request.strip(), as_json)
        return code
    except NoNodeError as error:
        print(f"evenload-node console: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, BrokenPipeError):
        return 0
    finally:
        connection.close()


def socket_of(target: str, node_id: str | None) -> str:
    """Return the socket that `target` means: itself, or the one in a configuration's state folder."""
    try:
        if stat.S_ISSOCK(os.stat(target).st_mode):
            return target
    except OSError:
        pass  # Not there: the sentence about the configuration is the better one.
    return os.path.join(read_config(target, node_id).state_dir, "console.sock")


def _ask(connection: ConsoleConnection, request: str, as_json: bool) -> int:
    connection.send(request)
    answer = connection.read()
    if request.split(maxsplit=1)[0] in STREAMS and answer["ok"] and answer.get("trace"):
        print(json.dumps(answer["cluster"]), flush=True)
        while True:
            print(json.dumps(connection.read(None)), flush=True)
    print(json.dumps(answer) if as_json else human_text(answer), flush=True)
    return 0 if answer["ok"] else 1


def human_text(answer: dict) -> str:
    """Return an answer as lines for a person: `key: value`, a row per entry of a list; log lines as they are."""
    if not answer["ok"]:
        return answer["error"]
    lines = []
    for key, value in answer.items():
        if key in ("id", "ok"):
            continue
        if key == "histogram":
            lines += [f"  below {bound} us: {count}" for bound, count in value]
            continue
        lines += _lines_of(key, value, "")
    return "\n".join(lines) or "done"


def _lines_of(key: str, value: object, indent: str) -> list[str]:
    if isinstance(value, dict):
        lines = [f"{indent}{key}:"]
        for name, item in value.items():
            if name == "histogram":  # Long; `lateness` shows it.
                continue
            lines += _lines_of(name, item, indent + "  ")
        return lines
    if isinstance(value, list) and key == "words":
        return [f"{item['word']:48}{item['does']}" for item in value]
    if isinstance(value, list) and key == "log":
        return value
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [f"{indent}{key}:", *(indent + "  " + _row(item) for item in value)]
    return [f"{indent}{key}: {_scalar(value)}"]


def _row(item: dict) -> str:
    return ", ".join(f"{name} {_scalar(value)}" for name, value in item.items())


def _scalar(value: object) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(_scalar(item) for item in value) if value else "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
