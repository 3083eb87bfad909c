"""A child that cannot outlive its parent, and a keeper that starts again what died.

The kernel ends the child with SIGKILL when the thread that started it ends (prctl, PR_SET_PDEATHSIG), so that a
killed parent leaves nothing behind either.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_S_MAX = 3.0
BACK_OFF_S = 0.1
BACK_OFF_S_MAX = 5.0
HEALTHY_S = 10.0
# Set in the child itself, after the fork and before the program: a forked copy of a threaded parent may not run Python.
LAUNCHER = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the parent has gone")
os.execv(sys.argv[2], sys.argv[2:])
"""


class Child:
    """One child process, its command kept so that it can be started again.

    command: program (absolute path) and arguments; log: where its stdout and stderr are appended; output: a descriptor
    that takes its stdout instead.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        output: int | None = None,
    ) -> None:
        self.command = list(command)
        self.log = log
        self.output = output
        self.start_count = 0
        self.started_s = 0.0
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id, 0 before the first start."""
        return 0 if self._process is None else self._process.pid

    @property
    def is_alive(self) -> bool:
        """Tell whether it runs (a stopped one does)."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; it must not be running."""
        assert not self.is_alive, self.command
        self.started_s = time.monotonic()
        launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid())]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*launcher, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log if self.output is None else self.output,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self._environment},
            )
        self.start_count += 1

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when it has ended."""
        if self.is_alive and self._process is not None:
            self._process.send_signal(number)

    def wait(self, timeout_s: float) -> bool:
        """Return whether it ended within `timeout_s`."""
        if self._process is None:
            return True
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """End it: politely, then by force."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if not self.wait(STOP_S_MAX):
            self.signal(signal.SIGKILL)
            self.wait(STOP_S_MAX)

    def last_words(self) -> str:
        """Return the end of its log, for the sentence that says why it failed."""
        return self.log.read_text(errors="replace")[-600:].strip() if self.log.exists() else ""


class Keeper:
    """Starts a child again whenever it died, after 0.1 s at first and 5 s at most.

    The wait doubles with each death and is forgotten after 10 s of life: a child that cannot start costs little, one
    that was killed is back at once. On a machine that boots, its service manager does the same (Restart=always).
    """

    def __init__(self, child: Child) -> None:
        self.child = child
        self.is_on = True
        self._back_off_s = BACK_OFF_S
        self._due_s: float | None = None

    def turn(self) -> bool:
        """Look after the child, once it was started; returns whether it was started again now."""
        now_s = time.monotonic()
        if not self.is_on or self.child.is_alive or self.child.start_count == 0:
            self._due_s = None
            return False
        if self._due_s is None:
            if now_s - self.child.started_s > HEALTHY_S:
                self._back_off_s = BACK_OFF_S
            self._due_s = now_s + self._back_off_s
            self._back_off_s = min(2 * self._back_off_s, BACK_OFF_S_MAX)
        if now_s < self._due_s:
            return False
        self.child.start()
        return True
