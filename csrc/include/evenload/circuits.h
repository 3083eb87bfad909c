/* The tree of circuits: what each has left for its stations; mirror: shared/evenload/circuits.py (SPEC, Allocation).
 *
 * `columns` has been through evenload_columns_init and, but for index_members, the setup has been validated.
 */
#ifndef EVENLOAD_CIRCUITS_H
#define EVENLOAD_CIRCUITS_H

#include "evenload/columns.h"

/* How bad METER_* is: 0 trusted, 1 hold, 2 static budget, 3 (also for any other code) nothing. */
int32_t evenload_circuits_severity(int32_t meter_state);

/* Orders the stations so that every circuit's subtree is one range of `members`. O(n). */
void evenload_circuits_index_members(evenload_columns_t *columns);

/* Writes into totals[3 * n + phase] the sum of amounts[3 * s + phase] over every station s below circuit n. */
void evenload_circuits_sum_below(const evenload_columns_t *columns, const int32_t *amounts, int32_t *totals);

/* Reads the meters: worst_state, path_age_ms, base_ma and available_ma (may be negative) of every circuit. */
void evenload_circuits_intake(evenload_columns_t *columns);

/* Feeds the breaker model of every cell what its meter shows; keeps `suspended` and its events (R7). */
void evenload_circuits_watch_breakers(evenload_columns_t *columns);

/* Subtracts amount_ma (negative gives back) from amounts[cell] of every cell on the path of station s. */
void evenload_circuits_take_from_path(const evenload_columns_t *columns, int32_t *amounts, int32_t s,
                                      int32_t amount_ma);

/* The cell with the smallest amount on the path of station s; of equal ones the nearest, lowest phase. */
int32_t evenload_circuits_tightest_cell(const evenload_columns_t *columns, const int32_t *amounts, int32_t s);

#endif
