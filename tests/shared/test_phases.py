"""Wirings, unbalance, and switching between one phase and three (R13)."""

import pytest
from evenload import wire

MIN_MA = 6000
SURPLUS_MA = MIN_MA + 290


@pytest.fixture
def phases(backend):
    return backend("phases")


@pytest.fixture
def switch(phases):
    switch = phases.PhaseSwitch(2)
    switch.start(1, 3)
    return switch


@pytest.mark.parametrize(
    ("wiring", "masks"),
    [
        # One, two, three drawn phases; bit 0 is L1.
        ("L1-L2-L3", (1, 3, 7)),
        ("L1-L3-L2", (1, 5, 7)),
        ("L2-L1-L3", (2, 3, 7)),
        ("L2-L3-L1", (2, 6, 7)),
        ("L3-L1-L2", (4, 5, 7)),
        ("L3-L2-L1", (4, 6, 7)),
        ("L1", (1, 1, 1)),
        ("L2", (2, 2, 2)),
        ("L3", (4, 4, 4)),
        ("L1-L2", (1, 3, 3)),
        ("L2-L3", (2, 6, 6)),
        ("L3-L1", (4, 5, 5)),
        # Nobody knows: all three, whatever is drawn.
        ("unknown", (7, 7, 7)),
    ],
)
def test_a_wiring_loads_the_phases_of_its_first_terminals(phases, wiring, masks):
    code = wire.WIRING_NAMES.index(wiring)
    assert tuple(phases.mask(code, count) for count in (1, 2, 3)) == masks
    assert phases.mask(code, 0) == 0
    assert phases.terminal_count(code) == bin(masks[2]).count("1")


def test_a_terminal_is_found_on_its_site_phase(phases):
    found = [phases.site_phase(wire.WIRING_L2_L3_L1, terminal) for terminal in range(3)]
    assert found == [1, 2, 0]
    assert [phases.site_phase(wire.WIRING_L3_L1, terminal) for terminal in range(3)] == [
        2,
        0,
        wire.PHASE_NONE,
    ]
    assert phases.site_phase(wire.WIRING_UNKNOWN, 0) == wire.PHASE_NONE


@pytest.mark.parametrize(
    ("sums_ma", "mask", "room_ma"),
    [
        ((0, 0, 0), 1, 20000),
        ((10000, 0, 0), 1, 10000),
        ((10000, 0, 0), 2, 20000),
        ((25000, 0, 0), 1, 0),
        ((5000, 9000, 7000), 3, 18000),
        ((5000, 9000, 7000), 6, 16000),
        ((5000, 9000, 7000), 7, wire.NO_CAP_MA),
    ],
)
def test_the_room_keeps_the_unbalance_within_its_limit(phases, sums_ma, mask, room_ma):
    assert phases.room_ma(*sums_ma, mask, wire.PHASES_UNBALANCE_MA_MAX_DE) == room_ma


def test_using_the_room_up_reaches_the_limit_and_one_ma_more_exceeds_it(phases):
    for sums_ma in ((3000, 8000, 1000), (0, 0, 0), (16000, 15000, 14000)):
        for phase in range(3):
            room_ma = phases.room_ma(*sums_ma, 1 << phase, wire.PHASES_UNBALANCE_MA_MAX_AT_CH)
            for extra_ma, is_within in ((0, True), (1, False)):
                loaded_ma = list(sums_ma)
                loaded_ma[phase] += room_ma + extra_ma
                assert (phases.unbalance_ma(*loaded_ma) <= wire.PHASES_UNBALANCE_MA_MAX_AT_CH) == is_within


def test_the_best_phase_leaves_the_least_unbalance(phases):
    for sums_ma in ((5000, 3000, 9000), (4000, 4000, 0), (7000, 7000, 7000)):
        for mask in range(1, 8):
            candidates = [phase for phase in range(3) if mask >> phase & 1]

            def after(phase, sums_ma=sums_ma):
                loaded_ma = list(sums_ma)
                loaded_ma[phase] += 6000
                return phases.unbalance_ma(*loaded_ma)

            assert phases.best_phase(*sums_ma, mask) == min(
                candidates, key=lambda p: (after(p), sums_ma[p], p)
            )


def test_three_phases_fall_to_one_at_once_with_a_pause(switch):
    assert switch.choose(1, 0, 16000, 6000) == 3
    assert switch.choose(1, 1000, 16000, 5999) == 0
    assert switch.phase_count[1] == 1
    assert switch.choose(1, 10999, 16000, 5999) == 0
    assert switch.choose(1, 11000, 16000, 5999) == 1


def test_one_phase_that_has_no_room_either_is_not_switched_to(switch):
    assert switch.choose(1, 0, 5999, 5000) == 3
    assert switch.switch_count[1] == 0


def rise_ms(switch, three_ma, seconds, start_ms=0):
    """Return when a single-phase station is switched up; None if it is not."""
    for now_ms in range(start_ms, start_ms + 1000 * seconds, 1000):
        if switch.choose(1, now_ms % wire.TICKS_PERIOD_MS, 16000, three_ma) == 0:
            return now_ms - start_ms
    return None


@pytest.mark.parametrize("start_ms", [0, wire.TICKS_PERIOD_MS - 300000])
def test_one_phase_rises_after_ten_minutes_of_surplus(switch, start_ms):
    switch.start(1, 1)
    assert rise_ms(switch, SURPLUS_MA, 700, start_ms) == 600000
    assert switch.phase_count[1] == 3


def test_less_than_two_hundred_watts_of_surplus_is_none(switch):
    switch.start(1, 1)
    assert rise_ms(switch, SURPLUS_MA - 1, 1300) is None
    # 200 W over three phases of 230 V.
    assert 3 * 230 * 290 >= 200 * 1000 > 3 * 230 * 289


def test_a_break_in_the_surplus_starts_the_ten_minutes_anew(switch):
    switch.start(1, 1)
    assert rise_ms(switch, SURPLUS_MA, 600) is None
    switch.choose(1, 600000, 16000, SURPLUS_MA - 1)
    assert rise_ms(switch, SURPLUS_MA, 700, start_ms=601000) == 600000


def test_a_session_has_a_limited_number_of_changes_and_ends_where_it_fits(switch):
    now_ms, changes = 0, 0
    for _ in range(40):
        # Alternately no room on three phases and, for ten minutes and a pause, plenty.
        for three_ma, seconds in ((0, 20), (32000, 620)):
            for _ in range(seconds):
                now_ms = (now_ms + 1000) % wire.TICKS_PERIOD_MS
                before = switch.phase_count[1]
                switch.choose(1, now_ms, 16000, three_ma)
                changes += switch.phase_count[1] != before
    assert changes == switch.switch_count[1] <= wire.PHASES_SWITCH_COUNT_MAX_DEFAULT
    assert switch.phase_count[1] == 1
    switch.start(1, 3)
    assert switch.switch_count[1] == 0
