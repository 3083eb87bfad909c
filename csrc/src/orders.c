/* Mirror: shared/evenload/orders.py, which is the specification. */
#include "evenload/orders.h"

#include "evenload/inbox.h"
#include "evenload/ticks.h"

static int32_t want(evenload_planner_t *planner, int32_t code, int32_t value)
{
    if (value < 0) {
        return EVENLOAD_ORDER_VALUE;
    }
    if (code == EVENLOAD_ORDER_DEMAND_10W && value <= EVENLOAD_DISPATCH_DEMAND_10W_MAX) {
        planner->demand_10w = value;
    } else if (code == EVENLOAD_ORDER_CAP_PERCENT && 1 <= value && value <= 100) {
        planner->cap_percent = value;
    } else if (code == EVENLOAD_ORDER_SUPPLY_CK && value <= 65535) {
        planner->supply_ck = value;
    } else if (code == EVENLOAD_ORDER_POLICY && value <= EVENLOAD_DISPATCH_POLICY_EFFICIENCY) {
        planner->policy = value;
    } else {
        return EVENLOAD_ORDER_VALUE;
    }
    return EVENLOAD_ORDER_DONE;
}

static int32_t transfer(evenload_cluster_t *cluster, int32_t now_ms, int32_t target)
{
    if (target < 1 || target > EVENLOAD_CAN_SRC_VOTER_MAX || target == cluster->src) {
        return EVENLOAD_ORDER_VALUE;
    }
    if (!(cluster->voter_mask & (1 << target))) {
        return EVENLOAD_ORDER_VALUE;
    }
    if (!evenload_cluster_may_succeed(cluster, target)) {
        return EVENLOAD_ORDER_NOT_READY;
    }
    evenload_cluster_stand_down(cluster, now_ms, EVENLOAD_RESIGN_REASON_TRANSFER, target);
    return EVENLOAD_ORDER_DONE;
}

/* Acts on an own emergency and tells everyone, at most every EVENLOAD_CLUSTER_EMERGENCY_GAP_MS. */
static int32_t raise_emergency(evenload_cluster_t *cluster, int32_t now_ms, int32_t code)
{
    if (code < 0 || code > EVENLOAD_EMERGENCY_FLOW_LOST) {
        return EVENLOAD_ORDER_VALUE;
    }
    if (code == 0) {
        cluster->cover.is_isolated = 0;
        return EVENLOAD_ORDER_DONE;
    }
    if (code == EVENLOAD_EMERGENCY_LEAK) {
        cluster->cover.is_isolated = 1;
        cluster->health = EVENLOAD_DERATE_OUT;
    } else {
        evenload_inbox_act(cluster, now_ms, code, cluster->zone);
    }
    if (cluster->has_sent_emergency) {
        const int32_t passed_ms = evenload_ticks_elapsed_ms(now_ms, cluster->emergency_sent_ms);
        if (0 <= passed_ms && passed_ms < EVENLOAD_CLUSTER_EMERGENCY_GAP_MS) {
            return EVENLOAD_ORDER_NOT_READY;
        }
    }
    cluster->has_sent_emergency = 1;
    cluster->emergency_sent_ms = now_ms;
    cluster->emergency_counter = (cluster->emergency_counter + 1) & 255;
    int32_t *fields = cluster->post.fields;
    fields[EVENLOAD_EMERGENCY_CODE] = code;
    fields[EVENLOAD_EMERGENCY_SEVERITY] = 1;
    fields[EVENLOAD_EMERGENCY_VALUE] = 0;
    fields[EVENLOAD_EMERGENCY_ZONE] = cluster->zone;
    fields[EVENLOAD_EMERGENCY_COUNTER] = cluster->emergency_counter;
    fields[EVENLOAD_EMERGENCY_SINCE_DS] = 0;
    evenload_post_send(&cluster->post, now_ms, EVENLOAD_CAN_TYPE_EMERGENCY, EVENLOAD_CAN_DST_ALL);
    EVENLOAD_TRACE(&cluster->post, now_ms, EVENLOAD_TRACE_EMERGENCY, code, 1, cluster->src);
    return EVENLOAD_ORDER_DONE;
}

static int32_t obey_self(evenload_cluster_t *cluster, int32_t now_ms, int32_t code, int32_t value)
{
    if (code == EVENLOAD_ORDER_DRAIN) {
        if (value < 0 || value > 1) {
            return EVENLOAD_ORDER_VALUE;
        }
        cluster->is_draining = value;
    } else if (code == EVENLOAD_ORDER_HEALTH) {
        if (value < 0 || value > EVENLOAD_DERATE_OUT) {
            return EVENLOAD_ORDER_VALUE;
        }
        cluster->health = value;
    } else if (code == EVENLOAD_ORDER_LOAD) {
        if (value < 0 || (value > 250 && value != EVENLOAD_BEAT_LOAD_UNKNOWN)) {
            return EVENLOAD_ORDER_VALUE;
        }
        cluster->load = value;
    } else {
        return raise_emergency(cluster, now_ms, value);
    }
    return EVENLOAD_ORDER_DONE;
}

int32_t evenload_orders_obey(evenload_cluster_t *cluster, int32_t now_ms, int32_t code, int32_t value)
{
    if (code == EVENLOAD_ORDER_DRAIN || code == EVENLOAD_ORDER_HEALTH || code == EVENLOAD_ORDER_LOAD ||
        code == EVENLOAD_ORDER_EMERGENCY) {
        return obey_self(cluster, now_ms, code, value);
    }
    if (code < EVENLOAD_ORDER_DEMAND_10W || code > EVENLOAD_ORDER_CAP_PERCENT) {
        return EVENLOAD_ORDER_UNKNOWN;
    }
    if (!evenload_cluster_has_lease(cluster, now_ms)) {
        return EVENLOAD_ORDER_NOT_LEADER;
    }
    if (code == EVENLOAD_ORDER_RESIGN) {
        evenload_cluster_stand_down(cluster, now_ms, EVENLOAD_RESIGN_REASON_PLANNED, 0);
        return EVENLOAD_ORDER_DONE;
    }
    if (code == EVENLOAD_ORDER_TRANSFER) {
        return transfer(cluster, now_ms, value);
    }
    if (cluster->plan[EVENLOAD_PLAN_SEQ] >= EVENLOAD_PLAN_SEQ_MAX) {
        return EVENLOAD_ORDER_NOT_READY;
    }
    return want(&cluster->planner, code, value);
}
