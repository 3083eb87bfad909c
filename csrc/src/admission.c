/* R4, R13, R15: the order of turns and who fits; mirror: shared/evenload/admission.py. */
#include "evenload/admission.h"

#include "evenload/circuits.h"
#include "evenload/fairness.h"

enum { CLASS_COUNT = EVENLOAD_ALLOCATION_PRIORITY_MAX + 1 };

void evenload_admission_index_classes(evenload_columns_t *columns)
{
    int32_t count = 0;
    for (int32_t priority = 0; priority < CLASS_COUNT; priority++) {
        columns->class_first[priority] = count;
        for (int32_t s = 0; s < columns->station_count; s++) {
            if (columns->station.priority[s] == priority) {
                columns->turn.turns[count] = s;
                count++;
            }
        }
    }
    columns->class_first[CLASS_COUNT] = count;
}

static void mark_class(evenload_columns_t *columns, int32_t priority)
{
    const int32_t *members = columns->turn.turns + columns->class_first[priority];
    const int32_t size = columns->class_first[priority + 1] - columns->class_first[priority];
    int32_t places = 0;
    int32_t count = 0;
    for (int32_t i = 0; i < size; i++) {
        places += columns->station.status[members[i]] != EVENLOAD_STATUS_OFF;
        count += columns->station.present[members[i]];
    }
    if (size > 0 && (columns->boundary || places != columns->class_places[priority] ||
                     count != columns->class_counts[priority])) {
        columns->class_places[priority] = places;
        columns->class_counts[priority] = count;
        evenload_rotation_mark_overdue(columns->rotation, members, size, places);
    }
}

static void mark_below(evenload_columns_t *columns, int32_t n, int32_t priority)
{
    int32_t count = 0;
    int32_t places = 0;
    for (int32_t i = columns->circuit.first_member[n]; i < columns->circuit.last_member[n]; i++) {
        const int32_t s = columns->station.members[i];
        if (columns->station.priority[s] == priority) {
            columns->turn.chosen[count] = s;
            count++;
            places += columns->station.status[s] != EVENLOAD_STATUS_OFF;
        }
    }
    if (count > 0) {
        evenload_rotation_mark_overdue(columns->rotation, columns->turn.chosen, count, places);
    }
}

static void mark_bottlenecks(evenload_columns_t *columns)
{
    for (int32_t n = 1; n < columns->circuit_count; n++) {
        for (int32_t priority = 0; columns->circuit.crowded[n] && priority < CLASS_COUNT; priority++) {
            mark_below(columns, n, priority);
        }
    }
}

/* What station s could have had last round on each of its first `phases` phases. */
static int32_t find_spare_ma(const evenload_columns_t *columns, int32_t s, int32_t phases)
{
    const int32_t bits = evenload_phases_mask(columns->station.wiring[s], phases);
    const int32_t own_ma = columns->station.status[s] != EVENLOAD_STATUS_OFF ? columns->station.low_ma[s] : 0;
    int32_t least_ma = EVENLOAD_NO_CAP_MA;
    for (int32_t n = columns->station.station_circuit[s]; n >= 0; n = columns->circuit.circuit_parent[n]) {
        for (int32_t phase = 0; phase < 3; phase++) {
            const int32_t on = columns->station.phase_mask[s] >> phase & 1;
            const int32_t spare_ma = columns->cell.spare_ma[3 * n + phase] + (on ? own_ma : 0);
            if ((bits >> phase & 1) && spare_ma < least_ma) {
                least_ma = spare_ma;
            }
        }
    }
    return least_ma;
}

static void choose_phases(evenload_columns_t *columns, int32_t s)
{
    const int32_t one_ma = find_spare_ma(columns, s, 1);
    const int32_t three_ma = find_spare_ma(columns, s, 3);
    const int32_t phases =
        evenload_phases_choose(columns->phase_switch, s, columns->now_ms, one_ma, three_ma);
    if (phases != 0 && phases != columns->station.grant_phases[s]) {
        columns->station.grant_phases[s] = phases;
        columns->station.phase_mask[s] = evenload_phases_mask(columns->station.wiring[s], phases);
        evenload_columns_push_event(columns, EVENLOAD_EVENT_PHASE_SWITCH, columns->station.station_circuit[s],
                                    s, phases);
    }
}

void evenload_admission_take_turns(evenload_columns_t *columns)
{
    for (int32_t priority = 0; priority < CLASS_COUNT; priority++) {
        mark_class(columns, priority);
    }
    if (columns->boundary) {
        mark_bottlenecks(columns);
    }
    for (int32_t s = 0; s < columns->station_count; s++) {
        if (columns->station.switchable[s] && columns->station.present[s] &&
            evenload_phases_terminal_count(columns->station.wiring[s]) == 3) {
            choose_phases(columns, s);
        }
    }
}

static void sum_room(evenload_columns_t *columns)
{
    const evenload_columns_cell_t *cell = &columns->cell;
    evenload_circuits_sum_below(columns, columns->phase.over_ma, cell->room_ma);
    for (int32_t k = 0; k < 3 * columns->circuit_count; k++) {
        cell->room_ma[k] = cell->available_ma[k] - cell->room_ma[k];
    }
}

/* Admits station s if its minimum, and a margin if it was just shed, fits; returns 1 if so, else 0. */
static int32_t try_station(evenload_columns_t *columns, int32_t s)
{
    const evenload_columns_station_t *station = &columns->station;
    const int32_t low_ma = station->low_ma[s];
    int32_t needed_ma = low_ma;
    if (station->shed[s] && station->grant_ma[s] == 0 &&
        station->switch_age_ms[s] < columns->settings->on_min_ms) {
        needed_ma += columns->settings->start_margin_ma;
    }
    const int32_t cell = evenload_circuits_tightest_cell(columns, columns->cell.room_ma, s);
    if (columns->cell.room_ma[cell] >= needed_ma) {
        evenload_circuits_take_from_path(columns, columns->cell.room_ma, s, low_ma);
        station->status[s] = EVENLOAD_STATUS_ADMITTED;
        station->target_ma[s] = low_ma;
        return 1;
    }
    station->cause[s] = EVENLOAD_REASON_WAITING_TURN;
    station->limiting_circuit[s] = cell / 3;
    station->limiting_phase[s] = cell % 3;
    columns->circuit.crowded[cell / 3] = 1;
    columns->waiting_count += 1;
    return 0;
}

static int32_t admit_class(evenload_columns_t *columns, int32_t priority)
{
    const evenload_columns_station_t *station = &columns->station;
    int32_t *members = columns->turn.turns + columns->class_first[priority];
    const int32_t size = columns->class_first[priority + 1] - columns->class_first[priority];
    const int32_t eligible = size > 0 ? evenload_rotation_order(columns->rotation, members, size) : 0;
    int32_t admitted = 0;
    columns->class_eligible[priority] = eligible;
    columns->class_idle[priority] = 0;
    for (int32_t place = 0; place < size; place++) {
        const int32_t s = members[place];
        if (station->ceiling_ma[s] == 0) {
            continue;
        }
        if (place >= eligible) {
            station->cause[s] = EVENLOAD_REASON_WAITING_TURN;
        } else if (station->idle[s]) {
            columns->class_idle[priority] += 1;
        } else {
            admitted += try_station(columns, s);
        }
    }
    return admitted;
}

/* Admits those of a class that leave their offer unused, after all who may use it. */
static int32_t admit_idle(evenload_columns_t *columns, int32_t priority)
{
    const evenload_columns_station_t *station = &columns->station;
    const int32_t *members = columns->turn.turns + columns->class_first[priority];
    int32_t admitted = 0;
    for (int32_t place = 0; place < columns->class_eligible[priority]; place++) {
        if (station->idle[members[place]] && station->ceiling_ma[members[place]] > 0) {
            admitted += try_station(columns, members[place]);
        }
    }
    return admitted;
}

int32_t evenload_admission_admit(evenload_columns_t *columns)
{
    sum_room(columns);
    for (int32_t n = 0; n < columns->circuit_count; n++) {
        columns->circuit.crowded[n] = 0;
    }
    columns->waiting_count = 0;
    int32_t classes = 0;
    for (int32_t priority = 0; priority < CLASS_COUNT; priority++) {
        if (admit_class(columns, priority) > 0) {
            classes |= 1 << priority;
        }
    }
    for (int32_t priority = 0; priority < CLASS_COUNT; priority++) {
        if (columns->class_idle[priority] > 0 && admit_idle(columns, priority) > 0) {
            classes |= 1 << priority;
        }
    }
    for (int32_t k = 0; k < 3 * columns->circuit_count; k++) {
        columns->cell.spare_ma[k] = columns->cell.room_ma[k];
    }
    return classes;
}
