"""Trace files: one JSON object a line, the same for simulated and real nodes, and the checker that reads them.

    {"event":"cluster","voters":[1,2,3],"rated_10w":{"1":5000},"quorum":2,"version":1}
    {"t_us":1234567,"node":3,"event":"role","a":3,"b":17,"c":3,"at_ms":1234}
    {"t_us":1300000,"node":3,"event":"down"}

`t_us` is a clock that all nodes share: simulated time, or CLOCK_MONOTONIC of one machine. Lines of one node
stand in their order; lines of two nodes may be swapped by as much as their clocks differ.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TextIO

from evenload import ticks, wire
from evenload.errors import EvenloadError

from evenload_sim.cluster.coverage import TraceCoverage
from evenload_sim.cluster.events import CODES, WORDS, Event
from evenload_sim.cluster.invariants import History

TRACE_VERSION = 1
NOISE_US_DEFAULT = 2_000


class TraceUnreadable(EvenloadError):
    """A trace file that does not say what it is, or a line that is no event."""


@dataclass(frozen=True)
class Header:
    """The first line of a trace. voters: SRCs; rated_10w: by SRC; quorum: votes that win."""

    voters: list[int]
    rated_10w: dict[int, int]
    quorum: int

    def line(self) -> str:
        """Return the header as it is written."""
        rated = {str(src): rated_10w for src, rated_10w in self.rated_10w.items()}
        head = {"event": "cluster", "voters": self.voters, "rated_10w": rated}
        return _json({**head, "quorum": self.quorum, "version": TRACE_VERSION})


class TraceWriter:
    """Writes events to a text file, the header first."""

    def __init__(self, file: TextIO, header: Header) -> None:
        self._file = file
        self._file.write(header.line())

    def take(self, event: Event) -> None:
        """Write one event."""
        line: dict[str, object] = {"t_us": event.t_us, "node": event.node, "event": WORDS[event.code]}
        if event.code > wire.TRACE_NONE:
            line.update({"a": event.a, "b": event.b, "c": event.c, "at_ms": event.at_ms})
        self._file.write(_json(line))


@dataclass(frozen=True)
class Finding:
    """A broken rule and where it shows: `line` of the file, counted from 1."""

    rule: str
    sentence: str
    line: int


@dataclass
class Verdict:
    """What a trace proves. events: lines read; nodes: SRCs seen; findings: in the order of the file."""

    header: Header
    events: int = 0
    nodes: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    leaders_per_term_max: int = 0
    leases_at_once_max: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as `--json` prints it."""
        return {
            "events": self.events,
            "nodes": self.nodes,
            "violations": len(self.findings),
            "leaders_per_term_max": self.leaders_per_term_max,
            "leases_at_once_max": self.leases_at_once_max,
            "findings": [vars(finding) for finding in self.findings],
        }


def check_lines(lines: Iterable[str], noise_us: int = NOISE_US_DEFAULT) -> Verdict:
    """Hold a trace against the invariants; noise_us: how wrong the order of two nodes' lines may be.

    Raises TraceUnreadable. A last line without its end is a tail that was cut off, and left out.
    """
    header, events = read_trace(lines)
    verdict = Verdict(header, len(events), sorted({event.node for event in events}))

    def report(rule: str, sentence: str, event: Event) -> None:
        verdict.findings.append(Finding(rule, sentence, event.line))

    history = History(header.quorum, header.rated_10w, report, noise_us=noise_us)
    coverage = TraceCoverage(header.voters, report)
    for event in sorted(events, key=lambda event: event.t_us):
        history.take(event)
        coverage.take(event)
    history.finish()
    verdict.findings.sort(key=lambda finding: finding.line)
    verdict.leaders_per_term_max = max((len(leaders) for leaders in history.leaders.values()), default=0)
    verdict.leases_at_once_max = history.leases_at_once_max
    return verdict


def read_trace(lines: Iterable[str]) -> tuple[Header, list[Event]]:
    """Return the header and the events, each node's times made to never run backward.

    Raises TraceUnreadable with the number of the line.
    """
    header: Header | None = None
    events: list[Event] = []
    newest_us: dict[int, int] = {}
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            entry = json.loads(text)
        except (ValueError, RecursionError):
            if header is not None and not text.endswith("\n"):
                break
            raise TraceUnreadable(f"line {number} is no JSON object: {text.strip()[:60]!r}.") from None
        if header is None:
            header = _header(entry, number)
            continue
        event = _event(entry, number)
        # A node's own lines are in order by definition; its clock may have been read late.
        t_us = newest_us[event.node] = max(event.t_us, newest_us.get(event.node, event.t_us))
        events.append(event._replace(t_us=t_us))
    if header is None:
        raise TraceUnreadable("the trace is empty; its first line is the object with event cluster.")
    return header, with_clocks(events)


def with_clocks(events: list[Event]) -> list[Event]:
    """Return the events with `at_ms` the node's clock at `t_us`: the newest of what it told at that moment.

    A node that was stopped takes in old frames with the stamps of their arrival; what it makes of them is told at
    once, by one t_us. Read by its old stamp, a lease that is over would last as long again.
    """
    clock_ms: dict[tuple[int, int], int] = {}
    for event in events:
        key = (event.node, event.t_us)
        known_ms = clock_ms.setdefault(key, event.at_ms)
        if ticks.elapsed_ms(event.at_ms, known_ms) > 0:
            clock_ms[key] = event.at_ms
    return [event._replace(at_ms=clock_ms[event.node, event.t_us]) for event in events]


def _header(entry: Any, number: int) -> Header:
    try:
        if entry["event"] != "cluster" or entry["version"] != TRACE_VERSION:
            raise ValueError
        rated_10w = {int(src): int(rated) for src, rated in entry["rated_10w"].items()}
        return Header([int(src) for src in entry["voters"]], rated_10w, int(entry["quorum"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise TraceUnreadable(
            f"line {number} is not the head of a trace: an object with event cluster, voters, rated_10w, quorum "
            f"and version {TRACE_VERSION}."
        ) from None


def _event(entry: Any, number: int) -> Event:
    try:
        code = CODES[entry["event"]]
        a, b, c, at_ms = (int(entry.get(key, 0)) for key in ("a", "b", "c", "at_ms"))
        return Event(int(entry["t_us"]), int(entry["node"]), code, a, b, c, at_ms, number)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise TraceUnreadable(
            f"line {number} is no event: an object with t_us, node and event ({', '.join(sorted(CODES))})."
        ) from None


def _json(entry: dict[str, Any]) -> str:
    return json.dumps(entry, separators=(",", ":")) + "\n"
