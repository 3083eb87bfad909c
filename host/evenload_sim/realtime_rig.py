"""What a real-time run stands on: the fleet, the two witnesses, and hogs that take every core when asked."""

import fcntl
import json
import os
import shutil
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from evenload.canframe import src_of

from evenload_sim.child_process import Child
from evenload_sim.fleet import START_S_MAX, Fleet, FleetOptions
from evenload_sim.realtime_witness import PERIOD_US, TOLD_US, Witness

HOG = "while True: pass"
FRAMES = ("evenload_sim.realtime_witness", "frames")
CYCLES = ("evenload_sim.realtime_witness", "cycles", str(PERIOD_US), str(TOLD_US))
REPORT_S_MAX = 2.0
REPORTS_KEPT = 1000
PIPE_SIZE = 1 << 20  # Every cycle of 40 s, should the reader be kept from reading.


@dataclass(frozen=True)
class Watch:
    """A witness process, its reader and the two ends of their pipe."""

    child: Child
    witness: Witness
    descriptors: tuple[int, int]


class HubReports:
    """The lines that the hub writes each second and on SIGUSR1: how late its frames left since the second before.

    log: its stdout.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = 0
        self._reports: deque[tuple[int, int]] = deque(maxlen=REPORTS_KEPT)

    def covers(self, until_us: int) -> bool:
        """Read what is new; tell whether a report is from after `until_us`."""
        with self._log.open("rb") as log:
            log.seek(self._offset)
            lines = log.read()
        whole = lines[: lines.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            report = json.loads(line) if line.startswith(b"{") else {}
            if "lateness" in report:
                self._reports.append((report["t_us"], report["lateness"]["max_us"]))
        return bool(self._reports) and self._reports[-1][0] > until_us

    def late_us_max(self, from_us: int) -> int:
        """Return the worst lateness in the reports from after `from_us`."""
        return max((late_us for at_us, late_us in self._reports if at_us > from_us), default=0)


class Rig:
    """A fleet that is watched. sink: called with every trace line, as in Fleet.

    With `is_hogged`, one process per core computes without end at the ordinary priority.
    cycles: the module that is the bare cyclic thread, and its arguments.
    """

    def __init__(
        self,
        options: FleetOptions,
        is_hogged: bool,
        sink: Callable[[dict[str, Any]], None],
        cycles: Sequence[str] = CYCLES,
    ) -> None:
        self.fleet = Fleet(options, sink)
        self._folder = Path(tempfile.mkdtemp(prefix="evenload-"))
        self.frames = self._watch("frames", (*FRAMES, str(self.fleet.bus_path)))
        self.cycles = self._watch("cycles", cycles)
        self.hub_reports = HubReports(self.fleet.hub.log)
        count = (os.cpu_count() or 1) if is_hogged else 0
        self.hogs = [Child([sys.executable, "-c", HOG], self._folder / "hog.log") for _ in range(count)]

    def __enter__(self) -> "Rig":
        try:
            self.fleet.start()
            for child in [self.frames.child, self.cycles.child]:
                child.start()
            self.fleet.wait_for_leader()
            self.fleet.wait_for(lambda: bool(self.frames.witness.read_frames()), START_S_MAX, "the witness")
            for hog in self.hogs:
                hog.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def turn(self, timeout_s: float = 0.0) -> None:
        """Turn the fleet and read the witnesses."""
        self.fleet.turn(timeout_s)
        self.frames.witness.read_frames()
        self.cycles.witness.read_cycles()

    def last_frame_us(self, src: int) -> int | None:
        """Return when the last frame of `src` passed on the bus, None if none is remembered."""
        for at_us, frame in reversed(self.frames.witness.frames):
            if src_of(int.from_bytes(frame[:4], "little")) == src:
                return at_us
        return None

    def late_us_max(self, from_us: int, until_us: int) -> int:
        """Return the worst lateness of the bare thread and of the hub in that time; the hub's to the second.

        Raises FleetError when the hub does not tell within 2 s.
        """
        self.fleet.hub.signal(signal.SIGUSR1)
        self.fleet.wait_for(lambda: self.hub_reports.covers(until_us), REPORT_S_MAX, "the hub's report")
        self.turn()
        hub_us = self.hub_reports.late_us_max(from_us)
        return max(hub_us, self.cycles.witness.late_us_max(from_us, until_us))

    def close(self) -> None:
        """End everything."""
        for child in [*self.hogs, self.frames.child, self.cycles.child]:
            child.stop()
        self.fleet.close()
        for watch in (self.frames, self.cycles):
            for descriptor in watch.descriptors:
                os.close(descriptor)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _watch(self, name: str, words: Sequence[str]) -> Watch:
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        child = Child([sys.executable, "-m", *words], self._folder / f"{name}.log", output=writer)
        return Watch(child, Witness(reader), (reader, writer))
