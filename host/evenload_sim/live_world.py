"""The simulated cluster in real time, as a source of the live page: for machines where processes cannot be started."""

import time
from array import array
from collections.abc import Callable
from typing import Any

from evenload import wire

from evenload_sim.cluster.events import WORDS, Event
from evenload_sim.cluster.world import ClusterOptions, ClusterWorld

TURN_S = 0.02
SLICE_US = 50_000  # Longest stretch of one turn, so that orders do not wait.
FORGIVEN_LAG_US = 1_000_000  # Beyond this the missed time is given up.
ALARM_BITS = {
    name.removeprefix("ALARM_").lower(): value
    for name, value in vars(wire).items()
    if name.startswith("ALARM_") and isinstance(value, int)
}


class WorldSource:
    """Six simulated nodes on a simulated bus. clock_s: monotonic seconds."""

    kind = "simulated"

    def __init__(self, seed: int = 1, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._world = ClusterWorld(seed, ClusterOptions(strict=False))
        self._clock_s = clock_s
        self._started_s = clock_s()
        self._events: list[dict[str, Any]] = []
        self._frames: list[tuple[int, bytes]] = []
        self._answers: list[tuple[int, str, dict[str, Any]]] = []
        self._numbers = array("i", bytes(4 * wire.SNAPSHOT_SIZE))
        self.sources = self._world.voters
        self.rated_kw = {src: rated / 100 for src, rated in self._world.rated_10w.items()}
        self.bitrate = self._world.bus.bitrate
        listener = self._world.bus.attach("page")
        listener.on_frame = lambda at_us, frame: self._frames.append((at_us, frame))
        self._world.listeners.append(self._take)

    def start(self) -> None:
        """Power every node up."""
        self._started_s = self._clock_s()
        self._world.begin()

    def cancel(self) -> None:
        """Nothing to give up: it starts at once."""

    def turn(self) -> float:
        """Let the time that has passed pass for the nodes as well."""
        due_us = int((self._clock_s() - self._started_s) * 1_000_000) - self._world.now_us
        if due_us > FORGIVEN_LAG_US:
            self._started_s += (due_us - SLICE_US) / 1_000_000
        self._world.run(self._world.now_us + max(0, min(due_us, SLICE_US)))
        return 0.0 if due_us > SLICE_US else TURN_S

    def now_us(self) -> int:
        """Return the simulated time."""
        return self._world.now_us

    def take_events(self) -> list[dict[str, Any]]:
        """Return the transitions since the last call."""
        taken, self._events = self._events, []
        return taken

    def take_frames(self) -> list[tuple[int, bytes]]:
        """Return the frames since the last call."""
        taken, self._frames = self._frames, []
        return taken

    def ask(self) -> None:
        """Nothing to ask: `statuses` looks at the nodes themselves."""

    def statuses(self) -> dict[int, dict[str, Any]]:
        """Return what each running node would answer now."""
        return {src: self._status(src) for src in self.sources if self.is_running(src)}

    def is_running(self, src: int) -> bool:
        """Tell whether the node has power."""
        return bool(self._world.nodes[src].is_up)

    def kill(self, src: int) -> int:
        """Take the node's power away."""
        self._world.kill(src)
        return self._world.now_us

    def restart(self, src: int) -> None:
        """Power a dead node up."""
        self._world.start(src)

    def order(self, src: int, words: str) -> None:
        """Give a node an order; only `load KW` is known here."""
        code = self._world.order(src, wire.ORDER_DEMAND_10W, round(float(words.split()[1]) * 100))
        answer = {"ok": code == wire.ORDER_DONE, "reason": wire.ORDER_ANSWER_WORDS[-code]}
        self._answers.append((src, words, answer))

    def take_answers(self) -> list[tuple[int, str, dict[str, Any]]]:
        """Return the answers since the last call."""
        taken, self._answers = self._answers, []
        return taken

    def close(self) -> None:
        """Nothing runs by itself."""

    def _take(self, event: Event) -> None:
        line: dict[str, Any] = {"t_us": event.t_us, "node": event.node, "event": WORDS[event.code]}
        if event.code > wire.TRACE_NONE:
            line |= {"a": event.a, "b": event.b, "c": event.c, "at_ms": event.at_ms}
        self._events.append(line)

    def _status(self, src: int) -> dict[str, Any]:
        node, numbers = self._world.nodes[src], self._numbers
        node.kernel.snapshot(node.clock.now_ms(self._world.now_us), numbers)
        plan = numbers[wire.SNAPSHOT_PLAN : wire.SNAPSHOT_PLAN + wire.PLAN_SIZE]
        share_10w = plan[wire.PLAN_SHARE_10W + self.sources.index(src)]
        alarm, alive = numbers[wire.SNAPSHOT_ALARM], numbers[wire.SNAPSHOT_ALIVE_MASK]
        return {
            "role": wire.ROLE_NAMES[numbers[wire.SNAPSHOT_ROLE]],
            "term": numbers[wire.SNAPSHOT_TERM],
            "leader": numbers[wire.SNAPSHOT_LEADER],
            "has_lease": bool(numbers[wire.SNAPSHOT_HAS_LEASE]),
            "plan": {
                "term": plan[wire.PLAN_TERM],
                "seq": plan[wire.PLAN_SEQ],
                "demand_kw": plan[wire.PLAN_DEMAND_10W] / 100,
                "share_kw": share_10w / 100,
            },
            "applied_kw": numbers[wire.SNAPSHOT_APPLIED_10W] / 100,
            "target_kw": numbers[wire.SNAPSHOT_TARGET_10W] / 100,
            "unmet_kw": numbers[wire.SNAPSHOT_UNMET_10W] / 100,
            "basis": wire.BASIS_NAMES[numbers[wire.SNAPSHOT_BASIS]],
            "health": wire.DERATE_NAMES[numbers[wire.SNAPSHOT_HEALTH]],
            "alive": [other for other in self.sources if alive >> other & 1],
            "alarms": [name for name, bit in ALARM_BITS.items() if alarm & bit],
            "rt": False,
        }
