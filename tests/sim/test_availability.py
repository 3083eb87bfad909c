"""The failure and repair model against what can be worked out by hand, and against the same cluster by chance."""

import json
import math
from dataclasses import replace

import pytest
from click.testing import CliRunner
from evenload_host import cli
from evenload_sim.availability import (
    ALL_OUT,
    ALL_RESTART,
    Assumptions,
    evaluate,
    is_available,
    limit_of,
    moves,
    needs_hands,
    states,
    steady_state,
)
from evenload_sim.availability_trial import STRESSED, simulate

# Nothing in common, a crew for everyone, only controllers fail: each unit is a coin with the same two sides.
COINS = Assumptions(
    controller_mtbf_h=900.0,
    pump_mtbf_h=1e18,
    software_mtbf_h=1e18,
    repair_h=100.0,
    crew_count=6,
    common_share=0.0,
)


def binomial(count, share, least):
    """Return the chance that at least `least` of `count` coins lie on the side with `share`."""
    return sum(
        math.comb(count, up) * share**up * (1 - share) ** (count - up) for up in range(least, count + 1)
    )


def test_independent_units_are_a_binomial():
    assert evaluate(COINS).states_availability == pytest.approx(binomial(6, 0.9, 4), rel=1e-12)


def test_one_unit_is_up_as_long_as_it_lives():
    outcome = evaluate(replace(COINS, unit_count=1, demand_kw=50.0))
    assert outcome.states_availability == pytest.approx(0.9, rel=1e-12)
    assert outcome.mtbf_h == pytest.approx(1000.0, rel=1e-9)
    assert outcome.mttr_min == pytest.approx(6000.0, rel=1e-9)


def test_a_tiny_share_is_as_exact_as_a_large_one():
    # Three of six at once, each with odds of 1e-6: 1 - 1e-17 has no digits left, the down share has all.
    rare = replace(COINS, controller_mtbf_h=1e8)
    down = sum(share for state, share in steady_state(rare).items() if not is_available(rare, state))
    odds = 1e-6
    assert down == pytest.approx(20 * odds**3 / (1 + odds) ** 6 + 15 * odds**4, rel=1e-5)


def test_what_flows_into_a_state_flows_out_of_it():
    assumed = STRESSED
    share = steady_state(assumed)
    flow = dict.fromkeys(states(assumed), 0.0)
    for state in flow:
        for target, rate in moves(assumed, state):
            if rate > 0:
                flow[state] -= share[state] * rate
                flow[target] += share[state] * rate
    assert max(map(abs, flow.values())) < 1e-15
    assert sum(share.values()) == pytest.approx(1.0)


def test_the_same_cluster_by_chance_agrees():
    trial, exact = simulate(STRESSED, batch_count=40, batch_h=5_000, seed=1), evaluate(STRESSED)
    # Three standard errors; 1.96 of them are the margin.
    assert abs(trial.availability - exact.states_availability) < 1.53 * trial.availability_margin
    assert abs(trial.losses_per_year - 8760 / exact.mtbf_h) < 1.53 * trial.losses_margin
    assert simulate(STRESSED, 2, 100, 7) == simulate(STRESSED, 2, 100, 7)


def test_two_failures_are_carried_and_three_are_not():
    assumed = Assumptions()
    assert all(is_available(assumed, state) for state in ((2, 0, 0), (1, 1, 0), (0, 0, 2)))
    assert not any(is_available(assumed, state) for state in ((3, 0, 0), (1, 1, 1), (0, 0, 3)))
    # A controller whose pump is out still votes; at half the demand a third pump is no loss.
    half = replace(assumed, demand_kw=150.0)
    assert is_available(half, (0, 0, 3))
    assert not is_available(half, (3, 0, 0))
    # At 240 kW four units are not enough.
    assert not is_available(replace(assumed, demand_kw=240.0), (0, 0, 2))


def test_hands_are_needed_where_restarts_do_not_help():
    assumed = Assumptions()
    assert needs_hands(assumed, (3, 0, 0))
    assert not needs_hands(assumed, (2, 1, 0))
    assert needs_hands(assumed, ALL_OUT)
    assert not needs_hands(assumed, ALL_RESTART)


@pytest.mark.parametrize(
    "worse",
    [
        {"controller_mtbf_h": 50_000.0},
        {"pump_mtbf_h": 20_000.0},
        {"software_mtbf_h": 500.0},
        {"restart_s": 600.0},
        {"repair_h": 48.0},
        {"common_share": 0.05},
        {"demand_kw": 260.0},
        {"failover_s": 30.0},
        {"failover_failing": 0.5},
        {"reallocation_s": 10.0},
    ],
)
def test_every_assumption_that_gets_worse_costs_availability(worse):
    assert evaluate(replace(Assumptions(), **worse)).availability < evaluate(Assumptions()).availability


def test_the_limit_is_told_in_numbers_of_the_cluster():
    assert "at most 2 failures of 6" in limit_of(Assumptions())
    assert "at most 2 failures of 5" in limit_of(replace(Assumptions(), unit_count=5))


def test_the_command_prints_figures_limit_and_assumptions():
    outcome = CliRunner().invoke(cli.evenload, ["sim", "availability", "--json"])
    report = json.loads(outcome.output)
    assert report["met"] == {"availability": True, "mtbf": True, "mttr": True}
    assert report["assumptions"]["common_share"] == 0.02
    assert "at most 2 failures of 6" in report["limit"]
    assert len(report["sensitivity"]) > 10
    assert any(not all(row["met"].values()) for row in report["sensitivity"])
    text = CliRunner().invoke(cli.evenload, ["sim", "availability", "--demand", "240"]).output
    assert "MISSES 87,600 h" in text
    assert "Limit: Holds for at most 2 failures of 6" in text
