/* Which unit of a load comes first; mirror: shared/evenload/merit.py (SPEC, load sharing). A part of dispatch.

   The dispatch given is a prepared one: `room` .. `cubic` are inside their ranges, as is_prepared says. */
#ifndef EVENLOAD_MERIT_H
#define EVENLOAD_MERIT_H

#include <stdint.h>

#include "evenload/dispatch.h"

/* A price is in 1 / EVENLOAD_MERIT_PRICE_ONE of a coefficient; the dearest unit costs linear, and three times
   cubic at full load. */
#define EVENLOAD_MERIT_PRICE_ONE ((int64_t)1 << 18)
#define EVENLOAD_MERIT_PRICE_MAX (4 * EVENLOAD_DISPATCH_COST_MAX * EVENLOAD_MERIT_PRICE_ONE)

/*@
  predicate is_slot(integer k) = 0 <= k < 12;

  predicate is_prepared_at{L}(evenload_dispatch_t *d, integer k) =
    0 <= d->bound[k] <= d->room[k] <= 65535 && 20 <= d->weight[k] <= 95
    && 0 <= d->slope[k] <= 6225825 && (d->room[k] > 0 ==> d->slope[k] > 0)
    && 0 <= d->linear[k] <= 1000 && 1 <= d->cubic[k] <= 1000;

  predicate is_prepared{L}(evenload_dispatch_t *d) =
    \forall integer k; is_slot(k) ==> is_prepared_at(d, k);
*/

/* Returns 1 if a member of the ramp has load: those before it carry no more than `target` at its start. */
/*@ requires \valid_read(dispatch) && is_prepared(dispatch) && is_slot(slot) && 0 <= target <= 786420;
    assigns \nothing;
*/
int32_t evenload_merit_is_loaded(const evenload_dispatch_t *dispatch, int32_t slot, int32_t target);

/* Returns how many units of a member are due where L is 100 * excess / slope_sum. */
/*@ requires \valid_read(dispatch) && is_prepared(dispatch) && is_slot(slot);
    requires 0 < slope_sum <= 74709900 && -900000 <= excess <= 900000;
    assigns \nothing;
    ensures 0 <= \result <= dispatch->bound[slot];
*/
int32_t evenload_merit_due_at(const evenload_dispatch_t *dispatch, int32_t slot, int32_t slope_sum,
                              int32_t excess);

/* Returns how many units of a member cost `price` (-1 .. EVENLOAD_MERIT_PRICE_MAX) or less. */
/*@ requires \valid_read(dispatch) && is_prepared(dispatch) && is_slot(slot) && -1 <= price <= 1048576000;
    assigns \nothing;
    ensures 0 <= \result <= dispatch->bound[slot];
*/
int32_t evenload_merit_affordable(const evenload_dispatch_t *dispatch, int32_t slot, int32_t price);

/* Returns 1 if a unit comes before one of a lower slot, else 0 (also in a tie). Units: 1 .. room. */
/*@ requires \valid_read(dispatch) && is_prepared(dispatch) && is_slot(slot) && is_slot(other);
    requires 1 <= unit <= dispatch->room[slot] && 1 <= other_unit <= dispatch->room[other];
    assigns \nothing;
*/
int32_t evenload_merit_precedes(const evenload_dispatch_t *dispatch, int32_t slot, int32_t unit,
                                int32_t other, int32_t other_unit);

#endif
