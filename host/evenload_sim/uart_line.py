"""A simulated UART line between a host and up to four chips: byte times, noise, breaks, a vanishing port.

The host's side is a port as the drivers know it (`write`, `read`, `flush_input`, `reopen`), so that a driver
runs here and on a serial port unchanged. Time is whole microseconds since the start and moves only in
`advance`. Each direction has its own wire, as on a real UART; every chip hears the host and all chips share
the way back.
"""

from collections import deque
from typing import Protocol

from evenload.core import kernel

BITS_PER_BYTE = 10  # 8N1: a start bit, eight data bits, a stop bit.
LOW_BITS_OF_ZERO = 9  # A 0x00 holds the line low for the start bit and its eight data bits.
JUNK_BYTES = (0x00, 0xF0, 0xE0, 0xFF)  # What field captures show between frames.
US_PER_S = 1_000_000
RECEIVE_SIZE_MAX = 4096  # As a real adapter: an unread buffer overflows and loses what comes last.


class UartDevice(Protocol):
    """A chip on the line."""

    def step(self, now_us: int) -> None:
        """Live until `now_us`."""

    def receive(self, now_us: int, byte: int, baud: int) -> bytes:
        """Take one byte whose last bit ended at `now_us`; return what the chip answers at once."""

    def hear_break(self, now_us: int, duration_us: int) -> None:
        """Notice that the line was held low for `duration_us`, until `now_us`."""

    @property
    def baud(self) -> int:
        """The speed at which the chip listens and answers."""


class UartLine:
    """The line. baud: the host's speed; seed: of the noise.

    noise_permille: share of bytes, each way, that is lost, joined by junk or has one bit flipped (a third
    each).
    Counters: lost_bytes, inserted_bytes, flipped_bytes, overrun_bytes.
    """

    def __init__(self, baud: int = 4800, seed: int = 1) -> None:
        self.baud = baud
        self.now_us = 0
        self.noise_permille = 0
        self.is_gone = False
        self.lost_bytes = 0
        self.inserted_bytes = 0
        self.flipped_bytes = 0
        self.overrun_bytes = 0
        self._random = kernel("random32").Random32(seed)
        self._devices: list[UartDevice] = []
        self._host_free_us = 0
        self._chips_free_us = 0
        self._to_chips: deque[tuple[int, int, int]] = (
            deque()
        )  # (arrival, byte, baud); -1: a break, of `baud` us
        self._to_host: deque[tuple[int, int]] = deque()
        self._received = bytearray()

    def attach(self, device: UartDevice) -> None:
        """Put a chip on the line."""
        self._devices.append(device)

    def write(self, data: bytes) -> None:
        """Send `data` from the host; it takes 10 bit times a byte. Raises OSError when the port is gone."""
        self._require_port()
        for byte in data:
            self._host_free_us = max(self._host_free_us, self.now_us) + self._byte_us(self.baud)
            for kept in self._disturb(byte):
                self._to_chips.append((self._host_free_us, kept, self.baud))

    def read(self, size_max: int) -> bytes:
        """Return up to `size_max` bytes that have arrived, without waiting. OSError when the port is gone."""
        self._require_port()
        data = bytes(self._received[:size_max])
        del self._received[:size_max]
        return data

    def flush_input(self) -> None:
        """Throw away what has arrived. Raises OSError when the port is gone."""
        self._require_port()
        self._received.clear()

    def reopen(self, now_ms: int) -> bool:  # noqa: ARG002
        """Open the port again; return whether that worked. The back-off of real ports is not simulated."""
        return not self.is_gone

    def set_baud(self, baud: int) -> None:
        """Set the host's speed from the next byte on."""
        self.baud = baud

    def send_break_ms(self, duration_ms: int) -> None:
        """Hold the host's wire low for `duration_ms`."""
        self._require_port()
        duration_us = duration_ms * 1000
        self._host_free_us = max(self._host_free_us, self.now_us) + duration_us
        self._to_chips.append((self._host_free_us, -1, duration_us))

    def set_gone(self, is_gone: bool) -> None:
        """Unplug the host's adapter, or plug it in again; what was under way is lost."""
        self.is_gone = is_gone
        self._received.clear()
        self._to_host.clear()
        self._to_chips.clear()

    def advance(self, delta_ms: int) -> None:
        """Let `delta_ms` pass: bytes arrive in the order of their times, chips live up to each of them."""
        end_us = self.now_us + delta_ms * 1000
        while self._to_chips and self._to_chips[0][0] <= end_us:
            arrival_us, byte, baud = self._to_chips.popleft()
            self.now_us = arrival_us
            for device in self._devices:
                device.step(arrival_us)
                self._deliver(device, byte, baud)
        self.now_us = end_us
        for device in self._devices:
            device.step(end_us)
        while self._to_host and self._to_host[0][0] <= end_us:
            self._take_received(self._to_host.popleft()[1])

    def _deliver(self, device: UartDevice, byte: int, baud: int) -> None:
        if byte < 0:
            device.hear_break(self.now_us, baud)
            return
        if byte == 0 and baud < device.baud:
            device.hear_break(self.now_us, LOW_BITS_OF_ZERO * US_PER_S // baud)
            return
        for answered in device.receive(self.now_us, byte, baud):
            self._answer(answered, device.baud)

    def _answer(self, byte: int, baud: int) -> None:
        """Send one byte of a chip to the host; at another speed than the host's it arrives as garbage."""
        self._chips_free_us = max(self._chips_free_us, self.now_us) + self._byte_us(baud)
        heard = byte if baud == self.baud else self._random.below(256)
        for kept in self._disturb(heard):
            self._to_host.append((self._chips_free_us, kept))

    def _take_received(self, byte: int) -> None:
        if len(self._received) < RECEIVE_SIZE_MAX:
            self._received.append(byte)
        else:
            self.overrun_bytes += 1

    def _disturb(self, byte: int) -> tuple[int, ...]:
        """Return what the noise leaves of one byte: nothing, the byte, or the byte behind one of junk."""
        if self.noise_permille == 0 or self._random.below(1000) >= self.noise_permille:
            return (byte,)
        kind = self._random.below(3)
        if kind == 0:
            self.lost_bytes += 1
            return ()
        if kind == 1:
            self.inserted_bytes += 1
            return (JUNK_BYTES[self._random.below(len(JUNK_BYTES))], byte)
        self.flipped_bytes += 1
        return (byte ^ (1 << self._random.below(8)),)

    def _byte_us(self, baud: int) -> int:
        return BITS_PER_BYTE * US_PER_S // baud

    def _require_port(self) -> None:
        if self.is_gone:
            raise OSError("the simulated serial port is gone")
