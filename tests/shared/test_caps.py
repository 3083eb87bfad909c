"""Caps from outside: merging, naming who limits, ending; watts to amperes; the capacity tariff (R14)."""

import pytest
from evenload import ticks, wire
from evenload.caps import CAP_COUNT_MAX, FOREVER_MS, Cap, CapBook, SumTimer, power_to_ma, split_sum_ma
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def book():
    return CapBook(2, 3)


def on_root(source, current_ma, priority=5, lasts_ms=FOREVER_MS):
    return Cap(source, [current_ma] * 3, priority, lasts_ms).on_circuit(0)


def test_without_caps_nobody_limits(book):
    book.tick(0)
    assert set(book.circuit_cap_ma) | set(book.station_cap_ma) == {wire.NO_CAP_MA}
    assert set(book.circuit_source) | set(book.station_source) == {wire.CAP_NONE}


def test_the_tightest_cap_wins_on_each_phase_and_is_named(book):
    book.put("dr", Cap(wire.CAP_DEMAND_RESPONSE, [20_000, 30_000, 40_000]).on_circuit(0))
    book.put("operator", Cap(wire.CAP_OPERATOR, [25_000, 25_000, 25_000]).on_circuit(0))
    book.tick(0)
    assert book.circuit_cap_ma == [20_000, 25_000, 25_000] + [wire.NO_CAP_MA] * 3
    assert book.circuit_source[:3] == [wire.CAP_DEMAND_RESPONSE, wire.CAP_OPERATOR, wire.CAP_OPERATOR]


def test_priority_never_loosens_a_cap(book):
    book.put("loose", on_root(wire.CAP_GRID_OPERATOR, 30_000, priority=0))
    book.put("tight", on_root(wire.CAP_OPERATOR, 10_000, priority=9))
    book.tick(0)
    assert book.circuit_cap_ma[0] == 10_000


def test_of_equally_tight_caps_the_higher_priority_is_named_then_the_older(book):
    book.put("a", on_root(wire.CAP_OPERATOR, 10_000, priority=5))
    book.put("b", on_root(wire.CAP_TARIFF, 10_000, priority=5))
    book.tick(0)
    assert book.circuit_source[0] == wire.CAP_OPERATOR
    book.put("c", on_root(wire.CAP_GRID_OPERATOR, 10_000, priority=1))
    book.tick(1)
    assert book.circuit_source[0] == wire.CAP_GRID_OPERATOR


def test_a_station_has_its_own_cap(book):
    book.put("14a", Cap(wire.CAP_GRID_OPERATOR, [power_to_ma(4200, 3)]).on_station(1))
    book.tick(0)
    assert book.station_cap_ma == [wire.NO_CAP_MA, 6086, wire.NO_CAP_MA]
    assert book.station_source[1] == wire.CAP_GRID_OPERATOR
    assert book.circuit_source[0] == wire.CAP_NONE


def test_a_cap_ends_after_it_has_lasted_and_the_next_tightest_takes_over(book):
    book.put("long", on_root(wire.CAP_OPERATOR, 30_000))
    book.put("short", on_root(wire.CAP_DEMAND_RESPONSE, 10_000, lasts_ms=5000))
    book.tick(100)
    book.tick(5099)
    assert book.circuit_cap_ma[0] == 10_000
    book.tick(5100)
    assert book.circuit_cap_ma[0] == 30_000
    assert (book.names(), book.expired_count) == (["long"], 1)


def test_a_cap_may_last_longer_than_half_the_ring(book):
    day_ms = 86_400_000
    book.put("month", on_root(wire.CAP_OPERATOR, 9000, lasts_ms=30 * day_ms))
    for day in range(30):
        book.tick(ticks.add_ms(7, day * day_ms))
        assert book.circuit_cap_ma[0] == 9000
    book.tick(ticks.add_ms(7, 30 * day_ms))
    assert book.circuit_cap_ma[0] == wire.NO_CAP_MA


def test_the_same_name_replaces_and_remove_lifts(book):
    book.put("x", on_root(wire.CAP_OPERATOR, 9000))
    book.put("x", on_root(wire.CAP_OPERATOR, 12_000))
    book.tick(0)
    assert book.circuit_cap_ma[0] == 12_000
    book.remove("x")
    book.remove("never there")
    book.tick(1)
    assert book.circuit_cap_ma[0] == wire.NO_CAP_MA


def test_a_cap_that_already_ended_is_a_removal(book):
    book.put("x", on_root(wire.CAP_OPERATOR, 9000))
    book.put("x", on_root(wire.CAP_OPERATOR, 9000, lasts_ms=0))
    book.tick(0)
    assert book.names() == []


def test_a_negative_limit_means_nothing_is_allowed(book):
    book.put("x", on_root(wire.CAP_OPERATOR, -5))
    book.tick(0)
    assert book.circuit_cap_ma[0] == 0


def test_a_full_book_refuses_and_counts_but_still_replaces(book):
    for i in range(CAP_COUNT_MAX):
        assert book.put(str(i), on_root(wire.CAP_OPERATOR, 9000 + i))
    assert not book.put("one more", on_root(wire.CAP_OPERATOR, 1))
    assert book.refused_count == 1
    assert book.put("0", on_root(wire.CAP_OPERATOR, 8000))


# Power per device, phases, voltage (0.1 V), current: 4.2 kW is the minimum of section 14a EnWG
# (BNetzA BK6-22-300).
@pytest.mark.parametrize(
    ("power_w", "phase_count", "voltage_dv", "current_ma"),
    [
        (4200, 1, 2300, 18_260),
        (4200, 3, 2300, 6_086),
        (11_040, 3, 2300, 16_000),
        (22_000, 3, 2400, 30_555),
        (0, 3, 2300, 0),
        (-100, 3, 2300, 0),
    ],
)
def test_watts_become_amperes_rounded_down(power_w, phase_count, voltage_dv, current_ma):
    assert power_to_ma(power_w, phase_count, voltage_dv) == current_ma


def test_a_sum_is_split_by_base_and_an_equal_share_of_the_rest():
    limit_ma = [0, 0, 0]
    split_sum_ma(60_000, [10_000, 20_000, 0], limit_ma)
    assert limit_ma == [20_000, 30_000, 10_000]
    split_sum_ma(25_000, [10_000, 20_000, 0], limit_ma)
    assert limit_ma == [10_000, 20_000, 0]


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**5), min_size=3, max_size=3))
def test_a_split_sum_never_exceeds_the_sum_unless_the_bases_do(sum_ma, base_ma):
    limit_ma = [0, 0, 0]
    split_sum_ma(sum_ma, base_ma, limit_ma)
    assert sum(limit_ma) <= max(sum_ma, sum(base_ma))
    assert all(limit >= base for limit, base in zip(limit_ma, base_ma, strict=True))


def run_timer(timer, now_s, until_s, feeder_ma):
    """Tick each second up to until_s; return at which second `active` changed, or None."""
    before, changed_s = timer.active, None
    for second in range(now_s, until_s + 1):
        timer.tick(second * 1000, feeder_ma)
        if timer.active != before and changed_s is None:
            changed_s = second
    return changed_s


def test_the_tariff_cap_becomes_active_after_its_minutes_above_and_lifts_after_as_many_below():
    timer = SumTimer(60_000, 2)
    assert run_timer(timer, 0, 200, [21_000, 20_000, 20_000]) == 120
    assert run_timer(timer, 201, 400, [20_000, 20_000, 20_000]) == 320


def test_a_tariff_timer_of_zero_minutes_is_always_active():
    timer = SumTimer(60_000, 0)
    assert run_timer(timer, 0, 10, [0, 0, 0]) is None
    assert timer.active


def test_an_unmeasured_phase_counts_as_above_the_tariff():
    timer = SumTimer(60_000, 1)
    assert run_timer(timer, 0, 60, [0, wire.NOT_MEASURED_MA, 0]) == 60
