"""How six equals choose one leader within 300 ms (SPEC, election). Mirror: csrc/src/election.c.

Raft reduced to one register: a pre-vote that changes nothing, then a vote; candidates take turns by rank, in a
slot that is frozen when the silence is noticed; requests are repeated with the same term; whoever sees that it
can't win makes room at once. A voter's promises are in `ballot`; what is said goes through `post`.
"""

from evenload.ballot import Ballot
from evenload.ticks import add_ms, elapsed_ms, is_due_within
from evenload.wire import (
    CAN_DST_ALL,
    CAN_TYPE_PREVOTE_REQ,
    CAN_TYPE_PREVOTE_RESP,
    CAN_TYPE_RESIGN,
    CAN_TYPE_VOTE_REQ,
    CAN_TYPE_VOTE_RESP,
    CLUSTER_BEHIND_MS,
    CLUSTER_BOOT_MS,
    CLUSTER_COLUMN_COUNT,
    CLUSTER_DETECT_MS,
    CLUSTER_RESIGN_HOLD_MS,
    CLUSTER_RTO_MS_DEFAULT,
    CLUSTER_STAGGER_MS_DEFAULT,
    CLUSTER_TRIES_MAX,
    REQUEST_PLAN_SEQ,
    REQUEST_PLAN_TERM,
    REQUEST_REASON,
    REQUEST_TERM,
    REQUEST_TRANSFER,
    REQUEST_TRY,
    RESIGN_REASON,
    RESIGN_REASON_LEASE,
    RESIGN_TARGET,
    RESIGN_TERM,
    RESPONSE_CANDIDATE,
    RESPONSE_FLOOR,
    RESPONSE_GRANTED,
    RESPONSE_TERM,
    ROLE_BOOT,
    ROLE_CANDIDATE,
    ROLE_FOLLOWER,
    ROLE_LEADER,
    ROLE_PRECANDIDATE,
    TERM_MAX,
    TRACE_GRANTS,
    TRACE_ROLE,
    TRACE_TERM,
    TRACE_VOTE,
)


def bits_of(mask: int) -> int:
    """Return how many of the bits 0 .. 15 are set."""
    count = 0
    for bit in range(CLUSTER_COLUMN_COUNT):
        count += (mask >> bit) & 1
    return count


class Election:
    """The role of node `src` among the voters of `voter_mask`; a node outside the mask only follows."""

    def __init__(self, src: int, voter_mask: int):
        self.src = src
        self.own_bit = (1 << src) & voter_mask if src < CLUSTER_COLUMN_COUNT else 0
        self.quorum = bits_of(voter_mask) // 2 + 1
        self.stagger_ms = CLUSTER_STAGGER_MS_DEFAULT
        self.rto_ms = CLUSTER_RTO_MS_DEFAULT
        self.health = 0
        self.role = ROLE_BOOT
        self.boot_ms = 0
        self.leader = 0
        self.last_leader = 0
        self.leader_heard_ms = 0
        self.has_won = 0
        self.proposed = 0
        self.is_transfer = 0
        self.transfer_term = 0
        self.request_ms = 0
        self.first_request_ms = 0
        self.try_count = 0
        self.prevotes = 0
        self.grants = 0
        self.others = 0
        self.rivals = 0
        self.base_ms = 0
        self.has_slot = 0
        self.slot_ms = 0
        self.is_held = 0
        self.hold_ms = 0
        self.is_behind = 0
        self.behind_ms = 0
        self.election_count = 0
        self.ballot = Ballot()

    def start(self, now_ms: int, ceiling: int) -> None:
        """Begin in BOOT: listen for CLUSTER_BOOT_MS, longer than any lease, before promising anything."""
        self.ballot.start(ceiling, self.own_bit)
        self.role = ROLE_BOOT
        self.boot_ms = now_ms
        self.leader = 0

    def on_leader_frame(self, at_ms: int, src: int, term: int, post) -> int:
        """Follow `src`, which leads `term`; return 0 when the term is old and nothing follows from it."""
        if term < self.ballot.term:
            return 0
        self.on_term(at_ms, term, post)
        if self.role == ROLE_LEADER:
            return 0
        if self.role != ROLE_BOOT and self.role != ROLE_FOLLOWER:
            self.follow(at_ms, post)
        self.leader_heard_ms = at_ms
        self.ballot.stick(at_ms, src, term)
        self.has_slot = 0
        self.is_behind = 0
        if self.leader != src:
            self.leader = src
            self.last_leader = src
            self.is_held = 0
            post.trace(at_ms, TRACE_ROLE, self.role, term, src)
        return 1

    def on_term(self, at_ms: int, term: int, post) -> None:
        """Take over a higher term; whoever led or stood in a lower one follows."""
        if self.ballot.adopt(term):
            post.trace(at_ms, TRACE_TERM, term, 0, 0)
            if self.role == ROLE_LEADER:
                self.leader = 0
            if self.role != ROLE_BOOT and self.role != ROLE_FOLLOWER:
                self.follow(at_ms, post)

    def on_no_leader(self, at_ms: int, src: int, term: int, post) -> None:
        """Note that `src` has shown that it does not lead `term`, nor any term before it."""
        self.ballot.release(src, term)
        if src == self.leader and self.role != ROLE_LEADER and term >= self.ballot.term:
            self._lose_leader(at_ms, at_ms, post)

    def on_response(self, peers, post) -> None:
        """Count the PREVOTE_RESP or VOTE_RESP that stands in post.heard, whomever it is for."""
        fields = post.heard
        at_ms = post.heard_ms
        src = post.heard_src
        is_vote = post.heard_type == CAN_TYPE_VOTE_RESP
        term = fields[RESPONSE_TERM]
        candidate = fields[RESPONSE_CANDIDATE]
        is_granted = fields[RESPONSE_GRANTED]
        self.ballot.on_floor(fields[RESPONSE_FLOOR])
        if is_granted and candidate != src:
            self.on_no_leader(at_ms, src, term if is_vote else term - 1, post)
        bit = 1 << src
        if not is_vote:
            if self.role == ROLE_PRECANDIDATE and candidate == self.src and is_granted:
                self.prevotes |= bit if term == self.proposed else 0
        elif self.role == ROLE_CANDIDATE and term == self.ballot.term and candidate != 0:
            if candidate != self.src:
                if is_granted:
                    self.others |= bit | 1 << candidate
                    self.rivals |= 1 << candidate
            elif is_granted:
                self.grants |= bit
            else:
                self.others |= bit
        self._advance(at_ms, peers, post)

    def on_resign(self, post) -> None:
        """Let the leader go that stands down (post.heard): elect at once, its chosen successor first."""
        at_ms = post.heard_ms
        src = post.heard_src
        term = post.heard[RESIGN_TERM]
        target = post.heard[RESIGN_TARGET]
        was_followed = src == self.leader and term == self.ballot.term
        self.on_no_leader(at_ms, src, term, post)
        if was_followed and target == self.src:
            self.is_transfer = 1
            self.transfer_term = term
            self.has_slot = 1
            self.slot_ms = at_ms
            self.is_held = 0
        elif was_followed and target != 0:
            self.base_ms = add_ms(at_ms, 2 * self.stagger_ms)

    def resign(self, now_ms: int, reason: int, target: int, post) -> None:
        """Stand down as leader and say so; target: the successor's source, or 0. The caller has ended the lease."""
        fields = post.fields
        fields[RESIGN_TERM] = self.ballot.term
        fields[RESIGN_REASON] = reason
        fields[RESIGN_TARGET] = target
        post.send(now_ms, CAN_TYPE_RESIGN, CAN_DST_ALL)
        self.leader = 0
        self.ballot.release(self.src, self.ballot.term)
        self.follow(now_ms, post)
        is_wanted = reason != RESIGN_REASON_LEASE
        self.hold(now_ms, CLUSTER_RESIGN_HOLD_MS if is_wanted else 2 * self.stagger_ms)

    def tick(self, now_ms: int, peers, post) -> None:
        """Notice silence, take the turn, repeat a request, count."""
        self.ballot.tick(now_ms)
        if self.role == ROLE_BOOT:
            if is_due_within(now_ms, add_ms(self.boot_ms, CLUSTER_BOOT_MS), CLUSTER_BOOT_MS):
                self.follow(now_ms, post)
                self.base_ms = add_ms(now_ms, CLUSTER_DETECT_MS)
            return
        if self.role == ROLE_FOLLOWER:
            self._tick_follower(now_ms, peers, post)
        elif self.role != ROLE_LEADER and elapsed_ms(now_ms, self.request_ms) >= self.rto_ms:
            self.try_count += 1
            if self.try_count > CLUSTER_TRIES_MAX:
                self.follow(now_ms, post)
                self.base_ms = add_ms(now_ms, 2 * self.stagger_ms)
            else:
                self._ask(now_ms, post)
        self._advance(now_ms, peers, post)

    def on_clock_step(self, now_ms: int, post) -> None:
        """Start every wait anew: the clock went back, and what was due would be due that much later."""
        if self.role == ROLE_PRECANDIDATE or self.role == ROLE_CANDIDATE:
            self.follow(now_ms, post)
        self.boot_ms = now_ms
        self.has_slot = 0
        self.is_held = 0
        self.is_behind = 0
        self.base_ms = now_ms

    def follow(self, now_ms: int, post) -> None:
        """Be a follower without a turn of its own yet; what was asked is asked no more.

        The own vote binds no longer: a node that follows can't win the term that it stood in.
        """
        self.role = ROLE_FOLLOWER
        self.ballot.release(self.src, self.ballot.term)
        self.has_slot = 0
        self.is_transfer = 0
        self.base_ms = now_ms
        post.outbox.withdraw(CAN_TYPE_PREVOTE_REQ)
        post.outbox.withdraw(CAN_TYPE_VOTE_REQ)
        post.trace(now_ms, TRACE_ROLE, self.role, self.ballot.term, self.leader)

    def hold(self, now_ms: int, span_ms: int) -> None:
        """Take no turn for `span_ms`."""
        self.is_held = 1
        self.hold_ms = add_ms(now_ms, span_ms)

    def is_booting(self) -> int:
        """Return 1 while this node listens before it promises anything."""
        return int(self.role == ROLE_BOOT)

    def _tick_follower(self, now_ms, peers, post):
        ballot = self.ballot
        if self.leader:
            silent_ms = elapsed_ms(now_ms, self.leader_heard_ms)
            if silent_ms < 0:
                self.leader_heard_ms = now_ms
            elif silent_ms >= CLUSTER_DETECT_MS:
                self._lose_leader(now_ms, add_ms(self.leader_heard_ms, CLUSTER_DETECT_MS), post)
        if self.leader or not ballot.can_vote:
            return
        if self.is_held and is_due_within(now_ms, self.hold_ms, CLUSTER_RESIGN_HOLD_MS):
            self.is_held = 0
        if not is_due_within(now_ms, self.base_ms, CLUSTER_RESIGN_HOLD_MS):
            return
        # Its own vote binds a candidate as well: among an odd number of voters, two quorums share but one.
        is_bound = ballot.is_bound(now_ms, self.src) and not self.is_transfer
        # A node that hears too few has no turn; one that has not heard the best plan waits a while for another to go
        # first, but not for ever: who has the best plan may be unable to lead.
        if is_bound or peers.ready_count() < self.quorum - 1 or self._is_behind(now_ms, peers):
            self.has_slot = 0
            self.base_ms = now_ms
            return
        if not self.has_slot:
            self.has_slot = 1
            self.slot_ms = add_ms(self.base_ms, peers.rank(self.health, self.last_leader) * self.stagger_ms)
        if not self.is_held and elapsed_ms(now_ms, self.slot_ms) >= 0 and ballot.top() < TERM_MAX:
            self.role = ROLE_PRECANDIDATE
            self.proposed = ballot.top() + 1
            self.prevotes = self.own_bit
            self.try_count = 0
            post.trace(now_ms, TRACE_ROLE, self.role, ballot.term, 0)
            self._ask(now_ms, post)

    def _is_behind(self, now_ms, peers):
        if not peers.has_newer_plan(self.ballot.plan_term, self.ballot.plan_seq):
            self.is_behind = 0
            return False
        if not self.is_behind:
            self.is_behind = 1
            self.behind_ms = now_ms
        return 0 <= elapsed_ms(now_ms, self.behind_ms) < CLUSTER_BEHIND_MS

    def _ask(self, now_ms, post):
        """Send the request of this role; a repeated one is the same but for its number."""
        self.request_ms = now_ms
        is_vote = self.role == ROLE_CANDIDATE
        term = self.ballot.term if is_vote else self.proposed
        fields = post.fields
        fields[REQUEST_TERM] = term
        fields[REQUEST_PLAN_TERM] = self.ballot.plan_term
        fields[REQUEST_PLAN_SEQ] = self.ballot.plan_seq
        fields[REQUEST_TRANSFER] = int(self.is_transfer and term == self.transfer_term + 1)
        fields[REQUEST_TRY] = self.try_count
        fields[REQUEST_REASON] = 0
        post.send(now_ms, CAN_TYPE_VOTE_REQ if is_vote else CAN_TYPE_PREVOTE_REQ, CAN_DST_ALL)

    def _advance(self, now_ms, peers, post):
        """Go on when enough have answered; make room when too few can."""
        if self.role == ROLE_PRECANDIDATE and bits_of(self.prevotes) >= self.quorum:
            self._stand(now_ms, post)
        if self.role != ROLE_CANDIDATE:
            return
        live = peers.ready_mask | self.own_bit
        if bits_of(self.grants) >= self.quorum:
            self._win(now_ms, post)
        elif bits_of(live & ~self.others) < self.quorum:
            is_best = not peers.rank_among(self.rivals, self.health)
            had_rivals = self.rivals
            self.follow(now_ms, post)
            if is_best and had_rivals:
                self.has_slot = 1
                self.slot_ms = now_ms
            else:
                self.hold(now_ms, 2 * self.stagger_ms)

    def _stand(self, now_ms, post):
        """Vote for oneself in the next term and ask for the others' votes."""
        term = self.ballot.top() + 1
        is_handed = self.is_transfer and term == self.transfer_term + 1
        if not self.ballot.may_stand(term) or (self.ballot.is_bound(now_ms, self.src) and not is_handed):
            self.follow(now_ms, post)
            self.hold(now_ms, 2 * self.stagger_ms)
            return
        self.ballot.vote(now_ms, self.src, term)
        self.role = ROLE_CANDIDATE
        self.grants = self.own_bit
        self.others = 0
        self.rivals = 0
        self.try_count = 0
        self.first_request_ms = now_ms
        # What was granted to another before says that this node does not lead; soon it may.
        post.outbox.withdraw(CAN_TYPE_PREVOTE_RESP)
        self.election_count = (self.election_count + 1) & 0xFFFFFF
        post.trace(now_ms, TRACE_TERM, term, 0, 0)
        post.trace(now_ms, TRACE_VOTE, term, self.src, 0)
        post.trace(now_ms, TRACE_ROLE, self.role, term, 0)
        self._ask(now_ms, post)

    def _win(self, now_ms, post):
        self.role = ROLE_LEADER
        self.leader = self.src
        self.last_leader = self.src
        self.has_won = 1
        self.is_transfer = 0
        post.trace(now_ms, TRACE_GRANTS, self.ballot.term, self.grants, self.quorum)
        post.trace(now_ms, TRACE_ROLE, self.role, self.ballot.term, self.src)

    def _lose_leader(self, now_ms, base_ms, post):
        self.leader = 0
        self.base_ms = base_ms
        self.has_slot = 0
        post.trace(now_ms, TRACE_ROLE, self.role, self.ballot.term, 0)
