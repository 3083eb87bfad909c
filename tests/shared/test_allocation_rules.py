"""R2 to R16, one story each, over both backends: what a round does to a handful of stations.

R1 is not a story: tests/shared/test_allocation_invariant.py holds it on random trees.
"""

import pytest
from evenload import wire

ROUND_MS = 1000
L1_ONLY = wire.WIRING_L1


class Site:
    """One circuit with stations on L1, and a clock; `run` plays rounds in which every station is heard."""

    def __init__(self, module, station_count, limit_ma, **settings):
        self.a = a = module.Allocation(1, station_count)
        a.circuit_parent[0] = wire.CIRCUIT_NONE
        a.metered[0] = 1
        for phase in range(3):
            a.limit_ma[phase] = limit_ma
        for s in range(station_count):
            a.wiring[s] = L1_ONLY
            a.min_ma[s] = 6000
            a.max_ma[s] = 32000
        for name, value in settings.items():
            setattr(a.settings, name, value)
        a.meter_state[0] = wire.METER_FRESH
        self.now_ms = 1000
        self.draws = [0] * station_count
        self.state = wire.STATION_CHARGING
        self.silent = set()

    def seal(self):
        self.a.seal()
        return self

    def run(self, rounds=1, base_ma=0):
        a = self.a
        for _ in range(rounds):
            self.now_ms = (self.now_ms + ROUND_MS) % (1 << 30)
            a.feeder_ma[0] = base_ma + sum(self.draws)
            a.feeder_ma[1] = a.feeder_ma[2] = 0
            a.sample_ms[0] = self.now_ms
            for s in range(len(self.draws)):
                if s not in self.silent:
                    a.heard_ms[s] = self.now_ms
                    a.station_state[s] = self.state
                a.measured_ma[3 * s] = self.draws[s]
                a.measured_ma[3 * s + 1] = a.measured_ma[3 * s + 2] = 0
            a.tick(self.now_ms)
        return self.grants()

    def follow(self, rounds):
        """Play rounds in which every car draws exactly what it was granted."""
        for _ in range(rounds):
            self.draws = self.grants()
            self.run()
        return self.grants()

    def grants(self):
        return [self.a.grant_ma[s] for s in range(len(self.draws))]

    def reasons(self):
        return [wire.REASON_NAMES[self.a.reason[s]] for s in range(len(self.draws))]


# Without the slew rule a round goes where it wants to at once.
AT_ONCE = {"raise_headroom_percent": 100, "raise_rated_percent_per_s": 0, "raise_settle_ms": 0}


@pytest.fixture
def module(backend):
    return backend("allocation")


def test_r2_a_station_gets_nothing_or_at_least_its_minimum(module):
    assert Site(module, 1, 5900, **AT_ONCE).seal().run() == [0]
    assert Site(module, 1, 6050, **AT_ONCE).seal().run(3) == [6000]


def test_r4_in_a_shortage_as_many_as_fit_stay_on_and_the_rest_wait_for_their_turn(module):
    site = Site(module, 5, 20000, **AT_ONCE).seal()
    site.run(3)
    grants = site.grants()
    assert sum(grant > 0 for grant in grants) == 3
    assert sum(grants) <= 20000
    assert sorted(site.reasons()).count("waiting_turn") == 2


def test_r4_turns_rotate_so_that_everybody_is_served(module):
    site = Site(module, 3, 13000, slot_ms=300000, **AT_ONCE).seal()
    for _ in range(3 * 300 + 30):
        site.follow(1)
    assert all(site.a.served_as[s] > 0 for s in range(3))


def test_r5_what_a_car_leaves_unused_goes_to_others_and_comes_back(module):
    site = Site(module, 2, 32000, **AT_ONCE).seal()
    site.run(2)
    assert site.grants() == [16000, 16000]
    for _ in range(90):
        site.draws = [7000, site.a.grant_ma[1]]
        site.run()
    assert site.a.grant_ma[0] == 10000
    assert site.reasons()[0] == "reclaimed"
    assert site.a.grant_ma[1] == 22000
    for _ in range(8):
        site.draws = site.grants()
        site.run()
    assert site.a.grant_ma[0] > 10000


def test_r6_a_decrease_acts_in_the_round_that_finds_it(module):
    site = Site(module, 1, 32000, **AT_ONCE).seal()
    site.run(2)
    site.draws = site.grants()
    assert site.run(base_ma=20000) == [12000]


def test_r6_an_increase_takes_at_most_three_percent_of_rated_per_second(module):
    site = Site(module, 1, 32000).seal()
    site.run(2)
    before_ma = site.grants()[0]
    assert before_ma == 6000
    for _ in range(60):
        site.follow(1)
    assert 6000 < site.grants()[0] <= 6000 + 60 * 32000 * 3 // 100
    assert site.reasons() in (["ramping"], ["full_request"])


def test_r7_a_load_above_the_breakers_rating_suspends_what_is_below(module):
    site = Site(module, 1, 32000, **AT_ONCE)
    site.a.breaker_rated_ma[0] = 32000
    site.seal().run(2)
    for _ in range(70):
        site.draws = [0]
        site.run(base_ma=34000)
    assert site.reasons() == ["breaker"]
    assert site.a.breaker_heat_permille[0] == 1000


@pytest.mark.parametrize(
    ("state", "grants", "reason"),
    [
        (wire.METER_INVALID, [0, 0, 0], "meter_invalid"),
        (wire.METER_STALE, [6000, 6000, 0], "meter_stale"),
        (wire.METER_IMPLAUSIBLE, [10000, 10000, 10000], "meter_hold"),
        (wire.METER_RECOVERING, [10000, 10000, 10000], "meter_hold"),
    ],
)
def test_r8_a_meter_that_is_not_fresh_acts_by_the_safety_table(module, state, grants, reason):
    site = Site(module, 3, 30000, **AT_ONCE)
    site.a.fallback_ma[0] = 13000
    site.seal().run(2)
    site.draws = site.grants()
    assert site.draws == [10000, 10000, 10000]
    site.a.meter_state[0] = state
    assert sorted(site.run(), reverse=True) == grants
    assert reason in site.reasons()


def test_r9_a_silent_station_gets_nothing_new_and_what_it_had_stays_counted(module):
    site = Site(module, 2, 20000, **AT_ONCE).seal()
    site.run(2)
    site.draws = [10000, 0]
    site.silent = {1}
    site.run(12)
    assert site.reasons()[1] == "silent"
    assert site.a.grant_ma[0] == 10000
    assert site.a.load_ma[0] == 20000


def test_r10_only_the_car_that_ignores_its_limit_is_paused(module):
    site = Site(module, 2, 40000, **AT_ONCE).seal()
    site.run(2)
    for _ in range(12):
        site.draws = [site.a.grant_ma[0] + 4000, site.a.grant_ma[1]]
        site.run()
    assert site.a.grant_ma[0] == 0
    assert site.reasons()[0] == "noncompliant"
    assert site.a.grant_ma[1] >= 6000


def test_r11_after_boot_nothing_is_granted_before_every_station_reported_or_32_seconds(module):
    site = Site(module, 2, 32000, **AT_ONCE).seal()
    site.silent = {1}
    assert site.run(20) == [0, 0]
    assert site.reasons()[0] == "boot_wait"
    assert site.run(20)[0] > 0


def test_r12_a_car_that_is_plugged_in_has_current_within_ten_seconds(module):
    site = Site(module, 1, 32000)
    site.seal()
    site.state = wire.STATION_AVAILABLE
    site.run(100)
    site.state = wire.STATION_CONNECTED
    assert max(site.run()[0] for _ in range(10)) >= 6000


def test_r14_a_cap_from_outside_acts_at_once_and_is_named(module):
    site = Site(module, 1, 32000, **AT_ONCE).seal()
    site.run(2)
    site.draws = site.grants()
    site.a.station_cap_ma[0] = 9150
    assert site.run() == [9100]
    assert site.reasons() == ["external_cap"]
    site.a.station_cap_ma[0] = wire.NO_CAP_MA
    site.a.cap_ma[0] = 8000
    assert site.run() == [8000]
    assert site.reasons() == ["external_cap"]


def test_r15_a_higher_class_comes_first_and_a_lower_keeps_its_minimum_only_if_that_costs_nobody_theirs(
    module,
):
    site = Site(module, 2, 20000, **AT_ONCE)
    site.a.priority[0], site.a.priority[1] = 1, 0
    site.seal()
    assert site.run(2) == [6000, 14000]
    site = Site(module, 2, 11000, **AT_ONCE)
    site.a.priority[0], site.a.priority[1] = 1, 0
    site.seal()
    assert site.run(2) == [0, 11000]


def test_r15_weights_divide_inside_a_class(module):
    site = Site(module, 2, 32000, **AT_ONCE)
    site.a.weight[0], site.a.weight[1] = 1, 3
    site.seal()
    assert site.run(2) == [8000, 24000]


def test_r16_every_grant_says_why_where_and_until_when(module):
    site = Site(module, 2, 20000, **AT_ONCE).seal()
    site.run(2)
    assert site.reasons() == ["circuit_limit", "circuit_limit"]
    assert [site.a.limiting_circuit[s] for s in range(2)] == [0, 0]
    assert [site.a.limiting_phase[s] for s in range(2)] == [0, 0]
    assert [site.a.expires_ms[s] for s in range(2)] == [site.now_ms + wire.ALLOCATION_LEASE_MS] * 2
