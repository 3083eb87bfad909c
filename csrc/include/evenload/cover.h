/* What this node delivers: its part of the plan, or more while others are missing; mirror: shared/evenload/cover.py. */
#ifndef EVENLOAD_COVER_H
#define EVENLOAD_COVER_H

#include <stdint.h>

#include "evenload/heartbeat.h"
#include "evenload/post.h"
#include "evenload/roster.h"
#include "evenload/wire.h"

typedef struct {
    int32_t src;
    int32_t own_bit;
    int32_t health;
    int32_t is_isolated;
    int32_t has_emergency;
    int32_t emergency_ms;
    int32_t has_plan;
    int32_t member_mask;
    int32_t view_mask;
    int32_t share_10w;
    int32_t unmet_10w;
    int32_t is_returning;
    int32_t return_ms;
    int32_t is_leaderless;
    int32_t leaderless_ms;
    int32_t is_alone;
    int32_t is_lowering;
    int32_t lower_ms;
    int32_t basis;
    int32_t target_10w;
    int32_t applied_10w;
} evenload_cover_t;

/* What a share is found from, besides the node itself. */
typedef struct {
    int32_t leader; /* 0: none */
    int32_t is_booting;
    const evenload_heartbeat_t *peers;
    evenload_roster_t *roster;
    const int32_t *plan;
} evenload_cover_view_t;

/* The share of node `src`. */
void evenload_cover_init(evenload_cover_t *cover, int32_t src, int32_t voter_mask);

/* Returns what this node can deliver with its present health. */
int32_t evenload_cover_capacity_10w(const evenload_cover_t *cover, const evenload_roster_t *roster);

/* Takes over a plan that has just been applied. */
void evenload_cover_on_plan(evenload_cover_t *cover, const int32_t *plan, const evenload_roster_t *roster);

/* Delivers all there is, until EVENLOAD_CLUSTER_EMERGENCY_HOLD_MS after the last call. */
void evenload_cover_on_emergency(evenload_cover_t *cover, int32_t at_ms);

/* Starts every span anew: the clock went back. */
void evenload_cover_on_clock_step(evenload_cover_t *cover, int32_t now_ms);

/* Finds the share for what is known now; returns 1 when what is delivered, or why, has changed. */
int32_t evenload_cover_tick(evenload_cover_t *cover, int32_t now_ms, evenload_cover_view_t view);

/* Puts what is delivered into the trace. */
void evenload_cover_note(const evenload_cover_t *cover, int32_t now_ms, evenload_post_t *post);

#endif
