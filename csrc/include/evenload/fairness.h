/* Weighted max-min fairness on the tree by progressive filling; mirror: shared/evenload/fairness.py (SPEC, Allocation).
 */
#ifndef EVENLOAD_FAIRNESS_H
#define EVENLOAD_FAIRNESS_H

#include "evenload/columns.h"

/* floor(room_ma * 256 / weight), at most 2^29; room_ma: 0 .. 6000000, weight: 1 .. 2^25 - 1. */
int32_t evenload_fairness_fill_level(int32_t room_ma, int32_t weight);

/* Raises target_ma of every admitted station of class `priority` (0..7) as far as is fair; takes it from room_ma.
 * O((n + m) log m) for n stations and m cells, plus a sort when weights or bounds differ. */
void evenload_fairness_fill(evenload_columns_t *columns, int32_t priority);

/* Sorts items[0 .. count - 1] by (level[item], position): stable, in place, O(n) when in order already. */
void evenload_fairness_sort_by_level(int32_t *items, const int32_t *level, int32_t count, int32_t *scratch);

#endif
