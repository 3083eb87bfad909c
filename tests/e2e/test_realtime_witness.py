"""The witnesses as real processes: frames of a bus are stamped, late cycles are told."""

import os
import select
import signal
import socket
import sys
import time

import pytest
from evenload_sim.child_process import Child
from evenload_sim.realtime_witness import LATENESS, RECORD, Witness

FRAME = bytes(range(16))
READ_S_MAX = 10


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


@pytest.fixture
def start(tmp_path, pipe):
    """Return a function that starts a witness with its words."""
    children = []

    def begin(*words):
        command = [sys.executable, "-m", "evenload_sim.realtime_witness", *words]
        children.append(Child(command, tmp_path / "log", output=pipe[1]))
        children[-1].start()
        return Witness(pipe[0]), children[-1]

    yield begin
    for child in children:
        child.stop()


def test_a_frame_of_the_bus_is_stamped_with_the_common_clock(tmp_path, pipe, start):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hub:
        hub.bind(str(tmp_path / "bus"))
        hub.listen()
        hub.settimeout(READ_S_MAX)
        witness, _ = start("frames", str(tmp_path / "bus"))
        client, _ = hub.accept()
        with client:
            client.settimeout(READ_S_MAX)
            assert client.recv(16).startswith(bytes(4))
            before_us = time.monotonic_ns() // 1000
            client.send(FRAME)
            assert select.select([pipe[0]], [], [], READ_S_MAX)[0]
        ((at_us, frame),) = witness.read_frames()
    assert frame == FRAME
    assert before_us <= at_us <= time.monotonic_ns() // 1000
    assert list(witness.frames) == [(at_us, FRAME)]


def test_a_stopped_cyclic_thread_tells_how_late_it_was(pipe, start):
    witness, child = start("cycles", "1000", "1000")
    until_s = time.monotonic() + READ_S_MAX
    while not witness.lateness and time.monotonic() < until_s:
        child.signal(signal.SIGSTOP)
        select.select([], [], [], 0.02)
        child.signal(signal.SIGCONT)
        select.select([pipe[0]], [], [], 0.1)
        witness.read_cycles()
    at_us, late_us = max(witness.lateness, key=lambda told: told[1])
    assert late_us >= 15_000
    assert abs(time.monotonic_ns() // 1000 - at_us) < READ_S_MAX * 1_000_000


def test_lateness_counts_where_it_overlaps(pipe):
    witness = Witness(pipe[0])
    os.write(pipe[1], RECORD.pack(5_000_000, LATENESS.pack(12_000)))
    witness.read_cycles()
    assert witness.late_us_max(4_995_000, 6_000_000) == 12_000
    assert witness.late_us_max(4_900_000, 4_990_000) == 12_000
    assert witness.late_us_max(5_000_001, 6_000_000) == 0
    assert witness.late_us_max(4_000_000, 4_987_999) == 0


def test_a_record_in_pieces_is_put_together(pipe):
    witness = Witness(pipe[0])
    record = RECORD.pack(7, FRAME)
    os.write(pipe[1], record[:10])
    assert witness.read_frames() == []
    os.write(pipe[1], record[10:])
    assert witness.read_frames() == [(7, FRAME)]
