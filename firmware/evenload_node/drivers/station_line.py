"""Stations on a serial line, reached with authenticated frames (evenload.setpoint; R17).

The line is half duplex and carries every station of the site: the controller sends one set-point, the
station it names answers with a report, then comes the next. So no two stations ever speak at once. Waiting
set-points are kept one per station, the newest; those that lower a current go first, but every second frame
goes to whom nothing was told for 4 s, so that no lease runs out meanwhile. A station that doesn't answer
within 60 ms, or on a slow line within 40 ms and the time of both frames, is passed over. Bytes that are no
frame for us are slid over one at a time and counted.
"""

from evenload import ticks, wire
from evenload.setpoint import FRAME_SIZE, Counter, Report, ReportReceiver, Setpoint, pack_setpoint

from evenload_node.station import StationPort, StationReport

ANSWER_MS_MAX = 60
_UNTOLD_MS_MAX = 4_000
_TURNAROUND_MS = 40  # A station's thinking and one pass of the loop.
_BOTH_FRAMES_BITS = 2 * 10 * FRAME_SIZE
_BUFFER_SIZE_MAX = 16 * FRAME_SIZE


class LineStation(StationPort):
    """One station on a StationLine. number: 0 .. 65535 on the line; store: keeps its counter."""

    def __init__(self, line: "StationLine", number: int, store):
        self.number = number
        self.counter = Counter(store)
        self.gate = ReportReceiver(line.key, number, self.counter)
        self.is_waiting = False
        self.is_lower = False
        self._key = line.key
        self._setpoint = Setpoint()
        self._sent_ma = wire.NO_CAP_MA
        self._told_ms = None
        self._expires_ms = 0
        self._received = Report()
        self._report = StationReport()

    def set_current(self, now_ms: int, current_ma: int, phases: int, expires_ms: int):  # noqa: ARG002
        """Queue a set-point; the line sends it when its turn comes."""
        self._setpoint.current_ma = current_ma
        self._setpoint.phases = min(max(phases, 1), 3)
        self._expires_ms = expires_ms
        self.is_lower = current_ma < self._sent_ma
        self.is_waiting = True

    def is_untold(self, now_ms: int) -> bool:
        """Return whether a set-point waits although none was sent for 4 s."""
        if not self.is_waiting:
            return False
        return self._told_ms is None or ticks.elapsed_ms(now_ms, self._told_ms) >= _UNTOLD_MS_MAX

    def report(self) -> StationReport:
        """Return what the station reported last."""
        return self._report

    def pack(self, now_ms: int) -> bytes:
        """Return the frame of the queued set-point, which then waits no longer; its lease is what is left
        now.
        """
        left_ms = max(ticks.elapsed_ms(self._expires_ms, now_ms), 0)
        self._setpoint.ttl_ms = min(left_ms, wire.SETPOINT_TTL_MS_MAX)
        self._setpoint.counter = self.counter.next()
        self._sent_ma = self._setpoint.current_ma
        self._told_ms = now_ms
        self.is_waiting = False
        return pack_setpoint(self._key, self.number, self._setpoint)

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
    """The line. port: `write`, `read`, `reopen(now_ms)`, `baud`; key: 16..64 bytes, shared with the stations.

    Counters: `dropped_bytes` slid over, `lost_count` reads and writes that failed, `unanswered_count`.
    """

    def __init__(self, port, key: bytes):
        self.port = port
        self.key = key
        self.dropped_bytes = 0
        self.lost_count = 0
        self.unanswered_count = 0
        self._stations = []
        self._answer_ms_max = max(ANSWER_MS_MAX, _TURNAROUND_MS + _BOTH_FRAMES_BITS * 1000 // port.baud)
        self._buffer = b""
        self._asked = None
        self._asked_ms = 0
        self._turn = 0
        self._was_lower = False

    def add_station(self, number: int, store) -> LineStation:
        """Return a new station of this line."""
        station = LineStation(self, number, store)
        self._stations.append(station)
        return station

    def poll(self, now_ms: int):
        """Take in what arrived, send what waits; open the line again when it is gone."""
        if not self.port.reopen(now_ms):
            self._asked = None
            return
        try:
            self._receive(now_ms)
            self._send(now_ms)
        except OSError:
            self.lost_count += 1
            self._buffer = b""
            self._asked = None

    def _receive(self, now_ms):
        data = self.port.read(_BUFFER_SIZE_MAX)
        if data:
            self._buffer = self._buffer + data
            self._hunt(now_ms)
        in_time = 0 <= ticks.elapsed_ms(now_ms, self._asked_ms) <= self._answer_ms_max
        if self._asked is not None and not in_time:
            self.unanswered_count += 1
            self._asked = None

    def _send(self, now_ms):
        if self._asked is not None:
            return
        station = self._next_station(now_ms)
        if station is not None:
            self._asked = station
            self._asked_ms = now_ms
            self.port.write(station.pack(now_ms))

    def _next_station(self, now_ms):
        """Return the next waiting station in turn; one whose current goes down comes before all others, except
        that after each of those one that was untold for long has its turn.
        """
        chosen = None
        untold = None
        for i in range(len(self._stations)):
            station = self._stations[(self._turn + i) % len(self._stations)]
            if station.is_waiting and (chosen is None or (station.is_lower and not chosen.is_lower)):
                chosen = station
            if untold is None and station.is_untold(now_ms):
                untold = station
        if self._was_lower and untold is not None:
            chosen = untold
        self._was_lower = chosen is not None and chosen is not untold and chosen.is_lower
        if chosen is not None:
            self._turn = (self._stations.index(chosen) + 1) % len(self._stations)
        return chosen

    def _hunt(self, now_ms):
        at = 0
        while len(self._buffer) - at >= FRAME_SIZE:
            frame = self._buffer[at : at + FRAME_SIZE]
            if frame[0] == wire.SETPOINT_MAGIC and self._hear(now_ms, frame):
                at += FRAME_SIZE
            else:
                at += 1
                self.dropped_bytes += 1
        self._buffer = self._buffer[at:]

    def _hear(self, now_ms, frame):
        number = frame[2] | frame[3] << 8
        for station in self._stations:
            if station.number == number:
                heard = station.hear(now_ms, frame)
                if heard and station is self._asked:
                    self._asked = None
                return heard
        return False
