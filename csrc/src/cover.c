/* Mirror: shared/evenload/cover.py, which is the specification. */
#include "evenload/cover.h"

#include <string.h>

#include "evenload/ticks.h"

static void tick_timers(evenload_cover_t *cover, int32_t now_ms, int is_led)
{
    if (cover->has_emergency) {
        const int32_t passed_ms = evenload_ticks_elapsed_ms(now_ms, cover->emergency_ms);
        if (passed_ms >= EVENLOAD_CLUSTER_EMERGENCY_HOLD_MS) {
            cover->has_emergency = 0;
        }
    }
    if (is_led) {
        cover->is_leaderless = 0;
        cover->is_alone = 0;
    } else if (!cover->is_leaderless) {
        cover->is_leaderless = 1;
        cover->leaderless_ms = now_ms;
    } else if (evenload_ticks_elapsed_ms(now_ms, cover->leaderless_ms) >= EVENLOAD_CLUSTER_ALONE_MS) {
        cover->is_alone = 1;
    }
}

static void solve(evenload_cover_t *cover, evenload_cover_view_t view)
{
    cover->unmet_10w = evenload_roster_solve(view.roster, view.plan, cover->view_mask);
    cover->share_10w = cover->own_bit ? view.roster->dispatch.share_10w[view.roster->slot[cover->src]] : 0;
}

/* Shrinks the view at once; lets it grow back only under a living leader that has not planned anew. */
static void look(evenload_cover_t *cover, int32_t now_ms, evenload_cover_view_t view)
{
    const int32_t seen = (view.peers->ready_mask & ~view.peers->out_mask) | cover->own_bit;
    if (cover->view_mask & ~seen) {
        cover->view_mask &= seen;
        cover->is_returning = 0;
        solve(cover, view);
    } else if (cover->view_mask != cover->member_mask) {
        if (!view.leader || (cover->member_mask & ~seen)) {
            cover->is_returning = 0;
        } else if (!cover->is_returning) {
            cover->is_returning = 1;
            cover->return_ms = now_ms;
        } else if (evenload_ticks_elapsed_ms(now_ms, cover->return_ms) >= EVENLOAD_CLUSTER_RETURN_MS) {
            evenload_cover_on_plan(cover, view.plan, view.roster);
        }
    }
}

static int32_t find_target_10w(evenload_cover_t *cover, int32_t is_booting, int32_t capacity_10w)
{
    if (cover->is_isolated) {
        cover->basis = EVENLOAD_BASIS_ISOLATED;
        return 0;
    }
    if (cover->has_emergency) {
        cover->basis = EVENLOAD_BASIS_EMERGENCY;
        return capacity_10w;
    }
    if (is_booting) {
        cover->basis = EVENLOAD_BASIS_BOOT;
        return 0;
    }
    const int32_t is_member = cover->member_mask & cover->own_bit;
    /* Without a plan, or outside a plan that those who are left can't carry, nobody else will do it. */
    if (cover->is_alone && (!cover->has_plan || (!is_member && cover->unmet_10w > 0))) {
        cover->basis = EVENLOAD_BASIS_ALONE;
        return capacity_10w;
    }
    if (!cover->has_plan) {
        return cover->applied_10w;
    }
    cover->basis = cover->view_mask == cover->member_mask ? EVENLOAD_BASIS_PLAN : EVENLOAD_BASIS_CONTINGENCY;
    const int32_t share_10w = is_member ? cover->share_10w : 0;
    return share_10w < capacity_10w ? share_10w : capacity_10w;
}

static int others_have_applied(const evenload_cover_t *cover, evenload_cover_view_t view)
{
    if (!cover->has_plan) {
        return 1;
    }
    const int32_t waited_for = cover->member_mask & view.peers->ready_mask & ~cover->own_bit;
    for (int32_t src = 1; src < EVENLOAD_CLUSTER_COLUMN_COUNT; src++) {
        if ((waited_for & (1 << src)) &&
            !evenload_heartbeat_has_applied(view.peers, src, view.plan[EVENLOAD_PLAN_TERM],
                                            view.plan[EVENLOAD_PLAN_SEQ])) {
            return 0;
        }
    }
    return 1;
}

static void lower(evenload_cover_t *cover, int32_t now_ms, int32_t capacity_10w, evenload_cover_view_t view)
{
    if (cover->is_isolated) {
        cover->applied_10w = 0;
        return;
    }
    if (cover->applied_10w > capacity_10w) {
        cover->applied_10w = capacity_10w;
    }
    if (!cover->is_lowering) {
        cover->is_lowering = 1;
        cover->lower_ms = now_ms;
    }
    if (evenload_ticks_elapsed_ms(now_ms, cover->lower_ms) >= EVENLOAD_CLUSTER_BEAT_MS &&
        others_have_applied(cover, view)) {
        cover->is_lowering = 0;
        cover->applied_10w = cover->target_10w;
    }
}

void evenload_cover_init(evenload_cover_t *cover, int32_t src, int32_t voter_mask)
{
    memset(cover, 0, sizeof *cover);
    cover->src = src;
    cover->own_bit = src < EVENLOAD_CLUSTER_COLUMN_COUNT ? (1 << src) & voter_mask : 0;
    cover->health = EVENLOAD_DERATE_FULL;
    cover->basis = EVENLOAD_BASIS_BOOT;
}

int32_t evenload_cover_capacity_10w(const evenload_cover_t *cover, const evenload_roster_t *roster)
{
    return cover->own_bit ? evenload_dispatch_effective(roster->rated_10w[cover->src], cover->health) : 0;
}

void evenload_cover_on_plan(evenload_cover_t *cover, const int32_t *plan, const evenload_roster_t *roster)
{
    cover->has_plan = 1;
    cover->member_mask = evenload_roster_members(roster, plan);
    cover->view_mask = cover->member_mask;
    cover->is_returning = 0;
    cover->share_10w = cover->own_bit ? plan[EVENLOAD_PLAN_SHARE_10W + roster->slot[cover->src]] : 0;
    int32_t unmet_10w = plan[EVENLOAD_PLAN_DEMAND_10W];
    for (int32_t slot = 0; slot < roster->count; slot++) {
        unmet_10w -= plan[EVENLOAD_PLAN_SHARE_10W + slot];
    }
    cover->unmet_10w = unmet_10w > 0 ? unmet_10w : 0;
}

void evenload_cover_on_emergency(evenload_cover_t *cover, int32_t at_ms)
{
    cover->has_emergency = 1;
    cover->emergency_ms = at_ms;
}

void evenload_cover_on_clock_step(evenload_cover_t *cover, int32_t now_ms)
{
    cover->emergency_ms = now_ms;
    cover->leaderless_ms = now_ms;
    cover->return_ms = now_ms;
    cover->lower_ms = now_ms;
}

int32_t evenload_cover_tick(evenload_cover_t *cover, int32_t now_ms, evenload_cover_view_t view)
{
    tick_timers(cover, now_ms, view.leader != 0 || view.is_booting);
    if (cover->has_plan) {
        look(cover, now_ms, view);
    }
    const int32_t was_10w = cover->applied_10w;
    const int32_t was_basis = cover->basis;
    const int32_t capacity_10w = evenload_cover_capacity_10w(cover, view.roster);
    cover->target_10w = find_target_10w(cover, view.is_booting, capacity_10w);
    if (cover->target_10w >= cover->applied_10w) {
        cover->is_lowering = 0;
        cover->applied_10w = cover->target_10w;
    } else {
        lower(cover, now_ms, capacity_10w, view);
    }
    return cover->applied_10w != was_10w || cover->basis != was_basis;
}

void evenload_cover_note(const evenload_cover_t *cover, int32_t now_ms, evenload_post_t *post)
{
    EVENLOAD_TRACE(post, now_ms, EVENLOAD_TRACE_SHARE, cover->applied_10w, cover->basis, cover->target_10w);
}
