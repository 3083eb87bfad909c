"""What a round promises, one behaviour a test, on both cores: a garage behind a 63 A fuse."""

import pytest
from evenload import wire
from evenload.errors import ConfigError

LIMIT_MA = 63000


class Bench:
    """An allocation with cars that draw what they are granted; `run` passes seconds."""

    def __init__(self, backend, station_count, limit_ma=LIMIT_MA, **settings):
        self.a = backend("allocation").Allocation(1, station_count)
        self.a.metered[0] = 1
        self.now_ms = 0
        self.base_ma = 0
        self.draws = {}
        self.silent = set()
        for phase in range(3):
            self.a.limit_ma[phase] = limit_ma
            self.a.fallback_ma[phase] = min(24000, limit_ma)
        for s in range(station_count):
            self.a.max_ma[s] = 32000
            self.a.station_state[s] = wire.STATION_CHARGING
        for name, value in settings.items():
            setattr(self.a.settings, name, value)
        self.a.meter_state[0] = wire.METER_FRESH

    def seal(self):
        self.a.seal()
        return self

    def run(self, seconds=1):
        a = self.a
        for _ in range(seconds):
            self.now_ms += 1000
            total = [self.base_ma] * 3
            for s in range(a.station_count):
                if s not in self.silent:
                    a.heard_ms[s] = self.now_ms
                for phase in range(3):
                    on = a.phase_mask[s] >> phase & 1
                    draw_ma = self.draws.get((s, phase), self.draws.get(s, a.grant_ma[s])) if on else 0
                    draw_ma = min(draw_ma, a.grant_ma[s]) if (s, "obeys") in self.draws else draw_ma
                    a.measured_ma[3 * s + phase] = draw_ma
                    total[phase] += draw_ma
            a.sample_ms[0] = self.now_ms
            for phase in range(3):
                a.feeder_ma[phase] = total[phase]
            a.tick(self.now_ms)
        return self

    def grants(self):
        return list(self.a.grant_ma)

    def reasons(self):
        return [wire.REASON_NAMES[reason] for reason in self.a.reason]

    def events(self):
        return [event[0] for event in self.a.take_events()]


@pytest.fixture
def bench(backend):
    return lambda *words, **settings: Bench(backend, *words, **settings)


QUICK = {"raise_settle_ms": 0, "raise_headroom_percent": 0, "raise_rated_percent_per_s": 0}


def test_three_cars_share_a_fuse_evenly_and_the_limit_is_named(bench):
    b = bench(3, **QUICK).seal().run(2)
    assert b.grants() == [21000, 21000, 21000]
    assert b.reasons() == ["circuit_limit"] * 3
    assert (list(b.a.limiting_circuit), list(b.a.limiting_phase)) == ([0, 0, 0], [0, 0, 0])
    assert list(b.a.expires_ms) == [b.now_ms + 10000] * 3


def test_a_share_follows_its_weight(bench):
    b = bench(2, 30000, **QUICK)
    b.a.weight[1] = 2
    assert b.seal().run(2).grants() == [10000, 20000]


def test_a_higher_class_takes_all_but_the_minimum_of_a_lower(bench):
    b = bench(2, 30000, **QUICK)
    b.a.priority[0] = 1
    assert b.seal().run(2).grants() == [6000, 24000]


def test_a_lower_class_is_off_when_its_minimum_would_cost_the_higher_one_its_own(bench):
    b = bench(2, 11000, **QUICK)
    b.a.priority[0] = 1
    assert b.seal().run(2).grants() == [0, 11000]
    assert b.reasons()[0] == "waiting_turn"


def test_as_many_as_possible_stay_on_in_shortage(bench):
    b = bench(5, 20000, **QUICK).seal().run(2)
    assert sum(grant > 0 for grant in b.grants()) == 3


def test_every_car_has_its_turn_within_the_bound(bench):
    b = bench(5, 12000, **QUICK).seal()
    waited = [0] * 5
    worst = 0
    for _ in range(4 * 900):
        b.run()
        for s in range(5):
            waited[s] = 0 if b.a.grant_ma[s] else waited[s] + 1
            worst = max(worst, waited[s])
    assert worst <= 2 * 900 + 10  # ceil(5 / 2) - 1 slots, and the seconds in which a car lets go.
    served = list(b.a.served_as)
    assert min(served) > 0


def test_a_base_load_surge_cuts_in_the_same_round(bench):
    b = bench(2, **QUICK).seal().run(2)
    b.base_ma = 43000
    assert sum(b.run().grants()) <= 20000


def test_raises_are_slow_and_decreases_are_not(bench):
    b = bench(1).seal().run(2)
    assert b.grants() == [6000]
    before = b.grants()[0]
    for _ in range(60):
        after = b.run().grants()[0]
        assert after - before <= 32000 * 3 * 6 // 100
        before = after
    assert before > 20000
    b.base_ma = 55000
    assert b.run().grants() == [8000]


@pytest.mark.parametrize(
    ("state", "grants", "reason"),
    [
        (wire.METER_FRESH, [12600] * 5, "circuit_limit"),
        (wire.METER_STALE, [6000] * 4 + [0], "meter_stale"),
        (wire.METER_INVALID, [0] * 5, "meter_invalid"),
        (wire.METER_IMPLAUSIBLE, [12600] * 5, "circuit_limit"),
        (wire.METER_RECOVERING, [12600] * 5, "circuit_limit"),
    ],
)
def test_a_meter_state_has_its_row_in_the_safety_table(bench, state, grants, reason):
    b = bench(5, **QUICK).seal().run(3)
    b.a.meter_state[0] = state
    b.run(2)
    assert sorted(b.grants(), reverse=True) == grants
    assert b.reasons()[b.grants().index(max(grants))] in (reason, "meter_hold")


@pytest.mark.parametrize(
    ("base_ma", "cap_ma", "count"), [(70000, wire.NO_CAP_MA, 0), (50000, wire.NO_CAP_MA, 2), (8000, 15000, 1)]
)
def test_losing_the_meter_gives_no_current_that_its_last_reading_had_no_room_for(
    bench, base_ma, cap_ma, count
):
    b = bench(4, **QUICK)
    b.base_ma = base_ma
    for phase in range(3):
        b.a.cap_ma[phase] = cap_ma
    b.seal().run(3)
    b.a.meter_state[0] = wire.METER_STALE
    assert sorted(b.run(120).grants(), reverse=True) == [6000] * count + [0] * (4 - count)


@pytest.mark.parametrize("bad", [wire.METER_STALE, wire.METER_IMPLAUSIBLE])
def test_a_meter_that_never_quite_recovers_still_cuts_what_its_good_readings_leave_no_room_for(bench, bad):
    b = bench(3, **QUICK).seal().run(3)
    assert b.grants() == [21000] * 3
    b.base_ma = 45000
    for _ in range(20):
        b.a.meter_state[0] = wire.METER_RECOVERING
        b.run()
        assert sum(b.grants()) <= 18000
        b.a.meter_state[0] = bad
        b.run()
    b.base_ma = 0
    b.a.meter_state[0] = wire.METER_RECOVERING
    assert sum(b.run().grants()) <= 18000
    b.a.meter_state[0] = wire.METER_FRESH
    assert b.run(2).grants() == [21000] * 3


def test_an_implausible_meter_never_raises_nor_starts(bench):
    b = bench(2, **QUICK)
    b.a.station_state[1] = wire.STATION_AVAILABLE
    b.a.station_cap_ma[0] = 10000
    b.seal().run(2)
    b.a.meter_state[0] = wire.METER_IMPLAUSIBLE
    b.a.station_cap_ma[0] = wire.NO_CAP_MA
    b.a.station_state[1] = wire.STATION_CHARGING
    assert b.run(5).grants() == [10000, 0]
    assert b.reasons() == ["meter_hold", "meter_hold"]


def test_nothing_is_granted_before_every_station_reported_or_the_wait_is_over(bench):
    b = bench(2, **QUICK)
    b.a.station_state[1] = wire.STATION_UNREPORTED
    assert b.seal().run(32).grants() == [0, 0]
    assert b.reasons()[0] == "boot_wait"
    assert b.run(2).grants()[0] > 0


def test_a_silent_station_is_dropped_and_what_it_had_counts_until_the_grace_is_over(bench):
    b = bench(2, **QUICK).seal().run(2)
    b.silent.add(0)
    b.run(10)
    assert b.a.silent[0] == 0
    b.run(1)
    assert (b.grants()[0], b.reasons()[0]) == (0, "silent")
    assert wire.EVENT_STATION_SILENT in b.events()
    assert b.a.over_ma[0] == 31500
    b.run(6)
    assert b.a.over_ma[0] == 0
    b.silent.clear()
    b.run(1)
    assert wire.EVENT_STATION_BACK in b.events()


def test_a_disobedient_station_is_counted_paused_and_alarmed_alone(bench):
    b = bench(3, **QUICK).seal().run(2)
    b.draws[0] = 30000
    b.run(9)
    assert b.a.noncompliant[0] == 1
    assert wire.EVENT_STATION_NONCOMPLIANT in b.events()
    assert b.grants()[0] == 0
    assert b.reasons()[0] == "noncompliant"
    assert min(b.grants()[1:]) >= 6000
    assert sum(b.grants()[1:]) + 30000 <= LIMIT_MA
    b.draws[0] = 0
    b.run(61)
    assert wire.EVENT_STATION_COMPLIANT in b.events()


def test_what_a_full_battery_leaves_is_given_to_others_and_back_in_two_rounds(bench):
    b = bench(2, 40000, **QUICK).seal().run(2)
    assert b.grants() == [20000, 20000]
    b.draws = {0: 9000}
    b.run(64)
    assert b.grants() == [12000, 28000]
    assert b.reasons()[0] == "reclaimed"
    b.draws = {}
    before = b.grants()[0]
    b.run(2)
    assert b.a.target_ma[0] == 20000 > before


def test_a_phase_that_a_car_leaves_unused_stays_its_own(bench):
    b = bench(2, 32000, **QUICK)
    b.a.wiring[1] = wire.WIRING_L2
    b.seal()
    b.draws = {(0, 1): 0, (0, 2): 0}
    b.run(200)
    assert b.a.phase_mask[0] == 7
    assert b.grants() == [16000, 16000]


def test_a_single_phase_car_leaves_the_other_phases_to_others_where_the_site_asks_for_it(bench):
    b = bench(2, 32000, narrow_after_ms=60_000, **QUICK)
    b.a.wiring[1] = wire.WIRING_L2
    b.seal()
    b.draws = {(0, 1): 0, (0, 2): 0}
    b.run(70)
    assert b.a.phase_mask[0] == 1
    assert b.grants() == [32000, 32000]
    b.draws = {}
    b.a.grant_phases[0] = 3
    b.run(1)
    assert b.a.guard_count == 0


def test_a_cap_on_the_circuit_is_named_as_external(bench):
    b = bench(1, **QUICK)
    b.a.cap_ma[0] = 16000
    assert b.seal().run(2).grants() == [16000]
    assert b.reasons() == ["external_cap"]


def test_the_breaker_model_suspends_when_the_feeder_stays_above_the_limit(bench):
    b = bench(1, **QUICK)
    b.a.breaker_rated_ma[0] = LIMIT_MA
    b.seal().run(2)
    b.base_ma = 2 * LIMIT_MA + 20000
    b.run(3)
    events = b.events()
    assert wire.EVENT_BREAKER_SUSPEND in events
    assert b.reasons() == ["breaker"]


def test_the_phases_stay_within_the_unbalance_limit(bench):
    b = bench(2, unbalance_ma_max=16000, **QUICK)
    b.a.wiring[0] = wire.WIRING_L1
    b.a.wiring[1] = wire.WIRING_L1
    b.seal().run(3)
    assert sum(b.grants()) <= 16000
    assert "unbalance" in b.reasons()


@pytest.mark.parametrize(
    ("column", "value", "key"),
    [
        ("min_ma", 5999, "min_ma[0]"),
        ("max_ma", 5000, "max_ma[0]"),
        ("wiring", 13, "wiring[0]"),
        ("limit_ma", -1, "limit_ma[0]"),
        ("fallback_ma", LIMIT_MA + 1, "fallback_ma[0]"),
        ("failsafe_ma", 33000, "failsafe_ma[0]"),
        ("priority", 8, "priority[0]"),
        ("weight", 0, "weight[0]"),
        ("station_circuit", 1, "station_circuit[0]"),
        ("circuit_parent", 0, "circuit_parent[0]"),
        ("metered", 0, "metered[0]"),
    ],
)
def test_a_setup_that_may_not_start_is_refused_with_its_key(bench, column, value, key):
    b = bench(2)
    getattr(b.a, column)[0] = value
    with pytest.raises(ConfigError) as refused:
        b.seal()
    assert (refused.value.key, refused.value.value) == (key, value)


def test_failsafe_currents_that_do_not_fit_the_fuse_are_refused(bench):
    b = bench(3)
    for s in range(3):
        b.a.failsafe_ma[s] = 32000
    with pytest.raises(ConfigError, match="sum of failsafe_ma"):
        b.seal()
