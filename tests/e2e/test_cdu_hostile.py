"""What a careless or hostile user does to a running unit: nothing of it may stop the pump, the floor or the console."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.alone
PIPE_SIZE = 4096


@pytest.fixture
def alone(make_cdu_site):
    """Return a site and the words that start its only unit, which runs without a cluster."""
    site = make_cdu_site(1)
    values = {"node": "one", "role": "cdu", "state_dir": str(site.folder / "n1"), "cdu": {"rated_kw": 50}}
    path = site.folder / "alone.json"
    path.write_text(json.dumps(values))
    return site, [sys.executable, "-m", "evenload_node.linux", "run", str(path), "--json"]


@pytest.fixture
def full_pipe():
    """Return the writing end of a pipe that has no room and that nobody reads."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    os.write(writing, b"x" * PIPE_SIZE)
    yield writing
    os.close(reading)
    os.close(writing)


def test_a_pipe_that_nobody_reads_stops_neither_pump_nor_console_nor_end(alone, full_pipe):
    site, words = alone
    site.processes[1] = subprocess.Popen(words, stdout=full_pipe, stderr=full_pipe, cwd=site.folder)
    (site.folder / "n1.log").write_text("")
    site.until(lambda: site.ask(1, "status")["uptime_s"] > 2, "two seconds of status lines")
    assert site.ask(1, "load 30")["ok"]
    site.until(lambda: site.ask(1, "status")["delivered_kw"] == 30, "30 kW delivered")
    assert site.kill(1, signal.SIGTERM) == 0


def test_a_state_folder_that_was_removed_does_not_spoil_the_end(alone):
    site, words = alone
    site.spawn(1, words[4:])
    assert site.ask(1, "status")["ok"]
    (site.folder / "n1" / "console.sock").unlink()
    assert site.kill(1, signal.SIGTERM) == 0


def test_a_half_made_console_of_a_killed_process_is_replaced(alone):
    site, words = alone
    (site.folder / "n1").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.bind(str(site.folder / "n1" / "console.sock.new"))
    site.spawn(1, words[4:])
    assert site.ask(1, "status")["ok"]


def test_floods_of_lines_leave_everyone_else_a_turn(alone):
    site, words = alone
    site.spawn(1, words[4:])
    assert site.ask(1, "status")["ok"]
    floods = []
    for _ in range(8):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.connect(str(site.folder / "n1" / "console.sock"))
        line.setblocking(False)
        line.send(b"zz\n" * 60_000)
        floods.append(line)
    started = time.monotonic()
    assert site.ask(1, "status")["ok"]
    # One flood alone took 3.6 s, eight took half a minute.
    assert time.monotonic() - started < 2
    for line in floods:
        line.close()
