"""A metering or charging node on Linux: composed, run until a signal, its status printed once a second."""

import json
import signal
import sys

from evenload import ticks
from evenload.core import BACKEND

from evenload_node.app import POLL_MS, App
from evenload_node.hal.loop_posix import Loop
from evenload_node.hal.posix import PosixHal
from evenload_node.log import Log
from evenload_node.node import Node

STATUS_PERIOD_MS = 1000


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


def check_meters(config) -> list[str]:
    """Compose the node without touching anything; return warnings. Raises EvenloadError."""
    hal = PosixHal(config.state_dir, is_dry=True)
    Node(config, hal)
    return hal.warnings


def run_meters(config, as_json: bool) -> int:
    """Run the node until a signal; returns the exit code. Raises EvenloadError or OSError before it has begun."""
    hal = PosixHal(config.state_dir)
    node = Node(config, hal)
    log = Log(config.node, lambda line: print(line, file=sys.stderr, flush=True))
    log.line("INFO", f"event=started {summary_of(config)}, core BACKEND={BACKEND}")
    for warning in hal.warnings:
        log.line("WARN", f"event=calibration {warning}")
    printer = StatusPrinter(App(node, log), as_json)
    printer.loop = loop = Loop(printer.step, POLL_MS)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop())
    loop.run()
    node.close()
    log.line("INFO", f"event=stopped after {printer.loop.late_ms_max} ms of lateness at worst")
    return 0


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
