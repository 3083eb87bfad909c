/* Mirror: shared/evenload/reply.py, which is the specification. */
#include "evenload/reply.h"

#include "evenload/ticks.h"

static void say(const evenload_election_t *election, int32_t now_ms, int32_t frame_type, int32_t is_short,
                evenload_post_t *post)
{
    post->fields[EVENLOAD_RESPONSE_FLOOR] = is_short ? -1 : election->ballot.floor;
    post->fields[EVENLOAD_RESPONSE_PLAN_SEQ] = is_short ? -1 : election->ballot.plan_seq;
    evenload_post_send(post, now_ms, frame_type, EVENLOAD_CAN_DST_ALL);
}

static int32_t consider_prevote(evenload_election_t *election, const evenload_heartbeat_t *peers,
                                evenload_post_t *post)
{
    const int32_t at_ms = post->heard_ms;
    const int32_t reason =
        evenload_ballot_prevote_reason(&election->ballot, at_ms, post->heard_src, post->heard);
    if (reason == EVENLOAD_VOTE_REASON_NONE) {
        if (election->role == EVENLOAD_ROLE_PRECANDIDATE &&
            evenload_heartbeat_precedes(peers, post->heard_src, election->health)) {
            evenload_election_follow(election, at_ms, post);
        }
        if (election->role == EVENLOAD_ROLE_FOLLOWER && !election->is_transfer) {
            evenload_election_hold(election, at_ms, 2 * election->stagger_ms);
        }
    }
    return reason;
}

static int32_t consider_vote(evenload_election_t *election, evenload_post_t *post)
{
    const int32_t at_ms = post->heard_ms;
    const int32_t src = post->heard_src;
    const int32_t term = post->heard[EVENLOAD_REQUEST_TERM];
    if (election->role == EVENLOAD_ROLE_CANDIDATE && term == election->ballot.term) {
        election->others |= 1 << src;
        election->rivals |= 1 << src;
    }
    const int32_t reason = evenload_ballot_vote_reason(&election->ballot, at_ms, src, post->heard);
    if (reason != EVENLOAD_VOTE_REASON_LEADER && reason != EVENLOAD_VOTE_REASON_NO_VOTER) {
        evenload_election_on_term(election, at_ms, term, post);
    }
    if (reason == EVENLOAD_VOTE_REASON_NONE) {
        if (election->role != EVENLOAD_ROLE_FOLLOWER) {
            evenload_election_follow(election, at_ms, post);
        }
        if (election->ballot.voted_for != src) {
            EVENLOAD_TRACE(post, at_ms, EVENLOAD_TRACE_VOTE, term, src, 0);
        }
        evenload_ballot_vote(&election->ballot, at_ms, src, term);
        election->has_slot = 0;
        election->base_ms = evenload_ticks_add_ms(at_ms, 2 * election->stagger_ms);
    }
    return reason;
}

void evenload_reply_to_request(evenload_election_t *election, const evenload_heartbeat_t *peers,
                               evenload_post_t *post)
{
    const int32_t at_ms = post->heard_ms;
    const int32_t src = post->heard_src;
    const int is_vote = post->heard_type == EVENLOAD_CAN_TYPE_VOTE_REQ;
    const int32_t term = post->heard[EVENLOAD_REQUEST_TERM];
    int32_t reason;
    evenload_election_on_no_leader(election, at_ms, src, term - 1, post);
    /* An answer would be a sign of life of a node that carries nothing yet; an observer's is nobody's business. */
    if (election->role == EVENLOAD_ROLE_BOOT || !election->own_bit) {
        return;
    }
    if (election->role == EVENLOAD_ROLE_LEADER) {
        reason = EVENLOAD_VOTE_REASON_LEADER;
    } else if (is_vote) {
        reason = consider_vote(election, post);
    } else {
        reason = consider_prevote(election, peers, post);
    }
    const int32_t is_granted = reason == EVENLOAD_VOTE_REASON_NONE;
    if (!is_vote) {
        EVENLOAD_TRACE(post, at_ms, EVENLOAD_TRACE_PREVOTE, term, src, is_granted);
    }
    post->fields[EVENLOAD_RESPONSE_TERM] = term;
    post->fields[EVENLOAD_RESPONSE_CANDIDATE] = src;
    post->fields[EVENLOAD_RESPONSE_GRANTED] = is_granted;
    post->fields[EVENLOAD_RESPONSE_REASON] = reason;
    say(election, at_ms, is_vote ? EVENLOAD_CAN_TYPE_VOTE_RESP : EVENLOAD_CAN_TYPE_PREVOTE_RESP,
        is_granted && (is_vote || election->ballot.floor < term), post);
}

void evenload_reply_announce_floor(const evenload_election_t *election, int32_t now_ms, evenload_post_t *post)
{
    post->fields[EVENLOAD_RESPONSE_TERM] = election->ballot.term;
    post->fields[EVENLOAD_RESPONSE_CANDIDATE] = 0;
    post->fields[EVENLOAD_RESPONSE_GRANTED] = 0;
    post->fields[EVENLOAD_RESPONSE_REASON] = EVENLOAD_VOTE_REASON_NONE;
    say(election, now_ms, EVENLOAD_CAN_TYPE_PREVOTE_RESP, 0, post);
}
