/* The thermal model of a breaker (R7); mirror: shared/evenload/breaker.py (SPEC, breaker). */
#include "evenload/breaker.h"

#include "evenload/ticks.h"

enum { ROW_COUNT = EVENLOAD_BREAKER_ROW_COUNT, CURVE_COUNT = EVENLOAD_BREAKER_CURVE_COUNT };

/* Ratio and action time of each row, in the order of BREAKER_CURVE_NAMES; the sources are in the mirror. */
static const int32_t ratios[CURVE_COUNT][ROW_COUNT] = {
    {1000, 1130, 1400, 2000},
    {1000, 1130, 1400, 1700, 2000, 2550, 3000},
    {1000, 1130, 1400, 1700, 2000, 2550, 5000},
    {1000, 1130, 1400, 1700, 2000, 2550, 5000, 10000},
    {1000, 1250, 1600, 2000, 3000, 4000, 5000},
    {1000, 1130, 1400, 2000},
};
static const int32_t actions[CURVE_COUNT][ROW_COUNT] = {
    {60000, 30000, 10000, 0},
    {60000, 30000, 10000, 4000, 1000, 500, 0},
    {60000, 30000, 10000, 4000, 1000, 200, 0},
    {60000, 30000, 10000, 4000, 1000, 200, 50, 0},
    {600000, 60000, 8000, 1000, 250, 100, 0},
    {60000, 30000, 10000, 0},
};

void evenload_breaker_init(evenload_breaker_t *breaker)
{
    for (int32_t index = 0; index < breaker->count; index++) {
        breaker->rated_ma[index] = 0;
        breaker->curve[index] = EVENLOAD_BREAKER_CURVE_DEFAULT;
        evenload_breaker_reset(breaker, index);
    }
    for (int32_t curve = 0; curve < CURVE_COUNT; curve++) {
        for (int32_t row = 0; row < ROW_COUNT; row++) {
            breaker->ratio_permille[ROW_COUNT * curve + row] = ratios[curve][row];
            breaker->action_ms[ROW_COUNT * curve + row] = actions[curve][row];
        }
    }
}

void evenload_breaker_reset(evenload_breaker_t *breaker, int32_t index)
{
    breaker->heat[index] = 0;
    breaker->heat_permille[index] = 0;
    breaker->action[index] = EVENLOAD_BREAKER_ACTION_NONE;
    breaker->held_ma[index] = EVENLOAD_NOT_MEASURED_MA;
    breaker->held_ms[index] = 0;
}

/* The heat of `passed_ms` > 0 at `held_ma`, rounded up. */
static int32_t warmth(const evenload_breaker_t *breaker, int32_t index, int32_t passed_ms, int32_t held_ma)
{
    const int64_t rated_ma = breaker->rated_ma[index];
    const int32_t *const ratio = &breaker->ratio_permille[ROW_COUNT * breaker->curve[index]];
    const int32_t *const action = &breaker->action_ms[ROW_COUNT * breaker->curve[index]];
    int32_t action_ms = action[0];
    for (int32_t row = 0; row < ROW_COUNT; row++) {
        if (ratio[row] == 0 || held_ma <= rated_ma * ratio[row] / 1000) {
            break;
        }
        action_ms = action[row];
    }
    if (passed_ms >= action_ms) {
        return EVENLOAD_BREAKER_HEAT_FULL;
    }
    return passed_ms * ((EVENLOAD_BREAKER_HEAT_FULL + action_ms - 1) / action_ms);
}

/* Warms or cools a cell by `passed_ms` of the current that was held. */
static void pass_time(evenload_breaker_t *breaker, int32_t index, int32_t passed_ms, int32_t held_ma)
{
    int32_t heat = breaker->heat[index];
    if (passed_ms <= 0) {
        return;
    }
    if (held_ma > breaker->rated_ma[index]) {
        heat += warmth(breaker, index, passed_ms, held_ma);
        heat = heat < EVENLOAD_BREAKER_HEAT_FULL ? heat : EVENLOAD_BREAKER_HEAT_FULL;
    } else if (heat > 0) {
        const int32_t cooling_ms = passed_ms < EVENLOAD_BREAKER_GAP_MS ? passed_ms : EVENLOAD_BREAKER_GAP_MS;
        heat -= cooling_ms * (EVENLOAD_BREAKER_HEAT_FULL / EVENLOAD_BREAKER_COOL_MS);
        heat = heat > 0 ? heat : 0;
    }
    breaker->heat[index] = heat;
}

int32_t evenload_breaker_on_measured(evenload_breaker_t *breaker, int32_t index, int32_t now_ms,
                                     int32_t current_ma)
{
    const int32_t rated_ma = breaker->rated_ma[index];
    int32_t held_ma = breaker->held_ma[index];
    int32_t heat;
    if (rated_ma <= 0) {
        return EVENLOAD_BREAKER_ACTION_NONE;
    }
    if (held_ma != EVENLOAD_NOT_MEASURED_MA) {
        pass_time(breaker, index, evenload_ticks_elapsed_ms(now_ms, breaker->held_ms[index]), held_ma);
    }
    if (current_ma >= 0) {
        held_ma = current_ma;
    }
    breaker->held_ma[index] = held_ma;
    breaker->held_ms[index] = now_ms;
    heat = breaker->heat[index];
    breaker->heat_permille[index] = heat / (EVENLOAD_BREAKER_HEAT_FULL / 1000);
    if (heat >= EVENLOAD_BREAKER_HEAT_FULL && held_ma > rated_ma) {
        breaker->action[index] = EVENLOAD_BREAKER_ACTION_SUSPEND;
    } else if (breaker->heat_permille[index] <= EVENLOAD_BREAKER_RECOVER_PERMILLE) {
        breaker->action[index] = EVENLOAD_BREAKER_ACTION_NONE;
    }
    return breaker->action[index];
}
