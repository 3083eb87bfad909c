"""Log lines of a node: level, node, event, subject, number with its unit. Only the application layer logs."""

from evenload import wire

# What the number of an event is, for a reader; an event that is not here has a bare number.
_UNITS = {
    wire.EVENT_METER_STALE: "ms old",
    wire.EVENT_METER_DISCONNECTED: "polls failed",
    wire.EVENT_METER_RECOVERED: "ms later",
    wire.EVENT_METER_RESET: "resets",
    wire.EVENT_METER_FROZEN: "equal readings",
    wire.EVENT_INLET_ILLEGAL: "mA taken instead",
    wire.EVENT_STATION_NONCOMPLIANT: "mA drawn",
    wire.EVENT_STATION_COMPLIANT: "mA drawn",
    wire.EVENT_STATION_SILENT: "mA kept for it",
    wire.EVENT_STATION_BACK: "ms old",
    wire.EVENT_BREAKER_SUSPEND: "mA measured",
    wire.EVENT_BREAKER_RECOVER: "mA measured",
}
_INFO = (
    wire.EVENT_METER_RECOVERED,
    wire.EVENT_STATION_COMPLIANT,
    wire.EVENT_STATION_BACK,
    wire.EVENT_BREAKER_RECOVER,
)
_CAUSES = {
    wire.METER_CAUSE_VOLTAGE_ZERO: "voltage 0 with current",
    wire.METER_CAUSE_CURRENT_ABOVE_MAX: "current above the maximum",
}


class Log:
    """Writes lines. node: the node's name; write: function that takes one line without its end."""

    def __init__(self, node: str, write):
        self._node = node
        self._write = write
        self.line_count = 0

    def event(self, code: int, subject: str, value: int):
        """Write the line of an event: INFO when something got better, WARN otherwise."""
        if code == wire.EVENT_METER_IMPLAUSIBLE:
            number = _CAUSES.get(value, "cause {}".format(value))
        else:
            number = "{} {}".format(value, _UNITS.get(code, "")).strip()
        level = "INFO" if code in _INFO else "WARN"
        self.line(level, "event={} subject={} {}".format(event_name(code), subject, number))

    def line(self, level: str, text: str):
        """Write "LEVEL node=NAME text"."""
        self.line_count += 1
        self._write("{} node={} {}".format(level, self._node, text))


def event_name(code: int) -> str:
    """Return the word of EVENT_*: "meter_stale"; "event_99" for an unknown code."""
    for name in dir(wire):
        if name.startswith("EVENT_") and getattr(wire, name) == code:
            return name[6:].lower()
    return "event_{}".format(code)
