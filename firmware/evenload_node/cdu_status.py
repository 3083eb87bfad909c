"""A cooling unit in words and kilowatts: what the console, the supervisor and a person read. JSON-ready."""

from evenload import wire
from evenload.core import BACKEND

from evenload_node import lateness
from evenload_node.cdu_config import quorum_of
from evenload_node.roles.cdu import SUPPLY_CK_ZERO, CduRole, alarm_words
from evenload_node.sections import Section


def status_of(role: CduRole) -> dict:
    """Return the whole unit."""
    numbers = role.numbers
    alone = role.config.cluster is None
    return {
        "node": role.config.node,
        "src": role.src,
        "role": "alone" if alone else wire.ROLE_NAMES[numbers[wire.SNAPSHOT_ROLE]],
        "term": numbers[wire.SNAPSHOT_TERM],
        "leader": numbers[wire.SNAPSHOT_LEADER],
        "has_lease": bool(numbers[wire.SNAPSHOT_HAS_LEASE]),
        "quorum": 0 if alone else quorum_of(role.config),
        "voters": [] if alone else [voter.src for voter in role.config.cluster.voters],
        "alive": sources_of(numbers[wire.SNAPSHOT_ALIVE_MASK]),
        "rated_kw": numbers[wire.SNAPSHOT_RATED_10W] / 100,
        "applied_kw": numbers[wire.SNAPSHOT_APPLIED_10W] / 100,
        "target_kw": numbers[wire.SNAPSHOT_TARGET_10W] / 100,
        "delivered_kw": role.ports.pump.delivered_10w / 100,
        "unmet_kw": numbers[wire.SNAPSHOT_UNMET_10W] / 100,
        "basis": wire.BASIS_NAMES[numbers[wire.SNAPSHOT_BASIS]],
        "health": wire.DERATE_NAMES[numbers[wire.SNAPSHOT_HEALTH]],
        "alarms": alarm_words(numbers[wire.SNAPSHOT_ALARM]),
        "silent": bool(numbers[wire.SNAPSHOT_IS_SILENT]),
        "plan": plan_of(role),
        "bus": bus_of(role),
        "rt": bool(role.counters[wire.RT_IS_FIFO]),
        "locked": bool(role.counters[wire.RT_IS_LOCKED]),
        "lateness": lateness.summary(role.counters),
        "blocks": [block_of(block) for block in role.config.blocks],
        "faults": faults_of(role),
        "uptime_s": role.ports.uptime_s(),
        "backend": BACKEND,
    }


def plan_of(role: CduRole) -> dict:
    """Return the plan that the unit applies; term and seq 0: none yet."""
    first = wire.SNAPSHOT_PLAN
    numbers = role.numbers
    shares = []
    voters = [] if role.config.cluster is None else role.config.cluster.voters
    for slot in range(len(voters)):
        derate = numbers[first + wire.PLAN_DERATE + slot]
        shares.append(
            {
                "src": voters[slot].src,
                "node": voters[slot].name,
                "share_kw": numbers[first + wire.PLAN_SHARE_10W + slot] / 100,
                "load_rank": numbers[first + wire.PLAN_RANK + slot],
                "derate": wire.DERATE_NAMES[derate],
            }
        )
    supply_ck = numbers[first + wire.PLAN_SUPPLY_CK]
    return {
        "term": numbers[first + wire.PLAN_TERM],
        "seq": numbers[first + wire.PLAN_SEQ],
        "committed_seq": numbers[wire.SNAPSHOT_COMMITTED_SEQ],
        "master": numbers[first + wire.PLAN_MASTER],
        "policy": wire.DISPATCH_POLICY_NAMES[numbers[first + wire.PLAN_MODE] & 1],
        "demand_kw": numbers[first + wire.PLAN_DEMAND_10W] / 100,
        "cap_percent": numbers[first + wire.PLAN_CAP_PERCENT],
        "supply_c": (supply_ck - SUPPLY_CK_ZERO) / 100 if supply_ck else None,
        "shares": shares,
    }


def peers_of(role: CduRole) -> list:
    """Return every voter as this unit hears it; its own row says what it sends."""
    numbers = role.numbers
    rows = []
    for voter in [] if role.config.cluster is None else role.config.cluster.voters:
        src = voter.src
        is_self = src == role.src
        age_ms = 0 if is_self else numbers[wire.SNAPSHOT_PEER_AGE_MS + src]
        load = numbers[wire.SNAPSHOT_PEER_LOAD + src]
        role_code = numbers[wire.SNAPSHOT_ROLE] if is_self else numbers[wire.SNAPSHOT_PEER_ROLE + src]
        health = numbers[wire.SNAPSHOT_HEALTH] if is_self else numbers[wire.SNAPSHOT_PEER_HEALTH + src]
        rows.append(
            {
                "src": src,
                "node": voter.name,
                "self": is_self,
                "alive": is_self or age_ms >= 0,
                "age_ms": age_ms if age_ms >= 0 else None,
                "role": wire.ROLE_NAMES[role_code],
                "term": numbers[wire.SNAPSHOT_TERM if is_self else wire.SNAPSHOT_PEER_TERM + src],
                "leader": numbers[wire.SNAPSHOT_LEADER if is_self else wire.SNAPSHOT_PEER_LEADER + src],
                "health": wire.DERATE_NAMES[health],
                "plan_seq": _own_seq(numbers) if is_self else numbers[wire.SNAPSHOT_PEER_PLAN_SEQ + src],
                "load_kw": _load_kw(role, voter, load),
                "lost": numbers[wire.SNAPSHOT_PEER_LOST + src],
            }
        )
    return rows


def term_of(role: CduRole) -> dict:
    """Return where the unit stands in the election."""
    numbers = role.numbers
    return {
        "role": "alone" if role.config.cluster is None else wire.ROLE_NAMES[numbers[wire.SNAPSHOT_ROLE]],
        "term": numbers[wire.SNAPSHOT_TERM],
        "leader": numbers[wire.SNAPSHOT_LEADER],
        "has_lease": bool(numbers[wire.SNAPSHOT_HAS_LEASE]),
        "voted_for": numbers[wire.SNAPSHOT_VOTED_FOR],
        "floor": numbers[wire.SNAPSHOT_FLOOR],
        "ceiling": numbers[wire.SNAPSHOT_CEILING],
        "elections": numbers[wire.SNAPSHOT_ELECTIONS],
        "floor_fault": "" if role.ports.floor is None else role.ports.floor.fault,
    }


def bus_of(role: CduRole) -> dict:
    """Return the wire: whether it is there, what went over it, and what was not acted on."""
    numbers = role.numbers
    counters = role.counters
    refused = {}
    for fault in range(1, wire.FRAME_FAULT_COUNT):
        count = numbers[wire.SNAPSHOT_FAULT + fault]
        if count:
            refused[wire.FRAME_FAULT_WORDS[fault]] = count
    bus = {
        "open": bool(counters[wire.RT_IS_OPEN]),
        "rx": counters[wire.RT_RX],
        "tx": counters[wire.RT_TX],
        "tx_errors": counters[wire.RT_TX_ERRORS],
        "tx_dropped": counters[wire.RT_TX_DROPPED] + numbers[wire.SNAPSHOT_OUTBOX_DROPPED],
        "malformed": counters[wire.RT_RX_MALFORMED],
        "lost": counters[wire.RT_BUS_LOST],
        "refused": refused,
    }
    bus.update(role.ports.bus_facts())
    return bus


def faults_of(role: CduRole) -> list:
    """Return what is wrong with the node itself, as sentences."""
    found = []
    if role.ports.floor is not None and role.ports.floor.fault:
        found.append(role.ports.floor.fault)
    if role.storage_fault:
        found.append(role.storage_fault)
    lost = role.counters[wire.RT_TRACE_LOST] + role.numbers[wire.SNAPSHOT_TRACE_LOST]
    if lost:
        found.append("{} transitions are missing in the trace".format(lost))
    return found


def block_of(block: Section) -> dict:
    """Return one function block as it was configured."""
    return {"id": block.id, "type": block.type, "settings": {} if block.settings is None else block.settings}


def sources_of(mask: int) -> list:
    """Return the sources whose bits are set."""
    return [src for src in range(wire.CLUSTER_COLUMN_COUNT) if mask & (1 << src)]


def _own_seq(numbers):
    is_of_term = numbers[wire.SNAPSHOT_PLAN + wire.PLAN_TERM] == numbers[wire.SNAPSHOT_TERM]
    return numbers[wire.SNAPSHOT_PLAN + wire.PLAN_SEQ] if is_of_term else 0


def _load_kw(role, voter, load):
    """Return a unit's actual load in kW; None while it has not said."""
    if voter.src == role.src:
        return role.ports.pump.delivered_10w / 100
    return None if load == wire.BEAT_LOAD_UNKNOWN else voter.rated_kw * load / 200
