/* What a BL0942's registers mean: mA, 0.1 V, W, mHz and Wh, in integers; mirror: shared/evenload/bl0942_units.py. */
#include "evenload/bl0942_units.h"

#include <assert.h>

enum { COUNT_MASK = 0xFFFFFF, SCALE_SHIFT = 26, SLACK_PULSES = 2 };

/* Which argument a constructor refuses, counted from the first. */
enum {
    OK = 0,
    REFUSED_VOLTAGE = -1,
    REFUSED_CURRENT = -2,
    REFUSED_POWER = -3,
    REFUSED_FREQUENCY = -4,
    REFUSED_ENERGY = -1,
    REFUSED_POWER_MAX = -2
};

static const int64_t UPULSES_PER_PULSE = 1000000;
static const int64_t POWER_W_MAX = 1 << 24;
static const uint32_t RING_MASK = EVENLOAD_TICKS_PERIOD_MS - 1;

static bool is_within(int64_t value, int64_t lowest, int64_t highest)
{
    return lowest <= value && value <= highest;
}

int64_t evenload_bl0942_units_derive_power(int64_t voltage_ucounts, int64_t current_ucounts)
{
    const int64_t product = voltage_ucounts * (current_ucounts / 1000000) +
                            voltage_ucounts * (current_ucounts % 1000000) / 1000000;
    return product / 2515445138 * 393 + product % 2515445138 * 393 / 2515445138;
}

int64_t evenload_bl0942_units_derive_energy(int64_t power_ucounts)
{
    return power_ucounts * 140625 / 16384;
}

bool evenload_bl0942_units_is_consistent(int64_t given_ucounts, int64_t derived_ucounts)
{
    const int64_t difference = given_ucounts - derived_ucounts;
    return (difference < 0 ? -difference : difference) * 20 <= derived_ucounts;
}

/* Returns units * 10^6 / ucounts in 2^-26, rounded to nearest: 1 .. 2^30 - 1. */
static uint32_t scale_of(int64_t units, int64_t ucounts)
{
    return (uint32_t)((units * ((int64_t)1000000 << SCALE_SHIFT) + ucounts / 2) / ucounts);
}

int evenload_bl0942_units_calibration_init(evenload_bl0942_units_calibration_t *calibration,
                                           int64_t voltage_ucounts, int64_t current_ucounts,
                                           int64_t power_ucounts, int64_t frequency_ucounts)
{
    if (!is_within(voltage_ucounts, EVENLOAD_BL0942_VOLTAGE_UCOUNTS_MIN,
                   EVENLOAD_BL0942_VOLTAGE_UCOUNTS_MAX)) {
        return REFUSED_VOLTAGE;
    }
    if (!is_within(current_ucounts, EVENLOAD_BL0942_CURRENT_UCOUNTS_MIN,
                   EVENLOAD_BL0942_CURRENT_UCOUNTS_MAX)) {
        return REFUSED_CURRENT;
    }
    if (!is_within(power_ucounts, EVENLOAD_BL0942_POWER_UCOUNTS_MIN, EVENLOAD_BL0942_POWER_UCOUNTS_MAX)) {
        return REFUSED_POWER;
    }
    if (!is_within(frequency_ucounts, EVENLOAD_BL0942_FREQUENCY_UCOUNTS_MIN,
                   EVENLOAD_BL0942_FREQUENCY_UCOUNTS_MAX)) {
        return REFUSED_FREQUENCY;
    }
    calibration->voltage_scale = scale_of(10, voltage_ucounts);
    calibration->current_scale = scale_of(1000, current_ucounts);
    calibration->power_scale = scale_of(1, power_ucounts);
    calibration->frequency_mhz = (int32_t)(frequency_ucounts / 1000);
    return OK;
}

/* Returns count * scale / 2^26, rounded to nearest. */
static int32_t scaled(int32_t count, uint32_t scale)
{
    assert(count >= 0 && count <= COUNT_MASK);
    return (int32_t)(((uint64_t)(uint32_t)count * scale + ((uint64_t)1 << (SCALE_SHIFT - 1))) >> SCALE_SHIFT);
}

int32_t evenload_bl0942_units_voltage_dv(const evenload_bl0942_units_calibration_t *calibration,
                                         int32_t v_rms)
{
    return scaled(v_rms, calibration->voltage_scale);
}

int32_t evenload_bl0942_units_current_ma(const evenload_bl0942_units_calibration_t *calibration,
                                         int32_t i_rms)
{
    return scaled(i_rms, calibration->current_scale);
}

int32_t evenload_bl0942_units_power_w(const evenload_bl0942_units_calibration_t *calibration, int32_t watt,
                                      int32_t sign)
{
    int32_t power_w = scaled(watt < 0 ? -watt : watt, calibration->power_scale);
    if (watt < 0 && sign != EVENLOAD_BL0942_SIGN_ABS) {
        power_w = -power_w;
    }
    return sign == EVENLOAD_BL0942_SIGN_INVERT ? -power_w : power_w;
}

int32_t evenload_bl0942_units_frequency_mhz(const evenload_bl0942_units_calibration_t *calibration,
                                            int32_t freq, int32_t v_rms)
{
    if (freq == 0 || v_rms < EVENLOAD_BL0942_V_RMS_LIVE_MIN) {
        return 0;
    }
    return (calibration->frequency_mhz + (freq >> 1)) / freq;
}

int evenload_bl0942_units_energy_init(evenload_bl0942_units_energy_t *energy, int64_t energy_ucounts,
                                      int64_t power_w_max)
{
    const int64_t joules = 3600000000000; /* Per kWh, in millionths. */
    if (!is_within(energy_ucounts, EVENLOAD_BL0942_ENERGY_UCOUNTS_MIN, EVENLOAD_BL0942_ENERGY_UCOUNTS_MAX)) {
        return REFUSED_ENERGY;
    }
    if (!is_within(power_w_max, 1, POWER_W_MAX)) {
        return REFUSED_POWER_MAX;
    }
    energy->upulses_per_wh = (uint32_t)((energy_ucounts + 500) / 1000);
    energy->pulses_per_s = (uint32_t)((power_w_max * energy_ucounts + joules - 1) / joules);
    energy->span_s_max = COUNT_MASK / energy->pulses_per_s + 1;
    energy->resets = 0;
    energy->rest_upulses = 0;
    energy->energy_wh = 0;
    energy->cf_cnt = 0;
    energy->counted_ms = 0;
    energy->started = false;
    return OK;
}

/* Returns the most pulses that the maximum power gives since the last count; times in whole seconds up. */
static uint32_t pulses_since(const evenload_bl0942_units_energy_t *energy, int32_t now_ms)
{
    const uint32_t elapsed_ms = ((uint32_t)now_ms - (uint32_t)energy->counted_ms) & RING_MASK;
    if (elapsed_ms > RING_MASK / 2) { /* Longer ago than the ring of times can tell. */
        return COUNT_MASK;
    }
    const uint32_t seconds = elapsed_ms / 1000 + 1;
    const uint32_t span_s = seconds < energy->span_s_max ? seconds : energy->span_s_max;
    return span_s * energy->pulses_per_s + SLACK_PULSES;
}

static void add_pulses(evenload_bl0942_units_energy_t *energy, uint32_t pulses)
{
    const uint64_t upulses = energy->rest_upulses + (uint64_t)pulses * (uint64_t)UPULSES_PER_PULSE;
    energy->energy_wh += (uint32_t)(upulses / energy->upulses_per_wh);
    energy->rest_upulses = (uint32_t)(upulses % energy->upulses_per_wh);
}

int32_t evenload_bl0942_units_on_count(evenload_bl0942_units_energy_t *energy, int32_t now_ms, int32_t cf_cnt)
{
    assert(cf_cnt >= 0 && cf_cnt <= COUNT_MASK);
    const uint32_t pulses_max = pulses_since(energy, now_ms);
    const uint32_t pulses = ((uint32_t)cf_cnt - (uint32_t)energy->cf_cnt) & COUNT_MASK;
    const bool started = energy->started;
    energy->started = true;
    energy->counted_ms = now_ms;
    energy->cf_cnt = cf_cnt;
    if (!started) {
        return EVENLOAD_BL0942_COUNT_FIRST;
    }
    if (pulses <= pulses_max) {
        add_pulses(energy, pulses);
        return EVENLOAD_BL0942_COUNT_ADDED;
    }
    energy->resets = (energy->resets + 1) & 0x3FFFFFFF;
    if ((uint32_t)cf_cnt <= pulses_max) {
        add_pulses(energy, (uint32_t)cf_cnt);
    }
    return EVENLOAD_BL0942_COUNT_RESET;
}

void evenload_bl0942_units_frozen_init(evenload_bl0942_units_frozen_t *frozen)
{
    frozen->same_count = 0;
    for (int index = 0; index < EVENLOAD_BL0942_FIELD_COUNT; index++) {
        frozen->last[index] = 0;
    }
}

bool evenload_bl0942_units_on_packet(evenload_bl0942_units_frozen_t *frozen, const int32_t *fields)
{
    bool same = true;
    for (int index = 0; index < EVENLOAD_BL0942_FIELD_STATUS; index++) {
        same = same && fields[index] == frozen->last[index];
        frozen->last[index] = fields[index];
    }
    if (frozen->last[EVENLOAD_BL0942_FIELD_V_RMS] < EVENLOAD_BL0942_V_RMS_LIVE_MIN) {
        frozen->same_count = 0;
    } else if (!same) {
        frozen->same_count = 1;
    } else if (frozen->same_count < EVENLOAD_BL0942_FROZEN_PACKETS) {
        frozen->same_count++;
    }
    return frozen->same_count == EVENLOAD_BL0942_FROZEN_PACKETS;
}
