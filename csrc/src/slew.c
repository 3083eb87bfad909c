/* R6 and R1b; mirror: shared/evenload/slew.py. */
#include "evenload/slew.h"

#include "evenload/circuits.h"
#include "evenload/fairness.h"

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static void set_grant(evenload_columns_t *columns, int32_t s, int32_t grant_ma)
{
    const evenload_columns_station_t *station = &columns->station;
    const int32_t before_ma = station->grant_ma[s];
    station->grant_ma[s] = grant_ma;
    station->set_age_ms[s] = 0;
    if (grant_ma > before_ma) {
        station->raise_age_ms[s] = 0;
    }
    if (before_ma == 0 || grant_ma == 0) {
        station->switch_age_ms[s] = 0;
        station->shed[s] = grant_ma == 0 && station->cause[s] == EVENLOAD_REASON_WAITING_TURN;
    }
}

/* What station s takes or may take on `phase` now: the largest of grant, measured and what counts beyond. */
static int32_t held_ma(const evenload_columns_t *columns, int32_t s, int32_t phase)
{
    const int32_t i = 3 * s + phase;
    const int32_t on = -(columns->station.phase_mask[s] >> phase & 1);
    const int32_t drawn_ma = larger(columns->phase.draw_ma[i], columns->phase.over_ma[i]);
    return larger(on & columns->station.grant_ma[s], drawn_ma);
}

static void measure_slack(evenload_columns_t *columns)
{
    const evenload_columns_cell_t *cell = &columns->cell;
    int32_t *held = columns->phase.held_phase_ma;
    for (int32_t s = 0; s < columns->station_count; s++) {
        held[3 * s] = held_ma(columns, s, 0);
        held[3 * s + 1] = held_ma(columns, s, 1);
        held[3 * s + 2] = held_ma(columns, s, 2);
    }
    evenload_circuits_sum_below(columns, held, cell->sum_ma);
    for (int32_t k = 0; k < 3 * columns->circuit_count; k++) {
        cell->slack_ma[k] = cell->available_ma[k] - cell->sum_ma[k];
    }
}

/* The grant up to reach_ma that keeps the phases within unbalance_ma_max of each other (R13). */
static int32_t balanced_ma(evenload_columns_t *columns, int32_t s, int32_t reach_ma)
{
    const int32_t mask = columns->station.phase_mask[s];
    const int32_t *held = columns->phase.held_phase_ma + 3 * s;
    int32_t load_ma[3];
    for (int32_t phase = 0; phase < 3; phase++) {
        const int32_t own_ma = (mask >> phase & 1) ? held[phase] : 0;
        load_ma[phase] = columns->cell.base_ma[phase] + columns->cell.sum_ma[phase] - own_ma;
    }
    const int32_t limit_ma = evenload_phases_room_ma(load_ma[0], load_ma[1], load_ma[2], mask,
                                                     columns->settings->unbalance_ma_max);
    if (limit_ma >= reach_ma) {
        return reach_ma;
    }
    columns->station.limiting_circuit[s] = 0;
    columns->station.limiting_phase[s] = EVENLOAD_PHASE_NONE;
    columns->station.pace[s] = EVENLOAD_REASON_UNBALANCE;
    return limit_ma;
}

/* The grant up to wanted_ma that the room on the path of station s allows now; its cell is noted. */
static int32_t reachable_ma(evenload_columns_t *columns, int32_t s, int32_t wanted_ma)
{
    const int32_t mask = columns->station.phase_mask[s];
    const int32_t *held = columns->phase.held_phase_ma + 3 * s;
    int32_t reach_ma = wanted_ma;
    for (int32_t n = columns->station.station_circuit[s]; n >= 0; n = columns->circuit.circuit_parent[n]) {
        for (int32_t phase = 0; phase < 3; phase++) {
            const int32_t slack_ma = columns->cell.slack_ma[3 * n + phase];
            const int32_t limit_ma = slack_ma >= 0 ? held[phase] + slack_ma : 0;
            if ((mask >> phase & 1) && limit_ma < reach_ma) {
                reach_ma = limit_ma;
                columns->station.limiting_circuit[s] = n;
                columns->station.limiting_phase[s] = phase;
                columns->station.pace[s] = EVENLOAD_REASON_CIRCUIT_LIMIT;
            }
        }
    }
    return columns->settings->unbalance_ma_max > 0 ? balanced_ma(columns, s, reach_ma) : reach_ma;
}

/* Grants station s more and takes what it may now draw beyond before from the room of its path. */
static void give(evenload_columns_t *columns, int32_t s, int32_t grant_ma)
{
    set_grant(columns, s, grant_ma);
    for (int32_t phase = 0; phase < 3; phase++) {
        const int32_t more_ma = held_ma(columns, s, phase) - columns->phase.held_phase_ma[3 * s + phase];
        if (more_ma <= 0) {
            continue;
        }
        columns->phase.held_phase_ma[3 * s + phase] += more_ma;
        for (int32_t n = columns->station.station_circuit[s]; n >= 0;
             n = columns->circuit.circuit_parent[n]) {
            columns->cell.slack_ma[3 * n + phase] -= more_ma;
            columns->cell.sum_ma[3 * n + phase] += more_ma;
        }
    }
}

static void start(evenload_columns_t *columns, int32_t s)
{
    const int32_t low_ma = columns->station.low_ma[s];
    columns->station.pace[s] = EVENLOAD_REASON_RAMPING;
    if (reachable_ma(columns, s, low_ma) >= low_ma) {
        give(columns, s, low_ma);
    }
}

/* How much the settings let station s rise now. */
static int32_t rise_ma(const evenload_columns_t *columns, int32_t s, int32_t gap_ma)
{
    const evenload_settings_t *settings = columns->settings;
    int32_t rise = gap_ma;
    if (settings->raise_headroom_percent > 0) {
        rise = larger(gap_ma * settings->raise_headroom_percent / 100, settings->step_ma);
    }
    if (settings->raise_rated_percent_per_s > 0) {
        const int32_t age_ms = smaller(columns->station.raise_age_ms[s], settings->raise_settle_ms + 1000);
        const int32_t rate_ma = columns->station.high_ma[s] * settings->raise_rated_percent_per_s / 100;
        rise = smaller(rise, (int32_t)((int64_t)rate_ma * age_ms / 1000));
    }
    return smaller(rise, gap_ma);
}

static void raise(evenload_columns_t *columns, int32_t s)
{
    const evenload_columns_station_t *station = &columns->station;
    const evenload_settings_t *settings = columns->settings;
    const int32_t sample_age_ms = columns->circuit.path_age_ms[station->station_circuit[s]];
    station->pace[s] = EVENLOAD_REASON_RAMPING;
    if (settings->raise_settle_ms > 0 && station->set_age_ms[s] - sample_age_ms < settings->raise_settle_ms) {
        return;
    }
    const int32_t grant_ma = station->grant_ma[s];
    const int32_t rise = rise_ma(columns, s, station->target_ma[s] - grant_ma);
    if (rise < settings->step_ma) {
        return;
    }
    int32_t raised_ma = smaller(grant_ma + rise, reachable_ma(columns, s, station->target_ma[s]));
    raised_ma -= raised_ma % settings->step_ma;
    if (raised_ma > grant_ma) {
        give(columns, s, raised_ma);
    }
}

void evenload_slew_regulate(evenload_columns_t *columns)
{
    const evenload_columns_station_t *station = &columns->station;
    const int32_t at_once = columns->settings->raise_settle_ms == 0;
    for (int32_t s = 0; s < columns->station_count; s++) {
        if (station->target_ma[s] < station->grant_ma[s]) {
            set_grant(columns, s, station->target_ma[s]);
        }
    }
    measure_slack(columns);
    for (int32_t s = 0; s < columns->station_count; s++) {
        if (station->target_ma[s] > 0 && station->grant_ma[s] == 0) {
            start(columns, s);
        }
    }
    for (int32_t s = 0; s < columns->station_count; s++) {
        if (station->target_ma[s] > station->grant_ma[s] && station->grant_ma[s] > 0 &&
            (at_once || station->raise_age_ms[s] > 0)) {
            raise(columns, s);
        }
    }
}

void evenload_slew_explain(evenload_columns_t *columns)
{
    const evenload_columns_station_t *station = &columns->station;
    for (int32_t s = 0; s < columns->station_count; s++) {
        const int32_t grant_ma = station->grant_ma[s];
        station->reason[s] = station->cause[s];
        if (grant_ma < station->target_ma[s]) {
            station->reason[s] = station->pace[s];
        } else if (station->status[s] != EVENLOAD_STATUS_OFF && grant_ma < station->ceiling_ma[s]) {
            const int32_t k = 3 * station->limiting_circuit[s] + station->limiting_phase[s];
            const int32_t capped = columns->cell.cap_ma[k] < columns->cell.limit_ma[k];
            station->reason[s] = capped ? EVENLOAD_REASON_EXTERNAL_CAP : EVENLOAD_REASON_CIRCUIT_LIMIT;
        }
    }
}
