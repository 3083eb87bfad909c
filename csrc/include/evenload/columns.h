/* The columns of one allocation; mirror: shared/evenload/columns.py, which says what each column means.
 *
 * All memory is the caller's: every pointer names an array of the size its struct states.
 */
#ifndef EVENLOAD_COLUMNS_H
#define EVENLOAD_COLUMNS_H

#include "evenload/breaker.h"
#include "evenload/phases.h"
#include "evenload/rotation.h"
#include "evenload/tracker.h"
#include "evenload/wire.h"
#include <stdint.h>

typedef struct {
    int32_t step_ma;
    int32_t slot_ms;
    int32_t on_min_ms;
    int32_t off_min_ms;
    int32_t lease_ms;
    int32_t lease_grace_ms;
    int32_t follow_ms;
    int32_t raise_headroom_percent;
    int32_t raise_rated_percent_per_s;
    int32_t raise_settle_ms;
    int32_t reclaim_after_ms;
    int32_t reclaim_margin_ma;
    int32_t narrow_after_ms;
    int32_t start_margin_ma;
    int32_t boot_wait_ms;
    int32_t unbalance_ma_max;
    int32_t root_unmetered;
} evenload_settings_t;
/* One entry per circuit [n]; the root is 0, every parent comes before its children. */
typedef struct {
    int32_t *circuit_parent;
    int32_t *metered;
    int32_t *meter_state;
    int32_t *sample_ms;
    int32_t *worst_state;
    int32_t *worst_circuit;
    int32_t *sample_seen_ms;
    int32_t *sample_age_ms;
    int32_t *path_age_ms;
    int32_t *crowded;
    int32_t *first_member;
    int32_t *last_member;
} evenload_columns_circuit_t;
/* One entry per circuit and phase, a cell: [3 * n + phase]. Currents in mA. */
typedef struct {
    int32_t *limit_ma;
    int32_t *fallback_ma;
    int32_t *feeder_ma;
    int32_t *cap_ma;
    int32_t *base_ma;
    int32_t *load_ma;
    int32_t *suspended;
    int32_t *suspend_age_ms;
    int32_t *own_base_ma;
    int32_t *available_ma;
    int32_t *room_ma;
    int32_t *spare_ma;
    int32_t *slack_ma;
    int32_t *sum_ma;
    int32_t *weight_sum;
    int32_t *level;
} evenload_columns_cell_t;
/* One entry per station [s]. Currents in mA, times on the ring in ms, ages in ms. */
typedef struct {
    int32_t *station_circuit;
    int32_t *wiring;
    int32_t *min_ma;
    int32_t *max_ma;
    int32_t *failsafe_ma;
    int32_t *priority;
    int32_t *weight;
    int32_t *switchable;
    int32_t *station_state;
    int32_t *heard_ms;
    int32_t *station_cap_ma;
    int32_t *grant_ma;
    int32_t *grant_phases;
    int32_t *reason;
    int32_t *limiting_circuit;
    int32_t *limiting_phase;
    int32_t *expires_ms;
    int32_t *phase_mask;
    int32_t *low_ma;
    int32_t *high_ma;
    int32_t *silent;
    int32_t *noncompliant;
    int32_t *fresh;
    int32_t *shed;
    int32_t *present;
    int32_t *idle;
    int32_t *held_ma;
    int32_t *heard_seen_ms;
    int32_t *heard_age_ms;
    int32_t *set_age_ms;
    int32_t *raise_age_ms;
    int32_t *switch_age_ms;
    int32_t *charge_age_ms;
    int32_t *told_ma;
    int32_t *told_before_ma;
    int32_t *told_first_ma;
    int32_t *over_age_ms;
    int32_t *calm_age_ms;
    int32_t *calm_wait_ms;
    int32_t *offer_age_ms;
    int32_t *ceiling_ma;
    int32_t *target_ma;
    int32_t *cause;
    int32_t *pace;
    int32_t *used_ma;
    int32_t *status;
    int32_t *members;
    int32_t *queue;
} evenload_columns_station_t;
/* One entry per station and site phase: [3 * s + phase]. */
typedef struct {
    int32_t *measured_ma;
    int32_t *draw_ma;
    int32_t *over_ma;
    int32_t *held_phase_ma;
    int32_t *quiet_age_ms;
} evenload_columns_phase_t;
/* A ring of EVENLOAD_ALLOCATION_EVENTS_MAX entries. */
typedef struct {
    int32_t *event_code;
    int32_t *event_circuit;
    int32_t *event_station;
    int32_t *event_value;
} evenload_columns_event_t;
/* Work space of admission, fairness and guard: one entry per station, turns grouped by class. */
typedef struct {
    int32_t *turns;
    int32_t *chosen;
    int32_t *starts;
    int32_t *tops;
    int32_t *start_level;
    int32_t *top_level;
    int32_t *scratch;
    int32_t *wanted;
    int32_t *given;
} evenload_columns_turn_t;
/* Work space of fairness: one entry per cell. */
typedef struct {
    int32_t *heap;
    int32_t *heap_at;
    int32_t *dirty;
    int32_t *dirty_list;
} evenload_columns_node_t;
typedef struct {
    int32_t circuit_count;
    int32_t station_count;
    evenload_columns_circuit_t circuit;
    evenload_columns_cell_t cell;
    evenload_columns_station_t station;
    evenload_columns_phase_t phase;
    evenload_columns_event_t event;
    evenload_columns_turn_t turn;
    evenload_columns_node_t node;
    evenload_settings_t *settings;
    evenload_tracker_t *tracker;
    evenload_breaker_t *breaker;
    evenload_rotation_t *rotation;
    evenload_phase_switch_t *phase_switch;
    int32_t now_ms;
    int32_t dt_ms;
    int32_t started;
    int32_t booted;
    int32_t boot_age_ms;
    int32_t told_age_ms;
    int32_t sealed;
    int32_t boundary;
    int32_t suspended_count;
    int32_t waiting_count;
    int32_t guard_count;
    int32_t events_count;
    int32_t events_first;
    int32_t events_dropped;
    int32_t fault_index;
    int32_t fault_value;
    int32_t heap_count;
    int32_t dirty_count;
    int32_t class_first[9];
    int32_t class_places[8];
    int32_t class_counts[8];
    int32_t class_eligible[8];
    int32_t class_idle[8];
} evenload_columns_t;

/* Writes the defaults of wire.h. */
void evenload_columns_settings_init(evenload_settings_t *settings);

/* Writes the defaults of every column and scalar; counts, pointers and settings must be set. */
void evenload_columns_init(evenload_columns_t *columns);

/* Appends an event to the ring; when the ring is full the new event is dropped and counted. */
void evenload_columns_push_event(evenload_columns_t *columns, int32_t code, int32_t circuit, int32_t station,
                                 int32_t value);

/* Forgets the waiting events: the caller has read them from events_first on. */
void evenload_columns_take_events(evenload_columns_t *columns);

#endif
