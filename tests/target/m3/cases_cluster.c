/* Calls of the cluster kernel in a ring of six voters; the frames are those that the ring really sent. */
#include "cases.h"

#include <string.h>

#include "cluster_ring.h"
#include "evenload/canframe.h"

enum { TICK_MS = 1, LEADER = 0, FOLLOWER = 5, SILENCE_MS_MAX = 400 };

static ring_t ring;
static evenload_cluster_t node;
static int32_t now_ms;
static int32_t wanted_type;
static uint8_t wanted[EVENLOAD_CAN_FRAME_SIZE];
static uint8_t out[EVENLOAD_CAN_FRAME_SIZE];
static evenload_cluster_t before;

static int32_t type_of(const uint8_t *frame)
{
    return evenload_canframe_type_of(evenload_canframe_identifier_of(frame));
}

/* Keeps the follower as it was before each frame of the wanted type; the last one stays. */
static void keep(ring_t *at, const uint8_t *frame)
{
    if (type_of(frame) == wanted_type) {
        before = at->node[FOLLOWER];
        now_ms = at->now_ms;
        memcpy(wanted, frame, sizeof wanted);
    }
}

static void settle(void)
{
    ring_start(&ring);
    (void)ring_settle(&ring, TICK_MS);
    node = ring.node[FOLLOWER];
    now_ms = ring.now_ms;
}

static void run_ring(int32_t span_ms)
{
    ring.heard = FOLLOWER;
    ring.on_heard = keep;
    for (int32_t passed_ms = 0; passed_ms < span_ms; passed_ms += TICK_MS) {
        ring_step(&ring, TICK_MS);
    }
    node = before;
}

static void prepare_tick(void)
{
    settle();
    while (evenload_cluster_next_due_ms(&ring.node[FOLLOWER], ring.now_ms) < 2) {
        ring_step(&ring, TICK_MS);
    }
    node = ring.node[FOLLOWER];
    now_ms = ring.now_ms + 1;
}

static uint32_t run_tick(void)
{
    evenload_cluster_tick(&node, now_ms);
    return (uint32_t)node.election.leader;
}

static void prepare_beat_in(void)
{
    settle();
    wanted_type = EVENLOAD_CAN_TYPE_HEARTBEAT;
    run_ring(EVENLOAD_CLUSTER_BEAT_MS);
}

static uint32_t run_on_frame(void)
{
    const int32_t outcome = evenload_cluster_on_frame(&node, now_ms, wanted);
    return outcome == EVENLOAD_FRAME_OK ? (uint32_t)node.plan[EVENLOAD_PLAN_SHARE_10W + FOLLOWER] : 0;
}

/* The follower just before the tick in which its heartbeat is due. */
static void prepare_beat_out(void)
{
    settle();
    while (ring.node[FOLLOWER].beat_ms != ring.now_ms + TICK_MS) {
        ring_step(&ring, TICK_MS);
    }
    node = ring.node[FOLLOWER];
    now_ms = ring.now_ms + TICK_MS;
}

static uint32_t run_tick_and_take(void)
{
    evenload_cluster_tick(&node, now_ms);
    return (uint32_t)evenload_cluster_take_outbox(&node, now_ms, out);
}

/* The follower just before the tick in which it misses the leader. */
static void prepare_silence(void)
{
    settle();
    ring.is_dead[LEADER] = 1;
    for (int32_t passed_ms = 0; passed_ms < SILENCE_MS_MAX; passed_ms += TICK_MS) {
        node = ring.node[FOLLOWER];
        ring_step(&ring, TICK_MS);
        if (!(ring.node[FOLLOWER].peers.alive_mask & (1 << (LEADER + 1)))) {
            break;
        }
    }
    now_ms = ring.now_ms;
}

static uint32_t run_silence(void)
{
    evenload_cluster_tick(&node, now_ms);
    return (uint32_t)node.cover.target_10w;
}

/* The follower just before the last chunk of the new leader's first plan. */
static void prepare_plan(void)
{
    settle();
    ring.is_dead[LEADER] = 1;
    const int32_t term = ring.node[FOLLOWER].plan[EVENLOAD_PLAN_TERM];
    wanted_type = EVENLOAD_CAN_TYPE_PLAN;
    ring.heard = FOLLOWER;
    ring.on_heard = keep;
    while (ring.node[FOLLOWER].plan[EVENLOAD_PLAN_TERM] == term) {
        ring_step(&ring, TICK_MS);
    }
    node = before;
}

const m3_case_t cluster_cases[] = {
    {"cluster_tick", prepare_tick, run_tick},
    {"cluster_on_beat", prepare_beat_in, run_on_frame},
    {"cluster_tick_beat", prepare_beat_out, run_tick_and_take},
    {"cluster_silence", prepare_silence, run_silence},
    {"cluster_plan", prepare_plan, run_on_frame},
};
const size_t cluster_case_count = sizeof cluster_cases / sizeof cluster_cases[0];
