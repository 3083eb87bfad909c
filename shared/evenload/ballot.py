"""What one voter may promise: terms, votes, the floor across restarts (SPEC, election). Mirror: csrc/src/ballot.c.

Term-floor reservation: the stored `ceiling` is at least every term voted in. A restart makes it the `floor`,
and no vote is ever given at or below the floor, so no term sees two votes of one node although no vote is
stored. `ceiling_wanted` asks for a higher ceiling from idle, long before an election could need it.

Stickiness: whoever heard a leader frame, or gave its vote, refuses everyone else for CLUSTER_STICKY_MS. It ends
early when the leader (or candidate) itself shows that it does not lead: it resigns, follows, asks for a later
term, or grants one to another.
"""

from array import array

from evenload import plan
from evenload.ticks import elapsed_ms
from evenload.wire import (
    CEILING_NEAR,
    CEILING_STEP,
    CLUSTER_STICKY_MS,
    REQUEST_PLAN_SEQ,
    REQUEST_PLAN_TERM,
    REQUEST_TERM,
    REQUEST_TRANSFER,
    TERM_MAX,
    VOTE_REASON_CEILING,
    VOTE_REASON_FLOOR,
    VOTE_REASON_LEADER,
    VOTE_REASON_NO_VOTER,
    VOTE_REASON_NONE,
    VOTE_REASON_PLAN,
    VOTE_REASON_TERM,
    VOTE_REASON_VOTED,
)


class Ballot:
    """The voter's memory: `term` never falls, `voted_for` is 0 or the one candidate of this term."""

    def __init__(self):
        self.can_vote = 0
        self.term = 0
        self.voted_for = 0
        self.floor = 0
        self.ceiling = 0
        self.known_floor = 0
        self.plan_term = 0
        self.plan_seq = 0
        self.is_sticky = 0
        self.sticky_src = 0
        self.sticky_term = 0
        self.sticky_ms = 0

    def start(self, ceiling: int, is_voter: int) -> None:
        """Begin after a restart; ceiling: as stored (0 .. TERM_MAX), or -1 when it can't be read: then never vote."""
        self.can_vote = int(is_voter and ceiling >= 0)
        self.floor = ceiling if ceiling > 0 else 0
        self.ceiling = self.floor
        self.known_floor = self.floor

    def on_stored(self, ceiling: int) -> None:
        """Count on a ceiling that its owner has stored durably."""
        if ceiling > self.ceiling:
            self.ceiling = ceiling

    def ceiling_wanted(self) -> int:
        """Return the ceiling to store now, or 0 while the stored one is CEILING_NEAR terms away from use."""
        top = self.term if self.term > self.known_floor else self.known_floor
        if not self.can_vote or self.ceiling >= TERM_MAX or self.ceiling - top >= CEILING_NEAR:
            return 0
        return top + CEILING_STEP if top + CEILING_STEP < TERM_MAX else TERM_MAX

    def on_floor(self, floor: int) -> None:
        """Remember the highest floor that any voter has told (-1: it told none)."""
        if floor > self.known_floor:
            self.known_floor = floor

    def stick(self, at_ms: int, src: int, term: int) -> None:
        """Refuse everyone but `src` from `at_ms` on: it leads `term`, or has this node's vote for it."""
        # A stamp from before the last one, out of another queue, shortens no promise.
        if not self.is_sticky or src != self.sticky_src or elapsed_ms(at_ms, self.sticky_ms) > 0:
            self.sticky_ms = at_ms
        self.is_sticky = 1
        self.sticky_src = src
        self.sticky_term = term

    def prolong(self, now_ms: int, src: int) -> None:
        """Let the refusal begin anew: of everyone but whom this node is bound to, else but `src`."""
        if self.is_sticky:
            self.sticky_ms = now_ms
        else:
            self.stick(now_ms, src, self.term)

    def release(self, src: int, term: int) -> None:
        """End the refusal: `src` itself has shown that it does not lead `term`."""
        if self.is_sticky and self.sticky_src == src and term >= self.sticky_term:
            self.is_sticky = 0

    def tick(self, now_ms: int) -> None:
        """Latch the end of the refusal; a clock that went back prolongs it."""
        if self.is_sticky:
            passed_ms = elapsed_ms(now_ms, self.sticky_ms)
            if passed_ms >= CLUSTER_STICKY_MS:
                self.is_sticky = 0
            elif passed_ms < 0:
                self.sticky_ms = now_ms

    def adopt(self, term: int) -> int:
        """Take over a higher term, with no vote given in it; return 1 if it was higher."""
        if term <= self.term:
            return 0
        self.term = term
        self.voted_for = 0
        return 1

    def prevote_reason(self, at_ms: int, src: int, fields: array) -> int:
        """Return why candidate `src` would not get this vote (VOTE_REASON_*); changes nothing (S12)."""
        if not self.can_vote:
            return VOTE_REASON_NO_VOTER
        if self._refuses(at_ms, src, fields):
            return VOTE_REASON_LEADER
        if fields[REQUEST_TERM] <= self.term:
            return VOTE_REASON_TERM
        return self._plan_reason(fields)

    def vote_reason(self, at_ms: int, src: int, fields: array) -> int:
        """Return why candidate `src` does not get the vote (VOTE_REASON_*). The caller has adopted nothing yet."""
        term = fields[REQUEST_TERM]
        if not self.can_vote:
            return VOTE_REASON_NO_VOTER
        if term < self.term:
            return VOTE_REASON_TERM
        if term == self.term and self.voted_for != 0 and self.voted_for != src:
            return VOTE_REASON_VOTED
        if self._refuses(at_ms, src, fields):
            return VOTE_REASON_LEADER
        if term <= self.floor:
            return VOTE_REASON_FLOOR
        if term > self.ceiling:
            return VOTE_REASON_CEILING
        return self._plan_reason(fields)

    def vote(self, at_ms: int, src: int, term: int) -> None:
        """Give the vote of `term` to `src` (which may be this node itself)."""
        if self.voted_for != src or self.term != term:
            self.adopt(term)
            self.voted_for = src
            self.stick(at_ms, src, term)

    def is_bound(self, now_ms: int, src: int) -> int:
        """Return 1 while this voter refuses everyone but another than `src`; it holds for its own candidacy too."""
        return int(
            self.is_sticky
            and self.sticky_src != src
            and elapsed_ms(now_ms, self.sticky_ms) < CLUSTER_STICKY_MS
        )

    def may_stand(self, term: int) -> int:
        """Return 1 when this node may vote for itself in `term`, as far as terms go."""
        return int(self.can_vote and self.term < term <= self.ceiling and term > self.floor)

    def top(self) -> int:
        """Return the highest term or floor known: a candidate asks for one more."""
        return self.term if self.term > self.known_floor else self.known_floor

    def _refuses(self, at_ms, src, fields):
        if not self.is_sticky or src == self.sticky_src:
            return False
        # Whoever asks with this flag has heard the leader of the term before resign.
        if fields[REQUEST_TRANSFER] and self.sticky_term < fields[REQUEST_TERM]:
            return False
        return elapsed_ms(at_ms, self.sticky_ms) < CLUSTER_STICKY_MS

    def _plan_reason(self, fields):
        is_older = plan.newer(
            self.plan_term, self.plan_seq, fields[REQUEST_PLAN_TERM], fields[REQUEST_PLAN_SEQ]
        )
        return VOTE_REASON_PLAN if is_older else VOTE_REASON_NONE
