"""A simulated CAN 2.0B bus: real arbitration, exact frame times, error counters, and the faults of a wire.

    bus = CanBus(500_000, Random32(seed))   bit/s; a bit must last whole nanoseconds (10k .. 1M, all usual speeds)
    port = bus.attach("CDU_01")             a controller with its transceiver
    port.on_frame = callback                callback(at_us, frame): a frame of another port has ended; None: nothing
    port.send(frame)                        queue a struct can_frame of 16 bytes (`can_bits`); True when taken
    bus.next_event_us()                     when something happens next, NEVER_US if nothing will
    bus.advance(to_us)                      let it happen, up to and including `to_us`; never backwards
    bus.now_us                              up to where time has moved

**Time** is whole microseconds since the start at the interface and whole nanoseconds inside, so that bit times
are exact. A frame whose last bit ends inside a microsecond is delivered at the end of that microsecond. Nothing
happens in `send`: it counts from the time to which the bus was advanced, so advance first, then let the nodes of
that moment send; all of them take part in the same arbitration. In a callback `send` counts from that frame's end,
which is 3 bits before the next arbitration: an answer competes with what has been waiting.

**A port** sends its most urgent frame first (`can_bits.arbitration_key`), equal identifiers in the order of their
`send`, as a controller with priority-ordered mailboxes. It doesn't hear itself. Its queue holds QUEUE_COUNT_MAX
frames. `send` returns False and counts in `port.refused` when the queue is full, and while the port is off or
bus-off; what is no classic CAN frame raises ValueError. `port.queued` counts what has not yet been sent, the frame
on the wire included; `port.clear()` forgets all of it, but a frame that is on the wire ends (and is not repeated).
`port.power(False)` is a node that dies: its frame breaks off, its queue is gone, it acknowledges nothing.

**Errors** follow ISO 11898-1: an error costs the sender 8 in `port.tx_errors` and a frame sent takes 1 off; from
128 on the port is error passive and lets others begin 8 bits earlier after its own frame; from 256 on it is bus-off.
It loses its queue and comes back after 128 x 11 bits with its counter at 0, but not more often than every
RESTART_US: a babbling node must not come back at once each time. A frame that nobody acknowledges is repeated
for ever; as the standard says, that alone makes no port bus-off. Two ports that send one identifier with different
content at once collide at the first bit that differs: while the one that loses that bit is error active, both
fail; once it is passive, it alone does. (If all bits are the same, one frame was sent by both.) Receive error
counters and overload frames are not simulated. An error costs 23 bits: flags 12, delimiter 8, intermission 3.

**Faults.** On frames, from `can_faults`: `loss(p, receivers)`, `lose_next(n, receivers, matching)`, `duplicate(p)`,
`error(p, until_us)`, `deaf(rx, tx, on)`. Here: `bus_off(port, until_us)`, `stuck(port, until_us)`: until then nothing
of this port gets out, as behind a frame of low priority in the only mailbox; `cut(groups)`: each group of ports is
a bus of its own from now on, ports that are named nowhere form one together, and `cut(())` heals. A frame under
way is broken and sent again.

**Counters**: `frames` (sent without error), `errors` (error frames), `collisions`, `lost` (deliveries that a fault
prevented), `duplicated`, `busy_ns`; `load_permille()` since the last `restart_load()`. Pieces of a cut bus add up.

A frame that arrives at five receivers with empty callbacks took 5.2 us of one core, at eleven 5.8 us, and 10 to 13 us
while a fault of frames is set (CPython 3.11, 2-core x86-64, 18,000 frames and more); an idle bus costs nothing.
"""

from collections.abc import Callable, Iterable
from heapq import heappop, heappush

from evenload_sim.can_bits import arbitration_key
from evenload_sim.can_faults import NEVER_NS, CanFaults, Random
from evenload_sim.can_segment import OFF_ERRORS, Segment

NEVER_US = NEVER_NS // 1000
QUEUE_COUNT_MAX = 64
RESTART_US = 100_000
PASSIVE_ERRORS = 128
RECOVERY_BITS = 128 * 11
NS_PER_S = 1_000_000_000

Entry = tuple[int, int, bytes]  # (arbitration key, order of sending, frame)


class Port:
    """A node's CAN controller on the bus; made by `CanBus.attach`, described in the module."""

    __slots__ = (
        "_bus", "_entry", "_is_kept", "_queue", "_ready_ns", "_recovered_ns", "_segment",
        "is_off", "is_up", "name", "on_frame", "refused", "sent", "tx_errors",
    )  # fmt: skip

    def __init__(self, bus: "CanBus", name: str, segment: Segment) -> None:
        self.name = name
        self.on_frame: Callable[[int, bytes], None] | None = None
        self.tx_errors = 0
        self.sent = 0
        self.refused = 0
        self.is_up = True
        self.is_off = False
        self._bus = bus
        self._segment = segment
        self._queue: list[Entry] = []
        self._entry: Entry | None = None  # On the wire.
        self._is_kept = True  # Whether it is repeated when it fails.
        self._ready_ns = 0
        self._recovered_ns = -NEVER_NS

    @property
    def queued(self) -> int:
        """Return how many frames wait, the one on the wire included."""
        return len(self._queue) + (self._entry is not None)

    @property
    def is_passive(self) -> bool:
        """Return whether its errors make it error passive."""
        return self.tx_errors >= PASSIVE_ERRORS

    def send(self, frame: bytes | bytearray | memoryview) -> bool:
        """Queue a frame; returns whether it was taken. Raises ValueError for what is no classic CAN frame."""
        kept = bytes(frame)
        key = arbitration_key(kept)
        if len(self._queue) >= QUEUE_COUNT_MAX or self.is_off or not self.is_up:
            self.refused += 1
            return False
        bus = self._bus
        bus._order += 1
        heappush(self._queue, (key, bus._order, kept))
        segment = self._segment
        if segment.next_ns > bus.now_ns and not segment.senders:
            segment.wake()
        return True

    def clear(self) -> None:
        """Forget what waits; a frame on the wire ends, but is not repeated."""
        self._queue.clear()
        self._is_kept = False

    def power(self, is_up: bool) -> None:
        """Let the node die, or come back with an empty queue and no errors."""
        if is_up != self.is_up:
            self.is_up = is_up
            self._bus._restart(self)

    def _fail(self, is_counted: bool = True) -> None:
        """End the frame on the wire without success."""
        if is_counted:
            self.tx_errors += 8
        if self._entry is not None and self._is_kept:
            heappush(self._queue, self._entry)
        self._entry = None

    def _succeed(self) -> None:
        self._entry = None
        self.sent += 1
        if self.tx_errors:
            self.tx_errors -= 1


class CanBus(CanFaults):
    """The bus. bitrate: bit/s, a divisor of 10^9. random: a Random32, the source of everything random."""

    def __init__(self, bitrate: int, random: Random) -> None:
        super().__init__(random)
        if bitrate <= 0 or NS_PER_S % bitrate:
            raise ValueError(
                f"the bitrate is {bitrate}; a bit lasts whole nanoseconds: 125000, 250000, 500000"
            )
        self.bitrate = bitrate
        self.bit_ns = NS_PER_S // bitrate
        self.now_ns = 0
        self.ports: list[Port] = []
        self.frames = 0
        self.errors = 0
        self.collisions = 0
        self.busy_ns = 0
        self._order = 0
        self._load_from = (0, 0)
        self._segments = [Segment(self)]
        self._recoveries: list[tuple[int, int, Port]] = []

    @property
    def now_us(self) -> int:
        """Return the time to which the bus was advanced."""
        return -(-self.now_ns // 1000)

    def attach(self, name: str) -> Port:
        """Connect a port; `name` is for people."""
        port = Port(self, name, self._segments[0])
        self.ports.append(port)
        self._segments[0].set_ports([*self._segments[0].ports, port])
        return port

    def detach(self, port: Port) -> None:
        """Disconnect a port for good: its frame breaks off, and it is forgotten."""
        port.power(False)
        self.ports.remove(port)
        port._segment.set_ports([other for other in port._segment.ports if other is not port])

    def next_event_us(self) -> int:
        """Return the microsecond of the next event, NEVER_US if only a `send` can bring one."""
        return -(-self._next_ns() // 1000)

    def advance(self, to_us: int) -> None:
        """Let time pass up to and including `to_us`. Callbacks run inside; they may send, not advance."""
        to_ns = to_us * 1000
        if to_ns < self.now_ns:
            raise ValueError(f"to_us is {to_us}, but the bus is at {self.now_us}; time only moves forward")
        while (next_ns := self._next_ns()) <= to_ns:
            self.now_ns = next_ns
            if self._recoveries and self._recoveries[0][0] <= next_ns:
                self._recover(heappop(self._recoveries)[2])
                continue
            for segment in self._segments:
                if segment.next_ns <= next_ns:
                    segment.step(next_ns)
                    break
        self.now_ns = to_ns

    def load_permille(self) -> int:
        """Return the share of time in which the wire was busy, since the start or `restart_load`."""
        busy_ns, at_ns = self._load_from
        return (self.busy_ns - busy_ns) * 1000 // max(1, self.now_ns - at_ns)

    def restart_load(self) -> None:
        """Begin a new period of `load_permille`."""
        self._load_from = (self.busy_ns, self.now_ns)

    def bus_off(self, port: Port, until_us: int | None = None) -> None:
        """Send `port` bus-off; it recovers at `until_us`, or as the rules say."""
        self._enter_off(port, None if until_us is None else until_us * 1000)

    def stuck(self, port: Port, until_us: int) -> None:
        """Let nothing of `port` out before `until_us`; then its queue goes in the usual order."""
        port._ready_ns = until_us * 1000
        port._segment.refresh()

    def cut(self, groups: Iterable[Iterable[Port]]) -> None:
        """Cut the wire into `groups` of ports, each a bus of its own; () makes it one again.

        Raises ValueError when a port stands in two groups.
        """
        named = [list(group) for group in groups]
        placed = [port for group in named for port in group]
        if len(set(placed)) != len(placed):
            raise ValueError("a port stands in two groups of a cut; each belongs to one at most")
        rest = [port for port in self.ports if port not in placed]
        for segment in self._segments:
            segment.abort()
        free_ns = max(segment.free_ns for segment in self._segments)
        self._segments = []
        for group in [*named, rest] if rest or not named else named:
            segment = Segment(self, free_ns)
            self._segments.append(segment)
            segment.set_ports([port for port in self.ports if port in group])

    def _next_ns(self) -> int:
        next_ns = min([segment.next_ns for segment in self._segments])
        return min(next_ns, self._recoveries[0][0]) if self._recoveries else next_ns

    def _restart(self, port: Port) -> None:
        """Give a port that was switched on or off the state of a new one."""
        if port._entry is not None:
            port._segment.abort()
        port._queue.clear()
        port.tx_errors = 0
        port.is_off = False
        port._ready_ns = 0
        port._recovered_ns = -NEVER_NS
        self._recoveries = sorted(item for item in self._recoveries if item[2] is not port)
        port._segment.refresh()

    def _enter_off(self, port: Port, until_ns: int | None = None) -> None:
        if until_ns is None:
            recovery_ns = self.now_ns + RECOVERY_BITS * self.bit_ns
            until_ns = max(recovery_ns, port._recovered_ns + RESTART_US * 1000)
        if port._entry is not None:
            port._segment.abort()
        port.is_off = True
        port.tx_errors = OFF_ERRORS
        port._queue.clear()
        self._order += 1
        self._recoveries = [item for item in self._recoveries if item[2] is not port]
        self._recoveries.append((until_ns, self._order, port))
        self._recoveries.sort()
        port._segment.refresh()

    def _recover(self, port: Port) -> None:
        port.is_off = False
        port.tx_errors = 0
        port._recovered_ns = self.now_ns
        port._segment.refresh()
