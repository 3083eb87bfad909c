/* Mirror: shared/evenload/inbox.py, which is the specification. */
#include "evenload/inbox.h"

#include "evenload/canframe.h"
#include "evenload/reply.h"
#include "evenload/ticks.h"

typedef evenload_cluster_t cluster_t;

static void fall_silent(cluster_t *cluster, int32_t at_ms)
{
    cluster->latched |= EVENLOAD_ALARM_CLASH;
    cluster->election.ballot.can_vote = 0;
    evenload_outbox_clear(&cluster->post.outbox);
    if (cluster->is_led) {
        evenload_cluster_stand_down(cluster, at_ms, EVENLOAD_RESIGN_REASON_PLANNED, 0);
    } else if (cluster->election.role != EVENLOAD_ROLE_BOOT) {
        /* A candidate would go on counting the votes for its namesake. */
        evenload_election_follow(&cluster->election, at_ms, &cluster->post);
    }
    cluster->post.is_silent = 1;
    EVENLOAD_TRACE(&cluster->post, at_ms, EVENLOAD_TRACE_CLASH, 1, 0, 0);
}

/* Settles who is silent: a booting node at once, else the shorter uptime, then the smaller serial, else both. */
static int32_t on_own_source(cluster_t *cluster, int32_t at_ms, int32_t frame_type)
{
    evenload_post_t *post = &cluster->post;
    if (post->is_silent) {
        return EVENLOAD_FRAME_OWN_SRC;
    }
    if (cluster->election.role == EVENLOAD_ROLE_BOOT) {
        /* Right after the start it may be one's own frame from before the restart. */
        if (evenload_ticks_elapsed_ms(at_ms, cluster->election.boot_ms) >= EVENLOAD_CLUSTER_ECHO_MS) {
            fall_silent(cluster, at_ms);
        }
        return EVENLOAD_FRAME_OWN_SRC;
    }
    if (frame_type == EVENLOAD_CAN_TYPE_CLAIM) {
        const int32_t other_ds = post->heard[EVENLOAD_CLAIM_UPTIME_DS];
        const int is_equal = other_ds == cluster->uptime_ds;
        if (other_ds > cluster->uptime_ds ||
            (is_equal && post->heard[EVENLOAD_CLAIM_SERIAL] >= cluster->serial)) {
            fall_silent(cluster, at_ms);
            return EVENLOAD_FRAME_OWN_SRC;
        }
    }
    cluster->latched |= EVENLOAD_ALARM_CLASH;
    const int32_t passed_ms = evenload_ticks_elapsed_ms(at_ms, cluster->claim_ms);
    if (!cluster->has_claimed || !(0 <= passed_ms && passed_ms < EVENLOAD_CLUSTER_EMERGENCY_GAP_MS)) {
        cluster->has_claimed = 1;
        cluster->claim_ms = at_ms;
        post->fields[EVENLOAD_CLAIM_UPTIME_DS] = cluster->uptime_ds;
        post->fields[EVENLOAD_CLAIM_SERIAL] = cluster->serial;
        evenload_post_send(post, at_ms, EVENLOAD_CAN_TYPE_CLAIM, EVENLOAD_CAN_DST_ALL);
        EVENLOAD_TRACE(post, at_ms, EVENLOAD_TRACE_CLASH, 0, 0, 0);
    }
    return EVENLOAD_FRAME_OWN_SRC;
}

static int is_term_far(const cluster_t *cluster, int32_t term)
{
    const evenload_ballot_t *ballot = &cluster->election.ballot;
    return ballot->term != 0 && term > evenload_ballot_top(ballot) + EVENLOAD_TERM_JUMP_MAX;
}

/* Whether a frame tells a term or floor that no correct node can have reached, by what is known here. Terms don't
   come back: one wrong frame must not use them up. Who has heard of no term yet believes any. */
static int is_far(const cluster_t *cluster, int32_t frame_type)
{
    const int32_t *fields = cluster->post.heard;
    if (frame_type > EVENLOAD_CAN_TYPE_LEASE || frame_type == EVENLOAD_CAN_TYPE_PLAN ||
        frame_type == EVENLOAD_CAN_TYPE_CLAIM) {
        return 0;
    }
    const int is_response =
        frame_type == EVENLOAD_CAN_TYPE_PREVOTE_RESP || frame_type == EVENLOAD_CAN_TYPE_VOTE_RESP;
    /* Every frame of these types begins with its term. */
    return (is_response && is_term_far(cluster, fields[EVENLOAD_RESPONSE_FLOOR])) ||
           is_term_far(cluster, fields[EVENLOAD_BEAT_TERM]);
}

static int32_t on_leader(cluster_t *cluster, int32_t at_ms, int32_t src, int32_t term, int32_t counter)
{
    if (!evenload_election_on_leader_frame(&cluster->election, at_ms, src, term, &cluster->post)) {
        return EVENLOAD_FRAME_STALE;
    }
    cluster->leader_counter = counter;
    cluster->heard_term = term;
    return EVENLOAD_FRAME_OK;
}

static int32_t on_heartbeat(cluster_t *cluster, int32_t at_ms, int32_t src)
{
    const int32_t *fields = cluster->post.heard;
    evenload_election_t *election = &cluster->election;
    const int32_t term = fields[EVENLOAD_BEAT_TERM];
    const int32_t role = fields[EVENLOAD_BEAT_ROLE];
    evenload_heartbeat_on_beat(&cluster->peers, src, at_ms, fields);
    if (role == EVENLOAD_ROLE_LEADER) {
        return on_leader(cluster, at_ms, src, term, fields[EVENLOAD_BEAT_COUNTER]);
    }
    /* That it follows is no proof that it does not lead: the beat may come from another node with its source. */
    evenload_election_on_term(election, at_ms, term, &cluster->post);
    if (election->role == EVENLOAD_ROLE_LEADER && fields[EVENLOAD_BEAT_LEADER] == cluster->src &&
        term == election->ballot.term) {
        evenload_lease_on_ack(&cluster->lease, src, fields[EVENLOAD_BEAT_ACK], at_ms);
        if (evenload_lease_extend(&cluster->lease, election->quorum - 1)) {
            EVENLOAD_TRACE(&cluster->post, at_ms, EVENLOAD_TRACE_LEASE, cluster->lease.until_ms, term, 0);
        }
    }
    return EVENLOAD_FRAME_OK;
}

static int32_t on_lease(cluster_t *cluster, int32_t at_ms, int32_t src)
{
    const int32_t *fields = cluster->post.heard;
    if (fields[EVENLOAD_LEASE_MASTER] != src) {
        return EVENLOAD_FRAME_VALUE;
    }
    evenload_heartbeat_on_counter(&cluster->peers, src, fields[EVENLOAD_LEASE_COUNTER]);
    return on_leader(cluster, at_ms, src, fields[EVENLOAD_LEASE_TERM], fields[EVENLOAD_LEASE_COUNTER]);
}

/* Collects a chunk; applies only a whole, checked plan of the leader of this term that is newer than ours. */
static int32_t on_plan(cluster_t *cluster, int32_t at_ms, int32_t src, const uint8_t frame[16])
{
    /* A chunk of another sender begins anew: whoever babbles must not keep the leader's plan from ever being whole. */
    if (cluster->election.leader != 0 && cluster->election.leader != src) {
        return EVENLOAD_FRAME_STALE;
    }
    const int32_t found = evenload_plan_assembler_on_chunk(&cluster->assembler, frame);
    if (found <= 0) {
        return found;
    }
    const int32_t *plan = cluster->assembler.plan;
    if (is_term_far(cluster, plan[EVENLOAD_PLAN_TERM])) {
        return EVENLOAD_FRAME_VALUE;
    }
    if (plan[EVENLOAD_PLAN_MASTER] != src ||
        !evenload_election_on_leader_frame(&cluster->election, at_ms, src, plan[EVENLOAD_PLAN_TERM],
                                           &cluster->post)) {
        return EVENLOAD_FRAME_STALE;
    }
    if (evenload_plan_newer(plan[EVENLOAD_PLAN_TERM], plan[EVENLOAD_PLAN_SEQ],
                            cluster->plan[EVENLOAD_PLAN_TERM], cluster->plan[EVENLOAD_PLAN_SEQ])) {
        for (int32_t i = 0; i < EVENLOAD_PLAN_SIZE; i++) {
            cluster->plan[i] = plan[i];
        }
        evenload_planner_adopt(&cluster->planner, cluster->plan);
        evenload_cluster_apply_plan(cluster, at_ms);
    }
    return EVENLOAD_FRAME_OK;
}

static int32_t on_setpoint(cluster_t *cluster, int32_t at_ms, int32_t src)
{
    const int32_t *fields = cluster->post.heard;
    if (src != cluster->election.leader || fields[EVENLOAD_SET_TERM] != cluster->election.ballot.term) {
        return EVENLOAD_FRAME_STALE;
    }
    EVENLOAD_TRACE(&cluster->post, at_ms, EVENLOAD_TRACE_SETPOINT, fields[EVENLOAD_SET_TERM],
                   fields[EVENLOAD_SET_PARAM], fields[EVENLOAD_SET_VALUE]);
    return EVENLOAD_FRAME_OK;
}

/* Whether a leak told by `src` may isolate: one detector, gone mad, must not stop zone after zone. While a source
   goes on telling leaks, only the zone that it told first counts. */
static int is_leak_believed(cluster_t *cluster, int32_t at_ms, int32_t src, int32_t zone)
{
    const int32_t passed_ms = evenload_ticks_elapsed_ms(at_ms, cluster->leak_ms[src]);
    if (!cluster->leak_zone[src] || passed_ms < 0 || passed_ms >= EVENLOAD_CLUSTER_EMERGENCY_HOLD_MS) {
        cluster->leak_zone[src] = zone;
    }
    cluster->leak_ms[src] = at_ms;
    return zone == cluster->leak_zone[src];
}

/* Acts in the safe direction, whoever says so: a leak isolates the node of that zone, heat brings all up. */
static int32_t on_emergency(cluster_t *cluster, int32_t at_ms, int32_t src)
{
    const int32_t *fields = cluster->post.heard;
    const int32_t code = fields[EVENLOAD_EMERGENCY_CODE];
    const int32_t severity = fields[EVENLOAD_EMERGENCY_SEVERITY];
    if (code == EVENLOAD_EMERGENCY_LEAK &&
        !is_leak_believed(cluster, at_ms, src, fields[EVENLOAD_EMERGENCY_ZONE])) {
        return EVENLOAD_FRAME_VALUE;
    }
    if (src <= EVENLOAD_CAN_SRC_VOTER_MAX && (cluster->voter_mask & (1 << src))) {
        evenload_heartbeat_on_life(&cluster->peers, src, at_ms);
    }
    evenload_inbox_act(cluster, at_ms, code, fields[EVENLOAD_EMERGENCY_ZONE]);
    EVENLOAD_TRACE(&cluster->post, at_ms, EVENLOAD_TRACE_EMERGENCY, code, severity, src);
    return EVENLOAD_FRAME_OK;
}

static int32_t on_election_frame(cluster_t *cluster, int32_t at_ms, int32_t src, int32_t frame_type)
{
    evenload_post_t *post = &cluster->post;
    post->heard_ms = at_ms;
    post->heard_src = src;
    post->heard_type = frame_type;
    if (frame_type == EVENLOAD_CAN_TYPE_PREVOTE_REQ || frame_type == EVENLOAD_CAN_TYPE_VOTE_REQ) {
        evenload_reply_to_request(&cluster->election, &cluster->peers, post);
    } else if (frame_type == EVENLOAD_CAN_TYPE_PREVOTE_RESP || frame_type == EVENLOAD_CAN_TYPE_VOTE_RESP) {
        evenload_election_on_response(&cluster->election, &cluster->peers, post);
    } else if (frame_type == EVENLOAD_CAN_TYPE_RESIGN) {
        evenload_election_on_term(&cluster->election, at_ms, post->heard[EVENLOAD_RESIGN_TERM], post);
        evenload_election_on_resign(&cluster->election, post);
    }
    return EVENLOAD_FRAME_OK;
}

static int32_t on_voter_frame(cluster_t *cluster, int32_t at_ms, int32_t src, const uint8_t frame[16])
{
    const int32_t frame_type = evenload_canframe_type_of(evenload_canframe_identifier_of(frame));
    if (frame_type == EVENLOAD_CAN_TYPE_HEARTBEAT) {
        return on_heartbeat(cluster, at_ms, src);
    }
    if (frame_type == EVENLOAD_CAN_TYPE_LEASE) {
        return on_lease(cluster, at_ms, src);
    }
    if (frame_type == EVENLOAD_CAN_TYPE_PLAN) {
        return on_plan(cluster, at_ms, src, frame);
    }
    if (frame_type == EVENLOAD_CAN_TYPE_SETPOINT) {
        return on_setpoint(cluster, at_ms, src);
    }
    return on_election_frame(cluster, at_ms, src, frame_type);
}

int32_t evenload_inbox_receive(evenload_cluster_t *cluster, int32_t at_ms, const uint8_t frame[16])
{
    const int32_t identifier = evenload_canframe_identifier_of(frame);
    if (identifier < 0) {
        return EVENLOAD_FRAME_NOT_OURS;
    }
    if (evenload_canframe_cluster_of(identifier) != cluster->post.cluster_id) {
        return EVENLOAD_FRAME_CLUSTER;
    }
    if (evenload_canframe_version_of(identifier) != EVENLOAD_CAN_VERSION) {
        return EVENLOAD_FRAME_VERSION;
    }
    const int32_t src = evenload_canframe_src_of(identifier);
    const int32_t frame_type = evenload_canframe_type_of(identifier);
    const int32_t dst = evenload_canframe_dst_of(identifier);
    if (dst != EVENLOAD_CAN_DST_ALL && dst != cluster->src && src != cluster->src) {
        return EVENLOAD_FRAME_NOT_FOR_ME;
    }
    const int32_t fault = evenload_canframe_decode(frame, cluster->post.heard);
    if (fault != EVENLOAD_FRAME_OK) {
        return fault;
    }
    if (src == cluster->src) {
        return on_own_source(cluster, at_ms, frame_type);
    }
    if (frame_type == EVENLOAD_CAN_TYPE_EMERGENCY) {
        return on_emergency(cluster, at_ms, src);
    }
    const int is_voter = src <= EVENLOAD_CAN_SRC_VOTER_MAX && (cluster->voter_mask & (1 << src));
    if (is_voter && is_far(cluster, frame_type)) {
        return EVENLOAD_FRAME_VALUE;
    }
    if (is_voter) {
        evenload_heartbeat_on_life(&cluster->peers, src, at_ms);
    }
    if (frame_type > EVENLOAD_CAN_TYPE_EMERGENCY) {
        return EVENLOAD_FRAME_OK;
    }
    return is_voter ? on_voter_frame(cluster, at_ms, src, frame) : EVENLOAD_FRAME_STRANGER;
}

void evenload_inbox_act(evenload_cluster_t *cluster, int32_t at_ms, int32_t code, int32_t zone)
{
    if (code != EVENLOAD_EMERGENCY_LEAK) {
        evenload_cover_on_emergency(&cluster->cover, at_ms);
    } else if (zone != 0 && zone == cluster->zone) {
        cluster->cover.is_isolated = 1;
        cluster->health = EVENLOAD_DERATE_OUT;
    }
}
