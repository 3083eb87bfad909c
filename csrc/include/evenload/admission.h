/* Who is on this round: minimums in the order of class and turn; mirror: shared/evenload/admission.py (SPEC,
 * Allocation). */
#ifndef EVENLOAD_ADMISSION_H
#define EVENLOAD_ADMISSION_H

#include "evenload/columns.h"

/* Lists the stations of every class in turn.turns; `priority` must be valid. */
void evenload_admission_index_classes(evenload_columns_t *columns);

/* Marks who is overdue and switches phases, by how the last round came out; before the ceilings are set. */
void evenload_admission_take_turns(evenload_columns_t *columns);

/* Takes the minimums of who is on from room_ma and sets their status and target; returns the classes as bits. */
int32_t evenload_admission_admit(evenload_columns_t *columns);

#endif
