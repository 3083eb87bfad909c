/* What an allocation may start with; mirror: shared/evenload/setup.py (SPEC, Allocation). */
#ifndef EVENLOAD_SETUP_H
#define EVENLOAD_SETUP_H

#include "evenload/columns.h"

/* 0 or the first EVENLOAD_ALLOCATION_FAULT_* of the setup; fault_index and fault_value then name the entry. */
int32_t evenload_setup_find_fault(evenload_columns_t *columns);

#endif
