/* Which station may be trusted, and what counts of those that may not; mirror: shared/evenload/compliance.py (SPEC,
 * Allocation). */
#ifndef EVENLOAD_COMPLIANCE_H
#define EVENLOAD_COMPLIANCE_H

#include "evenload/columns.h"

/* age_ms + dt_ms, at most EVENLOAD_ALLOCATION_AGE_MS_MAX. */
int32_t evenload_compliance_grow_age(int32_t age_ms, int32_t dt_ms);

/* Takes in what stations report: ages, silent, noncompliant, draw_ma, over_ma and the served charge. O(n). */
void evenload_compliance_observe(evenload_columns_t *columns);

#endif
