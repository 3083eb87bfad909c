"""One piece of a simulated CAN wire: whose frame is next, how it ends, when the wire is free again.

A bus has one segment, a cut bus several. `step` is called at `next_ns`, which is either the next arbitration
(nobody sends) or the end of the frame or error frame under way. Most frames have one sender, no fault and a
listener: that way is short. The rest, in `_contend` and `_end_badly`, is written for clarity.
"""

from heapq import heappop
from typing import TYPE_CHECKING

from evenload_sim.can_bits import IFS_BITS, frame_bits, wire_bits
from evenload_sim.can_faults import NEVER_NS

if TYPE_CHECKING:
    from evenload_sim.can_bus import CanBus, Port

ERROR_BITS = 20  # Two error flags one after the other, and the delimiter; intermission follows.
ALONE_ERROR_BITS = 14  # Nobody answers the flag.
UNSENT_BITS = 8  # ACK delimiter and EOF: what does not come if nobody acknowledges.
SUSPEND_BITS = 8
OFF_ERRORS = 256
NO_KEY = 1 << 62

SENT, BROKEN, UNACKNOWLEDGED = range(3)


class Segment:
    """The ports on one piece of wire. `ports`: all; `alive`: those that hear, acknowledge and send."""

    __slots__ = (
        "_bus", "_losers", "_outcome", "_period_ns", "_started_ns", "alive", "free_ns", "next_ns", "ports", "senders",
    )  # fmt: skip

    def __init__(self, bus: "CanBus", free_ns: int = 0) -> None:
        self._bus = bus
        self.ports: list[Port] = []
        self.alive: list[Port] = []
        self.senders: list[Port] = []
        self.free_ns = free_ns
        self.next_ns = NEVER_NS
        self._outcome = SENT
        self._started_ns = 0
        self._period_ns = 0  # Not 0: parked, see `_end_badly`.
        self._losers: list[Port] = []

    def set_ports(self, ports: "list[Port]") -> None:
        """Let `ports` be those on this piece."""
        self.ports = ports
        for port in ports:
            port._segment = self
        self.refresh()

    def refresh(self) -> None:
        """Look again at who is alive, after a port went or came."""
        self.alive = [port for port in self.ports if port.is_up and not port.is_off]
        self.wake()

    def wake(self) -> None:
        """Arbitrate as soon as the wire is free: somebody may have something to send."""
        if self.senders:
            return
        now_ns = self._bus.now_ns
        if self._period_ns:
            attempts = -(-(now_ns - self._started_ns) // self._period_ns)
            self.free_ns = self._started_ns + attempts * self._period_ns
            self._period_ns = 0
        self.next_ns = max(self.free_ns, now_ns)

    def abort(self) -> None:
        """Break the frame under way: its sender, or a piece of the wire, is gone."""
        if self.senders:
            for sender in self.senders:
                sender._fail(False)
            self._bus.errors += 1
            self._end(self._bus.now_ns + ERROR_BITS * self._bus.bit_ns)
            self.wake()

    def step(self, now_ns: int) -> None:
        """Do what happens at `now_ns`, which is `next_ns`."""
        if not self.senders:
            self._begin(now_ns)
        elif self._outcome != SENT:
            self._end_badly(now_ns)
        elif self._bus._is_faulty or self._losers or len(self.senders) > 1:
            self._end_well(now_ns)
        else:
            self._deliver(now_ns)

    def _begin(self, now_ns: int) -> None:
        best, winner, is_tie, ready_ns = NO_KEY, None, False, NEVER_NS
        for port in self.alive:
            if port._queue:
                key = port._queue[0][0]
                if port._ready_ns > now_ns:
                    ready_ns = min(ready_ns, port._ready_ns)
                elif key < best:
                    best, winner, is_tie = key, port, False
                elif key == best:
                    is_tie = True
        if winner is None:
            self.next_ns = ready_ns
            return
        self._started_ns = now_ns
        bus = self._bus
        if is_tie or bus._is_faulty or len(self.alive) < 2:
            self._contend(now_ns, best)
            return
        entry = heappop(winner._queue)
        winner._entry = entry
        winner._is_kept = True
        self.senders = [winner]
        self._outcome = SENT
        self.next_ns = now_ns + (frame_bits(entry[2]) - IFS_BITS) * bus.bit_ns

    def _deliver(self, now_ns: int) -> None:
        """End a frame that nothing has disturbed."""
        bus = self._bus
        sender = self.senders[0]
        frame = sender._entry[2]  # type: ignore[index]
        sender._succeed()
        bus.frames += 1
        self._end(now_ns)
        if sender.tx_errors:
            self._suspend(sender)
        at_us = -(-now_ns // 1000)
        is_pending = False
        for port in self.alive:
            if port._queue:
                is_pending = True
            if port is not sender and port.on_frame is not None:
                port.on_frame(at_us, frame)
        if is_pending:
            self.next_ns = self.free_ns

    def _end(self, now_ns: int) -> None:
        """Free the wire after intermission; nothing is under way any more."""
        self.free_ns = now_ns + IFS_BITS * self._bus.bit_ns
        self._bus.busy_ns += self.free_ns - self._started_ns
        self.senders = []
        self.next_ns = NEVER_NS

    def _suspend(self, port: "Port") -> None:
        """Let the others go first if `port` is error passive."""
        if port.is_passive:
            port._ready_ns = max(port._ready_ns, self.free_ns + SUSPEND_BITS * self._bus.bit_ns)

    def _contend(self, now_ns: int, key: int) -> None:
        """Begin a frame that several send, or that a fault may meet, or that nobody acknowledges."""
        bus = self._bus
        group = [port for port in self.alive if port._queue and port._queue[0][0] == key]
        group = [port for port in group if port._ready_ns <= now_ns]
        for port in group:
            port._entry = heappop(port._queue)
            port._is_kept = True
        self._losers = []
        self._outcome = SENT
        position = None
        while position is None and len({_frame_of(port) for port in group}) > 1:
            bus.collisions += 1
            first, losers = _first_difference(group)
            if any(not port.is_passive for port in losers):
                position = first
            else:
                group = [port for port in group if port not in losers]
                self._losers += losers
        bits = frame_bits(_frame_of(group[0]))
        if position is None and bus._breaks(now_ns):
            position = bus.random.below(bits - IFS_BITS)
        if position is not None:
            self._outcome, bits = BROKEN, position + 1 + ERROR_BITS
        elif len(self.alive) == len(group):
            self._outcome, bits = UNACKNOWLEDGED, bits - IFS_BITS - UNSENT_BITS + ALONE_ERROR_BITS
        else:
            bits -= IFS_BITS
        self.senders = group
        self.next_ns = now_ns + bits * bus.bit_ns
        for loser in self._losers:
            self._fail(loser, self.next_ns + (IFS_BITS + SUSPEND_BITS) * bus.bit_ns)

    def _end_well(self, now_ns: int) -> None:
        """End a frame that arrives, where several sent it or a fault may keep it from some or repeat it."""
        bus = self._bus
        senders, frame = self.senders, _frame_of(self.senders[0])
        hearers = [port for port in self.alive if port not in senders and port not in self._losers]
        hearers = bus._hearers(senders, hearers, frame)
        self._losers = []
        if bus._repeats():
            hearers = [port for port in hearers if bus.random.next30() & 1]
            bus.errors += 1
            self._end(now_ns + ERROR_BITS * bus.bit_ns)
            for sender in senders:
                self._fail(sender)
        else:
            for sender in senders:
                sender._succeed()
            bus.frames += 1
            self._end(now_ns)
            for sender in senders:
                self._suspend(sender)
        self.wake()
        at_us = -(-now_ns // 1000)
        for port in hearers:
            if port.on_frame is not None:
                port.on_frame(at_us, frame)

    def _end_badly(self, now_ns: int) -> None:
        """End an error frame.

        A passive port that is alone repeats its frame for ever, and nothing changes by it. So that is not
        simulated attempt by attempt: the segment parks until a port comes or sends, and `wake` goes on at the
        next attempt's beginning.
        """
        self._bus.errors += 1
        senders = self.senders
        is_hopeless = self._outcome == UNACKNOWLEDGED and all(port.is_passive for port in senders)
        self._end(now_ns)
        for sender in senders:
            if is_hopeless:
                sender._fail(False)
            else:
                self._fail(sender)
        self._losers = []
        if is_hopeless and any(port._queue for port in self.alive):
            self._period_ns = self.free_ns + SUSPEND_BITS * self._bus.bit_ns - self._started_ns
        else:
            self.wake()

    def _fail(self, port: "Port", ready_ns: int = 0) -> None:
        """Count an error to a port that was sending; ready_ns: before it begins again."""
        port._fail(True)
        port._ready_ns = max(port._ready_ns, ready_ns)
        self._suspend(port)
        if port.tx_errors >= OFF_ERRORS:
            self._bus._enter_off(port)


def _frame_of(port: "Port") -> bytes:
    assert port._entry is not None
    return port._entry[2]


def _first_difference(group: "list[Port]") -> "tuple[int, list[Port]]":
    """Return the first bit in which the frames of `group` differ, and who sent it recessive."""
    sent = [wire_bits(_frame_of(port)) for port in group]
    for position, bits in enumerate(zip(*sent, strict=False)):
        if 0 < sum(bits) < len(bits):
            return position, [port for port, bit in zip(group, bits, strict=True) if bit]
    raise AssertionError("different frames with equal bits")
