"""What the owner of a cluster node may ask of it (ORDER_*; SPEC, cluster). Mirror: csrc/src/orders.c."""

from evenload import inbox
from evenload.ticks import elapsed_ms
from evenload.wire import (
    BEAT_LOAD_UNKNOWN,
    CAN_DST_ALL,
    CAN_SRC_VOTER_MAX,
    CAN_TYPE_EMERGENCY,
    CLUSTER_EMERGENCY_GAP_MS,
    DERATE_OUT,
    DISPATCH_DEMAND_10W_MAX,
    DISPATCH_POLICY_EFFICIENCY,
    EMERGENCY_CODE,
    EMERGENCY_COUNTER,
    EMERGENCY_FLOW_LOST,
    EMERGENCY_LEAK,
    EMERGENCY_SEVERITY,
    EMERGENCY_SINCE_DS,
    EMERGENCY_VALUE,
    EMERGENCY_ZONE,
    ORDER_CAP_PERCENT,
    ORDER_DEMAND_10W,
    ORDER_DONE,
    ORDER_DRAIN,
    ORDER_EMERGENCY,
    ORDER_HEALTH,
    ORDER_LOAD,
    ORDER_NOT_LEADER,
    ORDER_NOT_READY,
    ORDER_POLICY,
    ORDER_RESIGN,
    ORDER_SUPPLY_CK,
    ORDER_TRANSFER,
    ORDER_UNKNOWN,
    ORDER_VALUE,
    PLAN_SEQ,
    PLAN_SEQ_MAX,
    RESIGN_REASON_PLANNED,
    RESIGN_REASON_TRANSFER,
    TRACE_EMERGENCY,
)


def obey(cluster, now_ms: int, code: int, value: int) -> int:
    """Do what is ordered; return ORDER_DONE or why not.

    DEMAND_10W 0 .. 65535, CAP_PERCENT 1 .. 100, SUPPLY_CK 0 .. 65535 (0.01 K), POLICY 0 .. 1: the plan, of the
    leader only. TRANSFER (the successor's source), RESIGN: the leader only. DRAIN 0 or 1, HEALTH 0 .. 3 (DERATE_*),
    LOAD 0 .. 250 (0.5 % of rated; 255 unknown), EMERGENCY 1 .. 3 (the code; 0 ends an isolation): this node.
    """
    if code == ORDER_DRAIN or code == ORDER_HEALTH or code == ORDER_LOAD or code == ORDER_EMERGENCY:
        return _obey_self(cluster, now_ms, code, value)
    if code < ORDER_DEMAND_10W or code > ORDER_CAP_PERCENT:
        return ORDER_UNKNOWN
    if not cluster.has_lease(now_ms):
        return ORDER_NOT_LEADER
    if code == ORDER_RESIGN:
        cluster.stand_down(now_ms, RESIGN_REASON_PLANNED, 0)
        return ORDER_DONE
    if code == ORDER_TRANSFER:
        return _transfer(cluster, now_ms, value)
    if cluster.plan[PLAN_SEQ] >= PLAN_SEQ_MAX:
        return ORDER_NOT_READY
    return _want(cluster.planner, code, value)


def _obey_self(cluster, now_ms, code, value):
    if code == ORDER_DRAIN:
        if value < 0 or value > 1:
            return ORDER_VALUE
        cluster.is_draining = value
    elif code == ORDER_HEALTH:
        if value < 0 or value > DERATE_OUT:
            return ORDER_VALUE
        cluster.health = value
    elif code == ORDER_LOAD:
        if value < 0 or (value > 250 and value != BEAT_LOAD_UNKNOWN):
            return ORDER_VALUE
        cluster.load = value
    else:
        return _raise_emergency(cluster, now_ms, value)
    return ORDER_DONE


def _raise_emergency(cluster, now_ms, code):
    """Act on an own emergency and tell everyone, at most every CLUSTER_EMERGENCY_GAP_MS."""
    if code < 0 or code > EMERGENCY_FLOW_LOST:
        return ORDER_VALUE
    if code == 0:
        cluster.cover.is_isolated = 0
        return ORDER_DONE
    zone = cluster.zone
    if code == EMERGENCY_LEAK:
        cluster.cover.is_isolated = 1
        cluster.health = DERATE_OUT
    else:
        inbox.act(cluster, now_ms, code, zone)
    if cluster.has_sent_emergency:
        if 0 <= elapsed_ms(now_ms, cluster.emergency_sent_ms) < CLUSTER_EMERGENCY_GAP_MS:
            return ORDER_NOT_READY
    cluster.has_sent_emergency = 1
    cluster.emergency_sent_ms = now_ms
    cluster.emergency_counter = (cluster.emergency_counter + 1) & 255
    fields = cluster.post.fields
    fields[EMERGENCY_CODE] = code
    fields[EMERGENCY_SEVERITY] = 1
    fields[EMERGENCY_VALUE] = 0
    fields[EMERGENCY_ZONE] = zone
    fields[EMERGENCY_COUNTER] = cluster.emergency_counter
    fields[EMERGENCY_SINCE_DS] = 0
    cluster.post.send(now_ms, CAN_TYPE_EMERGENCY, CAN_DST_ALL)
    cluster.post.trace(now_ms, TRACE_EMERGENCY, code, 1, cluster.src)
    return ORDER_DONE


def _transfer(cluster, now_ms, target):
    if target < 1 or target > CAN_SRC_VOTER_MAX or target == cluster.src:
        return ORDER_VALUE
    if not cluster.voter_mask & (1 << target):
        return ORDER_VALUE
    if not cluster.may_succeed(target):
        return ORDER_NOT_READY
    cluster.stand_down(now_ms, RESIGN_REASON_TRANSFER, target)
    return ORDER_DONE


def _want(planner, code, value):
    if value < 0:
        return ORDER_VALUE
    if code == ORDER_DEMAND_10W and value <= DISPATCH_DEMAND_10W_MAX:
        planner.demand_10w = value
    elif code == ORDER_CAP_PERCENT and 1 <= value <= 100:
        planner.cap_percent = value
    elif code == ORDER_SUPPLY_CK and value <= 65535:
        planner.supply_ck = value
    elif code == ORDER_POLICY and value <= DISPATCH_POLICY_EFFICIENCY:
        planner.policy = value
    else:
        return ORDER_VALUE
    return ORDER_DONE
