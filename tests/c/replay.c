/* Feeds seeded random inputs to a fuzz target without libFuzzer: for sanitisers of any compiler, and for coverage.
 * Use: PROGRAM [COUNT]. The same inputs on every run. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_BYTES = 4096 };

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

int main(int argument_count, char **arguments)
{
    static uint8_t data[SIZE_MAX_BYTES];
    const long count = argument_count > 1 ? strtol(arguments[1], NULL, 10) : 1000;
    uint32_t state = 1u;
    for (long run = 0; run < count; run++) {
        const size_t size = next(&state) % (run % 16 == 0 ? SIZE_MAX_BYTES : 256);
        const uint32_t zeros = next(&state) % 4u;
        for (size_t at = 0; at < size; at++) {
            const uint32_t drawn = next(&state);
            data[at] = (uint8_t)(drawn % 4u < zeros ? 0u : drawn >> 4);
        }
        LLVMFuzzerTestOneInput(data, size);
    }
    printf("%s: %ld inputs\n", arguments[0], count);
    return 0;
}
