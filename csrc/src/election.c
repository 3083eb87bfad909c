/* Mirror: shared/evenload/election.py, which is the specification. */
#include "evenload/election.h"

#include <string.h>

#include "evenload/ticks.h"

typedef evenload_election_t election_t;
typedef evenload_post_t post_t;

static void lose_leader(election_t *election, int32_t now_ms, int32_t base_ms, post_t *post)
{
    election->leader = 0;
    election->base_ms = base_ms;
    election->has_slot = 0;
    EVENLOAD_TRACE(post, now_ms, EVENLOAD_TRACE_ROLE, election->role, election->ballot.term, 0);
}

/* Sends the request of this role; a repeated one is the same but for its number. */
static void ask(election_t *election, int32_t now_ms, post_t *post)
{
    const int32_t is_vote = election->role == EVENLOAD_ROLE_CANDIDATE;
    const int32_t term = is_vote ? election->ballot.term : election->proposed;
    election->request_ms = now_ms;
    post->fields[EVENLOAD_REQUEST_TERM] = term;
    post->fields[EVENLOAD_REQUEST_PLAN_TERM] = election->ballot.plan_term;
    post->fields[EVENLOAD_REQUEST_PLAN_SEQ] = election->ballot.plan_seq;
    post->fields[EVENLOAD_REQUEST_TRANSFER] = election->is_transfer && term == election->transfer_term + 1;
    post->fields[EVENLOAD_REQUEST_TRY] = election->try_count;
    post->fields[EVENLOAD_REQUEST_REASON] = 0;
    evenload_post_send(post, now_ms, is_vote ? EVENLOAD_CAN_TYPE_VOTE_REQ : EVENLOAD_CAN_TYPE_PREVOTE_REQ,
                       EVENLOAD_CAN_DST_ALL);
}

/* Votes for itself in the next term and asks for the others' votes. */
static void stand(election_t *election, int32_t now_ms, post_t *post)
{
    const int32_t term = evenload_ballot_top(&election->ballot) + 1;
    const int is_handed = election->is_transfer && term == election->transfer_term + 1;
    if (!evenload_ballot_may_stand(&election->ballot, term) ||
        (evenload_ballot_is_bound(&election->ballot, now_ms, election->src) && !is_handed)) {
        evenload_election_follow(election, now_ms, post);
        evenload_election_hold(election, now_ms, 2 * election->stagger_ms);
        return;
    }
    evenload_ballot_vote(&election->ballot, now_ms, election->src, term);
    election->role = EVENLOAD_ROLE_CANDIDATE;
    election->grants = election->own_bit;
    election->others = 0;
    election->rivals = 0;
    election->try_count = 0;
    election->first_request_ms = now_ms;
    /* What was granted to another before says that this node does not lead; soon it may. */
    evenload_outbox_withdraw(&post->outbox, EVENLOAD_CAN_TYPE_PREVOTE_RESP);
    election->election_count = (election->election_count + 1) & 0xFFFFFF;
    EVENLOAD_TRACE(post, now_ms, EVENLOAD_TRACE_TERM, term, 0, 0);
    EVENLOAD_TRACE(post, now_ms, EVENLOAD_TRACE_VOTE, term, election->src, 0);
    EVENLOAD_TRACE(post, now_ms, EVENLOAD_TRACE_ROLE, election->role, term, 0);
    ask(election, now_ms, post);
}

static void win(election_t *election, int32_t now_ms, post_t *post)
{
    election->role = EVENLOAD_ROLE_LEADER;
    election->leader = election->src;
    election->last_leader = election->src;
    election->has_won = 1;
    election->is_transfer = 0;
    EVENLOAD_TRACE(post, now_ms, EVENLOAD_TRACE_GRANTS, election->ballot.term, election->grants,
                   election->quorum);
    EVENLOAD_TRACE(post, now_ms, EVENLOAD_TRACE_ROLE, election->role, election->ballot.term, election->src);
}

/* Goes on when enough have answered; makes room when too few can. */
static void advance(election_t *election, int32_t now_ms, const evenload_heartbeat_t *peers, post_t *post)
{
    if (election->role == EVENLOAD_ROLE_PRECANDIDATE &&
        evenload_election_bits_of(election->prevotes) >= election->quorum) {
        stand(election, now_ms, post);
    }
    if (election->role != EVENLOAD_ROLE_CANDIDATE) {
        return;
    }
    const int32_t live = peers->ready_mask | election->own_bit;
    if (evenload_election_bits_of(election->grants) >= election->quorum) {
        win(election, now_ms, post);
    } else if (evenload_election_bits_of(live & ~election->others) < election->quorum) {
        const int is_best = evenload_heartbeat_rank_among(peers, election->rivals, election->health) == 0;
        const int32_t had_rivals = election->rivals;
        evenload_election_follow(election, now_ms, post);
        if (is_best && had_rivals) {
            election->has_slot = 1;
            election->slot_ms = now_ms;
        } else {
            evenload_election_hold(election, now_ms, 2 * election->stagger_ms);
        }
    }
}

static int is_behind(election_t *election, int32_t now_ms, const evenload_heartbeat_t *peers)
{
    if (!evenload_heartbeat_has_newer_plan(peers, election->ballot.plan_term, election->ballot.plan_seq)) {
        election->is_behind = 0;
        return 0;
    }
    if (!election->is_behind) {
        election->is_behind = 1;
        election->behind_ms = now_ms;
    }
    const int32_t passed_ms = evenload_ticks_elapsed_ms(now_ms, election->behind_ms);
    return 0 <= passed_ms && passed_ms < EVENLOAD_CLUSTER_BEHIND_MS;
}

static void watch_leader(election_t *election, int32_t now_ms, post_t *post)
{
    if (election->leader) {
        const int32_t silent_ms = evenload_ticks_elapsed_ms(now_ms, election->leader_heard_ms);
        if (silent_ms < 0) {
            election->leader_heard_ms = now_ms;
        } else if (silent_ms >= EVENLOAD_CLUSTER_DETECT_MS) {
            lose_leader(election, now_ms,
                        evenload_ticks_add_ms(election->leader_heard_ms, EVENLOAD_CLUSTER_DETECT_MS), post);
        }
    }
}

static void tick_follower(election_t *election, int32_t now_ms, const evenload_heartbeat_t *peers,
                          post_t *post)
{
    const evenload_ballot_t *ballot = &election->ballot;
    watch_leader(election, now_ms, post);
    if (election->leader || !ballot->can_vote) {
        return;
    }
    if (election->is_held &&
        evenload_ticks_is_due_within(now_ms, election->hold_ms, EVENLOAD_CLUSTER_RESIGN_HOLD_MS)) {
        election->is_held = 0;
    }
    if (!evenload_ticks_is_due_within(now_ms, election->base_ms, EVENLOAD_CLUSTER_RESIGN_HOLD_MS)) {
        return;
    }
    /* Its own vote binds a candidate as well: among an odd number of voters, two quorums share but one. */
    const int is_bound = evenload_ballot_is_bound(ballot, now_ms, election->src) && !election->is_transfer;
    /* A node that hears too few has no turn; one that has not heard the best plan waits a while for another to go
       first, but not for ever: who has the best plan may be unable to lead. */
    if (is_bound || evenload_heartbeat_ready_count(peers) < election->quorum - 1 ||
        is_behind(election, now_ms, peers)) {
        election->has_slot = 0;
        election->base_ms = now_ms;
        return;
    }
    if (!election->has_slot) {
        const int32_t rank = evenload_heartbeat_rank(peers, election->health, election->last_leader);
        election->has_slot = 1;
        election->slot_ms = evenload_ticks_add_ms(election->base_ms, rank * election->stagger_ms);
    }
    if (!election->is_held && evenload_ticks_elapsed_ms(now_ms, election->slot_ms) >= 0 &&
        evenload_ballot_top(ballot) < EVENLOAD_TERM_MAX) {
        election->role = EVENLOAD_ROLE_PRECANDIDATE;
        election->proposed = evenload_ballot_top(ballot) + 1;
        election->prevotes = election->own_bit;
        election->try_count = 0;
        EVENLOAD_TRACE(post, now_ms, EVENLOAD_TRACE_ROLE, election->role, ballot->term, 0);
        ask(election, now_ms, post);
    }
}

int32_t evenload_election_bits_of(int32_t mask)
{
    int32_t count = 0;
    for (int32_t bit = 0; bit < EVENLOAD_CLUSTER_COLUMN_COUNT; bit++) {
        count += (mask >> bit) & 1;
    }
    return count;
}

void evenload_election_init(evenload_election_t *election, int32_t src, int32_t voter_mask)
{
    memset(election, 0, sizeof *election);
    election->src = src;
    election->own_bit = src < EVENLOAD_CLUSTER_COLUMN_COUNT ? (1 << src) & voter_mask : 0;
    election->quorum = evenload_election_bits_of(voter_mask) / 2 + 1;
    election->stagger_ms = EVENLOAD_CLUSTER_STAGGER_MS_DEFAULT;
    election->rto_ms = EVENLOAD_CLUSTER_RTO_MS_DEFAULT;
    election->role = EVENLOAD_ROLE_BOOT;
    evenload_ballot_init(&election->ballot);
}

void evenload_election_start(evenload_election_t *election, int32_t now_ms, int32_t ceiling)
{
    evenload_ballot_start(&election->ballot, ceiling, election->own_bit != 0);
    election->role = EVENLOAD_ROLE_BOOT;
    election->boot_ms = now_ms;
    election->leader = 0;
}

int32_t evenload_election_on_leader_frame(evenload_election_t *election, int32_t at_ms, int32_t src,
                                          int32_t term, evenload_post_t *post)
{
    if (term < election->ballot.term) {
        return 0;
    }
    evenload_election_on_term(election, at_ms, term, post);
    if (election->role == EVENLOAD_ROLE_LEADER) {
        return 0;
    }
    if (election->role != EVENLOAD_ROLE_BOOT && election->role != EVENLOAD_ROLE_FOLLOWER) {
        evenload_election_follow(election, at_ms, post);
    }
    election->leader_heard_ms = at_ms;
    evenload_ballot_stick(&election->ballot, at_ms, src, term);
    election->has_slot = 0;
    election->is_behind = 0;
    if (election->leader != src) {
        election->leader = src;
        election->last_leader = src;
        election->is_held = 0;
        EVENLOAD_TRACE(post, at_ms, EVENLOAD_TRACE_ROLE, election->role, term, src);
    }
    return 1;
}

void evenload_election_on_term(evenload_election_t *election, int32_t at_ms, int32_t term,
                               evenload_post_t *post)
{
    if (evenload_ballot_adopt(&election->ballot, term)) {
        EVENLOAD_TRACE(post, at_ms, EVENLOAD_TRACE_TERM, term, 0, 0);
        if (election->role == EVENLOAD_ROLE_LEADER) {
            election->leader = 0;
        }
        if (election->role != EVENLOAD_ROLE_BOOT && election->role != EVENLOAD_ROLE_FOLLOWER) {
            evenload_election_follow(election, at_ms, post);
        }
    }
}

void evenload_election_on_no_leader(evenload_election_t *election, int32_t at_ms, int32_t src, int32_t term,
                                    evenload_post_t *post)
{
    evenload_ballot_release(&election->ballot, src, term);
    if (src == election->leader && election->role != EVENLOAD_ROLE_LEADER && term >= election->ballot.term) {
        lose_leader(election, at_ms, at_ms, post);
    }
}

void evenload_election_on_response(evenload_election_t *election, const evenload_heartbeat_t *peers,
                                   evenload_post_t *post)
{
    const int32_t at_ms = post->heard_ms;
    const int32_t src = post->heard_src;
    const int is_vote = post->heard_type == EVENLOAD_CAN_TYPE_VOTE_RESP;
    const int32_t term = post->heard[EVENLOAD_RESPONSE_TERM];
    const int32_t candidate = post->heard[EVENLOAD_RESPONSE_CANDIDATE];
    const int32_t is_granted = post->heard[EVENLOAD_RESPONSE_GRANTED];
    const int32_t bit = 1 << src;
    evenload_ballot_on_floor(&election->ballot, post->heard[EVENLOAD_RESPONSE_FLOOR]);
    if (is_granted && candidate != src) {
        evenload_election_on_no_leader(election, at_ms, src, is_vote ? term : term - 1, post);
    }
    if (!is_vote) {
        if (election->role == EVENLOAD_ROLE_PRECANDIDATE && candidate == election->src && is_granted) {
            election->prevotes |= term == election->proposed ? bit : 0;
        }
    } else if (election->role == EVENLOAD_ROLE_CANDIDATE && term == election->ballot.term && candidate != 0) {
        if (candidate != election->src) {
            if (is_granted) {
                election->others |= bit | 1 << candidate;
                election->rivals |= 1 << candidate;
            }
        } else if (is_granted) {
            election->grants |= bit;
        } else {
            election->others |= bit;
        }
    }
    advance(election, at_ms, peers, post);
}

void evenload_election_on_resign(evenload_election_t *election, evenload_post_t *post)
{
    const int32_t at_ms = post->heard_ms;
    const int32_t src = post->heard_src;
    const int32_t term = post->heard[EVENLOAD_RESIGN_TERM];
    const int32_t target = post->heard[EVENLOAD_RESIGN_TARGET];
    const int was_followed = src == election->leader && term == election->ballot.term;
    evenload_election_on_no_leader(election, at_ms, src, term, post);
    if (was_followed && target == election->src) {
        election->is_transfer = 1;
        election->transfer_term = term;
        election->has_slot = 1;
        election->slot_ms = at_ms;
        election->is_held = 0;
    } else if (was_followed && target != 0) {
        election->base_ms = evenload_ticks_add_ms(at_ms, 2 * election->stagger_ms);
    }
}

void evenload_election_resign(evenload_election_t *election, int32_t now_ms, int32_t reason, int32_t target,
                              evenload_post_t *post)
{
    const int is_wanted = reason != EVENLOAD_RESIGN_REASON_LEASE;
    post->fields[EVENLOAD_RESIGN_TERM] = election->ballot.term;
    post->fields[EVENLOAD_RESIGN_REASON] = reason;
    post->fields[EVENLOAD_RESIGN_TARGET] = target;
    evenload_post_send(post, now_ms, EVENLOAD_CAN_TYPE_RESIGN, EVENLOAD_CAN_DST_ALL);
    election->leader = 0;
    evenload_ballot_release(&election->ballot, election->src, election->ballot.term);
    evenload_election_follow(election, now_ms, post);
    evenload_election_hold(election, now_ms,
                           is_wanted ? EVENLOAD_CLUSTER_RESIGN_HOLD_MS : 2 * election->stagger_ms);
}

void evenload_election_tick(evenload_election_t *election, int32_t now_ms, const evenload_heartbeat_t *peers,
                            evenload_post_t *post)
{
    evenload_ballot_tick(&election->ballot, now_ms);
    if (election->role == EVENLOAD_ROLE_BOOT) {
        const int32_t end_ms = evenload_ticks_add_ms(election->boot_ms, EVENLOAD_CLUSTER_BOOT_MS);
        if (evenload_ticks_is_due_within(now_ms, end_ms, EVENLOAD_CLUSTER_BOOT_MS)) {
            evenload_election_follow(election, now_ms, post);
            election->base_ms = evenload_ticks_add_ms(now_ms, EVENLOAD_CLUSTER_DETECT_MS);
        }
        return;
    }
    if (election->role == EVENLOAD_ROLE_FOLLOWER) {
        tick_follower(election, now_ms, peers, post);
    } else if (election->role != EVENLOAD_ROLE_LEADER &&
               evenload_ticks_elapsed_ms(now_ms, election->request_ms) >= election->rto_ms) {
        election->try_count++;
        if (election->try_count > EVENLOAD_CLUSTER_TRIES_MAX) {
            evenload_election_follow(election, now_ms, post);
            election->base_ms = evenload_ticks_add_ms(now_ms, 2 * election->stagger_ms);
        } else {
            ask(election, now_ms, post);
        }
    }
    advance(election, now_ms, peers, post);
}

void evenload_election_on_clock_step(evenload_election_t *election, int32_t now_ms, evenload_post_t *post)
{
    if (election->role == EVENLOAD_ROLE_PRECANDIDATE || election->role == EVENLOAD_ROLE_CANDIDATE) {
        evenload_election_follow(election, now_ms, post);
    }
    election->boot_ms = now_ms;
    election->has_slot = 0;
    election->is_held = 0;
    election->is_behind = 0;
    election->base_ms = now_ms;
}

void evenload_election_follow(evenload_election_t *election, int32_t now_ms, evenload_post_t *post)
{
    election->role = EVENLOAD_ROLE_FOLLOWER;
    evenload_ballot_release(&election->ballot, election->src, election->ballot.term);
    election->has_slot = 0;
    election->is_transfer = 0;
    election->base_ms = now_ms;
    evenload_outbox_withdraw(&post->outbox, EVENLOAD_CAN_TYPE_PREVOTE_REQ);
    evenload_outbox_withdraw(&post->outbox, EVENLOAD_CAN_TYPE_VOTE_REQ);
    EVENLOAD_TRACE(post, now_ms, EVENLOAD_TRACE_ROLE, election->role, election->ballot.term,
                   election->leader);
}

void evenload_election_hold(evenload_election_t *election, int32_t now_ms, int32_t span_ms)
{
    election->is_held = 1;
    election->hold_ms = evenload_ticks_add_ms(now_ms, span_ms);
}

int32_t evenload_election_is_booting(const evenload_election_t *election)
{
    return election->role == EVENLOAD_ROLE_BOOT;
}
