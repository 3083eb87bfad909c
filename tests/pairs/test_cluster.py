"""cluster: both twins live the same life, number for number, whatever the wire, the clock and the owner do to them.

Every node of a story is a pair: the Python twin and the C core get the same calls. After each call their return
values and their whole memory are compared: every field of the C struct, nested ones included, has its attribute
in Python. The wire between the pairs loses, delays, repeats, reorders, spoils and forges frames.
"""

from array import array
from random import Random

import pytest
from evenload import canframe, plan, wire
from evenload.cluster import Cluster as Twin
from evenload_core._core import ffi
from evenload_core.cluster import Cluster as Core
from hypothesis import given
from hypothesis import strategies as st

RING = (1 << 30) - 1
STRUCT = ffi.typeof("evenload_cluster_t")
# What only one of the two needs: the packer's empty fields are a board's way not to allocate.
PYTHON_ONLY = {"_no_fields"}
TYPES = [*range(1, 13), 16, 24, 28, 29]
STEPS = 6000


def fields_of(struct):
    """Return [(name, kind)] of a C struct; kind is the nested struct, or the size of an element, 0 for a scalar."""
    rows = []
    for name, field in struct.fields:
        kind = field.type
        if kind.kind == "struct":
            rows.append((name, fields_of(kind)))
        else:
            rows.append((name, ffi.sizeof(kind.item) if kind.kind == "array" else 0))
    return rows


LAYOUT = fields_of(STRUCT)


def attribute(part, name):
    """Return what the Python twin calls a field: a part's own memory has an underscore."""
    return getattr(part, name) if hasattr(part, name) else getattr(part, "_" + name)


def numbers_of(part, layout, into):
    """Write all numbers of a Python part into a list, in the order of the C struct (bytes by fours)."""
    for name, kind in layout:
        value = attribute(part, name)
        if kind == 0:
            into.append(value)
        elif kind == 1:
            into.extend(memoryview(bytes(value) + bytes(-len(value) % 4)).cast("i"))
        elif kind == 4:
            into.extend(value)
        else:
            numbers_of(value, kind, into)
    return into


def names_of(layout, part, prefix=""):
    """Return a name for each number of numbers_of."""
    names = []
    for name, kind in layout:
        value = attribute(part, name)
        if kind == 0:
            names.append(prefix + name)
        elif kind in (1, 4):
            names += [f"{prefix}{name}[{index}]" for index in range((len(value) * kind + 3) // 4)]
        else:
            names += names_of(kind, value, f"{prefix}{name}.")
    return names


def attributes_of(part):
    """Return the names of a Python part's own memory, nested parts included, without underscores."""
    names = set()
    for name, value in vars(part).items():
        if name not in PYTHON_ONLY:
            names.add(name.removeprefix("_"))
            if hasattr(value, "__dict__"):
                names |= {f"{name}.{inner}" for inner in attributes_of(value)}
    return names


def fields_with_path(layout):
    names = set()
    for name, kind in layout:
        names.add(name)
        if isinstance(kind, list):
            names |= {f"{name}.{inner}" for inner in fields_with_path(kind)}
    return names


class Pair:
    """One node, twice. Times are the node's own."""

    def __init__(self, src, mask, prepare):
        self.src = src
        self.twins = [Twin(src, mask), Core(src, mask)]
        self.memory = memoryview(ffi.buffer(self.twins[1]._struct)).cast("i")
        self.buffers = [bytearray(wire.CAN_FRAME_SIZE) for _ in self.twins]
        self.rows = [array("i", bytes(4 * wire.SNAPSHOT_SIZE)) for _ in self.twins]
        self.steps = 0
        for twin in self.twins:
            prepare(twin)

    def do(self, name, *words):
        """Call both; return what both return."""
        found = [getattr(twin, name)(*words) for twin in self.twins]
        assert found[0] == found[1], (name, words)
        self.compare(name, words)
        return found[0]

    def take(self, name, *words):
        """Call both with a buffer of their own; return its content, None when there was nothing."""
        buffers = self.buffers if name == "take_outbox" else self.rows
        pairs = zip(self.twins, buffers, strict=True)
        found = [getattr(twin, name)(*words, buffer) for twin, buffer in pairs]
        assert found[0] == found[1], (name, words)
        self.compare(name, words)
        if not found[0]:
            return None
        assert buffers[0] == buffers[1], (name, words)
        return bytes(buffers[0]) if name == "take_outbox" else list(buffers[0][: wire.TRACE_SIZE])

    def look(self, now_ms):
        """Compare what can be asked without a change."""
        for twin, row in zip(self.twins, self.rows, strict=True):
            twin.snapshot(now_ms, row)
        assert self.rows[0] == self.rows[1]
        asked = [(twin.next_due_ms(now_ms), twin.has_lease(now_ms), twin.successor()) for twin in self.twins]
        assert asked[0] == asked[1]
        assert 0 <= asked[0][0] <= wire.CLUSTER_BEAT_MS

    def compare(self, name, words):
        self.steps += 1
        python = numbers_of(self.twins[0], LAYOUT, [])
        core = self.memory.tolist()
        if python != core:
            names = names_of(LAYOUT, self.twins[0])
            rows = [row for row in zip(names, python, core, strict=True) if row[1] != row[2]]
            raise AssertionError(f"after {name}{words}: (field, Python, C) {rows[:20]}")


class Story:
    """A cluster of pairs and everything that can go wrong, all drawn from one seed."""

    def __init__(self, seed):
        self.random = Random(seed)
        draw = self.random
        self.voters = sorted(
            draw.sample(range(1, 16), seed % 12 + 1 if seed % 5 == 0 else draw.choice([1, 2, 3, 3, 4, 5]))
        )
        self.mask = sum(1 << src for src in self.voters)
        self.sources = self.voters + draw.sample(range(16, 63), draw.choice([0, 0, 1]))
        self.loss = draw.choice([0, 0, 0.02, 0.2])
        self.noise = draw.choice([0, 0.002, 0.002, 0.03])
        self.trouble = draw.choice([0, 0.002, 0.01])
        self.ceiling = draw.choice([0, 0, 300, wire.TERM_MAX - 300, wire.TERM_MAX - 3])
        self.now_ms = RING - draw.randrange(4000)
        self.stored = dict.fromkeys(self.sources, self.ceiling)
        self.offset_ms = dict.fromkeys(self.sources, 0)
        self.asleep_ms = dict.fromkeys(self.sources, 0)
        self.inboxes = {src: [] for src in self.sources}
        self.last = bytes(wire.CAN_FRAME_SIZE)
        self.steps = 0
        self.leaders = 0
        self.pairs = {src: self.boot(src) for src in self.sources}

    def prepare(self, twin):
        twin.cluster_id = 2
        twin.serial = twin.src * 1000
        twin.zone = twin.src
        twin.demand_10w = 2700 * len(self.voters)
        for src in self.voters:
            twin.rated_10w[src] = 4000 + 500 * (src % 3)
            twin.cost_linear[src] = 10 * src
            twin.cost_cubic[src] = 1 + src

    def clock(self, src):
        return (self.now_ms + self.offset_ms[src]) & RING

    def boot(self, src):
        pair = Pair(src, self.mask, self.prepare)
        ceiling = -1 if self.random.random() < 0.03 else self.stored[src]
        pair.do("start", self.clock(src), ceiling)
        return pair

    def play(self, steps):
        while self.steps < steps:
            self.now_ms += self.random.choice([1, 2, 3, 5, 5, 5, 7])
            for src in self.sources:
                if self.random.random() < self.trouble:
                    self.strike(src)
                if self.asleep_ms[src] <= self.now_ms:
                    self.turn(src)
        return self

    def strike(self, src):
        """Pause, jump, restart or slander a node."""
        draw = self.random
        kind = draw.randrange(5)
        if kind == 0:
            self.asleep_ms[src] = self.now_ms + draw.randrange(20, 500)
        elif kind == 1:
            self.offset_ms[src] += draw.choice([-700, -90, -3, 3, 90, 700, 1 << 28, -(1 << 28)])
        elif kind == 2:
            self.steps += self.pairs[src].steps
            self.pairs[src] = self.boot(src)
        elif kind == 3:
            self.send(0, self.forge(src))
        else:
            for twin in self.pairs[src].twins:
                twin.plan[wire.PLAN_SEQ] = max(twin.plan[wire.PLAN_SEQ], 236) if self.steps % 2 else 1

    def turn(self, src):
        """One pass of a node's owner."""
        pair = self.pairs[src]
        draw = self.random
        before = pair.steps
        due = [item for item in self.inboxes[src] if item[0] <= self.now_ms]
        self.inboxes[src] = [item for item in self.inboxes[src] if item[0] > self.now_ms]
        for at_ms, frame in due:
            pair.do("on_frame", (at_ms + self.offset_ms[src]) & RING, bytearray(frame))
        now_ms = self.clock(src)
        pair.do("tick", now_ms)
        if draw.random() < (0.1 if pair.twins[0].role == wire.ROLE_LEADER else 0.01):
            code = draw.choice(
                [*range(-1, 12), wire.ORDER_DEMAND_10W, wire.ORDER_DEMAND_10W, wire.ORDER_TRANSFER]
            )
            pair.do("order", now_ms, code, self.order_value())
        if pair.twins[0].ceiling_wanted and draw.random() < 0.9:
            self.stored[src] = pair.twins[0].ceiling_wanted
            pair.do("on_stored", now_ms, self.stored[src])
        while frame := pair.take("take_outbox", now_ms):
            self.send(src, frame)
        while draw.random() < 0.97 and pair.take("take_trace"):
            pass
        pair.look(now_ms)
        self.leaders += pair.twins[0].has_lease(now_ms)
        self.steps += pair.steps - before

    def order_value(self):
        draw = self.random
        return draw.choice(
            [0, 1, 2, 3, draw.choice(self.sources), draw.randrange(70_000), -(1 << 31), (1 << 31) - 1]
        )

    def send(self, sender, frame):
        """Put a frame on the wire, and now and then something else."""
        draw = self.random
        self.spread(sender, frame)
        if draw.random() < self.noise:
            spoilt = bytearray(frame)
            for _ in range(draw.choice([1, 1, 2])):
                spoilt[draw.randrange(16)] ^= 1 << draw.randrange(8)
            self.spread(0, bytes(spoilt))
        if draw.random() < self.noise:
            self.spread(0, self.forge(draw.randrange(64)))
        if draw.random() < self.noise:
            self.spread(0, draw.randbytes(16))

    def spread(self, sender, frame):
        draw = self.random
        for src in self.sources:
            if src == sender or draw.random() < self.loss:
                continue
            late_ms = draw.choice([0, 0, 1, 1, 2]) if draw.random() > self.noise else draw.randrange(400)
            for _ in range(1 if draw.random() > self.noise else 2):
                self.inboxes[src].append((self.now_ms + late_ms, frame))
            if draw.random() < self.noise:
                draw.shuffle(self.inboxes[src])

    def forge(self, src):
        """Return a frame of a possible format that no node of the story sent."""
        draw = self.random
        frame = bytearray(wire.CAN_FRAME_SIZE)
        frame_type = draw.choice(TYPES)
        to = draw.choice([63, 63, 63, draw.choice(self.sources), draw.randrange(64)])
        identifier = canframe.identifier(frame_type, draw.choice([2, 2, 2, 2, 3]), to, src)
        term = self.pairs[draw.choice(self.voters)].twins[0].term
        near = [
            0,
            1,
            2,
            3,
            4,
            15,
            200,
            255,
            term - 1,
            term,
            term + 1,
            term + 2,
            term + 300,
            draw.randrange(1 << 24),
        ]
        if frame_type == wire.CAN_TYPE_PLAN:
            packer = plan.Packer(len(self.voters))
            numbers = array("i", [draw.choice(near) for _ in range(wire.PLAN_SIZE)])
            packer.load(numbers, src)
            packer.chunk(draw.randrange(packer.chunk_count), identifier, frame)
        else:
            canframe.encode(identifier, array("i", [max(draw.choice(near), 0) for _ in range(9)]), frame)
        return bytes(frame)


def test_every_number_of_the_twin_has_its_field():
    assert attributes_of(Twin(1, 2)) == fields_with_path(LAYOUT)


@pytest.mark.parametrize("seed", range(36))
def test_both_twins_live_the_same_life(seed):
    assert Story(seed).play(STEPS).steps >= STEPS


def test_the_stories_are_about_something():
    stories = [Story(seed).play(STEPS) for seed in range(4)]
    assert sum(story.leaders for story in stories) > 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1018))
def test_both_twins_live_the_same_long_life(seed):
    assert Story(seed).play(10 * STEPS).steps >= 10 * STEPS


WORD = st.integers(0, 255)
EVENT = st.tuples(
    st.sampled_from(["tick", "frame", "order", "stored"]), WORD, WORD, st.binary(min_size=9, max_size=9)
)


@given(st.integers(1, 12), st.integers(0, RING), st.lists(EVENT, max_size=80))
def test_any_calls_leave_both_twins_alike(voter_count, now_ms, events):
    pair = Pair(1, (2 << voter_count) - 2, lambda twin: None)
    pair.do("start", now_ms, 0)
    for kind, step, word, data in events:
        now_ms = (now_ms + (step if step < 250 else -step)) & RING
        if kind == "tick":
            pair.do("tick", now_ms)
        elif kind == "frame":
            fields = array("i", list(data))
            frame = bytearray(wire.CAN_FRAME_SIZE)
            canframe.encode(canframe.identifier(TYPES[word % 16], 0, 63, 1 + word // 16), fields, frame)
            pair.do("on_frame", now_ms, frame)
        elif kind == "order":
            pair.do("order", now_ms, word % 12, data[0] * (data[1] % 3 - 1))
        else:
            pair.do("on_stored", now_ms, 256 * data[0])
        pair.look(now_ms)
