"""A cluster of three whose every word a test writes, and a live cluster over it with the clock of both."""

from array import array

import pytest
from evenload import canframe, wire
from evenload_sim.live_cluster import LiveCluster

SOURCES = [1, 2, 3]
QUORUM_MASK = 0b1110
START_US = 5_000_000


def line(t_us, node, word, a=0, b=0):
    return {"t_us": t_us, "node": node, "event": word, "a": a, "b": b, "c": 0, "at_ms": 0}


def heartbeat(src):
    frame = bytearray(wire.CAN_FRAME_SIZE)
    fields = array("i", bytes(4 * wire.FIELD_COUNT_MAX))
    canframe.encode(canframe.identifier(wire.CAN_TYPE_HEARTBEAT, 1, wire.CAN_DST_ALL, src), fields, frame)
    return bytes(frame)


def status(src, **changes):
    return {
        "role": "leader" if src == 1 else "follower",
        "term": 7,
        "leader": 1,
        "has_lease": src == 1,
        "plan": {"term": 7, "seq": 3, "demand_kw": 90.0, "share_kw": 30.0},
        "applied_kw": 30.0,
        "unmet_kw": 0.0,
        "basis": "plan",
        "alarms": [],
        "rt": True,
    } | changes


class SourceByHand:
    """A ClusterSource of three nodes whose every word a test writes."""

    kind = "processes"
    sources = SOURCES
    rated_kw = dict.fromkeys(SOURCES, 50.0)
    bitrate = 500_000

    def __init__(self):
        self.now = START_US
        self.events, self.frames, self.answers, self.orders = [], [], [], []
        self.known = {}
        self.dead = set()
        self.restarted = []

    def start(self):
        self.known = {src: status(src) for src in SOURCES}
        self.events.append(line(self.now, 1, "lease", 0, 7))

    def cancel(self):
        self.dead = set(SOURCES)

    def turn(self):
        return 0.0

    def now_us(self):
        return self.now

    def take_events(self):
        taken, self.events = self.events, []
        return taken

    def take_frames(self):
        taken, self.frames = self.frames, []
        return taken

    def ask(self):
        pass

    def statuses(self):
        return {src: known for src, known in self.known.items() if src not in self.dead}

    def is_running(self, src):
        return src not in self.dead

    def kill(self, src):
        self.dead.add(src)
        self.known.pop(src)
        return self.now

    def restart(self, src):
        self.dead.discard(src)
        self.restarted.append(src)

    def order(self, src, words):
        self.orders.append((src, words))

    def take_answers(self):
        taken, self.answers = self.answers, []
        return taken

    def close(self):
        self.dead = set(SOURCES)


class Stage:
    """A live cluster over a source by hand, and the clock of both."""

    line, heartbeat, status = staticmethod(line), staticmethod(heartbeat), staticmethod(status)

    def __init__(self, source):
        self.source = source
        self.live = LiveCluster(self.source, "", lambda: self.source.now / 1_000_000)
        self.live.start()
        self.let(0.2)

    def let(self, seconds):
        self.source.now += int(seconds * 1_000_000)
        self.live.advance()

    @property
    def now(self):
        return self.live.snapshot()

    def codes(self):
        return [event["code"] for event in self.now["events"]]

    def event(self, code):
        return next(event for event in reversed(self.now["events"]) if event["code"] == code)

    def fail_over(self, last_us):
        """Let the survivors of node 1 take over as they do: silence, contingency, election, plan."""
        self.source.known[2] = status(2, role="leader", has_lease=True, term=8)
        self.source.events += [
            line(last_us + 152_000, 2, "alive", 0b1100),
            line(last_us + 152_000, 2, "share", 4500, wire.BASIS_CONTINGENCY),
            line(last_us + 155_000, 3, "alive", 0b1100),
            line(last_us + 155_400, 3, "share", 4500, wire.BASIS_CONTINGENCY),
            line(last_us + 166_000, 2, "lease", 0, 8),
            line(last_us + 166_000, 2, "plan", 8, 1),
            line(last_us + 171_600, 3, "plan", 8, 1),
            line(last_us + 171_600, 3, "share", 4500, wire.BASIS_PLAN),
        ]


@pytest.fixture
def source():
    return SourceByHand()


@pytest.fixture
def stage(source):
    return Stage(source)
