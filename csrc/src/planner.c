/* Mirror: shared/evenload/planner.py, which is the specification. */
#include "evenload/planner.h"

#include <string.h>

#include "evenload/ticks.h"

#define COLUMN_COUNT EVENLOAD_CLUSTER_COLUMN_COUNT

static int32_t applied_count(const evenload_planner_t *planner, evenload_planner_view_t view)
{
    int32_t count = 1;
    for (int32_t slot = 0; slot < view.roster->count; slot++) {
        const int32_t src = view.roster->source[slot];
        if (src != planner->src && (view.peers->alive_mask & (1 << src))) {
            count += evenload_heartbeat_has_applied(view.peers, src, view.plan[EVENLOAD_PLAN_TERM],
                                                    view.plan[EVENLOAD_PLAN_SEQ]);
        }
    }
    return count;
}

static int is_missed(evenload_planner_view_t view)
{
    for (int32_t src = 1; src < COLUMN_COUNT; src++) {
        if ((view.peers->alive_mask & (1 << src)) &&
            !evenload_heartbeat_has_applied(view.peers, src, view.plan[EVENLOAD_PLAN_TERM],
                                            view.plan[EVENLOAD_PLAN_SEQ])) {
            return 1;
        }
    }
    return 0;
}

static int32_t derate_of(evenload_planner_t *planner, int32_t now_ms, int32_t src,
                         const evenload_heartbeat_t *peers)
{
    const int32_t bit = 1 << src;
    if (!(peers->ready_mask & bit)) {
        return EVENLOAD_DERATE_OUT;
    }
    const int32_t health = peers->health[src];
    if (!(planner->ramp_mask & bit)) {
        return health;
    }
    const int32_t passed_ms = evenload_ticks_elapsed_ms(now_ms, peers->since_ms[src]);
    if (passed_ms < 0 || passed_ms >= 3 * EVENLOAD_CLUSTER_RAMP_STEP_MS) {
        planner->ramp_mask &= ~bit;
        return health;
    }
    int32_t ramp = EVENLOAD_DERATE_90;
    if (passed_ms < EVENLOAD_CLUSTER_RAMP_STEP_MS) {
        ramp = EVENLOAD_DERATE_OUT;
    } else if (passed_ms < 2 * EVENLOAD_CLUSTER_RAMP_STEP_MS) {
        ramp = EVENLOAD_DERATE_50;
    }
    return ramp > health ? ramp : health;
}

/* Finds the derate that each slot should have now; without the ramps if the load needs all at once. */
static void choose(evenload_planner_t *planner, int32_t now_ms, evenload_planner_view_t view)
{
    const evenload_roster_t *roster = view.roster;
    int32_t rated_sum_10w = 0;
    planner->ramp_mask |= view.peers->voter_mask & ~view.peers->ready_mask & ~(1 << planner->src);
    for (int32_t slot = 0; slot < roster->count; slot++) {
        const int32_t src = roster->source[slot];
        const int32_t derate =
            src == planner->src ? planner->health : derate_of(planner, now_ms, src, view.peers);
        planner->derate[slot] = derate;
        rated_sum_10w += evenload_dispatch_effective(roster->rated_10w[src], derate);
    }
    if (rated_sum_10w < planner->demand_10w) {
        for (int32_t slot = 0; slot < roster->count; slot++) {
            const int32_t src = roster->source[slot];
            if (src != planner->src && (view.peers->ready_mask & (1 << src))) {
                planner->derate[slot] = view.peers->health[src];
            }
        }
    }
}

/* 0 when the plan says what it should, 1 when it does not, 2 when it counts on too much. */
static int32_t urgency_of(const evenload_planner_t *planner, evenload_planner_view_t view)
{
    const int32_t *plan = view.plan;
    int32_t urgency = 0;
    for (int32_t slot = 0; slot < view.roster->count; slot++) {
        if (plan[EVENLOAD_PLAN_DERATE + slot] < planner->derate[slot]) {
            return 2;
        }
        if (plan[EVENLOAD_PLAN_DERATE + slot] != planner->derate[slot] ||
            plan[EVENLOAD_PLAN_RANK + slot] != view.roster->rank[view.roster->source[slot]]) {
            urgency = 1;
        }
    }
    if (plan[EVENLOAD_PLAN_DEMAND_10W] != planner->demand_10w ||
        plan[EVENLOAD_PLAN_CAP_PERCENT] != planner->cap_percent ||
        plan[EVENLOAD_PLAN_SUPPLY_CK] != planner->supply_ck || plan[EVENLOAD_PLAN_MODE] != planner->policy) {
        return 1;
    }
    return urgency;
}

static void write_plan(evenload_planner_t *planner, int32_t now_ms, evenload_planner_view_t view)
{
    evenload_roster_t *roster = view.roster;
    int32_t *plan = view.plan;
    plan[EVENLOAD_PLAN_SEQ] = evenload_plan_next_seq(plan[EVENLOAD_PLAN_SEQ]);
    plan[EVENLOAD_PLAN_MASTER] = planner->src;
    plan[EVENLOAD_PLAN_MODE] = planner->policy;
    plan[EVENLOAD_PLAN_DEMAND_10W] = planner->demand_10w;
    plan[EVENLOAD_PLAN_CAP_PERCENT] = planner->cap_percent;
    plan[EVENLOAD_PLAN_SUPPLY_CK] = planner->supply_ck;
    for (int32_t slot = 0; slot < EVENLOAD_PLAN_SLOT_COUNT; slot++) {
        const int is_used = slot < roster->count;
        plan[EVENLOAD_PLAN_RANK + slot] = is_used ? roster->rank[roster->source[slot]] : 0;
        plan[EVENLOAD_PLAN_DERATE + slot] = is_used ? planner->derate[slot] : EVENLOAD_DERATE_OUT;
        plan[EVENLOAD_PLAN_SHARE_10W + slot] = 0;
    }
    planner->unmet_10w = evenload_roster_solve(roster, plan, evenload_roster_members(roster, plan));
    planner->is_n1_lost = evenload_dispatch_n1_lost(&roster->dispatch, planner->demand_10w);
    for (int32_t slot = 0; slot < roster->count; slot++) {
        plan[EVENLOAD_PLAN_SHARE_10W + slot] = roster->dispatch.share_10w[slot];
    }
    evenload_plan_packer_load(&planner->packer, plan, planner->src);
    planner->made_ms = now_ms;
    planner->burst_left = EVENLOAD_CLUSTER_REPEAT_COUNT;
    planner->burst_ms = now_ms;
}

static void send_plan(evenload_planner_t *planner, int32_t now_ms, evenload_post_t *post)
{
    const int32_t identifier = evenload_post_identifier(post, EVENLOAD_CAN_TYPE_PLAN, EVENLOAD_CAN_DST_ALL);
    for (int32_t index = 0; index < planner->packer.chunk_count; index++) {
        evenload_plan_packer_chunk(&planner->packer, index, identifier, post->frame);
        evenload_post_put(post, now_ms);
    }
}

void evenload_planner_init(evenload_planner_t *planner, int32_t src, int32_t voter_count)
{
    memset(planner, 0, sizeof *planner);
    planner->src = src;
    planner->demand_10w = EVENLOAD_DISPATCH_DEMAND_10W_MAX;
    planner->cap_percent = EVENLOAD_DISPATCH_CAP_PERCENT_DEFAULT;
    planner->supply_ck = EVENLOAD_PLAN_SUPPLY_CK_DEFAULT;
    planner->policy = EVENLOAD_DISPATCH_POLICY_RAMP;
    planner->health = EVENLOAD_DERATE_FULL;
    evenload_plan_packer_init(&planner->packer, voter_count);
}

void evenload_planner_adopt(evenload_planner_t *planner, const int32_t *current)
{
    planner->demand_10w = current[EVENLOAD_PLAN_DEMAND_10W];
    planner->cap_percent = current[EVENLOAD_PLAN_CAP_PERCENT];
    planner->supply_ck = current[EVENLOAD_PLAN_SUPPLY_CK];
    planner->policy = current[EVENLOAD_PLAN_MODE];
}

void evenload_planner_begin(evenload_planner_t *planner, int32_t now_ms, int32_t term,
                            evenload_planner_view_t view)
{
    planner->ramp_mask = 0;
    if (view.plan[EVENLOAD_PLAN_SEQ]) {
        planner->ramp_mask =
            view.peers->voter_mask & ~evenload_roster_members(view.roster, view.plan) & ~(1 << planner->src);
    }
    planner->committed_seq = 0;
    view.plan[EVENLOAD_PLAN_TERM] = term;
    view.plan[EVENLOAD_PLAN_SEQ] = 0;
    choose(planner, now_ms, view);
    write_plan(planner, now_ms, view);
}

int32_t evenload_planner_tick(evenload_planner_t *planner, int32_t now_ms, int32_t quorum,
                              evenload_planner_view_t view)
{
    if (applied_count(planner, view) >= quorum) {
        planner->committed_seq = view.plan[EVENLOAD_PLAN_SEQ];
    }
    choose(planner, now_ms, view);
    const int32_t urgency = urgency_of(planner, view);
    const int is_rested = evenload_ticks_elapsed_ms(now_ms, planner->made_ms) >= EVENLOAD_CLUSTER_REPEAT_MS;
    const int32_t unacked = view.plan[EVENLOAD_PLAN_SEQ] - planner->committed_seq;
    if (urgency == 0 || unacked >= EVENLOAD_CLUSTER_UNACKED_MAX || !(is_rested || urgency == 2)) {
        return 0;
    }
    if (view.plan[EVENLOAD_PLAN_SEQ] >= EVENLOAD_PLAN_SEQ_MAX) {
        return 0;
    }
    write_plan(planner, now_ms, view);
    return 1;
}

void evenload_planner_say(evenload_planner_t *planner, int32_t now_ms, evenload_planner_view_t view,
                          evenload_post_t *post)
{
    if (planner->burst_left > 0) {
        if (evenload_ticks_is_due_within(now_ms, planner->burst_ms, EVENLOAD_CLUSTER_REPEAT_MS)) {
            send_plan(planner, now_ms, post);
            planner->burst_left--;
            planner->burst_ms = evenload_ticks_add_ms(now_ms, EVENLOAD_CLUSTER_REPEAT_MS);
            planner->repeat_ms = evenload_ticks_add_ms(now_ms, EVENLOAD_CLUSTER_BEAT_MS);
        }
    } else if (evenload_ticks_is_due_within(now_ms, planner->repeat_ms, EVENLOAD_CLUSTER_BEAT_MS)) {
        planner->repeat_ms = evenload_ticks_add_ms(now_ms, EVENLOAD_CLUSTER_BEAT_MS);
        if (is_missed(view)) {
            send_plan(planner, now_ms, post);
        }
    }
}
