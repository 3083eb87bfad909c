/* Progressive filling with a heap of cells; mirror: shared/evenload/fairness.py.
 *
 * The twin looks for the fullest cell by going through all; here a heap ordered by (level, cell) gives the
 * same one.
 */
#include "evenload/fairness.h"

static const int32_t LEVEL_MAX = EVENLOAD_ALLOCATION_LEVEL_MAX;

int32_t evenload_fairness_fill_level(int32_t room_ma, int32_t weight)
{
    if (room_ma < 1 << 22) {
        const int32_t level = (int32_t)(((uint32_t)room_ma << 8) / (uint32_t)weight);
        return level < LEVEL_MAX ? level : LEVEL_MAX;
    }
    const int64_t level = (int64_t)room_ma * 256 / weight;
    return level < LEVEL_MAX ? (int32_t)level : LEVEL_MAX;
}

static int32_t precedes(const int32_t *level, int32_t cell, int32_t other)
{
    return level[cell] != level[other] ? level[cell] < level[other] : cell < other;
}

/* Puts `cell` where it belongs at or below place `at` of the heap, or above it. */
static void sift(evenload_columns_t *c, int32_t cell, int32_t at)
{
    const int32_t *level = c->cell.level;
    int32_t *heap = c->node.heap;
    int32_t *heap_at = c->node.heap_at;
    while (at > 0 && precedes(level, cell, heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        heap_at[heap[at]] = at;
        at = (at - 1) / 2;
    }
    for (;;) {
        int32_t child = 2 * at + 1;
        if (child >= c->heap_count) {
            break;
        }
        if (child + 1 < c->heap_count && precedes(level, heap[child + 1], heap[child])) {
            child++;
        }
        if (!precedes(level, heap[child], cell)) {
            break;
        }
        heap[at] = heap[child];
        heap_at[heap[at]] = at;
        at = child;
    }
    heap[at] = cell;
    heap_at[cell] = at;
}

static void set_level(evenload_columns_t *c, int32_t cell, int32_t level)
{
    if (level != c->cell.level[cell]) {
        c->cell.level[cell] = level;
        sift(c, cell, c->node.heap_at[cell]);
    }
}

/* The cell that is full first, after bringing the levels of changed circuits up to date. */
static int32_t fullest_cell(evenload_columns_t *c)
{
    for (int32_t i = 0; i < c->dirty_count; i++) {
        const int32_t n = c->node.dirty_list[i];
        c->node.dirty[n] = 0;
        for (int32_t k = 3 * n; k < 3 * n + 3; k++) {
            const int32_t weight = c->cell.weight_sum[k];
            set_level(c, k,
                      weight > 0 ? evenload_fairness_fill_level(c->cell.room_ma[k], weight) : LEVEL_MAX);
        }
    }
    c->dirty_count = 0;
    return c->node.heap[0];
}

static void move(evenload_columns_t *c, int32_t s, int32_t amount_ma, int32_t weight)
{
    const int32_t mask = c->station.phase_mask[s];
    const int32_t l1 = -(mask & 1);
    const int32_t l2 = -(mask >> 1 & 1);
    const int32_t l3 = -(mask >> 2 & 1);
    int32_t *room = c->cell.room_ma;
    int32_t *weights = c->cell.weight_sum;
    for (int32_t n = c->station.station_circuit[s]; n >= 0; n = c->circuit.circuit_parent[n]) {
        room[3 * n] -= l1 & amount_ma;
        room[3 * n + 1] -= l2 & amount_ma;
        room[3 * n + 2] -= l3 & amount_ma;
        weights[3 * n] -= l1 & weight;
        weights[3 * n + 1] -= l2 & weight;
        weights[3 * n + 2] -= l3 & weight;
        if (!c->node.dirty[n]) {
            c->node.dirty[n] = 1;
            c->node.dirty_list[c->dirty_count] = n;
            c->dirty_count += 1;
        }
    }
}

static void activate(evenload_columns_t *c, int32_t s)
{
    if (c->station.status[s] == EVENLOAD_STATUS_PENDING) {
        c->station.status[s] = EVENLOAD_STATUS_RISING;
        move(c, s, -c->station.low_ma[s], -c->station.weight[s]);
    }
}

static void freeze(evenload_columns_t *c, int32_t s, int32_t grant_ma)
{
    c->station.status[s] = EVENLOAD_STATUS_FROZEN;
    c->station.target_ma[s] = grant_ma;
    move(c, s, grant_ma, c->station.weight[s]);
}

static void top_out(evenload_columns_t *c, int32_t s)
{
    if (c->station.status[s] == EVENLOAD_STATUS_RISING) {
        freeze(c, s, c->station.ceiling_ma[s]);
    }
}

static void fill_up(evenload_columns_t *c, int32_t cell, int32_t level)
{
    const int32_t n = cell / 3;
    const int32_t step_ma = c->settings->step_ma;
    for (int32_t i = c->circuit.first_member[n]; i < c->circuit.last_member[n]; i++) {
        const int32_t s = c->station.members[i];
        const int32_t status = c->station.status[s];
        const int32_t open = status == EVENLOAD_STATUS_PENDING || status == EVENLOAD_STATUS_RISING;
        if (!open || !(c->station.phase_mask[s] >> cell % 3 & 1)) {
            continue;
        }
        c->station.limiting_circuit[s] = n;
        c->station.limiting_phase[s] = cell % 3;
        if (status == EVENLOAD_STATUS_PENDING) {
            c->station.status[s] = EVENLOAD_STATUS_FROZEN;
        } else {
            int32_t grant_ma = c->station.weight[s] * level / 256;
            grant_ma -= grant_ma % step_ma;
            freeze(c, s, grant_ma > c->station.low_ma[s] ? grant_ma : c->station.low_ma[s]);
        }
    }
    set_level(c, cell, LEVEL_MAX);
}

/* Lists the stations of the class that can be raised, with the levels at which they start and stop. */
static int32_t collect(evenload_columns_t *c, int32_t priority)
{
    int32_t count = 0;
    const evenload_columns_station_t *station = &c->station;
    for (int32_t k = 0; k < 3 * c->circuit_count; k++) {
        c->cell.weight_sum[k] = 0;
        c->cell.level[k] = LEVEL_MAX;
        c->node.heap[k] = k;
        c->node.heap_at[k] = k;
    }
    for (int32_t n = 0; n < c->circuit_count; n++) {
        c->node.dirty[n] = 0;
    }
    c->heap_count = 3 * c->circuit_count;
    c->dirty_count = 0;
    for (int32_t s = 0; s < c->station_count; s++) {
        if (station->status[s] == EVENLOAD_STATUS_ADMITTED && station->priority[s] == priority &&
            station->ceiling_ma[s] > station->low_ma[s]) {
            const int32_t weight = station->weight[s];
            station->status[s] = EVENLOAD_STATUS_PENDING;
            c->turn.starts[count] = s;
            c->turn.tops[count] = s;
            c->turn.start_level[s] = station->low_ma[s] * 256 / weight;
            c->turn.top_level[s] = (station->ceiling_ma[s] * 256 + weight - 1) / weight;
            count++;
        }
    }
    return count;
}

void evenload_fairness_fill(evenload_columns_t *columns, int32_t priority)
{
    const int32_t count = collect(columns, priority);
    const int32_t *starts = columns->turn.starts;
    const int32_t *tops = columns->turn.tops;
    const int32_t *start_level = columns->turn.start_level;
    const int32_t *top_level = columns->turn.top_level;
    evenload_fairness_sort_by_level(columns->turn.starts, start_level, count, columns->turn.scratch);
    evenload_fairness_sort_by_level(columns->turn.tops, top_level, count, columns->turn.scratch);
    int32_t start = 0;
    int32_t top = 0;
    while (top < count) {
        const int32_t cell = fullest_cell(columns);
        const int32_t level = columns->cell.level[cell];
        const int32_t next_start = start < count ? start_level[starts[start]] : LEVEL_MAX;
        const int32_t next_top = top_level[tops[top]];
        if (next_start <= next_top && next_start <= level) {
            for (; start < count && start_level[starts[start]] == next_start; start++) {
                activate(columns, starts[start]);
            }
        } else if (next_top <= level) {
            for (; top < count && top_level[tops[top]] == next_top; top++) {
                top_out(columns, tops[top]);
            }
        } else {
            fill_up(columns, cell, level);
        }
    }
}

static void merge_runs(int32_t *items, const int32_t *level, int32_t count, int32_t run, int32_t *scratch)
{
    for (int32_t first = 0; first < count; first += 2 * run) {
        const int32_t middle = first + run < count ? first + run : count;
        const int32_t last = first + 2 * run < count ? first + 2 * run : count;
        int32_t left = first;
        int32_t right = middle;
        for (int32_t at = first; at < last; at++) {
            if (left < middle && (right >= last || level[items[left]] <= level[items[right]])) {
                scratch[at] = items[left++];
            } else {
                scratch[at] = items[right++];
            }
        }
    }
    for (int32_t i = 0; i < count; i++) {
        items[i] = scratch[i];
    }
}

void evenload_fairness_sort_by_level(int32_t *items, const int32_t *level, int32_t count, int32_t *scratch)
{
    int32_t i = 1;
    while (i < count && level[items[i]] >= level[items[i - 1]]) {
        i++;
    }
    if (i >= count) {
        return;
    }
    for (int32_t run = 1; run < count; run *= 2) {
        merge_runs(items, level, count, run, scratch);
    }
}
