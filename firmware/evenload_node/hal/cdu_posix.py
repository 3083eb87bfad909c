"""A cooling unit on Linux: the real-time loop first, then its console and what else may take its time.

The kernel beats from `drive.start` on; everything below asyncio may be late without anybody missing a heartbeat.
"""

import contextlib
import os
import sys
from collections import deque

from evenload.core import BACKEND

from evenload_node.alone import AloneDrive
from evenload_node.cdu_config import DEMAND_PERCENT, tie_words, to_10w
from evenload_node.cdu_status import status_of
from evenload_node.console import LOG_COUNT_MAX
from evenload_node.floor import Floor
from evenload_node.hal.can_posix import BusKeeper, open_bus
from evenload_node.hal.clock_posix import monotonic_us, ring_ms
from evenload_node.hal.console_socket_posix import listen
from evenload_node.hal.floor_posix import FloorFiles
from evenload_node.hal.line_writer_posix import LineWriter
from evenload_node.hal.pump_simulated import SimulatedPump
from evenload_node.hal.state_posix import StateFolder, TextFile
from evenload_node.log import Log
from evenload_node.roles.cdu import CduRole, initial_plan, make_cluster


class Ports:
    """What the role moves and stores with: pump, floor, plan_file; `bus` is known once the wire has a keeper."""

    def __init__(self, config, folder: StateFolder):
        self._config = config
        self._started_us = monotonic_us()
        self.bus: BusKeeper | None = None
        self.pump = SimulatedPump(to_10w(config.cdu.slew_kw_s))
        self.plan_file = TextFile(folder.file("plan.json"))
        self.floor = None if config.cluster is None else Floor(FloorFiles(folder.path))

    def uptime_s(self) -> float:
        """Return how long the node has been up."""
        return (monotonic_us() - self._started_us) / 1_000_000

    def bus_facts(self) -> dict:
        """Return what is known of the wire besides its counters."""
        if self.bus is None:
            return {"kind": "none"}
        can = self._config.can
        return {
            "kind": can.kind,
            "name": can.path or can.channel,
            "bitrate": can.bitrate,
            "error": self.bus.last_error,
        }


class CduNode:
    """The unit that `config` describes, composed but not running. write: takes a log line, never waits.

    Raises ConfigError.
    """

    def __init__(self, config, write):
        self.config = config
        self.log_lines: deque[str] = deque(maxlen=LOG_COUNT_MAX)
        self._write = write
        self.log = Log(config.node, self._log)
        self.folder = StateFolder(config.state_dir)
        self.ports = Ports(config, self.folder)
        self.drive = self._make_drive()
        self.role = CduRole(config, self.drive, self.ports, self.log)
        if config.cluster is not None:
            self.ports.bus = BusKeeper(self._open_bus, self.drive, self.log)

    @property
    def notify_fd(self) -> int:
        """Return the descriptor that tells of news, -1 if there is none."""
        return -1 if self.config.cluster is None else self.drive.notify_fd

    def start(self) -> None:
        """Read the floor, open the wire, let the kernel run."""
        self.log.line("INFO", f"event=started {summary_of(self.config)}, core BACKEND={BACKEND}")
        if self.config.cluster is None:
            return
        self.log.line("INFO", "event=voters " + tie_words(len(self.config.cluster.voters)))
        ceiling = self.ports.floor.load()
        if self.ports.floor.fault:
            self.log.line("ERROR", "event=floor " + self.ports.floor.fault)
        if self.config.can.kind != "python-can":
            self.ports.bus.poll(self.now_ms())
        # The first ceiling is stored before the first tick: a voter that still waits for its storage would only stand
        # in the way of an election.
        self.drive.prepare(ceiling)
        self.role.turn()
        self.drive.start()

    def step(self) -> None:
        """Do what is due some ten times a second."""
        now_ms = self.now_ms()
        if self.config.cluster is None:
            self.drive.tick(now_ms)
        self.role.step(now_ms)
        if self.ports.bus is not None:
            self.ports.bus.poll(now_ms)

    def status(self) -> dict:
        """Return the unit's status, JSON-ready."""
        return status_of(self.role)

    def close(self) -> None:
        """End the kernel's thread and the wire."""
        if self.config.cluster is not None:
            self.drive.stop()
            self.ports.bus.close()
        self.log.line("INFO", "event=stopped")

    def now_ms(self) -> int:
        """Return the ring time."""
        return ring_ms(monotonic_us())

    def _log(self, line: str) -> None:
        self.log_lines.append(line)
        self._write(line)

    def _make_drive(self):
        if self.config.cluster is None:
            rated_10w = to_10w(self.config.cdu.rated_kw)
            demand_kw = self.config.cdu.demand_kw
            demand_10w = rated_10w * DEMAND_PERCENT // 100 if demand_kw is None else to_10w(demand_kw)
            return AloneDrive(rated_10w, demand_10w)
        serial = int.from_bytes(os.urandom(4), "little") & ((1 << 30) - 1)
        cluster = make_cluster(self.config, initial_plan(self.config, self.ports.plan_file.read()), serial)
        values = self.config.cluster
        if BACKEND == "c" and self.config.can.kind != "python-can":
            from evenload_node.hal.rt_drive_posix import RtDrive

            return RtDrive(cluster, values.tick_ms, values.fifo_priority)
        from evenload_node.hal.python_drive_posix import PythonDrive

        return PythonDrive(cluster, values.tick_ms)

    def _open_bus(self):
        if self.config.can.kind == "python-can":
            from evenload_node.hal.python_can_posix import open_python_can

            return open_python_can(self.config)
        return open_bus(self.config, self.config.node)


def run_cdu(config, as_json: bool) -> int:
    """Run the unit until a signal; returns the exit code. Raises ConfigError or OSError before it has begun."""
    log = LineWriter(sys.stderr.fileno())
    try:
        _run_until_signal(CduNode(config, log.write), as_json)
    finally:
        log.close()
    return 0


def _run_until_signal(node, as_json):
    path = node.folder.file("console.sock")
    line = listen(path)
    node.start()
    try:
        # Imported when the kernel beats already: asyncio alone takes longer than all the rest.
        from evenload_node.hal.cdu_loop_posix import serve

        serve(node, as_json, line)
    finally:
        node.close()
        with contextlib.suppress(FileNotFoundError):  # Somebody has tidied up: the end is what was wanted.
            os.unlink(path)


def summary_of(config) -> str:
    """Return what a configuration makes of a unit, in words."""
    if config.cluster is None:
        return f"node {config.node}, role cdu, runs alone with {config.cdu.rated_kw} kW"
    voters = config.cluster.voters
    rated_kw = sum(voter.rated_kw for voter in voters)
    wire_words = config.can.path or config.can.channel
    return (
        f"node {config.node}, role cdu, unit {config.cluster.src} of {len(voters)}, {rated_kw:g} kW together, "
        f"on {config.can.kind} {wire_words}"
    )
