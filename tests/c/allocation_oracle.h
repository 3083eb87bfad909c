/* Judges the rounds of an allocation by R1, R1b and R2, with code that shares nothing with it; the C counterpart of
 * host/evenload_sim/allocation_oracle.py. */
#ifndef EVENLOAD_TESTS_ALLOCATION_ORACLE_H
#define EVENLOAD_TESTS_ALLOCATION_ORACLE_H

#include "evenload/columns.h"
#include "evenload/ticks.h"

enum { ORACLE_STATIONS_MAX = 64, ORACLE_CIRCUITS_MAX = 8 };

/* What the judge remembers of the rounds before. */
typedef struct {
    int32_t held_base_ma[3 * ORACLE_CIRCUITS_MAX];
    int32_t grant_ma[ORACLE_STATIONS_MAX];
    int32_t told_ms[ORACLE_STATIONS_MAX];
    int32_t is_told[ORACLE_STATIONS_MAX];
    int32_t known_ma[ORACLE_STATIONS_MAX];
} oracle_t;

static const int32_t wiring_bits[13] = {7, 7, 7, 7, 7, 7, 1, 2, 4, 3, 6, 5, 7};
static const int32_t first_bits[13] = {1, 1, 2, 2, 4, 4, 1, 2, 4, 3, 6, 5, 7};

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int is_below(const evenload_columns_t *c, int32_t s, int32_t n)
{
    int32_t up = c->station.station_circuit[s];
    while (up >= 0 && up != n) {
        up = c->circuit.circuit_parent[up];
    }
    return up == n;
}

static int loads(const evenload_columns_t *c, int32_t s, int32_t phase)
{
    const int32_t wiring = c->station.wiring[s];
    const int32_t bits = c->station.grant_phases[s] == 1 ? first_bits[wiring] : wiring_bits[wiring];
    /* Where nothing is lent, the wiring alone says what counts, whatever the kernel believes. */
    const int32_t used = c->settings->narrow_after_ms > 0 ? bits & c->station.phase_mask[s] : bits;
    return used >> phase & 1;
}

static int is_silent(const evenload_columns_t *c, int32_t s)
{
    return c->station.silent[s] || c->station.station_state[s] == EVENLOAD_STATION_UNREPORTED;
}

static int64_t measured_ma(const evenload_columns_t *c, int32_t s, int32_t phase)
{
    return is_silent(c, s) ? 0 : most(c->phase.measured_ma[3 * s + phase], 0);
}

/* What R1 counts of a station on a phase. */
static int64_t counted_ma(const oracle_t *oracle, const evenload_columns_t *c, int32_t s, int32_t phase)
{
    const int64_t grant_ma = loads(c, s, phase) ? c->station.grant_ma[s] : 0;
    const int64_t failsafe_ma = loads(c, s, phase) ? c->station.failsafe_ma[s] : 0;
    if (c->station.station_state[s] == EVENLOAD_STATION_UNREPORTED) {
        return failsafe_ma;
    }
    if (c->station.silent[s]) {
        const int32_t age_ms = evenload_ticks_elapsed_ms(c->now_ms, c->station.heard_ms[s]);
        const int kept = age_ms <= c->settings->lease_ms + c->settings->lease_grace_ms;
        const int64_t known_ma = loads(c, s, phase) ? oracle->known_ma[s] : 0;
        return kept ? most(known_ma, failsafe_ma) : failsafe_ma;
    }
    const int32_t told_age_ms = evenload_ticks_elapsed_ms(c->now_ms, oracle->told_ms[s]);
    if (told_age_ms >= c->settings->follow_ms || c->station.noncompliant[s] || !loads(c, s, phase)) {
        return most(grant_ma, measured_ma(c, s, phase));
    }
    return grant_ma;
}

static int check_station(oracle_t *oracle, const evenload_columns_t *c, int32_t s)
{
    const int32_t grant_ma = c->station.grant_ma[s];
    const int in_range = grant_ma >= c->station.min_ma[s] && grant_ma <= c->station.max_ma[s];
    if (grant_ma != 0 && !(in_range && grant_ma % c->settings->step_ma == 0)) {
        return 2;
    }
    for (int32_t phase = 0; phase < 3; phase++) {
        const int32_t wired = wiring_bits[c->station.wiring[s]] >> phase & 1;
        const int32_t used = c->station.phase_mask[s] >> phase & 1;
        if (wired && !used && c->station.grant_phases[s] != 1 &&
            measured_ma(c, s, phase) > EVENLOAD_ALLOCATION_NONCOMPLIANT_MARGIN_MA) {
            return 1;
        }
    }
    const int32_t age_ms = evenload_ticks_elapsed_ms(c->now_ms, c->station.heard_ms[s]);
    const int reported = c->station.station_state[s] != EVENLOAD_STATION_UNREPORTED;
    if (reported && age_ms > c->settings->lease_ms && grant_ma != 0) {
        return 9;
    }
    if (grant_ma != oracle->grant_ma[s] || !oracle->is_told[s]) {
        oracle->told_ms[s] = c->now_ms;
        oracle->is_told[s] = 1;
    }
    if (age_ms <= c->settings->lease_ms) {
        oracle->known_ma[s] = grant_ma;
    }
    return 0;
}

/* The base of every cell, from the leaves; a meter that is not to be trusted keeps its last own part, one that
 * recovers may raise it. */
static void sum_bases(oracle_t *oracle, const evenload_columns_t *c, int64_t *base_ma)
{
    for (int32_t n = c->circuit_count - 1; n >= 0; n--) {
        const int32_t state = c->circuit.metered[n] ? c->circuit.meter_state[n] : EVENLOAD_METER_UNMETERED;
        const int trusted = state == EVENLOAD_METER_FRESH || state == EVENLOAD_METER_RECOVERING;
        for (int32_t phase = 0; phase < 3; phase++) {
            const int32_t k = 3 * n + phase;
            int64_t below_ma = 0;
            int64_t cars_ma = 0;
            for (int32_t child = n + 1; child < c->circuit_count; child++) {
                below_ma += c->circuit.circuit_parent[child] == n ? base_ma[3 * child + phase] : 0;
            }
            for (int32_t s = 0; s < c->station_count; s++) {
                cars_ma += is_below(c, s, n) ? measured_ma(c, s, phase) : 0;
            }
            if (trusted && c->cell.feeder_ma[k] >= 0) {
                const int64_t least_ma = state == EVENLOAD_METER_FRESH ? 0 : oracle->held_base_ma[k];
                oracle->held_base_ma[k] = (int32_t)most(c->cell.feeder_ma[k] - cars_ma - below_ma, least_ma);
            }
            base_ma[k] = below_ma + oracle->held_base_ma[k];
        }
    }
}

/* What the stations below cell k may take together. */
static int64_t find_room_ma(const evenload_columns_t *c, int32_t k, int64_t base_ma)
{
    const int32_t state = c->circuit.meter_state[k / 3];
    const int32_t metered = c->circuit.metered[k / 3];
    const int64_t cap_ma = c->cell.cap_ma[k];
    if (metered && (state == EVENLOAD_METER_INVALID || state == EVENLOAD_METER_UNMETERED)) {
        return 0;
    }
    const int64_t left_ma = (c->cell.limit_ma[k] < cap_ma ? c->cell.limit_ma[k] : cap_ma) - base_ma;
    if (metered && state == EVENLOAD_METER_STALE) {
        return c->cell.fallback_ma[k] < left_ma ? c->cell.fallback_ma[k] : left_ma;
    }
    return left_ma;
}

static int check_cell(const oracle_t *oracle, const evenload_columns_t *c, int32_t k, int64_t room_ma)
{
    int64_t counted = 0;
    int64_t possible = 0;
    int on = 0;
    int raised = 0;
    for (int32_t s = 0; s < c->station_count; s++) {
        if (!is_below(c, s, k / 3)) {
            continue;
        }
        const int64_t grant_ma = loads(c, s, k % 3) ? c->station.grant_ma[s] : 0;
        counted += counted_ma(oracle, c, s, k % 3);
        possible += most(grant_ma, measured_ma(c, s, k % 3));
        on |= grant_ma > 0;
        raised |= grant_ma > 0 && c->station.grant_ma[s] > oracle->grant_ma[s];
    }
    if (counted > room_ma && on) {
        return 1;
    }
    return possible > room_ma && raised ? 11 : 0;
}

/* Checks the round that just ran; returns 0 or the number of the requirement that broke: 1 R1, 11 R1b, 2 R2,
 * 9 R9 (a silent station was granted current), 17 (the guard had to act). */
static int oracle_check(oracle_t *oracle, const evenload_columns_t *columns)
{
    int64_t base_ma[3 * ORACLE_CIRCUITS_MAX];
    for (int32_t s = 0; s < columns->station_count; s++) {
        const int broken = check_station(oracle, columns, s);
        if (broken != 0) {
            return broken;
        }
    }
    sum_bases(oracle, columns, base_ma);
    for (int32_t k = 0; k < 3 * columns->circuit_count; k++) {
        const int broken = check_cell(oracle, columns, k, find_room_ma(columns, k, base_ma[k]));
        if (broken != 0) {
            return broken;
        }
    }
    for (int32_t s = 0; s < columns->station_count; s++) {
        oracle->grant_ma[s] = columns->station.grant_ma[s];
    }
    return columns->guard_count > 0 ? 17 : 0;
}

#endif
