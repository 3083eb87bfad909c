/* The stable current tracker of requirement 4.4; mirror: shared/evenload/tracker.py (SPEC, tracker). */
#include "evenload/tracker.h"

void evenload_tracker_init(evenload_tracker_t *tracker)
{
    for (int32_t index = 0; index < tracker->count; index++) {
        evenload_tracker_reset(tracker, index);
        for (int32_t place = 0; place < EVENLOAD_TRACKER_SAMPLE_COUNT; place++) {
            tracker->sample_ma[EVENLOAD_TRACKER_SAMPLE_COUNT * index + place] = 0;
        }
    }
}

void evenload_tracker_reset(evenload_tracker_t *tracker, int32_t index)
{
    tracker->sample_count[index] = 0;
    tracker->stable_ma[index] = EVENLOAD_NOT_MEASURED_MA;
}

/* The largest of three samples if they lie close together, else NOT_MEASURED_MA. */
static int32_t judge(const int32_t *sample_ma)
{
    int32_t least_ma = sample_ma[0];
    int32_t most_ma = sample_ma[0];
    for (int32_t place = 1; place < EVENLOAD_TRACKER_SAMPLE_COUNT; place++) {
        if (sample_ma[place] < least_ma) {
            least_ma = sample_ma[place];
        } else if (sample_ma[place] > most_ma) {
            most_ma = sample_ma[place];
        }
    }
    return most_ma - least_ma <= EVENLOAD_TRACKER_SPREAD_MA ? most_ma : EVENLOAD_NOT_MEASURED_MA;
}

void evenload_tracker_on_sample(evenload_tracker_t *tracker, int32_t index, int32_t actual_ma,
                                int32_t limit_ma)
{
    int32_t *const sample_ma = &tracker->sample_ma[EVENLOAD_TRACKER_SAMPLE_COUNT * index];
    const int64_t difference_ma = (int64_t)actual_ma - limit_ma;
    int32_t taken_count = tracker->sample_count[index];
    if (actual_ma < 0 ||
        (difference_ma >= -EVENLOAD_TRACKER_NEAR_MA && difference_ma <= EVENLOAD_TRACKER_NEAR_MA)) {
        evenload_tracker_reset(tracker, index);
        return;
    }
    if (taken_count == EVENLOAD_TRACKER_SAMPLE_COUNT) {
        sample_ma[0] = sample_ma[1];
        sample_ma[1] = sample_ma[2];
        taken_count--;
    }
    sample_ma[taken_count] = actual_ma;
    taken_count++;
    tracker->sample_count[index] = taken_count;
    tracker->stable_ma[index] =
        taken_count == EVENLOAD_TRACKER_SAMPLE_COUNT ? judge(sample_ma) : EVENLOAD_NOT_MEASURED_MA;
}
