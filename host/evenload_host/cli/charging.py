"""`evenload charging ...`: questions about the sharing of current."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click
from evenload.errors import EvenloadError

ON_STYLE = {"fg": "green"}
OFF_STYLE = {"fg": "yellow"}


class SiteFileError(EvenloadError):
    """A site file that can't be read as JSON."""


@click.group("charging")
def command() -> None:
    """Ask how current is shared among charging stations."""


@command.command("plan")
@click.argument("site", required=False, type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    "--ticks",
    type=click.IntRange(1, 86400),
    help="Rounds of 1 s with every slew limit; default: where it settles, slew limits left out.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the table.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a site file and leave.")
@click.option("--example", is_flag=True, help="Print a complete site file and leave.")
def plan(site: str | None, ticks: int | None, as_json: bool, schema: bool, example: bool) -> None:
    """Show which station would get how much current, and what limits it.

    SITE is a JSON file with circuits, stations and measurements; - reads standard input. The measurements
    are held while the rounds run.

    \b
    Examples:
      evenload charging plan --example > garage.json
      evenload charging plan garage.json
      evenload charging plan --ticks 30 --json garage.json
    """
    from evenload_host import charging_plan

    if schema:
        click.echo(json.dumps(charging_plan.schema(), indent=2))
        return
    if example:
        click.echo(json.dumps(charging_plan.example(), indent=2))
        return
    if site is None:
        raise click.UsageError("Name a SITE.json, or use --example or --schema.")
    answer = charging_plan.compute_plan(_read(site), ticks)
    if as_json:
        click.echo(json.dumps(answer, indent=2))
    else:
        _print_tables(answer)


def _read(path: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
        site: dict[str, Any] = json.loads(text)
    except UnicodeDecodeError as error:
        raise SiteFileError(f"{path} can't be read: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise SiteFileError(f"{path} is not JSON: {error}.") from error
    return site


def _print_tables(answer: Any) -> None:
    _echo(click.style(answer["site"], bold=True))
    rows = [("station", "grant_a", "phases", "reason", "limited by", "expires_ms")]
    for station in answer["stations"]:
        place = " ".join(filter(None, (station["limiting_circuit"], station["limiting_phase"]))) or "-"
        grant = f"{station['grant_a']:.1f}"
        rows.append(
            (
                station["id"],
                grant,
                str(station["phases"]),
                station["reason"],
                place,
                str(station["expires_ms"]),
            )
        )
    styles = [ON_STYLE if station["grant_a"] else OFF_STYLE for station in answer["stations"]]
    _print_rows(rows, styles)
    _echo("")
    rows2 = [("circuit", "limit_a", "base_a", "planned_a")]
    for circuit in answer["circuits"]:
        amperes = [" ".join(f"{a:.1f}" for a in circuit[key]) for key in ("limit_a", "base_a", "planned_a")]
        rows2.append((circuit["id"], *amperes))
    _print_rows(rows2, [{}] * len(answer["circuits"]))


def _print_rows(rows: list[Any], styles: list[Any]) -> None:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row, style in zip(rows, [{"bold": True}, *styles], strict=True):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        _echo(click.style(line, **style))


def _echo(line: str) -> None:
    """Print a line; its colours reach a terminal, and a pipe only where FORCE_COLOR asks for them."""
    click.echo(line, color=True if os.environ.get("FORCE_COLOR") else None)
