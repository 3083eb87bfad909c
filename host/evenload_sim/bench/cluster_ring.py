"""Six cluster kernels on a wire that takes no time: what the kernel alone costs, on either backend."""

import importlib
from array import array
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from evenload.wire import CAN_FRAME_SIZE, ROLE_LEADER, SNAPSHOT_PLAN, SNAPSHOT_SIZE

NODE_COUNT = 6
TICK_MS = 2
RATED_10W = 5000
DEMAND_10W = 16500
SETTLE_MS_MAX = 5000


class Ring:
    """Voters 1 .. 6, ticked every 2 ms; what one sends, all others get in the same tick. package: evenload, or
    evenload_core.

    spent_ns: time spent inside the kernels, of all nodes together.
    """

    def __init__(self, package: str, node_count: int = NODE_COUNT) -> None:
        module = importlib.import_module(f"{package}.cluster")
        self.sources = list(range(1, node_count + 1))
        mask = sum(1 << src for src in self.sources)
        self.nodes: dict[int, Any] = {src: module.Cluster(src, mask) for src in self.sources}
        self.now_ms = 0
        self.spent_ns = 0
        self.heard: list[bytes] = []
        self._frame = bytearray(CAN_FRAME_SIZE)
        self._snapshot = array("i", [0] * SNAPSHOT_SIZE)
        for node in self.nodes.values():
            node.demand_10w = DEMAND_10W
            for src in self.sources:
                node.rated_10w[src] = RATED_10W
            node.start(self.now_ms, 0)

    @property
    def leader(self) -> int:
        """The leader's source, 0 for none."""
        return max((src for src, node in self.nodes.items() if node.role == ROLE_LEADER), default=0)

    def version(self, src: int) -> tuple[int, int]:
        """Return term and seq of the plan that node `src` applies."""
        self.nodes[src].snapshot(self.now_ms, self._snapshot)
        return self._snapshot[SNAPSHOT_PLAN], self._snapshot[SNAPSHOT_PLAN + 1]

    def settle(self) -> None:
        """Pass time until one plan of the present leader's term is applied everywhere."""
        passed_ms = self.run_until(self.is_settled, SETTLE_MS_MAX)
        assert passed_ms < SETTLE_MS_MAX, "the ring elects nobody"

    def is_settled(self) -> bool:
        """Tell whether every node applies the leader's plan."""
        leader = self.leader
        if leader == 0:
            return False
        version = self.version(leader)
        return version[0] == self.nodes[leader].term and all(
            self.version(src) == version for src in self.nodes
        )

    def step(self) -> None:
        """Pass one tick."""
        self.now_ms += TICK_MS
        started_ns = perf_counter_ns()
        for src, node in self.nodes.items():
            if node.ceiling_wanted:
                node.on_stored(self.now_ms, node.ceiling_wanted)
            node.tick(self.now_ms)
            while node.take_outbox(self.now_ms, self._frame):
                self._deliver(src)
        self.spent_ns += perf_counter_ns() - started_ns

    def run(self, span_ms: int) -> None:
        """Pass `span_ms`."""
        for _ in range(span_ms // TICK_MS):
            self.step()

    def run_until(self, condition: Callable[[], bool], span_ms: int) -> int:
        """Pass time until `condition`, at most `span_ms`; return the ms that passed."""
        passed_ms = 0
        while not condition() and passed_ms < span_ms:
            self.step()
            passed_ms += TICK_MS
        return passed_ms

    def kill(self, src: int) -> None:
        """Take a node off the wire."""
        del self.nodes[src]

    def _deliver(self, sender: int) -> None:
        for src, node in self.nodes.items():
            if src != sender:
                node.on_frame(self.now_ms, self._frame)
