/* Frames that wait for the bus, most urgent first; mirror: shared/evenload/outbox.py (SPEC, cluster).

   The struct has no pointers and may be copied. Every function is O(EVENLOAD_OUTBOX_COUNT) per frame. */
#ifndef EVENLOAD_OUTBOX_H
#define EVENLOAD_OUTBOX_H

#include <stdint.h>

#include "evenload/wire.h"

typedef struct {
    int32_t count;
    int32_t serial;
    int32_t dropped;
    int32_t used[EVENLOAD_OUTBOX_COUNT];
    int32_t key[EVENLOAD_OUTBOX_COUNT];
    int32_t order[EVENLOAD_OUTBOX_COUNT];
    int32_t queued_ms[EVENLOAD_OUTBOX_COUNT];
    uint8_t bytes[EVENLOAD_OUTBOX_COUNT * EVENLOAD_CAN_FRAME_SIZE];
} evenload_outbox_t;

/* Nothing waits. */
void evenload_outbox_init(evenload_outbox_t *outbox);

/* Queues a frame; when all places are taken, the least urgent one, perhaps this, is dropped and counted. */
void evenload_outbox_put(evenload_outbox_t *outbox, int32_t now_ms, const uint8_t frame[16]);

/* Writes the most urgent frame into `frame` and returns 1; 0 when nothing waits. */
int32_t evenload_outbox_take(evenload_outbox_t *outbox, int32_t now_ms, uint8_t frame[16]);

/* Counts a frame that never left. */
void evenload_outbox_drop(evenload_outbox_t *outbox);

/* Takes back every waiting frame of a type. */
void evenload_outbox_withdraw(evenload_outbox_t *outbox, int32_t frame_type);

/* Takes back everything. */
void evenload_outbox_clear(evenload_outbox_t *outbox);

#endif
