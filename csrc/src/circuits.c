/* The tree of circuits, bottom-up; mirror: shared/evenload/circuits.py. */
#include "evenload/circuits.h"

#include "evenload/breaker.h"
#include "evenload/ticks.h"

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

int32_t evenload_circuits_severity(int32_t meter_state)
{
    static const int8_t severities[6] = {3, 0, 2, 1, 1, 3};
    return meter_state >= 0 && meter_state < 6 ? severities[meter_state] : EVENLOAD_SEVERITY_INVALID;
}

void evenload_circuits_index_members(evenload_columns_t *columns)
{
    int32_t *first = columns->circuit.first_member;
    int32_t *last = columns->circuit.last_member;
    const int32_t *parent = columns->circuit.circuit_parent;
    int32_t *own = columns->cell.weight_sum;
    const int32_t count = columns->circuit_count;
    for (int32_t n = 0; n < count; n++) {
        first[n] = last[n] = 0;
    }
    for (int32_t s = 0; s < columns->station_count; s++) {
        last[columns->station.station_circuit[s]] += 1;
    }
    for (int32_t n = 0; n < count; n++) {
        own[n] = last[n];
    }
    for (int32_t n = count - 1; n > 0; n--) {
        last[parent[n]] += last[n];
    }
    for (int32_t n = 0; n < count; n++) {
        const int32_t size = last[n];
        if (n > 0) {
            first[n] = own[parent[n]];
            own[parent[n]] += size;
        }
        last[n] = first[n] + size;
        own[n] += first[n];
    }
    for (int32_t n = 0; n < count; n++) {
        own[n] = first[n];
    }
    for (int32_t s = 0; s < columns->station_count; s++) {
        const int32_t n = columns->station.station_circuit[s];
        columns->station.members[own[n]] = s;
        own[n] += 1;
    }
}

void evenload_circuits_sum_below(const evenload_columns_t *columns, const int32_t *amounts, int32_t *totals)
{
    const int32_t *circuit = columns->station.station_circuit;
    for (int32_t k = 0; k < 3 * columns->circuit_count; k++) {
        totals[k] = 0;
    }
    for (int32_t s = 0; s < columns->station_count; s++) {
        int32_t *own = totals + 3 * circuit[s];
        own[0] += amounts[3 * s];
        own[1] += amounts[3 * s + 1];
        own[2] += amounts[3 * s + 2];
    }
    for (int32_t n = columns->circuit_count - 1; n > 0; n--) {
        int32_t *up = totals + 3 * columns->circuit.circuit_parent[n];
        up[0] += totals[3 * n];
        up[1] += totals[3 * n + 1];
        up[2] += totals[3 * n + 2];
    }
}

static void age_samples(evenload_columns_t *columns)
{
    const evenload_columns_circuit_t *c = &columns->circuit;
    for (int32_t n = 0; n < columns->circuit_count; n++) {
        if (c->sample_ms[n] != c->sample_seen_ms[n]) {
            c->sample_seen_ms[n] = c->sample_ms[n];
            c->sample_age_ms[n] = larger(evenload_ticks_elapsed_ms(columns->now_ms, c->sample_ms[n]), 0);
        } else {
            c->sample_age_ms[n] =
                smaller(c->sample_age_ms[n] + columns->dt_ms, EVENLOAD_ALLOCATION_AGE_MS_MAX);
        }
        c->path_age_ms[n] = c->metered[n] ? c->sample_age_ms[n] : 0;
        c->worst_state[n] = c->metered[n] ? c->meter_state[n] : EVENLOAD_METER_FRESH;
        c->worst_circuit[n] = n;
        const int32_t up = c->circuit_parent[n];
        if (up >= 0) {
            c->path_age_ms[n] = larger(c->path_age_ms[n], c->path_age_ms[up]);
            if (evenload_circuits_severity(c->worst_state[up]) >
                evenload_circuits_severity(c->worst_state[n])) {
                c->worst_state[n] = c->worst_state[up];
                c->worst_circuit[n] = c->worst_circuit[up];
            }
        }
    }
}

static int32_t available_ma(const evenload_columns_t *columns, int32_t n, int32_t k)
{
    const int32_t cap_ma = columns->cell.cap_ma[k];
    const int32_t bad =
        columns->circuit.metered[n] ? evenload_circuits_severity(columns->circuit.meter_state[n]) : 0;
    if (bad == EVENLOAD_SEVERITY_INVALID) {
        return 0;
    }
    const int32_t left_ma = smaller(columns->cell.limit_ma[k], cap_ma) - columns->cell.base_ma[k];
    return bad == EVENLOAD_SEVERITY_STALE ? smaller(columns->cell.fallback_ma[k], left_ma) : left_ma;
}

void evenload_circuits_intake(evenload_columns_t *columns)
{
    const evenload_columns_cell_t *cell = &columns->cell;
    age_samples(columns);
    evenload_circuits_sum_below(columns, columns->phase.draw_ma, cell->sum_ma);
    for (int32_t k = 0; k < 3 * columns->circuit_count; k++) {
        cell->base_ma[k] = 0;
    }
    for (int32_t n = columns->circuit_count - 1; n >= 0; n--) {
        const int32_t up = columns->circuit.circuit_parent[n];
        const int32_t state =
            columns->circuit.metered[n] ? columns->circuit.meter_state[n] : EVENLOAD_METER_UNMETERED;
        const int32_t read = state == EVENLOAD_METER_FRESH || state == EVENLOAD_METER_RECOVERING;
        for (int32_t phase = 0; phase < 3; phase++) {
            const int32_t k = 3 * n + phase;
            if (read && cell->feeder_ma[k] >= 0) {
                const int32_t feeder_ma = smaller(cell->feeder_ma[k], EVENLOAD_ALLOCATION_CURRENT_MA_MAX);
                const int32_t own_ma = larger(feeder_ma - cell->sum_ma[k] - cell->base_ma[k], 0);
                const int32_t least_ma = state == EVENLOAD_METER_FRESH ? 0 : cell->own_base_ma[k];
                cell->own_base_ma[k] = larger(own_ma, least_ma);
            }
            cell->base_ma[k] += cell->own_base_ma[k];
            cell->available_ma[k] = available_ma(columns, n, k);
            if (up >= 0) {
                int32_t *up_ma = cell->base_ma + 3 * up + phase;
                *up_ma = smaller(*up_ma + cell->base_ma[k], EVENLOAD_ALLOCATION_BASE_MA_MAX);
            }
        }
    }
}

static void watch_breaker(evenload_columns_t *columns, int32_t k)
{
    const evenload_columns_cell_t *cell = &columns->cell;
    const int32_t n = k / 3;
    const int32_t trusted =
        columns->circuit.metered[n] && columns->circuit.meter_state[n] == EVENLOAD_METER_FRESH;
    const int32_t current_ma =
        trusted ? smaller(cell->feeder_ma[k], EVENLOAD_ALLOCATION_BREAKER_MA_MAX) : EVENLOAD_NOT_MEASURED_MA;
    const int32_t action = evenload_breaker_on_measured(columns->breaker, k, columns->now_ms, current_ma);
    cell->suspend_age_ms[k] =
        smaller(cell->suspend_age_ms[k] + columns->dt_ms, EVENLOAD_ALLOCATION_AGE_MS_MAX);
    if (action == EVENLOAD_BREAKER_ACTION_SUSPEND && !cell->suspended[k]) {
        cell->suspended[k] = 1;
        cell->suspend_age_ms[k] = 0;
        evenload_columns_push_event(columns, EVENLOAD_EVENT_BREAKER_SUSPEND, n, k % 3, cell->feeder_ma[k]);
    } else if (cell->suspended[k] && action == EVENLOAD_BREAKER_ACTION_NONE &&
               cell->suspend_age_ms[k] >= columns->settings->off_min_ms) {
        cell->suspended[k] = 0;
        evenload_columns_push_event(columns, EVENLOAD_EVENT_BREAKER_RECOVER, n, k % 3, cell->feeder_ma[k]);
    }
}

void evenload_circuits_watch_breakers(evenload_columns_t *columns)
{
    columns->suspended_count = 0;
    for (int32_t k = 0; k < 3 * columns->circuit_count; k++) {
        if (columns->breaker->rated_ma[k] > 0) {
            watch_breaker(columns, k);
            columns->suspended_count += columns->cell.suspended[k];
        }
    }
}

void evenload_circuits_take_from_path(const evenload_columns_t *columns, int32_t *amounts, int32_t s,
                                      int32_t amount_ma)
{
    const int32_t mask = columns->station.phase_mask[s];
    const int32_t l1_ma = -(mask & 1) & amount_ma;
    const int32_t l2_ma = -(mask >> 1 & 1) & amount_ma;
    const int32_t l3_ma = -(mask >> 2 & 1) & amount_ma;
    for (int32_t n = columns->station.station_circuit[s]; n >= 0; n = columns->circuit.circuit_parent[n]) {
        amounts[3 * n] -= l1_ma;
        amounts[3 * n + 1] -= l2_ma;
        amounts[3 * n + 2] -= l3_ma;
    }
}

int32_t evenload_circuits_tightest_cell(const evenload_columns_t *columns, const int32_t *amounts, int32_t s)
{
    const int32_t mask = columns->station.phase_mask[s];
    int32_t best = -1;
    int32_t best_amount = 0;
    for (int32_t n = columns->station.station_circuit[s]; n >= 0; n = columns->circuit.circuit_parent[n]) {
        for (int32_t phase = 0; phase < 3; phase++) {
            const int32_t amount = amounts[3 * n + phase];
            if ((mask >> phase & 1) && (best < 0 || amount < best_amount)) {
                best = 3 * n + phase;
                best_amount = amount;
            }
        }
    }
    return best;
}
