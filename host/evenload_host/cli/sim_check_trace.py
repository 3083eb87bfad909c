"""`evenload sim check-trace`: a trace of a cluster, simulated or from the field, held against the invariants."""

import json
import math
from pathlib import Path

import click


@click.command("check-trace", short_help="Hold a trace of a cluster against its rules.")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--noise-ms",
    type=click.FloatRange(0, 1000),
    default=2.0,
    show_default=True,
    help="How far the clocks of two nodes differ.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(file: Path, noise_ms: float, as_json: bool) -> int:
    """Check a trace of JSON lines: one leader per term, one vote, one lease, no lost plan, no lost heat.

    FILE is what `evenload sim cluster --trace` or the nodes' consoles wrote. What a trace cannot prove is not
    held against it: lines of two nodes may be out of order by --noise-ms, tails may be missing.

    \b
    Exit codes: 0 nothing found, 1 an invariant is broken, 2 the file cannot be read.
    \b
    Examples:
      evenload sim check-trace run.jsonl
      evenload sim check-trace --noise-ms 20 field.jsonl --json
    """
    from evenload_sim.cluster.trace import check_lines

    if math.isnan(noise_ms):
        raise click.UsageError("--noise-ms is nan; valid: a number of 0 .. 1000.")
    # A byte that is no text spoils its line, which is then named; it must not look like a broken invariant.
    with click.open_file(str(file), encoding="utf-8", errors="replace") as lines:
        verdict = check_lines(lines, round(noise_ms * 1000))
    if as_json:
        click.echo(json.dumps(verdict.as_dict()))
    else:
        for finding in verdict.findings:
            click.echo(f"{file}:{finding.line}: {finding.rule}: {finding.sentence}.")
        click.echo(f"{verdict.events} events of nodes {verdict.nodes}, {len(verdict.findings)} findings.")
    return 1 if verdict.findings else 0
