/* Mirror: shared/evenload/ballot.py, which is the specification. */
#include "evenload/ballot.h"

#include <string.h>

#include "evenload/plan.h"
#include "evenload/ticks.h"

static int refuses(const evenload_ballot_t *ballot, int32_t at_ms, int32_t src, const int32_t *fields)
{
    if (!ballot->is_sticky || src == ballot->sticky_src) {
        return 0;
    }
    /* Whoever asks with this flag has heard the leader of the term before resign. */
    if (fields[EVENLOAD_REQUEST_TRANSFER] && ballot->sticky_term < fields[EVENLOAD_REQUEST_TERM]) {
        return 0;
    }
    return evenload_ticks_elapsed_ms(at_ms, ballot->sticky_ms) < EVENLOAD_CLUSTER_STICKY_MS;
}

static int32_t plan_reason(const evenload_ballot_t *ballot, const int32_t *fields)
{
    const int32_t is_older =
        evenload_plan_newer(ballot->plan_term, ballot->plan_seq, fields[EVENLOAD_REQUEST_PLAN_TERM],
                            fields[EVENLOAD_REQUEST_PLAN_SEQ]);
    return is_older ? EVENLOAD_VOTE_REASON_PLAN : EVENLOAD_VOTE_REASON_NONE;
}

void evenload_ballot_init(evenload_ballot_t *ballot)
{
    memset(ballot, 0, sizeof *ballot);
}

void evenload_ballot_start(evenload_ballot_t *ballot, int32_t ceiling, int32_t is_voter)
{
    ballot->can_vote = is_voter && ceiling >= 0;
    ballot->floor = ceiling > 0 ? ceiling : 0;
    ballot->ceiling = ballot->floor;
    ballot->known_floor = ballot->floor;
}

void evenload_ballot_on_stored(evenload_ballot_t *ballot, int32_t ceiling)
{
    if (ceiling > ballot->ceiling) {
        ballot->ceiling = ceiling;
    }
}

int32_t evenload_ballot_ceiling_wanted(const evenload_ballot_t *ballot)
{
    const int32_t top = evenload_ballot_top(ballot);
    if (!ballot->can_vote || ballot->ceiling >= EVENLOAD_TERM_MAX ||
        ballot->ceiling - top >= EVENLOAD_CEILING_NEAR) {
        return 0;
    }
    return top + EVENLOAD_CEILING_STEP < EVENLOAD_TERM_MAX ? top + EVENLOAD_CEILING_STEP : EVENLOAD_TERM_MAX;
}

void evenload_ballot_on_floor(evenload_ballot_t *ballot, int32_t floor)
{
    if (floor > ballot->known_floor) {
        ballot->known_floor = floor;
    }
}

void evenload_ballot_stick(evenload_ballot_t *ballot, int32_t at_ms, int32_t src, int32_t term)
{
    /* A stamp from before the last one, out of another queue, shortens no promise. */
    if (!ballot->is_sticky || src != ballot->sticky_src ||
        evenload_ticks_elapsed_ms(at_ms, ballot->sticky_ms) > 0) {
        ballot->sticky_ms = at_ms;
    }
    ballot->is_sticky = 1;
    ballot->sticky_src = src;
    ballot->sticky_term = term;
}

void evenload_ballot_prolong(evenload_ballot_t *ballot, int32_t now_ms, int32_t src)
{
    if (ballot->is_sticky) {
        ballot->sticky_ms = now_ms;
    } else {
        evenload_ballot_stick(ballot, now_ms, src, ballot->term);
    }
}

void evenload_ballot_release(evenload_ballot_t *ballot, int32_t src, int32_t term)
{
    if (ballot->is_sticky && ballot->sticky_src == src && term >= ballot->sticky_term) {
        ballot->is_sticky = 0;
    }
}

void evenload_ballot_tick(evenload_ballot_t *ballot, int32_t now_ms)
{
    if (ballot->is_sticky) {
        const int32_t passed_ms = evenload_ticks_elapsed_ms(now_ms, ballot->sticky_ms);
        if (passed_ms >= EVENLOAD_CLUSTER_STICKY_MS) {
            ballot->is_sticky = 0;
        } else if (passed_ms < 0) {
            ballot->sticky_ms = now_ms;
        }
    }
}

int32_t evenload_ballot_adopt(evenload_ballot_t *ballot, int32_t term)
{
    if (term <= ballot->term) {
        return 0;
    }
    ballot->term = term;
    ballot->voted_for = 0;
    return 1;
}

int32_t evenload_ballot_prevote_reason(const evenload_ballot_t *ballot, int32_t at_ms, int32_t src,
                                       const int32_t *fields)
{
    if (!ballot->can_vote) {
        return EVENLOAD_VOTE_REASON_NO_VOTER;
    }
    if (refuses(ballot, at_ms, src, fields)) {
        return EVENLOAD_VOTE_REASON_LEADER;
    }
    if (fields[EVENLOAD_REQUEST_TERM] <= ballot->term) {
        return EVENLOAD_VOTE_REASON_TERM;
    }
    return plan_reason(ballot, fields);
}

int32_t evenload_ballot_vote_reason(const evenload_ballot_t *ballot, int32_t at_ms, int32_t src,
                                    const int32_t *fields)
{
    const int32_t term = fields[EVENLOAD_REQUEST_TERM];
    if (!ballot->can_vote) {
        return EVENLOAD_VOTE_REASON_NO_VOTER;
    }
    if (term < ballot->term) {
        return EVENLOAD_VOTE_REASON_TERM;
    }
    if (term == ballot->term && ballot->voted_for != 0 && ballot->voted_for != src) {
        return EVENLOAD_VOTE_REASON_VOTED;
    }
    if (refuses(ballot, at_ms, src, fields)) {
        return EVENLOAD_VOTE_REASON_LEADER;
    }
    if (term <= ballot->floor) {
        return EVENLOAD_VOTE_REASON_FLOOR;
    }
    if (term > ballot->ceiling) {
        return EVENLOAD_VOTE_REASON_CEILING;
    }
    return plan_reason(ballot, fields);
}

void evenload_ballot_vote(evenload_ballot_t *ballot, int32_t at_ms, int32_t src, int32_t term)
{
    if (ballot->voted_for != src || ballot->term != term) {
        evenload_ballot_adopt(ballot, term);
        ballot->voted_for = src;
        evenload_ballot_stick(ballot, at_ms, src, term);
    }
}

int32_t evenload_ballot_is_bound(const evenload_ballot_t *ballot, int32_t now_ms, int32_t src)
{
    return ballot->is_sticky && ballot->sticky_src != src &&
           evenload_ticks_elapsed_ms(now_ms, ballot->sticky_ms) < EVENLOAD_CLUSTER_STICKY_MS;
}

int32_t evenload_ballot_may_stand(const evenload_ballot_t *ballot, int32_t term)
{
    return ballot->can_vote && ballot->term < term && term <= ballot->ceiling && term > ballot->floor;
}

int32_t evenload_ballot_top(const evenload_ballot_t *ballot)
{
    return ballot->term > ballot->known_floor ? ballot->term : ballot->known_floor;
}
