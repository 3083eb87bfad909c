"""The simulated clock."""

import pytest
from evenload import ticks
from evenload_sim.clock import SimulatedClock


def test_a_start_below_the_end_of_the_ring_wraps_while_elapsed_time_goes_on():
    clock = SimulatedClock(ticks.PERIOD_MS - 50)
    before = clock.now_ms
    clock.advance(100)
    assert (clock.now_ms, clock.elapsed_ms) == (50, 100)
    assert ticks.elapsed_ms(clock.now_ms, before) == 100


def test_time_never_moves_backward():
    with pytest.raises(ValueError, match="forward"):
        SimulatedClock().advance(-1)
