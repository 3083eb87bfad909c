"""Integer max-min fair division of one limit (R1). Mirror: csrc/src/waterfill.c.

One function: `fill(request_ma, grant_ma, limit_ma) -> sum`. Every request is met up to one common level;
what the level leaves over (less than one mA each) goes in mA to the lowest indices whose request lies above
the level. The C twin carries an ACSL contract that says exactly this; Frama-C WP proves it (`make prove`).
"""


def fill(request_ma: list, grant_ma: list, limit_ma: int) -> int:
    """Divide `limit_ma` among requests, write the grants and return their sum.

    request_ma: ints, length 0..; a negative one counts as 0. grant_ma: the same length, overwritten; it
    must not be request_ma itself. limit_ma: 0 .. 2^30 - 1; a negative one counts as 0. Guarantees: 0 <=
    grant <= max(request, 0); sum of grants == result <= limit; the result is the smaller of the limit and
    the sum of requests; a level exists with grant == min(request, level), or level + 1 for the first
    indices whose request is larger. Takes at most one pass more than there are requests, in practice three
    or four: each pass that is not the last meets a request in full.
    """
    level_ma = 0
    while True:
        left_ma = limit_ma if limit_ma > 0 else 0
        above_count = 0
        for request in request_ma:
            if request > level_ma:
                above_count += 1
                left_ma -= level_ma
            elif request > 0:
                left_ma -= request
        # Below one mA for each of those who want more, the level is final.
        if left_ma < above_count or above_count == 0:
            break
        level_ma += left_ma // above_count
    used_ma = 0
    extra_count = left_ma if above_count > 0 else 0
    for index in range(len(request_ma)):
        request = request_ma[index]
        if request > level_ma:
            grant = level_ma
            if extra_count > 0:
                extra_count -= 1
                grant += 1
        else:
            grant = request if request > 0 else 0
        grant_ma[index] = grant
        used_ma += grant
    return used_ma
