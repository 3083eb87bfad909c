/* Driver: the corners of breaker, rotation and phases that random events seldom reach. */
#include "check.h"
#include "evenload/breaker.h"
#include "evenload/phases.h"
#include "evenload/rotation.h"

enum { SLOT_MS = EVENLOAD_ROTATION_SLOT_MS_DEFAULT, UP_MS = EVENLOAD_PHASES_SWITCH_UP_MS_DEFAULT };

static int32_t columns[16][2];

static void heat_is_cut_at_full_and_at_zero(void)
{
    static int32_t ratios[EVENLOAD_BREAKER_CURVE_COUNT * EVENLOAD_BREAKER_ROW_COUNT];
    static int32_t actions[EVENLOAD_BREAKER_CURVE_COUNT * EVENLOAD_BREAKER_ROW_COUNT];
    evenload_breaker_t breaker = {1,          columns[0], columns[1], columns[2], columns[3],
                                  columns[4], columns[5], columns[6], ratios,     actions};
    evenload_breaker_init(&breaker);
    breaker.rated_ma[0] = 10000;
    CHECK(evenload_breaker_on_measured(&breaker, 0, 0, 10500) == EVENLOAD_BREAKER_ACTION_NONE);
    CHECK(evenload_breaker_on_measured(&breaker, 0, 100, 5000) == EVENLOAD_BREAKER_ACTION_NONE);
    CHECK(breaker.heat[0] == 1000);
    evenload_breaker_on_measured(&breaker, 0, 200, 5000);
    CHECK(breaker.heat[0] == 500);
    /* A gap cools as much as BREAKER_GAP_MS; a jump back is no time at all. */
    evenload_breaker_on_measured(&breaker, 0, 150, 5000);
    CHECK(breaker.heat[0] == 500);
    evenload_breaker_on_measured(&breaker, 0, 100000, 11000);
    CHECK(breaker.heat[0] == 0);
    CHECK(evenload_breaker_on_measured(&breaker, 0, 500000, 11000) == EVENLOAD_BREAKER_ACTION_SUSPEND);
    CHECK(breaker.heat[0] == EVENLOAD_BREAKER_HEAT_FULL);
}

static void the_wait_is_cut_and_the_clock_survives_a_jump_back(void)
{
    static uint64_t key[2];
    evenload_rotation_t rotation = {.count = 1,
                                    .contending = columns[0],
                                    .on = columns[1],
                                    .held = columns[2],
                                    .in_slot = columns[3],
                                    .since_ms = columns[4],
                                    .waited_slots = columns[5],
                                    .overdue = columns[6],
                                    .served_as = columns[7],
                                    .served_ma_ms = columns[8],
                                    .ranked_as = columns[9],
                                    .high = columns[10],
                                    .low = columns[11],
                                    .slack_count = columns[12],
                                    .key = key};
    int32_t now_ms = 0;
    evenload_rotation_init(&rotation);
    CHECK(evenload_rotation_tick(&rotation, 0) == 0);
    evenload_rotation_join(&rotation, 0);
    for (int32_t slot = 0; slot < EVENLOAD_ROTATION_WAITED_MAX + 5; slot++) {
        now_ms = (now_ms + SLOT_MS) % EVENLOAD_TICKS_PERIOD_MS;
        CHECK(evenload_rotation_tick(&rotation, now_ms) == 1);
    }
    CHECK(rotation.waited_slots[0] == EVENLOAD_ROTATION_WAITED_MAX);
    now_ms = (now_ms + EVENLOAD_TICKS_PERIOD_MS - 1000) % EVENLOAD_TICKS_PERIOD_MS;
    CHECK(evenload_rotation_tick(&rotation, now_ms) == 1);
    CHECK(rotation.slot_start_ms == now_ms);
}

static void phases_know_nothing_drawn_nothing_asked_and_a_used_up_session(void)
{
    evenload_phase_switch_t phases = {.count = 1,
                                      .min_ma = columns[0],
                                      .phase_count = columns[1],
                                      .pausing = columns[2],
                                      .paused_ms = columns[3],
                                      .surplus = columns[4],
                                      .surplus_ms = columns[5],
                                      .switch_count = columns[6]};
    int32_t now_ms = 0;
    CHECK(evenload_phases_mask(EVENLOAD_WIRING_UNKNOWN, 0) == 0);
    CHECK(evenload_phases_site_phase(EVENLOAD_WIRING_UNKNOWN, 0) == EVENLOAD_PHASE_NONE);
    CHECK(evenload_phases_room_ma(1, 2, 3, 0, 0) == EVENLOAD_NO_CAP_MA);
    CHECK(evenload_phases_best_phase(1, 2, 3, 0) == EVENLOAD_PHASE_NONE);
    CHECK(evenload_phases_best_phase(3, 2, 1, 7) == 2);
    evenload_phases_init(&phases);
    evenload_phases_start(&phases, 0, 1);
    phases.switch_count_max = 2;
    for (; now_ms <= UP_MS; now_ms += 1000) {
        evenload_phases_choose(&phases, 0, now_ms, 16000, 16000);
    }
    CHECK(phases.phase_count[0] == 3);
    /* A jump back ends the pause; then down, and the surplus may last as long as it likes. */
    CHECK(evenload_phases_choose(&phases, 0, 0, 16000, 16000) == 3);
    CHECK(evenload_phases_choose(&phases, 0, 1000, 16000, 0) == 0);
    for (now_ms = 20000; now_ms <= 2 * UP_MS; now_ms += 1000) {
        CHECK(evenload_phases_choose(&phases, 0, now_ms, 16000, 16000) == 1);
    }
    phases.phase_count[0] = 3;
    CHECK(evenload_phases_choose(&phases, 0, now_ms, 16000, 0) == 3);
}

int main(void)
{
    heat_is_cut_at_full_and_at_zero();
    the_wait_is_cut_and_the_clock_survives_a_jump_back();
    phases_know_nothing_drawn_nothing_asked_and_a_used_up_session();
    printf("test_parts: 3 stories\n");
    return 0;
}
