"""What a node says: its frames into the outbox, its transitions into the trace. Mirror: csrc/src/post.c.

Whoever speaks fills `fields` in the order of wire.py and calls `send`; `heard` holds the frame that is being
answered, with its stamp, source and type. A silenced node (its identifier clashes
with an older node's) says nothing more.
"""

from array import array

from evenload import canframe
from evenload.outbox import Outbox
from evenload.wire import CAN_FRAME_SIZE, FIELD_COUNT_MAX, TRACE_COUNT, TRACE_SIZE


class Post:
    """The voice of node `src` of cluster `cluster_id` (0 .. 15)."""

    def __init__(self, src: int):
        self.src = src
        self.cluster_id = 0
        self.is_silent = 0
        self.heard_ms = 0
        self.heard_src = 0
        self.heard_type = 0
        self.frames_out = 0
        self.trace_first = 0
        self.trace_count = 0
        self.trace_lost = 0
        self.fields = array("i", [0] * FIELD_COUNT_MAX)
        self.heard = array("i", [0] * FIELD_COUNT_MAX)
        self.frame = bytearray(CAN_FRAME_SIZE)
        self.traces = array("i", [0] * (TRACE_COUNT * TRACE_SIZE))
        self.outbox = Outbox()

    def send(self, now_ms: int, frame_type: int, dst: int) -> None:
        """Queue a frame of `frame_type` made of `fields`, to `dst` (CAN_DST_ALL: everyone)."""
        canframe.encode(self.identifier(frame_type, dst), self.fields, self.frame)
        self.put(now_ms)

    def identifier(self, frame_type: int, dst: int) -> int:
        """Return the identifier of this node's frames of a type."""
        return canframe.identifier(frame_type, self.cluster_id, dst, self.src)

    def put(self, now_ms: int) -> None:
        """Queue what stands in `frame`."""
        if not self.is_silent:
            self.outbox.put(now_ms, self.frame)

    def trace(self, at_ms: int, code: int, a: int, b: int, c: int) -> None:
        """Note a transition; when nobody collects them the oldest are lost, and counted."""
        if self.trace_count == TRACE_COUNT:
            self.trace_first = (self.trace_first + 1) % TRACE_COUNT
            self.trace_count -= 1
            self.trace_lost = (self.trace_lost + 1) & 0xFFFFFF
        start = (self.trace_first + self.trace_count) % TRACE_COUNT * TRACE_SIZE
        self.trace_count += 1
        traces = self.traces
        traces[start] = code
        traces[start + 1] = a
        traces[start + 2] = b
        traces[start + 3] = c
        traces[start + 4] = at_ms

    def take_trace(self, into: array) -> int:
        """Write the oldest transition into `into` (TRACE_SIZE numbers) and return 1; 0 when there is none."""
        if self.trace_count == 0:
            return 0
        start = self.trace_first * TRACE_SIZE
        for i in range(TRACE_SIZE):
            into[i] = self.traces[start + i]
        self.trace_first = (self.trace_first + 1) % TRACE_COUNT
        self.trace_count -= 1
        return 1
