/* Which unit of a load comes first; the specification, with the reasons, is shared/evenload/merit.py.
 *
 * The ACSL contracts stand in merit.h; the assertions carry what provers do not find by themselves: the
 * ranges of
 * products.
 */
#include "evenload/merit.h"

#define PRICE_ONE EVENLOAD_MERIT_PRICE_ONE

/* Returns a product of numbers of at most 16 bits. */
/*@ requires 0 <= a <= 65535 && 0 <= b <= 65535;
    assigns \nothing;
    ensures \result == a * b && 0 <= \result <= 65535 * b;
*/
static int64_t times(int32_t a, int32_t b)
{
    return (int64_t)a * b;
}

/* Returns what the cubic term adds to the cost with this unit, times room^2 / cubic. */
/*@ requires 1 <= unit <= 65535;
    assigns \nothing;
    ensures 1 <= \result <= 12884508676;
*/
static int64_t steepness(int32_t unit)
{
    return 3 * times(unit, unit - 1) + 1;
}

/* Returns what a unit costs, in 1 / PRICE_ONE of a coefficient, rounded down. */
/*@ requires \valid_read(d) && is_prepared(d) && is_slot(slot) && 1 <= unit <= d->room[slot];
    assigns \nothing;
*/
static int64_t price_of(const evenload_dispatch_t *d, int32_t slot, int32_t unit)
{
    const int64_t square = times(d->room[slot], d->room[slot]);
    //@ assert 1 <= square <= 4294836225;
    //@ assert 0 <= d->linear[slot] * square <= 1000 * 4294836225;
    const int64_t steep = steepness(unit);
    //@ assert 0 <= d->cubic[slot] * steep <= 1000 * 12884508676;
    return (d->linear[slot] * square + d->cubic[slot] * steep) * PRICE_ONE / square;
}

int32_t evenload_merit_is_loaded(const evenload_dispatch_t *dispatch, int32_t slot, int32_t target)
{
    const int32_t weight = dispatch->weight[slot];
    int64_t carried = 0;
    /*@ loop invariant 0 <= other <= 12 && 0 <= carried <= 6225825 * other;
        loop assigns other, carried;
        loop variant 12 - other;
    */
    for (int32_t other = 0; other < EVENLOAD_DISPATCH_COUNT_MAX; other++) {
        if (dispatch->weight[other] < weight) {
            const int64_t load = times(dispatch->room[other], weight - dispatch->weight[other]);
            const int64_t most = times(dispatch->bound[other], weight);
            carried += load < most ? load : most;
        }
    }
    //@ assert 0 <= target * weight <= 786420 * 95;
    return carried <= (int64_t)target * weight ? 1 : 0;
}

int32_t evenload_merit_due_at(const evenload_dispatch_t *dispatch, int32_t slot, int32_t slope_sum,
                              int32_t excess)
{
    const int64_t doubled = 2 * (int64_t)dispatch->room[slot] + 1;
    const int64_t slope = dispatch->slope[slot];
    //@ assert 0 <= doubled * slope_sum <= 131071 * 74709900;
    //@ assert -900000 * 6225825 <= excess * slope <= 900000 * 6225825;
    const int64_t due = (doubled * slope_sum - 2 * (excess * slope)) / (2 * (int64_t)slope_sum);
    return due < 0 ? 0 : due > dispatch->bound[slot] ? dispatch->bound[slot] : (int32_t)due;
}

int32_t evenload_merit_affordable(const evenload_dispatch_t *dispatch, int32_t slot, int32_t price)
{
    const int64_t square = times(dispatch->room[slot], dispatch->room[slot]);
    //@ assert 0 <= square <= 4294836225;
    //@ assert 0 <= (price + 1) * square <= 1048576001 * 4294836225;
    //@ assert 0 <= dispatch->linear[slot] * square <= 1000 * 4294836225;
    const int64_t budget = (((int64_t)price + 1) * square - 1) / PRICE_ONE - dispatch->linear[slot] * square;
    int32_t low = 0;
    int32_t high = dispatch->bound[slot];
    /*@ loop invariant 0 <= low <= high <= dispatch->bound[slot];
        loop assigns low, high;
        loop variant high - low;
    */
    while (low < high) {
        const int32_t middle = (low + high + 1) / 2;
        //@ assert low < middle <= high;
        const int64_t steep = steepness(middle);
        //@ assert 0 <= dispatch->cubic[slot] * steep <= 1000 * 12884508676;
        if (dispatch->cubic[slot] * steep <= budget) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

int32_t evenload_merit_precedes(const evenload_dispatch_t *dispatch, int32_t slot, int32_t unit,
                                int32_t other, int32_t other_unit)
{
    const int64_t room = dispatch->room[slot];
    const int64_t other_room = dispatch->room[other];
    if (dispatch->policy == EVENLOAD_DISPATCH_POLICY_EFFICIENCY) {
        const int64_t price = price_of(dispatch, slot, unit);
        const int64_t other_price = price_of(dispatch, other, other_unit);
        if (price != other_price) {
            return price < other_price ? 1 : 0;
        }
        //@ assert 0 <= (2 * unit - 1) * other_room <= 131069 * 65535;
        //@ assert 0 <= (2 * other_unit - 1) * room <= 131069 * 65535;
        return (2 * unit - 1) * other_room < (2 * other_unit - 1) * room ? 1 : 0;
    }
    const int64_t due = 2 * (room - unit) + 1;
    const int64_t other_due = 2 * (other_room - other_unit) + 1;
    //@ assert 0 <= due * dispatch->slope[other] <= 131071 * 6225825;
    //@ assert 0 <= other_due * dispatch->slope[slot] <= 131071 * 6225825;
    return due * dispatch->slope[other] > other_due * dispatch->slope[slot] ? 1 : 0;
}
