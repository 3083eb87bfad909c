/* Ceilings and their causes; mirror: shared/evenload/ceiling.py. */
#include "evenload/ceiling.h"

#include "evenload/circuits.h"

static int32_t find_suspended(const evenload_columns_t *columns, int32_t s)
{
    for (int32_t n = columns->station.station_circuit[s]; n >= 0; n = columns->circuit.circuit_parent[n]) {
        for (int32_t phase = 0; phase < 3; phase++) {
            if (columns->cell.suspended[3 * n + phase] && (columns->station.phase_mask[s] >> phase & 1)) {
                columns->station.limiting_circuit[s] = n;
                columns->station.limiting_phase[s] = phase;
                return 1;
            }
        }
    }
    return 0;
}

/* The REASON_* why station s gets nothing, -1 if it may charge. */
static int32_t refusal(const evenload_columns_t *columns, int32_t s)
{
    const evenload_columns_station_t *station = &columns->station;
    const int32_t state = station->station_state[s];
    if (state == EVENLOAD_STATION_FAULTED) {
        return EVENLOAD_REASON_FAULTED;
    }
    if (station->silent[s]) {
        return EVENLOAD_REASON_SILENT;
    }
    if (state != EVENLOAD_STATION_CONNECTED && state != EVENLOAD_STATION_CHARGING) {
        return EVENLOAD_REASON_NOT_CONNECTED;
    }
    if (!columns->booted) {
        return EVENLOAD_REASON_BOOT_WAIT;
    }
    if (station->noncompliant[s]) {
        return EVENLOAD_REASON_NONCOMPLIANT;
    }
    if (columns->suspended_count > 0 && find_suspended(columns, s)) {
        return EVENLOAD_REASON_BREAKER;
    }
    if (columns->phase_switch->pausing[s]) {
        return EVENLOAD_REASON_PHASE_SWITCH;
    }
    const int32_t n = station->station_circuit[s];
    const int32_t bad = evenload_circuits_severity(columns->circuit.worst_state[n]);
    if (bad == EVENLOAD_SEVERITY_INVALID || (bad == EVENLOAD_SEVERITY_HOLD && station->grant_ma[s] == 0)) {
        station->limiting_circuit[s] = columns->circuit.worst_circuit[n];
        return bad == EVENLOAD_SEVERITY_INVALID ? EVENLOAD_REASON_METER_INVALID : EVENLOAD_REASON_METER_HOLD;
    }
    return -1;
}

static void set_ceiling(const evenload_columns_t *columns, int32_t s)
{
    const evenload_columns_station_t *station = &columns->station;
    const int32_t step_ma = columns->settings->step_ma;
    const int32_t low_ma = station->low_ma[s];
    int32_t ceiling_ma = station->high_ma[s];
    int32_t cause = EVENLOAD_REASON_FULL_REQUEST;
    if (station->station_cap_ma[s] < ceiling_ma) {
        ceiling_ma = station->station_cap_ma[s] - station->station_cap_ma[s] % step_ma;
        cause = EVENLOAD_REASON_EXTERNAL_CAP;
    }
    if (station->used_ma[s] >= 0 && ceiling_ma >= low_ma) {
        int32_t used_ma = station->used_ma[s] + columns->settings->reclaim_margin_ma + step_ma - 1;
        used_ma -= used_ma % step_ma;
        used_ma = used_ma > low_ma ? used_ma : low_ma;
        if (used_ma < ceiling_ma) {
            ceiling_ma = used_ma;
            cause = EVENLOAD_REASON_RECLAIMED;
        }
    }
    const int32_t n = station->station_circuit[s];
    const int32_t bad = evenload_circuits_severity(columns->circuit.worst_state[n]);
    if (bad == EVENLOAD_SEVERITY_STALE && ceiling_ma >= low_ma) {
        ceiling_ma = low_ma;
        cause = EVENLOAD_REASON_METER_STALE;
        station->limiting_circuit[s] = columns->circuit.worst_circuit[n];
    } else if (bad == EVENLOAD_SEVERITY_HOLD && station->grant_ma[s] < ceiling_ma) {
        ceiling_ma = station->grant_ma[s];
        cause = EVENLOAD_REASON_METER_HOLD;
        station->limiting_circuit[s] = columns->circuit.worst_circuit[n];
    }
    station->ceiling_ma[s] = ceiling_ma >= low_ma ? ceiling_ma : 0;
    station->cause[s] = cause;
}

void evenload_ceiling_set_ceilings(evenload_columns_t *columns)
{
    const evenload_columns_station_t *station = &columns->station;
    for (int32_t s = 0; s < columns->station_count; s++) {
        station->limiting_circuit[s] = EVENLOAD_CIRCUIT_NONE;
        station->limiting_phase[s] = EVENLOAD_PHASE_NONE;
        station->target_ma[s] = 0;
        station->status[s] = 0;
        station->weight[s] = station->weight[s] > 1 ? station->weight[s] : 1;
        if (station->weight[s] > EVENLOAD_ALLOCATION_WEIGHT_MAX) {
            station->weight[s] = EVENLOAD_ALLOCATION_WEIGHT_MAX;
        }
        station->cause[s] = refusal(columns, s);
        if (station->cause[s] < 0) {
            set_ceiling(columns, s);
        } else {
            station->ceiling_ma[s] = 0;
        }
    }
}
