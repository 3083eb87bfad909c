"""The cluster's wire on Linux: a local socket to the virtual bus, or the kernel's SocketCAN; both carry 16-byte frames.

Everything that can go wrong is an OSError. A lost wire comes back by itself: BusKeeper tries again, 50 ms up to 1 s
apart.
"""

import select
import socket
import struct

from evenload import ticks
from evenload.wire import CAN_FRAME_SIZE

BACKOFF_MS_MIN = 50
BACKOFF_MS_MAX = 1000
NAME_SIZE_MAX = 8
EXTENDED_FLAG = 1 << 31
# Filter of SocketCAN: extended data frames of our cluster number, bits 18:15 of the identifier. The version is
# looked at by the kernel, which counts foreign ones.
FILTER_MASK = EXTENDED_FLAG | (1 << 30) | (15 << 15)


class SocketBus:
    """An open wire. `is_socketcan`: whether its frames are stamped by the CAN driver."""

    def __init__(self, line: socket.socket, is_socketcan: bool):
        self._line = line
        self.is_socketcan = is_socketcan

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._line.fileno()

    def receive(self, timeout_s: float) -> bytes | None:
        """Return the next frame, None when none came in time. Raises OSError when the wire is gone."""
        try:
            return self._take()
        except BlockingIOError:
            if not select.select([self._line], [], [], timeout_s)[0]:
                return None
        try:
            return self._take()
        except BlockingIOError:
            return None

    def send(self, frame: bytearray) -> bool:
        """Send one frame; False when the wire takes none now. Raises OSError when it is gone."""
        try:
            return self._line.send(frame) == CAN_FRAME_SIZE
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno == 105:  # ENOBUFS: the interface's queue is full.
                return False
            raise

    def close(self) -> None:
        """Close the wire."""
        self._line.close()

    def _take(self) -> bytes:
        data = self._line.recv(CAN_FRAME_SIZE + 1)
        if not data and not self.is_socketcan:
            raise ConnectionResetError("the hub has closed the connection")
        return data


def open_bus(config, name: str) -> SocketBus:
    """Open the wire that the sections `can` and `cluster` of `config` describe; `name`: what a hub calls us.

    Raises OSError with a sentence.
    """
    if config.can.kind == "virtual":
        return _open_virtual(config.can.path, name)
    return _open_socketcan(config.can.channel, config.cluster.id)


def _open_virtual(path: str, name: str) -> SocketBus:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.setblocking(False)
    try:
        line.connect(path)
        line.send(struct.pack("<I12s", 0, b"\x08\0\0\0" + name.encode()[:NAME_SIZE_MAX]))
    except OSError as error:
        line.close()
        raise OSError(
            f"{path}: {error.strerror or error}; is `evenload sim can-hub --socket` running?"
        ) from error
    return SocketBus(line, False)


def _open_socketcan(channel: str, cluster: int) -> SocketBus:
    line = None
    try:
        line = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
        line.setblocking(False)
        rule = struct.pack("=II", EXTENDED_FLAG | cluster << 15, FILTER_MASK)
        line.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FILTER, rule)
        line.bind((channel,))
    except OSError as error:
        if line is not None:
            line.close()
        raise OSError(
            f"{channel}: {error.strerror or error}; a CAN interface is brought up with "
            f"`ip link set {channel} up type can bitrate 500000`"
        ) from error
    return SocketBus(line, True)


class BusKeeper:
    """Opens the wire, hands it to the drive, and opens it again when it was lost.

    opener: function that returns an open bus or raises OSError; drive: object with `attach(bus)` and `has_bus()`.
    """

    def __init__(self, opener, drive, log):
        self._opener = opener
        self._drive = drive
        self._log = log
        self._bus = None
        self._backoff_ms = BACKOFF_MS_MIN
        self._due_ms: int | None = None
        self.last_error = ""

    def poll(self, now_ms: int) -> None:
        """Look after the wire."""
        if self._bus is not None:
            if self._drive.has_bus():
                self._backoff_ms = BACKOFF_MS_MIN
                return
            self._bus.close()
            self._bus = None
            self._log.line("WARN", "event=bus_lost the node goes on without it and tries to open it again")
        if self._due_ms is None or ticks.is_due(now_ms, self._due_ms):
            self._due_ms = ticks.add_ms(now_ms, self._backoff_ms)
            self._backoff_ms = min(2 * self._backoff_ms, BACKOFF_MS_MAX)
            self._open()

    def close(self) -> None:
        """Close the wire."""
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    def _open(self) -> None:
        try:
            self._bus = self._opener()
        except OSError as error:
            if str(error) != self.last_error:
                self._log.line("WARN", f"event=bus_closed {error}")
            self.last_error = str(error)
            return
        self.last_error = ""
        self._drive.attach(self._bus)
        self._log.line("INFO", "event=bus_open")
