"""One voter of a cluster: it beats, elects, leads or follows, and says what to deliver. Mirror: csrc/src/cluster.c.

Sans-IO (SPEC, cluster). The owner hands over received frames with their stamps, then ticks, then sends what
`take_outbox` gives; every <= 5 ms. All state is numbers of fixed size; `snapshot` and the trace show it.

    cluster = Cluster(3, 0b1111110)             # source 3 of voters 1 .. 6; the source is the priority, 1 is best
    cluster.rated_10w[1] = 5000                 # ... of every voter; demand_10w, rank, ... (cluster_view)
    cluster.start(now_ms, stored_ceiling)
    cluster.on_frame(received_ms, frame)        # 16 bytes, SocketCAN layout
    cluster.tick(now_ms)
    while cluster.take_outbox(now_ms, frame): ...
    if cluster.ceiling_wanted: store it durably, then cluster.on_stored(ceiling)
"""

from array import array

from evenload import canframe, inbox, orders, reply, snapshot
from evenload.cluster_view import ClusterView
from evenload.cover import Cover
from evenload.election import Election
from evenload.heartbeat import Heartbeat
from evenload.lease import Lease
from evenload.plan import Assembler
from evenload.planner import Planner
from evenload.post import Post
from evenload.roster import Roster
from evenload.ticks import add_ms, elapsed_ms, is_due_within
from evenload.wire import (
    ALARM_CLOCK_STEP,
    ALARM_EMERGENCY,
    ALARM_N1_LOST,
    ALARM_NO_FLOOR,
    ALARM_NO_QUORUM,
    ALARM_TERM_END,
    ALARM_UNMET,
    BEAT_ACK,
    BEAT_CAPACITY,
    BEAT_COUNTER,
    BEAT_HEALTH,
    BEAT_LEADER,
    BEAT_LOAD,
    BEAT_LOAD_UNKNOWN,
    BEAT_PLAN_SEQ,
    BEAT_ROLE,
    BEAT_TERM,
    CAN_DST_ALL,
    CAN_SRC_COUNT,
    CAN_TYPE_HEARTBEAT,
    CAN_TYPE_LEASE,
    CAN_TYPE_PLAN,
    CAN_TYPE_SETPOINT,
    CLUSTER_AWAY_MS,
    CLUSTER_BEAT_MS,
    CLUSTER_BEAT_MS_MIN,
    CLUSTER_DETECT_MS,
    CLUSTER_LEASE_FRAME_MS,
    CLUSTER_LISTEN_MS,
    CLUSTER_RAMP_STEP_MS,
    DERATE_FULL,
    DERATE_OUT,
    FRAME_FAULT_COUNT,
    FRAME_OK,
    LEASE_COUNTER,
    LEASE_MASTER,
    LEASE_PLAN_SEQ,
    LEASE_TERM,
    PLAN_MASTER,
    PLAN_SEQ,
    PLAN_SEQ_HANDOVER,
    PLAN_SEQ_MAX,
    PLAN_SIZE,
    PLAN_TERM,
    RESIGN_REASON_LEASE,
    RESIGN_REASON_MAINTENANCE,
    ROLE_BOOT,
    ROLE_FOLLOWER,
    ROLE_LEADER,
    TERM_MAX,
    TRACE_ALARM,
    TRACE_ALIVE,
    TRACE_BOOT,
    TRACE_LEASE,
    TRACE_LEASE_END,
    TRACE_PLAN,
    TRACE_STORED,
)


class Cluster(ClusterView):
    """Node `src` (1 .. 15: the bit of a voter in voter_mask; 16 .. 62: an observer) among the voters of voter_mask."""

    def __init__(self, src: int, voter_mask: int):
        self.src = src
        self.voter_mask = voter_mask
        self.serial = 0
        self.zone = 0
        self.load = BEAT_LOAD_UNKNOWN
        self.health = DERATE_FULL
        self.is_draining = 0
        self.is_started = 0
        self.is_led = 0
        self.last_ms = 0
        self.uptime_ds = 0
        self.uptime_rest_ms = 0
        self.counter = 0
        self.leader_counter = 0
        self.heard_term = 0
        self.beat_ms = 0
        self.lease_frame_ms = 0
        self.floor_ms = 0
        self.claim_ms = 0
        self.has_claimed = 0
        self.emergency_counter = 0
        self.emergency_sent_ms = 0
        self.has_sent_emergency = 0
        self.alarm = 0
        self.latched = 0
        self.alive_mask = 0
        self.ceiling_wanted = 0
        self.frames_in = 0
        self.faults = [0] * FRAME_FAULT_COUNT
        self.leak_zone = [0] * CAN_SRC_COUNT
        self.leak_ms = [0] * CAN_SRC_COUNT
        self.plan = array("i", [0] * PLAN_SIZE)
        self.peers = Heartbeat(src, voter_mask)
        self.roster = Roster(voter_mask)
        self.election = Election(src, voter_mask)
        self.lease = Lease()
        self.cover = Cover(src, voter_mask)
        self.planner = Planner(src, self.roster.count)
        self.assembler = Assembler(self.roster.count)
        self.post = Post(src)

    def start(self, now_ms: int, ceiling: int) -> None:
        """Begin in BOOT. ceiling: the stored term ceiling (0 .. TERM_MAX), or -1: unreadable, so never vote."""
        self.is_started = 1
        self.last_ms = now_ms
        self.election.start(now_ms, ceiling)
        ballot = self.election.ballot
        voter_count = self.roster.count if self.roster.count > 0 else 1
        phase_ms = self.src * CLUSTER_BEAT_MS // voter_count % CLUSTER_BEAT_MS
        self.beat_ms = add_ms(now_ms, CLUSTER_LISTEN_MS + phase_ms)
        self.floor_ms = now_ms
        self.post.trace(now_ms, TRACE_BOOT, ballot.floor, ballot.ceiling, ballot.can_vote)
        self.ceiling_wanted = ballot.ceiling_wanted()

    def on_frame(self, at_ms: int, frame: bytearray) -> int:
        """Take in a frame received at `at_ms`; return FRAME_OK, or why it was not acted on (counted in faults)."""
        self.frames_in = (self.frames_in + 1) & 0xFFFFFF
        fault = inbox.receive(self, at_ms, frame)
        if fault != FRAME_OK:
            self.faults[-fault] = (self.faults[-fault] + 1) & 0xFFFFFF
        self._settle(at_ms)
        return fault

    def tick(self, now_ms: int) -> None:
        """Do what is due at `now_ms`, after the frames that have arrived."""
        self._watch_clock(now_ms)
        self.peers.tick(now_ms)
        if self.election.quorum == 1:
            self.lease.renew(now_ms)
        if self.lease.is_held and not self.lease.holds(now_ms):
            self.stand_down(now_ms, RESIGN_REASON_LEASE, 0)
        is_out = self.is_draining or self.cover.is_isolated
        self.election.health = DERATE_OUT if is_out else self.health
        self.planner.health = self.election.health
        self.cover.health = self.health
        self.election.tick(now_ms, self.peers, self.post)
        self._settle(now_ms)
        if self.election.role == ROLE_LEADER:
            self._lead(now_ms)
        if self.cover.tick(now_ms, self.election, self.peers, self.roster, self.plan):
            self.cover.note(now_ms, self.post)
        self._beat(now_ms)
        self._tell_floor(now_ms)
        self._watch(now_ms)

    def take_outbox(self, now_ms: int, frame: bytearray) -> int:
        """Write the most urgent frame into `frame` (16 bytes) and return 1; 0 when there is none.

        What only the holder of the lease may say is checked here once more and dropped without it.
        """
        while self.post.outbox.take(now_ms, frame):
            frame_type = canframe.type_of(canframe.identifier_of(frame))
            is_act = frame_type == CAN_TYPE_PLAN or frame_type == CAN_TYPE_LEASE
            if not (is_act or frame_type == CAN_TYPE_SETPOINT) or self.has_lease(now_ms):
                self.post.frames_out = (self.post.frames_out + 1) & 0xFFFFFF
                return 1
            self.post.outbox.drop()
        return 0

    def next_due_ms(self, now_ms: int) -> int:
        """Return in how many ms (0 .. CLUSTER_BEAT_MS) a tick can matter if no frame arrives before.

        0 while anything but the steady beat is going on: then every tick counts.
        """
        election = self.election
        is_leader = election.role == ROLE_LEADER
        is_steady = is_leader or (election.role == ROLE_FOLLOWER and election.leader != 0)
        if not is_steady or self.cover.is_lowering or self.post.outbox.count > 0:
            return 0
        rest_ms = self.peers.next_silence_ms(now_ms, CLUSTER_BEAT_MS)
        left_ms = elapsed_ms(self.beat_ms, now_ms)
        rest_ms = left_ms if left_ms < rest_ms else rest_ms
        if not is_leader:
            left_ms = CLUSTER_DETECT_MS - elapsed_ms(now_ms, election.leader_heard_ms)
            rest_ms = left_ms if left_ms < rest_ms else rest_ms
        else:
            if self.planner.burst_left > 0 or self.planner.committed_seq != self.plan[PLAN_SEQ]:
                return 0
            left_ms = elapsed_ms(self.lease_frame_ms, now_ms)
            rest_ms = left_ms if left_ms < rest_ms else rest_ms
            left_ms = elapsed_ms(self.lease.until_ms, now_ms)
            rest_ms = left_ms if left_ms < rest_ms else rest_ms
        return rest_ms if rest_ms > 0 else 0

    def on_stored(self, now_ms: int, ceiling: int) -> None:
        """Count on a term ceiling that the owner has stored durably."""
        self.election.ballot.on_stored(ceiling)
        self.ceiling_wanted = self.election.ballot.ceiling_wanted()
        self.post.trace(now_ms, TRACE_STORED, ceiling, 0, 0)

    def order(self, now_ms: int, code: int, value: int) -> int:
        """Obey the owner: code ORDER_*; return ORDER_DONE or why not (negative)."""
        return orders.obey(self, now_ms, code, value)

    def take_trace(self, into: array) -> int:
        """Write the oldest transition into `into` (TRACE_SIZE numbers) and return 1; 0 when there is none."""
        return self.post.take_trace(into)

    def snapshot(self, now_ms: int, into: array) -> None:
        """Write everything that can be shown into `into` (SNAPSHOT_SIZE numbers, SNAPSHOT_* offsets)."""
        snapshot.write(self, now_ms, into)

    def has_lease(self, now_ms: int) -> int:
        """Return 1 while this node leads and may act."""
        return int(self.election.role == ROLE_LEADER and self.lease.holds(now_ms))

    def stand_down(self, now_ms: int, reason: int, target: int) -> None:
        """Give up leading, in favour of `target` (0: of whoever is elected)."""
        self.lease.end()
        self.is_led = 0
        self.post.trace(now_ms, TRACE_LEASE_END, self.election.ballot.term, reason, 0)
        self.post.outbox.withdraw(CAN_TYPE_PLAN)
        self.post.outbox.withdraw(CAN_TYPE_LEASE)
        self.post.outbox.withdraw(CAN_TYPE_HEARTBEAT)
        if self.election.role == ROLE_LEADER:
            self.election.resign(now_ms, reason, target, self.post)

    def apply_plan(self, now_ms: int) -> None:
        """Follow what now stands in `plan`."""
        self.election.ballot.plan_term = self.plan[PLAN_TERM]
        self.election.ballot.plan_seq = self.plan[PLAN_SEQ]
        self.cover.on_plan(self.plan, self.roster)
        self.post.trace(now_ms, TRACE_PLAN, self.plan[PLAN_TERM], self.plan[PLAN_SEQ], self._plan_crc())

    def successor(self) -> int:
        """Return the best healthy voter that has applied the present plan, or 0."""
        for slot in range(self.roster.count):
            src = self.roster.source[slot]
            if src != self.src and self.may_succeed(src):
                return src
        return 0

    def may_succeed(self, src: int) -> int:
        """Return 1 when voter `src` is ready, healthy and has applied the present plan."""
        if not self.peers.ready_mask & (1 << src) or self.peers.health[src] != DERATE_FULL:
            return 0
        return self.peers.has_applied(src, self.plan[PLAN_TERM], self.plan[PLAN_SEQ])

    def _settle(self, now_ms):
        """Follow up on a change of role: a won election begins a lease, a lost one ends it."""
        if self.election.has_won:
            self.election.has_won = 0
            self.is_led = 1
            self.lease.begin(self.election.first_request_ms)
            self.post.trace(now_ms, TRACE_LEASE, self.lease.until_ms, self.election.ballot.term, 0)
            self.planner.begin(now_ms, self.election.ballot.term, self.plan, self.roster, self.peers)
            self.apply_plan(now_ms)
            self.beat_ms = now_ms
            self.lease_frame_ms = add_ms(now_ms, CLUSTER_LEASE_FRAME_MS)
        elif self.is_led and self.election.role != ROLE_LEADER:
            self.stand_down(now_ms, RESIGN_REASON_LEASE, 0)

    def _lead(self, now_ms):
        """Plan, say the plan, say who leads; hand over when another should."""
        if self.planner.tick(now_ms, self.plan, self.roster, self.peers, self.election.quorum):
            self.apply_plan(now_ms)
        self.planner.say(now_ms, self.plan, self.peers, self.post)
        if is_due_within(now_ms, self.lease_frame_ms, CLUSTER_BEAT_MS):
            self.lease_frame_ms = add_ms(now_ms, CLUSTER_BEAT_MS)
            fields = self.post.fields
            fields[LEASE_TERM] = self.election.ballot.term
            fields[LEASE_COUNTER] = self._next_counter(now_ms)
            fields[LEASE_MASTER] = self.src
            fields[LEASE_PLAN_SEQ] = self.plan[PLAN_SEQ]
            self.post.send(now_ms, CAN_TYPE_LEASE, CAN_DST_ALL)
        self._hand_over(now_ms)

    def _hand_over(self, now_ms):
        """Let another lead when this node is unfit, or when its term is about to run out of plans."""
        seq = self.plan[PLAN_SEQ]
        if self.election.health == DERATE_FULL and seq < PLAN_SEQ_HANDOVER:
            return
        target = self.successor() if self.planner.committed_seq == seq else 0
        if target:
            self.stand_down(now_ms, RESIGN_REASON_MAINTENANCE, target)
        elif seq >= PLAN_SEQ_MAX:
            self.stand_down(now_ms, RESIGN_REASON_LEASE, 0)

    def _beat(self, now_ms):
        if not is_due_within(now_ms, self.beat_ms, 2 * CLUSTER_BEAT_MS + CLUSTER_LISTEN_MS):
            return
        next_ms = add_ms(self.beat_ms, CLUSTER_BEAT_MS)
        if not CLUSTER_BEAT_MS_MIN <= elapsed_ms(next_ms, now_ms) <= CLUSTER_BEAT_MS:
            next_ms = add_ms(now_ms, CLUSTER_BEAT_MS_MIN)
        self.beat_ms = next_ms
        election = self.election
        if election.role == ROLE_LEADER:
            self.lease_frame_ms = add_ms(now_ms, CLUSTER_LEASE_FRAME_MS)
        is_starting = election.role == ROLE_BOOT
        fields = self.post.fields
        fields[BEAT_TERM] = election.ballot.term
        # Who is named as leader is acknowledged with the counter below, so it must be a counter of this term.
        is_heard = election.role == ROLE_LEADER or self.heard_term == election.ballot.term
        fields[BEAT_LEADER] = election.leader if is_heard and not is_starting else 0
        # In term 0 nobody can stand, as far as others can tell.
        fields[BEAT_ROLE] = ROLE_FOLLOWER if is_starting or not election.ballot.term else election.role
        fields[BEAT_HEALTH] = election.health
        is_of_term = self.plan[PLAN_TERM] == election.ballot.term
        fields[BEAT_PLAN_SEQ] = self.plan[PLAN_SEQ] if is_of_term else 0
        fields[BEAT_LOAD] = self.load
        fields[BEAT_CAPACITY] = BEAT_LOAD_UNKNOWN if is_starting else self._capacity()
        fields[BEAT_ACK] = self.leader_counter
        fields[BEAT_COUNTER] = self._next_counter(now_ms)
        self.post.send(now_ms, CAN_TYPE_HEARTBEAT, CAN_DST_ALL)

    def _next_counter(self, now_ms):
        self.counter = (self.counter + 1) & 15
        self.lease.on_sent(self.counter, now_ms)
        return self.counter

    def _capacity(self):
        rated_10w = self.roster.rated_10w[self.src] if self.cover.own_bit else 0
        if rated_10w <= 0 or self.is_draining or self.cover.is_isolated:
            return 0
        return 200 * self.cover.capacity_10w(self.roster) // rated_10w

    def _tell_floor(self, now_ms):
        """Tell a floor above the present term once a second: the others' ceilings have to be beyond it."""
        ballot = self.election.ballot
        if self.election.role == ROLE_BOOT or not ballot.can_vote or ballot.floor < ballot.term:
            return
        if is_due_within(now_ms, self.floor_ms, CLUSTER_RAMP_STEP_MS):
            self.floor_ms = add_ms(now_ms, CLUSTER_RAMP_STEP_MS)
            reply.announce_floor(self.election, now_ms, self.post)

    def _watch_clock(self, now_ms):
        passed_ms = elapsed_ms(now_ms, self.last_ms)
        self.last_ms = now_ms
        if passed_ms < 0:
            self.latched |= ALARM_CLOCK_STEP
            if self.lease.is_held:
                self.stand_down(now_ms, RESIGN_REASON_LEASE, 0)
            self.election.on_clock_step(now_ms, self.post)
            self.cover.on_clock_step(now_ms)
        elif passed_ms > CLUSTER_AWAY_MS:
            # After a gap this node does not know how long the leader has been silent.
            self.election.ballot.prolong(now_ms, self.election.leader)
        if passed_ms > 0:
            self.uptime_rest_ms += passed_ms
            self.uptime_ds = (self.uptime_ds + self.uptime_rest_ms // 100) & 0xFFFFFFF
            self.uptime_rest_ms %= 100

    def _watch(self, now_ms):
        """Bring alarms, the wanted ceiling and the trace up to date."""
        is_led = self.election.role == ROLE_LEADER
        alarm = self.latched
        unmet_10w = self.planner.unmet_10w if is_led else self.cover.unmet_10w
        alarm |= ALARM_UNMET if unmet_10w > 0 else 0
        alarm |= ALARM_N1_LOST if is_led and self.planner.is_n1_lost else 0
        is_barred = self.cover.own_bit and not self.election.ballot.can_vote and not self.post.is_silent
        alarm |= ALARM_NO_FLOOR if is_barred else 0
        alarm |= ALARM_TERM_END if self.election.ballot.top() >= TERM_MAX else 0
        alarm |= ALARM_NO_QUORUM if self.peers.ready_count() < self.election.quorum - 1 else 0
        alarm |= ALARM_EMERGENCY if self.cover.has_emergency or self.cover.is_isolated else 0
        if alarm != self.alarm:
            self.alarm = alarm
            self.post.trace(now_ms, TRACE_ALARM, alarm, 0, 0)
        if self.alive_mask != self.peers.alive_mask:
            self.alive_mask = self.peers.alive_mask
            self.post.trace(now_ms, TRACE_ALIVE, self.alive_mask | self.cover.own_bit, 0, 0)
        self.ceiling_wanted = self.election.ballot.ceiling_wanted()

    def _plan_crc(self):
        self.planner.packer.load(self.plan, self.plan[PLAN_MASTER])
        return self.planner.packer.crc16
