"""The kills of a live cluster and how long each failover took, measured from the traces as they come in."""

from dataclasses import dataclass, field
from typing import Any

from evenload_sim.failover_times import Death, FailoverTimes

CLOSE_US = 2_500_000
HEARD_US_MAX = 1_000_000  # A last frame longer before the death than this belongs to another story.
KEPT_MAX = 40
TOLD_TIMES = ("contingency_ms", "elected_ms", "applied_ms", "applied_from_death_ms")

Event = dict[str, Any]


@dataclass
class Kill:
    """One kill. leader and term: who led then, 0 for nobody; survivors: who has to take over; last_us: of the last
    frame of the node, the moment of its death until that is known.
    """

    id: int
    node: int
    died_us: int
    leader: int
    term: int
    survivors: frozenset[int]
    last_us: int
    events: list[Event] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    final: dict[str, Any] | None = None

    def hear_last(self, last_us: int | None) -> None:
        """Take when the node's last frame was on the bus; None if nobody heard it."""
        if last_us is not None and last_us > self.died_us - HEARD_US_MAX:
            self.last_us = last_us

    def lose(self, node: int) -> None:
        """Go on without a survivor that dies as well; a failover that is complete stays as it was measured."""
        row = self.row()
        if row["applied_ms"] is not None:
            self.final = row
        self.survivors -= {node}

    def row(self) -> dict[str, Any]:
        """Return the kill as the page shows it; a time that is not known yet, or never will be, is None."""
        if self.final is not None:
            return self.final
        # A node that had just come back may win as well; then the plan counts as applied when it has it, too.
        winners = {event["node"] for event in self.events if event["event"] == "lease"} - {self.node}
        voters = self.survivors | winners
        times = FailoverTimes(Death(self.node, self.leader, self.term, self.last_us, self.died_us, voters))
        times.take_all(self.events)
        # With nobody left there is nobody whose times could be told.
        known: dict[str, float | None] = times.as_dict() if voters else dict.fromkeys(TOLD_TIMES)
        was_leader = self.node == self.leader
        if not was_leader:
            known["elected_ms"] = None
        row = {"id": self.id, "node": self.node, "was_leader": was_leader, "leader": times.leader}
        return row | {
            name: None if known[name] is None else round(known[name] or 0.0, 1) for name in TOLD_TIMES
        }


class Failovers:
    """Every kill since the start; the last KEPT_MAX of them are kept."""

    def __init__(self) -> None:
        self.count = 0
        self.kills: list[Kill] = []
        self._leases: dict[int, int] = {}

    @property
    def leader(self) -> int:
        """Return the node that holds the lease of the highest term, 0 for none."""
        return max(self._leases, key=lambda src: self._leases[src], default=0)

    def begin(self, node: int, at_us: int, survivors: set[int]) -> Kill:
        """Note that `node` is killed at `at_us`; survivors: the other nodes that serve."""
        self.count += 1
        leader = self.leader
        kill = Kill(self.count, node, at_us, leader, self._leases.get(leader, 0), frozenset(survivors), at_us)
        for earlier in self.open_kills():
            earlier.lose(node)
        self.kills = [*self.kills[1 - KEPT_MAX :], kill]
        return kill

    def on_event(self, event: Event) -> None:
        """Take one line of a trace."""
        word, node = event["event"], event["node"]
        if word == "lease":
            is_first = self._leases.get(node) != event["b"]
            self._leases[node] = event["b"]
            if not is_first:
                return
        elif word in ("lease_end", "down"):
            self._leases.pop(node, None)
        if word in ("lease", "plan", "share", "alive"):
            for kill in self.open_kills():
                kill.events.append(event)

    def open_kills(self) -> list[Kill]:
        """Return the kills that are still being measured."""
        return [kill for kill in self.kills if kill.final is None]

    def close_old(self, now_us: int) -> None:
        """End the measurement of kills that are long enough ago: what has not happened yet never will."""
        for kill in self.open_kills():
            if now_us - kill.died_us > CLOSE_US:
                kill.final = kill.row()
