"""What else is on the wire: bursts of telemetry from every node, each 100 ms, below the cluster's priorities."""

from functools import partial
from typing import TYPE_CHECKING

from evenload import wire
from evenload.core import kernel

if TYPE_CHECKING:
    from evenload_sim.cluster.world import ClusterWorld

PERIOD_US = 100_000
TYPE_COUNT = wire.CAN_TYPE_TELEMETRY_LAST - wire.CAN_TYPE_TELEMETRY + 1


class Telemetry:
    """`count` frames per node and period; 0 is silence. `storm` raises it at one node for a while."""

    def __init__(self, world: "ClusterWorld", count: int) -> None:
        self._world = world
        self._counts = dict.fromkeys(world.voters, count)
        self._frames = {src: [self._frame(src, n) for n in range(TYPE_COUNT)] for src in world.voters}
        if count:
            for src in world.voters:
                world.at(world.random.below(PERIOD_US), partial(self._burst, src))

    def storm(self, src: int, count: int) -> None:
        """Let node `src` send `count` frames per period from now on."""
        was_silent = self._counts[src] == 0
        self._counts[src] = count
        if was_silent and count:
            self._burst(src)

    def _burst(self, src: int) -> None:
        count = self._counts[src]
        if count == 0:
            return
        node = self._world.nodes[src]
        if node.is_up and node.paused_until_us <= self._world.now_us:
            for n in range(count):
                node.port.send(self._frames[src][n % TYPE_COUNT])
        self._world.after(PERIOD_US, lambda: self._burst(src))

    def _frame(self, src: int, n: int) -> bytes:
        frame = bytearray(wire.CAN_FRAME_SIZE)
        canframe = kernel("canframe")
        identifier = canframe.identifier(wire.CAN_TYPE_TELEMETRY + n, 1, wire.CAN_DST_ALL, src)
        frame[0:4] = (identifier | 1 << 31).to_bytes(4, "little")
        frame[4] = wire.CAN_DATA_SIZE
        for index in range(8, 16):
            frame[index] = self._world.random.below(256)
        return bytes(frame)
