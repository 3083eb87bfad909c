/* How a cooling load is shared; the specification, with the reasons, is shared/evenload/dispatch.py.
 *
 * The ACSL contracts say what is to hold; how far Frama-C WP proves them is told in SPEC, load sharing.
 */
#include "evenload/dispatch.h"

#include "evenload/merit.h"

#define SLOT_COUNT EVENLOAD_DISPATCH_COUNT_MAX
#define WEIGHT_FIRST 20
#define WEIGHT_STEP 10
#define WEIGHT_MAX 95

/*@
  logic integer first{L}(int32_t *a, integer n, integer k) = k < n ? a[k] : 0;

  // The sum of the first n of 12 numbers, written out: no induction is needed to follow it.
  logic integer sum{L}(int32_t *a, integer n) =
    first(a, n, 0) + first(a, n, 1) + first(a, n, 2) + first(a, n, 3) + first(a, n, 4) + first(a, n, 5)
    + first(a, n, 6) + first(a, n, 7) + first(a, n, 8) + first(a, n, 9) + first(a, n, 10) + first(a, n, 11);

  logic integer within(integer value, integer low, integer high) =
    value < low ? low : value > high ? high : value;

  // What a member can carry, as the caller wrote it.
  logic integer able{L}(evenload_dispatch_t *d, integer k) =
    k < d->count ? within(d->effective_10w[k], 0, 65535) : 0;

  logic integer all_able{L}(evenload_dispatch_t *d) =
    able(d, 0) + able(d, 1) + able(d, 2) + able(d, 3) + able(d, 4) + able(d, 5) + able(d, 6) + able(d, 7)
    + able(d, 8) + able(d, 9) + able(d, 10) + able(d, 11);

  predicate is_bounded{L}(evenload_dispatch_t *d) =
    \forall integer k; is_slot(k) ==> 0 <= d->share_10w[k] <= d->bound[k];
*/

/*@ requires low <= high;
    assigns \nothing;
    ensures \result == within(value, low, high);
*/
static int32_t clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Brings every number into its range. */
/*@ requires \valid(d);
    assigns d->room[0 .. 11], d->bound[0 .. 11], d->weight[0 .. 11], d->slope[0 .. 11], d->linear[0 .. 11],
            d->cubic[0 .. 11], d->share_10w[0 .. 11];
    ensures is_prepared(d) && is_bounded(d);
    ensures \forall integer k; is_slot(k) ==> d->room[k] == able(d, k);
    ensures \forall integer k; is_slot(k) && k != d->master ==> d->bound[k] == d->room[k];
*/
static void prepare(evenload_dispatch_t *d)
{
    const int32_t cap_percent = clamp(d->cap_percent, 0, 100);
    /*@ loop invariant 0 <= slot <= 12;
        loop invariant \forall integer k; 0 <= k < slot ==> is_prepared_at(d, k) && d->share_10w[k] == 0;
        loop invariant \forall integer k; 0 <= k < slot ==> d->room[k] == able(d, k);
        loop invariant \forall integer k; 0 <= k < slot && k != d->master ==> d->bound[k] == d->room[k];
        loop assigns slot, d->room[0 .. 11], d->bound[0 .. 11], d->weight[0 .. 11], d->slope[0 .. 11],
                     d->linear[0 .. 11], d->cubic[0 .. 11], d->share_10w[0 .. 11];
        loop variant 12 - slot;
    */
    for (int32_t slot = 0; slot < SLOT_COUNT; slot++) {
        const int32_t most = slot < d->count ? EVENLOAD_DISPATCH_RATED_10W_MAX : 0;
        const int32_t room = clamp(d->effective_10w[slot], 0, most);
        const int32_t weight =
            clamp(WEIGHT_FIRST + WEIGHT_STEP * clamp(d->rank[slot], 0, SLOT_COUNT), 0, WEIGHT_MAX);
        //@ assert 0 <= room * cap_percent <= 100 * room;
        const int32_t capped = room * cap_percent / 100;
        //@ assert 20 * room <= room * weight <= 95 * room;
        d->room[slot] = room;
        d->bound[slot] = slot == d->master ? capped : room;
        d->weight[slot] = weight;
        d->slope[slot] = room * weight;
        d->linear[slot] = clamp(d->cost_linear[slot], 0, EVENLOAD_DISPATCH_COST_MAX);
        d->cubic[slot] = clamp(d->cost_cubic[slot], 1, EVENLOAD_DISPATCH_COST_MAX);
        d->share_10w[slot] = 0;
    }
}

/* Returns the sum of 12 numbers. */
/*@ requires \valid_read(a + (0 .. 11));
    requires \forall integer k; is_slot(k) ==> 0 <= a[k] <= 65535;
    assigns \nothing;
    ensures \result == sum(a, 12) && 0 <= \result <= 786420;
*/
static int32_t add_up(const int32_t *a)
{
    int32_t total = 0;
    /*@ loop invariant 0 <= slot <= 12 && total == sum(a, slot) && 0 <= total <= 65535 * slot;
        loop assigns slot, total;
        loop variant 12 - slot;
    */
    for (int32_t slot = 0; slot < SLOT_COUNT; slot++) {
        total += a[slot];
    }
    return total;
}

/* Takes every unit that is due at the real-valued rule's L: at most count / 2 too many or too few. */
/*@ requires \valid(d) && is_prepared(d) && is_bounded(d) && 0 <= target <= 786420;
    assigns d->share_10w[0 .. 11];
    ensures is_bounded(d);
*/
static void start_ramp(evenload_dispatch_t *d, int32_t target)
{
    int32_t room_sum = 0;
    int32_t slope_sum = 0;
    /*@ loop invariant 0 <= slot <= 12 && 0 <= room_sum <= 65535 * slot && 0 <= slope_sum <= 6225825 * slot;
        loop assigns slot, room_sum, slope_sum;
        loop variant 12 - slot;
    */
    for (int32_t slot = 0; slot < SLOT_COUNT; slot++) {
        if (d->room[slot] > 0 && evenload_merit_is_loaded(d, slot, target)) {
            room_sum += d->room[slot];
            slope_sum += d->slope[slot];
        }
    }
    if (slope_sum == 0) {
        return;
    }
    int32_t excess = room_sum - target;
    if (0 <= d->master && d->master < SLOT_COUNT) {
        const int64_t over = d->room[d->master] - d->bound[d->master];
        const int64_t slope = d->slope[d->master];
        //@ assert 0 <= over * slope_sum <= 65535 * 74709900;
        //@ assert -786420 * 6225825 <= excess * slope <= 786420 * 6225825;
        /* Where the master would be above its bound it stands at it, and the others share the rest. */
        if (over * slope_sum > excess * slope && slope_sum > slope) {
            slope_sum -= (int32_t)slope;
            excess -= (int32_t)over;
        }
    }
    /*@ loop invariant 0 <= slot <= 12 && is_bounded(d);
        loop assigns slot, d->share_10w[0 .. 11];
        loop variant 12 - slot;
    */
    for (int32_t slot = 0; slot < SLOT_COUNT; slot++) {
        d->share_10w[slot] = evenload_merit_due_at(d, slot, slope_sum, excess);
    }
}

/* Makes the units that cost `price` or less the shares, and returns how many they are. */
/*@ requires \valid(d) && is_prepared(d) && is_bounded(d) && -1 <= price <= 1048576000;
    assigns d->share_10w[0 .. 11];
    ensures is_bounded(d);
*/
static int32_t share_to(evenload_dispatch_t *d, int32_t price)
{
    int32_t total = 0;
    /*@ loop invariant 0 <= slot <= 12 && is_bounded(d) && 0 <= total <= 65535 * slot;
        loop assigns slot, total, d->share_10w[0 .. 11];
        loop variant 12 - slot;
    */
    for (int32_t slot = 0; slot < SLOT_COUNT; slot++) {
        d->share_10w[slot] = evenload_merit_affordable(d, slot, price);
        total += d->share_10w[slot];
    }
    return total;
}

/* Takes every unit up to the highest price at which they are not more than `target`. */
/*@ requires \valid(d) && is_prepared(d) && is_bounded(d);
    assigns d->share_10w[0 .. 11];
    ensures is_bounded(d);
*/
static void start_efficiency(evenload_dispatch_t *d, int32_t target)
{
    int32_t low = -1;
    int32_t high = EVENLOAD_MERIT_PRICE_MAX;
    /*@ loop invariant -1 <= low < high <= 1048576000 && is_bounded(d);
        loop assigns low, high, d->share_10w[0 .. 11];
        loop variant high - low;
    */
    while (high - low > 1) {
        const int32_t price = (low + high) / 2;
        const int32_t total = share_to(d, price);
        if (total == target) {
            return;
        }
        if (total > target) {
            high = price;
        } else {
            low = price;
        }
    }
    (void)share_to(d, low);
}

/* Returns the member whose next unit is the first in the order. */
/*@ requires \valid_read(d) && is_prepared(d) && is_bounded(d);
    requires \exists integer k; is_slot(k) && d->share_10w[k] < d->bound[k];
    assigns \nothing;
    ensures is_slot(\result) && d->share_10w[\result] < d->bound[\result];
*/
static int32_t next_slot(const evenload_dispatch_t *d)
{
    int32_t best = -1;
    /*@ loop invariant 0 <= slot <= 12;
        loop invariant best == -1 || (0 <= best < slot && d->share_10w[best] < d->bound[best]);
        loop invariant best == -1 ==> \forall integer k; 0 <= k < slot ==> d->share_10w[k] >= d->bound[k];
        loop assigns slot, best;
        loop variant 12 - slot;
    */
    for (int32_t slot = 0; slot < SLOT_COUNT; slot++) {
        if (d->share_10w[slot] < d->bound[slot] &&
            (best < 0 ||
             evenload_merit_precedes(d, slot, d->share_10w[slot] + 1, best, d->share_10w[best] + 1))) {
            best = slot;
        }
    }
    return best;
}

/* Returns the member whose last unit is the last in the order. */
/*@ requires \valid_read(d) && is_prepared(d) && is_bounded(d);
    requires \exists integer k; is_slot(k) && d->share_10w[k] > 0;
    assigns \nothing;
    ensures is_slot(\result) && d->share_10w[\result] > 0;
*/
static int32_t last_slot(const evenload_dispatch_t *d)
{
    int32_t last = -1;
    /*@ loop invariant 0 <= slot <= 12;
        loop invariant last == -1 || (0 <= last < slot && d->share_10w[last] > 0);
        loop invariant last == -1 ==> \forall integer k; 0 <= k < slot ==> d->share_10w[k] <= 0;
        loop assigns slot, last;
        loop variant 12 - slot;
    */
    for (int32_t slot = 0; slot < SLOT_COUNT; slot++) {
        if (d->share_10w[slot] > 0 &&
            (last < 0 || !evenload_merit_precedes(d, slot, d->share_10w[slot], last, d->share_10w[last]))) {
            last = slot;
        }
    }
    return last;
}

/* Gives the next units, or takes the last ones back, until `target` are given. */
/*@ requires \valid(d) && is_prepared(d) && is_bounded(d) && 0 <= target <= sum(&d->bound[0], 12);
    assigns d->share_10w[0 .. 11];
    ensures is_bounded(d) && sum(&d->share_10w[0], 12) == target;
*/
static void settle(evenload_dispatch_t *d, int32_t target)
{
    int32_t used = add_up(d->share_10w);
    /*@ loop invariant is_bounded(d) && 0 <= used <= 786420 && used == sum(&d->share_10w[0], 12);
        loop assigns used, d->share_10w[0 .. 11];
        loop variant target - used;
    */
    while (used < target) {
        d->share_10w[next_slot(d)]++;
        used++;
    }
    /*@ loop invariant is_bounded(d) && target <= used <= 786420 && used == sum(&d->share_10w[0], 12);
        loop assigns used, d->share_10w[0 .. 11];
        loop variant used - target;
    */
    while (used > target) {
        d->share_10w[last_slot(d)]--;
        used--;
    }
}

/*@ requires \valid(dispatch);
    assigns *dispatch;
*/
void evenload_dispatch_init(evenload_dispatch_t *dispatch)
{
    *dispatch = (evenload_dispatch_t){0};
    dispatch->count = EVENLOAD_DISPATCH_COUNT_MAX;
    dispatch->policy = EVENLOAD_DISPATCH_POLICY_RAMP;
    dispatch->master = EVENLOAD_DISPATCH_MASTER_NONE;
    dispatch->cap_percent = EVENLOAD_DISPATCH_CAP_PERCENT_DEFAULT;
}

/*@ requires \valid(dispatch);
    assigns dispatch->unmet_10w, dispatch->share_10w[0 .. 11], dispatch->room[0 .. 11],
            dispatch->bound[0 .. 11], dispatch->weight[0 .. 11], dispatch->linear[0 .. 11],
            dispatch->cubic[0 .. 11];
    ensures summed: sum(&dispatch->share_10w[0], 12) + \result == \max(demand_10w, 0);
    ensures bounded: \forall integer k; is_slot(k) ==> 0 <= dispatch->share_10w[k] <= able(dispatch, k);
    ensures told: \result == dispatch->unmet_10w == \max(0, demand_10w - all_able(dispatch));
*/
int32_t evenload_dispatch_solve(evenload_dispatch_t *dispatch, int32_t demand_10w)
{
    const int32_t demand = demand_10w > 0 ? demand_10w : 0;
    prepare(dispatch);
    const int32_t bound_sum = add_up(dispatch->bound);
    const int32_t target = demand < bound_sum ? demand : bound_sum;
    if (dispatch->policy == EVENLOAD_DISPATCH_POLICY_EFFICIENCY) {
        start_efficiency(dispatch, target);
    } else {
        start_ramp(dispatch, target);
    }
    settle(dispatch, target);
    int32_t left = demand - target;
    if (left > 0 && 0 <= dispatch->master && dispatch->master < SLOT_COUNT) {
        const int32_t above = dispatch->room[dispatch->master] - dispatch->bound[dispatch->master];
        const int32_t extra = left < above ? left : above;
        dispatch->share_10w[dispatch->master] += extra;
        left -= extra;
    }
    dispatch->unmet_10w = left;
    return left;
}

/*@ assigns \nothing;
    ensures 0 <= \result <= 65535;
*/
int32_t evenload_dispatch_effective(int32_t rated_10w, int32_t derate)
{
    const int32_t rated = clamp(rated_10w, 0, EVENLOAD_DISPATCH_RATED_10W_MAX);
    int32_t percent = 0;
    if (derate == EVENLOAD_DERATE_FULL) {
        percent = 100;
    } else if (derate == EVENLOAD_DERATE_90) {
        percent = 90;
    } else if (derate == EVENLOAD_DERATE_50) {
        percent = 50;
    }
    return rated * percent / 100;
}

/*@ requires \valid_read(dispatch);
    assigns \nothing;
*/
int32_t evenload_dispatch_n1_lost(const evenload_dispatch_t *dispatch, int32_t demand_10w)
{
    int32_t largest = 0;
    int32_t total = 0;
    /*@ loop invariant 0 <= slot <= 12 && 0 <= largest <= 65535 && largest <= total <= 65535 * slot;
        loop assigns slot, largest, total;
        loop variant 12 - slot;
    */
    for (int32_t slot = 0; slot < SLOT_COUNT && slot < dispatch->count; slot++) {
        const int32_t room = clamp(dispatch->effective_10w[slot], 0, EVENLOAD_DISPATCH_RATED_10W_MAX);
        largest = room > largest ? room : largest;
        total += room;
    }
    return demand_10w > total - largest ? 1 : 0;
}
