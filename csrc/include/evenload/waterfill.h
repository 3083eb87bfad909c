/* Integer max-min fair division of one limit; mirror: shared/evenload/waterfill.py (SPEC, waterfill).
 *
 * The contract in csrc/src/waterfill.c is proved by Frama-C WP (`make prove`), without an axiom.
 */
#ifndef EVENLOAD_WATERFILL_H
#define EVENLOAD_WATERFILL_H

#include <stdint.h>

/* Divides limit_ma among `count` requests, writes the grants and returns their sum.
 *
 * request_ma: `count` currents; a negative one counts as 0. grant_ma: `count` currents, overwritten; must not
 * overlap request_ma. limit_ma: a negative one counts as 0. Any int32_t is allowed everywhere.
 * 0 <= grant <= max(request, 0); the sum of grants is the smaller of the limit and the sum of requests; every
 * grant is min(request, level) for one common level, or level + 1 for the first of those that want more.
 * At most count + 1 passes, in practice three or four. */
int32_t evenload_waterfill_fill(const int32_t *request_ma, int32_t *grant_ma, int32_t count,
                                int32_t limit_ma);

#endif
