"""One serial line with up to four BL0942s: who may talk, and when (datasheet V1.10, section 3.2.6).

A reply carries no address, so one question is open at a time. Between different chips the line rests for 25 ms
(the datasheet wants more than 20). Who has waited longest is served first, so that chips which cost their whole
timeout can't keep a healthy one from being read.
"""

from evenload import ticks, wire

STRAY_READS_MAX = 8
READ_SIZE = 64


class Bl0942Bus:
    """The line. port: object with write, read, flush_input, reopen and, if it can, set_baud; baud: its speed.

    stray_bytes counts what arrived when nothing had been asked.
    """

    def __init__(self, port, baud: int = 4800):
        self.port = port
        self.baud = baud
        self.can_set_baud = hasattr(port, "set_baud")
        self.stray_bytes = 0
        self._holder = None
        self._last = None
        self._waiting = []
        self._free_ms = 0

    def take(self, meter, now_ms: int) -> bool:
        """Return whether `meter` has the line; a free line that has rested goes to who has waited longest."""
        if self._holder is not meter and meter not in self._waiting:
            self._waiting.append(meter)
        if self._holder is None and self._waiting[0] is meter:
            rested = self._last is None or self._last is meter or ticks.is_due(now_ms, self._free_ms)
            if rested:
                self._waiting.pop(0)
                self._holder = meter
        return self._holder is meter

    def release(self, meter, now_ms: int):
        """Give the line back, if `meter` has it, or stop waiting for it."""
        if meter in self._waiting:
            self._waiting.remove(meter)
        if self._holder is meter:
            self._holder = None
            self._last = meter
            self._free_ms = ticks.add_ms(now_ms, wire.BL0942_FRAME_INTERVAL_MS)

    def discard_input(self):
        """Count and throw away whatever waits: it answers no open question."""
        for _ in range(STRAY_READS_MAX):
            size = len(self.port.read(READ_SIZE))
            self.stray_bytes += size
            if size < READ_SIZE:
                break
        self.port.flush_input()
