"""The clients of a CAN hub: SLCAN on a stream (TCP, pseudo terminal), raw frames on a local socket.

None of them ever waits. What a client can't take at once is kept up to a bound, then dropped and counted; what it
sends faster than the bus carries stays in its socket. A stopped client so costs its own frames and nobody else's.
"""

import os
import pty
import socket
import termios
import tty
from collections import deque
from typing import Protocol

from evenload.wire import CAN_DATA_SIZE, CAN_FRAME_SIZE

from evenload_sim.can_bus import QUEUE_COUNT_MAX, Port
from evenload_sim.slcan import CR, STAMP_PERIOD_MS, SlcanAdapter, encode_frame

READ_SIZE = 4096
TURN_COUNT_MAX = 64  # Commands or frames that one client may have in one turn of the loop.
OUT_SIZE_MAX = 1 << 16
OUT_COUNT_MAX = 2048
STATUS_WARNING, STATUS_PASSIVE, STATUS_OFF = 0x04, 0x20, 0x80
WARNING_ERRORS = 96


class Client(Protocol):
    """One client.

    spent: reads, commands and messages that it was served; taken: frames that it sent; dropped: frames that it was too
    slow for; refused: what it sent and was neither frame nor command.
    """

    name: str
    port: Port
    spent: int
    taken: int
    dropped: int

    @property
    def refused(self) -> int:
        """Return how much of what it sent was thrown away."""

    @property
    def is_behind(self) -> bool:
        """Return whether it has input that waits for room in its port or for the next turn."""

    @property
    def has_output(self) -> bool:
        """Return whether something waits to be written."""

    def fileno(self) -> int:
        """Return the descriptor to wait for."""

    def read(self) -> None:
        """Take what has come. Raises OSError when the client has gone."""

    def work(self) -> None:
        """Put frames that have come into the port, as many as it has room for."""

    def write(self) -> None:
        """Send what waits. Raises OSError when the client has gone."""

    def close(self) -> None:
        """Free the descriptor."""


class SlcanClient:
    """A client that speaks SLCAN through a descriptor that is readable and writable."""

    def __init__(self, descriptor: int, name: str, port: Port, bitrate: int) -> None:
        self.name = name
        self.port = port
        self.spent = 0
        self.taken = 0
        self.dropped = 0
        self.adapter = SlcanAdapter(bitrate)
        self.is_behind = False
        self._descriptor = descriptor
        self._out = bytearray()
        os.set_blocking(descriptor, False)
        port.on_frame = self._deliver

    @property
    def refused(self) -> int:
        """Return the number of commands answered with BEL."""
        return self.adapter.refused

    @property
    def has_output(self) -> bool:
        """Return whether something waits to be written."""
        return bool(self._out)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def read(self) -> None:
        """Take what has come. Raises OSError when the client has gone."""
        try:
            data = os.read(self._descriptor, READ_SIZE)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionResetError("the client has closed")
        self.spent += 1
        self.adapter.feed(data)
        self.work()

    def work(self) -> None:
        """Obey what has come, up to 64 commands, while the port has room."""
        adapter, port = self.adapter, self.port
        adapter.status = _status_of(port)
        self.is_behind = True
        for _ in range(TURN_COUNT_MAX):
            if port.queued >= QUEUE_COUNT_MAX:
                return
            was_open = adapter.is_open
            turn = adapter.next_turn()
            if turn is None:
                self.is_behind = False
                return
            self.spent += 1
            answer, frame = turn
            if frame is not None:
                port.send(frame)
                self.taken += 1
            elif was_open and not adapter.is_open:
                self._forget()
            self._keep(answer)

    def write(self) -> None:
        """Send what waits. Raises OSError when the client has gone."""
        try:
            sent = os.write(self._descriptor, self._out)
        except BlockingIOError:
            return
        del self._out[:sent]

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)

    def _deliver(self, at_us: int, frame: bytes) -> None:
        adapter = self.adapter
        if not adapter.is_open:
            return
        line = encode_frame(frame)
        if adapter.is_stamped:
            line += b"%04X" % (at_us // 1000 % STAMP_PERIOD_MS)
        if not self._keep(line + CR):
            self.dropped += 1

    def _forget(self) -> None:
        """Do what a closed channel needs."""

    def _keep(self, line: bytes) -> bool:
        if len(self._out) + len(line) > OUT_SIZE_MAX:
            return False
        self._out += line
        return True


class PtyClient(SlcanClient):
    """A pseudo terminal: a serial port for whoever opens `path`. It outlives the programs that use it.

    The hub keeps the other end open, so it can't see a program close it without a C: its frames are dropped then.
    """

    def __init__(self, port: Port, bitrate: int) -> None:
        master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        super().__init__(master, "pty", port, bitrate)

    def close(self) -> None:
        """Let the terminal vanish."""
        os.close(self._slave)
        super().close()

    def _forget(self) -> None:
        """Throw away what nobody has read: the next program would take it for news."""
        self._out.clear()
        termios.tcflush(self._slave, termios.TCIFLUSH)


class RawClient:
    """A client that sends and gets one `struct can_frame` of 16 bytes a message (SOCK_SEQPACKET).

    A first message with can_id 0 is no frame: its data are the client's name.
    """

    def __init__(self, connection: socket.socket, name: str, port: Port) -> None:
        self.name = name
        self.port = port
        self.spent = 0
        self.taken = 0
        self.dropped = 0
        self.refused = 0
        self.is_behind = False
        self._connection = connection
        self._is_first = True
        self._out: deque[bytes] = deque()
        connection.setblocking(False)
        port.on_frame = self._deliver

    @property
    def has_output(self) -> bool:
        """Return whether something waits to be written."""
        return bool(self._out)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._connection.fileno()

    def read(self) -> None:
        """Take what has come. Raises OSError when the client has gone."""
        self.work()

    def work(self) -> None:
        """Take up to 64 messages, while the port has room; the others wait in the socket."""
        self.is_behind = True
        for _ in range(TURN_COUNT_MAX):
            if self.port.queued >= QUEUE_COUNT_MAX:
                return
            try:
                message = self._connection.recv(CAN_FRAME_SIZE + 1)
            except BlockingIOError:
                self.is_behind = False
                return
            if not message:
                raise ConnectionResetError("the client has closed")
            self._take(message)

    def write(self) -> None:
        """Send what waits. Raises OSError when the client has gone."""
        try:
            while self._out:
                self._connection.send(self._out[0])
                self._out.popleft()
        except BlockingIOError:
            return

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _take(self, message: bytes) -> None:
        self.spent += 1
        is_name = self._is_first and len(message) == CAN_FRAME_SIZE and message[:4] == bytes(4)
        self._is_first = False
        if is_name:
            size = min(message[4] or CAN_DATA_SIZE, CAN_DATA_SIZE)
            self.name = message[8 : 8 + size].rstrip(b"\0").decode("ascii", "replace") or self.name
            return
        try:
            self.port.send(message)
            self.taken += 1
        except ValueError:  # No frame: too short or long, an error message, an impossible length.
            self.refused += 1

    def _deliver(self, _at_us: int, frame: bytes) -> None:
        if len(self._out) < OUT_COUNT_MAX:
            self._out.append(frame)
        else:
            self.dropped += 1


def _status_of(port: Port) -> int:
    """Return the status that F tells of the port's error counter."""
    status = STATUS_WARNING if port.tx_errors >= WARNING_ERRORS else 0
    status |= STATUS_PASSIVE if port.is_passive else 0
    return status | (STATUS_OFF if port.is_off else 0)
