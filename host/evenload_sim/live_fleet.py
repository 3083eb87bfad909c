"""Real node processes on a real hub as a source of the live page, with a witness that stamps the bus's frames."""

import os
import sys
import time
from typing import Any

from evenload.wire import BASIS_NAMES, ROLE_NAMES

from evenload_sim.child_process import Child
from evenload_sim.cluster_processes import Fleet, FleetError, FleetOptions
from evenload_sim.fleet import RATED_10W
from evenload_sim.live_source import SourceFailed
from evenload_sim.realtime_witness import Witness

TURN_S = 0.02
STATUS_KEYS = {"role", "term", "leader", "has_lease", "plan", "basis"}


class FleetSource:
    """One hub, six nodes, one witness: processes of their own, started and ended here.

    Made anywhere, but started, turned and closed by one thread: the children end with the thread that started them.
    """

    kind = "processes"

    def __init__(self, options: FleetOptions) -> None:
        self._fleet = Fleet(options, self._take)
        self._fleet.on_answer = self._hear
        self._events: list[dict[str, Any]] = []
        self._frames: list[tuple[int, bytes]] = []
        self._answers: list[tuple[int, str, dict[str, Any]]] = []
        self._orders: dict[tuple[int, str], str] = {}
        self._statuses: dict[int, dict[str, Any]] = {}
        self.sources = self._fleet.sources
        self.rated_kw = dict.fromkeys(self.sources, RATED_10W / 100)
        self.bitrate = options.bitrate
        reader, writer = os.pipe()
        self._descriptors = [reader, writer]
        self._witness = Witness(reader)
        words = ["-m", "evenload_sim.realtime_witness", "frames", str(self._fleet.bus_path)]
        self._listener = Child([sys.executable, *words], self._fleet.home / "witness.log", output=writer)

    def start(self) -> None:
        """Start hub, nodes and witness; raises SourceFailed with what the first of them said that ended."""
        try:
            self._fleet.start()
            self._listener.start()
        except (FleetError, OSError) as error:
            self.close()
            raise SourceFailed(str(error)) from error

    def cancel(self) -> None:
        """Let `start` give up; called from any thread."""
        self._fleet.is_cancelled = True

    def turn(self) -> float:
        """Read what the nodes and the witness say; waits a little for it, so that the next turn is wanted at once."""
        self._fleet.turn(TURN_S)
        self._frames += self._witness.read_frames()
        self._witness.frames.clear()
        return 0.0

    def now_us(self) -> int:
        """Return CLOCK_MONOTONIC."""
        return time.monotonic_ns() // 1000

    def take_events(self) -> list[dict[str, Any]]:
        """Return the trace lines since the last call."""
        taken, self._events = self._events, []
        return taken

    def take_frames(self) -> list[tuple[int, bytes]]:
        """Return the frames since the last call, as the witness stamped them."""
        taken, self._frames = self._frames, []
        return taken

    def ask(self) -> None:
        """Ask every console that is open; a node that died answers nothing, and nobody waits for it."""
        for console in self._fleet.consoles.values():
            if console.is_open:
                console.send("status")

    def statuses(self) -> dict[int, dict[str, Any]]:
        """Return the newest answers of the nodes that run."""
        return {src: status for src, status in self._statuses.items() if self.is_running(src)}

    def is_running(self, src: int) -> bool:
        """Tell whether the process lives."""
        return self._fleet.is_running(src)

    def kill(self, src: int) -> int:
        """End the process with SIGKILL; it stays down until `restart`."""
        self._statuses.pop(src, None)
        return self._fleet.kill(src, is_final=True)

    def restart(self, src: int) -> None:
        """Start a dead node's process again."""
        self._statuses.pop(src, None)
        self._fleet.restart(src)

    def order(self, src: int, words: str) -> None:
        """Send a command; its answer comes with `take_answers`."""
        self._orders[(src, str(self._fleet.consoles[src].send(words)))] = words

    def take_answers(self) -> list[tuple[int, str, dict[str, Any]]]:
        """Return the answers to orders since the last call."""
        taken, self._answers = self._answers, []
        return taken

    def close(self) -> None:
        """End every process."""
        self._listener.stop()
        self._fleet.close()
        while self._descriptors:
            os.close(self._descriptors.pop())

    def _take(self, event: dict[str, Any]) -> None:
        self._events.append(event)
        status = self._statuses.get(event.get("node", 0))
        if status is not None:
            self._statuses[event["node"]] = status | news_of(event, status)

    def _hear(self, src: int, answer: dict[str, Any]) -> None:
        words = self._orders.pop((src, str(answer.get("id"))), None)
        if words is not None:
            self._answers.append((src, words, answer))
        elif set(answer) >= STATUS_KEYS:
            shares = {row["src"]: row["share_kw"] for row in answer["plan"].get("shares", ())}
            self._statuses[src] = answer | {"plan": answer["plan"] | {"share_kw": shares.get(src)}}


def news_of(event: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    """Return what a trace line changes in its node's last status: the trace is quicker than the next answer."""
    word = event["event"]
    if word == "role":
        return {"role": ROLE_NAMES[event["a"]], "term": event["b"], "leader": event["c"]}
    if word == "share":
        return {
            "applied_kw": event["a"] / 100,
            "basis": BASIS_NAMES[event["b"]],
            "target_kw": event["c"] / 100,
        }
    if word == "plan":
        return {"plan": status["plan"] | {"term": event["a"], "seq": event["b"]}}
    if word in ("lease", "lease_end"):
        return {"has_lease": word == "lease"}
    return {"term": event["a"]} if word == "term" else {}
