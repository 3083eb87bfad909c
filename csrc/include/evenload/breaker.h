/* The thermal model of a breaker (R7); mirror: shared/evenload/breaker.py (SPEC, breaker). */
#ifndef EVENLOAD_BREAKER_H
#define EVENLOAD_BREAKER_H

#include "evenload/wire.h"
#include <stdint.h>

/* `count` cells in the caller's arrays; they live as long as the struct is used. */
typedef struct {
    int32_t count;
    int32_t *rated_ma;       /* [count] 0 = no model; to write */
    int32_t *curve;          /* [count] EVENLOAD_BREAKER_CURVE_*; to write */
    int32_t *heat;           /* [count] 0 .. EVENLOAD_BREAKER_HEAT_FULL */
    int32_t *heat_permille;  /* [count] 0 .. 1000 */
    int32_t *action;         /* [count] EVENLOAD_BREAKER_ACTION_*, latched */
    int32_t *held_ma;        /* [count] the last reading, or EVENLOAD_NOT_MEASURED_MA */
    int32_t *held_ms;        /* [count] its ring time */
    int32_t *ratio_permille; /* [CURVE_COUNT * ROW_COUNT] rising; 0 ends a curve */
    int32_t *action_ms;      /* [CURVE_COUNT * ROW_COUNT] */
} evenload_breaker_t;

/* Makes every cell cold, without a rating, and fills in the curves. O(count). */
void evenload_breaker_init(evenload_breaker_t *breaker);

/* Makes one cell cold and forgets its last reading. */
void evenload_breaker_reset(evenload_breaker_t *breaker, int32_t index);

/* Takes a reading (negative: not measured, the one before stays in force) and returns EVENLOAD_BREAKER_ACTION_*. */
int32_t evenload_breaker_on_measured(evenload_breaker_t *breaker, int32_t index, int32_t now_ms,
                                     int32_t current_ma);

#endif
