"""The charger role among simulated meters, stations and vehicles: safety, overload, inlet, caps, leases."""

import pytest
from evenload import ticks, wire
from evenload.caps import Cap
from evenload.site import build
from evenload_node.inlet import SelectorInlet
from evenload_node.roles.charger import ChargerRole
from evenload_sim.clock import SimulatedClock
from evenload_sim.ev import MODELS, Vehicle
from evenload_sim.meter import SimulatedMeter
from evenload_sim.station import SimulatedStation

PASS_MS = 100
LIMIT_MA = 63_000
FALLBACK_MA = 13_000
SITE = {
    "name": "Bench",
    "circuits": [
        {
            "id": "main",
            "limit_ma": [LIMIT_MA] * 3,
            "fallback_current_ma": [FALLBACK_MA] * 3,
            "metered": True,
        }
    ],
    "stations": [
        {"id": f"bay-{n}", "circuit": "main", "wiring": "L1-L2-L3", "max_ma": 32_000} for n in range(1, 5)
    ],
}


class Bench:
    """Four bays behind one metered fuse. `base_ma` is the building; `run` goes by passes of 100 ms."""

    def __init__(self, inlet=None, start_ms=0, station_class=SimulatedStation):
        self.clock = SimulatedClock(start_ms)
        self.site = build(SITE)
        self.meters = [SimulatedMeter(f"main L{phase}") for phase in (1, 2, 3)]
        self.stations = [station_class(entry) for entry in SITE["stations"]]
        for station in self.stations:
            station.plug_in(Vehicle(MODELS[0], 200, 30_000))
        self.role = ChargerRole(self.site, [self.meters], self.stations, inlet)
        self.base_ma = 5_000
        self.events = []

    def run(self, duration_ms):
        for _ in range(duration_ms // PASS_MS):
            self.clock.advance(PASS_MS)
            for station in self.stations:
                station.step(self.clock.now_ms, PASS_MS)
            for phase, meter in enumerate(self.meters):
                meter.show_current(self.base_ma + sum(s.current_ma[phase] for s in self.stations))
            self.role.step(self.clock.now_ms)
            self.events += self.role.take_events()

    @property
    def offered_ma(self):
        return [station.offered_ma for station in self.stations]

    @property
    def grants_ma(self):
        return list(self.site.allocation.grant_ma)

    def codes(self):
        return [code for code, _, _ in self.events]


@pytest.fixture
def bench():
    """A bench that has charged for three minutes."""
    bench = Bench()
    bench.run(180_000)
    bench.events.clear()
    return bench


def test_four_cars_share_what_the_building_leaves(bench):
    assert all(grant >= 6_000 for grant in bench.grants_ma)
    drawn_ma = sum(station.current_ma[0] for station in bench.stations)
    assert drawn_ma + bench.base_ma <= LIMIT_MA
    assert drawn_ma + bench.base_ma >= LIMIT_MA * 80 // 100


def test_nothing_is_offered_before_the_meters_were_read():
    bench = Bench()
    for meter in bench.meters:
        meter.connected = False
    bench.run(60_000)
    assert bench.offered_ma == [0] * 4
    assert (wire.EVENT_AUTO_SUSPEND, "main", 0) in bench.events


def test_one_phase_without_its_meter_suspends_everything():
    bench = Bench()
    bench.meters[1].connected = False
    bench.run(60_000)
    assert bench.offered_ma == [0] * 4


def test_a_lost_meter_drops_to_six_amps_for_as_many_as_fit_the_static_budget(bench):
    bench.meters[2].connected = False
    bench.run(5_000)
    assert sorted(bench.grants_ma) == [0, 0, 6_000, 6_000]
    assert (wire.EVENT_METER_STALE, "main L3") in [(code, subject) for code, subject, _ in bench.events]
    assert bench.codes().count(wire.EVENT_METER_STALE) == 1


def test_a_frozen_meter_drops_to_the_fallback_set_too(bench):
    bench.meters[0].frozen = True
    bench.run(3_000)
    assert sorted(bench.grants_ma) == [0, 0, 6_000, 6_000]


def test_an_implausible_meter_holds_and_never_raises(bench):
    bench.base_ma = 30_000
    bench.run(10_000)
    before_ma = bench.grants_ma
    bench.base_ma = 0
    bench.meters[0].current_ma_max = 1
    bench.run(1_500)
    assert bench.site.allocation.meter_state[0] == wire.METER_IMPLAUSIBLE
    assert all(now <= before for now, before in zip(bench.grants_ma, before_ma, strict=True))


def test_after_an_outage_currents_ramp_and_do_not_jump(bench):
    full_ma = sum(bench.grants_ma)
    bench.meters[0].connected = False
    bench.run(30_000)
    low_ma = sum(bench.grants_ma)
    bench.meters[0].connected = True
    bench.run(3_000)
    assert bench.codes()[-1] != wire.EVENT_METER_STALE
    assert sum(bench.grants_ma) < low_ma + (full_ma - low_ma) // 2
    bench.run(180_000)
    assert sum(bench.grants_ma) >= full_ma * 80 // 100


@pytest.mark.parametrize("phase_ms", range(0, 1000, 100))
def test_from_overload_to_lower_set_points_takes_at_most_1500_ms(bench, phase_ms):
    bench.run(phase_ms)
    before_ma = sum(bench.offered_ma)
    bench.base_ma = 40_000
    start_ms = bench.clock.elapsed_ms
    while sum(bench.offered_ma) + bench.base_ma > LIMIT_MA:
        bench.run(PASS_MS)
        assert bench.clock.elapsed_ms - start_ms <= 1500
    assert sum(bench.offered_ma) < before_ma


def test_a_new_reading_above_the_limit_starts_a_round_in_its_own_pass(bench):
    """The meters' polls are moved to the middle between two regular rounds."""
    for meter in bench.meters:
        meter._poll_due_ms = ticks.add_ms(bench.clock.now_ms, 500)
    bench.run(1_000)
    rounds = bench.role.urgent_round_count
    bench.base_ma = 30_000
    bench.run(1_000)
    assert bench.role.urgent_round_count > rounds


def test_every_set_point_is_renewed_before_its_lease_ends(bench):
    for _ in range(50):
        bench.run(PASS_MS)
        for station in bench.stations:
            assert not ticks.is_due(bench.clock.now_ms, station.expires_ms)


def test_a_silent_station_is_reported_and_so_is_its_return(bench):
    bench.stations[1].is_silent = True
    bench.run(12_000)
    assert (wire.EVENT_STATION_SILENT, "bay-2") in [(code, subject) for code, subject, _ in bench.events]
    bench.stations[1].is_silent = False
    bench.run(3_000)
    assert wire.EVENT_STATION_BACK in bench.codes()


class UnpluggedStation(SimulatedStation):
    """A station whose line is gone: the port raises as a vanished serial port does."""

    def set_current(self, now_ms, current_ma, phases, expires_ms):
        raise OSError("line is gone")


def test_a_station_whose_line_vanished_is_counted_and_stops_nobody_else():
    bench = Bench()
    bench.stations[0] = UnpluggedStation(SITE["stations"][0])
    bench.role.stations[0] = bench.stations[0]
    bench.run(60_000)
    assert bench.role.send_failed_count >= 60
    assert max(bench.offered_ma[1:]) >= 6_000


class TestInlet:
    SETTINGS_MA = (0, 16_000, 25_000, 40_000)

    @pytest.fixture
    def pins(self):
        return {"code": 3}

    @pytest.fixture
    def bench(self, pins):
        bench = Bench(SelectorInlet(self.SETTINGS_MA, lambda: pins["code"]))
        bench.run(180_000)
        return bench

    def load_ma(self, bench):
        return bench.base_ma + sum(bench.offered_ma)

    def test_the_selector_bounds_the_site_below_its_configured_limit(self, bench):
        assert 33_000 <= self.load_ma(bench) <= 40_000

    def test_a_change_acts_in_the_next_round(self, bench, pins):
        pins["code"] = 2
        bench.run(1_000)
        assert self.load_ma(bench) <= 25_000

    @pytest.mark.parametrize("code", [0, 4, -1, 255])
    def test_an_illegal_code_means_the_smallest_setting_and_is_reported_once(self, bench, pins, code):
        pins["code"] = code
        bench.run(5_000)
        assert self.load_ma(bench) <= 16_000
        assert bench.codes().count(wire.EVENT_INLET_ILLEGAL) == 1

    def test_a_selector_above_the_configured_limit_does_not_raise_it(self):
        bench = Bench(SelectorInlet([0, 200_000], lambda: 1))
        bench.run(180_000)
        assert self.load_ma(bench) <= LIMIT_MA


def test_a_cap_from_outside_acts_within_a_round_and_names_itself(bench):
    bench.role.caps.put("dim", Cap(wire.CAP_GRID_OPERATOR, [30_000] * 3, 1, 20_000).on_circuit(0))
    bench.run(1_000)
    assert bench.base_ma + sum(bench.offered_ma) <= 30_000
    assert bench.role.caps.circuit_source[0] == wire.CAP_GRID_OPERATOR


def test_a_station_cap_binds_one_station_only(bench):
    bench.role.caps.put("14a", Cap(wire.CAP_GRID_OPERATOR, [6_086], 1).on_station(2))
    bench.run(1_000)
    assert bench.grants_ma[2] == 6_000
    assert bench.site.allocation.reason[2] == wire.REASON_EXTERNAL_CAP


@pytest.mark.parametrize("hours", [-2, 2, 100])
def test_a_clock_that_jumps_stops_no_round(bench, hours):
    # Backwards is forwards on a ring, almost once around.
    bench.clock.advance(hours * 3_600_000 % ticks.PERIOD_MS)
    rounds = bench.role.round_count
    bench.run(10_000)
    assert bench.role.round_count - rounds >= 9
    assert sum(bench.offered_ma) <= LIMIT_MA - bench.base_ma


def test_the_role_works_across_the_end_of_the_ring():
    bench = Bench(start_ms=ticks.PERIOD_MS - 90_000)
    bench.run(180_000)
    assert all(grant >= 6_000 for grant in bench.grants_ma)
    bench.meters[0].connected = False
    bench.run(5_000)
    assert sorted(bench.grants_ma) == [0, 0, 6_000, 6_000]
