"""A node on Linux, from its command line to its loop.

Exit codes: 0 ended by a signal or done, 2 refused with a sentence on stderr.
"""

import argparse
import json
import signal
import sys

from evenload import ticks
from evenload.core import BACKEND
from evenload.errors import EvenloadError

from evenload_node.app import POLL_MS, App
from evenload_node.config import load
from evenload_node.hal.loop_posix import Loop
from evenload_node.hal.posix import PosixHal
from evenload_node.log import Log
from evenload_node.node import Node

STATUS_PERIOD_MS = 1000
EXAMPLES = """examples:
  evenload-node run board_configs/linux_meter.json           one line a second for a person
  evenload-node run board_configs/linux_meter.json --json    one JSON object a second for a program
  evenload-node check board_configs/linux_charger.json       only says whether the file would start

The keys of the file: board_configs/README.md. EVENLOAD_CORE=c or =python chooses the kernels.
"""


class StatusPrinter:
    """Steps the app and prints its status once a second; ends the loop when whoever read it has gone."""

    def __init__(self, app: App, as_json: bool):
        self._app = app
        self._as_json = as_json
        self._due_ms: int | None = None
        self.loop: Loop | None = None

    def step(self, now_ms: int) -> None:
        """Do what is due at `now_ms`."""
        self._app.step(now_ms)
        if self._due_ms is not None and not ticks.is_due(now_ms, self._due_ms):
            return
        self._due_ms = ticks.add_ms(now_ms, STATUS_PERIOD_MS)
        status = self._app.status()
        events = self._app.take_recent()
        if self._as_json:
            line = json.dumps({**status, "late_ms_max": self.loop.late_ms_max, "events": events})
        else:
            line = human_line(status)
        try:
            print(line, flush=True)
        except BrokenPipeError:
            self.loop.stop()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = parse_arguments(arguments)
    try:
        config = load(options.file)
        hal = PosixHal(config.state_dir, is_dry=options.command == "check")
        node = Node(config, hal)
    except (EvenloadError, OSError) as error:
        print(f"evenload-node {options.command} {options.file}: {error}", file=sys.stderr)
        return 2
    if options.command == "check":
        for warning in hal.warnings:
            print(f"Warning: {warning}", file=sys.stderr)
        print(f"{options.file} would start: {summary_of(config)}.")
        return 0
    log = Log(config.node, lambda line: print(line, file=sys.stderr, flush=True))
    log.line("INFO", f"event=started {summary_of(config)}, core BACKEND={BACKEND}")
    for warning in hal.warnings:
        log.line("WARN", f"event=calibration {warning}")
    printer = StatusPrinter(App(node, log), options.json)
    printer.loop = loop = Loop(printer.step, POLL_MS)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop())
    loop.run()
    node.close()
    log.line("INFO", f"event=stopped after {printer.loop.late_ms_max} ms of lateness at worst")
    return 0


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        prog="evenload-node",
        description="A node on Linux: reads meters, applies the safety table, drives charging stations.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"evenload-node, core {BACKEND}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run the node until SIGTERM or Ctrl-C")
    run.add_argument("file", metavar="FILE", help="the node's configuration (JSON)")
    run.add_argument("--json", action="store_true", help="print the status as JSON, one object a second")
    check = commands.add_parser("check", help="validate a configuration and leave")
    check.add_argument("file", metavar="FILE", help="the node's configuration (JSON)")
    return parser.parse_args(arguments)


def summary_of(config) -> str:
    """Return what a configuration makes of a node, in words."""
    words = (
        f"node {config.node}, role {config.role}, {len(config.meters)} meters on {len(config.lines)} lines"
    )
    return words if config.site is None else f"{words}, {len(config.site['stations'])} stations"


def human_line(status: dict) -> str:
    """Return one line: each meter's state and values, then each station's grant and reason."""
    words = [meter_words(meter) for meter in status["meters"]]
    for station in status.get("stations", []):
        words.append(f"{station['id']} {station['grant_ma'] / 1000:.1f} A ({station['reason']})")
    closed = [line["id"] for line in status["lines"] if not line["open"]]
    if closed:
        words.append("lines not open: " + ", ".join(closed))
    return " | ".join(words)


def meter_words(meter: dict) -> str:
    """Return one meter's state and, if it was ever read, its values."""
    words = f"{meter['id']} {meter['state']}"
    if meter["age_ms"] is None:
        return words
    values = f"{meter['voltage_dv'] / 10:.1f} V {meter['current_ma'] / 1000:.2f} A {meter['power_w']} W"
    return f"{words} {values}, {meter['age_ms']} ms old"
