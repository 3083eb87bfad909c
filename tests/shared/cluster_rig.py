"""A node of a cluster on a bench, or a few of them on a wire that takes no time. Tests get it by the fixture `rig`."""

from array import array

from evenload import canframe, plan, wire

RING = (1 << 30) - 1
BOOTED_MS = 200


def mask_of(sources):
    return sum(1 << src for src in sources)


def frame_of(frame_type, src, fields, dst=wire.CAN_DST_ALL, cluster=0):
    """Return a frame; fields: in the order of wire.py, the rest are 0."""
    frame = bytearray(wire.CAN_FRAME_SIZE)
    numbers = array("i", [*fields, *[0] * (wire.FIELD_COUNT_MAX - len(fields))])
    canframe.encode(canframe.identifier(frame_type, cluster, dst, src), numbers, frame)
    return frame


def beat(src, term, leader=0, **named):
    """Return a heartbeat, a leader's if it names itself; named: role, health, seq, load, capacity, counter, ack."""
    role = wire.ROLE_LEADER if leader == src else wire.ROLE_FOLLOWER
    words = {
        "role": role,
        "health": 0,
        "seq": 0,
        "load": 255,
        "capacity": 200,
        "counter": 0,
        "ack": 0,
    } | named
    return frame_of(wire.CAN_TYPE_HEARTBEAT, src, [term, leader, *words.values()])


def starting(src):
    return beat(src, 0, capacity=wire.BEAT_LOAD_UNKNOWN)


def lease(src, term, counter=0, seq=0, master=None):
    return frame_of(wire.CAN_TYPE_LEASE, src, [term, counter, src if master is None else master, seq])


def prevote_req(src, term, plan_term=0, plan_seq=0, transfer=0):
    return frame_of(wire.CAN_TYPE_PREVOTE_REQ, src, [term, plan_term, plan_seq, transfer])


def vote_req(src, term, plan_term=0, plan_seq=0, transfer=0):
    return frame_of(wire.CAN_TYPE_VOTE_REQ, src, [term, plan_term, plan_seq, transfer])


def grant(src, candidate, term, is_vote=True):
    frame_type = wire.CAN_TYPE_VOTE_RESP if is_vote else wire.CAN_TYPE_PREVOTE_RESP
    return frame_of(frame_type, src, [term, candidate, 1, 0, -1, -1])


def refusal(src, candidate, term, *, reason=wire.VOTE_REASON_LEADER, floor=0):
    return frame_of(wire.CAN_TYPE_VOTE_RESP, src, [term, candidate, 0, reason, floor, 0])


def resign(src, term, target=0, reason=wire.RESIGN_REASON_PLANNED):
    return frame_of(wire.CAN_TYPE_RESIGN, src, [term, reason, target])


def emergency(src, code, zone=0, severity=1):
    return frame_of(wire.CAN_TYPE_EMERGENCY, src, [code, severity, 0, zone])


def claim(src, uptime_ds, serial):
    return frame_of(wire.CAN_TYPE_CLAIM, src, [uptime_ds, serial])


def setpoint(src, dst, term, value=7):
    return frame_of(wire.CAN_TYPE_SETPOINT, src, [term, 1, 2, value], dst=dst)


def plan_numbers(term, seq, master, shares, **named):
    """Return a plan for as many voters as there are shares; named: demand, derates."""
    numbers = array("i", [0] * wire.PLAN_SIZE)
    numbers[wire.PLAN_TERM], numbers[wire.PLAN_SEQ], numbers[wire.PLAN_MASTER] = term, seq, master
    numbers[wire.PLAN_DEMAND_10W] = named.get("demand", sum(shares))
    numbers[wire.PLAN_CAP_PERCENT] = wire.DISPATCH_CAP_PERCENT_DEFAULT
    derates = named.get("derates", [wire.DERATE_FULL] * len(shares))
    for slot, share in enumerate(shares):
        numbers[wire.PLAN_SHARE_10W + slot] = share
        numbers[wire.PLAN_RANK + slot] = slot
        numbers[wire.PLAN_DERATE + slot] = derates[slot]
    return numbers


def chunks(numbers, voter_count, src=None):
    """Return the frames of a plan, sent by its master unless `src` says otherwise."""
    sender = numbers[wire.PLAN_MASTER] if src is None else src
    packer = plan.Packer(voter_count)
    packer.load(numbers, sender)
    frames = [bytearray(wire.CAN_FRAME_SIZE) for _ in range(packer.chunk_count)]
    for index, frame in enumerate(frames):
        packer.chunk(index, canframe.identifier(wire.CAN_TYPE_PLAN, 0, wire.CAN_DST_ALL, sender), frame)
    return frames


class Node:
    """A kernel and its owner: it ticks, stores the ceiling, and keeps what was sent and told."""

    def __init__(self, backend, src, voters, **settings):
        """settings: ceiling (0), now_ms (1000) and stores (True) of the owner; all others are the kernel's."""
        self.kernel = backend("cluster").Cluster(src, mask_of(voters))
        self.src = src
        self.stored = settings.pop("ceiling", 0)
        self.now_ms = settings.pop("now_ms", 1000)
        self.stores = settings.pop("stores", True)
        self.sent = []
        self.traces = []
        for name, value in settings.items():
            setattr(self.kernel, name, value)
        for voter in voters:
            self.kernel.rated_10w[voter] = 5000
        self.kernel.start(self.now_ms, self.stored)

    def hear(self, *frames, at_ms=None):
        """Take in frames, now or at an earlier stamp; return what the last one was worth."""
        found = 0
        for frame in frames:
            found = self.kernel.on_frame(self.now_ms if at_ms is None else at_ms, bytearray(frame))
        return found

    def tick(self, passed_ms=0):
        """Let time pass at once and tick; return the frames that leave."""
        self.now_ms = (self.now_ms + passed_ms) & RING
        self.kernel.tick(self.now_ms)
        return self.flush()

    def flush(self):
        if self.stores and self.kernel.ceiling_wanted:
            self.stored = self.kernel.ceiling_wanted
            self.kernel.on_stored(self.now_ms, self.stored)
        frames = []
        buffer = bytearray(wire.CAN_FRAME_SIZE)
        while self.kernel.take_outbox(self.now_ms, buffer):
            frames.append(bytes(buffer))
        row = array("i", [0] * wire.TRACE_SIZE)
        while self.kernel.take_trace(row):
            self.traces.append(tuple(row))
        self.sent += frames
        return frames

    def run(self, span_ms, step_ms=5, *frames):
        """Tick for a while, hearing `frames` before each tick; return the frames that left."""
        first = len(self.sent)
        for _ in range(span_ms // step_ms):
            self.now_ms = (self.now_ms + step_ms) & RING
            self.hear(*frames)
            self.tick()
        return self.sent[first:]

    def order(self, code, value=0):
        return self.kernel.order(self.now_ms, code, value)

    def snapshot(self):
        row = array("i", [0] * wire.SNAPSHOT_SIZE)
        self.kernel.snapshot(self.now_ms, row)
        return row

    def has_lease(self):
        return self.kernel.has_lease(self.now_ms)

    def told(self, code):
        """Return (a, b, c) of every transition of a kind so far."""
        return [row[1:4] for row in self.traces if row[0] == code]

    def lead(self):
        """Boot among silent but living voters 2, 3, ... and be elected; return the term."""
        others = [src for src in range(1, 16) if self.kernel.voter_mask & (1 << src) and src != self.src]
        for _ in range(200):
            self.run(5, 5, *[beat(src, 0) for src in others])
            self.hear(*self._grants(others))
            self.tick()
            if self.has_lease():
                return self.kernel.term
        raise AssertionError("never elected")

    def _grants(self, others):
        if self.kernel.role == wire.ROLE_PRECANDIDATE:
            term = sent_of(self.sent, wire.CAN_TYPE_PREVOTE_REQ)[-1][wire.REQUEST_TERM]
            return [grant(src, self.src, term, is_vote=False) for src in others]
        if self.kernel.role == wire.ROLE_CANDIDATE:
            return [grant(src, self.src, self.kernel.term) for src in others]
        return []


def sent_of(frames, frame_type):
    """Return the decoded fields of all frames of a type."""
    found = []
    for frame in frames:
        if canframe.type_of(canframe.identifier_of(frame)) == frame_type:
            fields = array("i", [0] * wire.FIELD_COUNT_MAX)
            assert canframe.decode(bytearray(frame), fields) == wire.FRAME_OK
            found.append(list(fields))
    return found


class Group:
    """Nodes of one cluster on a wire without delay; `deaf` hear nothing, `dead` do nothing."""

    def __init__(self, backend, voters, observers=(), now_ms=1000, **settings):
        self.backend = backend
        self.voters = list(voters)
        self.settings = {"demand_10w": 2750 * len(self.voters), **settings}
        self.dead = set()
        self.deaf = set()
        self.now_ms = now_ms
        self.nodes = {}
        for src in [*self.voters, *observers]:
            self.start(src, 0)

    def start(self, src, ceiling):
        node = Node(self.backend, src, self.voters, ceiling=ceiling, now_ms=self.now_ms, **self.settings)
        self.nodes[src] = node
        self.dead.discard(src)
        return node

    def run(self, span_ms, step_ms=5):
        """Let time pass; return self."""
        for _ in range(span_ms // step_ms):
            self.now_ms = (self.now_ms + step_ms) & RING
            for src, node in self.nodes.items():
                if src not in self.dead:
                    for frame in node.tick((self.now_ms - node.now_ms) & RING):
                        self.spread(src, frame)
        return self

    def spread(self, sender, frame):
        for src, node in self.nodes.items():
            if src != sender and src not in self.dead and src not in self.deaf:
                node.kernel.on_frame(self.now_ms, bytearray(frame))

    def leader(self):
        """Return the one node with a lease, None without; two are an error."""
        found = [node for src, node in self.nodes.items() if src not in self.dead and node.has_lease()]
        assert len(found) <= 1, [node.src for node in found]
        return found[0] if found else None

    def applied(self):
        return [self.nodes[src].kernel.applied_10w for src in self.voters if src not in self.dead]
