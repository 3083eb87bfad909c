/* The stable current tracker of requirement 4.4; mirror: shared/evenload/tracker.py (SPEC, tracker). */
#ifndef EVENLOAD_TRACKER_H
#define EVENLOAD_TRACKER_H

#include "evenload/wire.h"
#include <stdint.h>

/* `count` trackers in the caller's arrays; they live as long as the struct is used. */
typedef struct {
    int32_t count;
    int32_t *stable_ma;    /* [count] largest of three stable samples, or EVENLOAD_NOT_MEASURED_MA */
    int32_t *sample_count; /* [count] 0..3 */
    int32_t *sample_ma;    /* [3 * count] oldest first */
} evenload_tracker_t;

/* Forgets everything. O(count). */
void evenload_tracker_init(evenload_tracker_t *tracker);

/* Forgets the samples of one station. */
void evenload_tracker_reset(evenload_tracker_t *tracker, int32_t index);

/* Takes one sample: the measured current of the largest phase (negative: not measured) and the limit in force. */
void evenload_tracker_on_sample(evenload_tracker_t *tracker, int32_t index, int32_t actual_ma,
                                int32_t limit_ma);

#endif
