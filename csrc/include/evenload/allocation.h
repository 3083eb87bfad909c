/* The allocation round; mirror: shared/evenload/allocation.py (SPEC, Allocation).
 *
 * One evenload_columns_t is one site. Write the setup columns, seal, then write inputs and tick about once a
 * second; a
 * tick may be called at any time, and a decrease never waits. All memory is the caller's; nothing is kept
 * elsewhere.
 */
#ifndef EVENLOAD_ALLOCATION_H
#define EVENLOAD_ALLOCATION_H

#include "evenload/columns.h"

/* Validates the setup columns and derives what the rounds need; returns 0 or the first EVENLOAD_ALLOCATION_FAULT_*. */
int32_t evenload_allocation_seal(evenload_columns_t *columns);

/* Runs one round at now_ms (ring ms): reads the input columns, writes the output columns and events. Does nothing
 * before a seal. O(n log n) in the stations, O(n) when the order of turns and the weights did not change. */
void evenload_allocation_tick(evenload_columns_t *columns, int32_t now_ms);

#endif
