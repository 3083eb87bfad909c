"""How long a failover took, read from the traces of those who survived it.

All times are CLOCK_MONOTONIC microseconds; what is returned is in ms from the last frame of the dead node.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from evenload.wire import BASIS_CONTINGENCY, CLUSTER_TICK_MS_MAX

Event = dict[str, Any]
TICK_US = CLUSTER_TICK_MS_MAX * 1000
TIME_NAMES = ("detected_ms", "elected_ms", "applied_ms", "contingency_ms", "applied_from_death_ms")


@dataclass(frozen=True)
class Death:
    """One node that fell silent while `leader` led in `term`.

    last_us: its last frame on the bus; death_us: the moment just before the signal.
    """

    src: int
    leader: int
    term: int
    last_us: int
    death_us: int
    survivors: frozenset[int]

    @property
    def is_leader(self) -> bool:
        """Tell whether the leader died."""
        return self.src == self.leader


class FailoverTimes:
    """Takes trace lines in any order and knows what each survivor did, and when, after a death.

    detected: its alive mask lost the dead node. contingency: it applied a share without the dead one, whether its own
    or the new plan's. elected: it held the lease of a newer term. applied: it applied a plan of a newer term or, when
    a follower died, one that the leader made after it had missed it.
    """

    def __init__(self, death: Death) -> None:
        self.death = death
        self._events: list[Event] = []

    def take_all(self, events: Iterable[Event]) -> None:
        """Take many lines; those of others than the survivors and from before the last frame are passed over."""
        for event in events:
            if event.get("node") in self.death.survivors and event["t_us"] >= self.death.last_us:
                self._events.append(event)

    @property
    def is_complete(self) -> bool:
        """Tell whether the new plan is applied on every survivor."""
        return self.death.survivors <= set(self._applied())

    @property
    def leader(self) -> int:
        """The first to hold the lease of a newer term; the old one when a follower died; 0 for none yet."""
        if not self.death.is_leader:
            return self.death.leader
        elected = self._elected()
        return min(elected, key=lambda src: elected[src], default=0)

    def as_dict(self) -> dict[str, float | None]:
        """Return ms by name; None for what did not happen everywhere (elected: anywhere)."""
        applied, elected = self._applied(), self._elected()
        shares = self._first(lambda event: event["event"] == "share" and event["b"] == BASIS_CONTINGENCY)
        either = {
            src: min(shares.get(src, applied.get(src, 0)), applied.get(src, shares.get(src, 0)))
            for src in {*shares, *applied}
        }
        ends = {
            "detected_ms": self._end_us(self._detected()),
            "elected_ms": min(elected.values(), default=None),
            "applied_ms": self._end_us(applied),
            "contingency_ms": self._end_us(either),
        }
        times = {name: _span_ms(self.death.last_us, end_us) for name, end_us in ends.items()}
        times["applied_from_death_ms"] = _span_ms(self.death.death_us, ends["applied_ms"])
        return {name: times[name] for name in TIME_NAMES}

    def _first(self, is_it: Callable[[Event], bool]) -> dict[int, int]:
        """Return when each node's first line of that kind came."""
        found: dict[int, int] = {}
        for event in self._events:
            if is_it(event):
                found[event["node"]] = min(event["t_us"], found.get(event["node"], event["t_us"]))
        return found

    def _detected(self) -> dict[int, int]:
        return self._first(lambda event: event["event"] == "alive" and not event["a"] >> self.death.src & 1)

    def _elected(self) -> dict[int, int]:
        return self._first(lambda event: event["event"] == "lease" and event["b"] > self.death.term)

    def _applied(self) -> dict[int, int]:
        if self.death.is_leader:
            return self._first(lambda event: event["event"] == "plan" and event["a"] > self.death.term)
        missed_us = self._detected().get(self.death.leader)
        if missed_us is None:
            return {}
        # In the tick that misses a node the leader makes its plan first and tells of the silence then.
        new = {
            (event["a"], event["b"])
            for event in self._events
            if event["event"] == "plan"
            and event["node"] == self.death.leader
            and event["t_us"] >= missed_us - TICK_US
        }
        return self._first(lambda event: event["event"] == "plan" and (event["a"], event["b"]) in new)

    def _end_us(self, marks: dict[int, int]) -> int | None:
        return max(marks.values()) if self.death.survivors <= set(marks) else None


def _span_ms(from_us: int, until_us: int | None) -> float | None:
    return None if until_us is None else (until_us - from_us) / 1000


def percentiles(values: Iterable[float | None]) -> dict[str, float | None]:
    """Return p50, p99 and max of the values that are there (nearest rank); None without any."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return {"p50": None, "p99": None, "max": None}
    rank = {name: known[-(-len(known) * share // 100) - 1] for name, share in (("p50", 50), ("p99", 99))}
    return {**rank, "max": known[-1]}
