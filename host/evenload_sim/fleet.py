"""A fleet of real node processes on one real CAN hub: started, watched, killed, restarted, ended.

    with Fleet(FleetOptions(nodes=6)) as fleet:
        leader = fleet.wait_for_leader()
        fleet.kill(leader)
        fleet.wait_for(lambda: fleet.leader() not in (0, leader), 2.0, "a new leader")

Nothing here runs by itself: `turn` does what is due (reads the traces, connects again, starts what died) and is called
by whoever owns the loop; `wait_for`, `status` and `order` call it while they wait.
"""

import json
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from evenload.errors import EvenloadError
from evenload.wire import CLUSTER_BITRATE_MIN, CLUSTER_VOTER_COUNT_MAX

from evenload_sim.child_process import Child, Keeper
from evenload_sim.node_console import PATH_SIZE_MAX, NodeConsole
from evenload_sim.node_view import NodeView

START_S_MAX = 20.0
ANSWER_S_MAX = 2.0
END_S_MAX = 0.5
TURN_S = 0.02
CONNECT_PERIOD_S = 0.02
RATED_10W = 5000
STATUS_KEYS = {"role", "term", "leader", "has_lease", "plan", "alive"}
DEMAND_KW = 165

Event = dict[str, Any]


class FleetError(EvenloadError):
    """A fleet that cannot start or does not answer, in a sentence with the end of the log that tells why."""


@dataclass(frozen=True)
class FleetOptions:
    """What to start.

    nodes: 1 .. 12 voters, sources 1 .. nodes. home: a folder for configurations, state and logs, kept; a temporary
    one, removed by `close`, without. loss: probability that a receiver misses a frame. is_kept: start again what died,
    unless `kill` was told not to. demand_kw: what the plan shares from the start. node_module: what a node's process
    runs, with the arguments of `evenload-node`.
    """

    nodes: int = 6
    seed: int = 1
    bitrate: int = CLUSTER_BITRATE_MIN
    loss: float = 0.0
    home: Path | None = None
    is_kept: bool = False
    demand_kw: int = DEMAND_KW
    node_module: str = "evenload_node.linux"
    environment: dict[str, str] = field(default_factory=dict)


class Fleet:
    """One hub and N nodes. `sink` is called with every trace line, in the order of arrival."""

    def __init__(
        self, options: FleetOptions | None = None, sink: Callable[[Event], None] | None = None
    ) -> None:
        self.options = options or FleetOptions()
        if not 1 <= self.options.nodes <= CLUSTER_VOTER_COUNT_MAX:
            raise FleetError(f"nodes: {self.options.nodes}; 1 .. {CLUSTER_VOTER_COUNT_MAX} nodes are valid.")
        self._sink = sink or (lambda _event: None)
        self.home = self.options.home or Path(tempfile.mkdtemp(prefix="evenload-"))
        self.sources = list(range(1, self.options.nodes + 1))
        self.bus_path = self.home / "bus"
        self.views = {src: NodeView(src) for src in self.sources}
        self._answers: dict[tuple[int, str], Event | None] = {}
        self._connect_due_s = 0.0
        # For an owner who does not wait: called with every answer of a console; and to end every waiting from outside.
        self.on_answer: Callable[[int, Event], None] = lambda _src, _answer: None
        self.is_cancelled = False
        self.home.mkdir(parents=True, exist_ok=True)
        self._check_paths()
        self.hub = Child(self._hub_command(), self.home / "hub.log", self.options.environment)
        self.nodes = {src: self._make_node(src) for src in self.sources}
        self.consoles = {src: NodeConsole(self.state_dir(src) / "console.sock") for src in self.sources}
        self.keepers = {src: Keeper(child) for src, child in self.nodes.items()}
        self._hub_keeper = Keeper(self.hub)

    def __enter__(self) -> "Fleet":
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the hub, then the nodes; returns when every console answers. Raises FleetError after 20 s."""
        self._sink(self.header())
        self.hub.start()
        self.wait_for(self._hub_serves, START_S_MAX, "the hub's socket")
        for src in self.sources:
            self._start_node(src)
        self.wait_for(self._all_answer, START_S_MAX, "every console")

    def header(self) -> Event:
        """Return the first line of a trace file: who votes and what each node is rated."""
        rated = {str(src): RATED_10W for src in self.sources}
        quorum = self.options.nodes // 2 + 1
        return {
            "event": "cluster",
            "voters": self.sources,
            "rated_10w": rated,
            "quorum": quorum,
            "version": 1,
        }

    def turn(self, timeout_s: float = 0.0) -> None:
        """Do what is due; waits up to `timeout_s` for something to read."""
        self._look_after()
        now_s = time.monotonic()
        if now_s >= self._connect_due_s:
            self._connect_due_s = now_s + CONNECT_PERIOD_S
            self._connect()
        open_ones = {console.fileno(): src for src, console in self.consoles.items() if console.is_open}
        poll = select.poll()
        for descriptor in open_ones:
            poll.register(descriptor, select.POLLIN)
        for descriptor, _ in poll.poll(int(timeout_s * 1000)):
            self._read(open_ones[descriptor])

    def wait_for(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Turn until `condition` holds. Raises FleetError naming `what` after `timeout_s`."""
        until_s = time.monotonic() + timeout_s
        while not condition():
            if self.is_cancelled:
                raise FleetError(f"{what}: not waited for any longer.")
            if time.monotonic() >= until_s:
                raise FleetError(f"{what}: waited {timeout_s:g} s in vain. {self._words_of_the_dead()}")
            self.turn(TURN_S)

    def wait_for_leader(self, timeout_s: float = START_S_MAX) -> int:
        """Return the leader once one serves: it holds a lease and its plan is applied by every living node."""
        self.wait_for(self.is_settled, timeout_s, "a leader whose plan every node applied")
        return self.leader()

    def leader(self) -> int:
        """Return the source of the living leader with the highest term, 0 for none."""
        leading = [view for view in self.views.values() if view.is_leader and self.is_running(view.src)]
        return max(leading, key=lambda view: view.term).src if leading else 0

    def is_settled(self, alive: set[int] | None = None) -> bool:
        """Tell whether a leader serves all of `alive` (default: every running node) with one plan that all applied."""
        expected = alive or {src for src in self.sources if self.is_running(src)}
        views = [self.views[src] for src in expected]
        master = self.views.get(self.leader())
        if master is None or not master.has_lease or master.plan[0] != master.term:
            return False
        return all(view.plan == master.plan and expected <= view.alive for view in views)

    def is_whole(self) -> bool:
        """Tell whether every node runs and carries a part of the leader's plan."""
        carrying = [src for src in self.sources if self.is_running(src) and self.views[src].applied_10w > 0]
        return carrying == self.sources and self.is_settled()

    def is_running(self, src: int) -> bool:
        """Tell whether the node's process lives and is not stopped."""
        return self.nodes[src].is_alive and not self.views[src].is_stopped

    def status(self, src: int) -> Event:
        """Return the node's status; raises FleetError when it does not answer within 2 s."""
        return self.order(src, "status")

    def order(self, src: int, words: str, answer_s_max: float = ANSWER_S_MAX) -> Event:
        """Send one console command and return its answer (which may refuse). Raises FleetError when it is late."""
        self.wait_for(lambda: self.consoles[src].is_open, ANSWER_S_MAX, f"the console of node {src}")
        key = (src, str(self.consoles[src].send(words)))
        self._answers[key] = None
        try:
            self.wait_for(lambda: self._answers[key] is not None, answer_s_max, f"node {src}, `{words}`")
        finally:
            answer = self._answers.pop(key)
        return answer or {}

    def kill(self, src: int, number: signal.Signals = signal.SIGKILL, is_final: bool = False) -> int:
        """Send SIGKILL, SIGSTOP or SIGCONT and return the CLOCK_MONOTONIC us of the moment just before.

        is_final: a kept node stays down until `restart`.
        """
        view = self.views[src]
        self.keepers[src].is_on = not is_final
        at_us = time.monotonic_ns() // 1000
        self.nodes[src].signal(number)
        view.is_stopped = number == signal.SIGSTOP
        if number == signal.SIGKILL:
            # What the node still said before its end stands before it in the trace.
            self.nodes[src].wait(END_S_MAX)
            ended_us = time.monotonic_ns() // 1000
            self._read(src)
            self._take(src, {"t_us": ended_us, "node": src, "event": "down"})
        return at_us

    def kill_hub(self) -> None:
        """Kill the bus itself; a kept one comes back."""
        self.hub.signal(signal.SIGKILL)

    def restart(self, src: int) -> None:
        """Start a dead node again (a stopped one is killed first); its console is connected by `turn`."""
        if self.nodes[src].is_alive:
            self.kill(src)
        self.nodes[src].wait(ANSWER_S_MAX)
        self.keepers[src].is_on = True
        self._start_node(src)

    def state_dir(self, src: int) -> Path:
        """Return where node `src` keeps its floor record and its console socket."""
        return self.home / f"n{src}"

    def close(self) -> None:
        """End every process and remove a temporary home. May be called twice."""
        for console in self.consoles.values():
            console.close()
        for child in [*self.nodes.values(), self.hub]:
            child.signal(signal.SIGKILL)
        for child in [*self.nodes.values(), self.hub]:
            child.stop()
        if self.options.home is None:
            shutil.rmtree(self.home, ignore_errors=True)

    def _hub_command(self) -> list[str]:
        options = self.options
        words = ["-m", "evenload_host", "sim", "can-hub", "--socket", str(self.bus_path), "--json"]
        words += ["--bitrate", str(options.bitrate), "--loss", str(options.loss), "--seed", str(options.seed)]
        return [sys.executable, *words]

    def _make_node(self, src: int) -> Child:
        self.state_dir(src).mkdir(exist_ok=True)
        path = self.home / f"n{src}.json"
        path.write_text(json.dumps(self.node_config(src), indent=1))
        command = [sys.executable, "-m", self.options.node_module, "run", str(path)]
        return Child(command, self.home / f"n{src}.log", self.options.environment)

    def node_config(self, src: int) -> dict[str, Any]:
        """Return the configuration of node `src`; see board_configs/README.md."""
        voters = [{"src": other, "rated_kw": RATED_10W // 100} for other in self.sources]
        return {
            "node": f"CDU_{src:02}",
            "role": "cdu",
            "state_dir": str(self.state_dir(src)),
            "can": {"kind": "virtual", "path": str(self.bus_path), "bitrate": self.options.bitrate},
            "cluster": {"src": src, "voters": voters, "demand_kw": self.options.demand_kw},
        }

    def _check_paths(self) -> None:
        longest = self.home / "n12" / "console.sock"
        if len(str(longest).encode()) >= PATH_SIZE_MAX:
            room = PATH_SIZE_MAX - 1 - len("/n12/console.sock")
            raise FleetError(
                f"home: {self.home} is too long for a local socket; {room} bytes are valid. Choose a shorter one."
            )

    def _hub_serves(self) -> bool:
        if not self.hub.is_alive:
            raise FleetError(f"The hub ended: {self.hub.last_words()}")
        return self.bus_path.exists()

    def _all_answer(self) -> bool:
        for src, child in self.nodes.items():
            if not child.is_alive:
                raise FleetError(f"Node {src} ended: {child.last_words()}")
        return all(console.is_open for console in self.consoles.values())

    def _start_node(self, src: int) -> None:
        self.consoles[src].close()
        self.nodes[src].start()
        self._has_started(src)

    def _has_started(self, src: int) -> None:
        self.views[src] = NodeView(src)
        at_us = int(self.nodes[src].started_s * 1_000_000)
        self._take(src, {"t_us": at_us, "node": src, "event": "up"})

    def _look_after(self) -> None:
        if not self.options.is_kept:
            return
        self._hub_keeper.turn()
        for src, keeper in self.keepers.items():
            if keeper.turn():
                self._has_started(src)

    def _connect(self) -> None:
        for src, console in self.consoles.items():
            if not console.is_open and self.nodes[src].is_alive and console.connect():
                console.send("trace")
                console.send("status")

    def _read(self, src: int) -> None:
        for line in self.consoles[src].read():
            if "event" not in line:
                self.on_answer(src, line)
            if "event" in line:
                self._take(src, line)
                continue
            if set(line) >= STATUS_KEYS:
                self.views[src].on_status(line)
            key = (src, str(line.get("id")))
            if key in self._answers:
                self._answers[key] = line

    def _take(self, src: int, event: Event) -> None:
        self.views[src].on_event(event)
        self._sink(event)

    def _words_of_the_dead(self) -> str:
        dead = [
            f"Node {src} ended: {child.last_words()}"
            for src, child in self.nodes.items()
            if not child.is_alive
        ]
        return " ".join(dead) or "Every process runs."
