"""`evenload sim can-analysis`: the timing proof of the cluster, computed for any number of nodes."""

import json
from typing import Any

import click

VOTERS_MAX = 12


@click.command("can-analysis", short_help="Compute how long a failover can take at most.")
@click.option(
    "--nodes",
    type=click.IntRange(1, 62),
    default=6,
    show_default=True,
    help="In each cluster, voters included.",
)
@click.option("--voters", type=click.IntRange(1, 15), help="Of these; by default all of them, at most 12.")
@click.option(
    "--bitrate", type=click.IntRange(10_000, 1_000_000), default=500_000, show_default=True, help="In bit/s."
)
@click.option(
    "--clusters", type=click.IntRange(1, 16), default=1, show_default=True, help="Alike, on the same wire."
)
@click.option(
    "--electing",
    type=click.IntRange(0, 16),
    default=1,
    show_default=True,
    help="Clusters that elect at once.",
)
@click.option(
    "--telemetry", type=click.IntRange(0, 100), default=4, show_default=True, help="Frames a node and 100 ms."
)
@click.option(
    "--emergencies",
    type=click.IntRange(0, 1000),
    help="Raised at once; by default one of each voter of a cluster.",
)
@click.option(
    "--tick-ms",
    type=click.FloatRange(1, 50),
    default=5.0,
    show_default=True,
    help="Of a node; it may be 2/5 late.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    *,
    nodes: int,
    voters: int | None,
    bitrate: int,
    clusters: int,
    electing: int,
    telemetry: int,
    emergencies: int | None,
    tick_ms: float,
    as_json: bool,
) -> None:
    """Compute how long frames can wait for the wire, and how long a failover can take.

    Worst-case response times after Davis et al. (2007), exact frame lengths, without and with one bus error; the
    failover's bounds count from the last leader frame. Nothing is simulated here: these are upper bounds.

    \b
    Examples:
      evenload sim can-analysis                       six voters at 500 kbit/s
      evenload sim can-analysis --nodes 46 --json     twelve voters and 34 others
      evenload sim can-analysis --clusters 4 --bitrate 1000000
    """
    from evenload_sim.can_analysis import Traffic, analyse

    voter_count = min(nodes, VOTERS_MAX) if voters is None else voters
    if voter_count > nodes:
        raise click.BadParameter(f"{voter_count} voters of {nodes} nodes; --voters is at most --nodes.")
    if electing > clusters:
        raise click.BadParameter(
            f"{electing} electing of {clusters} clusters; --electing is at most --clusters."
        )
    traffic = Traffic(
        voters=voter_count,
        others=nodes - voter_count,
        clusters=clusters,
        electing=electing,
        bitrate=bitrate,
        telemetry=telemetry,
        emergencies=emergencies,
        tick_ms=tick_ms,
        late_ms=tick_ms * 2 / 5,
    )
    found = analyse(traffic)
    click.echo(json.dumps(found) if as_json else text(found))


def text(found: dict[str, Any]) -> str:
    """Return the analysis as a table and sentences."""
    lines = [
        f"{found['nodes']} nodes in {found['clusters']} cluster(s) of {found['voters']} voters, "
        f"{found['bitrate'] // 1000} kbit/s, load {found['steady_permille'] / 10:.1f} %, "
        f"in an election up to {found['election_permille'] / 10:.1f} %",
        "class        frames  period ms  frame us  response ms  with one error",
    ]
    lines += [
        f"{row['name']:11}  {row['count']:6}  {row['period_ms']:9g}  {row['frame_us']:8g}  "
        f"{number(row['response_ms']):>11}  {number(row['response_one_error_ms']):>14}"
        for row in found["messages"]
    ]
    bounds, lease = found["failover"], found["lease"]
    verdict = "within" if bounds["is_in_time"] else "NOT within"
    lines += [
        f"From the last leader frame: contingency shares {number(bounds['contingency_ms'])} ms, plan applied "
        f"{number(bounds['applied_ms'])} ms, with one fault {number(bounds['one_fault_ms'])} ms, with two "
        f"{number(bounds['both_ms'])} ms: {verdict} 300 ms.",
        f"Oldest acknowledged leader frame {number(lease['gap_ms'])} ms, with one lost "
        f"{number(lease['gap_one_loss_ms'])} ms, of 124 ms that a lease lasts.",
    ]
    return "\n".join(lines)


def number(value: float | None) -> str:
    """Return a time with one digit behind the point; without a bound, a word."""
    return "unbounded" if value is None else f"{value:.1f}"
