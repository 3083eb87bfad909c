/* Fuzz target: any bytes as members and demand. What is proved is checked once more at run time, and what is not:
 * a member that goes or is derated takes nothing from the others. */
#include "check.h"
#include "evenload/dispatch.h"
#include <string.h>

enum { COUNT_MAX = EVENLOAD_DISPATCH_COUNT_MAX, RATED_MAX = EVENLOAD_DISPATCH_RATED_10W_MAX };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int32_t able(const evenload_dispatch_t *dispatch, int32_t slot)
{
    const int32_t room = dispatch->effective_10w[slot];
    return slot >= dispatch->count || room < 0 ? 0 : room > RATED_MAX ? RATED_MAX : room;
}

static void check_solved(evenload_dispatch_t *dispatch, int32_t demand)
{
    const int32_t asked = demand > 0 ? demand : 0;
    const int32_t unmet = evenload_dispatch_solve(dispatch, demand);
    int32_t total = 0;
    int32_t given = 0;
    for (int32_t slot = 0; slot < COUNT_MAX; slot++) {
        CHECK(dispatch->share_10w[slot] >= 0 && dispatch->share_10w[slot] <= able(dispatch, slot));
        given += dispatch->share_10w[slot];
        total += able(dispatch, slot);
    }
    CHECK(unmet == dispatch->unmet_10w && unmet == (asked > total ? asked - total : 0));
    CHECK(given + unmet == asked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    evenload_dispatch_t before, after;
    int32_t demand = 0;
    const size_t used = sizeof demand + 2;
    if (size < used) {
        return 0;
    }
    evenload_dispatch_init(&before);
    memcpy(&demand, data, sizeof demand);
    demand = data[4] & 1 ? demand : demand & 0xFFFF;
    /* Without the high bytes most numbers are inside their ranges. */
    size -= used;
    memcpy(&before, data + used, size < sizeof before ? size : sizeof before);
    for (int32_t slot = 0; slot < COUNT_MAX && data[4] & 2; slot++) {
        before.effective_10w[slot] &= 0x3FFF;
        before.rank[slot] &= 0xF;
        before.cost_linear[slot] &= 0x3FF;
        before.cost_cubic[slot] &= 0x3FF;
    }
    before.count = data[4] & 4 ? before.count : COUNT_MAX;
    before.policy = data[4] & 8 ? before.policy : (data[4] >> 4) & 1;
    before.master = data[4] & 32 ? before.master : data[5] >> 4;
    check_solved(&before, demand);
    after = before;
    const int32_t gone = (data[5] & 0xF) % COUNT_MAX;
    after.effective_10w[gone] = data[4] & 64 ? 0 : able(&before, gone) / 2;
    check_solved(&after, demand);
    for (int32_t slot = 0; slot < COUNT_MAX; slot++) {
        CHECK(slot == gone || after.share_10w[slot] >= before.share_10w[slot]);
    }
    return 0;
}
