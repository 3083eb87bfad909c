"""The far end of a station line: a simulated station that takes authenticated set-points and answers with
reports.

It attaches to a UartLine as a device, holds the shared key and two stores (what a station keeps in flash),
and drives a SimulatedStation. Faults: `is_silent` stops its answers; `restart` is a power cut.
"""

from typing import Protocol

from evenload import ticks, wire
from evenload.setpoint import FRAME_SIZE, Counter, Report, Setpoint, SetpointReceiver, pack_report

from evenload_sim.station import SimulatedStation

US_PER_MS = 1000


class NumberStore(Protocol):
    """Where a counter's mark survives."""

    def load(self) -> int:
        """Return the number, 0 if none was stored."""

    def store(self, value: int) -> None:
        """Keep the number."""


class MemoryStore:
    """A store that lives as long as the simulated flash: over restarts of the station, not of the
    simulation.
    """

    def __init__(self) -> None:
        self.value = 0

    def load(self) -> int:
        """Return the number."""
        return self.value

    def store(self, value: int) -> None:
        """Keep the number."""
        self.value = value


class StationLink:
    """One station at the end of a line. number: its own on the line; start_ms: ring time of the line's
    start.
    """

    def __init__(
        self, station: SimulatedStation, key: bytes, number: int, baud: int = 38_400, start_ms: int = 0
    ) -> None:
        self.station = station
        self.number = number
        self.is_silent = False
        self._key = key
        self._baud = baud
        self._start_ms = start_ms
        self._floor_store = MemoryStore()
        self._report_store = MemoryStore()
        self._setpoint = Setpoint()
        self._report = Report()
        self.restart()

    @property
    def baud(self) -> int:
        """Return the speed at which the station listens and answers."""
        return self._baud

    def restart(self) -> None:
        """Lose power: whatever is not in the stores is forgotten."""
        self.gate = SetpointReceiver(self._key, self.number, self._floor_store)
        self._report_counter = Counter(self._report_store)
        self._buffer = bytearray()

    def step(self, now_us: int) -> None:
        """Do nothing by itself: it answers only when asked."""

    def hear_break(self, now_us: int, duration_us: int) -> None:
        """Ignore a break."""

    def receive(self, now_us: int, byte: int, baud: int) -> bytes:
        """Take one byte; return the report that answers a set-point for this station."""
        if baud != self._baud:
            return b""
        self._buffer.append(byte)
        del self._buffer[:-FRAME_SIZE]
        if len(self._buffer) < FRAME_SIZE or not self._is_for_us():
            return b""
        frame = bytes(self._buffer)
        replayed_count = self.gate.replayed_count
        now_ms = ticks.add_ms(self._start_ms, now_us // US_PER_MS)
        if self.gate.accept(frame, self._setpoint):
            setpoint = self._setpoint
            expires_ms = ticks.add_ms(now_ms, setpoint.ttl_ms)
            self.station.set_current(now_ms, setpoint.current_ma, setpoint.phases, expires_ms)
        elif self.gate.replayed_count == replayed_count:
            return b""  # Not authentic. One that is only too old is answered: the report says what to exceed.
        self._buffer.clear()
        return b"" if self.is_silent else self._answer()

    def _is_for_us(self) -> bool:
        head = (wire.SETPOINT_MAGIC, wire.SETPOINT_KIND_SET, self.number & 0xFF, self.number >> 8)
        return tuple(self._buffer[:4]) == head

    def _answer(self) -> bytes:
        heard = self.station.report()
        report = self._report
        report.counter = self._report_counter.next()
        report.floor = self.gate.floor
        report.state = heard.state
        report.measured_ma[:] = heard.measured_ma
        return pack_report(self._key, self.number, report)
