"""Learns which cars do not start at the station's minimum, so that they are not offered too little for ever.

Many cars need 8 or 10 A to begin (Renault Zoe, vans). Offered 6 A they stay connected and draw nothing, and what
they leave unused goes to others: without this they would never charge. So a car that leaves its minimum unused
for PATIENCE_MS is offered LEARNED_MA at least; if it starts, that is its minimum until it leaves. If it draws
nothing then either, it is full, and is left in peace for REST_MS.

The learned minimum counts only while every meter is trusted: the fallback of the safety table is 6 A.
"""

from evenload import ticks, wire

LEARNED_MA = 10_000
PATIENCE_MS = 30_000
REST_MS = 900_000
DRAWN_MA_MIN = 500

_WATCHING = 0  # Offered the station's minimum so far.
_TRYING = 1  # Offered the larger minimum; nothing drawn yet.
_LEARNED = 2  # It drew at the larger minimum.
_RESTING = 3  # It drew at neither.


class MinimumLearner:
    """One state per station of `allocation`, whose column `low_ma` (the minimum in force) it writes.

    allocation: sealed. `low_ma` is never set below what the site says nor above the station's maximum.
    """

    def __init__(self, allocation):
        count = allocation.station_count
        self._allocation = allocation
        self._base_ma = list(allocation.low_ma)
        step_ma = allocation.settings.step_ma
        learned_ma = LEARNED_MA - LEARNED_MA % step_ma
        self._learned_ma = [0] * count
        for s in range(count):
            highest_ma = allocation.max_ma[s] - allocation.max_ma[s] % step_ma
            self._learned_ma[s] = max(self._base_ma[s], min(learned_ma, highest_ma))
        self._state = [_WATCHING] * count
        self._since_ms = [0] * count
        self._timing = [False] * count

    def step(self, now_ms: int, is_trusted: bool):
        """Look at what the stations did with their last grant and write `low_ma` for the next round."""
        allocation = self._allocation
        for s in range(len(self._state)):
            if self._learned_ma[s] > self._base_ma[s]:
                self._follow(s, now_ms)
                larger = is_trusted and (self._state[s] == _TRYING or self._state[s] == _LEARNED)
                allocation.low_ma[s] = self._learned_ma[s] if larger else self._base_ma[s]

    def _follow(self, s, now_ms):
        allocation = self._allocation
        station_state = allocation.station_state[s]
        if station_state != wire.STATION_CONNECTED and station_state != wire.STATION_CHARGING:  # noqa: PLR1714
            self._enter(s, _WATCHING)
            return
        draws = self._draws(s)
        state = self._state[s]
        if state == _TRYING and draws:
            self._enter(s, _LEARNED)
        elif state == _WATCHING or state == _TRYING:  # noqa: PLR1714
            wanted_ma = self._base_ma[s] if state == _WATCHING else self._learned_ma[s]
            unused = allocation.grant_ma[s] >= wanted_ma and not draws
            if self._has_lasted(s, now_ms, unused, PATIENCE_MS):
                self._enter(s, _TRYING if state == _WATCHING else _RESTING)
        elif state == _RESTING and (draws or self._has_lasted(s, now_ms, True, REST_MS)):
            self._enter(s, _WATCHING)

    def _draws(self, s):
        """Return whether the car draws; its state decides only where nothing is measured.

        A car that stops below its own minimum may leave the contactor closed: charging, and drawing nothing.
        """
        measured_ma = self._allocation.measured_ma
        is_measured = False
        for i in range(3 * s, 3 * s + 3):
            is_measured = is_measured or measured_ma[i] >= 0
            if measured_ma[i] > DRAWN_MA_MIN:
                return True
        return not is_measured and self._allocation.station_state[s] == wire.STATION_CHARGING

    def _has_lasted(self, s, now_ms, is_so, duration_ms):
        """Return whether `is_so` has held for duration_ms without a break."""
        if not is_so:
            self._timing[s] = False
        elif not self._timing[s]:
            self._timing[s] = True
            self._since_ms[s] = now_ms
        return self._timing[s] and ticks.elapsed_ms(now_ms, self._since_ms[s]) >= duration_ms

    def _enter(self, s, state):
        self._state[s] = state
        self._timing[s] = False
