/* The allocation round and its guard; mirror: shared/evenload/allocation.py. */
#include "evenload/allocation.h"

#include "evenload/admission.h"
#include "evenload/ceiling.h"
#include "evenload/circuits.h"
#include "evenload/compliance.h"
#include "evenload/fairness.h"
#include "evenload/setup.h"
#include "evenload/slew.h"
#include "evenload/ticks.h"
#include "evenload/waterfill.h"

int32_t evenload_allocation_seal(evenload_columns_t *columns)
{
    const evenload_settings_t *settings = columns->settings;
    const evenload_columns_station_t *station = &columns->station;
    const int32_t fault = evenload_setup_find_fault(columns);
    if (fault != 0) {
        return fault;
    }
    for (int32_t s = 0; s < columns->station_count; s++) {
        station->low_ma[s] =
            (station->min_ma[s] + settings->step_ma - 1) / settings->step_ma * settings->step_ma;
        station->high_ma[s] = station->max_ma[s] / settings->step_ma * settings->step_ma;
        station->phase_mask[s] = evenload_phases_mask(station->wiring[s], 3);
        station->grant_phases[s] = evenload_phases_terminal_count(station->wiring[s]);
        columns->phase_switch->min_ma[s] = station->low_ma[s];
    }
    columns->rotation->slot_ms = settings->slot_ms;
    columns->rotation->on_min_ms = settings->on_min_ms;
    columns->rotation->off_min_ms = settings->off_min_ms;
    evenload_circuits_index_members(columns);
    evenload_admission_index_classes(columns);
    columns->sealed = 1;
    return 0;
}

static void advance(evenload_columns_t *columns, int32_t now_ms)
{
    columns->dt_ms = 0;
    if (columns->started) {
        const int32_t elapsed_ms = evenload_ticks_elapsed_ms(now_ms, columns->now_ms);
        columns->dt_ms = evenload_compliance_grow_age(elapsed_ms > 0 ? elapsed_ms : 0, 0);
        columns->boot_age_ms = evenload_compliance_grow_age(columns->boot_age_ms, columns->dt_ms);
    }
    columns->started = 1;
    columns->now_ms = now_ms;
    columns->boundary = evenload_rotation_tick(columns->rotation, now_ms);
    if (!columns->booted) {
        int32_t unreported = 0;
        for (int32_t s = 0; s < columns->station_count; s++) {
            unreported += columns->station.station_state[s] == EVENLOAD_STATION_UNREPORTED;
        }
        columns->booted = unreported == 0 || columns->boot_age_ms >= columns->settings->boot_wait_ms;
    }
}

static void sum_loads(evenload_columns_t *columns)
{
    int32_t *planned = columns->phase.held_phase_ma;
    for (int32_t s = 0; s < columns->station_count; s++) {
        const int32_t mask = columns->station.phase_mask[s];
        const int32_t grant_ma = columns->station.grant_ma[s];
        const int32_t *over = columns->phase.over_ma + 3 * s;
        planned[3 * s] = over[0] + (-(mask & 1) & grant_ma);
        planned[3 * s + 1] = over[1] + (-(mask >> 1 & 1) & grant_ma);
        planned[3 * s + 2] = over[2] + (-(mask >> 2 & 1) & grant_ma);
    }
    evenload_circuits_sum_below(columns, planned, columns->cell.load_ma);
}

static void lower(evenload_columns_t *columns, int32_t s, int32_t grant_ma, int32_t k)
{
    const evenload_columns_station_t *station = &columns->station;
    grant_ma -= grant_ma % columns->settings->step_ma;
    if (grant_ma < station->low_ma[s]) {
        grant_ma = 0;
        station->switch_age_ms[s] = 0;
    }
    station->grant_ma[s] = grant_ma;
    station->set_age_ms[s] = 0;
    station->reason[s] = EVENLOAD_REASON_GUARD;
    station->limiting_circuit[s] = k / 3;
    station->limiting_phase[s] = k % 3;
}

/* Divides what cell k has among its stations by the proved waterfill; returns how many were lowered. */
static int32_t clamp(evenload_columns_t *columns, int32_t k)
{
    const evenload_columns_station_t *station = &columns->station;
    int32_t *wanted = columns->turn.wanted;
    int32_t *given = columns->turn.given;
    int32_t *chosen = columns->turn.chosen;
    int32_t room_ma = columns->cell.available_ma[k] - columns->cell.load_ma[k];
    int32_t count = 0;
    for (int32_t i = columns->circuit.first_member[k / 3]; i < columns->circuit.last_member[k / 3]; i++) {
        const int32_t s = station->members[i];
        if (station->grant_ma[s] > 0 && (station->phase_mask[s] >> k % 3 & 1)) {
            chosen[count] = s;
            wanted[count] = station->grant_ma[s];
            room_ma += station->grant_ma[s];
            count++;
        }
    }
    evenload_waterfill_fill(wanted, given, count, room_ma);
    int32_t lowered = 0;
    for (int32_t i = 0; i < count; i++) {
        if (given[i] < wanted[i]) {
            lower(columns, chosen[i], given[i], k);
            lowered++;
        }
    }
    return lowered;
}

/* Sums the final grants again and clamps whoever stands below a cell that they exceed; writes load_ma. */
static void guard(evenload_columns_t *columns)
{
    const evenload_columns_cell_t *cell = &columns->cell;
    sum_loads(columns);
    for (int32_t k = 0; k < 3 * columns->circuit_count; k++) {
        const int32_t excess_ma = cell->load_ma[k] - cell->available_ma[k];
        if (excess_ma > 0 && clamp(columns, k) > 0) {
            columns->guard_count += 1;
            evenload_columns_push_event(columns, EVENLOAD_EVENT_GUARD_ACTED, k / 3, EVENLOAD_CIRCUIT_NONE,
                                        excess_ma);
            sum_loads(columns);
        }
    }
    for (int32_t k = 0; k < 3 * columns->circuit_count; k++) {
        cell->load_ma[k] += cell->base_ma[k];
    }
}

void evenload_allocation_tick(evenload_columns_t *columns, int32_t now_ms)
{
    if (!columns->sealed) {
        return;
    }
    advance(columns, now_ms);
    evenload_compliance_observe(columns);
    evenload_circuits_intake(columns);
    evenload_circuits_watch_breakers(columns);
    evenload_admission_take_turns(columns);
    evenload_ceiling_set_ceilings(columns);
    const int32_t classes = evenload_admission_admit(columns);
    for (int32_t priority = 0; priority <= EVENLOAD_ALLOCATION_PRIORITY_MAX; priority++) {
        if (classes >> priority & 1) {
            evenload_fairness_fill(columns, priority);
        }
    }
    evenload_slew_regulate(columns);
    evenload_slew_explain(columns);
    guard(columns);
    const int32_t expires_ms = evenload_ticks_add_ms(now_ms, columns->settings->lease_ms);
    for (int32_t s = 0; s < columns->station_count; s++) {
        const int32_t is_on = columns->station.grant_ma[s] > 0 || columns->phase_switch->pausing[s];
        evenload_rotation_set_on(columns->rotation, s, now_ms, is_on);
        columns->station.expires_ms[s] = expires_ms;
    }
}
