"""The real-time loop with a real thread on a real local socket; the far end of the wire is this test.

It waits for what the loop publishes, never for time.
"""

import os
import select
import socket
import threading
import time
from array import array
from itertools import pairwise

import pytest
from evenload import wire

pytestmark = pytest.mark.alone
DEADLINE_S = 30
VOTERS = 0b1110
TICK_US = 1_000


class Rig:
    """A loop of unit 1 of 3 in its thread; `far` is the other end of its wire."""

    def __init__(self, modules):
        self._modules = modules
        cluster = modules["cluster"].Cluster(1, VOTERS)
        for src in (1, 2, 3):
            cluster.rated_10w[src] = 5_000
        self.notify_fd = os.eventfd(0, os.EFD_NONBLOCK)
        self.loop = modules["rt_loop"].RtLoop(cluster, TICK_US, 40, self.notify_fd)
        self.snapshot = array("i", [0] * wire.SNAPSHOT_SIZE)
        self.counters = array("q", [0] * wire.RT_SIZE)
        self.thread = threading.Thread(target=self.loop.run, daemon=True)
        self.near = self.far = None

    def start(self):
        self.plug_in()
        self.loop.start(256)
        self.thread.start()

    def plug_in(self):
        self.unplug()
        self.near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.near.setblocking(False)
        self.far.setblocking(False)
        self.loop.attach(self.near.fileno())

    def unplug(self):
        for end in (self.far, self.near):
            if end is not None:
                end.close()

    def read(self):
        assert self.loop.read(self.snapshot, self.counters)
        return self.counters

    def until(self, condition, what):
        """Read until `condition` holds."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline, f"never: {what}"
            select.select([], [], [], 0.001)
            self.read()

    def beat(self, src, counter, seq=0):
        """Return a heartbeat of a follower `src` without a leader."""
        canframe = self._modules["canframe"]
        fields = array("i", [0] * wire.FIELD_COUNT_MAX)
        fields[wire.BEAT_CAPACITY] = 200
        fields[wire.BEAT_COUNTER] = counter & 15
        fields[wire.BEAT_PLAN_SEQ] = seq
        frame = bytearray(wire.CAN_FRAME_SIZE)
        identifier = canframe.identifier(wire.CAN_TYPE_HEARTBEAT, 0, wire.CAN_DST_ALL, src)
        canframe.encode(identifier, fields, frame)
        return bytes(frame)

    def received_types(self):
        """Return the types of the frames that have arrived at the far end."""
        canframe, types = self._modules["canframe"], []
        while select.select([self.far], [], [], 0)[0]:
            types.append(canframe.type_of(canframe.identifier_of(self.far.recv(64))))
        return types

    def close(self):
        self.loop.stop()
        if self.thread.is_alive():
            self.thread.join(DEADLINE_S)
        assert not self.thread.is_alive()
        self.unplug()
        os.close(self.notify_fd)


@pytest.fixture
def rig(require_module):
    names = ("cluster", "canframe", "rt_loop")
    made = Rig({name: require_module(f"evenload_core.{name}", "Linux and `make core`") for name in names})
    yield made
    made.close()


def test_the_loop_ticks_on_its_grid_and_counts_how_late(rig):
    rig.start()
    rig.until(lambda: rig.counters[wire.RT_TICKS] > 200, "200 ticks")
    counters = rig.read()
    assert sum(counters[wire.RT_BUCKET :]) == counters[wire.RT_TICKS]
    assert counters[wire.RT_IS_OPEN] == 1
    assert rig.snapshot[wire.SNAPSHOT_SRC] == 1


def test_heartbeats_go_out_every_50_ms_and_their_stamps_are_told(rig):
    rig.start()
    rig.until(lambda: rig.counters[wire.RT_TX] >= 8, "8 frames")
    beats = [stamp for stamp in (rig.loop.take_beat() for _ in range(8)) if stamp]
    assert rig.received_types().count(wire.CAN_TYPE_HEARTBEAT) >= 4
    assert len(beats) >= 4
    assert all(40_000 < after - before < 100_000 for before, after in pairwise(beats))


def test_a_frame_reaches_the_kernel_and_one_that_is_none_is_counted(rig):
    rig.start()
    for wrong in (b"", b"x", b"x" * 15, b"x" * 17, b"x" * 72):
        if wrong:
            rig.far.send(wrong)
    rig.far.send(rig.beat(2, 1))
    rig.until(lambda: rig.counters[wire.RT_RX] == 1, "a frame")
    assert rig.counters[wire.RT_RX_MALFORMED] == 4
    rig.until(lambda: rig.snapshot[wire.SNAPSHOT_PEER_AGE_MS + 2] >= 0, "a peer")
    assert rig.counters[wire.RT_IS_OPEN] == 1


def test_a_lost_wire_is_told_and_another_is_taken(rig):
    rig.start()
    assert rig.loop.has_bus()
    rig.far.close()
    rig.until(lambda: not rig.loop.has_bus(), "the loss")
    ticks = rig.read()[wire.RT_TICKS]
    assert (rig.counters[wire.RT_IS_OPEN], rig.counters[wire.RT_BUS_LOST]) == (0, 1)
    rig.until(lambda: rig.counters[wire.RT_TICKS] > ticks + 50, "ticks without a wire")
    rig.plug_in()
    rig.until(lambda: rig.counters[wire.RT_IS_OPEN] == 1, "the new wire")
    rig.far.send(rig.beat(3, 1))
    rig.until(lambda: rig.snapshot[wire.SNAPSHOT_PEER_AGE_MS + 3] >= 0, "a peer on the new wire")


def test_commands_are_answered_in_order_and_too_many_are_refused(rig):
    rig.loop.start(256)
    tickets = [rig.loop.post(wire.ORDER_LOAD, number) for number in range(wire.RT_COMMAND_COUNT)]
    assert rig.loop.post(wire.ORDER_LOAD, 0) == 0
    assert tickets == list(range(1, wire.RT_COMMAND_COUNT + 1))
    rig.thread.start()
    answers = []

    def all_answered():
        answer = rig.loop.take_answer()
        while answer is not None:
            answers.append(answer)
            answer = rig.loop.take_answer()
        return len(answers) == wire.RT_COMMAND_COUNT

    rig.until(all_answered, "64 answers")
    assert answers == [(ticket, wire.ORDER_DONE) for ticket in tickets]
    for code, value, wanted in (
        (wire.ORDER_DEMAND_10W, 100, wire.ORDER_NOT_LEADER),
        (wire.ORDER_HEALTH, 9, wire.ORDER_VALUE),
        (77, 0, wire.ORDER_UNKNOWN),
        (wire.RT_COMMAND_STORED, 768, wire.ORDER_DONE),
    ):
        answers.clear()
        ticket = rig.loop.post(code, value)
        rig.until(lambda: all_answered() or answers, "an answer")
        assert answers == [(ticket, wanted)]
    assert rig.read() and rig.snapshot[wire.SNAPSHOT_CEILING] == 768


def test_news_wake_whoever_waits(rig):
    rig.start()
    assert select.select([rig.notify_fd], [], [], DEADLINE_S)[0]
    row = array("q", [0] * (wire.TRACE_SIZE + 1))
    assert rig.loop.take_trace(row)
    assert row[1] == wire.TRACE_BOOT
    assert abs(time.monotonic_ns() // 1000 - row[0]) < DEADLINE_S * 1_000_000


def test_a_wire_that_takes_nothing_holds_up_no_tick_and_old_frames_are_dropped(rig):
    rig.start()
    rig.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    rig.until(lambda: rig.counters[wire.RT_TX_DROPPED] > 0, "a frame too old to be sent")
    ticks = rig.read()[wire.RT_TICKS]
    rig.until(lambda: rig.counters[wire.RT_TICKS] > ticks + 50, "ticks beside a full wire")
    sent = rig.read()[wire.RT_TX]
    rig.received_types()
    rig.until(lambda: rig.counters[wire.RT_TX] > sent, "a frame after there was room")
    assert rig.counters[wire.RT_TX_ERRORS] == 0


def test_a_flood_of_frames_does_not_stop_the_grid(rig):
    rig.start()
    flood = rig.beat(2, 1)
    sent = 0
    while rig.read()[wire.RT_TICKS] < 200:
        try:
            rig.far.send(flood)
            sent += 1
        except BlockingIOError:
            rig.received_types()
    rig.until(lambda: rig.counters[wire.RT_RX] == sent, "every frame of the flood")
    assert rig.counters[wire.RT_RX_MALFORMED] == 0


def test_what_is_read_is_of_one_moment(rig):
    rig.start()
    last_ms = last_ticks = 0
    for _ in range(3_000):
        rig.read()
        assert rig.counters[wire.RT_TICKS] >= last_ticks
        assert sum(rig.counters[wire.RT_BUCKET :]) == rig.counters[wire.RT_TICKS]
        last_ms, last_ticks = rig.snapshot[wire.SNAPSHOT_NOW_MS], rig.counters[wire.RT_TICKS]
    assert last_ms


def test_the_cyclic_reference_tells_how_late_it_was(require_module):
    rt_loop = require_module("evenload_core.rt_loop", "Linux and `make core`")
    late_us = array("i", [-1] * 50)
    before_us = time.monotonic_ns() // 1000
    first_us = rt_loop.cyclic(1_000, 50, 40, late_us)
    assert abs(first_us) > before_us
    assert min(late_us) >= 0
