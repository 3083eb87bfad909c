"""A pump that follows its share as fast as its drive allows: the actuator of a unit until a real one is configured."""

from evenload import ticks

STEP_MS_MAX = 1000


class SimulatedPump:
    """slew_10w_s: change of the delivered cooling in 10 W per second. `delivered_10w` is what it cools now."""

    def __init__(self, slew_10w_s: int):
        self._slew_10w_s = slew_10w_s
        self._share_10w = 0
        self._delivered_10mw = 0
        self._stepped_ms = None

    @property
    def delivered_10w(self) -> int:
        """Return the present cooling in 10 W."""
        return self._delivered_10mw // 1000

    def set_share(self, share_10w: int):
        """Take a new set-point."""
        self._share_10w = share_10w

    def step(self, now_ms: int):
        """Move towards the set-point for the time since the last step."""
        if self._stepped_ms is None:
            self._stepped_ms = now_ms
        passed_ms = min(max(0, ticks.elapsed_ms(now_ms, self._stepped_ms)), STEP_MS_MAX)
        self._stepped_ms = now_ms
        reach = self._slew_10w_s * passed_ms
        distance = self._share_10w * 1000 - self._delivered_10mw
        self._delivered_10mw += min(max(distance, -reach), reach)
