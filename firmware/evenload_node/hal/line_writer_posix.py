"""Writes a node's status and log lines from a thread of its own: a pipe that nobody reads, a terminal that is held or
a full disk costs lines, never the loop that moves the pump and stores the floor.
"""

import os
import queue
import select
import threading

LINE_COUNT_MAX = 256
CLOSE_S_MAX = 0.5


class LineWriter:
    """fd: an open descriptor that stays the caller's; it is written directly, past the stream's buffer and its lock.

    `lost_count`: lines that found no room or could not be written.
    """

    def __init__(self, fd: int):
        self.lost_count = 0
        self._fd = fd
        self._lines: queue.Queue[str | None] = queue.Queue(LINE_COUNT_MAX)
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Take one line without its end; never waits."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.lost_count += 1

    def close(self) -> None:
        """Write what is left, as far as that takes CLOSE_S_MAX at most."""
        try:
            self._lines.put_nowait(None)
        except queue.Full:
            return  # Nobody reads: there is nobody to wait for.
        self._thread.join(CLOSE_S_MAX)

    def _run(self):
        while True:
            line = self._lines.get()
            if line is None:
                return
            try:
                self._put((line + "\n").encode(errors="backslashreplace"))
            except OSError:
                self.lost_count += 1

    def _put(self, data):
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                select.select([], [self._fd], [])
