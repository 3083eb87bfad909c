"""The feed of the cluster's page: the last 100 events, each a code and its values; the page has the sentences."""

from collections import deque
from typing import Any

SHOWN_MAX = 100


class Story:
    """Events in the order in which they were told; `id` counts them."""

    def __init__(self) -> None:
        self._events: deque[dict[str, Any]] = deque(maxlen=SHOWN_MAX)
        self._count = 0

    def tell(self, run_s: float, severity: str, code: str, **values: Any) -> None:
        """Add an event. severity: info, warn or alarm; code and values: of the sentence cluster.event.CODE."""
        self._count += 1
        event = {
            "id": self._count,
            "sim_s": round(run_s, 1),
            "severity": severity,
            "code": code,
            "values": values,
        }
        self._events.append(event)

    def events(self) -> list[dict[str, Any]]:
        """Return the events, oldest first."""
        return list(self._events)
