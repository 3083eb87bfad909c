"""What happened to each node in the last seconds, for the lanes of the page: deaths, starts, masters, contingency."""

from collections import deque
from typing import Any

from evenload.wire import BASIS_CONTINGENCY

from evenload_sim.live_beats import SPAN_US


class Lane:
    """One node's marks and the spans in which it carried a contingency share; an open span ends with None."""

    def __init__(self) -> None:
        self.marks: deque[tuple[int, str]] = deque()
        self.spans: deque[tuple[int, int | None]] = deque()

    def is_down(self) -> bool:
        """Tell whether the newest mark is a death."""
        return bool(self.marks) and self.marks[-1][1] == "down"

    def end_span(self, t_us: int) -> None:
        """Close the span that is open, if one is."""
        if self.spans and self.spans[-1][1] is None:
            self.spans[-1] = (self.spans[-1][0], t_us)

    def forget(self, now_us: int) -> None:
        """Drop what has left the page."""
        while self.marks and now_us - self.marks[0][0] > SPAN_US:
            self.marks.popleft()
        while self.spans and self.spans[0][1] is not None and now_us - self.spans[0][1] > SPAN_US:
            self.spans.popleft()


class Lanes:
    """The lanes of `sources`, fed with trace lines."""

    def __init__(self, sources: list[int]) -> None:
        self._lanes = {src: Lane() for src in sources}

    def on_event(self, event: dict[str, Any], leader: int) -> None:
        """Take one line of a trace; leader: who led before it, so that only a new master gets a mark."""
        lane, word, t_us = self._lanes[event["node"]], event["event"], event["t_us"]
        if word in ("down", "up"):
            if not lane.marks or lane.marks[-1] != (t_us, word):
                lane.marks.append((t_us, word))
            lane.end_span(t_us)
        elif word == "lease" and event["node"] != leader:
            if not lane.is_down():  # A killed master's last lines come after its death.
                lane.marks.append((t_us, "lead"))
        elif word == "share" and event["b"] == BASIS_CONTINGENCY:
            if not lane.spans or lane.spans[-1][1] is not None:
                lane.spans.append((t_us, None))
        elif word == "share":
            lane.end_span(t_us)

    def row(self, src: int, now_us: int) -> dict[str, Any]:
        """Return the marks and the contingency spans of a node, in ms before `now_us`."""
        lane = self._lanes[src]
        lane.forget(now_us)
        spans = [
            [(now_us - since) // 1000, 0 if until is None else (now_us - until) // 1000]
            for since, until in lane.spans
        ]
        return {"marks": [[(now_us - t_us) // 1000, word] for t_us, word in lane.marks], "contingency": spans}
