"""A simulated CAN bus with ports that note what they hear: for tests and examples."""

import struct
from collections.abc import Callable

from evenload.core import kernel

from evenload_sim.can_bus import CanBus, Port

ALTERNATING = b"\x9b" * 8  # With identifier 0x555 or 0x15555555: not one stuff bit.


def make_frame(can_id: int, data: bytes = ALTERNATING) -> bytes:
    """Return a struct can_frame. can_id: with its flags in bits 29 to 31; data: up to 8 bytes."""
    return struct.pack("<IB3x8s", can_id, len(data), data)


class CanRig:
    """`ports` on a `bus`; `heard` holds (at_us, index of the port, frame)."""

    def __init__(self, port_count: int = 3, bitrate: int = 500_000, seed: int = 1) -> None:
        self.bus = CanBus(bitrate, kernel("random32").Random32(seed))
        self.ports: list[Port] = []
        self.heard: list[tuple[int, int, bytes]] = []
        for _ in range(port_count):
            self.add()

    def add(self) -> Port:
        """Attach one more port."""
        index = len(self.ports)
        port = self.bus.attach(f"node {index}")
        port.on_frame = self._ear(index)
        self.ports.append(port)
        return port

    def run(self, delta_us: int) -> list[tuple[int, int, bytes]]:
        """Let `delta_us` pass; returns what was heard meanwhile."""
        self.heard.clear()
        self.bus.advance(self.bus.now_us + delta_us)
        return self.heard

    def frames_at(self, index: int) -> list[bytes]:
        """Return the frames that the port `index` heard in the last `run`."""
        return [frame for _, at, frame in self.heard if at == index]

    def _ear(self, index: int) -> Callable[[int, bytes], None]:
        return lambda at_us, frame: self.heard.append((at_us, index, frame))
