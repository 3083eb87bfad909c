"""The parts of a simulated node: its clock, its tick grid, its floor store."""

import itertools

import pytest
from evenload.core import kernel
from evenload_sim.cluster.clock import RATE_ONE, RING_MASK, DriftingClock
from evenload_sim.cluster.floor_store import UNREADABLE, FloorStore
from evenload_sim.cluster.node import Grid


@pytest.mark.parametrize("rate", [RATE_ONE, RATE_ONE - 50_000, RATE_ONE + 50_000, RATE_ONE + 1])
def test_a_clock_shows_a_millisecond_first_when_it_says_so(rate):
    clock = DriftingClock(123_456_789, rate)
    for t_us in (0, 999, 1_000_000, 77_777_777):
        for ahead_ms in (1, 7, 50):
            due_us = clock.true_us(ahead_ms, t_us)
            assert clock.now_ms(due_us) == clock.now_ms(t_us) + ahead_ms
            assert clock.now_ms(due_us - 1) == clock.now_ms(t_us) + ahead_ms - 1


def test_a_clock_wraps_steps_and_changes_its_rate_without_a_jump():
    clock = DriftingClock((RING_MASK + 1) * 1000 - 500)
    assert (clock.now_ms(0), clock.now_ms(499), clock.now_ms(500)) == (RING_MASK, RING_MASK, 0)
    before_us = clock.local_us(10_000)
    clock.set_rate(10_000, RATE_ONE + 50_000)
    assert clock.local_us(10_000) == before_us and clock.local_us(30_000) == before_us + 21_000
    clock.step(30_000, -5_000)
    assert clock.local_us(30_000) == before_us + 16_000


def test_a_grid_ticks_every_5_to_7_ms():
    grid = Grid(5_000, 2_000, kernel("random32").Random32(1))
    ticks = [grid.at_or_after(0)]
    while len(ticks) < 2_000:
        ticks.append(grid.at_or_after(ticks[-1] + 1))
    gaps_us = [after - before for before, after in itertools.pairwise(ticks)]
    assert min(gaps_us) >= 3_000 and max(gaps_us) <= 7_000
    assert all(grid.at_or_after(at_us) == at_us for at_us in ticks)


@pytest.mark.parametrize("kept_size", range(17))
def test_a_torn_write_leaves_the_old_ceiling_or_the_new_one(kept_size):
    store = FloorStore(7)
    for ceiling in (20, 40, 60):
        before = store.read()
        store.begin(ceiling)
        assert store.read() == before
        store.tear(kept_size)
        assert store.read() == (ceiling if kept_size == 16 else before)
        store.begin(ceiling)
        store.finish()
        assert store.read() == ceiling


def test_a_worn_store_is_unreadable():
    store = FloorStore(7)
    store.wear_out()
    assert store.read() == UNREADABLE
