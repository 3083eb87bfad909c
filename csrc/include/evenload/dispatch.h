/* How a cooling load is shared among the units of a cluster; mirror: shared/evenload/dispatch.py (SPEC, load
   sharing).

   Everything is in units of 10 W. The struct has no pointers: it may be embedded, copied and compared. A
   number outside its range counts as the nearest one inside. solve is O(count^2) for the ramp. */
#ifndef EVENLOAD_DISPATCH_H
#define EVENLOAD_DISPATCH_H

#include <stdint.h>

#include "evenload/wire.h"

typedef struct {
    int32_t count;                                      /* slots in use: 0 .. EVENLOAD_DISPATCH_COUNT_MAX */
    int32_t policy;                                     /* EVENLOAD_DISPATCH_POLICY_* */
    int32_t master;                                     /* its slot, or EVENLOAD_DISPATCH_MASTER_NONE */
    int32_t cap_percent;                                /* of the master's capacity: 0 .. 100 */
    int32_t unmet_10w;                                  /* out */
    int32_t effective_10w[EVENLOAD_DISPATCH_COUNT_MAX]; /* 0 .. 65535; 0: not a member */
    int32_t rank[EVENLOAD_DISPATCH_COUNT_MAX];          /* 0 is loaded first */
    int32_t cost_linear[EVENLOAD_DISPATCH_COUNT_MAX];   /* 0 .. 1000 */
    int32_t cost_cubic[EVENLOAD_DISPATCH_COUNT_MAX];    /* 1 .. 1000; 0 counts as 1 */
    int32_t share_10w[EVENLOAD_DISPATCH_COUNT_MAX];     /* out */
    int32_t room[EVENLOAD_DISPATCH_COUNT_MAX];          /* scratch, as all below */
    int32_t bound[EVENLOAD_DISPATCH_COUNT_MAX];
    int32_t weight[EVENLOAD_DISPATCH_COUNT_MAX];
    int32_t slope[EVENLOAD_DISPATCH_COUNT_MAX];
    int32_t linear[EVENLOAD_DISPATCH_COUNT_MAX];
    int32_t cubic[EVENLOAD_DISPATCH_COUNT_MAX];
} evenload_dispatch_t;

/* No members, no master, the policy ramp, the default cap. */
void evenload_dispatch_init(evenload_dispatch_t *dispatch);

/* Shares demand_10w (a negative one counts as 0) among the members; fills share_10w, returns what is unmet. */
int32_t evenload_dispatch_solve(evenload_dispatch_t *dispatch, int32_t demand_10w);

/* Returns the capacity (0 .. 65535) that a unit has at a derate, floored; out or unknown: 0. */
int32_t evenload_dispatch_effective(int32_t rated_10w, int32_t derate);

/* Returns 1 if the demand could not be carried without the largest member, else 0. */
int32_t evenload_dispatch_n1_lost(const evenload_dispatch_t *dispatch, int32_t demand_10w);

#endif
