"""Children of a fleet: they die with their parent, and a keeper starts again what died."""

import os
import select
import signal
import subprocess
import sys

import pytest
from evenload_sim.child_process import Child, Keeper

FOREVER = [sys.executable, "-c", "import signal; print('ready', flush=True); signal.pause()"]
PARENT = """
import signal, sys
from pathlib import Path
from evenload_sim.child_process import Child
child = Child(sys.argv[2:], Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
signal.pause()
"""


@pytest.fixture
def child(tmp_path):
    made = Child(FOREVER, tmp_path / "log")
    yield made
    made.stop()


def ended(pid, timeout_s=10):
    """Wait for the end of a process that is nobody's child here."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], timeout_s)[0])
    finally:
        os.close(descriptor)


def test_a_child_dies_with_its_killed_parent(tmp_path):
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log"), *FOREVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    assert ended(pid)


def test_a_killed_child_is_started_again_and_one_that_was_let_go_is_not(child):
    child.start()
    keeper, first = Keeper(child), child.pid
    assert not keeper.turn()
    child.signal(signal.SIGKILL)
    assert child.wait(10)
    while not keeper.turn():
        pass
    assert child.is_alive
    assert (child.start_count, child.pid != first) == (2, True)
    keeper.is_on = False
    child.signal(signal.SIGKILL)
    assert child.wait(10)
    assert not keeper.turn()


def test_a_stopped_child_can_be_ended(child):
    child.start()
    child.signal(signal.SIGSTOP)
    assert child.is_alive
    child.stop()
    assert not child.is_alive


def test_what_a_child_said_last_is_kept(tmp_path):
    child = Child([sys.executable, "-c", "raise SystemExit('no such bus')"], tmp_path / "log")
    child.start()
    assert child.wait(10)
    assert child.last_words() == "no such bus"
