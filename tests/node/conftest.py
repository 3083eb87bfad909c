"""Cooling units in one process and stepped time: real kernels, roles and consoles, on a wire without delay."""

from array import array
from collections import deque

import pytest
from evenload import ticks, wire
from evenload_node import config as config_module
from evenload_node.alone import AloneDrive
from evenload_node.console import Console
from evenload_node.floor import Floor
from evenload_node.hal.pump_simulated import SimulatedPump
from evenload_node.log import Log
from evenload_node.roles.cdu import CduRole, initial_plan, make_cluster

START_MS = 5_000
STEP_MS = 4


class MemoryFloor:
    """Two slots in memory; `is_broken` makes the next writes fail."""

    def __init__(self):
        self.data = [None, None]
        self.is_broken = False

    def name(self, index):
        return f"slot {index}"

    def read(self, index):
        return self.data[index]

    def write(self, index, data):
        if self.is_broken:
            raise OSError(28, "No space left on device")
        self.data[index] = data


class MemoryText:
    """A text file in memory."""

    def __init__(self):
        self.text = None

    def read(self):
        return self.text

    def write(self, text):
        self.text = text


class Ports:
    """What a role moves and stores with."""

    def __init__(self):
        self.pump = SimulatedPump(5_000)
        self.slots = MemoryFloor()
        self.floor = Floor(self.slots)
        self.plan_file = MemoryText()

    def uptime_s(self):
        return 1.0

    def bus_facts(self):
        return {"kind": "virtual"}


class SteppedDrive:
    """Runs a kernel as the loops do, when it is told to."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.now_ms = START_MS
        self.is_cut = False
        self.answers = deque()
        self.traces = deque()
        self.ticket = 0

    def read(self, snapshot, counters):
        self.cluster.snapshot(self.now_ms, snapshot)
        counters[wire.RT_IS_OPEN] = 1
        return 1

    def post(self, code, value):
        if len(self.answers) >= wire.RT_COMMAND_COUNT:
            return 0
        answer = wire.ORDER_DONE
        if code == wire.RT_COMMAND_STORED:
            self.cluster.on_stored(self.now_ms, value)
        else:
            answer = self.cluster.order(self.now_ms, code, value)
        self.ticket += 1
        self.answers.append((self.ticket, answer))
        return self.ticket

    def take_answer(self):
        return self.answers.popleft() if self.answers else None

    def take_trace(self, into):
        if not self.traces:
            return 0
        into[:] = array("q", self.traces.popleft())
        return 1

    def take_beat(self):
        return 0

    def tick(self, now_ms):
        """Tick and return the frames that the kernel sends."""
        self.now_ms = now_ms
        self.cluster.tick(now_ms)
        frames, frame = [], bytearray(wire.CAN_FRAME_SIZE)
        while self.cluster.take_outbox(now_ms, frame):
            frames.append(bytes(frame))
        row = array("i", [0] * wire.TRACE_SIZE)
        while self.cluster.take_trace(row):
            self.traces.append((now_ms * 1000, *row))
        return [] if self.is_cut else frames


class Client:
    """A console client that keeps what it is sent."""

    def __init__(self):
        self.answers = []
        self.lines = []

    def send(self, answer):
        self.answers.append(answer)

    def on_trace(self, line):
        self.lines.append(line)


class SteppedUnit:
    """One unit: kernel, role, console and a client."""

    def __init__(self, values, serial):
        self.ports = Ports()
        self.log_lines = []
        self.config = config_module.parse(values)
        cluster = make_cluster(self.config, initial_plan(self.config, None), serial)
        self.drive = SteppedDrive(cluster)
        log = Log(self.config.node, self.log_lines.append)
        self.role = CduRole(self.config, self.drive, self.ports, log)
        self.console = Console(self.role, self.log_lines)
        self.client = Client()

    def ask(self, line):
        """Ask the console and return the client's new answers."""
        count = len(self.client.answers)
        self.console.ask(self.drive.now_ms, line, self.client)
        return self.client.answers[count:]


class SteppedCluster:
    """Units 1 .. count; `run_ms` lets them live."""

    def __init__(self, count):
        self.now_ms = START_MS
        voters = [{"src": src, "rated_kw": 50} for src in range(1, count + 1)]
        can = {"kind": "virtual", "path": "bus"}
        self.units = {}
        for src in range(1, count + 1):
            cluster = {"src": src, "voters": voters, "demand_kw": 80}
            values = {"node": f"CDU_0{src}", "role": "cdu", "can": can, "cluster": cluster}
            self.units[src] = SteppedUnit(values, src)

    def start(self):
        for unit in self.units.values():
            unit.drive.cluster.start(self.now_ms, unit.ports.floor.load())

    def run_ms(self, duration_ms):
        for _ in range(duration_ms // STEP_MS):
            self.now_ms = ticks.add_ms(self.now_ms, STEP_MS)
            sent = [(unit, unit.drive.tick(self.now_ms)) for unit in self.units.values()]
            for sender, frames in sent:
                for unit in self.units.values():
                    for frame in frames if unit is not sender and not unit.drive.is_cut else ():
                        unit.drive.cluster.on_frame(self.now_ms, frame)
            for unit in self.units.values():
                unit.role.turn()
                if self.now_ms % 40 == 0:
                    unit.role.step(self.now_ms)
                unit.console.poll(self.now_ms)

    def ask(self, src, line):
        """Ask unit `src` and return its answer, which may take 400 ms."""
        unit = self.units[src]
        count = len(unit.client.answers)
        unit.ask(line)
        for _ in range(400 // STEP_MS):
            if len(unit.client.answers) > count:
                break
            self.run_ms(STEP_MS)
        assert len(unit.client.answers) == count + 1
        return unit.client.answers[-1]


@pytest.fixture
def cluster():
    """Three units that have elected unit 1 and applied its plan."""
    made = SteppedCluster(3)
    made.start()
    made.run_ms(1_500)
    assert made.units[1].role.numbers[wire.SNAPSHOT_HAS_LEASE]
    return made


@pytest.fixture
def make_cluster_of():
    """Return a function count -> units that have not been started."""
    return SteppedCluster


@pytest.fixture
def alone():
    """Return a function line -> answer of a unit without a cluster: 50 kW, 30 kW to cool."""
    values = {"node": "one", "role": "cdu", "cdu": {"rated_kw": 50, "demand_kw": 30}}
    ports = Ports()
    ports.floor = None
    role = CduRole(config_module.parse(values), AloneDrive(5_000, 3_000), ports, Log("one", str))
    console, client = Console(role, []), Client()

    def ask(line):
        console.ask(0, line, client)
        role.step(0)
        console.poll(0)
        return client.answers[-1]

    return ask
