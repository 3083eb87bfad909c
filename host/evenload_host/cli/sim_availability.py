"""`evenload sim availability`: what a failure and repair model says of a cluster, with its limit beside it."""

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from evenload_sim.availability import Assumptions

# One assumption changed at a time; the rest as given.
VARIANTS: tuple[tuple[str, dict[str, float]], ...] = (
    ("nothing in common", {"common_share": 0.0}),
    ("5 % in common", {"common_share": 0.05}),
    ("10 % in common", {"common_share": 0.10}),
    ("software fails monthly", {"software_mtbf_h": 730.0}),
    ("software fails yearly", {"software_mtbf_h": 8_760.0}),
    ("restart takes 5 min", {"restart_s": 300.0}),
    ("repair takes 24 h", {"repair_h": 24.0}),
    ("repair takes 72 h", {"repair_h": 72.0}),
    ("six repair crews", {"crew_count": 6}),
    ("pumps twice as good", {"pump_mtbf_h": 134_904.0}),
    ("demand 150 kW", {"demand_kw": 150.0}),
    ("demand 240 kW", {"demand_kw": 240.0}),
    ("demand 260 kW", {"demand_kw": 260.0}),
)


@click.command("availability", short_help="Say how available a cluster of six units is.")
@click.option(
    "--demand", "demand_kw", type=click.FloatRange(0, 300), default=200.0, show_default=True, help="In kW."
)
@click.option(
    "--common",
    "common_percent",
    type=click.FloatRange(0, 50),
    default=2.0,
    show_default=True,
    help="Percent of all failures that take every unit at once.",
)
@click.option("--seed", type=click.IntRange(1), default=1, show_default=True, help="Of the play by chance.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def command(demand_kw: float, common_percent: float, seed: int, as_json: bool) -> None:
    """Say how available a cluster of six units is, and what that rests on.

    Solves a failure and repair model exactly, changes one assumption at a time, and plays the same cluster by
    chance (with far more failures) to check the solution. Nothing is measured: the assumptions are printed.

    \b
    Examples:
      evenload sim availability                 the tables
      evenload sim availability --demand 240    at 80 % load
      evenload sim availability --json          for a machine
    """
    from evenload_sim.availability import Assumptions

    assumed = replace(Assumptions(), demand_kw=demand_kw, common_share=common_percent / 100)
    report = report_of(assumed, seed)
    click.echo(json.dumps(report) if as_json else format_report(report))


def report_of(assumed: "Assumptions", seed: int) -> dict[str, Any]:
    """Return everything there is to say."""
    from evenload_sim.availability import AVAILABILITY_MIN, MTBF_H_MIN, RECOVERY_MIN_MAX, evaluate, limit_of
    from evenload_sim.availability_trial import STRESSED, simulate

    outcome = evaluate(assumed)
    variants = [(name, replace(assumed, **change)) for name, change in VARIANTS]  # type: ignore[arg-type]
    stressed = replace(STRESSED, demand_kw=assumed.demand_kw, common_share=assumed.common_share)
    trial = simulate(stressed, batch_count=40, batch_h=5_000, seed=seed)
    exact = evaluate(stressed)
    return {
        **asdict(outcome),
        "limit": limit_of(assumed),
        "targets": {
            "availability_min": AVAILABILITY_MIN,
            "mtbf_h_min": MTBF_H_MIN,
            "mttr_min_max": RECOVERY_MIN_MAX,
        },
        "met": outcome.is_met(),
        "assumptions": {
            **asdict(assumed),
            "quorum": assumed.quorum,
            "unit_count_min": assumed.unit_count_min,
        },
        "sensitivity": [summary(name, variant) for name, variant in variants],
        "by_chance": {
            "seed": seed,
            "played_availability": trial.availability,
            "played_margin": trial.availability_margin,
            "exact_availability": exact.states_availability,
            "played_losses_per_year": trial.losses_per_year,
            "played_losses_margin": trial.losses_margin,
            "exact_losses_per_year": 8760 / exact.mtbf_h,
        },
    }


def summary(name: str, assumed: "Assumptions") -> dict[str, Any]:
    """Return the figures of one variant."""
    from evenload_sim.availability import evaluate

    outcome = evaluate(assumed)
    return {
        "variant": name,
        "availability": outcome.availability,
        "downtime_s": outcome.downtime_s,
        "mtbf_h": outcome.mtbf_h,
        "unattended_mttr_min": outcome.unattended_mttr_min,
        "met": outcome.is_met(),
    }


def format_report(report: dict[str, Any]) -> str:
    """Return the report as text."""
    assumed, chance, met = report["assumptions"], report["by_chance"], report["met"]
    word = {True: "meets", False: "MISSES"}
    lines = [
        f"{assumed['unit_count']} units of {assumed['rated_kw']:g} kW, demand {assumed['demand_kw']:g} kW: "
        "a leader, and the demand carried.",
        f"  availability     {percent(report['availability'])}  {word[met['availability']]} 99.99 %",
        f"  down per year    {report['downtime_s']:,.1f} s, of it {report['failover_s']:.1f} s in "
        f"{report['failover_count']:.1f} failovers, {report['reallocation_s']:.1f} s in reallocations",
        f"  MTBF             {report['mtbf_h']:,.0f} h  {word[met['mtbf']]} 87,600 h",
        f"  MTTR, unattended {report['unattended_mttr_min'] * 60:,.1f} s  {word[met['mttr']]} 5 min "
        "(failovers and restarts)",
        f"  needing hands    every {report['attended_mtbf_h']:,.0f} h, {report['attended_mttr_min'] / 60:.1f} h each",
        f"  cooling alone    {percent(report['cooling_availability'])}; a leader alone "
        f"{percent(report['leader_availability'])}",
        f"Limit: {report['limit']}",
        "",
        f"{'one assumption changed':24}  {'availability':>14}  {'down s/year':>11}  {'MTBF h':>15}",
    ]
    lines += [
        f"{row['variant']:24}  {percent(row['availability']):>14}  {row['downtime_s']:>11,.1f}  "
        f"{row['mtbf_h']:>15,.0f}{'' if all(row['met'].values()) else '  misses a target'}"
        for row in report["sensitivity"]
    ]
    lines += [
        "",
        f"Check with far more failures: played {percent(chance['played_availability'])} +- "
        f"{percent(chance['played_margin'])}, exact {percent(chance['exact_availability'])}; losses per year "
        f"{chance['played_losses_per_year']:.1f} +- {chance['played_losses_margin']:.1f}, exact "
        f"{chance['exact_losses_per_year']:.1f}.",
        "Assumptions: " + ", ".join(f"{name} {value:g}" for name, value in assumed.items()) + ".",
    ]
    return "\n".join(lines)


def percent(share: float) -> str:
    """Return a share in percent, with as many nines as it has."""
    return f"{100 * share:.6f} %"
