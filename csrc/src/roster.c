/* Mirror: shared/evenload/roster.py, which is the specification. */
#include "evenload/roster.h"

#include <string.h>

void evenload_roster_init(evenload_roster_t *roster, int32_t voter_mask)
{
    memset(roster, 0, sizeof *roster);
    for (int32_t src = 0; src < EVENLOAD_CLUSTER_COLUMN_COUNT; src++) {
        roster->slot[src] = -1;
        roster->cost_cubic[src] = 1;
    }
    evenload_dispatch_init(&roster->dispatch);
    roster->dispatch.cap_percent = EVENLOAD_DISPATCH_CAP_PERCENT_DEFAULT;
    for (int32_t src = 1; src < EVENLOAD_CLUSTER_COLUMN_COUNT; src++) {
        if ((voter_mask & (1 << src)) && roster->count < EVENLOAD_PLAN_SLOT_COUNT) {
            roster->rank[src] = roster->count;
            roster->slot[src] = roster->count;
            roster->source[roster->count] = src;
            roster->count++;
        }
    }
}

int32_t evenload_roster_members(const evenload_roster_t *roster, const int32_t *plan)
{
    int32_t mask = 0;
    for (int32_t slot = 0; slot < roster->count; slot++) {
        if (plan[EVENLOAD_PLAN_DERATE + slot] != EVENLOAD_DERATE_OUT) {
            mask |= 1 << roster->source[slot];
        }
    }
    return mask;
}

int32_t evenload_roster_solve(evenload_roster_t *roster, const int32_t *plan, int32_t mask)
{
    evenload_dispatch_t *dispatch = &roster->dispatch;
    dispatch->count = roster->count;
    dispatch->policy = plan[EVENLOAD_PLAN_MODE];
    dispatch->cap_percent = plan[EVENLOAD_PLAN_CAP_PERCENT];
    dispatch->master = EVENLOAD_DISPATCH_MASTER_NONE;
    for (int32_t slot = 0; slot < roster->count; slot++) {
        const int32_t src = roster->source[slot];
        const int32_t derate = mask & (1 << src) ? plan[EVENLOAD_PLAN_DERATE + slot] : EVENLOAD_DERATE_OUT;
        dispatch->effective_10w[slot] = evenload_dispatch_effective(roster->rated_10w[src], derate);
        dispatch->rank[slot] = plan[EVENLOAD_PLAN_RANK + slot];
        dispatch->cost_linear[slot] = roster->cost_linear[src];
        dispatch->cost_cubic[slot] = roster->cost_cubic[src];
        if (src == plan[EVENLOAD_PLAN_MASTER]) {
            dispatch->master = slot;
        }
    }
    return evenload_dispatch_solve(dispatch, plan[EVENLOAD_PLAN_DEMAND_10W]);
}
