"""A simulated node: the real cluster kernel, its own clock and tick grid, a CAN controller, and floor storage.

The node polls as a real one does: at the ticks of its grid (5 ms, up to 2 ms late) it takes the frames that
have arrived, each with the stamp of its arrival, ticks the kernel and hands over what the kernel wants sent.
Ticks at which nothing can happen are skipped: the kernel says with `next_due_ms` when one matters.
"""

from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from evenload import wire
from evenload.core import kernel

from evenload_sim.cluster.clock import DriftingClock
from evenload_sim.cluster.events import DOWN, UP, Event, without_passing_leases
from evenload_sim.cluster.floor_store import FloorStore

if TYPE_CHECKING:
    from evenload_sim.can_bus import Port

NEVER_US = 1 << 62
JITTER_COUNT = 1024
INBOX_COUNT_MAX = 256
MAILBOX_AGE_US = wire.OUTBOX_AGE_MS * 1000
# Less than the 140 ms for which a voter sticks to its leader, by a clock that runs 5 % fast.
HEARD_GAP_US = 130_000
# Types whose delivery a rule looks at one by one; leader frames feed L2.
WATCHED = frozenset((wire.CAN_TYPE_PREVOTE_REQ, wire.CAN_TYPE_PREVOTE_RESP, wire.CAN_TYPE_EMERGENCY))
LEADER_FRAMES = (wire.CAN_TYPE_HEARTBEAT, wire.CAN_TYPE_LEASE)


class Grid:
    """When a node ticks: every `tick_us` from a phase of its own, each time up to `jitter_us` late."""

    def __init__(self, tick_us: int, jitter_us: int, random: Any) -> None:
        self.tick_us = tick_us
        self._phase_us = random.below(tick_us)
        self.jitter_us = jitter_us
        self._usual_us = self._late_us = [random.below(jitter_us + 1) for _ in range(JITTER_COUNT)]

    def at_or_after(self, t_us: int) -> int:
        """Return the first tick at or after `t_us`."""
        index: int = (t_us - self._phase_us) // self.tick_us
        while True:
            tick_us: int = self._phase_us + index * self.tick_us + self._late_us[index & (JITTER_COUNT - 1)]
            if tick_us >= t_us:
                return tick_us
            index += 1

    def make_late(self, more_us: int) -> None:
        """Let ticks be up to `more_us` later than usual from now on; 0: as usual."""
        usual_us = self._usual_us
        most_us = max(1, *usual_us)
        self.jitter_us = most_us + more_us
        self._late_us = (
            [late_us + late_us * more_us // most_us for late_us in usual_us] if more_us else usual_us
        )


class Node:
    """One node. src: 1 .. 15 a voter; `configure(kernel)` sets a new kernel up; `emit(event)` takes its events.

    `wakes[slot]` is when it acts next, NEVER_US while it is down.
    """

    def __init__(self, src: int, voter_mask: int, grid: Grid, clock: DriftingClock, port: "Port") -> None:
        self.src = src
        self.voter_mask = voter_mask
        self.grid = grid
        self.clock = clock
        self.port = port
        self.store = FloorStore()
        self.kernel: Any = None
        self.make_kernel: Callable[[int, int], Any] = kernel("cluster").Cluster
        self.configure: Callable[[Any], None] = lambda _kernel: None
        self.emit: Callable[[Event], None] = lambda _event: None
        self.receive_watched: Callable[[Node, int, bytes], None] = Node.receive
        self.before_send: Callable[[int], None] = lambda _t_us: None
        self.wakes = [NEVER_US]
        self.slot = 0
        self.is_up = False
        self.paused_until_us = 0
        self.write_us = 9_000
        self.clears_mailboxes = True
        self.is_polled = False
        self.shape: Callable[[bytearray], bool] | None = None
        self.overrun_count = 0
        # By source: when its last leader frame (or heartbeat) came, and since when without a longer gap.
        self.heard_us = [0] * 64
        self.heard_since_us = [0] * 64
        self.clock_step_us = 0
        self.started_us = 0
        self._stored_at_us = NEVER_US
        self._inbox: list[tuple[int, bytes]] = []
        self._outbox = bytearray(wire.CAN_FRAME_SIZE)
        self._trace = array("i", bytes(4 * wire.TRACE_SIZE))
        self._sent_count = 0
        self._moved_us = 0
        port.on_frame = self.on_frame

    def start(self, t_us: int) -> None:
        """Power up: a new kernel that knows what the store holds, and nothing else."""
        if self.is_up:
            return
        self.is_up = True
        self.kernel = self.make_kernel(self.src, self.voter_mask)
        self.configure(self.kernel)
        self._inbox.clear()
        self._stored_at_us = NEVER_US
        self.paused_until_us = 0
        self._moved_us = self.started_us = t_us
        self.port.power(True)
        self.emit(Event(t_us, self.src, UP))
        self.kernel.start(self.clock.now_ms(t_us), self.store.read())
        self.wakes[self.slot] = self.grid.at_or_after(t_us)

    def kill(self, t_us: int, torn_size: int = 0) -> None:
        """Lose power now; a floor record that is being written keeps its first `torn_size` bytes."""
        if not self.is_up:
            return
        self.is_up = False
        self.store.tear(torn_size)
        self.port.power(False)
        self.wakes[self.slot] = NEVER_US
        self._stored_at_us = NEVER_US
        self._inbox.clear()
        self.emit(Event(t_us, self.src, DOWN))

    def pause(self, until_us: int) -> None:
        """Let the processor do nothing until `until_us`; the controller keeps receiving and sending."""
        if self.is_up:
            self.paused_until_us = max(until_us, self.paused_until_us)
            self.wakes[self.slot] = self.grid.at_or_after(self.paused_until_us)

    def on_frame(self, at_us: int, frame: bytes) -> None:
        """Keep a frame that the controller has received, with the stamp of its arrival."""
        if not self.is_up:
            return
        if len(self._inbox) >= INBOX_COUNT_MAX:
            self.overrun_count += 1
            return
        self._inbox.append((self.clock.now_ms(at_us), frame))
        if frame[2] >> 3 in LEADER_FRAMES:
            src = frame[0] & 63
            if at_us - self.heard_us[src] > HEARD_GAP_US:
                self.heard_since_us[src] = at_us
            self.heard_us[src] = at_us
        if at_us >= self.paused_until_us and self.wakes[self.slot] > at_us:
            self.wakes[self.slot] = min(self.wakes[self.slot], self.grid.at_or_after(at_us))

    def receive(self, at_ms: int, frame: bytes) -> None:
        """Hand one frame to the kernel."""
        self.kernel.on_frame(at_ms, frame)

    def drain(self, t_us: int) -> None:
        """Pass on the transitions that the kernel tells."""
        row = self._trace
        if not self.kernel.take_trace(row):
            return
        events = [Event(t_us, self.src, row[0], row[1], row[2], row[3], row[4])]
        while self.kernel.take_trace(row):
            events.append(Event(t_us, self.src, row[0], row[1], row[2], row[3], row[4]))
        for event in without_passing_leases(events):
            self.emit(event)

    def step(self, t_us: int) -> None:
        """Do one tick: frames, kernel, transmissions, trace, storage; and find out when the next one matters."""
        own = self.kernel
        now_ms = self.clock.now_ms(t_us)
        if self._inbox:
            inbox = self._inbox
            self._inbox = []
            for heard_ms, frame in inbox:
                at_ms = now_ms if self.is_polled else heard_ms
                if frame[2] >> 3 in WATCHED:
                    self.receive_watched(self, at_ms, frame)
                else:
                    own.on_frame(at_ms, frame)
        if self._stored_at_us <= t_us:
            self._stored(now_ms)
        own.tick(now_ms)
        self.drain(t_us)
        self._transmit(t_us, now_ms)
        wanted = own.ceiling_wanted
        if wanted and self._stored_at_us == NEVER_US:
            self.store.begin(wanted)
            self._stored_at_us = t_us + self.write_us
        rest_ms = own.next_due_ms(now_ms)
        due_us = self.clock.true_us(rest_ms, t_us) if rest_ms > 0 else t_us
        self.wakes[self.slot] = self.grid.at_or_after(min(max(due_us, t_us + 1), self._stored_at_us))

    def order(self, t_us: int, code: int, value: int) -> int:
        """Pass an order of the owner to the kernel at once; its effects show at the next tick."""
        answer: int = self.kernel.order(self.clock.now_ms(t_us), code, value)
        if self.paused_until_us <= t_us:
            self.wakes[self.slot] = min(self.wakes[self.slot], self.grid.at_or_after(t_us + 1))
        return answer

    def _stored(self, now_ms: int) -> None:
        self.store.finish()
        self._stored_at_us = NEVER_US
        self.kernel.on_stored(now_ms, self.store.read())

    def _transmit(self, t_us: int, now_ms: int) -> None:
        own, port = self.kernel, self.port
        if port.sent != self._sent_count or not port.queued:
            self._sent_count = port.sent
            self._moved_us = t_us
        elif t_us - self._moved_us > MAILBOX_AGE_US and self.clears_mailboxes:
            # What could not be sent for so long is old: an old heartbeat would acknowledge what nobody sent now.
            port.clear()
            self._moved_us = t_us
        frame = self._outbox
        if own.take_outbox(now_ms, frame):
            self.before_send(t_us)
            self._put(frame)
            while own.take_outbox(now_ms, frame):
                self._put(frame)

    def _put(self, frame: bytearray) -> None:
        if self.shape is None or self.shape(frame):
            self.port.send(frame)
