"""`evenload sim can-hub`: a CAN bus for programs, without hardware and without kernel support."""

import json
import math
import os
import select
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from evenload_sim.can_hub import CanHub

PERIOD_S = 1.0
WRITE_SIZE_MAX = 4096  # What a pipe that is writable takes without waiting.


@click.command("can-hub")
@click.option(
    "--bitrate", type=click.IntRange(10_000, 1_000_000), default=500_000, show_default=True, help="In bit/s."
)
@click.option("--tcp", "tcp_port", type=click.IntRange(0, 65535), help="Serve SLCAN; 0 takes a free port.")
@click.option("--pty", "has_pty", is_flag=True, help="Serve SLCAN on a serial port that is made for it.")
@click.option(
    "--socket", "socket_path", type=click.Path(path_type=Path), help="Serve raw frames on a local socket."
)
@click.option(
    "--loss",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of frames that a receiver misses.",
)
@click.option("--seed", type=click.IntRange(1), default=1, show_default=True, help="Of what is lost.")
@click.option("--instant", "is_instant", is_flag=True, help="Deliver at once, without the bus's time.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON line at the start and each second.")
def command(as_json: bool, **options: Any) -> None:
    """Run a CAN bus that other programs connect to.

    Every client is a node on one modelled bus: identifiers arbitrate, frames take their time. SLCAN clients
    (python-can, slcand) connect by TCP or through a serial port, Evenload nodes by the local socket. Without
    --tcp, --pty and --socket it serves TCP on a free port, on this machine only. SIGUSR1 prints the counters.

    \b
    Examples:
      evenload sim can-hub --tcp 29536
      evenload sim can-hub --pty --socket can.sock --bitrate 250000
    """
    from evenload_sim.can_hub import CanHub, HubOptions

    if options["tcp_port"] is None and options["socket_path"] is None and not options["has_pty"]:
        options["tcp_port"] = 0
    if math.isnan(options["loss"]):
        raise click.UsageError("--loss is nan; valid: a share of 0 .. 1.")
    hub = CanHub(HubOptions(**options))
    hub.watch_signals()
    hub.claim_real_time()
    try:
        _say(ready_line(hub, as_json))
        run(hub, as_json)
        _say(report_line(hub, as_json, "stopped"))
    finally:
        hub.close()


def run(hub: "CanHub", as_json: bool) -> None:
    """Let the hub turn until it is told to stop; report each second, or when asked."""
    due_s = time.monotonic() + PERIOD_S
    while not hub.stop_asked:
        hub.turn(max(0.0, due_s - time.monotonic()))
        if hub.report_asked:
            hub.report_asked = False
            _say(report_line(hub, as_json, "asked"))
        if time.monotonic() >= due_s:
            due_s += PERIOD_S
            if as_json:
                _say(report_line(hub, as_json, "second"))
            hub.restart_period()


def ready_line(hub: "CanHub", as_json: bool) -> str:
    """Return the line that says where the hub is."""
    options = hub.options
    if as_json:
        return json.dumps(
            {
                "event": "ready",
                **hub.addresses(),
                "port": hub.port,
                "bitrate": options.bitrate,
                "instant": options.is_instant,
                "rt": hub.is_real_time,
                "pid": os.getpid(),
            }
        )
    places = ", ".join(hub.addresses().values())
    speed = "at once" if options.is_instant else f"{options.bitrate / 1000:g} kbit/s"
    urgency = "real-time priority" if hub.is_real_time else "no real-time priority"
    return f"The CAN bus is at {places} ({speed}, {urgency}). Stop it with Ctrl-C."


def report_line(hub: "CanHub", as_json: bool, event: str) -> str:
    """Return the line with the counters; event: why it is printed, "stopped" for those of the whole time."""
    found = hub.report(is_total=event == "stopped")
    if as_json:
        at_us = time.monotonic_ns() // 1000
        return json.dumps({"event": event, "t_us": at_us, "rt": hub.is_real_time, **found})
    late = found["lateness"]
    return (
        f"{found['frames']} frames, load {found['load_permille'] / 10:g} %, {len(found['clients'])} clients, "
        f"{found['lost']} lost, {found['errors']} errors, {found['dropped']} dropped, {found['refused']} refused; "
        f"late by {late['p50_us']} us (p50), {late['p99_us']} us (p99), {late['max_us']} us (max)."
    )


def _say(line: str) -> None:
    """Print a line, or drop it: a reader that has stopped reading must not stop the bus."""
    if select.select([], [1], [], 0)[1]:
        os.write(1, line.encode()[: WRITE_SIZE_MAX - 1] + b"\n")
