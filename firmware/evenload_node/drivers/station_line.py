"""Stations on a serial line, reached with authenticated frames (evenload.setpoint; R17).

One line carries every station of the site; each frame names its station. Bytes that are no frame for us are
slid over one at a time and counted: nothing on the line can raise or stall.
"""

from evenload import ticks, wire
from evenload.setpoint import FRAME_SIZE, Counter, Report, ReportReceiver, Setpoint, pack_setpoint

from evenload_node.station import StationPort, StationReport

_BUFFER_SIZE_MAX = 16 * FRAME_SIZE


class LineStation(StationPort):
    """One station on a StationLine. number: 0 .. 65535 on the line; store: keeps its counter."""

    def __init__(self, line: "StationLine", number: int, store):
        self.number = number
        self.counter = Counter(store)
        self.gate = ReportReceiver(line.key, number, self.counter)
        self._line = line
        self._setpoint = Setpoint()
        self._received = Report()
        self._report = StationReport()

    def set_current(self, now_ms: int, current_ma: int, phases: int, expires_ms: int):
        """Send a set-point; raises OSError if the line is not there."""
        ttl_ms = max(ticks.elapsed_ms(expires_ms, now_ms), 0)
        setpoint = self._setpoint
        setpoint.counter = self.counter.next()
        setpoint.current_ma = current_ma
        setpoint.phases = min(max(phases, 1), 3)
        setpoint.ttl_ms = min(ttl_ms, wire.SETPOINT_TTL_MS_MAX)
        self._line.port.write(pack_setpoint(self._line.key, self.number, setpoint))

    def report(self) -> StationReport:
        """Return what the station reported last."""
        return self._report

    def hear(self, now_ms: int, frame: bytes) -> bool:
        """Take in a frame if it is an authentic, new report of this station."""
        if not self.gate.accept(frame, self._received):
            return False
        self._report.state = self._received.state
        self._report.heard_ms = now_ms
        for phase in range(3):
            self._report.measured_ma[phase] = self._received.measured_ma[phase]
        return True


class StationLine:
    """The line. port: `write`, `read`, `reopen(now_ms)`; key: 16..64 bytes, shared with the stations.

    `dropped_bytes` counts what was slid over; `lost_count` reads that failed.
    """

    def __init__(self, port, key: bytes):
        self.port = port
        self.key = key
        self.dropped_bytes = 0
        self.lost_count = 0
        self._stations = []
        self._buffer = b""

    def add_station(self, number: int, store) -> LineStation:
        """Return a new station of this line."""
        station = LineStation(self, number, store)
        self._stations.append(station)
        return station

    def poll(self, now_ms: int):
        """Take in what arrived; open the line again when it is gone."""
        if not self.port.reopen(now_ms):
            return
        try:
            data = self.port.read(_BUFFER_SIZE_MAX)
        except OSError:
            self.lost_count += 1
            self._buffer = b""
            return
        if data:
            self._buffer = self._buffer + data
            self._hunt(now_ms)

    def _hunt(self, now_ms):
        at = 0
        while len(self._buffer) - at >= FRAME_SIZE:
            if self._buffer[at] == wire.SETPOINT_MAGIC and self._hear(
                now_ms, self._buffer[at : at + FRAME_SIZE]
            ):
                at += FRAME_SIZE
            else:
                at += 1
                self.dropped_bytes += 1
        self._buffer = self._buffer[at:]

    def _hear(self, now_ms, frame):
        number = frame[2] | frame[3] << 8
        for station in self._stations:
            if station.number == number:
                return station.hear(now_ms, frame)
        return False
