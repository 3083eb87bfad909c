"""The building: measured homes, interpolated, with synthetic appliances that come from a seed."""

from importlib.resources import files
from itertools import pairwise

from evenload_sim.base_load import HOMES_OF_PHASE, HOUR_MS, VOLTAGE_V, BaseLoad, homes_w

FOLDER = files("evenload_sim") / "base_load_data"


def run(seed, seconds=7200):
    load = BaseLoad(seed)
    trace = []
    for second in range(seconds):
        load.step(second * 1000)
        trace.append([load.current_ma(phase) for phase in range(3)])
    return trace


def test_the_extract_is_small_and_ships_with_licence_and_notice():
    assert len((FOLDER / "homes.csv").read_bytes()) < 200_000
    assert "MIT License" in (FOLDER / "LICENSE").read_text()
    assert "CityLearn 2.1.2" in (FOLDER / "NOTICE").read_text()


def test_the_extract_holds_a_week_of_every_month_for_eight_homes():
    rows = homes_w()
    assert len(rows) == 12 * 7 * 24
    assert {len(row) for row in rows} == {8}
    assert rows[0] == (851, 1371, 0, 1928, 516, 1185, 892, 0)  # August 1st, hour 0, as in the source.


def test_the_middle_of_an_hour_shows_the_measured_mean_of_that_hour():
    load = BaseLoad(1)
    load.step(5 * HOUR_MS + HOUR_MS // 2)
    for phase in range(3):
        assert load.homes_w[phase] == sum(homes_w()[5][home] for home in HOMES_OF_PHASE[phase])


def test_between_two_hours_the_load_is_between_theirs():
    load = BaseLoad(1)
    load.step(6 * HOUR_MS)
    first, second = (sum(homes_w()[hour][home] for home in HOMES_OF_PHASE[0]) for hour in (5, 6))
    assert load.homes_w[0] == (first + second) // 2


def test_the_year_starts_over_after_the_last_row():
    load = BaseLoad(1, start_hour=len(homes_w()) - 1)
    load.step(HOUR_MS + HOUR_MS // 2)
    assert load.homes_w[2] == sum(homes_w()[0][home] for home in HOMES_OF_PHASE[2])


def test_one_seed_gives_one_load_and_another_seed_another():
    assert run(7, 3600) == run(7, 3600)
    assert run(7, 3600) != run(8, 3600)


def test_appliances_switch_within_seconds_and_never_draw_less_than_nothing():
    trace = run(3)
    assert any(abs(after[0] - before[0]) > 1_000 for before, after in pairwise(trace))
    assert min(min(point) for point in trace) >= 0


def test_a_current_is_rounded_up():
    load = BaseLoad(1)
    load.step(1)
    watts = load.homes_w[1] + load.synthetic_w[1]
    assert load.current_ma(1) * VOLTAGE_V >= watts * 1000 > (load.current_ma(1) - 1) * VOLTAGE_V


def test_a_surge_is_added_to_its_phase_only():
    load = BaseLoad(1)
    before = [load.current_ma(phase) for phase in range(3)]
    load.surge_ma[1] = 25_000
    assert [load.current_ma(phase) - before[phase] for phase in range(3)] == [0, 25_000, 0]
