/* Terminals, site phases and the switch between one and three; the specification is shared/evenload/phases.py. */
#include "evenload/phases.h"

#include "evenload/ticks.h"

/* The site phases of each wiring's terminals, two bits each (0 .. 2, 3 = no terminal), terminal 1 lowest. */
static const uint8_t TERMINALS[] = {0x24, 0x18, 0x21, 0x09, 0x12, 0x06, 0x3C,
                                    0x3D, 0x3E, 0x34, 0x39, 0x32, 0x24};

static int32_t terminal_phase(int32_t wiring, int32_t terminal)
{
    return (TERMINALS[wiring] >> (2 * terminal)) & 3;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Latches how long the surplus has lasted (0 none, 1 counting, 2 long enough); returns whether to go up. */
static int is_surplus_due(evenload_phase_switch_t *phases, int32_t index, int32_t now_ms, int is_surplus)
{
    if (!is_surplus) {
        phases->surplus[index] = 0;
        return 0;
    }
    if (phases->surplus[index] == 0) {
        phases->surplus[index] = 1;
        phases->surplus_ms[index] = now_ms;
    }
    if (phases->surplus[index] == 1 &&
        evenload_ticks_elapsed_ms(now_ms, phases->surplus_ms[index]) >= phases->up_ms) {
        phases->surplus[index] = 2;
    }
    return phases->surplus[index] == 2 && phases->switch_count[index] + 2 <= phases->switch_count_max;
}

static int32_t switch_to(evenload_phase_switch_t *phases, int32_t index, int32_t now_ms, int32_t phase_count)
{
    phases->phase_count[index] = phase_count;
    phases->pausing[index] = 1;
    phases->paused_ms[index] = now_ms;
    phases->surplus[index] = 0;
    phases->switch_count[index]++;
    return 0;
}

int32_t evenload_phases_terminal_count(int32_t wiring)
{
    int32_t count = 0;
    for (int32_t terminal = 0; terminal < 3; terminal++) {
        count += terminal_phase(wiring, terminal) != 3;
    }
    return count;
}

int32_t evenload_phases_mask(int32_t wiring, int32_t phase_count)
{
    if (wiring == EVENLOAD_WIRING_UNKNOWN) {
        return phase_count > 0 ? 7 : 0;
    }
    int32_t bits = 0;
    for (int32_t terminal = 0; terminal < phase_count; terminal++) {
        bits |= 1 << terminal_phase(wiring, terminal);
    }
    return bits & 7;
}

int32_t evenload_phases_site_phase(int32_t wiring, int32_t terminal)
{
    const int32_t phase = terminal_phase(wiring, terminal);
    return phase == 3 || wiring == EVENLOAD_WIRING_UNKNOWN ? EVENLOAD_PHASE_NONE : phase;
}

int32_t evenload_phases_unbalance_ma(int32_t l1_ma, int32_t l2_ma, int32_t l3_ma)
{
    return larger(larger(l1_ma, l2_ma), l3_ma) - smaller(smaller(l1_ma, l2_ma), l3_ma);
}

int32_t evenload_phases_room_ma(int32_t l1_ma, int32_t l2_ma, int32_t l3_ma, int32_t phase_mask,
                                int32_t unbalance_ma_max)
{
    const int32_t load_ma[3] = {l1_ma, l2_ma, l3_ma};
    int32_t loaded_ma = -EVENLOAD_NO_CAP_MA;
    int32_t spared_ma = EVENLOAD_NO_CAP_MA;
    for (int32_t phase = 0; phase < 3; phase++) {
        if ((phase_mask >> phase) & 1) {
            loaded_ma = larger(loaded_ma, load_ma[phase]);
        } else {
            spared_ma = smaller(spared_ma, load_ma[phase]);
        }
    }
    if (spared_ma == EVENLOAD_NO_CAP_MA || loaded_ma == -EVENLOAD_NO_CAP_MA) {
        return EVENLOAD_NO_CAP_MA;
    }
    return larger(0, smaller(unbalance_ma_max + spared_ma - loaded_ma, EVENLOAD_NO_CAP_MA));
}

int32_t evenload_phases_best_phase(int32_t l1_ma, int32_t l2_ma, int32_t l3_ma, int32_t phase_mask)
{
    const int32_t load_ma[3] = {l1_ma, l2_ma, l3_ma};
    int32_t best = EVENLOAD_PHASE_NONE;
    int32_t best_ma = EVENLOAD_NO_CAP_MA;
    for (int32_t phase = 0; phase < 3; phase++) {
        if (((phase_mask >> phase) & 1) && load_ma[phase] < best_ma) {
            best = phase;
            best_ma = load_ma[phase];
        }
    }
    return best;
}

void evenload_phases_init(evenload_phase_switch_t *phases)
{
    phases->up_ms = EVENLOAD_PHASES_SWITCH_UP_MS_DEFAULT;
    phases->pause_ms = EVENLOAD_PHASES_SWITCH_PAUSE_MS_DEFAULT;
    phases->surplus_ma = EVENLOAD_PHASES_SURPLUS_MA_DEFAULT;
    phases->switch_count_max = EVENLOAD_PHASES_SWITCH_COUNT_MAX_DEFAULT;
    for (int32_t index = 0; index < phases->count; index++) {
        phases->min_ma[index] = EVENLOAD_EV_MIN_CURRENT_MA;
        evenload_phases_start(phases, index, 3);
    }
}

void evenload_phases_start(evenload_phase_switch_t *phases, int32_t index, int32_t phase_count)
{
    phases->phase_count[index] = phase_count;
    phases->pausing[index] = 0;
    phases->paused_ms[index] = 0;
    phases->surplus[index] = 0;
    phases->surplus_ms[index] = 0;
    phases->switch_count[index] = 0;
}

int32_t evenload_phases_choose(evenload_phase_switch_t *phases, int32_t index, int32_t now_ms, int32_t one_ma,
                               int32_t three_ma)
{
    if (phases->pausing[index]) {
        const int32_t passed_ms = evenload_ticks_elapsed_ms(now_ms, phases->paused_ms[index]);
        if (0 <= passed_ms && passed_ms < phases->pause_ms) {
            return 0;
        }
        phases->pausing[index] = 0;
    }
    const int32_t min_ma = phases->min_ma[index];
    if (phases->phase_count[index] == 3) {
        if (three_ma < min_ma && min_ma <= one_ma && phases->switch_count[index] < phases->switch_count_max) {
            return switch_to(phases, index, now_ms, 1);
        }
    } else if (is_surplus_due(phases, index, now_ms, three_ma >= min_ma + phases->surplus_ma)) {
        return switch_to(phases, index, now_ms, 3);
    }
    return phases->phase_count[index];
}
