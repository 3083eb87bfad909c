/* What a BL0942's registers mean: mA, 0.1 V, W, mHz and Wh, in integers; mirror: shared/evenload/bl0942_units.py.

   A calibration is counts per unit in millionths ("ucounts"). All state is the caller's; every function takes
   constant time but `on_count`, which takes one step per 1000 pulses. */
#ifndef EVENLOAD_BL0942_UNITS_H
#define EVENLOAD_BL0942_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "evenload/wire.h"

/* Scales in 2^-26 units per count: 1 .. 2^30 - 1. */
typedef struct {
    uint32_t voltage_scale;
    uint32_t current_scale;
    uint32_t power_scale;
    int32_t frequency_mhz;
} evenload_bl0942_units_calibration_t;

typedef struct {
    uint32_t upulses_per_wh;
    uint32_t pulses_per_s;
    uint32_t span_s_max;
    uint32_t resets;
    uint32_t rest_upulses;
    uint32_t energy_wh;
    int32_t cf_cnt;
    int32_t counted_ms;
    bool started;
} evenload_bl0942_units_energy_t;

typedef struct {
    int32_t last[EVENLOAD_BL0942_FIELD_COUNT];
    int32_t same_count;
} evenload_bl0942_units_frozen_t;

/* Returns the power calibration that voltage (< 2^40) and current (< 2^42) imply, in ucounts per W. */
int64_t evenload_bl0942_units_derive_power(int64_t voltage_ucounts, int64_t current_ucounts);

/* Returns the energy calibration that a power calibration (< 2^45) implies, in millionths of a pulse per kWh. */
int64_t evenload_bl0942_units_derive_energy(int64_t power_ucounts);

/* Returns whether a given calibration is within 5 % of the derived one. */
bool evenload_bl0942_units_is_consistent(int64_t given_ucounts, int64_t derived_ucounts);

/* Computes the scales; returns 0, or -1 .. -4 when the first .. fourth value is outside its
   EVENLOAD_BL0942_*_UCOUNTS_MIN .. MAX. */
int evenload_bl0942_units_calibration_init(evenload_bl0942_units_calibration_t *calibration,
                                           int64_t voltage_ucounts, int64_t current_ucounts,
                                           int64_t power_ucounts, int64_t frequency_ucounts);

/* Each returns one register in its unit; v_rms and i_rms: 0 .. 2^24 - 1; watt: -2^23 .. 2^23 - 1. */
int32_t evenload_bl0942_units_voltage_dv(const evenload_bl0942_units_calibration_t *calibration,
                                         int32_t v_rms);
int32_t evenload_bl0942_units_current_ma(const evenload_bl0942_units_calibration_t *calibration,
                                         int32_t i_rms);
int32_t evenload_bl0942_units_power_w(const evenload_bl0942_units_calibration_t *calibration, int32_t watt,
                                      int32_t sign);
int32_t evenload_bl0942_units_frequency_mhz(const evenload_bl0942_units_calibration_t *calibration,
                                            int32_t freq, int32_t v_rms);

/* Starts an energy counter; returns 0, -1 for a bad energy_ucounts, -2 for a bad power_w_max (1 .. 2^24 W). */
int evenload_bl0942_units_energy_init(evenload_bl0942_units_energy_t *energy, int64_t energy_ucounts,
                                      int64_t power_w_max);

/* Takes a CF_CNT read at `now_ms`; returns EVENLOAD_BL0942_COUNT_FIRST, _ADDED or _RESET. */
int32_t evenload_bl0942_units_on_count(evenload_bl0942_units_energy_t *energy, int32_t now_ms,
                                       int32_t cf_cnt);

void evenload_bl0942_units_frozen_init(evenload_bl0942_units_frozen_t *frozen);

/* Compares a row of a capture with those before; returns whether the chip is frozen. */
bool evenload_bl0942_units_on_packet(evenload_bl0942_units_frozen_t *frozen, const int32_t *fields);

#endif
