/* The first fault of the setup columns; mirror: shared/evenload/setup.py. */
#include "evenload/setup.h"

#include "evenload/circuits.h"

static int32_t outside(evenload_columns_t *columns, int32_t value, int32_t least, int32_t most)
{
    columns->fault_value = value;
    return value < least || value > most;
}

static int32_t find_circuit_fault(evenload_columns_t *columns, int32_t n)
{
    int32_t *depth = columns->cell.weight_sum;
    const int32_t up = columns->circuit.circuit_parent[n];
    columns->fault_index = n;
    if (outside(columns, up, n > 0 ? 0 : EVENLOAD_CIRCUIT_NONE, n - 1)) {
        return EVENLOAD_ALLOCATION_FAULT_PARENT;
    }
    depth[n] = n > 0 ? depth[up] + 1 : 1;
    if (depth[n] > EVENLOAD_ALLOCATION_DEPTH_MAX) {
        return EVENLOAD_ALLOCATION_FAULT_DEPTH;
    }
    if (outside(columns, columns->circuit.metered[n], 0, 1)) {
        return EVENLOAD_ALLOCATION_FAULT_METERED;
    }
    if (n == 0 && !columns->circuit.metered[0] && !columns->settings->root_unmetered) {
        return EVENLOAD_ALLOCATION_FAULT_ROOT_METER;
    }
    return 0;
}

static int32_t find_cell_fault(evenload_columns_t *columns, int32_t n)
{
    const int32_t most_ma = EVENLOAD_ALLOCATION_CURRENT_MA_MAX;
    for (int32_t k = 3 * n; k < 3 * n + 3; k++) {
        columns->fault_index = k;
        if (outside(columns, columns->cell.limit_ma[k], 0, most_ma)) {
            return EVENLOAD_ALLOCATION_FAULT_LIMIT;
        }
        if (outside(columns, columns->cell.fallback_ma[k], 0, columns->cell.limit_ma[k])) {
            return EVENLOAD_ALLOCATION_FAULT_FALLBACK;
        }
        if (outside(columns, columns->breaker->rated_ma[k], 0, EVENLOAD_ALLOCATION_BREAKER_MA_MAX)) {
            return EVENLOAD_ALLOCATION_FAULT_BREAKER;
        }
    }
    return 0;
}

static int32_t find_current_fault(evenload_columns_t *columns, int32_t s)
{
    const int32_t step_ma = columns->settings->step_ma;
    const int32_t low_ma = columns->station.min_ma[s];
    const int32_t high_ma = columns->station.max_ma[s];
    columns->fault_index = s;
    if (outside(columns, low_ma, EVENLOAD_EV_MIN_CURRENT_MA, EVENLOAD_ALLOCATION_STATION_MA_MAX)) {
        return EVENLOAD_ALLOCATION_FAULT_MIN;
    }
    if (outside(columns, high_ma, low_ma, EVENLOAD_ALLOCATION_STATION_MA_MAX)) {
        return EVENLOAD_ALLOCATION_FAULT_MAX;
    }
    if ((low_ma + step_ma - 1) / step_ma > high_ma / step_ma) {
        return EVENLOAD_ALLOCATION_FAULT_MAX;
    }
    if (outside(columns, columns->station.failsafe_ma[s], 0, high_ma)) {
        return EVENLOAD_ALLOCATION_FAULT_FAILSAFE;
    }
    return 0;
}

static int32_t find_station_fault(evenload_columns_t *columns, int32_t s)
{
    if (outside(columns, columns->station.station_circuit[s], 0, columns->circuit_count - 1)) {
        return EVENLOAD_ALLOCATION_FAULT_CIRCUIT;
    }
    if (outside(columns, columns->station.wiring[s], 0, EVENLOAD_WIRING_UNKNOWN)) {
        return EVENLOAD_ALLOCATION_FAULT_WIRING;
    }
    if (outside(columns, columns->station.priority[s], 0, EVENLOAD_ALLOCATION_PRIORITY_MAX)) {
        return EVENLOAD_ALLOCATION_FAULT_PRIORITY;
    }
    if (outside(columns, columns->station.weight[s], 1, EVENLOAD_ALLOCATION_WEIGHT_MAX)) {
        return EVENLOAD_ALLOCATION_FAULT_WEIGHT;
    }
    if (outside(columns, columns->station.switchable[s], 0, 1)) {
        return EVENLOAD_ALLOCATION_FAULT_SWITCHABLE;
    }
    return 0;
}

static int32_t find_failsafe_fault(evenload_columns_t *columns)
{
    for (int32_t s = 0; s < columns->station_count; s++) {
        const int32_t bits = evenload_phases_mask(columns->station.wiring[s], 3);
        for (int32_t phase = 0; phase < 3; phase++) {
            columns->phase.held_phase_ma[3 * s + phase] =
                (bits >> phase & 1) ? columns->station.failsafe_ma[s] : 0;
        }
    }
    evenload_circuits_sum_below(columns, columns->phase.held_phase_ma, columns->cell.sum_ma);
    for (int32_t k = 0; k < 3 * columns->circuit_count; k++) {
        columns->fault_index = k;
        columns->fault_value = columns->cell.limit_ma[k];
        if (columns->cell.sum_ma[k] > columns->cell.limit_ma[k]) {
            return EVENLOAD_ALLOCATION_FAULT_FAILSAFE_SUM;
        }
    }
    return 0;
}

int32_t evenload_setup_find_fault(evenload_columns_t *columns)
{
    int32_t fault = 0;
    columns->fault_index = 0;
    if (outside(columns, columns->settings->step_ma, 1, EVENLOAD_EV_MIN_CURRENT_MA)) {
        return EVENLOAD_ALLOCATION_FAULT_STEP;
    }
    for (int32_t n = 0; n < columns->circuit_count && fault == 0; n++) {
        fault = find_circuit_fault(columns, n);
        fault = fault != 0 ? fault : find_cell_fault(columns, n);
    }
    for (int32_t s = 0; s < columns->station_count && fault == 0; s++) {
        fault = find_current_fault(columns, s);
        fault = fault != 0 ? fault : find_station_fault(columns, s);
    }
    return fault != 0 ? fault : find_failsafe_fault(columns);
}
