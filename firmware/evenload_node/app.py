"""App: one node's work as a function of time. Whoever owns a loop and a clock calls `step`."""

from evenload import ticks

from evenload_node.log import Log, event_name

PASS_MS = 100
POLL_MS = (
    25  # A register read of a BL0942 may follow the last one after 25 ms, so lines are looked at as often.
)


class App:
    """role: object with `poll(now_ms)`, `step(now_ms)`, `take_events()` and `status()`; log: where events
    go.

    `fault_count` counts passes that a bug ended early: the loop goes on, and stations that are no longer
    told their set-point fall back by their lease.
    """

    def __init__(self, role, log: Log):
        self.role = role
        self.pass_count = 0
        self.fault_count = 0
        self._log = log
        self._pass_due_ms = None
        self._recent = []

    def step(self, now_ms: int):
        """Look at the lines; each 100 ms make one pass. Never waits, never raises."""
        try:
            self.role.poll(now_ms)
            if self._pass_due_ms is None or ticks.is_due_within(now_ms, self._pass_due_ms, PASS_MS):
                self._pass_due_ms = ticks.add_ms(now_ms, PASS_MS)
                self.pass_count += 1
                self.role.step(now_ms)
                self._drain_events()
        except Exception as error:  # The loop's edge: one place, counted and told.
            self.fault_count += 1
            self._log.line("ERROR", "event=fault {} {}".format(type(error).__name__, error))

    def take_recent(self) -> list:
        """Return and forget the events since the last call, JSON-ready, at most 100."""
        recent = self._recent
        self._recent = []
        return recent

    def status(self) -> dict:
        """Return the role's status with the loop's own counters, JSON-ready."""
        status = self.role.status()
        status["passes"] = self.pass_count
        status["faults"] = self.fault_count
        return status

    def _drain_events(self):
        for code, subject, value in self.role.take_events():
            self._log.event(code, subject, value)
            if len(self._recent) < 100:
                self._recent.append({"event": event_name(code), "subject": subject, "value": value})
