"""A feeder's sample meets the draws of its own time."""

import pytest
from evenload import wire
from evenload_node.draw_history import PASS_COUNT, DrawHistory
from evenload_sim.world import World


class Bay:
    """A station that reports what it is told to draw on L1."""

    def __init__(self):
        self.measured_ma = [0, wire.NOT_MEASURED_MA, 0]

    def report(self):
        return self


def make_history(draws_ma, start_ms=0, step_ms=100):
    """Return the history of one station on circuit 1 of two, which drew draws_ma, a pass each."""
    history, bay = DrawHistory([wire.CIRCUIT_NONE, 0], [1]), Bay()
    for number, draw_ma in enumerate(draws_ma):
        bay.measured_ma[0] = draw_ma
        history.note((start_ms + step_ms * number) % wire.TICKS_PERIOD_MS, [bay])
    return history


@pytest.mark.parametrize("cell", [0, 3])
def test_a_sample_from_before_a_cut_is_moved_down_by_the_cut_on_every_circuit(cell):
    history = make_history([16_000] * 5 + [6_000] * 5)
    assert history.moved_ma(50_000, cell, 300, 0) == 40_000
    assert history.moved_ma(50_000, cell, 600, 0) == 50_000


def test_another_phase_is_not_moved():
    history = make_history([16_000, 6_000])
    assert history.moved_ma(50_000, 1, 0, 0) == 50_000


def test_the_largest_draw_of_the_refresh_period_is_taken():
    falling = make_history([10_000, 9_000, 8_000, 7_000, 6_000])
    assert falling.moved_ma(20_000, 0, 300, 0) == 19_000
    assert falling.moved_ma(20_000, 0, 300, 200) == 17_000
    rising = make_history([6_000, 7_000, 8_000, 9_000, 10_000])
    assert rising.moved_ma(20_000, 0, 300, 200) == 21_000


def test_a_sample_older_than_all_passes_stays_as_it_is():
    history = make_history(list(range(0, 1000 * 2 * PASS_COUNT, 1000)))
    assert history.moved_ma(5_000, 0, 0, 400) == 5_000


def test_the_ring_of_times_may_wrap():
    history = make_history([16_000] * 5 + [6_000] * 5, start_ms=wire.TICKS_PERIOD_MS - 500)
    assert history.moved_ma(50_000, 0, wire.TICKS_PERIOD_MS - 200, 0) == 40_000


def test_nothing_is_moved_below_zero_or_made_up():
    history = make_history([16_000, 0])
    assert history.moved_ma(3_000, 0, 0, 0) == 0
    assert history.moved_ma(wire.NOT_MEASURED_MA, 0, 0, 0) == wire.NOT_MEASURED_MA
    assert DrawHistory([wire.CIRCUIT_NONE], []).moved_ma(5_000, 0, 0, 0) == 5_000


def has_room(allocation, s):
    """Return whether station s, at 0 A now, would fit with its minimum into what is planned."""
    n = allocation.station_circuit[s]
    while n >= 0:
        for phase in range(3):
            planned_ma = allocation.load_ma[3 * n + phase] + allocation.low_ma[s]
            if allocation.phase_mask[s] >> phase & 1 and planned_ma > allocation.limit_ma[3 * n + phase]:
                return False
        n = allocation.circuit_parent[n]
    return True


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_surge_of_the_building_throttles_and_stops_nobody_who_still_fits(seed):
    world = World(seed=seed)
    world.step(400_000)
    allocation = world.role.allocation
    needless = []
    for phase in ("L1", "L2", "L3"):
        world.inject("base_load_surge", phase, True)
        for _ in range(300):
            before_ma = list(allocation.grant_ma)
            world.step(100)
            stopped = [s for s in range(len(before_ma)) if before_ma[s] > 0 == allocation.grant_ma[s]]
            needless += [s for s in stopped if has_room(allocation, s)]
        world.inject("base_load_surge", phase, False)
        world.step(30_000)
    assert needless == []
