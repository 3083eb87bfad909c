"""The thermal model of R7, and that it acts before the breakers and fuses it stands for."""

import pytest
from evenload import wire

RATED_MA = 63000
PERIOD_MS = 1 << 30


@pytest.fixture
def breaker(backend):
    breaker = backend("breaker").Breaker(3)
    breaker.rated_ma[1] = RATED_MA
    return breaker


def action_ms(breaker, current_ma, step_ms=100, start_ms=0):
    """Return how long a constant current lasts until SUSPEND; None if it does for two hours."""
    breaker.reset(1)
    for passed_ms in range(0, 7_200_001, step_ms):
        if breaker.on_measured(1, (start_ms + passed_ms) % PERIOD_MS, current_ma):
            return passed_ms
    return None


@pytest.mark.parametrize(
    ("ratio_permille", "expected_ms"),
    [
        # R7: 1.00-1.13 In 60 s, 1.13-1.40 30 s, 1.40-2.0 10 s, above 2.0 the next tick.
        (1001, 60000),
        (1130, 60000),
        (1131, 30000),
        (1400, 30000),
        (1401, 10000),
        (2000, 10000),
        (2001, 100),
        (9000, 100),
    ],
)
def test_the_default_curve_acts_after_the_times_of_r7(breaker, ratio_permille, expected_ms):
    assert action_ms(breaker, RATED_MA * ratio_permille // 1000) == expected_ms


def test_the_rated_current_is_no_overload_and_one_ma_more_is(breaker):
    for now_ms in range(0, 3_600_000, 1000):
        assert breaker.on_measured(1, now_ms, RATED_MA) == wire.BREAKER_ACTION_NONE
    assert breaker.heat[1] == 0
    assert action_ms(breaker, RATED_MA + 1) == 60000


def test_the_action_time_does_not_depend_on_the_reading_interval_or_the_ring(breaker):
    assert action_ms(breaker, 70000, step_ms=1) == 60000
    assert action_ms(breaker, 70000, step_ms=3000) == 60000
    assert action_ms(breaker, 70000, step_ms=1000, start_ms=PERIOD_MS - 30000) == 60000


def test_repeated_short_overloads_add_up(breaker):
    # 20 s of 1.2 In (two thirds of its time), 20 s at rest (a sixth cools away): the second one acts.
    now_ms, actions = 0, []
    for current_ma in (75600, 30000, 75600, 30000):
        for _ in range(20):
            actions.append(breaker.on_measured(1, now_ms, current_ma))
            now_ms += 1000
    assert actions.index(wire.BREAKER_ACTION_SUSPEND) == 55


def test_suspension_is_latched_until_half_the_heat_is_gone(breaker):
    assert action_ms(breaker, 90000) == 10000
    ended_ms = next(t for t in range(11000, 200000, 1000) if not breaker.on_measured(1, t, 20000))
    assert breaker.heat_permille[1] <= wire.BREAKER_RECOVER_PERMILLE
    # The reading at 11 s is the first below the rating: full heat is half gone 60 s later.
    assert ended_ms == 71000


def test_an_overload_that_ends_in_time_suspends_nobody(breaker):
    for now_ms in range(0, 59001, 1000):
        assert not breaker.on_measured(1, now_ms, 64000)
    assert not breaker.on_measured(1, 60000, 63000)
    assert breaker.heat_permille[1] == 1000
    # The next overload meets a hot breaker.
    assert not breaker.on_measured(1, 60100, 64000)
    assert breaker.on_measured(1, 66100, 64000)


def test_a_silent_meter_cools_nothing_and_heats_on(breaker):
    breaker.on_measured(1, 0, 70000)
    breaker.on_measured(1, 30000, 50000)
    assert breaker.heat_permille[1] == 500
    breaker.on_measured(1, 90000, 50000)
    assert breaker.heat_permille[1] == 500 - 25
    breaker.reset(1)
    breaker.on_measured(1, 0, 70000)
    assert breaker.on_measured(1, 60000, wire.NOT_MEASURED_MA) == wire.BREAKER_ACTION_SUSPEND


def test_a_cell_without_a_rating_never_acts(breaker):
    assert not any(breaker.on_measured(0, now_ms, 10**6) for now_ms in range(0, 10000, 1000))
    assert list(breaker.heat) == [0, 0, 0]


def test_a_curve_of_ones_own_is_followed(breaker):
    first = wire.BREAKER_CURVE_CUSTOM * wire.BREAKER_ROW_COUNT
    for row, (ratio, time_ms) in enumerate(((1000, 5000), (1500, 1000), (0, 0))):
        breaker.ratio_permille[first + row] = ratio
        breaker.action_ms[first + row] = time_ms
    breaker.curve[1] = wire.BREAKER_CURVE_CUSTOM
    assert action_ms(breaker, RATED_MA * 3 // 2) == 5000
    assert action_ms(breaker, RATED_MA * 2) == 1000
    assert action_ms(breaker, RATED_MA * 20) == 1000


def mcb_trip_ms(ratio, magnetic_ratio):
    """Return the earliest trip of a miniature breaker (IEC 60898-1): the thermal band's lower edge.

    1.13 In is held for an hour, 2.55 In for 1 s, and the magnetic release may act at once from its lowest
    setting on. Between 1.13 and 2.55 In the standard names no lower edge; the straight line on the usual
    double-logarithmic paper from (1.45 In, 30 s) to (2.55 In, 1 s) lies below the published bands.
    """
    if ratio >= magnetic_ratio:
        return 0
    if ratio <= 1.13:
        return 3_600_000
    if ratio <= 1.45:
        return 30000 * (1.45 / ratio) ** 6.02
    return 1000 * (2.55 / ratio) ** (6.02 if ratio <= 2.55 else 2)


def fuse_melt_ms(ratio):
    """Return the earliest melting of a 16 A gG link (IEC 60269-1: 20 A 1 h, 33 A 10 s, 85 A 0.1 s)."""
    if ratio <= 1.25:
        return 3_600_000
    if ratio <= 33 / 16:
        return max(10000, 3_600_000 * (1.25 / ratio) ** 11.7)
    return 10000 * (33 / 16 / ratio) ** 4.87


CURVES = [
    (wire.BREAKER_CURVE_MCB_B, 3.0),
    (wire.BREAKER_CURVE_MCB_C, 5.0),
    (wire.BREAKER_CURVE_MCB_D, 10.0),
]


def assert_acts_before(breaker, curve, trips):
    """Check each curve's action time (readings every 10 ms) against trips: list of (ratio permille, ms)."""
    breaker.curve[1] = curve
    for ratio_permille, trip_ms in trips:
        acted_ms = action_ms(breaker, -(-RATED_MA * ratio_permille // 1000), step_ms=10)
        assert acted_ms <= max(trip_ms, 10), (curve, ratio_permille)


RATIOS = (1050, 1130, 1131, 1200, 1300, 1400, 1401, 1450, 1600, 2000, 2001, 2300, 2550, 2551, 2900, 3500)
RATIOS += (4500, 5500, 7000, 9900, 12000)


@pytest.mark.parametrize(("curve", "magnetic_ratio"), CURVES)
def test_it_acts_before_a_miniature_breaker_can_trip(breaker, curve, magnetic_ratio):
    # Where the magnetic release may act at once, nothing can be earlier; the next reading is demanded.
    assert_acts_before(breaker, curve, [(r, mcb_trip_ms(r / 1000, magnetic_ratio)) for r in RATIOS])


def test_the_default_curve_acts_before_what_the_standard_guarantees(breaker):
    # IEC 60898-1, table 7: 1.13 In is held for 1 h, 2.55 In for 1 s. Nothing is promised between the two.
    assert_acts_before(breaker, wire.BREAKER_CURVE_DEFAULT, [(1130, 3_600_000), (2550, 1000), (3000, 10)])


def test_it_acts_before_a_fuse_can_melt(breaker):
    assert_acts_before(breaker, wire.BREAKER_CURVE_FUSE_GG, [(r, fuse_melt_ms(r / 1000)) for r in RATIOS])
