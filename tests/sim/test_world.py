"""The closed loop: every fault against the safety table, one seed against itself, hours, the ring's end."""

import io

import pytest
from evenload import ticks, wire
from evenload_sim.ev import Vehicle, VehicleModel
from evenload_sim.faults import LABELS, UnknownFault
from evenload_sim.meter_rig import HandRig
from evenload_sim.replay import main as replay
from evenload_sim.world import World, WorldOptions

SECOND_MS = 1_000
HOUR_MS = 3_600_000
EAGER = VehicleModel("eager 3-phase 16 A", 3, 16_000, rise_ms=2_000, fall_ms=1_000, capacity_wh=90_000)
STATIONS = 8


def circuit(name, limit_ma, fallback_ma, **more):
    triple = [limit_ma] * 3
    return {
        "id": name,
        "limit_ma": triple,
        "breaker_rated_ma": triple,
        "fallback_current_ma": [fallback_ma] * 3,
        **more,
    }


def small_site(**more):
    """Eight stations behind 100 A; the static budget bears three of them at 6 A."""
    return {
        "name": "Small",
        "circuits": [
            circuit("main", 100_000, 20_000, metered=True),
            circuit("east", 60_000, 20_000, parent="main", metered=True),
            circuit("west", 60_000, 20_000, parent="main", metered=False),
        ],
        "stations": [
            {"id": f"bay-{s}", "circuit": "east" if s < 4 else "west", "min_ma": 6_000, "max_ma": 16_000}
            | {"wiring": "L1-L2-L3", "failsafe_ma": 0}
            for s in range(STATIONS)
        ],
        **more,
    }


def full_house(seed=3, trace=None):
    """Return a world in which eight eager vehicles have been charging for five minutes."""
    world = World(small_site(), seed, WorldOptions(traffic=False, trace=trace))
    for station in world.stations:
        station.plug_in(Vehicle(EAGER, 200, 60_000))
    world.step(300 * SECOND_MS)
    return world


@pytest.fixture
def world():
    return full_house()


def grants_ma(world):
    return list(world.role.allocation.grant_ma)


def codes(world):
    return [event["code"] for event in world.events.newest()]


def test_a_full_house_charges_up_to_its_fuse_and_not_beyond(world):
    for cell in range(3):
        assert world.grid.feeder_ma[cell] <= world.grid.limit_ma[cell]
    assert sum(grants_ma(world)) >= 8 * 6_000
    assert world.snapshot()["safety"]["row"] == "normal"


def test_an_unplugged_meter_means_six_amperes_for_as_many_as_fit_within_five_seconds(world):
    world.inject("meter_unplugged", "main", True)
    world.step(5 * SECOND_MS)
    assert sorted(grants_ma(world)) == [0] * 5 + [6_000] * 3
    assert set(world.role.allocation.reason) <= {wire.REASON_METER_STALE, wire.REASON_WAITING_TURN}
    assert "meter_stale" in codes(world)
    assert world.snapshot()["safety"]["row"] == "stale"


def test_the_history_has_a_gap_while_the_main_meter_is_not_trusted(world):
    world.inject("meter_unplugged", "main", True)
    world.step(10 * SECOND_MS)
    assert [points[-1] for points in world.snapshot()["history"]["main_a"]] == [None] * 3
    world.inject("meter_unplugged", "main", False)
    world.step(5 * SECOND_MS)
    assert None not in [points[-1] for points in world.snapshot()["history"]["main_a"]]


def test_a_meter_on_a_sub_circuit_binds_only_the_stations_below_it(world):
    world.inject("meter_unplugged", "east", True)
    world.step(5 * SECOND_MS)
    assert sorted(grants_ma(world)[:4]) == [0, 6_000, 6_000, 6_000]
    assert min(grants_ma(world)[4:]) > 6_000


def test_a_meter_that_comes_back_lets_currents_rise_slowly(world):
    before = sum(grants_ma(world))
    world.inject("meter_unplugged", "main", True)
    world.step(20 * SECOND_MS)
    world.inject("meter_unplugged", "main", False)
    world.step(3 * SECOND_MS)
    assert "meter_recovered" in codes(world)
    assert sum(grants_ma(world)) < before // 2
    world.step(400 * SECOND_MS)
    assert sum(grants_ma(world)) > before * 3 // 4


@pytest.mark.parametrize("name", ["meter_frozen", "serial_port_gone", "meter_bad_sum"])
def test_a_meter_that_brings_nothing_new_is_stale(world, name):
    world.inject(name, "main", True)
    world.step(16 * SECOND_MS)
    assert max(grants_ma(world)) == 6_000
    world.inject(name, "main", False)
    world.step(60 * SECOND_MS)
    assert world.snapshot()["circuits"][0]["meter"]["state"] == "fresh"


def test_a_brown_out_falls_back_and_recovers(world):
    world.inject("meter_brownout", "main", True)
    world.step(6 * SECOND_MS)
    assert max(grants_ma(world)) == 6_000
    world.inject("meter_brownout", "main", False)
    world.step(10 * SECOND_MS)
    assert world.snapshot()["circuits"][0]["meter"]["state"] == "fresh"


def test_noise_on_the_line_never_breaks_a_rule(world):
    world.inject("meter_noise", "main", True)
    world.step(120 * SECOND_MS)
    world.inject("meter_noise", "main", False)
    world.step(10 * SECOND_MS)
    assert world.snapshot()["circuits"][0]["meter"]["state"] == "fresh"


def test_only_the_car_that_ignores_its_limit_is_paused(world):
    world.inject("station_noncompliant", "bay-2", True)
    world.step(30 * SECOND_MS)
    allocation = world.role.allocation
    assert allocation.reason[2] == wire.REASON_NONCOMPLIANT
    assert grants_ma(world)[2] == 0
    assert all(grant_ma > 0 for index, grant_ma in enumerate(grants_ma(world)) if index != 2)
    assert "station_noncompliant" in codes(world)


def test_a_silent_station_falls_back_by_itself_and_its_current_stays_counted_until_then(world):
    world.inject("station_silent", "bay-1", True)
    world.step(8 * SECOND_MS)
    assert world.stations[1].offered_ma > 0
    world.step(8 * SECOND_MS)
    assert world.stations[1].offered_ma == world.stations[1].failsafe_ma
    assert world.role.allocation.reason[1] == wire.REASON_SILENT
    world.inject("station_silent", "bay-1", False)
    world.step(120 * SECOND_MS)
    assert grants_ma(world)[1] > 0
    assert {"station_silent", "station_back"} <= set(codes(world))


def test_a_surge_of_the_building_is_answered_before_its_breaker_warms(world):
    before = sum(grants_ma(world))
    world.inject("base_load_surge", "L1", True)
    world.step(4 * SECOND_MS)
    assert sum(grants_ma(world)) < before
    world.step(10 * SECOND_MS)
    assert world.grid.feeder_ma[0] <= world.grid.limit_ma[0] * 102 // 100


def test_a_world_without_any_reading_suspends_every_station():
    world = World(small_site(), 3, WorldOptions(traffic=False))
    world.inject("meter_unplugged", "main", True)
    for station in world.stations:
        station.plug_in(Vehicle(EAGER, 200, 60_000))
    world.step(60 * SECOND_MS)
    assert set(grants_ma(world)) == {0}
    assert "auto_suspend" in codes(world)


def test_a_smaller_inlet_acts_in_the_next_round(world):
    world.role.inlet.limit_ma = 40_000
    world.step(1_100)
    room_ma = [40_000 - world.base_load.current_ma(phase) for phase in range(3)]
    assert all(granted <= room for granted, room in zip(world.watch.granted_ma[:3], room_ma, strict=True))


def test_one_seed_gives_the_same_bytes_and_another_seed_others():
    def trace(seed):
        lines = io.StringIO()
        world = World(None, seed, WorldOptions(trace=lines))
        world.step(120 * SECOND_MS)
        world.inject("meter_unplugged", "main", True)
        world.step(60 * SECOND_MS)
        world.inject("station_noncompliant", "bay-04", True)
        world.step(60 * SECOND_MS)
        return lines.getvalue()

    assert trace(11) == trace(11)
    assert trace(11) != trace(12)


def test_the_garage_runs_two_hours_across_the_rings_end_without_breaking_a_rule():
    start_ms = ticks.PERIOD_MS - HOUR_MS
    world = World(None, 21, WorldOptions(start_ms=start_ms))
    for _ in range(12):
        world.step(HOUR_MS // 6)
    assert world.clock.now_ms == ticks.add_ms(start_ms, 2 * HOUR_MS) < start_ms
    assert sum(station.energy_watt_ms for station in world.stations) > 20_000 * HOUR_MS


def test_where_the_ring_starts_changes_nothing_but_its_times():
    def drawn(start_ms):
        world = World(None, 4, WorldOptions(start_ms=start_ms))
        world.step(300 * SECOND_MS)
        return grants_ma(world), world.grid.feeder_ma

    assert drawn(0) == drawn(ticks.PERIOD_MS - 150 * SECOND_MS)


@pytest.mark.parametrize("name", ["meter_unplugged", "meter_frozen"])
def test_meters_set_by_hand_bring_the_same_table_without_chips(name):
    options = WorldOptions(traffic=False, make_rig=lambda world: HandRig(world.site_dict))
    world = World(small_site(), 3, options)
    for station in world.stations:
        station.plug_in(Vehicle(EAGER, 200, 60_000))
    world.step(120 * SECOND_MS)
    assert world.rig.meters[0][0].reading.current_ma > 30_000
    world.inject(name, "main", True)
    world.step(6 * SECOND_MS)
    assert sorted(grants_ma(world)) == [0] * 5 + [6_000] * 3


def test_every_fault_has_targets_and_a_button(world):
    listed = {row["name"] for row in world.snapshot()["faults"]}
    assert listed == set(LABELS)
    for name in LABELS:
        assert world.faults.targets(name)


@pytest.mark.parametrize(
    ("name", "target", "field"), [("nonsense", "main", "name"), ("meter_frozen", "west", "target")]
)
def test_an_unknown_fault_is_refused_with_what_would_be_valid(world, name, target, field):
    with pytest.raises(UnknownFault) as caught:
        world.inject(name, target, True)
    assert caught.value.field == field
    assert "valid:" in str(caught.value)


def test_a_replay_runs_the_same_world(capsys):
    words = ["--seed", "9", "--until-ms", "30000", "--inject", "20000:base_load_surge:L2:on", "--trace"]
    assert replay(words) == 0
    first = capsys.readouterr()
    assert replay(words) == 0
    assert capsys.readouterr().out == first.out
    assert '"event":"fault_on","subject":"L2"' in first.out
    assert "no rule broken" in first.err
