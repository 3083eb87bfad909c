/* Fuzz target: any stream of events into tracker, breaker, rotation and phases; their ranges hold after each. */
#include "check.h"
#include "evenload/breaker.h"
#include "evenload/phases.h"
#include "evenload/rotation.h"
#include "evenload/tracker.h"
#include <string.h>

enum {
    COUNT = 40, /* More than the rotation sorts by insertion. */
    ROWS = EVENLOAD_BREAKER_CURVE_COUNT * EVENLOAD_BREAKER_ROW_COUNT,
    COLUMNS = 32,
    EVENT_SIZE = 8
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    int32_t columns[COLUMNS][COUNT + 1];
    int32_t samples[EVENLOAD_TRACKER_SAMPLE_COUNT * COUNT];
    int32_t ratios[ROWS], actions[ROWS], member[COUNT];
    uint64_t key[2 * COUNT];
    evenload_tracker_t tracker;
    evenload_breaker_t breaker;
    evenload_rotation_t rotation;
    evenload_phase_switch_t phases;
    int32_t now_ms;
} parts_t;

static void lay_out(parts_t *p)
{
    int32_t (*c)[COUNT + 1] = p->columns;
    p->tracker = (evenload_tracker_t){COUNT, c[0], c[1], p->samples};
    p->breaker = (evenload_breaker_t){COUNT, c[2], c[3], c[4], c[5], c[6], c[7], c[8], p->ratios, p->actions};
    p->rotation = (evenload_rotation_t){.count = COUNT,
                                        .contending = c[9],
                                        .on = c[10],
                                        .held = c[11],
                                        .in_slot = c[12],
                                        .since_ms = c[13],
                                        .waited_slots = c[14],
                                        .overdue = c[15],
                                        .served_as = c[16],
                                        .served_ma_ms = c[17],
                                        .ranked_as = c[18],
                                        .high = c[19],
                                        .low = c[20],
                                        .slack_count = c[21],
                                        .key = p->key};
    p->phases = (evenload_phase_switch_t){.count = COUNT,
                                          .min_ma = c[22],
                                          .phase_count = c[23],
                                          .pausing = c[24],
                                          .paused_ms = c[25],
                                          .surplus = c[26],
                                          .surplus_ms = c[27],
                                          .switch_count = c[28]};
    evenload_tracker_init(&p->tracker);
    evenload_breaker_init(&p->breaker);
    evenload_rotation_init(&p->rotation);
    evenload_phases_init(&p->phases);
    for (int32_t i = 0; i < COUNT; i++) {
        p->member[i] = i;
        p->breaker.rated_ma[i] = i % 5 == 4 ? 0 : 16000 * (1 + i % 5);
        p->breaker.curve[i] = i % EVENLOAD_BREAKER_CURVE_COUNT;
    }
}

static void check_breaker(parts_t *p, int32_t index, int32_t amount)
{
    const int32_t action = evenload_breaker_on_measured(&p->breaker, index, p->now_ms, amount);
    const int32_t heat = p->breaker.heat[index];
    CHECK(action == EVENLOAD_BREAKER_ACTION_NONE || action == EVENLOAD_BREAKER_ACTION_SUSPEND);
    CHECK(action == p->breaker.action[index] || p->breaker.rated_ma[index] == 0);
    CHECK(heat >= 0 && heat <= EVENLOAD_BREAKER_HEAT_FULL);
    CHECK(action == EVENLOAD_BREAKER_ACTION_NONE ||
          p->breaker.heat_permille[index] > EVENLOAD_BREAKER_RECOVER_PERMILLE);
}

static void check_order(parts_t *p, int32_t count)
{
    int32_t seen[COUNT] = {0};
    const int32_t eligible_count = evenload_rotation_order(&p->rotation, p->member, count);
    CHECK(eligible_count >= 0 && eligible_count <= count);
    for (int32_t place = 0; place < COUNT; place++) {
        const int32_t index = p->member[place];
        CHECK(index >= 0 && index < COUNT && !seen[index]);
        seen[index] = 1;
        if (place < count) {
            const int32_t is_held_off = p->rotation.held[index] && !p->rotation.on[index];
            CHECK((place < eligible_count) == (p->rotation.contending[index] && !is_held_off));
        }
    }
}

static void check_phases(parts_t *p, int32_t index, int32_t amount, int32_t other)
{
    const int32_t mask = 1 + (other & 7) % 7;
    const int32_t room_ma = evenload_phases_room_ma(amount, other, amount / 2, mask, 20000);
    const int32_t phases = evenload_phases_choose(&p->phases, index, p->now_ms, amount, other);
    const int32_t wiring = (amount & 0xFF) % (EVENLOAD_WIRING_UNKNOWN + 1);
    CHECK(phases == 0 || phases == p->phases.phase_count[index]);
    CHECK(p->phases.phase_count[index] == 1 || p->phases.phase_count[index] == 3);
    CHECK(p->phases.switch_count[index] <= p->phases.switch_count_max);
    CHECK(room_ma >= 0 && room_ma <= EVENLOAD_NO_CAP_MA);
    CHECK(mask >> evenload_phases_best_phase(amount, other, amount / 2, mask) & 1);
    CHECK(evenload_phases_unbalance_ma(amount, other, amount / 2) >= 0);
    CHECK(evenload_phases_mask(wiring, evenload_phases_terminal_count(wiring)) > 0);
    CHECK(evenload_phases_site_phase(wiring, other & 1) < 3);
}

static void feed(parts_t *p, const uint8_t *event)
{
    const int32_t index = event[1] % COUNT;
    const int32_t amount = (int32_t)(event[2] | event[3] << 8 | (event[4] & 7) << 16) - 100;
    const int32_t other = (int32_t)(event[5] | event[6] << 8);
    const int32_t passed_ms = event[7] * event[7] * 16;
    p->now_ms = (p->now_ms + passed_ms) % EVENLOAD_TICKS_PERIOD_MS;
    switch (event[0] % 10) {
    case 0:
        evenload_tracker_on_sample(&p->tracker, index, amount, other);
        CHECK(p->tracker.stable_ma[index] >= EVENLOAD_NOT_MEASURED_MA);
        break;
    case 1:
    case 2:
        check_breaker(p, index, amount);
        break;
    case 3:
        CHECK(evenload_rotation_tick(&p->rotation, p->now_ms) <= 1);
        break;
    case 4:
        evenload_rotation_set_on(&p->rotation, index, p->now_ms, event[2] & 1);
        break;
    case 5:
        evenload_rotation_on_drawn(&p->rotation, index, amount, other, passed_ms);
        CHECK(p->rotation.served_as[index] <= EVENLOAD_ROTATION_SERVED_AS_MAX);
        break;
    case 6:
        evenload_rotation_mark_overdue(&p->rotation, p->member, COUNT, event[2] % COUNT);
        break;
    case 7:
        check_order(p, event[2] & 1 ? COUNT : event[3] % COUNT);
        break;
    case 8:
        check_phases(p, index, amount, event[6] & 1 ? other : amount - other);
        break;
    default:
        if (event[2] & 1) {
            evenload_rotation_join(&p->rotation, index);
            evenload_phases_start(&p->phases, index, event[2] & 2 ? 1 : 3);
        } else {
            evenload_rotation_leave(&p->rotation, index);
            evenload_tracker_reset(&p->tracker, index);
            evenload_breaker_reset(&p->breaker, index);
        }
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static parts_t parts;
    memset(&parts, 0, sizeof parts);
    lay_out(&parts);
    for (size_t at = 0; at + EVENT_SIZE <= size; at += EVENT_SIZE) {
        feed(&parts, data + at);
    }
    return 0;
}
