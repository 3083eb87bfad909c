"""The leader's right to act, renewed by what a quorum has acknowledged (SPEC, lease). Mirror: csrc/src/lease.c.

Every leader frame carries a counter of four bits; followers repeat the newest one in their heartbeats. The
lease lasts until CLUSTER_LEASE_MS after the moment at which the newest frame was queued that quorum - 1 others
have acknowledged; it begins with the request for votes that won. A voter refuses everyone else for
CLUSTER_STICKY_MS after the same frames, so two leases never overlap while clocks differ by less than 6 %.
"""

from evenload.ticks import add_ms, elapsed_ms
from evenload.wire import CLUSTER_COLUMN_COUNT, CLUSTER_LEASE_FRAME_MS, CLUSTER_LEASE_MS

_COUNTER_COUNT = 16
_MEMORY_MS = _COUNTER_COUNT * CLUSTER_LEASE_FRAME_MS


class Lease:
    """The lease of one node; `is_held` is latched: an ended lease never comes back by itself."""

    def __init__(self):
        self.is_held = 0
        self.until_ms = 0
        self.was_sent = [0] * _COUNTER_COUNT
        self.sent_ms = [0] * _COUNTER_COUNT
        self.has_ack = [0] * CLUSTER_COLUMN_COUNT
        self.acked_ms = [0] * CLUSTER_COLUMN_COUNT

    def begin(self, request_ms: int) -> None:
        """Begin with a won election whose first request for votes was queued at `request_ms`."""
        self.is_held = 1
        self.until_ms = add_ms(request_ms, CLUSTER_LEASE_MS)
        for counter in range(_COUNTER_COUNT):
            self.was_sent[counter] = 0
        for src in range(CLUSTER_COLUMN_COUNT):
            self.has_ack[src] = 0

    def end(self) -> None:
        """Give the lease up."""
        self.is_held = 0

    def on_sent(self, counter: int, now_ms: int) -> None:
        """Note that the leader frame with `counter` (0 .. 15) was queued at `now_ms`."""
        self.was_sent[counter] = 1
        self.sent_ms[counter] = now_ms

    def on_ack(self, src: int, counter: int, at_ms: int) -> None:
        """Note that voter `src` has heard the leader frame with `counter`."""
        if not self.was_sent[counter]:
            return
        sent_ms = self.sent_ms[counter]
        age_ms = elapsed_ms(at_ms, sent_ms)
        if age_ms < 0 or age_ms >= _MEMORY_MS:
            return
        if not self.has_ack[src] or elapsed_ms(sent_ms, self.acked_ms[src]) > 0:
            self.has_ack[src] = 1
            self.acked_ms[src] = sent_ms

    def extend(self, other_count: int) -> int:
        """Move the end to what `other_count` others have acknowledged; return 1 if it moved.

        other_count: quorum - 1. With 0 the leader is a quorum by itself; see renew.
        """
        is_moved = 0
        if not self.is_held or other_count <= 0:
            return 0
        for src in range(CLUSTER_COLUMN_COUNT):
            if self.has_ack[src] and self._count_since(self.acked_ms[src]) >= other_count:
                until_ms = add_ms(self.acked_ms[src], CLUSTER_LEASE_MS)
                if elapsed_ms(until_ms, self.until_ms) > 0:
                    self.until_ms = until_ms
                    is_moved = 1
        return is_moved

    def renew(self, now_ms: int) -> None:
        """Move the end without anyone's word: for a leader that is a quorum by itself."""
        if self.is_held:
            self.until_ms = add_ms(now_ms, CLUSTER_LEASE_MS)

    def holds(self, now_ms: int) -> int:
        """Return 1 while the lease is good; an end further away than a lease lasts means a clock that went back."""
        if not self.is_held:
            return 0
        left_ms = elapsed_ms(self.until_ms, now_ms)
        return int(0 < left_ms <= CLUSTER_LEASE_MS)

    def _count_since(self, sent_ms):
        count = 0
        for src in range(CLUSTER_COLUMN_COUNT):
            if self.has_ack[src] and elapsed_ms(self.acked_ms[src], sent_ms) >= 0:
                count += 1
        return count
