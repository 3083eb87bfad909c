/* Mirror: shared/evenload/heartbeat.py, which is the specification. */
#include "evenload/heartbeat.h"

#include <string.h>

#include "evenload/plan.h"
#include "evenload/ticks.h"

#define COLUMN_COUNT EVENLOAD_CLUSTER_COLUMN_COUNT

int32_t evenload_heartbeat_is_starting(const int32_t *fields)
{
    return fields[EVENLOAD_BEAT_ROLE] == EVENLOAD_ROLE_FOLLOWER && fields[EVENLOAD_BEAT_LEADER] == 0 &&
           fields[EVENLOAD_BEAT_CAPACITY] == EVENLOAD_BEAT_LOAD_UNKNOWN;
}

void evenload_heartbeat_init(evenload_heartbeat_t *peers, int32_t src, int32_t voter_mask)
{
    memset(peers, 0, sizeof *peers);
    peers->src = src;
    peers->voter_mask = voter_mask;
    for (int32_t other = 0; other < COLUMN_COUNT; other++) {
        peers->load[other] = EVENLOAD_BEAT_LOAD_UNKNOWN;
        peers->capacity[other] = EVENLOAD_BEAT_LOAD_UNKNOWN;
    }
}

void evenload_heartbeat_on_life(evenload_heartbeat_t *peers, int32_t src, int32_t at_ms)
{
    peers->heard_ms[src] = at_ms;
    peers->alive_mask |= 1 << src;
}

void evenload_heartbeat_on_counter(evenload_heartbeat_t *peers, int32_t src, int32_t counter)
{
    if (peers->is_known[src]) {
        const int32_t gap = (counter - peers->counter[src] - 1) & 15;
        /* A frame delivered twice shows as a gap of 15. */
        if (gap < 15) {
            peers->lost[src] = (peers->lost[src] + gap) & 0xFFFFFF;
        }
    }
    peers->counter[src] = counter;
    peers->is_known[src] = 1;
}

void evenload_heartbeat_on_beat(evenload_heartbeat_t *peers, int32_t src, int32_t at_ms,
                                const int32_t *fields)
{
    const int32_t bit = 1 << src;
    evenload_heartbeat_on_counter(peers, src, fields[EVENLOAD_BEAT_COUNTER]);
    if (evenload_heartbeat_is_starting(fields)) {
        peers->ready_mask &= ~bit;
    } else if (!(peers->ready_mask & bit)) {
        peers->ready_mask |= bit;
        peers->since_ms[src] = at_ms;
    }
    peers->out_mask &= ~bit;
    if (fields[EVENLOAD_BEAT_HEALTH] == EVENLOAD_DERATE_OUT) {
        peers->out_mask |= bit;
    }
    peers->term[src] = fields[EVENLOAD_BEAT_TERM];
    peers->leader[src] = fields[EVENLOAD_BEAT_LEADER];
    peers->role[src] = fields[EVENLOAD_BEAT_ROLE];
    peers->health[src] = fields[EVENLOAD_BEAT_HEALTH];
    peers->plan_seq[src] = fields[EVENLOAD_BEAT_PLAN_SEQ];
    peers->load[src] = fields[EVENLOAD_BEAT_LOAD];
    peers->capacity[src] = fields[EVENLOAD_BEAT_CAPACITY];
}

void evenload_heartbeat_tick(evenload_heartbeat_t *peers, int32_t now_ms)
{
    for (int32_t src = 1; src < COLUMN_COUNT; src++) {
        const int32_t bit = 1 << src;
        if (peers->alive_mask & bit) {
            const int32_t silent_ms = evenload_ticks_elapsed_ms(now_ms, peers->heard_ms[src]);
            if (silent_ms >= EVENLOAD_CLUSTER_DETECT_MS) {
                peers->alive_mask &= ~bit;
                peers->ready_mask &= ~bit;
                peers->is_known[src] = 0;
            } else if (silent_ms < 0) { /* The clock went back: what was heard was heard now at the latest. */
                peers->heard_ms[src] = now_ms;
            }
        }
    }
}

int32_t evenload_heartbeat_ready_count(const evenload_heartbeat_t *peers)
{
    int32_t count = 0;
    for (int32_t src = 1; src < COLUMN_COUNT; src++) {
        count += (peers->ready_mask >> src) & 1;
    }
    return count;
}

int32_t evenload_heartbeat_precedes(const evenload_heartbeat_t *peers, int32_t src, int32_t own_health)
{
    const int32_t own_key = (own_health != EVENLOAD_DERATE_FULL ? COLUMN_COUNT : 0) + peers->src;
    const int32_t key = (peers->health[src] != EVENLOAD_DERATE_FULL ? COLUMN_COUNT : 0) + src;
    return key < own_key;
}

int32_t evenload_heartbeat_rank_among(const evenload_heartbeat_t *peers, int32_t mask, int32_t own_health)
{
    int32_t count = 0;
    for (int32_t src = 1; src < COLUMN_COUNT; src++) {
        if ((mask & peers->ready_mask & (1 << src)) && evenload_heartbeat_precedes(peers, src, own_health)) {
            count++;
        }
    }
    return count;
}

int32_t evenload_heartbeat_rank(const evenload_heartbeat_t *peers, int32_t own_health, int32_t left_out)
{
    return evenload_heartbeat_rank_among(peers, peers->voter_mask & ~(1 << left_out), own_health);
}

int32_t evenload_heartbeat_has_newer_plan(const evenload_heartbeat_t *peers, int32_t term, int32_t seq)
{
    for (int32_t src = 1; src < COLUMN_COUNT; src++) {
        if ((peers->alive_mask & (1 << src)) && peers->plan_seq[src] &&
            evenload_plan_newer(peers->term[src], peers->plan_seq[src], term, seq)) {
            return 1;
        }
    }
    return 0;
}

int32_t evenload_heartbeat_has_applied(const evenload_heartbeat_t *peers, int32_t src, int32_t term,
                                       int32_t seq)
{
    return peers->plan_seq[src] == seq && peers->term[src] == term;
}

int32_t evenload_heartbeat_next_silence_ms(const evenload_heartbeat_t *peers, int32_t now_ms, int32_t cap_ms)
{
    int32_t rest_ms = cap_ms;
    for (int32_t src = 1; src < COLUMN_COUNT; src++) {
        if (peers->alive_mask & (1 << src)) {
            const int32_t left_ms =
                EVENLOAD_CLUSTER_DETECT_MS - evenload_ticks_elapsed_ms(now_ms, peers->heard_ms[src]);
            rest_ms = left_ms < rest_ms ? left_ms : rest_ms;
        }
    }
    return rest_ms > 0 ? rest_ms : 0;
}
