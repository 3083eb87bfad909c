/* The voters of a cluster as the load rule sees them; mirror: shared/evenload/roster.py. */
#ifndef EVENLOAD_ROSTER_H
#define EVENLOAD_ROSTER_H

#include <stdint.h>

#include "evenload/dispatch.h"
#include "evenload/wire.h"

typedef struct {
    int32_t count;
    int32_t source[EVENLOAD_PLAN_SLOT_COUNT];
    int32_t slot[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t rated_10w[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t rank[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t cost_linear[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t cost_cubic[EVENLOAD_CLUSTER_COLUMN_COUNT];
    evenload_dispatch_t dispatch;
} evenload_roster_t;

/* voter_mask: bits 1 .. 15, at most EVENLOAD_PLAN_SLOT_COUNT of them. */
void evenload_roster_init(evenload_roster_t *roster, int32_t voter_mask);

/* Returns the bits of the sources that a plan gives a part to. */
int32_t evenload_roster_members(const evenload_roster_t *roster, const int32_t *plan);

/* Shares a plan's demand among those of its members that are in `mask`; returns what is unmet, in 10 W. */
int32_t evenload_roster_solve(evenload_roster_t *roster, const int32_t *plan, int32_t mask);

#endif
