"""What no history of a cluster may show: S1 .. S7 and S10 of SPEC, Cluster invariants, fed by trace events.

The same code watches the simulated world, where events come in their true order, and reads trace files of
real nodes, where clocks are noisy, tails are missing and whole nodes may be absent: there a finding needs
more than `noise_us` of disorder, and what a file cannot prove is not held against it.

Nothing here calls the kernels: the rules have code of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from evenload import ticks, wire

from evenload_sim.cluster.events import DOWN, NO_VERSION, UP, Event, Version, is_newer

Report = Callable[[str, str, Event], None]


@dataclass
class Past:
    """What is remembered of one node. `votes` outlives restarts, the plan register does not."""

    is_up: bool = False
    is_voter: bool = True
    role: int = wire.ROLE_BOOT
    term: int = 0
    floor: int = -1
    votes: dict[int, int] = field(default_factory=dict)
    version: Version = NO_VERSION
    version_us: int = 0
    version_before: Version = NO_VERSION
    lease_from_us: int = 0
    lease_until_us: int = 0
    last_us: int = 0

    def version_at(self, t_us: int) -> Version:
        """Return the plan version that was surely applied at `t_us`."""
        return self.version if self.version_us <= t_us else self.version_before


@dataclass(frozen=True)
class Grants:
    """A won election, kept until the votes behind it can be looked for."""

    event: Event

    def voters(self) -> list[int]:
        """Return the SRCs of the mask."""
        return [src for src in range(1, 16) if self.event.b >> src & 1]


class History:
    """Takes events in the order of their times and reports each finding as (rule, sentence, event).

    quorum: votes that win; rated_10w: by SRC; noise_us: how wrong the order of two nodes' events may be, 0
    in the simulated world; until_us: turns the event of a lease into the end of it on the common clock.
    """

    def __init__(
        self,
        quorum: int,
        rated_10w: dict[int, int],
        report: Report,
        noise_us: int = 0,
        until_us: Callable[[Event], int] | None = None,
    ) -> None:
        self.quorum = quorum
        self.rated_10w = rated_10w
        self.noise_us = noise_us
        self._report = report
        self._until_us = until_us or lease_until_us
        self.past: dict[int, Past] = {}
        self.leaders: dict[int, set[int]] = {}
        self.leases_at_once_max = 0
        self.lapses = 0
        self.lease_left_us_min: int | None = None
        self._grants: list[Grants] = []
        self._grants_of: dict[int, int] = {}
        self._authored: dict[Version, set[int]] = {}
        self._adopted: dict[Version, list[tuple[int, Event]]] = {}
        self._rules = {
            UP: self._up,
            DOWN: self._down,
            wire.TRACE_BOOT: self._boot,
            wire.TRACE_TERM: self._term,
            wire.TRACE_ROLE: self._role,
            wire.TRACE_VOTE: self._vote,
            wire.TRACE_GRANTS: self._won,
            wire.TRACE_LEASE: self._lease,
            wire.TRACE_LEASE_END: self._lease_end,
            wire.TRACE_PLAN: self._plan,
            wire.TRACE_SHARE: self._share,
        }

    def take(self, event: Event) -> None:
        """Hold one event against everything before it."""
        past = self.past.get(event.node)
        if past is None:
            past = self.past[event.node] = Past(is_up=event.code not in (UP, DOWN))
        past.last_us = event.t_us
        rule = self._rules.get(event.code)
        if rule is not None:
            rule(event, past)

    def finish(self) -> None:
        """Look at what needed the whole file: votes behind grants, plans without their author."""
        for grants in self._grants:
            self._back(grants)
        self._grants.clear()
        for version, rows in self._adopted.items():
            authored = self._authored.get(version)
            if authored is None:
                if len({crc for crc, _ in rows}) > 1:
                    self._report(
                        "S6", f"plan {words(version)} was applied with different contents", rows[-1][1]
                    )
                continue
            for crc, event in rows:
                if crc not in authored:
                    self._report("S6", f"plan {words(version)} is not what its leader made", event)
        self._adopted.clear()

    def committed(self, t_us: int, below_term: int) -> Version:
        """Return the newest version of a term before `below_term` that a quorum has applied and still keeps.

        A dead node counts until it restarts: it has acknowledged, and the voters are counted without it.
        """
        kept = [
            past.version_at(t_us - self.noise_us) for src, past in self.past.items() if src in self.rated_10w
        ]
        best = NO_VERSION
        for version in kept:
            if version[1] > 0 and version[0] < below_term and is_newer(version, best):
                count = sum(1 for other in kept if other == version or is_newer(other, version))
                best = version if count >= self.quorum else best
        return best

    def _up(self, event: Event, past: Past) -> None:
        past.is_up, past.role, past.term, past.floor, past.is_voter = True, wire.ROLE_BOOT, 0, -1, True
        past.version = past.version_before = NO_VERSION
        past.version_us = event.t_us
        past.lease_until_us = 0

    def _down(self, event: Event, past: Past) -> None:
        past.is_up, past.role = False, wire.ROLE_BOOT
        past.lease_until_us = min(past.lease_until_us, event.t_us)

    def _boot(self, event: Event, past: Past) -> None:
        past.floor, past.is_voter = event.a, bool(event.c)

    def _term(self, event: Event, past: Past) -> None:
        if event.a < past.term:
            self._report("S2", f"node {event.node} went back from term {past.term} to {event.a}", event)
        past.term = event.a

    def _role(self, event: Event, past: Past) -> None:
        if event.b < past.term:
            self._report(
                "S2", f"node {event.node} has a role in term {event.b}, before its {past.term}", event
            )
        past.role, past.term = event.a, max(past.term, event.b)
        if event.a != wire.ROLE_LEADER:
            return
        leaders = self.leaders.setdefault(event.b, set())
        leaders.add(event.node)
        if len(leaders) > 1:
            self._report("S1", f"term {event.b} has leaders {sorted(leaders)}", event)
        if self.noise_us == 0 and self._grants_of.get(event.b) != event.node:
            self._report("S4", f"node {event.node} leads term {event.b} without grants", event)
        self._no_plan_is_lost(event, past)

    def _no_plan_is_lost(self, event: Event, past: Past) -> None:
        committed = self.committed(event.t_us, event.b)
        own = past.version if past.version[0] < event.b else past.version_before
        if is_newer(committed, own):
            sentence = f"node {event.node} leads term {event.b} with plan {words(own)}"
            self._report("S7", f"{sentence}, but {words(committed)} was committed", event)

    def _vote(self, event: Event, past: Past) -> None:
        term, candidate = event.a, event.b
        if term < past.term:
            self._report("S2", f"node {event.node} votes in term {term}, before its {past.term}", event)
        if term <= past.floor:
            self._report("S2", f"node {event.node} votes in term {term}, its floor is {past.floor}", event)
        if not past.is_voter:
            self._report("S2", f"node {event.node} votes without a floor record", event)
        before = past.votes.setdefault(term, candidate)
        if before != candidate:
            sentence = f"node {event.node} votes for {candidate} in term {term}"
            self._report("S3", f"{sentence}, after {before}", event)
        past.term = max(past.term, term)

    def _won(self, event: Event, past: Past) -> None:  # noqa: ARG002
        grants = Grants(event)
        if len(grants.voters()) < self.quorum:
            sentence = f"node {event.node} won term {event.a} with the votes of {grants.voters()}"
            self._report("S4", f"{sentence}, the quorum is {self.quorum}", event)
        self._grants_of[event.a] = event.node
        if self.noise_us == 0:
            self._back(grants)
        else:
            self._grants.append(grants)

    def _back(self, grants: Grants) -> None:
        event = grants.event
        for src in grants.voters():
            voter = self.past.get(src)
            if voter is None or voter.last_us < event.t_us + self.noise_us:
                continue  # The voter's tail is missing: its vote may stand there.
            if voter.votes.get(event.a) != event.node:
                sentence = f"node {event.node} counts a vote of {src} in term {event.a}"
                self._report("S4", f"{sentence}, which voted for {voter.votes.get(event.a)}", event)

    def _lease(self, event: Event, past: Past) -> None:
        if past.role != wire.ROLE_LEADER:
            self._report("S5", f"node {event.node} extends a lease without being leader", event)
        if past.lease_until_us < event.t_us:
            past.lease_from_us = event.t_us
        else:
            left_us = past.lease_until_us - event.t_us
            self.lease_left_us_min = min(left_us, self.lease_left_us_min or left_us)
        past.lease_until_us = self._until_us(event)
        self.no_second_lease(event, past)

    def no_second_lease(self, event: Event, past: Past) -> None:
        """S5: hold the lease of `event.node`, just changed, against all others."""
        at_once = 1 if past.lease_until_us > event.t_us else 0
        for src, other in self.past.items():
            start_us = max(past.lease_from_us, other.lease_from_us)
            shared_us = min(past.lease_until_us, other.lease_until_us) - start_us
            if src != event.node and other.lease_until_us > event.t_us and shared_us > self.noise_us:
                at_once += 1
                self._report("S5", f"nodes {src} and {event.node} both hold a lease", event)
        self.leases_at_once_max = max(self.leases_at_once_max, at_once)

    def _lease_end(self, event: Event, past: Past) -> None:
        self.lapses += event.b == wire.RESIGN_REASON_LEASE
        past.lease_until_us = min(past.lease_until_us, event.t_us)

    def _plan(self, event: Event, past: Past) -> None:
        version, crc = (event.a, event.b), event.c
        if not is_newer(version, past.version):
            sentence = f"node {event.node} applies plan {words(version)}"
            self._report("S6", f"{sentence} after {words(past.version)}", event)
        self._same_content(version, crc, event)
        past.version_before, past.version, past.version_us = past.version, version, event.t_us

    def _same_content(self, version: Version, crc: int, event: Event) -> None:
        if event.node in self.leaders.get(version[0], ()):
            self._authored.setdefault(version, set()).add(crc)
        elif self.noise_us:
            self._adopted.setdefault(version, []).append((crc, event))
        elif crc not in self._authored.get(version, ()):
            self._report(
                "S6", f"plan {words(version)} at node {event.node} is not what its leader made", event
            )

    def _share(self, event: Event, past: Past) -> None:  # noqa: ARG002
        rated_10w = self.rated_10w.get(event.node, wire.DISPATCH_RATED_10W_MAX)
        if not 0 <= event.a <= rated_10w or not 0 <= event.c <= rated_10w:
            sentence = f"node {event.node} applies {event.a} of {event.c} x 10 W"
            self._report("S10", f"{sentence}, its rated capacity is {rated_10w}", event)


def lease_until_us(event: Event) -> int:
    """Return the end of a lease on the common clock, by the node's own clock at the event."""
    return event.t_us + ticks.elapsed_ms(event.a, event.at_ms) * 1000


def words(version: Version) -> str:
    """Return a version as people write it."""
    return f"{version[0]}.{version[1]}" if version[1] else "none"
