"""Baseline policies for the closed-loop bench: rules that other load managers use, each written from its
description.

They see what our controller sees (the same meters, the same reports) and set the same stations. None is a
copy of a peer's code, and a peer's product does more than its rule; the names say which rule is meant, not
whose product.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from evenload import wire

MIN_MA = wire.EV_MIN_CURRENT_MA


@dataclass
class View:
    """What a policy sees; [n] circuits root first, [s] stations; currents in mA by phase.

    paths[s]: circuits from the station's own to the root; feeder_ma[n]: metered total, or None if there is
    no meter value at all; age_ms[n]: age of that value.
    """

    limit_ma: list[list[int]]
    paths: list[list[int]]
    lines: list[tuple[int, ...]]
    max_ma: list[int]
    feeder_ma: list[list[int] | None] = field(default_factory=list)
    age_ms: list[int] = field(default_factory=list)
    connected: list[bool] = field(default_factory=list)
    measured_ma: list[list[int]] = field(default_factory=list)

    def below(self, circuit: int) -> list[int]:
        """Return the connected stations under `circuit`."""
        return [
            station for station, path in enumerate(self.paths) if circuit in path and self.connected[station]
        ]

    def used_ma(self, circuit: int) -> list[int]:
        """Return the circuit's load: its meter, or the sum of its stations where there is none."""
        feeder = self.feeder_ma[circuit]
        if feeder is not None:
            return feeder
        return [
            sum(self.measured_ma[station][phase] for station in self.below(circuit)) for phase in range(3)
        ]

    def free_ma(self, circuit: int) -> int:
        """Return the headroom of the circuit's worst phase; negative when overloaded."""
        used = self.used_ma(circuit)
        return min(self.limit_ma[circuit][phase] - used[phase] for phase in range(3))


class EqualSplit:
    """Everyone gets the same share of what the building leaves, at once; too little for all serves the
    first bays.
    """

    name = "equal split"
    period_ms = 1_000

    def decide(self, view: View, grants_ma: list[int]) -> None:
        """Write the new set-points into `grants_ma`."""
        for station, is_connected in enumerate(view.connected):
            grants_ma[station] = view.max_ma[station] if is_connected else 0
        for circuit in range(len(view.limit_ma)):
            below = view.below(circuit)
            used = view.used_ma(circuit)
            drawn = [sum(view.measured_ma[station][phase] for station in below) for phase in range(3)]
            room_ma = min(view.limit_ma[circuit][p] - max(0, used[p] - drawn[p]) for p in range(3))
            share_ma = max(0, room_ma) // max(1, len(below))
            served = len(below) if share_ma >= MIN_MA else max(0, room_ma) // MIN_MA
            for place, station in enumerate(below):
                granted_ma = max(share_ma, MIN_MA) if place < served else 0
                grants_ma[station] = min(grants_ma[station], granted_ma // 100 * 100)


class QuarterUpFullDown:
    """One total per circuit: a quarter of the worst phase's headroom up, all of an overload down, then
    equal shares.

    The rule of SmartEVSE as described: scalar worst phase; no meter for 11 s stops all; too little for the
    minimum of everyone for some rounds stops all for a minute.
    """

    name = "+1/4, -full"
    period_ms = 1_000
    _SHORT_ROUNDS_MAX = 10
    _PAUSE_ROUNDS = 60

    def __init__(self) -> None:
        self._total_ma: dict[int, int] = {}
        self._short_rounds = 0
        self._pause_rounds = 0

    def decide(self, view: View, grants_ma: list[int]) -> None:
        """Write the new set-points into `grants_ma`."""
        shares = [self._share_ma(view, circuit) for circuit in range(len(view.limit_ma))]
        stale = any(
            feeder is not None and age > 11_000
            for feeder, age in zip(view.feeder_ma, view.age_ms, strict=True)
        )
        is_short = any(view.below(circuit) and share < MIN_MA for circuit, share in enumerate(shares))
        self._short_rounds = self._short_rounds + 1 if is_short else 0
        self._pause_rounds = max(0, self._pause_rounds - 1)
        if self._short_rounds > self._SHORT_ROUNDS_MAX:
            self._short_rounds = 0
            self._pause_rounds = self._PAUSE_ROUNDS
            self._total_ma.clear()
        stopped = stale or self._pause_rounds > 0
        for station, path in enumerate(view.paths):
            share = min([view.max_ma[station], *(shares[circuit] for circuit in path)])
            on = view.connected[station] and not stopped
            grants_ma[station] = max(MIN_MA, share // 100 * 100) if on else 0

    def _share_ma(self, view: View, circuit: int) -> int:
        below = view.below(circuit)
        most_ma = sum(view.max_ma[station] for station in below)
        total_ma = self._total_ma.get(circuit, MIN_MA * len(below))
        free_ma = view.free_ma(circuit)
        total_ma += free_ma // 4 if free_ma > 0 else free_ma
        self._total_ma[circuit] = max(0, min(total_ma, most_ma))
        return self._total_ma[circuit] // max(1, len(below))


class OrderGreedy:
    """One station per 30 s in fixed order takes all that is free; below its minimum it is switched off.

    The rule of evcc as described: the largest of three phases counts, a meter older than a minute counts as
    full.
    """

    name = "order-greedy"
    period_ms = 30_000

    def __init__(self) -> None:
        self._next = 0

    def decide(self, view: View, grants_ma: list[int]) -> None:
        """Write the new set-points into `grants_ma`."""
        station = self._next
        self._next = (self._next + 1) % len(view.paths)
        if not view.connected[station]:
            grants_ma[station] = 0
            return
        drawn_ma = max(view.measured_ma[station])
        granted_ma = view.max_ma[station]
        for circuit in view.paths[station]:
            stale = view.feeder_ma[circuit] is not None and view.age_ms[circuit] > 60_000
            granted_ma = min(granted_ma, 0 if stale else view.free_ma(circuit) + drawn_ma)
        grants_ma[station] = granted_ma // 100 * 100 if granted_ma >= MIN_MA else 0


def baselines() -> Sequence[EqualSplit | QuarterUpFullDown | OrderGreedy]:
    """Return a fresh set of all baseline policies."""
    return (EqualSplit(), QuarterUpFullDown(), OrderGreedy())
