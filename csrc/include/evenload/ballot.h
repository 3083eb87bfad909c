/* What one voter may promise: terms, votes, the floor across restarts; mirror: shared/evenload/ballot.py. */
#ifndef EVENLOAD_BALLOT_H
#define EVENLOAD_BALLOT_H

#include <stdint.h>

#include "evenload/wire.h"

typedef struct {
    int32_t can_vote;
    int32_t term;
    int32_t voted_for;
    int32_t floor;
    int32_t ceiling;
    int32_t known_floor;
    int32_t plan_term;
    int32_t plan_seq;
    int32_t is_sticky;
    int32_t sticky_src;
    int32_t sticky_term;
    int32_t sticky_ms;
} evenload_ballot_t;

/* Nothing is promised and nothing may be. */
void evenload_ballot_init(evenload_ballot_t *ballot);

/* Begins after a restart; ceiling: as stored, or -1 when it can't be read: then it never votes. */
void evenload_ballot_start(evenload_ballot_t *ballot, int32_t ceiling, int32_t is_voter);

/* Counts on a ceiling that its owner has stored durably. */
void evenload_ballot_on_stored(evenload_ballot_t *ballot, int32_t ceiling);

/* Returns the ceiling to store now, or 0. */
int32_t evenload_ballot_ceiling_wanted(const evenload_ballot_t *ballot);

/* Remembers the highest floor that any voter has told (-1: it told none). */
void evenload_ballot_on_floor(evenload_ballot_t *ballot, int32_t floor);

/* Refuses everyone but `src` from `at_ms` on: it leads `term`, or has this node's vote for it. */
void evenload_ballot_stick(evenload_ballot_t *ballot, int32_t at_ms, int32_t src, int32_t term);

/* Lets the refusal begin anew: of everyone but whom this node is bound to, else but `src`. */
void evenload_ballot_prolong(evenload_ballot_t *ballot, int32_t now_ms, int32_t src);

/* Ends the refusal: `src` itself has shown that it does not lead `term`. */
void evenload_ballot_release(evenload_ballot_t *ballot, int32_t src, int32_t term);

/* Latches the end of the refusal; a clock that went back prolongs it. */
void evenload_ballot_tick(evenload_ballot_t *ballot, int32_t now_ms);

/* Takes over a higher term, with no vote given in it; returns 1 if it was higher. */
int32_t evenload_ballot_adopt(evenload_ballot_t *ballot, int32_t term);

/* Returns why candidate `src` would not get this vote; changes nothing. */
int32_t evenload_ballot_prevote_reason(const evenload_ballot_t *ballot, int32_t at_ms, int32_t src,
                                       const int32_t *fields);

/* Returns why candidate `src` does not get the vote. The caller has adopted nothing yet. */
int32_t evenload_ballot_vote_reason(const evenload_ballot_t *ballot, int32_t at_ms, int32_t src,
                                    const int32_t *fields);

/* Gives the vote of `term` to `src`. */
void evenload_ballot_vote(evenload_ballot_t *ballot, int32_t at_ms, int32_t src, int32_t term);

/* Returns 1 while this voter refuses everyone but another than `src`; it holds for its own candidacy too. */
int32_t evenload_ballot_is_bound(const evenload_ballot_t *ballot, int32_t now_ms, int32_t src);

/* Returns 1 when this node may vote for itself in `term`, as far as terms go. */
int32_t evenload_ballot_may_stand(const evenload_ballot_t *ballot, int32_t term);

/* Returns the highest term or floor known. */
int32_t evenload_ballot_top(const evenload_ballot_t *ballot);

#endif
