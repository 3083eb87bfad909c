"""What a received frame means to a cluster node (SPEC, cluster). Mirror: csrc/src/inbox.c.

Every frame is checked first: ours, our cluster, our version, for us, long enough, possible values. What fails is
counted by its reason and never acted on. Frames with the own source come from another node with the same
identifier: the younger of the two falls silent.
"""

from evenload import canframe, reply
from evenload.plan import newer
from evenload.ticks import elapsed_ms
from evenload.wire import (
    ALARM_CLASH,
    BEAT_ACK,
    BEAT_COUNTER,
    BEAT_LEADER,
    BEAT_ROLE,
    BEAT_TERM,
    CAN_DST_ALL,
    CAN_SRC_VOTER_MAX,
    CAN_TYPE_CLAIM,
    CAN_TYPE_EMERGENCY,
    CAN_TYPE_HEARTBEAT,
    CAN_TYPE_LEASE,
    CAN_TYPE_PLAN,
    CAN_TYPE_PREVOTE_REQ,
    CAN_TYPE_PREVOTE_RESP,
    CAN_TYPE_RESIGN,
    CAN_TYPE_SETPOINT,
    CAN_TYPE_VOTE_REQ,
    CAN_TYPE_VOTE_RESP,
    CAN_VERSION,
    CLAIM_SERIAL,
    CLAIM_UPTIME_DS,
    CLUSTER_ECHO_MS,
    CLUSTER_EMERGENCY_GAP_MS,
    CLUSTER_EMERGENCY_HOLD_MS,
    DERATE_OUT,
    EMERGENCY_CODE,
    EMERGENCY_LEAK,
    EMERGENCY_SEVERITY,
    EMERGENCY_ZONE,
    FRAME_CLUSTER,
    FRAME_NOT_FOR_ME,
    FRAME_NOT_OURS,
    FRAME_OK,
    FRAME_OWN_SRC,
    FRAME_STALE,
    FRAME_STRANGER,
    FRAME_VALUE,
    FRAME_VERSION,
    LEASE_COUNTER,
    LEASE_MASTER,
    LEASE_TERM,
    PLAN_MASTER,
    PLAN_SEQ,
    PLAN_SIZE,
    PLAN_TERM,
    RESIGN_REASON_PLANNED,
    RESIGN_TERM,
    RESPONSE_FLOOR,
    ROLE_BOOT,
    ROLE_LEADER,
    SET_PARAM,
    SET_TERM,
    SET_VALUE,
    TERM_JUMP_MAX,
    TRACE_CLASH,
    TRACE_EMERGENCY,
    TRACE_LEASE,
    TRACE_SETPOINT,
)


def receive(cluster, at_ms: int, frame: bytearray) -> int:
    """Take in one frame; return FRAME_OK or the reason why it is not acted on."""
    identifier = canframe.identifier_of(frame)
    if identifier < 0:
        return FRAME_NOT_OURS
    if canframe.cluster_of(identifier) != cluster.post.cluster_id:
        return FRAME_CLUSTER
    if canframe.version_of(identifier) != CAN_VERSION:
        return FRAME_VERSION
    src = canframe.src_of(identifier)
    frame_type = canframe.type_of(identifier)
    dst = canframe.dst_of(identifier)
    if dst != CAN_DST_ALL and dst != cluster.src and src != cluster.src:
        return FRAME_NOT_FOR_ME
    fault = canframe.decode(frame, cluster.post.heard)
    if fault != FRAME_OK:
        return fault
    if src == cluster.src:
        return _on_own_source(cluster, at_ms, frame_type)
    if frame_type == CAN_TYPE_EMERGENCY:
        return _on_emergency(cluster, at_ms, src)
    is_voter = src <= CAN_SRC_VOTER_MAX and cluster.voter_mask & (1 << src)
    if is_voter and _is_far(cluster, frame_type):
        return FRAME_VALUE
    if is_voter:
        cluster.peers.on_life(src, at_ms)
    if frame_type > CAN_TYPE_EMERGENCY:
        return FRAME_OK
    return _on_voter_frame(cluster, at_ms, src, frame_type, frame) if is_voter else FRAME_STRANGER


def _is_far(cluster, frame_type):
    """Return whether a frame tells a term or floor that no correct node can have reached, by what is known here.

    Terms don't come back: one wrong frame must not use them up. Who has heard of no term yet believes any.
    """
    fields = cluster.post.heard
    if frame_type > CAN_TYPE_LEASE or frame_type == CAN_TYPE_PLAN or frame_type == CAN_TYPE_CLAIM:
        return False
    is_response = frame_type == CAN_TYPE_PREVOTE_RESP or frame_type == CAN_TYPE_VOTE_RESP
    # Every frame of these types begins with its term.
    is_floor_far = is_response and _is_term_far(cluster, fields[RESPONSE_FLOOR])
    return is_floor_far or _is_term_far(cluster, fields[BEAT_TERM])


def _is_term_far(cluster, term):
    ballot = cluster.election.ballot
    return ballot.term != 0 and term > ballot.top() + TERM_JUMP_MAX


def _on_voter_frame(cluster, at_ms, src, frame_type, frame):
    if frame_type == CAN_TYPE_HEARTBEAT:
        return _on_heartbeat(cluster, at_ms, src)
    if frame_type == CAN_TYPE_LEASE:
        return _on_lease(cluster, at_ms, src)
    if frame_type == CAN_TYPE_PLAN:
        return _on_plan(cluster, at_ms, src, frame)
    if frame_type == CAN_TYPE_SETPOINT:
        return _on_setpoint(cluster, at_ms, src)
    return _on_election_frame(cluster, at_ms, src, frame_type)


def _on_election_frame(cluster, at_ms, src, frame_type):
    post = cluster.post
    post.heard_ms = at_ms
    post.heard_src = src
    post.heard_type = frame_type
    if frame_type == CAN_TYPE_PREVOTE_REQ or frame_type == CAN_TYPE_VOTE_REQ:
        reply.to_request(cluster.election, cluster.peers, post)
    elif frame_type == CAN_TYPE_PREVOTE_RESP or frame_type == CAN_TYPE_VOTE_RESP:
        cluster.election.on_response(cluster.peers, post)
    elif frame_type == CAN_TYPE_RESIGN:
        cluster.election.on_term(at_ms, post.heard[RESIGN_TERM], post)
        cluster.election.on_resign(post)
    return FRAME_OK


def _on_heartbeat(cluster, at_ms, src):
    fields = cluster.post.heard
    election = cluster.election
    term = fields[BEAT_TERM]
    role = fields[BEAT_ROLE]
    cluster.peers.on_beat(src, at_ms, fields)
    if role == ROLE_LEADER:
        return _on_leader(cluster, at_ms, src, term, fields[BEAT_COUNTER])
    # That it follows is no proof that it does not lead: the beat may come from another node with its source.
    election.on_term(at_ms, term, cluster.post)
    if election.role == ROLE_LEADER and fields[BEAT_LEADER] == cluster.src and term == election.ballot.term:
        cluster.lease.on_ack(src, fields[BEAT_ACK], at_ms)
        if cluster.lease.extend(election.quorum - 1):
            cluster.post.trace(at_ms, TRACE_LEASE, cluster.lease.until_ms, term, 0)
    return FRAME_OK


def _on_lease(cluster, at_ms, src):
    fields = cluster.post.heard
    if fields[LEASE_MASTER] != src:
        return FRAME_VALUE
    cluster.peers.on_counter(src, fields[LEASE_COUNTER])
    return _on_leader(cluster, at_ms, src, fields[LEASE_TERM], fields[LEASE_COUNTER])


def _on_leader(cluster, at_ms, src, term, counter):
    if not cluster.election.on_leader_frame(at_ms, src, term, cluster.post):
        return FRAME_STALE
    cluster.leader_counter = counter
    cluster.heard_term = term
    return FRAME_OK


def _on_plan(cluster, at_ms, src, frame):
    """Collect a chunk; apply only a whole, checked plan of the leader of this term that is newer than ours."""
    election = cluster.election
    # A chunk of another sender begins anew: whoever babbles must not keep the leader's plan from ever being whole.
    if election.leader != 0 and election.leader != src:
        return FRAME_STALE
    found = cluster.assembler.on_chunk(frame)
    if found <= 0:
        return found
    plan = cluster.assembler.plan
    if _is_term_far(cluster, plan[PLAN_TERM]):
        return FRAME_VALUE
    if plan[PLAN_MASTER] != src or not election.on_leader_frame(at_ms, src, plan[PLAN_TERM], cluster.post):
        return FRAME_STALE
    if newer(plan[PLAN_TERM], plan[PLAN_SEQ], cluster.plan[PLAN_TERM], cluster.plan[PLAN_SEQ]):
        for i in range(PLAN_SIZE):
            cluster.plan[i] = plan[i]
        cluster.planner.adopt(cluster.plan)
        cluster.apply_plan(at_ms)
    return FRAME_OK


def _on_setpoint(cluster, at_ms, src):
    fields = cluster.post.heard
    if src != cluster.election.leader or fields[SET_TERM] != cluster.election.ballot.term:
        return FRAME_STALE
    cluster.post.trace(at_ms, TRACE_SETPOINT, fields[SET_TERM], fields[SET_PARAM], fields[SET_VALUE])
    return FRAME_OK


def _on_emergency(cluster, at_ms, src):
    """Act in the safe direction, whoever says so: a leak isolates the node of that zone, heat brings all up."""
    fields = cluster.post.heard
    code = fields[EMERGENCY_CODE]
    severity = fields[EMERGENCY_SEVERITY]
    if code == EMERGENCY_LEAK and not _is_leak_believed(cluster, at_ms, src, fields[EMERGENCY_ZONE]):
        return FRAME_VALUE
    if src <= CAN_SRC_VOTER_MAX and cluster.voter_mask & (1 << src):
        cluster.peers.on_life(src, at_ms)
    act(cluster, at_ms, code, fields[EMERGENCY_ZONE])
    cluster.post.trace(at_ms, TRACE_EMERGENCY, code, severity, src)
    return FRAME_OK


def _is_leak_believed(cluster, at_ms, src, zone):
    """Return whether a leak told by `src` may isolate: one detector, gone mad, must not stop zone after zone.

    While a source goes on telling leaks, only the zone that it told first counts.
    """
    passed_ms = elapsed_ms(at_ms, cluster.leak_ms[src])
    if not cluster.leak_zone[src] or not 0 <= passed_ms < CLUSTER_EMERGENCY_HOLD_MS:
        cluster.leak_zone[src] = zone
    cluster.leak_ms[src] = at_ms
    return zone == cluster.leak_zone[src]


def act(cluster, at_ms: int, code: int, zone: int) -> None:
    """Do what an emergency of this node or another demands (EMERGENCY_*); zone 0 is nobody's."""
    if code != EMERGENCY_LEAK:
        cluster.cover.on_emergency(at_ms)
    elif zone != 0 and zone == cluster.zone:
        cluster.cover.is_isolated = 1
        cluster.health = DERATE_OUT


def _on_own_source(cluster, at_ms, frame_type):
    """Settle who is silent: a booting node at once, else the shorter uptime, then the smaller serial, else both."""
    post = cluster.post
    if post.is_silent:
        return FRAME_OWN_SRC
    if cluster.election.role == ROLE_BOOT:
        # Right after the start it may be one's own frame from before the restart.
        if elapsed_ms(at_ms, cluster.election.boot_ms) >= CLUSTER_ECHO_MS:
            _fall_silent(cluster, at_ms)
        return FRAME_OWN_SRC
    if frame_type == CAN_TYPE_CLAIM:
        other_ds = post.heard[CLAIM_UPTIME_DS]
        is_equal = other_ds == cluster.uptime_ds
        if other_ds > cluster.uptime_ds or (is_equal and post.heard[CLAIM_SERIAL] >= cluster.serial):
            _fall_silent(cluster, at_ms)
            return FRAME_OWN_SRC
    cluster.latched |= ALARM_CLASH
    if not cluster.has_claimed or not 0 <= elapsed_ms(at_ms, cluster.claim_ms) < CLUSTER_EMERGENCY_GAP_MS:
        cluster.has_claimed = 1
        cluster.claim_ms = at_ms
        post.fields[CLAIM_UPTIME_DS] = cluster.uptime_ds
        post.fields[CLAIM_SERIAL] = cluster.serial
        post.send(at_ms, CAN_TYPE_CLAIM, CAN_DST_ALL)
        post.trace(at_ms, TRACE_CLASH, 0, 0, 0)
    return FRAME_OWN_SRC


def _fall_silent(cluster, at_ms):
    cluster.latched |= ALARM_CLASH
    cluster.election.ballot.can_vote = 0
    cluster.post.outbox.clear()
    if cluster.is_led:
        cluster.stand_down(at_ms, RESIGN_REASON_PLANNED, 0)
    elif cluster.election.role != ROLE_BOOT:
        # A candidate would go on counting the votes for its namesake.
        cluster.election.follow(at_ms, cluster.post)
    cluster.post.is_silent = 1
    cluster.post.trace(at_ms, TRACE_CLASH, 1, 0, 0)
