"""The rows of `evenload bench`: one module per topic in this folder, each with `ROWS: list[Row]`.

A row measures one claim and returns one or more results. What is compared is measured in one run: a ratio
never mixes numbers of two processes or two days. A new topic is a new file; nothing else registers it.

    from evenload_sim.bench import Row, best_ns, result

    def round_64() -> list[Result]:
        nanoseconds = best_ns(lambda: allocation.tick(now_ms))
        return [result("allocation round, C, 64 stations", nanoseconds / 1000, "us", "lower", target=10)]

    ROWS = [Row("allocation.round.64", round_64)]
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from time import perf_counter_ns
from typing import TypedDict, Unpack

from evenload.errors import EvenloadError


class Comparison(TypedDict, total=False):
    """What a value is held against: a target in the same unit, and a peer measured in the same run."""

    target: float | None
    peer: str | None
    ratio: float | None


class Result(TypedDict):
    """One line of the table, and one object of `--json` (the stable contract).

    value: None where it could not be measured because the peer is absent. ratio: this against the peer,
    in the direction the name says. better: "lower" or "higher".
    """

    name: str
    value: float | None
    unit: str
    better: str
    target: float | None
    peer: str | None
    ratio: float | None


@dataclass(frozen=True)
class Row:
    """One claim that can be measured. name: "topic.what"; slow rows run only with --all."""

    name: str
    run: Callable[[], list[Result]]
    slow: bool = False


class BenchError(EvenloadError):
    """A name that no row has."""


def result(
    name: str, value: float | None, unit: str, better: str, **comparison: Unpack[Comparison]
) -> Result:
    """Return a complete result; target, peer and ratio are None unless given."""
    assert better in ("lower", "higher"), better
    return Result(
        name=name,
        value=value,
        unit=unit,
        better=better,
        target=comparison.get("target"),
        peer=comparison.get("peer"),
        ratio=comparison.get("ratio"),
    )


def absent(name: str, unit: str, better: str, peer: str) -> Result:
    """Return the result of a comparison whose `peer` (a package of the extra `peers`) is not installed."""
    return result(name, None, unit, better, peer=f"{peer}: not installed (pip install 'evenload[peers]')")


def is_met(entry: Result) -> bool | None:
    """Tell whether a value reaches its target; None where there is no target or no value."""
    value, target = entry["value"], entry["target"]
    if value is None or target is None:
        return None
    return value <= target if entry["better"] == "lower" else value >= target


def best_ns(call: Callable[[], object], repeat_count: int = 7, span_ms: int = 20) -> float:
    """Return the nanoseconds of one `call`, the best of `repeat_count` repeats.

    Each repeat loops long enough to fill about `span_ms`; the best repeat is the least disturbed one.
    """
    loop_count = 1
    elapsed_ns = spent_ns(call, loop_count)
    while elapsed_ns < span_ms * 1_000_000 // 4 and loop_count < 1 << 24:
        loop_count *= 2
        elapsed_ns = spent_ns(call, loop_count)
    return min(spent_ns(call, loop_count) for _ in range(repeat_count)) / loop_count


def spent_ns(call: Callable[[], object], loop_count: int) -> int:
    """Return the nanoseconds that `loop_count` calls took together."""
    loops = range(loop_count)
    started_ns = perf_counter_ns()
    for _ in loops:
        call()
    return perf_counter_ns() - started_ns


def all_rows() -> list[Row]:
    """Return every row of every topic, topics in alphabetical order, rows in the order of their module."""
    return list(topic_rows())


def topic_rows() -> Iterator[Row]:
    """Yield the rows of each topic module in this folder."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        if not module.name.startswith("_"):
            yield from getattr(importlib.import_module(f"{__name__}.{module.name}"), "ROWS", [])


def select(rows: list[Row], names: tuple[str, ...], with_slow: bool) -> list[Row]:
    """Return the rows asked for: by full name, by leading words ("allocation") or by pattern ("*.64").

    A row named in full runs even if it is slow. A name that fits no row raises BenchError.
    """
    for name in names:
        if not any(fits(row, name) for row in rows):
            known = ", ".join(row.name for row in rows) or "none yet"
            raise BenchError(f"No benchmark row is called {name!r}. Rows: {known}.")
    wanted = [row for row in rows if not names or any(fits(row, name) for name in names)]
    return [row for row in wanted if with_slow or not row.slow or row.name in names]


def fits(row: Row, name: str) -> bool:
    """Tell whether `name` means `row`."""
    return row.name == name or row.name.startswith(name + ".") or fnmatchcase(row.name, name)
