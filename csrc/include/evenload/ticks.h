/* Time on the 30-bit millisecond ring; mirror: shared/evenload/ticks.py (SPEC, Time). */
#ifndef EVENLOAD_TICKS_H
#define EVENLOAD_TICKS_H

#include "evenload/wire.h"
#include <stdint.h>

/* The ring time `delta_ms` after (negative: before) `now_ms`; 0 .. 2^30 - 1. */
static inline int32_t evenload_ticks_add_ms(int32_t now_ms, int32_t delta_ms)
{
    return (int32_t)(((uint32_t)now_ms + (uint32_t)delta_ms) & (uint32_t)(EVENLOAD_TICKS_PERIOD_MS - 1));
}

/* How long ago `then_ms` was: -2^29 .. 2^29 - 1, negative when it is still to come. */
static inline int32_t evenload_ticks_elapsed_ms(int32_t now_ms, int32_t then_ms)
{
    const uint32_t half_ms = (uint32_t)EVENLOAD_TICKS_PERIOD_MS / 2u;
    const uint32_t shifted_ms = (uint32_t)now_ms - (uint32_t)then_ms + half_ms;
    return (int32_t)(shifted_ms & (uint32_t)(EVENLOAD_TICKS_PERIOD_MS - 1)) - (int32_t)half_ms;
}

/* Whether a deadline that was set at most `period_ms` ahead has been reached, or the clock went back. */
static inline int32_t evenload_ticks_is_due_within(int32_t now_ms, int32_t deadline_ms, int32_t period_ms)
{
    const int32_t left_ms = evenload_ticks_elapsed_ms(deadline_ms, now_ms);
    return !(0 < left_ms && left_ms <= period_ms);
}

#endif
