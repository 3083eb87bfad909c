"""How a voter answers a candidate, and how it tells its floor (SPEC, election). Mirror: csrc/src/reply.c."""

from evenload.ticks import add_ms
from evenload.wire import (
    CAN_DST_ALL,
    CAN_TYPE_PREVOTE_RESP,
    CAN_TYPE_VOTE_REQ,
    CAN_TYPE_VOTE_RESP,
    REQUEST_TERM,
    RESPONSE_CANDIDATE,
    RESPONSE_FLOOR,
    RESPONSE_GRANTED,
    RESPONSE_PLAN_SEQ,
    RESPONSE_REASON,
    RESPONSE_TERM,
    ROLE_BOOT,
    ROLE_CANDIDATE,
    ROLE_FOLLOWER,
    ROLE_LEADER,
    ROLE_PRECANDIDATE,
    TRACE_PREVOTE,
    TRACE_VOTE,
    VOTE_REASON_LEADER,
    VOTE_REASON_NO_VOTER,
    VOTE_REASON_NONE,
)


def to_request(election, peers, post) -> None:
    """Answer the PREVOTE_REQ or VOTE_REQ that stands in post.heard; a node in BOOT and an observer say nothing."""
    at_ms = post.heard_ms
    src = post.heard_src
    is_vote = post.heard_type == CAN_TYPE_VOTE_REQ
    term = post.heard[REQUEST_TERM]
    election.on_no_leader(at_ms, src, term - 1, post)
    # An answer would be a sign of life of a node that carries nothing yet; an observer's is nobody's business.
    if election.role == ROLE_BOOT or not election.own_bit:
        return
    if election.role == ROLE_LEADER:
        reason = VOTE_REASON_LEADER
    elif is_vote:
        reason = _vote(election, at_ms, src, post)
    else:
        reason = _prevote(election, at_ms, src, peers, post)
    if not is_vote:
        post.trace(at_ms, TRACE_PREVOTE, term, src, int(reason == VOTE_REASON_NONE))
    is_short = int(reason == VOTE_REASON_NONE and (is_vote or election.ballot.floor < term))
    fields = post.fields
    fields[RESPONSE_TERM] = term
    fields[RESPONSE_CANDIDATE] = src
    fields[RESPONSE_GRANTED] = int(reason == VOTE_REASON_NONE)
    fields[RESPONSE_REASON] = reason
    _say(election, at_ms, CAN_TYPE_VOTE_RESP if is_vote else CAN_TYPE_PREVOTE_RESP, is_short, post)


def announce_floor(election, now_ms: int, post) -> None:
    """Tell the floor of this voter, so that the others' ceilings are beyond it before an election."""
    fields = post.fields
    fields[RESPONSE_TERM] = election.ballot.term
    fields[RESPONSE_CANDIDATE] = 0
    fields[RESPONSE_GRANTED] = 0
    fields[RESPONSE_REASON] = VOTE_REASON_NONE
    _say(election, now_ms, CAN_TYPE_PREVOTE_RESP, 0, post)


def _prevote(election, at_ms, src, peers, post):
    reason = election.ballot.prevote_reason(at_ms, src, post.heard)
    if reason == VOTE_REASON_NONE:
        if election.role == ROLE_PRECANDIDATE and peers.precedes(src, election.health):
            election.follow(at_ms, post)
        if election.role == ROLE_FOLLOWER and not election.is_transfer:
            election.hold(at_ms, 2 * election.stagger_ms)
    return reason


def _vote(election, at_ms, src, post):
    term = post.heard[REQUEST_TERM]
    if election.role == ROLE_CANDIDATE and term == election.ballot.term:
        election.others |= 1 << src
        election.rivals |= 1 << src
    reason = election.ballot.vote_reason(at_ms, src, post.heard)
    if reason != VOTE_REASON_LEADER and reason != VOTE_REASON_NO_VOTER:
        election.on_term(at_ms, term, post)
    if reason == VOTE_REASON_NONE:
        if election.role != ROLE_FOLLOWER:
            election.follow(at_ms, post)
        if election.ballot.voted_for != src:
            post.trace(at_ms, TRACE_VOTE, term, src, 0)
        election.ballot.vote(at_ms, src, term)
        election.has_slot = 0
        election.base_ms = add_ms(at_ms, 2 * election.stagger_ms)
    return reason


def _say(election, now_ms, frame_type, is_short, post):
    post.fields[RESPONSE_FLOOR] = -1 if is_short else election.ballot.floor
    post.fields[RESPONSE_PLAN_SEQ] = -1 if is_short else election.ballot.plan_seq
    post.send(now_ms, frame_type, CAN_DST_ALL)
