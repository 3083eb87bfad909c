/* What the leader decides: who carries which part of the load; mirror: shared/evenload/planner.py. */
#ifndef EVENLOAD_PLANNER_H
#define EVENLOAD_PLANNER_H

#include <stdint.h>

#include "evenload/heartbeat.h"
#include "evenload/plan.h"
#include "evenload/post.h"
#include "evenload/roster.h"
#include "evenload/wire.h"

typedef struct {
    int32_t src;
    int32_t demand_10w;
    int32_t cap_percent;
    int32_t supply_ck;
    int32_t policy;
    int32_t health;
    int32_t ramp_mask;
    int32_t committed_seq;
    int32_t made_ms;
    int32_t burst_left;
    int32_t burst_ms;
    int32_t repeat_ms;
    int32_t unmet_10w;
    int32_t is_n1_lost;
    int32_t derate[EVENLOAD_PLAN_SLOT_COUNT];
    evenload_plan_packer_t packer;
} evenload_planner_t;

/* The cluster as the leader sees it: its voters, who of them lives, and the applied plan. */
typedef struct {
    evenload_roster_t *roster;
    const evenload_heartbeat_t *peers;
    int32_t *plan;
} evenload_planner_view_t;

/* The plans of node `src` among voter_count voters. */
void evenload_planner_init(evenload_planner_t *planner, int32_t src, int32_t voter_count);

/* Wants what the applied plan `current` says: it survives the leader that made it. */
void evenload_planner_adopt(evenload_planner_t *planner, const int32_t *current);

/* Leads `term`: writes its first plan over view.plan. */
void evenload_planner_begin(evenload_planner_t *planner, int32_t now_ms, int32_t term,
                            evenload_planner_view_t view);

/* Notes a commit and makes a new plan over view.plan if it has to change; returns 1 if it did. */
int32_t evenload_planner_tick(evenload_planner_t *planner, int32_t now_ms, int32_t quorum,
                              evenload_planner_view_t view);

/* Sends the plan when it is time to. */
void evenload_planner_say(evenload_planner_t *planner, int32_t now_ms, evenload_planner_view_t view,
                          evenload_post_t *post);

#endif
