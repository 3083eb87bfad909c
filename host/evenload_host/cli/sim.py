"""`evenload sim`: simulated sites to look at and to try things on."""

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import click

from evenload_host.cli import SimGroup

if TYPE_CHECKING:
    from evenload_sim.live_site import LiveSite

    from evenload_host.web.server import Server

TURN_S_MAX = 0.05
LAG_TOLD_MS = 1000
LAG_PERIOD_S = 10.0
WARM_UP_MS = 300_000
WARM_UP_S_MAX = 2.0


@click.group("sim", cls=SimGroup)
def command() -> None:
    """Run a simulated world."""


@command.command("site")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one."
)
@click.option(
    "--seed", type=click.IntRange(1), default=1, show_default=True, help="Of everything that is random."
)
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 100),
    default=1.0,
    show_default=True,
    help="Simulated per real second.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line instead of sentences.")
def site(port: int, seed: int, speed: float, as_json: bool) -> None:
    """Run a simulated garage and serve its page on this machine only.

    24 stations behind one main fuse and two sub-circuits, next to a building with a measured load. The page
    shows it live and injects faults; nothing real is touched.

    \b
    Examples:
      evenload sim site                        open http://127.0.0.1:8000
      evenload sim site --port 8080 --speed 10 ten times as fast
    """
    from evenload_host.cli import load_backend
    from evenload_host.web.app import create_app
    from evenload_host.web.server import Server

    backend = load_backend()
    stop = StopSignal()
    live = start_world(seed, speed)
    server = Server(create_app(SimulatedPort(live)), port)
    url = f"http://127.0.0.1:{server.port}/"
    if as_json:
        click.echo(
            json.dumps({"url": url, "port": server.port, "seed": seed, "speed": speed, "backend": backend})
        )
    else:
        click.echo(f"The simulated garage is at {url} (core {backend}, seed {seed}).")
        click.echo("Stop it with Ctrl-C.")
    try:
        run(live, server, stop)
    finally:
        server.close()
    if not as_json:
        click.echo("Stopped.")


class StopSignal:
    """Becomes set on SIGTERM or Ctrl-C; the loop looks at it at every turn."""

    def __init__(self) -> None:
        self.is_set = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._set)

    def _set(self, _number: int, _frame: object) -> None:
        self.is_set = True


class SimulatedPort:
    """The simulated site as the web plane's SitePort."""

    def __init__(self, live: "LiveSite") -> None:
        self._live = live

    def snapshot(self) -> dict[str, Any]:
        """Return the latest published snapshot."""
        return self._live.snapshot()

    def age_ms(self) -> int:
        """Return how long ago it was published."""
        return self._live.age_ms()

    def inject(self, name: str, target: str, on: bool) -> None:
        """Queue switching a fault; raises SiteRefusal with what would be valid."""
        from evenload_sim.faults import UnknownFault

        from evenload_host.web.port import SiteRefusal

        try:
            self._live.order(name, target, on)
        except UnknownFault as error:
            raise SiteRefusal(error.field, str(error)) from error


def start_world(seed: int, speed: float) -> "LiveSite":
    """Return the garage, ready to be advanced, with its last minutes already lived: the chart starts full."""
    from evenload_sim.live_site import LiveSite
    from evenload_sim.world import World

    world = World(seed=seed)
    until_s = time.monotonic() + WARM_UP_S_MAX
    while world.clock.elapsed_ms < WARM_UP_MS and time.monotonic() < until_s:
        world.step(1000)
    return LiveSite(world, speed)


def run(live: "LiveSite", server: "Server", stop: StopSignal) -> None:
    """Let world and server take turns until told to stop; say so when the world cannot keep up.

    A rule of the world that breaks ends the run with the command that replays it.
    """
    from evenload_sim.invariants import InvariantBroken

    told_s = -LAG_PERIOD_S
    while not stop.is_set:
        try:
            wait_s = live.advance()
        except InvariantBroken as error:
            raise click.ClickException(str(error)) from error
        if live.lag_ms > LAG_TOLD_MS and time.monotonic() - told_s > LAG_PERIOD_S:
            told_s = time.monotonic()
            sentence = f"The simulation is {live.lag_ms / 1000:.1f} s behind: this machine cannot keep up."
            click.echo(sentence, err=True)
        server.turn(min(wait_s, TURN_S_MAX))
