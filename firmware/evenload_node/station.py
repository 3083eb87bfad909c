"""StationPort: how the charger role drives one charging station, whatever lies between them (R9, R10).

A port is non-blocking both ways: `set_current` sends or queues, `report` gives what was heard last. The
simulated station of evenload_sim implements it with electric-vehicle models.
"""

from evenload import wire


class StationReport:
    """What a station said last: state STATION_*; measured_ma[3]; heard_ms.

    measured_ma is the draw by SITE phase (L1, L2, L3), rounded up: whoever implements the port turns the
    station's own terminals by its wiring. A phase it can't measure is NOT_MEASURED_MA. heard_ms is the ring
    time of the last word from the station, None if there was none.
    """

    def __init__(self):
        self.state = wire.STATION_UNREPORTED
        self.measured_ma = [wire.NOT_MEASURED_MA] * 3
        self.heard_ms = None


class StationPort:
    """The port. A station that is not told again before `expires_ms` falls back to its failsafe current."""

    def set_current(self, now_ms: int, current_ma: int, phases: int, expires_ms: int):
        """Offer `current_ma` per phase (0 or min .. max) on `phases` (1..3) until ring time `expires_ms`."""
        raise NotImplementedError

    def report(self) -> StationReport:
        """Return what the station said last; the same object every time, never waiting for a new one."""
        raise NotImplementedError
