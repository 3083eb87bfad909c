"""Each rule of the world, broken on purpose: it is named, with seed, time and how to see it again."""

import pytest
from evenload import wire
from evenload_sim import invariants
from evenload_sim.garage import garage_site
from evenload_sim.world import World


@pytest.fixture
def world():
    world = World(garage_site(), seed=5)
    world.step(90_000)
    return world


def broken(world, delta_ms=0):
    """Return the rule that breaks when the world as it is now is looked at once more."""
    world.watch.look(delta_ms)
    with pytest.raises(invariants.InvariantBroken) as caught:
        invariants.check(world.watch)
    return caught.value


def charging_index(world):
    return next(s for s, station in enumerate(world.stations) if station.contactor_closed)


def test_a_world_that_is_left_alone_breaks_nothing(world):
    world.watch.look(0)
    invariants.check(world.watch)


def test_a_plan_over_the_limit_is_found(world):
    cell = 3 * world.grid.station_circuit[charging_index(world)]
    for phase in range(3):
        world.role.allocation.limit_ma[cell + phase] = 1_000
    assert broken(world).name == "plan_fits"


@pytest.mark.parametrize("grant_ma", [3_000, 6_050, 33_000])
def test_a_grant_outside_its_set_is_found(world, grant_ma):
    allocation = world.role.allocation
    for station in range(len(world.stations)):
        allocation.grant_ma[station] = 0
    allocation.grant_ma[0] = grant_ma
    assert broken(world).name == "grants_are_allowed_values"


def test_a_tripped_breaker_is_found(world):
    world.grid.breakers[4].step(10 * world.grid.breakers[4].rated_ma, 100)
    error = broken(world)
    assert error.name == "breakers_hold"
    assert "east L2" in str(error)


def test_an_overload_that_nobody_answers_is_found(world):
    world.grid.limit_ma[0] = world.grid.feeder_ma[0] - 10_000
    for _ in range(30):
        world.watch.look(100)
    assert broken(world, 100).name == "overload_is_answered"


def test_more_than_the_minimum_on_a_stale_meter_is_found(world):
    index = charging_index(world)
    world.role.allocation.grant_ma[index] = world.stations[index].min_ma + 100
    for meters in world.rig.meters:
        for meter in meters or ():
            meter.state = wire.METER_STALE
    for _ in range(20):
        world.watch.look(100)
    assert broken(world).name == "safety_table_acts"


def test_any_current_on_a_meter_never_read_is_found(world):
    for meter in world.rig.meters[0]:
        meter.state = wire.METER_INVALID
    for _ in range(20):
        world.watch.look(100)
    error = broken(world)
    assert error.name == "safety_table_acts"
    assert "never read" in str(error)


def test_more_stations_than_the_static_budget_bears_are_found(world):
    allocation = world.role.allocation
    for s, station in enumerate(world.stations):
        allocation.grant_ma[s] = station.min_ma
    for meter in world.rig.meters[0]:
        meter.state = wire.METER_STALE
    for _ in range(20):
        world.watch.look(100)
    assert "static budget" in str(broken(world))


def test_a_station_that_outlives_its_lease_is_found(world):
    station = world.stations[charging_index(world)]
    station.expires_ms = world.clock.now_ms
    assert broken(world).name == "leases_are_kept"


def test_a_lease_without_end_is_found(world):
    world.stations[0].expires_ms = world.clock.now_ms + 31_000
    assert broken(world).name == "leases_are_kept"


def test_energy_that_runs_backward_is_found(world):
    world.stations[charging_index(world)].energy_watt_ms -= 1
    assert broken(world).name == "energy_only_grows"


def test_a_meters_energy_that_runs_backward_is_found(world):
    world.step(900_000)
    world.rig.meters[0][0].reading.energy_wh = 0
    assert "meter of main L1" in str(broken(world))


def test_the_message_says_seed_time_and_how_to_see_it_again(world):
    world.inject("base_load_surge", "L1", True)
    world.stations[0].expires_ms = world.clock.now_ms + 31_000
    text = str(broken(world))
    assert "at 90.0 s, seed 5" in text
    assert "evenload_sim.replay --seed 5 --until-ms 90000" in text
    assert "--inject 90000:base_load_surge:L1:on" in text


def test_every_rule_has_a_test_that_breaks_it():
    assert set(invariants.RULES) == {
        "plan_fits",
        "grants_are_allowed_values",
        "breakers_hold",
        "overload_is_answered",
        "safety_table_acts",
        "leases_are_kept",
        "energy_only_grows",
    }
