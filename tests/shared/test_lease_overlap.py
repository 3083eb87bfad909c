"""Never two valid leases at once, where two quorums share a single voter: among an odd number of them.

The case that the lease model finds when a candidate does not hold itself to its own vote (tests/model/lease.pml):
2 wins with the votes of 3 and 4, whom it then loses; 3 has heard nothing since, and 5 has heard nothing at all.
"""

import pytest
from evenload.wire import CAN_TYPE_VOTE_REQ, CAN_TYPE_VOTE_RESP

VOTERS = range(1, 6)
TICK_MS = 2


class Wire:
    """Five nodes, 1 ms from one to the other; `groups` hear each other, `is_heard` decides on single frames."""

    def __init__(self, backend):
        self.canframe = backend("canframe")
        self.now_ms = 0
        self.groups = [set(VOTERS)]
        self.is_heard = lambda src, dst, frame_type: True
        self.frames = []
        self.nodes = {src: backend("cluster").Cluster(src, 0b111110) for src in VOTERS}
        for node in self.nodes.values():
            for src in VOTERS:
                node.rated_10w[src] = 5000
            node.start(0, 0)

    def step(self):
        """Let 1 ms pass; return the nodes that hold a lease now."""
        self.now_ms += 1
        frames, self.frames = self.frames, []
        for src, frame in frames:
            frame_type = self.canframe.type_of(self.canframe.identifier_of(frame))
            for dst, node in self.nodes.items():
                is_near = any({src, dst} <= group for group in self.groups)
                if dst != src and is_near and self.is_heard(src, dst, frame_type):
                    node.on_frame(self.now_ms, frame)
        for src, node in self.nodes.items():
            if self.now_ms % TICK_MS == 0:
                node.tick(self.now_ms)
            if node.ceiling_wanted:
                node.on_stored(self.now_ms, node.ceiling_wanted)
            frame = bytearray(16)
            while node.take_outbox(self.now_ms, frame):
                self.frames.append((src, frame))
                frame = bytearray(16)
        return [src for src, node in self.nodes.items() if node.has_lease(self.now_ms)]

    def run_until(self, holders, end_ms):
        while self.now_ms < end_ms:
            if self.step() == holders:
                return
        pytest.fail(f"no lease of {holders} before {end_ms} ms")


def test_a_candidate_is_bound_by_its_own_vote(backend):
    wire = Wire(backend)
    wire.run_until([1], 2000)
    while wire.now_ms < 1500:
        wire.step()
    votes = (CAN_TYPE_VOTE_REQ, CAN_TYPE_VOTE_RESP)
    wire.is_heard = lambda src, dst, frame_type: dst != 5 or frame_type not in votes
    wire.groups = [{1}, {2, 3, 4, 5}]
    wire.run_until([2], 2000)
    wire.is_heard = lambda src, dst, frame_type: True
    wire.groups = [{2, 4}, {1, 3, 5}]
    leaders = []
    for _ in range(500):
        holders = wire.step()
        assert len(holders) <= 1, (wire.now_ms, holders)
        leaders += holders
    assert leaders[-1] in (1, 3, 5), "the larger half goes on"
