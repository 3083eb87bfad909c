/* The columns of one allocation; mirror: shared/evenload/columns.py. */
#include "evenload/columns.h"

#include <string.h>

void evenload_columns_settings_init(evenload_settings_t *settings)
{
    settings->step_ma = EVENLOAD_STEP_MA_DEFAULT;
    settings->slot_ms = EVENLOAD_ALLOCATION_SLOT_MS;
    settings->on_min_ms = EVENLOAD_ALLOCATION_ON_MIN_MS;
    settings->off_min_ms = EVENLOAD_ALLOCATION_OFF_MIN_MS;
    settings->lease_ms = EVENLOAD_ALLOCATION_LEASE_MS;
    settings->lease_grace_ms = EVENLOAD_ALLOCATION_LEASE_GRACE_MS;
    settings->follow_ms = EVENLOAD_ALLOCATION_FOLLOW_MS;
    settings->raise_headroom_percent = EVENLOAD_ALLOCATION_RAISE_HEADROOM_PERCENT;
    settings->raise_rated_percent_per_s = EVENLOAD_ALLOCATION_RAISE_RATED_PERCENT_PER_S;
    settings->raise_settle_ms = EVENLOAD_ALLOCATION_RAISE_SETTLE_MS;
    settings->reclaim_after_ms = EVENLOAD_ALLOCATION_RECLAIM_AFTER_MS;
    settings->reclaim_margin_ma = EVENLOAD_ALLOCATION_RECLAIM_MARGIN_MA;
    settings->narrow_after_ms = 0;
    settings->start_margin_ma = EVENLOAD_ALLOCATION_START_MARGIN_MA;
    settings->boot_wait_ms = EVENLOAD_ALLOCATION_BOOT_WAIT_MS;
    settings->unbalance_ma_max = 0;
    settings->root_unmetered = 0;
}

static void set_all(int32_t *column, int32_t count, int32_t value)
{
    for (int32_t i = 0; i < count; i++) {
        column[i] = value;
    }
}

static void clear_circuit(const evenload_columns_circuit_t *circuit, int32_t count)
{
    set_all(circuit->circuit_parent, count, EVENLOAD_CIRCUIT_NONE);
    set_all(circuit->metered, count, 0);
    set_all(circuit->meter_state, count, EVENLOAD_METER_INVALID);
    set_all(circuit->sample_ms, count, 0);
    set_all(circuit->worst_state, count, EVENLOAD_METER_INVALID);
    set_all(circuit->worst_circuit, count, EVENLOAD_CIRCUIT_NONE);
    set_all(circuit->sample_seen_ms, count, -1);
    set_all(circuit->sample_age_ms, count, EVENLOAD_ALLOCATION_AGE_MS_MAX);
    set_all(circuit->path_age_ms, count, 0);
    set_all(circuit->crowded, count, 0);
    set_all(circuit->first_member, count, 0);
    set_all(circuit->last_member, count, 0);
}

static void clear_cell(const evenload_columns_cell_t *cell, int32_t count)
{
    set_all(cell->limit_ma, count, 0);
    set_all(cell->fallback_ma, count, 0);
    set_all(cell->feeder_ma, count, EVENLOAD_NOT_MEASURED_MA);
    set_all(cell->cap_ma, count, EVENLOAD_NO_CAP_MA);
    set_all(cell->base_ma, count, 0);
    set_all(cell->load_ma, count, 0);
    set_all(cell->suspended, count, 0);
    set_all(cell->suspend_age_ms, count, 0);
    set_all(cell->own_base_ma, count, 0);
    set_all(cell->available_ma, count, 0);
    set_all(cell->room_ma, count, 0);
    set_all(cell->spare_ma, count, 0);
    set_all(cell->slack_ma, count, 0);
    set_all(cell->sum_ma, count, 0);
    set_all(cell->weight_sum, count, 0);
    set_all(cell->level, count, 0);
}

static void clear_station_setup(const evenload_columns_station_t *station, int32_t count)
{
    set_all(station->station_circuit, count, 0);
    set_all(station->wiring, count, EVENLOAD_WIRING_L1_L2_L3);
    set_all(station->min_ma, count, EVENLOAD_EV_MIN_CURRENT_MA);
    set_all(station->max_ma, count, EVENLOAD_EV_MIN_CURRENT_MA);
    set_all(station->failsafe_ma, count, 0);
    set_all(station->priority, count, 0);
    set_all(station->weight, count, 1);
    set_all(station->switchable, count, 0);
    set_all(station->station_state, count, EVENLOAD_STATION_UNREPORTED);
    set_all(station->heard_ms, count, 0);
    set_all(station->station_cap_ma, count, EVENLOAD_NO_CAP_MA);
    set_all(station->grant_ma, count, 0);
    set_all(station->grant_phases, count, 0);
    set_all(station->reason, count, EVENLOAD_REASON_NOT_CONNECTED);
    set_all(station->limiting_circuit, count, EVENLOAD_CIRCUIT_NONE);
    set_all(station->limiting_phase, count, EVENLOAD_PHASE_NONE);
    set_all(station->expires_ms, count, 0);
    set_all(station->phase_mask, count, 0);
    set_all(station->low_ma, count, 0);
    set_all(station->high_ma, count, 0);
    set_all(station->silent, count, 0);
    set_all(station->noncompliant, count, 0);
    set_all(station->fresh, count, 0);
    set_all(station->shed, count, 0);
}

static void clear_station_state(const evenload_columns_station_t *station, int32_t count)
{
    set_all(station->present, count, 0);
    set_all(station->idle, count, 0);
    set_all(station->held_ma, count, 0);
    set_all(station->heard_seen_ms, count, -1);
    set_all(station->heard_age_ms, count, 0);
    set_all(station->set_age_ms, count, 0);
    set_all(station->raise_age_ms, count, EVENLOAD_ALLOCATION_AGE_MS_MAX);
    set_all(station->switch_age_ms, count, EVENLOAD_ALLOCATION_AGE_MS_MAX);
    set_all(station->charge_age_ms, count, 0);
    set_all(station->told_ma, count, 0);
    set_all(station->told_before_ma, count, 0);
    set_all(station->told_first_ma, count, 0);
    set_all(station->over_age_ms, count, -1);
    set_all(station->calm_age_ms, count, -1);
    set_all(station->calm_wait_ms, count, EVENLOAD_ALLOCATION_COMPLIANT_AFTER_MS);
    set_all(station->offer_age_ms, count, 0);
    set_all(station->ceiling_ma, count, 0);
    set_all(station->target_ma, count, 0);
    set_all(station->cause, count, 0);
    set_all(station->pace, count, 0);
    set_all(station->used_ma, count, EVENLOAD_NOT_MEASURED_MA);
    set_all(station->status, count, 0);
    set_all(station->members, count, 0);
    set_all(station->queue, count, 0);
}

static void clear_phase(const evenload_columns_phase_t *phase, int32_t count)
{
    set_all(phase->measured_ma, count, EVENLOAD_NOT_MEASURED_MA);
    set_all(phase->draw_ma, count, 0);
    set_all(phase->over_ma, count, 0);
    set_all(phase->held_phase_ma, count, 0);
    set_all(phase->quiet_age_ms, count, 0);
}

static void clear_event(const evenload_columns_event_t *event, int32_t count)
{
    set_all(event->event_code, count, 0);
    set_all(event->event_circuit, count, 0);
    set_all(event->event_station, count, 0);
    set_all(event->event_value, count, 0);
}

static void clear_turn(const evenload_columns_turn_t *turn, int32_t count)
{
    set_all(turn->turns, count, 0);
    set_all(turn->chosen, count, 0);
    set_all(turn->starts, count, 0);
    set_all(turn->tops, count, 0);
    set_all(turn->start_level, count, 0);
    set_all(turn->top_level, count, 0);
    set_all(turn->scratch, count, 0);
    set_all(turn->wanted, count, 0);
    set_all(turn->given, count, 0);
}

static void clear_node(const evenload_columns_node_t *node, int32_t count)
{
    set_all(node->heap, count, 0);
    set_all(node->heap_at, count, 0);
    set_all(node->dirty, count, 0);
    set_all(node->dirty_list, count, 0);
}

void evenload_columns_init(evenload_columns_t *columns)
{
    clear_circuit(&columns->circuit, columns->circuit_count);
    clear_cell(&columns->cell, 3 * columns->circuit_count);
    clear_station_setup(&columns->station, columns->station_count);
    clear_station_state(&columns->station, columns->station_count);
    clear_phase(&columns->phase, 3 * columns->station_count);
    clear_event(&columns->event, EVENLOAD_ALLOCATION_EVENTS_MAX);
    clear_turn(&columns->turn, columns->station_count);
    clear_node(&columns->node, 3 * columns->circuit_count);
    columns->now_ms = 0;
    columns->dt_ms = 0;
    columns->started = 0;
    columns->booted = 0;
    columns->boot_age_ms = 0;
    columns->told_age_ms = 0;
    columns->sealed = 0;
    columns->boundary = 0;
    columns->suspended_count = 0;
    columns->waiting_count = 0;
    columns->guard_count = 0;
    columns->events_count = 0;
    columns->events_first = 0;
    columns->events_dropped = 0;
    columns->fault_index = 0;
    columns->fault_value = 0;
    columns->heap_count = 0;
    columns->dirty_count = 0;
    memset(columns->class_first, 0, sizeof columns->class_first);
    memset(columns->class_places, 0, sizeof columns->class_places);
    memset(columns->class_counts, 0, sizeof columns->class_counts);
    memset(columns->class_eligible, 0, sizeof columns->class_eligible);
    memset(columns->class_idle, 0, sizeof columns->class_idle);
}

void evenload_columns_push_event(evenload_columns_t *columns, int32_t code, int32_t circuit, int32_t station,
                                 int32_t value)
{
    if (columns->events_count == EVENLOAD_ALLOCATION_EVENTS_MAX) {
        columns->events_dropped += 1;
        return;
    }
    const int32_t at = (columns->events_first + columns->events_count) % EVENLOAD_ALLOCATION_EVENTS_MAX;
    columns->event.event_code[at] = code;
    columns->event.event_circuit[at] = circuit;
    columns->event.event_station[at] = station;
    columns->event.event_value[at] = value;
    columns->events_count += 1;
}

void evenload_columns_take_events(evenload_columns_t *columns)
{
    columns->events_first = 0;
    columns->events_count = 0;
}
