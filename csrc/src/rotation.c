/* Whose turn it is; the specification, with the reasons, is shared/evenload/rotation.py. */
#include "evenload/rotation.h"

#include "evenload/ticks.h"

#define MA_MS_PER_AS 1000000
#define DIGIT_BITS 8
#define DIGIT_COUNT 256
#define HIGH_SHIFT 39
#define LOW_SHIFT 17
#define INDEX_MASK 0x1FFFFu

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static void clear(evenload_rotation_t *rotation, int32_t index, int32_t contends)
{
    rotation->contending[index] = contends;
    rotation->on[index] = 0;
    rotation->held[index] = 0;
    rotation->in_slot[index] = 0;
    rotation->since_ms[index] = 0;
    rotation->waited_slots[index] = 0;
    rotation->overdue[index] = 0;
    rotation->served_as[index] = 0;
    rotation->served_ma_ms[index] = 0;
    rotation->ranked_as[index] = 0;
}

static void change(evenload_rotation_t *rotation, int32_t index, int32_t now_ms, int32_t is_on)
{
    rotation->on[index] = is_on;
    rotation->since_ms[index] = now_ms;
    rotation->held[index] = 1;
    rotation->ranked_as[index] = rotation->served_as[index];
}

static void end_slot(evenload_rotation_t *rotation, int32_t index)
{
    if (rotation->on[index] || rotation->in_slot[index] || !rotation->contending[index]) {
        rotation->waited_slots[index] = 0;
    } else if (rotation->waited_slots[index] < EVENLOAD_ROTATION_WAITED_MAX) {
        rotation->waited_slots[index]++;
    }
    rotation->in_slot[index] = 0;
    rotation->overdue[index] = 0;
    rotation->ranked_as[index] = rotation->served_as[index];
}

/* Returns the largest slack that has to be served now, -1 if none. */
static int32_t urgent_slack(const evenload_rotation_t *rotation, int32_t wait_max, int32_t place_count)
{
    int32_t within_count = 0;
    int32_t urgent_count = 0;
    int32_t capacity_count = 0;
    for (int32_t slack = 0; slack < wait_max; slack++) {
        within_count += rotation->slack_count[slack];
        urgent_count = larger(urgent_count, within_count - capacity_count);
        capacity_count += place_count;
    }
    within_count = 0;
    int32_t slack = -1;
    while (within_count < urgent_count) {
        slack++;
        within_count += rotation->slack_count[slack];
    }
    return slack;
}

static int32_t rank_of(const evenload_rotation_t *rotation, int32_t index)
{
    if (!rotation->contending[index]) {
        return EVENLOAD_ROTATION_RANK_ABSENT;
    }
    if (rotation->on[index]) {
        if (rotation->held[index]) {
            return EVENLOAD_ROTATION_RANK_JUST_ON;
        }
        if (rotation->in_slot[index]) {
            return EVENLOAD_ROTATION_RANK_IN_SLOT;
        }
    } else if (rotation->held[index]) {
        return EVENLOAD_ROTATION_RANK_HELD_OFF;
    }
    return rotation->overdue[index] ? EVENLOAD_ROTATION_RANK_OVERDUE : EVENLOAD_ROTATION_RANK_WAITING;
}

/* Stores the sort key of a station; returns 1 if it is eligible, else 0. */
static int32_t set_key(evenload_rotation_t *rotation, int32_t index)
{
    const int32_t rank = rank_of(rotation, index);
    const int32_t inverse_wait = EVENLOAD_ROTATION_WAITED_MAX - rotation->waited_slots[index];
    const int32_t before_served = rank == EVENLOAD_ROTATION_RANK_OVERDUE ? inverse_wait : 0;
    const int32_t after_served = rank == EVENLOAD_ROTATION_RANK_WAITING ? inverse_wait : 0;
    const int32_t served_as = rotation->ranked_as[index];
    rotation->high[index] = (rank << 22) | (before_served << 12) | (served_as >> 12);
    rotation->low[index] = ((served_as & 0xFFF) << 10) | after_served;
    return rank < EVENLOAD_ROTATION_RANK_HELD_OFF;
}

static int precedes(const evenload_rotation_t *rotation, int32_t index, int32_t other)
{
    if (rotation->high[index] != rotation->high[other]) {
        return rotation->high[index] < rotation->high[other];
    }
    if (rotation->low[index] != rotation->low[other]) {
        return rotation->low[index] < rotation->low[other];
    }
    return index < other;
}

static void insert(const evenload_rotation_t *rotation, int32_t *member, int32_t count)
{
    for (int32_t from = 1; from < count; from++) {
        const int32_t index = member[from];
        int32_t place = from;
        while (place > 0 && precedes(rotation, index, member[place - 1])) {
            member[place] = member[place - 1];
            place--;
        }
        member[place] = index;
    }
}

/* One pass of the radix sort, by the digit at `shift`; returns 0, having moved nothing, if all digits are equal. */
static int sort_digit(const uint64_t *from, uint64_t *to, int32_t count, int32_t shift)
{
    uint32_t place[DIGIT_COUNT] = {0};
    for (int32_t i = 0; i < count; i++) {
        place[(from[i] >> shift) & (DIGIT_COUNT - 1)]++;
    }
    if (place[(from[0] >> shift) & (DIGIT_COUNT - 1)] == (uint32_t)count) {
        return 0;
    }
    uint32_t next = 0;
    for (int32_t digit = 0; digit < DIGIT_COUNT; digit++) {
        const uint32_t size = place[digit];
        place[digit] = next;
        next += size;
    }
    for (int32_t i = 0; i < count; i++) {
        to[place[(from[i] >> shift) & (DIGIT_COUNT - 1)]++] = from[i];
    }
    return 1;
}

/* Sorts many members by one unique 64-bit key each. */
static void sort(evenload_rotation_t *rotation, int32_t *member, int32_t count)
{
    uint64_t *keys = rotation->key;
    uint64_t *spare = rotation->key + rotation->count;
    for (int32_t i = 0; i < count; i++) {
        const int32_t index = member[i];
        keys[i] = ((uint64_t)(uint32_t)rotation->high[index] << HIGH_SHIFT) |
                  ((uint64_t)(uint32_t)rotation->low[index] << LOW_SHIFT) | (uint64_t)(uint32_t)index;
    }
    for (int32_t shift = 0; shift < 64; shift += DIGIT_BITS) {
        if (sort_digit(keys, spare, count, shift)) {
            uint64_t *const sorted = spare;
            spare = keys;
            keys = sorted;
        }
    }
    for (int32_t i = 0; i < count; i++) {
        member[i] = (int32_t)(keys[i] & INDEX_MASK);
    }
}

void evenload_rotation_init(evenload_rotation_t *rotation)
{
    rotation->slot_ms = EVENLOAD_ROTATION_SLOT_MS_DEFAULT;
    rotation->on_min_ms = EVENLOAD_ROTATION_ON_MIN_MS_DEFAULT;
    rotation->off_min_ms = EVENLOAD_ROTATION_OFF_MIN_MS_DEFAULT;
    rotation->is_started = 0;
    rotation->slot_start_ms = 0;
    for (int32_t index = 0; index < rotation->count; index++) {
        clear(rotation, index, 0);
    }
}

void evenload_rotation_join(evenload_rotation_t *rotation, int32_t index)
{
    clear(rotation, index, 1);
}

void evenload_rotation_leave(evenload_rotation_t *rotation, int32_t index)
{
    clear(rotation, index, 0);
}

void evenload_rotation_on_drawn(evenload_rotation_t *rotation, int32_t index, int32_t measured_ma,
                                int32_t granted_ma, int32_t passed_ms)
{
    const int32_t wanted_ma = measured_ma >= 0 ? measured_ma : granted_ma;
    const int32_t drawn_ma = larger(0, smaller(wanted_ma, EVENLOAD_ROTATION_DRAWN_MA_MAX));
    const int32_t counted_ms = larger(0, smaller(passed_ms, EVENLOAD_ROTATION_DRAWN_MS_MAX));
    /* 10^5 mA * 10^4 ms + 10^6 stays below 2^30. */
    const int32_t rest_ma_ms = rotation->served_ma_ms[index] + drawn_ma * counted_ms;
    const int32_t served_as = rotation->served_as[index] + rest_ma_ms / MA_MS_PER_AS;
    rotation->served_ma_ms[index] = rest_ma_ms % MA_MS_PER_AS;
    rotation->served_as[index] = smaller(served_as, EVENLOAD_ROTATION_SERVED_AS_MAX);
}

void evenload_rotation_set_on(evenload_rotation_t *rotation, int32_t index, int32_t now_ms, int32_t is_on)
{
    if (is_on) {
        if (!rotation->on[index]) {
            change(rotation, index, now_ms, 1);
        }
        rotation->in_slot[index] = 1;
        rotation->waited_slots[index] = 0;
        rotation->overdue[index] = 0;
    } else if (rotation->on[index]) {
        change(rotation, index, now_ms, 0);
    }
}

int32_t evenload_rotation_tick(evenload_rotation_t *rotation, int32_t now_ms)
{
    for (int32_t index = 0; index < rotation->count; index++) {
        if (rotation->held[index]) {
            const int32_t min_ms = rotation->on[index] ? rotation->on_min_ms : rotation->off_min_ms;
            if (evenload_ticks_elapsed_ms(now_ms, rotation->since_ms[index]) >= min_ms) {
                rotation->held[index] = 0;
            }
        }
    }
    if (!rotation->is_started) {
        rotation->is_started = 1;
        rotation->slot_start_ms = now_ms;
    }
    const int32_t passed_ms = evenload_ticks_elapsed_ms(now_ms, rotation->slot_start_ms);
    if (0 <= passed_ms && passed_ms < rotation->slot_ms) {
        return 0;
    }
    /* The clock keeps its beat; after a gap of whole slots (or a jump back) it starts anew. */
    const int keeps_beat = rotation->slot_ms <= passed_ms && passed_ms < 2 * rotation->slot_ms;
    rotation->slot_start_ms =
        keeps_beat ? evenload_ticks_add_ms(rotation->slot_start_ms, rotation->slot_ms) : now_ms;
    for (int32_t index = 0; index < rotation->count; index++) {
        end_slot(rotation, index);
    }
    return 1;
}

void evenload_rotation_mark_overdue(evenload_rotation_t *rotation, const int32_t *member, int32_t count,
                                    int32_t place_count)
{
    int32_t contender_count = 0;
    for (int32_t place = 0; place < count; place++) {
        contender_count += rotation->contending[member[place]];
    }
    const int32_t served_count = larger(place_count, 1);
    const int32_t wait_max = (contender_count + served_count - 1) / served_count - 1;
    if (wait_max <= 0) {
        return;
    }
    for (int32_t slack = 0; slack <= wait_max; slack++) {
        rotation->slack_count[slack] = 0;
    }
    for (int32_t place = 0; place < count; place++) {
        const int32_t index = member[place];
        if (rotation->contending[index]) {
            rotation->slack_count[wait_max - smaller(rotation->waited_slots[index], wait_max)]++;
        }
    }
    const int32_t urgent = urgent_slack(rotation, wait_max, served_count);
    for (int32_t place = 0; place < count; place++) {
        const int32_t index = member[place];
        if (rotation->contending[index] &&
            wait_max - smaller(rotation->waited_slots[index], wait_max) <= urgent) {
            rotation->overdue[index] = 1;
        }
    }
}

int32_t evenload_rotation_order(evenload_rotation_t *rotation, int32_t *member, int32_t count)
{
    int32_t eligible_count = 0;
    int is_ordered = 1;
    for (int32_t place = 0; place < count; place++) {
        const int32_t index = member[place];
        eligible_count += set_key(rotation, index);
        if (is_ordered && place > 0 && precedes(rotation, index, member[place - 1])) {
            is_ordered = 0;
        }
    }
    if (!is_ordered) {
        if (count <= EVENLOAD_ROTATION_INSERTION_COUNT_MAX) {
            insert(rotation, member, count);
        } else {
            sort(rotation, member, count);
        }
    }
    return eligible_count;
}
