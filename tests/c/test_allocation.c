/* R1, R1b, R2 and R9 on random trees. Use: PROGRAM [COUNT [FIRST_SEED]]; a failure names its seed, which replays it. */
#include "allocation_site.h"

enum { ROUNDS = 6 };

int main(int argument_count, char **arguments)
{
    static site_t site;
    const long count = argument_count > 1 ? strtol(arguments[1], NULL, 10) : 20000;
    const long first = argument_count > 2 ? strtol(arguments[2], NULL, 10) : 0;
    long stations = 0;
    long on = 0;
    for (long seed = first; seed < first + count; seed++) {
        source_t source = {NULL, 0, (uint32_t)seed * 2654435761u};
        const int broken = site_run(&site, &source, ROUNDS);
        if (broken != 0) {
            fprintf(stderr, "seed %ld: R%d is broken at %d ms\n", seed, broken, (int)site.columns.now_ms);
            return 1;
        }
        for (int32_t s = 0; s < site.columns.station_count; s++) {
            on += site.columns.station.grant_ma[s] > 0;
        }
        stations += site.columns.station_count;
    }
    printf("test_allocation: %ld random trees, %ld stations, %ld on at the end, no invariant broken\n", count,
           stations, on);
    return 0;
}
