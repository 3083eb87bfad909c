/* How six equals choose one leader within 300 ms; mirror: shared/evenload/election.py (SPEC, election). */
#ifndef EVENLOAD_ELECTION_H
#define EVENLOAD_ELECTION_H

#include <stdint.h>

#include "evenload/ballot.h"
#include "evenload/heartbeat.h"
#include "evenload/post.h"
#include "evenload/wire.h"

typedef struct {
    int32_t src;
    int32_t own_bit;
    int32_t quorum;
    int32_t stagger_ms;
    int32_t rto_ms;
    int32_t health;
    int32_t role;
    int32_t boot_ms;
    int32_t leader;
    int32_t last_leader;
    int32_t leader_heard_ms;
    int32_t has_won;
    int32_t proposed;
    int32_t is_transfer;
    int32_t transfer_term;
    int32_t request_ms;
    int32_t first_request_ms;
    int32_t try_count;
    int32_t prevotes;
    int32_t grants;
    int32_t others;
    int32_t rivals;
    int32_t base_ms;
    int32_t has_slot;
    int32_t slot_ms;
    int32_t is_held;
    int32_t hold_ms;
    int32_t is_behind;
    int32_t behind_ms;
    int32_t election_count;
    evenload_ballot_t ballot;
} evenload_election_t;

/* Returns how many of the bits 0 .. 15 are set. */
int32_t evenload_election_bits_of(int32_t mask);

/* The role of node `src` among the voters of `voter_mask`; a node outside the mask only follows. */
void evenload_election_init(evenload_election_t *election, int32_t src, int32_t voter_mask);

/* Begins in BOOT: listens for EVENLOAD_CLUSTER_BOOT_MS before promising anything. */
void evenload_election_start(evenload_election_t *election, int32_t now_ms, int32_t ceiling);

/* Follows `src`, which leads `term`; returns 0 when the term is old and nothing follows from it. */
int32_t evenload_election_on_leader_frame(evenload_election_t *election, int32_t at_ms, int32_t src,
                                          int32_t term, evenload_post_t *post);

/* Takes over a higher term; whoever led or stood in a lower one follows. */
void evenload_election_on_term(evenload_election_t *election, int32_t at_ms, int32_t term,
                               evenload_post_t *post);

/* Notes that `src` has shown that it does not lead `term`, nor any term before it. */
void evenload_election_on_no_leader(evenload_election_t *election, int32_t at_ms, int32_t src, int32_t term,
                                    evenload_post_t *post);

/* Counts the PREVOTE_RESP or VOTE_RESP that stands in post->heard, whomever it is for. */
void evenload_election_on_response(evenload_election_t *election, const evenload_heartbeat_t *peers,
                                   evenload_post_t *post);

/* Lets the leader go that stands down (post->heard): elects at once, its chosen successor first. */
void evenload_election_on_resign(evenload_election_t *election, evenload_post_t *post);

/* Stands down as leader and says so; target: the successor's source, or 0. */
void evenload_election_resign(evenload_election_t *election, int32_t now_ms, int32_t reason, int32_t target,
                              evenload_post_t *post);

/* Notices silence, takes the turn, repeats a request, counts. */
void evenload_election_tick(evenload_election_t *election, int32_t now_ms, const evenload_heartbeat_t *peers,
                            evenload_post_t *post);

/* Starts every wait anew: the clock went back, and what was due would be due that much later. */
void evenload_election_on_clock_step(evenload_election_t *election, int32_t now_ms, evenload_post_t *post);

/* Is a follower without a turn of its own yet; what was asked is asked no more, the own vote binds no longer. */
void evenload_election_follow(evenload_election_t *election, int32_t now_ms, evenload_post_t *post);

/* Takes no turn for `span_ms`. */
void evenload_election_hold(evenload_election_t *election, int32_t now_ms, int32_t span_ms);

/* Returns 1 while this node listens before it promises anything. */
int32_t evenload_election_is_booting(const evenload_election_t *election);

#endif
