/* Mirror: shared/evenload/outbox.py, which is the specification. */
#include "evenload/outbox.h"

#include <string.h>

#include "evenload/canframe.h"
#include "evenload/ticks.h"

#define SERIAL_MASK 0xFFFFFF

static int precedes(const evenload_outbox_t *outbox, int32_t place, int32_t other)
{
    if (outbox->key[place] != outbox->key[other]) {
        return outbox->key[place] < outbox->key[other];
    }
    /* Serials wrap at 2^24; at most EVENLOAD_OUTBOX_COUNT of them are alive at once. */
    return ((outbox->order[other] - outbox->order[place]) & SERIAL_MASK) < 0x800000;
}

static int32_t most_urgent(const evenload_outbox_t *outbox)
{
    int32_t best = -1;
    for (int32_t place = 0; place < EVENLOAD_OUTBOX_COUNT; place++) {
        if (outbox->used[place] && (best < 0 || precedes(outbox, place, best))) {
            best = place;
        }
    }
    return best;
}

/* The place for a new frame: the older one of its kind, a free one, a less urgent one, or -1. */
static int32_t place_for(evenload_outbox_t *outbox, int32_t identifier)
{
    const int32_t frame_type = evenload_canframe_type_of(identifier);
    const int is_newest_wins =
        frame_type == EVENLOAD_CAN_TYPE_HEARTBEAT || frame_type == EVENLOAD_CAN_TYPE_LEASE;
    int32_t vacant = -1;
    int32_t worst = -1;
    for (int32_t place = 0; place < EVENLOAD_OUTBOX_COUNT; place++) {
        if (!outbox->used[place]) {
            if (vacant < 0) {
                vacant = place;
            }
        } else if (is_newest_wins && outbox->key[place] == identifier) {
            return place;
        } else if (worst < 0 || outbox->key[place] > outbox->key[worst]) {
            worst = place;
        }
    }
    if (vacant >= 0) {
        return vacant;
    }
    if (outbox->key[worst] > identifier) {
        evenload_outbox_drop(outbox);
        return worst;
    }
    return -1;
}

void evenload_outbox_init(evenload_outbox_t *outbox)
{
    memset(outbox, 0, sizeof *outbox);
}

void evenload_outbox_put(evenload_outbox_t *outbox, int32_t now_ms, const uint8_t frame[16])
{
    const int32_t identifier = evenload_canframe_identifier_of(frame);
    const int32_t place = place_for(outbox, identifier);
    if (place < 0) {
        evenload_outbox_drop(outbox);
        return;
    }
    if (!outbox->used[place]) {
        outbox->used[place] = 1;
        outbox->count++;
    }
    outbox->key[place] = identifier;
    outbox->order[place] = outbox->serial;
    outbox->serial = (outbox->serial + 1) & SERIAL_MASK;
    outbox->queued_ms[place] = now_ms;
    memcpy(&outbox->bytes[place * EVENLOAD_CAN_FRAME_SIZE], frame, EVENLOAD_CAN_FRAME_SIZE);
}

int32_t evenload_outbox_take(evenload_outbox_t *outbox, int32_t now_ms, uint8_t frame[16])
{
    while (outbox->count > 0) {
        const int32_t place = most_urgent(outbox);
        outbox->used[place] = 0;
        outbox->count--;
        const int32_t age_ms = evenload_ticks_elapsed_ms(now_ms, outbox->queued_ms[place]);
        if (0 <= age_ms && age_ms <= EVENLOAD_OUTBOX_AGE_MS) {
            memcpy(frame, &outbox->bytes[place * EVENLOAD_CAN_FRAME_SIZE], EVENLOAD_CAN_FRAME_SIZE);
            return 1;
        }
        evenload_outbox_drop(outbox);
    }
    return 0;
}

void evenload_outbox_drop(evenload_outbox_t *outbox)
{
    outbox->dropped = (outbox->dropped + 1) & SERIAL_MASK;
}

void evenload_outbox_withdraw(evenload_outbox_t *outbox, int32_t frame_type)
{
    for (int32_t place = 0; place < EVENLOAD_OUTBOX_COUNT; place++) {
        if (outbox->used[place] && evenload_canframe_type_of(outbox->key[place]) == frame_type) {
            outbox->used[place] = 0;
            outbox->count--;
        }
    }
}

void evenload_outbox_clear(evenload_outbox_t *outbox)
{
    for (int32_t place = 0; place < EVENLOAD_OUTBOX_COUNT; place++) {
        outbox->used[place] = 0;
    }
    outbox->count = 0;
}
