"""What a silent listener hears on the cluster's bus: each node's heartbeats, its last frame, and the bus's load."""

from collections import deque

from evenload.core import kernel
from evenload.wire import CAN_TYPE_HEARTBEAT

from evenload_sim.can_bits import frame_bits

SPAN_US = 3_600_000  # The lane of 3 s, and what scrolls into it before the next snapshot arrives.
LOAD_SPAN_US = 1_000_000

canframe = kernel("canframe")


class Beats:
    """sources: nodes that are listened to; bitrate: bit/s of the bus. Times are microseconds of one clock."""

    def __init__(self, sources: list[int], bitrate: int) -> None:
        self._bitrate = bitrate
        self._beats: dict[int, deque[int]] = {src: deque() for src in sources}
        self._frames: deque[tuple[int, int]] = deque()
        self._bits = 0
        self._heard_us: dict[int, int] = {}
        self._beat_us: dict[int, int] = {}

    def on_frame(self, t_us: int, frame: bytes) -> None:
        """Take one frame of 16 bytes that ended at `t_us`; what is not the cluster's counts as load only."""
        bits = frame_bits(frame)
        self._frames.append((t_us, bits))
        self._bits += bits
        self._forget(t_us)
        identifier = canframe.identifier_of(frame)
        if identifier < 0 or canframe.src_of(identifier) not in self._beats:
            return
        src = canframe.src_of(identifier)
        self._heard_us[src] = t_us
        if canframe.type_of(identifier) == CAN_TYPE_HEARTBEAT:
            self._beats[src].append(t_us)
            self._beat_us[src] = t_us

    def heard_us(self, src: int) -> int | None:
        """Return when the last frame of `src` ended, None if there was none."""
        return self._heard_us.get(src)

    def ago_ms(self, src: int, now_us: int) -> list[int]:
        """Return how long before `now_us` each of the last heartbeats was, oldest first."""
        beats = self._beats[src]
        while beats and now_us - beats[0] > SPAN_US:
            beats.popleft()
        return [(now_us - t_us) // 1000 for t_us in beats]

    def age_ms(self, src: int, now_us: int) -> int | None:
        """Return how long ago the last heartbeat was, None if there was none."""
        beat_us = self._beat_us.get(src)
        return None if beat_us is None else max(0, now_us - beat_us) // 1000

    def load_percent(self, now_us: int) -> float:
        """Return how much of the last second the bus was busy."""
        self._forget(now_us)
        return min(100.0, self._bits * 100 * 1_000_000 / (self._bitrate * LOAD_SPAN_US))

    def frames_per_s(self, now_us: int) -> int:
        """Return how many frames there were in the last second."""
        self._forget(now_us)
        return len(self._frames)

    def _forget(self, now_us: int) -> None:
        while self._frames and now_us - self._frames[0][0] > LOAD_SPAN_US:
            self._bits -= self._frames.popleft()[1]
