/* Mirror: shared/evenload/lease.py, which is the specification. */
#include "evenload/lease.h"

#include <string.h>

#include "evenload/ticks.h"

#define COLUMN_COUNT EVENLOAD_CLUSTER_COLUMN_COUNT
#define MEMORY_MS (EVENLOAD_LEASE_COUNTER_COUNT * EVENLOAD_CLUSTER_LEASE_FRAME_MS)

static int32_t count_since(const evenload_lease_t *lease, int32_t sent_ms)
{
    int32_t count = 0;
    for (int32_t src = 0; src < COLUMN_COUNT; src++) {
        if (lease->has_ack[src] && evenload_ticks_elapsed_ms(lease->acked_ms[src], sent_ms) >= 0) {
            count++;
        }
    }
    return count;
}

void evenload_lease_init(evenload_lease_t *lease)
{
    memset(lease, 0, sizeof *lease);
}

void evenload_lease_begin(evenload_lease_t *lease, int32_t request_ms)
{
    lease->is_held = 1;
    lease->until_ms = evenload_ticks_add_ms(request_ms, EVENLOAD_CLUSTER_LEASE_MS);
    for (int32_t counter = 0; counter < EVENLOAD_LEASE_COUNTER_COUNT; counter++) {
        lease->was_sent[counter] = 0;
    }
    for (int32_t src = 0; src < COLUMN_COUNT; src++) {
        lease->has_ack[src] = 0;
    }
}

void evenload_lease_end(evenload_lease_t *lease)
{
    lease->is_held = 0;
}

void evenload_lease_on_sent(evenload_lease_t *lease, int32_t counter, int32_t now_ms)
{
    lease->was_sent[counter] = 1;
    lease->sent_ms[counter] = now_ms;
}

void evenload_lease_on_ack(evenload_lease_t *lease, int32_t src, int32_t counter, int32_t at_ms)
{
    if (!lease->was_sent[counter]) {
        return;
    }
    const int32_t sent_ms = lease->sent_ms[counter];
    const int32_t age_ms = evenload_ticks_elapsed_ms(at_ms, sent_ms);
    if (age_ms < 0 || age_ms >= MEMORY_MS) {
        return;
    }
    if (!lease->has_ack[src] || evenload_ticks_elapsed_ms(sent_ms, lease->acked_ms[src]) > 0) {
        lease->has_ack[src] = 1;
        lease->acked_ms[src] = sent_ms;
    }
}

int32_t evenload_lease_extend(evenload_lease_t *lease, int32_t other_count)
{
    int32_t is_moved = 0;
    if (!lease->is_held || other_count <= 0) {
        return 0;
    }
    for (int32_t src = 0; src < COLUMN_COUNT; src++) {
        if (lease->has_ack[src] && count_since(lease, lease->acked_ms[src]) >= other_count) {
            const int32_t until_ms = evenload_ticks_add_ms(lease->acked_ms[src], EVENLOAD_CLUSTER_LEASE_MS);
            if (evenload_ticks_elapsed_ms(until_ms, lease->until_ms) > 0) {
                lease->until_ms = until_ms;
                is_moved = 1;
            }
        }
    }
    return is_moved;
}

void evenload_lease_renew(evenload_lease_t *lease, int32_t now_ms)
{
    if (lease->is_held) {
        lease->until_ms = evenload_ticks_add_ms(now_ms, EVENLOAD_CLUSTER_LEASE_MS);
    }
}

int32_t evenload_lease_holds(const evenload_lease_t *lease, int32_t now_ms)
{
    if (!lease->is_held) {
        return 0;
    }
    const int32_t left_ms = evenload_ticks_elapsed_ms(lease->until_ms, now_ms);
    return 0 < left_ms && left_ms <= EVENLOAD_CLUSTER_LEASE_MS;
}
