"""Simulated BL0942 chips behind a real pseudo terminal, for programs that open a real serial port.

The owner calls `step` with the time; nothing here reads a clock, waits or starts a thread. `link` is a
symbolic link to the terminal that stays the same when the port vanishes and comes back, as udev's
/dev/serial/by-id does.
"""

import os
import pty
import tty
from contextlib import suppress
from pathlib import Path

from evenload_sim.bl0942_chip import Bl0942Chip
from evenload_sim.uart_line import UartLine

READ_SIZE = 4096


class Bl0942Pty:
    """A pseudo terminal with `chips` behind it. link: where the path of the terminal is to appear."""

    def __init__(self, chips: list[Bl0942Chip], link: Path, baud: int = 4800) -> None:
        self.chips = chips
        self.link = link
        self.line = UartLine(baud)
        for chip in chips:
            self.line.attach(chip)
        self._master = -1
        self._slave = -1
        self.plug_in()

    def plug_in(self) -> None:
        """Make the port appear (again)."""
        if self._master >= 0:
            return
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._slave))
        self.line.set_gone(False)

    def unplug(self) -> None:
        """Make the port vanish: whoever has it open gets an error, whoever opens it finds nothing."""
        if self._master < 0:
            return
        self.link.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1
        self.line.set_gone(True)

    def step(self, delta_ms: int) -> None:
        """Let `delta_ms` pass: carry what was written to the chips and what they answer back."""
        if self._master < 0:
            return
        with suppress(BlockingIOError):  # Nothing was written since the last step.
            self.line.write(os.read(self._master, READ_SIZE))
        self.line.advance(delta_ms)
        answer = self.line.read(READ_SIZE)
        if answer:
            os.write(self._master, answer)
