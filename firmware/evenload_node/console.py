"""A node's console: `[#id] word args` in, one JSON line `{"id", "ok", ...}` out. Sans-IO.

A line that is no request is answered with a sentence, never obeyed in part. An answer that has to wait for the
cluster (load, transfer) is given by `poll`, at the latest after ANSWER_MS_MAX.
"""

from evenload import ticks, wire
from evenload.site import nearest

from evenload_node import cdu_status
from evenload_node.cdu_config import quorum_of, to_10w

LINE_SIZE_MAX = 512
ANSWER_MS_MAX = 300
WAITING_COUNT_MAX = 64
LOG_COUNT_MAX = 200
WORDS = (
    ("help", "help", "this list"),
    ("status", "status", "the unit: role, master, share, plan, bus, lateness"),
    ("peers", "peers", "every voter as this unit hears it"),
    ("plan", "plan", "the plan that is applied: demand, supply, each unit's share"),
    ("term", "term", "where the unit stands in the election"),
    ("log", "log", "the newest log lines"),
    ("resign", "resign", "master: stand down, the next unit is elected at once"),
    ("transfer", "transfer N", "master: hand over to unit N (its number or name)"),
    ("load", "load KW", "master: share this much heat from now on"),
    ("policy", "policy ramp|efficiency", "master: share by rank or by equal marginal cost"),
    ("supply", "supply C", "master: the supply temperature of the plan"),
    ("cap", "cap PERCENT", "master: its own load, at most"),
    ("drain", "drain [off]", "take this unit's load away, for maintenance"),
    ("health", "health full|90|50|out", "say what this unit can still do"),
    ("emergency", "emergency leak|overtemperature|flow_lost|none", "raise an emergency of this unit"),
    ("trace", "trace [off]", "send every transition as a line with `event`"),
    ("beats", "beats", "the CLOCK_MONOTONIC us of every heartbeat sent since the last `beats`"),
    ("lateness", "lateness", "how late the real-time loop ticks"),
)
NAMES = tuple([row[0] for row in WORDS])


class Refusal(Exception):
    """A request that is not obeyed; its text is the sentence that says why and what to do."""


class Console:
    """role: CduRole; log_lines: the newest log lines.

    A client is an object with `send(answer)`, which takes a JSON-ready dict, and `on_trace(line)`.
    """

    def __init__(self, role, log_lines):
        self._role = role
        self._log_lines = log_lines
        self._waiting = []

    def ask(self, now_ms: int, line: str, client):
        """Take one line without its end; what can be answered at once is sent to `client` at once."""
        words = line.split()
        if not words:
            return
        request_id = None
        if words[0].startswith("#"):
            request_id = words.pop(0)[1:]
        try:
            self._role.refresh()
            if len(line) > LINE_SIZE_MAX:
                raise Refusal("The line is longer than {} characters.".format(LINE_SIZE_MAX))
            self._obey(now_ms, words, request_id, client)
        except Refusal as refusal:
            client.send({"id": request_id, "ok": False, "error": str(refusal)})

    def poll(self, now_ms: int):
        """Send the answers that have become known or have waited long enough."""
        still = []
        for waiting in self._waiting:
            answer = waiting.look(now_ms, self._role)
            if answer is None:
                still.append(waiting)
            else:
                answer["id"] = waiting.request_id
                waiting.client.send(answer)
        self._waiting = still

    def forget(self, client):
        """Drop what is a client's that has gone."""
        if client in self._role.faces:
            self._role.faces.remove(client)

    def _obey(self, now_ms, words, request_id, client):
        word = words[0] if words else "help"
        if word not in NAMES:
            hint = "{} is no word of this console; did you mean {}? `help` lists all."
            raise Refusal(hint.format(word[:40], nearest(word[:40], NAMES)))
        arguments = words[1:]
        if word in _READERS:
            _require_count(word, arguments, 0)
            answer = {"id": request_id, "ok": True}
            answer.update(_READERS[word](self._role))
            client.send(answer)
        elif word == "log":
            _require_count(word, arguments, 0)
            client.send({"id": request_id, "ok": True, "log": list(self._log_lines)})
        elif word == "trace":
            self._trace(arguments, request_id, client)
        else:
            if len(self._waiting) >= WAITING_COUNT_MAX:
                raise Refusal("{} requests wait already; ask again.".format(WAITING_COUNT_MAX))
            code, value = _ORDERS[word](self._role, arguments)
            ticket = self._role.order(code, value)
            if not ticket:
                raise Refusal("The real-time loop has not taken the last commands yet; ask again.")
            self._waiting.append(Waiting(now_ms, (word, code, value), ticket, request_id, client))

    def _trace(self, arguments, request_id, client):
        _require_count("trace", arguments, 0, 1)
        if arguments and arguments[0] != "off":
            raise Refusal("trace is {}; valid: trace, or trace off.".format(arguments[0]))
        faces = self._role.faces
        if client in faces:
            faces.remove(client)
        client.send({"id": request_id, "ok": True, "trace": not arguments, "cluster": self._role.header()})
        if not arguments:
            for line in list(self._role.history):
                client.on_trace(line)
            faces.append(client)


class Waiting:
    """An order on its way: first the kernel's answer, then, where it changes the plan, the quorum's."""

    def __init__(self, now_ms, order, ticket, request_id, client):
        self._since_ms = now_ms
        self._word, self._code, self._value = order
        self._ticket = ticket
        self._is_taken = False
        self.request_id = request_id
        self.client = client

    def look(self, now_ms: int, role) -> dict | None:
        """Return the answer, None while it is not known."""
        waited_ms = ticks.elapsed_ms(now_ms, self._since_ms)
        if not self._is_taken:
            answer = role.take_answer(self._ticket)
            if answer is None:
                if waited_ms < ANSWER_MS_MAX:
                    return None
                return {"ok": False, "error": "The real-time loop did not answer within 300 ms."}
            if answer != wire.ORDER_DONE:
                return {"ok": False, "error": refusal_words(role, self._word, answer)}
            self._is_taken = True
        if role.config.cluster is None or self._code not in _PLAN_OFFSETS:
            return {"ok": True}
        is_committed = self._is_committed(role)
        if not is_committed and waited_ms < ANSWER_MS_MAX:
            return None
        answer = {"ok": True, "committed": is_committed, "after_ms": waited_ms}
        answer["plan"] = cdu_status.plan_of(role)
        if not is_committed:
            answer["note"] = (
                "Taken, but no plan with it is applied by {} units yet; ask `plan` again.".format(
                    quorum_of(role.config)
                )
            )
        return answer

    def _is_committed(self, role):
        """Return whether the applied plan says what was ordered and a quorum has applied it."""
        numbers = role.numbers
        if not numbers[wire.SNAPSHOT_HAS_LEASE]:
            return False
        wanted = numbers[wire.SNAPSHOT_PLAN + _PLAN_OFFSETS[self._code]]
        seq = numbers[wire.SNAPSHOT_PLAN + wire.PLAN_SEQ]
        return wanted == self._value and seq != 0 and numbers[wire.SNAPSHOT_COMMITTED_SEQ] == seq


def refusal_words(role, word: str, answer: int) -> str:
    """Return the sentence of an ORDER_* refusal."""
    leader = role.numbers[wire.SNAPSHOT_LEADER]
    words = "this unit follows; the master is {} (unit {}). Ask there.".format(_name_of(role, leader), leader)
    if role.config.cluster is None:
        words = "this unit runs alone; its configuration has no cluster section."
    elif answer == wire.ORDER_NOT_READY:
        words = "not now: the unit is not alive, not healthy or has not applied the present plan."
    elif answer == wire.ORDER_VALUE:
        words = "the value is out of range; `help` shows how it is asked."
    elif answer != wire.ORDER_NOT_LEADER:
        words = "this unit does not know the order."
    elif not leader:
        words = "no master is elected now; ask again, or ask `peers` who is missing."
    elif leader == role.src:
        words = "this unit leads, but a quorum has not confirmed its lease; ask again."
    return "{}: {}".format(word, words)


def _name_of(role, src):
    voters = [] if role.config.cluster is None else role.config.cluster.voters
    names = [voter.name for voter in voters if voter.src == src]
    return names[0] if names else "unit {}".format(src)


def _help(_role):
    return {"words": [{"word": usage, "does": meaning} for _, usage, meaning in WORDS]}


def _beats(role):
    stamps = []
    stamp_us = role.drive.take_beat()
    while stamp_us:
        stamps.append(stamp_us)
        stamp_us = role.drive.take_beat()
    return {"beats_us": stamps, "lost": role.counters[wire.RT_BEATS_LOST]}


def _peers(role):
    return {"peers": cdu_status.peers_of(role)}


def _plan(role):
    return {"plan": cdu_status.plan_of(role)}


def _lateness(role):
    found = cdu_status.lateness.summary(role.counters)
    found["rt"] = bool(role.counters[wire.RT_IS_FIFO])
    return found


_READERS = {
    "help": _help,
    "status": cdu_status.status_of,
    "peers": _peers,
    "plan": _plan,
    "term": cdu_status.term_of,
    "beats": _beats,
    "lateness": _lateness,
}
_PLAN_OFFSETS = {
    wire.ORDER_DEMAND_10W: wire.PLAN_DEMAND_10W,
    wire.ORDER_POLICY: wire.PLAN_MODE,
    wire.ORDER_SUPPLY_CK: wire.PLAN_SUPPLY_CK,
    wire.ORDER_CAP_PERCENT: wire.PLAN_CAP_PERCENT,
}


def _require_count(word, arguments, least, most=None):
    if not least <= len(arguments) <= (least if most is None else most):
        usage = next(row[1] for row in WORDS if row[0] == word)
        raise Refusal("{} has {} arguments; valid: `{}`.".format(word, len(arguments), usage))


def _number(word, arguments, least, most):
    _require_count(word, arguments, 1)
    text = arguments[0]
    valid = "{} is {}; valid: a number of {} .. {}.".format(word, text[:40], least, most)
    try:
        value = float(text)
    except ValueError:
        raise Refusal(valid)
    if not least <= value <= most:
        raise Refusal(valid)
    return value


def _choice(word, arguments, names):
    _require_count(word, arguments, 1)
    text = arguments[0]
    if text in names:
        return names.index(text)
    if text in [str(i) for i in range(len(names))]:
        return int(text)
    raise Refusal("{} is {}; valid: one of {}.".format(word, text[:40], ", ".join(names)))


def _voter(role, text):
    voters = [] if role.config.cluster is None else role.config.cluster.voters
    for voter in voters:
        if text in (str(voter.src), voter.name):
            return voter.src
    known = ", ".join(["{} ({})".format(voter.src, voter.name) for voter in voters])
    raise Refusal(
        "transfer is {}; valid: a voter: {}.".format(text[:40], known or "none, the unit runs alone")
    )


def _resign(_role, arguments):
    _require_count("resign", arguments, 0)
    return wire.ORDER_RESIGN, 0


def _drain(_role, arguments):
    _require_count("drain", arguments, 0, 1)
    if arguments and arguments[0] not in ("on", "off"):
        raise Refusal("drain is {}; valid: drain, or drain off.".format(arguments[0][:40]))
    return wire.ORDER_DRAIN, 0 if arguments == ["off"] else 1


def _transfer(role, arguments):
    _require_count("transfer", arguments, 1)
    return wire.ORDER_TRANSFER, _voter(role, arguments[0])


def _load(_role, arguments):
    return wire.ORDER_DEMAND_10W, to_10w(_number("load", arguments, 0, wire.DISPATCH_DEMAND_10W_MAX / 100))


def _supply(_role, arguments):
    return wire.ORDER_SUPPLY_CK, to_10w(_number("supply", arguments, 5, 60)) + cdu_status.SUPPLY_CK_ZERO


def _cap(_role, arguments):
    return wire.ORDER_CAP_PERCENT, int(_number("cap", arguments, 1, 100))


def _policy(_role, arguments):
    return wire.ORDER_POLICY, _choice("policy", arguments, wire.DISPATCH_POLICY_NAMES)


def _health(_role, arguments):
    return wire.ORDER_HEALTH, _choice("health", arguments, wire.DERATE_NAMES)


def _emergency(_role, arguments):
    return wire.ORDER_EMERGENCY, _choice("emergency", arguments, wire.EMERGENCY_WORDS)


# Each returns (ORDER_*, value) or raises Refusal.
_ORDERS = {
    "resign": _resign,
    "transfer": _transfer,
    "load": _load,
    "policy": _policy,
    "supply": _supply,
    "cap": _cap,
    "drain": _drain,
    "health": _health,
    "emergency": _emergency,
}
