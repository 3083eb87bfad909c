/* Whose turn it is when there is not enough for everyone (R4); mirror: shared/evenload/rotation.py (SPEC, rotation).

   The caller owns the columns of `count` numbers each, `slack_count` of count + 1 and `key` of 2 * count.
   tick is O(count); mark_overdue is O(members); order is O(members) while an order holds, else O(members)
   with a larger factor (radix sort) above EVENLOAD_ROTATION_INSERTION_COUNT_MAX members. */
#ifndef EVENLOAD_ROTATION_H
#define EVENLOAD_ROTATION_H

#include <stdint.h>

#include "evenload/wire.h"

typedef struct {
    int32_t count;
    int32_t slot_ms;
    int32_t on_min_ms;
    int32_t off_min_ms;
    int32_t is_started;
    int32_t slot_start_ms;
    int32_t *contending;
    int32_t *on;
    int32_t *held;
    int32_t *in_slot;
    int32_t *since_ms;
    int32_t *waited_slots;
    int32_t *overdue;
    int32_t *served_as;
    int32_t *served_ma_ms;
    int32_t *ranked_as;
    int32_t *high;
    int32_t *low;
    int32_t *slack_count;
    uint64_t *key;
} evenload_rotation_t;

/* Sets the default times; nobody contends and the slot clock stands. O(count). */
void evenload_rotation_init(evenload_rotation_t *rotation);

/* Begins a charging session: the station contends, unserved, and no minimum time holds it. */
void evenload_rotation_join(evenload_rotation_t *rotation, int32_t index);

/* Ends the charging session: the station contends no more. */
void evenload_rotation_leave(evenload_rotation_t *rotation, int32_t index);

/* Counts what a station drew in `passed_ms`: measured_ma, or granted_ma where that is negative. */
void evenload_rotation_on_drawn(evenload_rotation_t *rotation, int32_t index, int32_t measured_ma,
                                int32_t granted_ma, int32_t passed_ms);

/* Records whether a station has current from this round on; is_on: 0 or 1. */
void evenload_rotation_set_on(evenload_rotation_t *rotation, int32_t index, int32_t now_ms, int32_t is_on);

/* Ends minimum times and slots that are over; returns 1 at a slot boundary, else 0. */
int32_t evenload_rotation_tick(evenload_rotation_t *rotation, int32_t now_ms);

/* Marks who has to be served now among member[0 .. count - 1], given `place_count` served places. */
void evenload_rotation_mark_overdue(evenload_rotation_t *rotation, const int32_t *member, int32_t count,
                                    int32_t place_count);

/* Sorts member[0 .. count - 1] into the order of turns, in place; returns how many are eligible. */
int32_t evenload_rotation_order(evenload_rotation_t *rotation, int32_t *member, int32_t count);

#endif
