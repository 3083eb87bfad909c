/* The leader's right to act, renewed by what a quorum has acknowledged; mirror: shared/evenload/lease.py. */
#ifndef EVENLOAD_LEASE_H
#define EVENLOAD_LEASE_H

#include <stdint.h>

#include "evenload/wire.h"

#define EVENLOAD_LEASE_COUNTER_COUNT 16

typedef struct {
    int32_t is_held;
    int32_t until_ms;
    int32_t was_sent[EVENLOAD_LEASE_COUNTER_COUNT];
    int32_t sent_ms[EVENLOAD_LEASE_COUNTER_COUNT];
    int32_t has_ack[EVENLOAD_CLUSTER_COLUMN_COUNT];
    int32_t acked_ms[EVENLOAD_CLUSTER_COLUMN_COUNT];
} evenload_lease_t;

/* No lease. */
void evenload_lease_init(evenload_lease_t *lease);

/* Begins with a won election whose first request for votes was queued at `request_ms`. */
void evenload_lease_begin(evenload_lease_t *lease, int32_t request_ms);

/* Gives the lease up. */
void evenload_lease_end(evenload_lease_t *lease);

/* Notes that the leader frame with `counter` (0 .. 15) was queued at `now_ms`. */
void evenload_lease_on_sent(evenload_lease_t *lease, int32_t counter, int32_t now_ms);

/* Notes that voter `src` has heard the leader frame with `counter`. */
void evenload_lease_on_ack(evenload_lease_t *lease, int32_t src, int32_t counter, int32_t at_ms);

/* Moves the end to what `other_count` (quorum - 1) others have acknowledged; returns 1 if it moved. */
int32_t evenload_lease_extend(evenload_lease_t *lease, int32_t other_count);

/* Moves the end without anyone's word: for a leader that is a quorum by itself. */
void evenload_lease_renew(evenload_lease_t *lease, int32_t now_ms);

/* Returns 1 while the lease is good. */
int32_t evenload_lease_holds(const evenload_lease_t *lease, int32_t now_ms);

#endif
