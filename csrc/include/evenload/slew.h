/* From targets to grants: down at once, up slowly into room that is really free; mirror: shared/evenload/slew.py (SPEC,
 * Allocation). */
#ifndef EVENLOAD_SLEW_H
#define EVENLOAD_SLEW_H

#include "evenload/columns.h"

/* Moves grant_ma of every station towards its target_ma (R6, R1b); slack_ma is left as the free room. */
void evenload_slew_regulate(evenload_columns_t *columns);

/* Writes the reason of every station, with the circuit and phase that limit it where one does. */
void evenload_slew_explain(evenload_columns_t *columns);

#endif
