"""A world in real time: stepped by whoever owns the loop, read and commanded from other threads.

The owner calls `advance`; request handlers call `snapshot`, `age_ms` and `order`. A snapshot is published by
replacing one reference and never changed afterwards, and orders wait in a queue for the next pass, so no lock
is needed. If the machine cannot keep up, `lag_ms` says by how much; nothing drifts in silence.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from evenload_sim.faults import LABELS, UnknownFault
from evenload_sim.world import PASS_MS, World

ADVANCE_MS_MAX = 60  # Longest stretch of stepping before the owner's other duties get their turn.
PUBLISH_MS = 200
ORDERS_MAX = 100
FORGIVEN_LAG_MS = 10_000  # Beyond this (a machine that slept) the missed time is given up, and said so.


class LiveSite:
    """world: what is stepped; speed: simulated seconds per real one; clock_s: monotonic seconds."""

    def __init__(self, world: World, speed: float, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._world = world
        self._speed = speed
        self._orders: deque[tuple[str, str, bool]] = deque()
        self._started_s = self._clock_s()
        self._done_ms = 0
        self._lost_until_s = 0.0
        self._lost_ms = 0
        self.lag_ms = 0
        self._targets = {name: frozenset(world.faults.targets(name)) for name in LABELS}
        world.speed = int(speed) if speed == int(speed) else speed  # type: ignore[assignment]
        self._published = (self._snapshot(), self._clock_s())

    def snapshot(self) -> dict[str, Any]:
        """Return the latest published snapshot."""
        return self._published[0]

    def age_ms(self) -> int:
        """Return how long ago it was published."""
        return int((self._clock_s() - self._published[1]) * 1000)

    def order(self, name: str, target: str, on: bool) -> None:
        """Queue switching a fault; raises UnknownFault at once, with what would be valid."""
        if name not in self._targets:
            raise UnknownFault("name", name, sorted(self._targets))
        if target not in self._targets[name]:
            raise UnknownFault("target", target, sorted(self._targets[name]))
        if len(self._orders) >= ORDERS_MAX:
            raise UnknownFault("name", name, ["nothing until the queued orders are done"])
        self._orders.append((name, target, on))

    def advance(self) -> float:
        """Do the orders and the steps that are due, publish, and return the seconds until the next step."""
        has_orders = bool(self._orders)
        while self._orders:
            self._world.inject(*self._orders.popleft())
        entered_s = self._clock_s()
        while self._due_ms() >= PASS_MS and (self._clock_s() - entered_s) * 1000 < ADVANCE_MS_MAX:
            self._world.step(PASS_MS)
            self._done_ms += PASS_MS
        self._note_lag()
        if has_orders or self.age_ms() >= PUBLISH_MS:
            self._published = (self._snapshot(), self._clock_s())
        return max(0.0, (PASS_MS - self._due_ms()) / 1000 / self._speed)

    def _due_ms(self) -> float:
        return (self._clock_s() - self._started_s) * 1000 * self._speed - self._done_ms

    def _note_lag(self) -> None:
        """Measure how far behind the world is in real milliseconds; give up what cannot be caught up."""
        now_s = self._clock_s()
        behind_ms = int(max(0.0, self._due_ms() - PASS_MS) / self._speed)
        if behind_ms > FORGIVEN_LAG_MS:
            self._started_s += behind_ms / 1000
            self._lost_ms, self._lost_until_s = behind_ms, now_s + FORGIVEN_LAG_MS / 1000
            behind_ms = 0
        self.lag_ms = max(behind_ms, self._lost_ms if now_s < self._lost_until_s else 0)

    def _snapshot(self) -> dict[str, Any]:
        return self._world.snapshot() | {"lag_ms": self.lag_ms}
