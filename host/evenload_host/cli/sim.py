"""`evenload sim`: simulated sites to look at and to try things on."""

import json
import signal
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from evenload_host.cli import SimGroup

if TYPE_CHECKING:
    from evenload_sim.live_cluster import LiveCluster
    from evenload_sim.live_site import LiveSite
    from evenload_sim.live_source import ClusterSource

    from evenload_host.web.server import Server

TURN_S_MAX = 0.05
LAG_TOLD_MS = 1000
LAG_PERIOD_S = 10.0
WARM_UP_MS = 300_000
WARM_UP_S_MAX = 2.0
CLUSTER_END_S_MAX = 8.0


@click.group("sim", cls=SimGroup)
def command() -> None:
    """Run a simulated world."""


@command.command("site", short_help="Serve the page of a simulated garage and cluster.")
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
@click.option(
    "--cluster/--no-cluster", "has_cluster", default=True, help="Six cooling units on a CAN bus, at /cluster."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line instead of sentences.")
def site(port: int, seed: int, speed: float, has_cluster: bool, as_json: bool) -> None:
    """Run a simulated garage and serve its page on this machine only.

    24 stations behind one main fuse and two sub-circuits, next to a building with a measured load. The page
    shows it live and injects faults; nothing real is touched.

    Beside it runs a cluster of six cooling units: real processes with simulated pumps on a virtual CAN bus. Its
    page shows heartbeats, master and shares, and kills nodes. Where processes cannot be started it is simulated.

    \b
    Examples:
      evenload sim site                        open http://127.0.0.1:8000 and http://127.0.0.1:8000/cluster
      evenload sim site --port 8080 --speed 10 ten times as fast
      evenload sim site --no-cluster           the garage alone
    """
    from evenload_host.cli import load_backend
    from evenload_host.web.app import create_app
    from evenload_host.web.server import Server

    backend = load_backend()
    stop = StopSignal()
    live = start_world(seed, speed)
    cluster = ClusterThread(seed) if has_cluster else None
    try:
        server = Server(create_app(SimulatedPort(live), cluster=cluster), port)
        told = {"url": f"http://127.0.0.1:{server.port}/", "port": server.port, "seed": seed, "speed": speed}
        tell_start(told | {"backend": backend, "cluster": has_cluster}, as_json)
        try:
            if cluster is not None:
                cluster.begin()
            run(live, server, stop)
        finally:
            server.close()
    finally:
        if cluster is not None:
            cluster.end()
    if not as_json:
        click.echo("Stopped.")


def tell_start(told: dict[str, Any], as_json: bool) -> None:
    """Say where the pages are: as one JSON line, or in sentences."""
    if as_json:
        click.echo(json.dumps(told))
        return
    click.echo(f"The simulated garage is at {told['url']} (core {told['backend']}, seed {told['seed']}).")
    if told["cluster"]:
        click.echo(f"The cluster of six cooling units is at {told['url']}cluster.")
    click.echo("Stop it with Ctrl-C.")


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


class ClusterThread:
    """The cluster as the web plane's ClusterPort, and the one thread that starts, turns and ends it.

    A thread of its own, because the nodes' processes end with the thread that started them, and because a step of the
    garage may take longer than a turn of the cluster should. seed: of the bus, and of the simulated cluster.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._stop = threading.Event()
        self._source, self._live = self._processes()
        self._thread = threading.Thread(target=self._run, name="cluster", daemon=True)

    def begin(self) -> None:
        """Start the thread; the cluster's snapshot says how far it has come."""
        self._thread.start()

    def end(self) -> None:
        """End every node; returns when all have ended, at the latest after 8 s."""
        self._stop.set()
        self._source.cancel()
        if self._thread.ident is None:
            self._live.close()
        else:
            self._thread.join(CLUSTER_END_S_MAX)

    def snapshot(self) -> dict[str, Any]:
        """Return the latest published snapshot."""
        return self._live.snapshot()

    def age_ms(self) -> int:
        """Return how long ago it was published."""
        return self._live.age_ms()

    def kill(self, node: int) -> None:
        """Queue killing a node; raises ClusterRefusal with what would be valid."""
        refusing(lambda: self._live.kill(node))

    def load(self, load_kw: float) -> None:
        """Queue telling the leader the load; raises ClusterRefusal with what would be valid."""
        refusing(lambda: self._live.load(load_kw))

    def _run(self) -> None:
        try:
            self._start()
            while not self._stop.is_set():
                self._stop.wait(self._live.advance())
        finally:
            self._live.close()

    def _start(self) -> None:
        from evenload_sim.live_source import SourceFailed

        try:
            self._live.start()
        except SourceFailed as error:
            if not self._stop.is_set():
                self._source, self._live = self._simulated(str(error))
                self._live.start()

    def _processes(self) -> tuple["ClusterSource", "LiveCluster"]:
        from evenload_sim.cluster_processes import FleetError, FleetOptions
        from evenload_sim.live_cluster import LiveCluster
        from evenload_sim.live_fleet import FleetSource

        try:
            source = FleetSource(FleetOptions(seed=self._seed, is_kept=True))
        except FleetError as error:
            return self._simulated(str(error))
        return source, LiveCluster(source)

    def _simulated(self, reason: str) -> tuple["ClusterSource", "LiveCluster"]:
        from evenload_sim.live_cluster import LiveCluster
        from evenload_sim.live_world import WorldSource

        source = WorldSource(self._seed)
        return source, LiveCluster(source, reason)


def refusing(order: Callable[[], None]) -> None:
    """Give an order to the cluster; what it refuses becomes the web plane's refusal."""
    from evenload_sim.live_cluster import OrderRefused

    from evenload_host.web.cluster_port import ClusterRefusal

    try:
        order()
    except OrderRefused as error:
        raise ClusterRefusal(error.field, str(error), error.is_conflict) from error


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
