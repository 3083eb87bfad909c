/* What each station could be given at most this round, and why not more; mirror: shared/evenload/ceiling.py (SPEC,
 * Allocation). */
#ifndef EVENLOAD_CEILING_H
#define EVENLOAD_CEILING_H

#include "evenload/columns.h"

/* Writes ceiling_ma, cause, limiting_circuit and limiting_phase of every station; resets target_ma and status. */
void evenload_ceiling_set_ceilings(evenload_columns_t *columns);

#endif
