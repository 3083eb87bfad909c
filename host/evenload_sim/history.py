"""The last five minutes of the main feeder, one point a second: what a page draws at once when it is
opened.
"""

from collections import deque

SECONDS = 300


class History:
    """The true main current per phase; oldest first, at most 300 points."""

    def __init__(self) -> None:
        self._points: list[deque[int]] = [deque(maxlen=SECONDS) for _ in range(3)]

    def add(self, current_ma: list[int]) -> None:
        """Append one second of the three phases."""
        for points, value_ma in zip(self._points, current_ma, strict=True):
            points.append(value_ma)

    def snapshot(self) -> dict[str, object]:
        """Return the contract's "history" object, in amperes."""
        return {
            "period_s": 1,
            "main_a": [[value_ma / 1000 for value_ma in points] for points in self._points],
        }
