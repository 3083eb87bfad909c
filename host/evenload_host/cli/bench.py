"""`evenload bench`: the benchmark table, measured against its targets."""

import json
import time

import click


@click.command("bench")
@click.argument("names", nargs=-1)
@click.option("--all", "with_slow", is_flag=True, help="Run the slow rows too (more than 5 minutes).")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of results instead of the table.")
@click.option("--list", "only_list", is_flag=True, help="Print the names of the rows and measure nothing.")
def command(names: tuple[str, ...], with_slow: bool, as_json: bool, only_list: bool) -> None:
    """Measure Evenload's numbers and hold them against their targets.

    NAMES choose rows by full name, by leading words or by pattern. Progress goes to stderr, results to
    stdout.

    \b
    Examples:
      evenload bench                 every quick row, at most 5 minutes
      evenload bench allocation      the rows whose name starts with allocation
      evenload bench '*.64' --json   by pattern, for a machine
    """
    from evenload_sim import bench

    rows = bench.all_rows()
    chosen = bench.select(rows, names, with_slow)
    if only_list:
        for row in chosen:
            click.echo(row.name)
        return
    results: list[bench.Result] = []
    failed: list[str] = []
    for index, row in enumerate(chosen):
        started_s = time.monotonic()
        click.echo(f"[{index + 1}/{len(chosen)}] {row.name} ... ", nl=False, err=True)
        try:
            results.extend(row.run())
        except Exception as error:  # one broken row must not hide the numbers of the others
            failed.append(row.name)
            click.echo(f"failed: {type(error).__name__}: {error}", err=True)
        else:
            click.echo(f"{time.monotonic() - started_s:.1f} s", err=True)
    click.echo(json.dumps(results, indent=1) if as_json else format_table(results))
    if not names and len(chosen) < len(rows):
        click.echo(f"{len(rows) - len(chosen)} slow rows left out; --all runs them.", err=True)
    if failed:
        raise click.exceptions.Exit(1)


def format_table(results: list) -> str:  # type: ignore[type-arg]
    """Return the results as aligned text, one line each, and a closing line that counts the targets met."""
    from evenload_sim.bench import is_met

    if not results:
        return "No rows."
    lines = [("", "what", "value", "unit", "target", "against")]
    for entry in results:
        met = is_met(entry)
        word = "n/a" if entry["value"] is None else {True: "pass", False: "FAIL", None: "-"}[met]
        sign = "<=" if entry["better"] == "lower" else ">="
        target = "" if entry["target"] is None else f"{sign} {format_number(entry['target'])}"
        ratio = "" if entry["ratio"] is None else f"{format_number(entry['ratio'])} x "
        lines.append(
            (
                word,
                entry["name"],
                format_number(entry["value"]),
                entry["unit"],
                target,
                ratio + (entry["peer"] or ""),
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    text = [format_line(line, widths) for line in lines]
    missed = sum(is_met(entry) is False for entry in results)
    held = sum(is_met(entry) is not None for entry in results)
    text.append(f"{held - missed} of {held} targets met.")
    return "\n".join(text)


def format_line(cells: tuple[str, ...], widths: list[int]) -> str:
    """Return one line: words to the left, numbers to the right."""
    aligned = [
        cell.rjust(width) if column in (2, 4) else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(aligned).rstrip()


def format_number(value: float | None) -> str:
    """Return a number with four significant digits, thousands apart; an absent one as a dash."""
    if value is None:
        return "-"
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"
