/* A seeded 32-bit random number generator; mirror: shared/evenload/random32.py. */
#include "evenload/random32.h"

#include <assert.h>

static const int32_t NEXT_MAX = 0x3FFFFFFF;

static void step(evenload_random32_t *random)
{
    random->state = random->state * 747796405u + 2891336453u;
}

void evenload_random32_init(evenload_random32_t *random, uint32_t seed)
{
    random->state = 0;
    step(random);
    random->state += seed;
    step(random);
}

int32_t evenload_random32_next30(evenload_random32_t *random)
{
    const uint32_t state = random->state;
    step(random);
    const uint32_t word = ((state >> ((state >> 28) + 4u)) ^ state) * 277803737u;
    return (int32_t)(((word >> 22) ^ word) >> 2);
}

int32_t evenload_random32_below(evenload_random32_t *random, int32_t bound)
{
    assert(bound >= 1 && bound <= NEXT_MAX);
    const int32_t highest = NEXT_MAX - (NEXT_MAX % bound + 1) % bound;
    int32_t draw = evenload_random32_next30(random);
    while (draw > highest) {
        draw = evenload_random32_next30(random);
    }
    return draw % bound;
}
