/* Who is there: the voters as their frames show them; mirror: shared/evenload/heartbeat.py (SPEC, cluster).

   Columns by source, 1 .. 15. Every function is O(EVENLOAD_CLUSTER_COLUMN_COUNT) or better. */
#ifndef EVENLOAD_HEARTBEAT_H
#define EVENLOAD_HEARTBEAT_H

#include <stdint.h>

#include "evenload/wire.h"

typedef struct {
    int32_t src;
    int32_t voter_mask;
    int32_t alive_mask;
    int32_t ready_mask;
    int32_t out_mask; /* who says that it is out */
    int32_t is_known[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t heard_ms[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t since_ms[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t term[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t leader[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t role[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t health[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t plan_seq[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t load[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t capacity[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t counter[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t lost[EVENLOAD_CLUSTER_COLUMN_COUNT];
} evenload_heartbeat_t;

/* Returns 1 for the heartbeat of a node in BOOT: a follower of nobody that offers no capacity yet. */
int32_t evenload_heartbeat_is_starting(const int32_t *fields);

/* Nobody has been heard. */
void evenload_heartbeat_init(evenload_heartbeat_t *peers, int32_t src, int32_t voter_mask);

/* Notes a sign of life of voter `src`. */
void evenload_heartbeat_on_life(evenload_heartbeat_t *peers, int32_t src, int32_t at_ms);

/* Counts the frames of `src` that never came, by the gap in its counter (0 .. 15). */
void evenload_heartbeat_on_counter(evenload_heartbeat_t *peers, int32_t src, int32_t counter);

/* Takes over what a heartbeat of voter `src` says. */
void evenload_heartbeat_on_beat(evenload_heartbeat_t *peers, int32_t src, int32_t at_ms,
                                const int32_t *fields);

/* Ends the life of whoever has been silent for EVENLOAD_CLUSTER_DETECT_MS. */
void evenload_heartbeat_tick(evenload_heartbeat_t *peers, int32_t now_ms);

/* Returns how many other voters are ready. */
int32_t evenload_heartbeat_ready_count(const evenload_heartbeat_t *peers);

/* Returns 1 when `src` goes before this node as master: healthy before degraded, then by source. */
int32_t evenload_heartbeat_precedes(const evenload_heartbeat_t *peers, int32_t src, int32_t own_health);

/* Returns how many ready voters of `mask` go before this node as master. */
int32_t evenload_heartbeat_rank_among(const evenload_heartbeat_t *peers, int32_t mask, int32_t own_health);

/* Returns how many ready voters go before this node as master, `left_out` not counted. */
int32_t evenload_heartbeat_rank(const evenload_heartbeat_t *peers, int32_t own_health, int32_t left_out);

/* Returns 1 when a living voter has applied a newer plan than (term, seq). */
int32_t evenload_heartbeat_has_newer_plan(const evenload_heartbeat_t *peers, int32_t term, int32_t seq);

/* Returns 1 when the last heartbeat of `src` says that it applied plan (term, seq). */
int32_t evenload_heartbeat_has_applied(const evenload_heartbeat_t *peers, int32_t src, int32_t term,
                                       int32_t seq);

/* Returns in how many ms (0 .. cap_ms) the next voter falls silent if nobody speaks. */
int32_t evenload_heartbeat_next_silence_ms(const evenload_heartbeat_t *peers, int32_t now_ms, int32_t cap_ms);

#endif
