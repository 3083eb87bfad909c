"""The live feed of the simulated site: at most 100 events, each with a code to translate by and an English
text.
"""

from collections import deque

from evenload import wire

SHOWN_MAX = 100
# code: (severity, text). The text is a whole sentence about the subject; {value} is the event's number.
TEXTS = {
    "vehicle_arrived": ("info", "{subject}: a vehicle was plugged in ({value})."),
    "vehicle_left": ("info", "{subject}: the vehicle left after {value} kWh."),
    "fault_on": ("warn", "Fault injected: {value} on {subject}."),
    "fault_off": ("info", "Fault removed: {value} on {subject}."),
    "auto_suspend": ("alarm", "{subject}: all charging is suspended; there has been no meter reading yet."),
    "meter_stale": (
        "warn",
        "{subject}: counts as stale, {value} ms after the last reading; stations go to the fallback current.",
    ),
    "meter_disconnected": (
        "warn",
        "{subject}: three polls without an answer; disconnected, which counts as stale.",
    ),
    "meter_implausible": (
        "warn",
        "{subject}: the meter reads something impossible; currents hold, nothing is raised.",
    ),
    "meter_recovered": (
        "info",
        "{subject}: the meter is back with two good readings; currents rise slowly again.",
    ),
    "meter_reset": ("warn", "{subject}: the metering chip restarted and was set up again."),
    "meter_frozen": ("warn", "{subject}: the meter repeats the same reading; it may be frozen."),
    "station_noncompliant": (
        "alarm",
        "{subject}: draws more than it was told; it is paused, the others go on.",
    ),
    "station_compliant": ("info", "{subject}: obeys its set-point again."),
    "station_silent": (
        "warn",
        "{subject}: does not answer; its last current stays counted until its lease has run out.",
    ),
    "station_back": ("info", "{subject}: answers again."),
    "breaker_suspend": (
        "alarm",
        "{subject}: overload persists although set-points are cut; charging suspended.",
    ),
    "breaker_recover": ("info", "{subject}: the breaker has cooled; charging resumes."),
    "guard_acted": ("alarm", "{subject}: the last guard lowered a set-point."),
    "meter_suspend": ("alarm", "{subject}: charging suspended, a meter on the path was never read."),
    "phase_switch": ("info", "{subject}: switches to {value} phase(s)."),
    "breaker_tripped": ("alarm", "{subject}: the breaker tripped."),
}
CODE_NAMES = {
    value: name.removeprefix("EVENT_").lower()
    for name, value in vars(wire).items()
    if name.startswith("EVENT_") and isinstance(value, int)
}


class EventFeed:
    """The newest events, oldest first; `dropped` counts those that fell out at the old end."""

    def __init__(self) -> None:
        self._shown: deque[dict[str, object]] = deque(maxlen=SHOWN_MAX)
        self._next_id = 1
        self.counts: dict[str, int] = {}

    @property
    def dropped(self) -> int:
        """Return how many events are no longer shown."""
        return self._next_id - 1 - len(self._shown)

    def add(self, elapsed_ms: int, code: str, subject: str, value: object = "") -> None:
        """Append an event; an unknown code is shown as it is, with severity info."""
        severity, text = TEXTS.get(code, ("info", "{subject}: " + code.replace("_", " ") + " {value}."))
        self._shown.append(
            {
                "id": self._next_id,
                "sim_s": elapsed_ms / 1000,
                "code": code,
                "severity": severity,
                "subject": subject,
                "value": value,
                "text": text.format(subject=subject, value=value),
            }
        )
        self._next_id += 1
        self.counts[code] = self.counts.get(code, 0) + 1

    def newest(self) -> list[dict[str, object]]:
        """Return the shown events, newest last."""
        return list(self._shown)
