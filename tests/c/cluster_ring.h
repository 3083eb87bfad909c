/* Six voters on a wire that takes no time: what one sends in a tick, all others get in the same tick. For measurements. */
#ifndef EVENLOAD_TESTS_CLUSTER_RING_H
#define EVENLOAD_TESTS_CLUSTER_RING_H

#include "evenload/cluster.h"

enum {
    RING_COUNT = 6,
    RING_MASK = 0x7E,
    RING_DEMAND_10W = 16500,
    RING_RATED_10W = 5000,
    RING_SETTLE_TICKS = 3000
};

/* node[i] is source i + 1; a frame to `heard` is also given to on_heard, if there is one. */
typedef struct ring {
    evenload_cluster_t node[RING_COUNT];
    int32_t now_ms;
    int32_t is_dead[RING_COUNT];
    int32_t heard;
    void (*on_heard)(struct ring *ring, const uint8_t *frame);
} ring_t;

static void ring_start(ring_t *ring)
{
    ring->now_ms = 0;
    ring->on_heard = 0;
    ring->heard = -1;
    for (int32_t i = 0; i < RING_COUNT; i++) {
        evenload_cluster_t *const node = &ring->node[i];
        evenload_cluster_init(node, i + 1, RING_MASK);
        node->planner.demand_10w = RING_DEMAND_10W;
        for (int32_t src = 1; src <= RING_COUNT; src++) {
            node->roster.rated_10w[src] = RING_RATED_10W;
        }
        ring->is_dead[i] = 0;
        evenload_cluster_start(node, 0, 0);
    }
}

static void ring_deliver(ring_t *ring, int32_t sender, const uint8_t *frame)
{
    for (int32_t i = 0; i < RING_COUNT; i++) {
        if (i == sender || ring->is_dead[i]) {
            continue;
        }
        if (i == ring->heard && ring->on_heard) {
            ring->on_heard(ring, frame);
        }
        (void)evenload_cluster_on_frame(&ring->node[i], ring->now_ms, frame);
    }
}

static void ring_step(ring_t *ring, int32_t tick_ms)
{
    uint8_t frame[EVENLOAD_CAN_FRAME_SIZE];
    ring->now_ms += tick_ms;
    for (int32_t i = 0; i < RING_COUNT; i++) {
        evenload_cluster_t *const node = &ring->node[i];
        if (ring->is_dead[i]) {
            continue;
        }
        if (node->ceiling_wanted) {
            evenload_cluster_on_stored(node, ring->now_ms, node->ceiling_wanted);
        }
        evenload_cluster_tick(node, ring->now_ms);
        while (evenload_cluster_take_outbox(node, ring->now_ms, frame)) {
            ring_deliver(ring, i, frame);
        }
    }
}

/* Returns the place of the leader whose plan all the living apply, or -1. */
static int32_t ring_leader(const ring_t *ring)
{
    int32_t leader = -1;
    for (int32_t i = 0; i < RING_COUNT; i++) {
        if (!ring->is_dead[i] && evenload_cluster_has_lease(&ring->node[i], ring->now_ms)) {
            leader = i;
        }
    }
    for (int32_t i = 0; leader >= 0 && i < RING_COUNT; i++) {
        const evenload_cluster_t *const node = &ring->node[i];
        if (!ring->is_dead[i] &&
            (node->plan[EVENLOAD_PLAN_TERM] != ring->node[leader].election.ballot.term ||
             node->plan[EVENLOAD_PLAN_SEQ] != ring->node[leader].plan[EVENLOAD_PLAN_SEQ])) {
            return -1;
        }
    }
    return leader;
}

/* Passes time until a leader's plan is applied everywhere, and a second more; returns its place, or -1 in vain. */
static int32_t ring_settle(ring_t *ring, int32_t tick_ms)
{
    for (int32_t tick = 0; tick < RING_SETTLE_TICKS && ring_leader(ring) < 0; tick++) {
        ring_step(ring, tick_ms);
    }
    for (int32_t passed_ms = 0; passed_ms < 1000; passed_ms += tick_ms) {
        ring_step(ring, tick_ms);
    }
    return ring_leader(ring);
}

#endif
