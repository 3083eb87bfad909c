"""Cars that do not start at 6 A are offered 10 A, full ones are left in peace, and the safety table stays 6 A."""

import pytest
from evenload import wire
from evenload.site import build
from evenload_node.minimum import LEARNED_MA, PATIENCE_MS, REST_MS, MinimumLearner
from evenload_sim.world import World


class Bay:
    """An allocation with one station, and the learner beside it, stepped each second."""

    def __init__(self, **station):
        circuit = {
            "id": "main",
            "limit_ma": [63_000] * 3,
            "metered": True,
            "fallback_current_ma": [12_000] * 3,
        }
        bay = {"id": "bay", "circuit": "main", "wiring": "L1-L2-L3", "min_ma": 6_000, "max_ma": 32_000}
        self.allocation = build({"name": "x", "circuits": [circuit], "stations": [bay | station]}).allocation
        self.learner = MinimumLearner(self.allocation)
        self.now_ms = wire.TICKS_PERIOD_MS - 100_000

    def live(self, duration_ms, grant_ma, drawn_ma, state=wire.STATION_CONNECTED, is_trusted=True):
        """Return the minimum in force after `duration_ms` of that."""
        self.allocation.station_state[0] = state
        self.allocation.grant_ma[0] = grant_ma
        self.allocation.measured_ma[0] = drawn_ma
        for _ in range(duration_ms // 1000 + 1):
            self.learner.step(self.now_ms, is_trusted)
            self.now_ms = (self.now_ms + 1000) % wire.TICKS_PERIOD_MS
        return self.allocation.low_ma[0]


def test_a_car_that_leaves_six_amps_unused_is_offered_ten():
    bay = Bay()
    assert bay.live(PATIENCE_MS - 2000, 6_000, 0) == 6_000
    assert bay.live(2000, 6_000, 0) == LEARNED_MA


def test_a_car_that_stopped_at_six_amps_with_its_contactor_closed_is_offered_ten():
    assert Bay().live(PATIENCE_MS + 2000, 6_000, 0, wire.STATION_CHARGING) == LEARNED_MA


def test_a_station_that_measures_nothing_is_believed_to_draw_while_it_charges():
    assert Bay().live(600_000, 6_000, wire.NOT_MEASURED_MA, wire.STATION_CHARGING) == 6_000


def test_what_it_started_with_is_its_minimum_until_it_leaves():
    bay = Bay()
    bay.live(PATIENCE_MS, 6_000, 0)
    assert bay.live(5000, 10_000, 9_500, wire.STATION_CHARGING) == LEARNED_MA
    assert bay.live(600_000, 0, 0) == LEARNED_MA
    assert bay.live(1000, 0, 0, wire.STATION_AVAILABLE) == 6_000
    assert bay.live(5000, 6_000, 0) == 6_000


def test_a_car_that_draws_at_six_amps_is_never_offered_more_than_it_needs():
    assert Bay().live(600_000, 6_000, 5_800, wire.STATION_CHARGING) == 6_000


def test_a_full_car_is_left_in_peace_and_asked_again_later():
    bay = Bay()
    bay.live(PATIENCE_MS, 6_000, 0)
    assert bay.live(PATIENCE_MS, 10_000, 0) == 6_000
    assert bay.live(REST_MS - 5000, 6_000, 0) == 6_000
    assert bay.live(5000 + PATIENCE_MS + 2000, 6_000, 0) == LEARNED_MA


def test_time_without_an_offer_does_not_count():
    assert Bay().live(600_000, 0, 0) == 6_000


def test_an_untrusted_meter_brings_the_minimum_of_the_safety_table_back():
    bay = Bay()
    bay.live(PATIENCE_MS, 6_000, 0)
    assert bay.live(5000, 10_000, 9_500, wire.STATION_CHARGING) == LEARNED_MA
    assert bay.live(1000, 10_000, 9_500, wire.STATION_CHARGING, is_trusted=False) == 6_000
    assert bay.live(1000, 10_000, 9_500, wire.STATION_CHARGING) == LEARNED_MA


@pytest.mark.parametrize(
    ("station", "expected_ma"), [({"max_ma": 8_000}, 8_000), ({"min_ma": 12_000}, 12_000)]
)
def test_the_learned_minimum_stays_inside_what_the_station_can(station, expected_ma):
    assert Bay(**station).live(PATIENCE_MS + 2000, 12_000, 0) == expected_ma


def test_no_car_of_the_garage_is_left_with_an_offer_it_cannot_use_by_a_meter_fault():
    world = World(seed=1)
    world.step(300_000)
    world.inject("meter_unplugged", "main", True)
    world.step(10_000)
    world.inject("meter_unplugged", "main", False)
    world.step(300_000)
    rows = world.snapshot()["stations"]
    assert [row["id"] for row in rows if row["grant_a"] and row["ev"] and max(row["measured_a"]) == 0] == []


def test_every_car_of_the_garage_that_has_room_charges_within_five_minutes():
    world = World(seed=1)
    world.step(300_000)
    waiting = [row["id"] for row in world.snapshot()["stations"] if row["state"] == "connected"]
    assert waiting == []
