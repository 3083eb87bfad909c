/* Integer max-min fair division of one limit; mirror: shared/evenload/waterfill.py (SPEC, waterfill).
 *
 * The ACSL contract is proved by Frama-C WP (`make prove`). Sums are recursive definitions; what needs
 * induction
 * is proved by ghost loops in ghost functions (lemmas), so nothing is taken on trust: there is no axiom.
 */
#include "evenload/waterfill.h"

/*@
  logic integer met(integer request, integer level) =
    request > level ? level : request > 0 ? request : 0;

  logic integer met_sum{L}(int32_t *request, integer count, integer level) =
    count <= 0 ? 0 : met_sum{L}(request, count - 1, level) + met(request[count - 1], level);

  logic integer above{L}(int32_t *request, integer count, integer level) =
    count <= 0 ? 0 : above{L}(request, count - 1, level) + (request[count - 1] > level ? 1 : 0);

  logic integer sum{L}(int32_t *grant, integer count) =
    count <= 0 ? 0 : sum{L}(grant, count - 1) + grant[count - 1];

  // One level meets every request, or meets it up to the level; the first of the others get one mA more.
  predicate is_fair{L}(int32_t *request, int32_t *grant, integer count, integer level) =
    (\forall integer k; 0 <= k < count ==>
       grant[k] == met(request[k], level) || (request[k] > level && grant[k] == level + 1))
    && (\forall integer j, k; 0 <= j < k < count && request[j] > level && grant[k] == level + 1 ==>
          grant[j] == level + 1);
*/

/* Lemma: at level 0 nobody is met. */
/*@ ghost
  /@ requires 0 <= count && \valid_read(request + (0 .. count - 1));
     assigns \nothing;
     ensures met_sum(request, count, 0) == 0; @/
  static void lemma_zero(const int32_t *request, int32_t count)
  {
    int32_t i = 0;
    /@ loop invariant 0 <= i <= count && met_sum(request, i, 0) == 0;
       loop assigns i;
       loop variant count - i; @/
    while (i < count) {
      i++;
      /@ assert met_sum(request, i, 0) == met_sum(request, i - 1, 0) + met(request[i - 1], 0); @/
    }
  }
*/

/* Lemma: no prefix is met by more than the whole. */
/*@ ghost
  /@ requires 0 <= count && 0 <= level && \valid_read(request + (0 .. count - 1));
     assigns \nothing;
     ensures \forall integer part; 0 <= part <= count ==>
               0 <= met_sum(request, part, level) <= met_sum(request, count, level); @/
  static void lemma_prefix(const int32_t *request, int32_t count, int32_t level)
  {
    int32_t i = 0;
    /@ loop invariant 0 <= i <= count;
       loop invariant \forall integer part; 0 <= part <= i ==>
                        0 <= met_sum(request, part, level) <= met_sum(request, i, level);
       loop assigns i;
       loop variant count - i; @/
    while (i < count) {
      i++;
      /@ assert met_sum(request, i, level) == met_sum(request, i - 1, level) + met(request[i - 1], level); @/
    }
  }
*/

/* Lemma: raising the level by `step` costs at most `step` for each request above it. */
/*@ ghost
  /@ requires 0 <= count && 0 <= level && 0 <= step;
     requires \valid_read(request + (0 .. count - 1));
     assigns \nothing;
     ensures met_sum(request, count, level + step)
             <= met_sum(request, count, level) + step * above(request, count, level); @/
  static void lemma_raise(const int32_t *request, int32_t count, int32_t level, int32_t step)
  {
    int32_t i = 0;
    /@ loop invariant 0 <= i <= count;
       loop invariant met_sum(request, i, level + step)
                      <= met_sum(request, i, level) + step * above(request, i, level);
       loop assigns i;
       loop variant count - i; @/
    while (i < count) {
      /@ assert met(request[i], level + step) <= met(request[i], level) + (request[i] > level ? step : 0); @/
      /@ assert above(request, i + 1, level) == above(request, i, level) + (request[i] > level ? 1 : 0); @/
      /@ assert met_sum(request, i + 1, level) == met_sum(request, i, level) + met(request[i], level); @/
      /@ assert met_sum(request, i + 1, level + step)
                == met_sum(request, i, level + step) + met(request[i], level + step); @/
      /@ assert product: step * (above(request, i, level) + 1) == step * above(request, i, level) + step; @/
      i++;
    }
    /@ assert i == count; @/
  }
*/

/* Writes one grant; its contract carries the sum over the grants before it across the write. */
/*@ requires 0 <= index && \valid(grant_ma + (0 .. index));
    assigns grant_ma[index];
    ensures grant_ma[index] == grant;
    ensures sum(grant_ma, index + 1) == \old(sum(grant_ma, index)) + grant;
*/
static void put(int32_t *grant_ma, int32_t index, int32_t grant)
{
    grant_ma[index] = grant;
    /*@ ghost
      int32_t i = 0;
      /@ loop invariant 0 <= i <= index;
         loop invariant sum(grant_ma, i) == sum{Pre}(grant_ma, i);
         loop assigns i;
         loop variant index - i; @/
      while (i < index) {
        i++;
        /@ assert sum(grant_ma, i) == sum(grant_ma, i - 1) + grant_ma[i - 1]; @/
        /@ assert sum{Pre}(grant_ma, i) == sum{Pre}(grant_ma, i - 1) + \at(grant_ma[\at(i, Here) - 1], Pre);
      @/
      }
    */
}

/* Returns the level: raised as long as a whole mA is left for everyone above it. */
/*@ requires 0 <= count && 0 <= limit_ma;
    requires \valid_read(request_ma + (0 .. count - 1));
    assigns \nothing;
    ensures 0 <= \result <= limit_ma;
    ensures met_sum(request_ma, count, \result) <= limit_ma;
    ensures limit_ma - met_sum(request_ma, count, \result) < above(request_ma, count, \result)
            || \forall integer k; 0 <= k < count ==> request_ma[k] <= \result;
*/
static int32_t find_level(const int32_t *request_ma, int32_t count, int32_t limit_ma)
{
    int32_t level_ma = 0;
    //@ ghost lemma_zero(request_ma, count);
    /*@ loop invariant 0 <= level_ma <= limit_ma;
        loop invariant met_sum(request_ma, count, level_ma) <= limit_ma;
        loop assigns level_ma;
        loop variant limit_ma - level_ma;
    */
    for (;;) {
        int32_t left_ma = limit_ma;
        int32_t above_count = 0;
        //@ ghost lemma_prefix(request_ma, count, level_ma);
        /*@ loop invariant 0 <= i <= count;
            loop invariant 0 <= above_count <= i;
            loop invariant above_count == above(request_ma, i, level_ma);
            loop invariant left_ma == limit_ma - met_sum(request_ma, i, level_ma);
            loop invariant above_count > 0 ==> left_ma + level_ma <= limit_ma;
            loop invariant above_count == 0 ==> \forall integer k; 0 <= k < i ==> request_ma[k] <= level_ma;
            loop assigns i, left_ma, above_count;
            loop variant count - i;
        */
        for (int32_t i = 0; i < count; i++) {
            /*@ assert met_sum(request_ma, i + 1, level_ma)
                       == met_sum(request_ma, i, level_ma) + met(request_ma[i], level_ma); */
            if (request_ma[i] > level_ma) {
                above_count++;
                left_ma -= level_ma;
            } else if (request_ma[i] > 0) {
                left_ma -= request_ma[i];
            }
        }
        if (left_ma < above_count || above_count == 0) {
            return level_ma;
        }
        //@ ghost lemma_raise(request_ma, count, level_ma, left_ma / above_count);
        //@ assert (left_ma / above_count) * above_count <= left_ma;
        level_ma += left_ma / above_count;
    }
}

/* Returns what the level leaves of the limit. */
/*@ requires 0 <= count && 0 <= limit_ma && 0 <= level_ma;
    requires \valid_read(request_ma + (0 .. count - 1));
    requires met_sum(request_ma, count, level_ma) <= limit_ma;
    assigns \nothing;
    ensures \result == limit_ma - met_sum(request_ma, count, level_ma);
*/
static int32_t left_over(const int32_t *request_ma, int32_t count, int32_t limit_ma, int32_t level_ma)
{
    int32_t left_ma = limit_ma;
    //@ ghost lemma_prefix(request_ma, count, level_ma);
    /*@ loop invariant 0 <= i <= count;
        loop invariant left_ma == limit_ma - met_sum(request_ma, i, level_ma);
        loop assigns i, left_ma;
        loop variant count - i;
    */
    for (int32_t i = 0; i < count; i++) {
        /*@ assert met_sum(request_ma, i + 1, level_ma)
                   == met_sum(request_ma, i, level_ma) + met(request_ma[i], level_ma); */
        if (request_ma[i] > level_ma) {
            left_ma -= level_ma;
        } else if (request_ma[i] > 0) {
            left_ma -= request_ma[i];
        }
    }
    return left_ma;
}

/*@ requires 0 <= count;
    requires \valid_read(request_ma + (0 .. count - 1)) && \valid(grant_ma + (0 .. count - 1));
    requires \separated(request_ma + (0 .. count - 1), grant_ma + (0 .. count - 1));
    assigns grant_ma[0 .. count - 1];
    ensures bounded: \forall integer k; 0 <= k < count ==> 0 <= grant_ma[k] <= \max(request_ma[k], 0);
    ensures summed: \result == sum(grant_ma, count);
    ensures limited: 0 <= \result <= \max(limit_ma, 0);
    ensures used: \result == \max(limit_ma, 0)
                  || \forall integer k; 0 <= k < count ==> grant_ma[k] == \max(request_ma[k], 0);
    ensures fair: \exists integer level; 0 <= level && is_fair(request_ma, grant_ma, count, level);
*/
int32_t evenload_waterfill_fill(const int32_t *request_ma, int32_t *grant_ma, int32_t count, int32_t limit_ma)
{
    const int32_t bound_ma = limit_ma > 0 ? limit_ma : 0;
    const int32_t level_ma = find_level(request_ma, count, bound_ma);
    int32_t extra_count = left_over(request_ma, count, bound_ma, level_ma);
    int32_t used_ma = 0;
    int32_t i = 0;
    //@ ghost lemma_prefix(request_ma, count, level_ma);
    /*@ loop invariant 0 <= i <= count && 0 <= extra_count;
        loop invariant \forall integer k; 0 <= k < count ==> request_ma[k] == \at(request_ma[k], Pre);
        loop invariant extra_count <= above{Pre}(request_ma, count, level_ma) - above{Pre}(request_ma, i,
       level_ma)
                       || extra_count == 0
                       || \forall integer k; 0 <= k < count ==> request_ma[k] <= level_ma;
        loop invariant used_ma == sum(grant_ma, i);
        loop invariant used_ma == met_sum{Pre}(request_ma, i, level_ma) + bound_ma
                                  - met_sum{Pre}(request_ma, count, level_ma) - extra_count;
        loop invariant 0 <= used_ma <= bound_ma;
        loop invariant extra_count > 0 ==> \forall integer k; 0 <= k < i && request_ma[k] > level_ma ==>
                         grant_ma[k] == level_ma + 1;
        loop invariant is_fair(request_ma, grant_ma, i, level_ma);
        loop assigns i, extra_count, used_ma, grant_ma[0 .. count - 1];
        loop variant count - i;
    */
    for (i = 0; i < count; i++) {
        int32_t grant = request_ma[i] > 0 ? request_ma[i] : 0;
        /*@ assert met_sum{Pre}(request_ma, i + 1, level_ma)
                   == met_sum{Pre}(request_ma, i, level_ma) + met(request_ma[i], level_ma); */
        /*@ assert above{Pre}(request_ma, i + 1, level_ma)
                   == above{Pre}(request_ma, i, level_ma) + (request_ma[i] > level_ma ? 1 : 0); */
        if (grant > level_ma) {
            grant = level_ma;
            if (extra_count > 0) {
                extra_count--;
                grant++;
            }
        }
        put(grant_ma, i, grant);
        used_ma += grant;
    }
    //@ assert i == count;
    //@ assert is_fair(request_ma, grant_ma, count, level_ma);
    return used_ma;
}
