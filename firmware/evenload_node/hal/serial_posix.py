"""A serial line on Linux: any port name, pty or pyserial URL; never blocks, and comes back by itself.

Everything that can go wrong is an OSError. After one the line is closed; the owner keeps asking `reopen`,
which tries at growing intervals, 0.25 s up to 8 s, and at once after a success.
"""

import select
import termios

import serial
from evenload import ticks

BACKOFF_MS_MIN = 250
BACKOFF_MS_MAX = 8_000


class SerialPort:
    """url: "/dev/ttyUSB0" or a pyserial URL; baud. The port needs not be there yet.

    Counters: `opened_count`, `lost_count` (open, then gone), `refused_count` (could not be opened).
    """

    def __init__(self, url: str, baud: int):
        self.url = url
        self.baud = baud
        self.opened_count = 0
        self.lost_count = 0
        self.refused_count = 0
        self.last_error = ""
        self._line: serial.SerialBase | None = None
        self._backoff_ms = BACKOFF_MS_MIN
        self._retry_due_ms: int | None = None

    @property
    def is_open(self) -> bool:
        """Return whether the line is open, as far as is known."""
        return self._line is not None

    def reopen(self, now_ms: int) -> bool:
        """Open the line if it is closed and the pause is over; return whether it is open."""
        if self._line is not None:
            return True
        if self._retry_due_ms is not None and not ticks.is_due(now_ms, self._retry_due_ms):
            return False
        write_timeout = None if "://" in self.url else 0  # loop:// takes 0 for "at once or not at all".
        try:
            self._line = serial.serial_for_url(
                self.url, baudrate=self.baud, timeout=0, write_timeout=write_timeout, exclusive=True
            )
        except (OSError, ValueError, termios.error) as error:
            self.refused_count += 1
            self.last_error = str(error)
            self._retry_due_ms = ticks.add_ms(now_ms, self._backoff_ms)
            self._backoff_ms = min(2 * self._backoff_ms, BACKOFF_MS_MAX)
            return False
        self.opened_count += 1
        self.last_error = ""
        self._backoff_ms = BACKOFF_MS_MIN
        self._retry_due_ms = None
        return True

    def write(self, data: bytes) -> None:
        """Send `data`; what the line can't take at once is an error too."""
        line = self._open_line()
        try:
            if not _is_writable(line):
                raise OSError("the line takes no more bytes")
            written = line.write(data)
        except (OSError, termios.error) as error:
            raise self._lose(error) from error
        if written is not None and written != len(data):
            raise self._lose(OSError(f"only {written} of {len(data)} bytes were taken"))

    def read(self, max_bytes: int) -> bytes:
        """Return what has arrived, at most `max_bytes`; b"" if nothing has."""
        line = self._open_line()
        try:
            return bytes(line.read(max_bytes))
        except (OSError, termios.error) as error:
            raise self._lose(error) from error

    def flush_input(self) -> None:
        """Forget what has arrived."""
        line = self._open_line()
        try:
            line.reset_input_buffer()  # type: ignore[attr-defined]
        except (OSError, termios.error) as error:
            raise self._lose(error) from error

    def set_baud(self, baud: int) -> None:
        """Change the speed from the next byte on; it also holds when the line is opened again."""
        self.baud = baud
        line = self._open_line()
        try:
            line.baudrate = baud
        except (OSError, ValueError, termios.error) as error:
            raise self._lose(error) from error

    def close(self) -> None:
        """Close the line; `reopen` opens it again."""
        line, self._line = self._line, None
        if line is not None:
            try:
                line.close()
            except (OSError, termios.error) as error:
                self.last_error = str(error)

    def _open_line(self) -> serial.SerialBase:
        if self._line is None:
            raise OSError(f"{self.url} is not open: {self.last_error or 'not tried yet'}")
        return self._line

    def _lose(self, error: Exception) -> OSError:
        self.lost_count += 1
        self.close()
        self.last_error = str(error)
        return OSError(f"{self.url}: {error}")


def _is_writable(line: serial.SerialBase) -> bool:
    """Return whether a write can't wait: pyserial would spin on a full line. URLs without a descriptor
    always can.
    """
    try:
        return bool(select.select([], [line.fileno()], [], 0)[1])
    except ValueError:
        return True
