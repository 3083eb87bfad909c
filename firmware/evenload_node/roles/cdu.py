"""The role cdu: what stands between a cluster kernel that runs by itself and everyone who looks at the unit.

Whoever runs the kernel (the drive: a C thread, a Python thread, or nobody for a unit alone) publishes snapshots and
takes commands; the role moves the pump, stores what has to survive, keeps the trace and finds words for all of it.
"""

import json
from array import array

from evenload import ticks, wire
from evenload.core import kernel

from evenload_node.cdu_config import to_10w

PLAN_REST_MS = 1000
HISTORY_COUNT_MAX = 512
SUPPLY_CK_ZERO = 27315
STORED_KEYS = ("demand_10w", "supply_ck", "cap_percent", "policy")
PLAN_OFFSETS = (wire.PLAN_DEMAND_10W, wire.PLAN_SUPPLY_CK, wire.PLAN_CAP_PERCENT, wire.PLAN_MODE)


def make_cluster(config, initial: dict, serial: int) -> object:
    """Return a cluster kernel that is set up but not started.

    initial: demand_10w, supply_ck, cap_percent and policy of a cold start; serial: 30 random bits that tell two nodes
    with one number apart.
    """
    values = config.cluster
    voter_mask = 0
    for voter in values.voters:
        voter_mask |= 1 << voter.src
    cluster = kernel("cluster").Cluster(values.src, voter_mask)
    cluster.cluster_id = values.id
    cluster.stagger_ms = values.stagger_ms
    cluster.rto_ms = values.rto_ms
    cluster.zone = values.zone
    cluster.serial = serial
    for key in STORED_KEYS:
        setattr(cluster, key, initial[key])
    for voter in values.voters:
        cluster.rated_10w[voter.src] = to_10w(voter.rated_kw)
        cluster.rank[voter.src] = voter.load_rank
        cluster.cost_linear[voter.src] = voter.cost_linear
        cluster.cost_cubic[voter.src] = voter.cost_cubic
    return cluster


def initial_plan(config, stored: str | None) -> dict:
    """Return what a cold start wants: the configuration's values, overruled by the `stored` text of the last plan."""
    values = config.cluster
    initial = {
        "demand_10w": to_10w(values.demand_kw),
        "supply_ck": SUPPLY_CK_ZERO + to_10w(values.supply_c),
        "cap_percent": values.cap_percent,
        "policy": wire.DISPATCH_POLICY_NAMES.index(values.policy),
    }
    bounds = {"demand_10w": (0, 65535), "supply_ck": (0, 65535), "cap_percent": (1, 100), "policy": (0, 1)}
    try:
        found = json.loads(stored) if stored else {}
    except (ValueError, RuntimeError):  # RuntimeError: nested deeper than the stack.
        found = {}
    for key in STORED_KEYS if isinstance(found, dict) else ():
        value = found.get(key)
        if isinstance(value, int) and bounds[key][0] <= value <= bounds[key][1]:
            initial[key] = value
    return initial


class CduRole:
    """config: of config.parse; drive: whoever runs the kernel; ports: object with `pump` (set_share, step,
    delivered_10w), `floor` (Floor or None) and `plan_file` (`write(text)`, OSError); log: evenload_node.log.Log.

    `faces`: objects whose `on_trace(line)` is called with every trace line; `history`: the newest lines.
    """

    def __init__(self, config, drive, ports, log):
        self.config = config
        self.drive = drive
        self.ports = ports
        self.log = log
        self.src = 0 if config.cluster is None else config.cluster.src
        self.numbers = array("i", [0] * wire.SNAPSHOT_SIZE)
        self.counters = array("q", [0] * wire.RT_SIZE)
        self.answers = {}
        self.faces = []
        self.history = []
        self.storage_fault = ""
        self._trace = array("q", [0] * (wire.TRACE_SIZE + 1))
        self._ceiling_posted = 0
        self._load_posted = -1
        self._plan_stored = None
        self._plan_seen = None
        self._plan_seen_ms = 0
        self._told = None
        self._alarm = 0

    def refresh(self):
        """Read the newest snapshot and counters."""
        self.drive.read(self.numbers, self.counters)

    def turn(self):
        """Do what must not wait: store a ceiling that the kernel wants, take answers and traces."""
        self.refresh()
        self._store_ceiling()
        while True:
            answer = self.drive.take_answer()
            if answer is None:
                break
            if answer[0] in self.answers:
                self.answers[answer[0]] = answer[1]
        while self.drive.take_trace(self._trace):
            self._note_trace()

    def step(self, now_ms: int):
        """Do everything else, some ten times a second: pump, reported load, stored plan, log."""
        self.turn()
        pump = self.ports.pump
        pump.set_share(self.numbers[wire.SNAPSHOT_APPLIED_10W])
        pump.step(now_ms)
        self._report_load(pump.delivered_10w)
        self._store_plan(now_ms)
        self._tell_changes()

    def order(self, code: int, value: int) -> int:
        """Pass an order on; return the ticket under which `answers` will hold ORDER_*, 0 if too many wait."""
        ticket = self.drive.post(code, value)
        if ticket:
            self.answers[ticket] = None
        return ticket

    def take_answer(self, ticket: int) -> int | None:
        """Return the answer to a ticket and forget it, None while there is none."""
        answer = self.answers.get(ticket)
        if answer is not None:
            del self.answers[ticket]
        return answer

    def header(self) -> dict:
        """Return the first line of a trace file: who votes and what each unit is rated."""
        if self.config.cluster is None:
            return {"event": "cluster", "voters": [], "rated_10w": {}, "quorum": 0, "version": 1}
        voters = self.config.cluster.voters
        rated = {}
        for voter in voters:
            rated[str(voter.src)] = to_10w(voter.rated_kw)
        sources = [voter.src for voter in voters]
        quorum = len(voters) // 2 + 1
        return {"event": "cluster", "voters": sources, "rated_10w": rated, "quorum": quorum, "version": 1}

    def _store_ceiling(self):
        wanted = self.numbers[wire.SNAPSHOT_CEILING_WANTED]
        if not wanted or wanted == self._ceiling_posted or self.ports.floor is None:
            return
        try:
            self.ports.floor.store(wanted)
        except OSError as error:
            # The kernel abstains until the number is stored; the next turn tries again.
            self._tell_storage("the vote floor could not be stored ({})".format(error))
            return
        self._tell_storage("")
        if self.drive.post(wire.RT_COMMAND_STORED, wanted):
            self._ceiling_posted = wanted

    def _note_trace(self):
        row = self._trace
        line = {
            "t_us": row[0],
            "node": self.src,
            "event": wire.TRACE_NAMES[row[1]],
            "a": row[2],
            "b": row[3],
            "c": row[4],
            "at_ms": row[5],
        }
        self._remember(line)
        for face in list(self.faces):
            face.on_trace(line)

    def _remember(self, line):
        """Keep the newest lines; of a lease that is only extended the last, or a master would know nothing else."""
        is_extension = row_is_lease(line) and self.history and row_is_lease(self.history[-1])
        if is_extension or len(self.history) >= HISTORY_COUNT_MAX:
            self.history.pop(-1 if is_extension else 0)
        self.history.append(line)

    def _report_load(self, delivered_10w):
        """Say the actual load in steps of 0.5 % of what the unit is rated."""
        rated_10w = self.numbers[wire.SNAPSHOT_RATED_10W]
        load = min(200 * delivered_10w // rated_10w, 250) if rated_10w > 0 else wire.BEAT_LOAD_UNKNOWN
        if load != self._load_posted and self.drive.post(wire.ORDER_LOAD, load):
            self._load_posted = load

    def _store_plan(self, now_ms):
        """Keep what the last plan wanted for a cold start: at idle, once it has not changed for a second."""
        if not self.numbers[wire.SNAPSHOT_PLAN + wire.PLAN_SEQ]:
            return
        wanted = [self.numbers[wire.SNAPSHOT_PLAN + offset] for offset in PLAN_OFFSETS]
        if wanted != self._plan_seen:
            self._plan_seen = wanted
            self._plan_seen_ms = now_ms
        elif wanted != self._plan_stored and ticks.elapsed_ms(now_ms, self._plan_seen_ms) >= PLAN_REST_MS:
            self._plan_seen_ms = now_ms
            try:
                self.ports.plan_file.write(json.dumps(dict(zip(STORED_KEYS, wanted))) + "\n")
                self._plan_stored = wanted
                self._tell_storage("")
            except OSError as error:
                self._tell_storage("the last plan could not be stored ({})".format(error))

    def _tell_storage(self, fault):
        if fault and fault != self.storage_fault:
            self.log.line("ERROR", "event=storage " + fault)
        self.storage_fault = fault

    def _tell_changes(self):
        numbers = self.numbers
        role = numbers[wire.SNAPSHOT_ROLE]
        told = (role, numbers[wire.SNAPSHOT_TERM], numbers[wire.SNAPSHOT_LEADER])
        if told != self._told and self.config.cluster is not None:
            self._told = told
            words = "event=role {} term {} master {}".format(wire.ROLE_NAMES[role], told[1], told[2])
            self.log.line("INFO", words)
        alarm = numbers[wire.SNAPSHOT_ALARM]
        for bit, name in ALARMS:
            if alarm & bit and not self._alarm & bit:
                self.log.line("WARN", "event=alarm {}".format(name))
            elif self._alarm & bit and not alarm & bit:
                self.log.line("INFO", "event=alarm_over {}".format(name))
        self._alarm = alarm


def row_is_lease(line: dict) -> bool:
    """Return whether a trace line is an extension of the lease."""
    return line["event"] == wire.TRACE_NAMES[wire.TRACE_LEASE]


ALARMS = (
    (wire.ALARM_UNMET, "unmet"),
    (wire.ALARM_N1_LOST, "n1_lost"),
    (wire.ALARM_CLASH, "clash"),
    (wire.ALARM_NO_FLOOR, "no_floor"),
    (wire.ALARM_TERM_END, "term_end"),
    (wire.ALARM_NO_QUORUM, "no_quorum"),
    (wire.ALARM_EMERGENCY, "emergency"),
    (wire.ALARM_CLOCK_STEP, "clock_step"),
)


def alarm_words(alarm: int) -> list:
    """Return the words of an alarm word's bits."""
    return [name for bit, name in ALARMS if alarm & bit]
