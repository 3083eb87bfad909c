/* A seeded 32-bit random number generator; mirror: shared/evenload/random32.py.

   PCG RXS-M-XS 32/32 (M. E. O'Neill, HMC-CS-2014-0905, section 6.3.4). The state is the caller's; every
   function takes constant time but `below`, which draws again with a chance below one half. */
#ifndef EVENLOAD_RANDOM32_H
#define EVENLOAD_RANDOM32_H

#include <stdint.h>

typedef struct {
    uint32_t state;
} evenload_random32_t;

/* Starts the stream `seed`. */
void evenload_random32_init(evenload_random32_t *random, uint32_t seed);

/* Returns the next number, 0 .. 2^30 - 1. */
int32_t evenload_random32_next30(evenload_random32_t *random);

/* Returns an unbiased number 0 .. bound - 1; bound: 1 .. 2^30 - 1. */
int32_t evenload_random32_below(evenload_random32_t *random, int32_t bound);

#endif
