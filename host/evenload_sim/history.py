"""The last five minutes of the main feeder, one point a second: what a page draws at once when it is
opened.
"""

from collections import deque

SECONDS = 300


class History:
    """The main current per phase as it was measured; oldest first, at most 300 points, None is a gap."""

    def __init__(self) -> None:
        self._points: list[deque[int | None]] = [deque(maxlen=SECONDS) for _ in range(3)]

    def add(self, current_ma: list[int] | list[None]) -> None:
        """Append one second of the three phases; None where no meter could be trusted."""
        for points, value_ma in zip(self._points, current_ma, strict=True):
            points.append(value_ma)

    def snapshot(self) -> dict[str, object]:
        """Return the contract's "history" object, in amperes."""
        return {
            "period_s": 1,
            "main_a": [
                [None if value_ma is None else value_ma / 1000 for value_ma in points]
                for points in self._points
            ],
        }
