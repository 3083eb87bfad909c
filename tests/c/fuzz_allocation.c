/* Fuzz target: bytes decide a site and its rounds; the oracle judges each. */
#include "allocation_site.h"

enum { ROUNDS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static site_t site;
    source_t source = {data, size, (uint32_t)size};
    CHECK(site_run(&site, &source, ROUNDS) == 0);
    return 0;
}
