/* Fuzz target: any bytes as requests and a limit; the proved contract is checked once more at run time. */
#include "check.h"
#include "evenload/waterfill.h"
#include <string.h>

enum { COUNT_MAX = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t positive(int32_t value)
{
    return value > 0 ? value : 0;
}

/* The level shows in the largest grant; a grant one above it is an extra mA. */
static void check_fair(const int32_t *request, const int32_t *grant, int32_t count)
{
    int32_t least_unmet = INT32_MAX;
    for (int32_t i = 0; i < count; i++) {
        if (grant[i] < positive(request[i]) && grant[i] < least_unmet) {
            least_unmet = grant[i];
        }
    }
    for (int32_t i = 0; i < count && least_unmet < INT32_MAX; i++) {
        CHECK(grant[i] <= least_unmet + 1);
        for (int32_t j = 0; j < i && grant[i] == least_unmet + 1; j++) {
            CHECK(grant[j] >= least_unmet + 1 || grant[j] == positive(request[j]));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int32_t request[COUNT_MAX], grant[COUNT_MAX], limit, result, count;
    int64_t asked = 0, granted = 0;
    if (size < sizeof limit) {
        return 0;
    }
    memcpy(&limit, data, sizeof limit);
    size = (size - sizeof limit) / sizeof request[0];
    count = (int32_t)(size < COUNT_MAX ? size : COUNT_MAX);
    memcpy(request, data + sizeof limit, (size_t)count * sizeof request[0]);
    result = evenload_waterfill_fill(request, grant, count, limit);
    for (int32_t i = 0; i < count; i++) {
        CHECK(grant[i] >= 0 && grant[i] <= positive(request[i]));
        asked += positive(request[i]);
        granted += grant[i];
    }
    CHECK(granted == result);
    CHECK(granted == (asked < positive(limit) ? asked : positive(limit)));
    check_fair(request, grant, count);
    return 0;
}
