/* Mirror: shared/evenload/cluster.py, which is the specification. */
#include "evenload/cluster.h"

#include <string.h>

#include "evenload/canframe.h"
#include "evenload/inbox.h"
#include "evenload/orders.h"
#include "evenload/reply.h"
#include "evenload/snapshot.h"
#include "evenload/ticks.h"

typedef evenload_cluster_t cluster_t;

static evenload_planner_view_t planner_view(cluster_t *cluster)
{
    return (evenload_planner_view_t){&cluster->roster, &cluster->peers, cluster->plan};
}

static int32_t next_counter(cluster_t *cluster, int32_t now_ms)
{
    cluster->counter = (cluster->counter + 1) & 15;
    evenload_lease_on_sent(&cluster->lease, cluster->counter, now_ms);
    return cluster->counter;
}

/* Follows up on a change of role: a won election begins a lease, a lost one ends it. */
static void settle(cluster_t *cluster, int32_t now_ms)
{
    evenload_election_t *election = &cluster->election;
    if (election->has_won) {
        election->has_won = 0;
        cluster->is_led = 1;
        evenload_lease_begin(&cluster->lease, election->first_request_ms);
        EVENLOAD_TRACE(&cluster->post, now_ms, EVENLOAD_TRACE_LEASE, cluster->lease.until_ms,
                       election->ballot.term, 0);
        evenload_planner_begin(&cluster->planner, now_ms, election->ballot.term, planner_view(cluster));
        evenload_cluster_apply_plan(cluster, now_ms);
        cluster->beat_ms = now_ms;
        cluster->lease_frame_ms = evenload_ticks_add_ms(now_ms, EVENLOAD_CLUSTER_LEASE_FRAME_MS);
    } else if (cluster->is_led && election->role != EVENLOAD_ROLE_LEADER) {
        evenload_cluster_stand_down(cluster, now_ms, EVENLOAD_RESIGN_REASON_LEASE, 0);
    }
}

static void watch_clock(cluster_t *cluster, int32_t now_ms)
{
    const int32_t passed_ms = evenload_ticks_elapsed_ms(now_ms, cluster->last_ms);
    cluster->last_ms = now_ms;
    if (passed_ms < 0) {
        cluster->latched |= EVENLOAD_ALARM_CLOCK_STEP;
        if (cluster->lease.is_held) {
            evenload_cluster_stand_down(cluster, now_ms, EVENLOAD_RESIGN_REASON_LEASE, 0);
        }
        evenload_election_on_clock_step(&cluster->election, now_ms, &cluster->post);
        evenload_cover_on_clock_step(&cluster->cover, now_ms);
    } else if (passed_ms > EVENLOAD_CLUSTER_AWAY_MS) {
        /* After a gap this node does not know how long the leader has been silent. */
        evenload_ballot_prolong(&cluster->election.ballot, now_ms, cluster->election.leader);
    }
    if (passed_ms > 0) {
        cluster->uptime_rest_ms += passed_ms;
        cluster->uptime_ds = (cluster->uptime_ds + cluster->uptime_rest_ms / 100) & 0xFFFFFFF;
        cluster->uptime_rest_ms %= 100;
    }
}

static void send_lease_frame(cluster_t *cluster, int32_t now_ms)
{
    int32_t *fields = cluster->post.fields;
    cluster->lease_frame_ms = evenload_ticks_add_ms(now_ms, EVENLOAD_CLUSTER_BEAT_MS);
    fields[EVENLOAD_LEASE_TERM] = cluster->election.ballot.term;
    fields[EVENLOAD_LEASE_COUNTER] = next_counter(cluster, now_ms);
    fields[EVENLOAD_LEASE_MASTER] = cluster->src;
    fields[EVENLOAD_LEASE_PLAN_SEQ] = cluster->plan[EVENLOAD_PLAN_SEQ];
    evenload_post_send(&cluster->post, now_ms, EVENLOAD_CAN_TYPE_LEASE, EVENLOAD_CAN_DST_ALL);
}

/* Lets another lead when this node is unfit, or when its term is about to run out of plans. */
static void hand_over(cluster_t *cluster, int32_t now_ms)
{
    const int32_t seq = cluster->plan[EVENLOAD_PLAN_SEQ];
    if (cluster->election.health == EVENLOAD_DERATE_FULL && seq < EVENLOAD_PLAN_SEQ_HANDOVER) {
        return;
    }
    const int32_t target = cluster->planner.committed_seq == seq ? evenload_cluster_successor(cluster) : 0;
    if (target) {
        evenload_cluster_stand_down(cluster, now_ms, EVENLOAD_RESIGN_REASON_MAINTENANCE, target);
    } else if (seq >= EVENLOAD_PLAN_SEQ_MAX) {
        evenload_cluster_stand_down(cluster, now_ms, EVENLOAD_RESIGN_REASON_LEASE, 0);
    }
}

/* Plans, says the plan, says who leads; hands over when another should. */
static void lead(cluster_t *cluster, int32_t now_ms)
{
    const evenload_planner_view_t view = planner_view(cluster);
    if (evenload_planner_tick(&cluster->planner, now_ms, cluster->election.quorum, view)) {
        evenload_cluster_apply_plan(cluster, now_ms);
    }
    evenload_planner_say(&cluster->planner, now_ms, view, &cluster->post);
    if (evenload_ticks_is_due_within(now_ms, cluster->lease_frame_ms, EVENLOAD_CLUSTER_BEAT_MS)) {
        send_lease_frame(cluster, now_ms);
    }
    hand_over(cluster, now_ms);
}

static int32_t capacity(const cluster_t *cluster)
{
    const int32_t rated_10w = cluster->cover.own_bit ? cluster->roster.rated_10w[cluster->src] : 0;
    if (rated_10w <= 0 || cluster->is_draining || cluster->cover.is_isolated) {
        return 0;
    }
    return 200 * evenload_cover_capacity_10w(&cluster->cover, &cluster->roster) / rated_10w;
}

static void send_beat(cluster_t *cluster, int32_t now_ms)
{
    const evenload_election_t *election = &cluster->election;
    const int is_starting = election->role == EVENLOAD_ROLE_BOOT;
    const int is_of_term = cluster->plan[EVENLOAD_PLAN_TERM] == election->ballot.term;
    int32_t *fields = cluster->post.fields;
    fields[EVENLOAD_BEAT_TERM] = election->ballot.term;
    /* Who is named as leader is acknowledged with the counter below, so it must be a counter of this term. */
    const int is_heard =
        election->role == EVENLOAD_ROLE_LEADER || cluster->heard_term == election->ballot.term;
    fields[EVENLOAD_BEAT_LEADER] = is_heard && !is_starting ? election->leader : 0;
    /* In term 0 nobody can stand, as far as others can tell. */
    fields[EVENLOAD_BEAT_ROLE] =
        is_starting || !election->ballot.term ? EVENLOAD_ROLE_FOLLOWER : election->role;
    fields[EVENLOAD_BEAT_HEALTH] = election->health;
    fields[EVENLOAD_BEAT_PLAN_SEQ] = is_of_term ? cluster->plan[EVENLOAD_PLAN_SEQ] : 0;
    fields[EVENLOAD_BEAT_LOAD] = cluster->load;
    fields[EVENLOAD_BEAT_CAPACITY] = is_starting ? EVENLOAD_BEAT_LOAD_UNKNOWN : capacity(cluster);
    fields[EVENLOAD_BEAT_ACK] = cluster->leader_counter;
    fields[EVENLOAD_BEAT_COUNTER] = next_counter(cluster, now_ms);
    evenload_post_send(&cluster->post, now_ms, EVENLOAD_CAN_TYPE_HEARTBEAT, EVENLOAD_CAN_DST_ALL);
}

static void beat(cluster_t *cluster, int32_t now_ms)
{
    if (!evenload_ticks_is_due_within(now_ms, cluster->beat_ms,
                                      2 * EVENLOAD_CLUSTER_BEAT_MS + EVENLOAD_CLUSTER_LISTEN_MS)) {
        return;
    }
    int32_t next_ms = evenload_ticks_add_ms(cluster->beat_ms, EVENLOAD_CLUSTER_BEAT_MS);
    const int32_t gap_ms = evenload_ticks_elapsed_ms(next_ms, now_ms);
    if (gap_ms < EVENLOAD_CLUSTER_BEAT_MS_MIN || gap_ms > EVENLOAD_CLUSTER_BEAT_MS) {
        next_ms = evenload_ticks_add_ms(now_ms, EVENLOAD_CLUSTER_BEAT_MS_MIN);
    }
    cluster->beat_ms = next_ms;
    if (cluster->election.role == EVENLOAD_ROLE_LEADER) {
        cluster->lease_frame_ms = evenload_ticks_add_ms(now_ms, EVENLOAD_CLUSTER_LEASE_FRAME_MS);
    }
    send_beat(cluster, now_ms);
}

/* Tells a floor above the present term once a second: the others' ceilings have to be beyond it. */
static void tell_floor(cluster_t *cluster, int32_t now_ms)
{
    const evenload_ballot_t *ballot = &cluster->election.ballot;
    if (cluster->election.role == EVENLOAD_ROLE_BOOT || !ballot->can_vote || ballot->floor < ballot->term) {
        return;
    }
    if (evenload_ticks_is_due_within(now_ms, cluster->floor_ms, EVENLOAD_CLUSTER_RAMP_STEP_MS)) {
        cluster->floor_ms = evenload_ticks_add_ms(now_ms, EVENLOAD_CLUSTER_RAMP_STEP_MS);
        evenload_reply_announce_floor(&cluster->election, now_ms, &cluster->post);
    }
}

static int32_t alarm_of(const cluster_t *cluster)
{
    const int is_led = cluster->election.role == EVENLOAD_ROLE_LEADER;
    const int32_t unmet_10w = is_led ? cluster->planner.unmet_10w : cluster->cover.unmet_10w;
    int32_t alarm = cluster->latched;
    alarm |= unmet_10w > 0 ? EVENLOAD_ALARM_UNMET : 0;
    alarm |= is_led && cluster->planner.is_n1_lost ? EVENLOAD_ALARM_N1_LOST : 0;
    const int is_barred =
        cluster->cover.own_bit && !cluster->election.ballot.can_vote && !cluster->post.is_silent;
    alarm |= is_barred ? EVENLOAD_ALARM_NO_FLOOR : 0;
    alarm |=
        evenload_ballot_top(&cluster->election.ballot) >= EVENLOAD_TERM_MAX ? EVENLOAD_ALARM_TERM_END : 0;
    alarm |= evenload_heartbeat_ready_count(&cluster->peers) < cluster->election.quorum - 1
                 ? EVENLOAD_ALARM_NO_QUORUM
                 : 0;
    alarm |= cluster->cover.has_emergency || cluster->cover.is_isolated ? EVENLOAD_ALARM_EMERGENCY : 0;
    return alarm;
}

/* Brings alarms, the wanted ceiling and the trace up to date. */
static void watch(cluster_t *cluster, int32_t now_ms)
{
    const int32_t alarm = alarm_of(cluster);
    if (alarm != cluster->alarm) {
        cluster->alarm = alarm;
        EVENLOAD_TRACE(&cluster->post, now_ms, EVENLOAD_TRACE_ALARM, alarm, 0, 0);
    }
    if (cluster->alive_mask != cluster->peers.alive_mask) {
        cluster->alive_mask = cluster->peers.alive_mask;
        EVENLOAD_TRACE(&cluster->post, now_ms, EVENLOAD_TRACE_ALIVE,
                       cluster->alive_mask | cluster->cover.own_bit, 0, 0);
    }
    cluster->ceiling_wanted = evenload_ballot_ceiling_wanted(&cluster->election.ballot);
}

void evenload_cluster_init(evenload_cluster_t *cluster, int32_t src, int32_t voter_mask)
{
    memset(cluster, 0, sizeof *cluster);
    cluster->src = src;
    cluster->voter_mask = voter_mask;
    cluster->load = EVENLOAD_BEAT_LOAD_UNKNOWN;
    cluster->health = EVENLOAD_DERATE_FULL;
    evenload_heartbeat_init(&cluster->peers, src, voter_mask);
    evenload_roster_init(&cluster->roster, voter_mask);
    evenload_election_init(&cluster->election, src, voter_mask);
    evenload_lease_init(&cluster->lease);
    evenload_cover_init(&cluster->cover, src, voter_mask);
    evenload_planner_init(&cluster->planner, src, cluster->roster.count);
    evenload_plan_assembler_init(&cluster->assembler, cluster->roster.count);
    evenload_post_init(&cluster->post, src);
}

void evenload_cluster_start(evenload_cluster_t *cluster, int32_t now_ms, int32_t ceiling)
{
    const evenload_ballot_t *ballot = &cluster->election.ballot;
    const int32_t voter_count = cluster->roster.count > 0 ? cluster->roster.count : 1;
    const int32_t phase_ms = cluster->src * EVENLOAD_CLUSTER_BEAT_MS / voter_count % EVENLOAD_CLUSTER_BEAT_MS;
    cluster->is_started = 1;
    cluster->last_ms = now_ms;
    evenload_election_start(&cluster->election, now_ms, ceiling);
    cluster->beat_ms = evenload_ticks_add_ms(now_ms, EVENLOAD_CLUSTER_LISTEN_MS + phase_ms);
    cluster->floor_ms = now_ms;
    EVENLOAD_TRACE(&cluster->post, now_ms, EVENLOAD_TRACE_BOOT, ballot->floor, ballot->ceiling,
                   ballot->can_vote);
    cluster->ceiling_wanted = evenload_ballot_ceiling_wanted(ballot);
}

int32_t evenload_cluster_on_frame(evenload_cluster_t *cluster, int32_t at_ms, const uint8_t frame[16])
{
    cluster->frames_in = (cluster->frames_in + 1) & 0xFFFFFF;
    const int32_t fault = evenload_inbox_receive(cluster, at_ms, frame);
    if (fault != EVENLOAD_FRAME_OK) {
        cluster->faults[-fault] = (cluster->faults[-fault] + 1) & 0xFFFFFF;
    }
    settle(cluster, at_ms);
    return fault;
}

void evenload_cluster_tick(evenload_cluster_t *cluster, int32_t now_ms)
{
    evenload_election_t *election = &cluster->election;
    watch_clock(cluster, now_ms);
    evenload_heartbeat_tick(&cluster->peers, now_ms);
    if (election->quorum == 1) {
        evenload_lease_renew(&cluster->lease, now_ms);
    }
    if (cluster->lease.is_held && !evenload_lease_holds(&cluster->lease, now_ms)) {
        evenload_cluster_stand_down(cluster, now_ms, EVENLOAD_RESIGN_REASON_LEASE, 0);
    }
    const int is_out = cluster->is_draining || cluster->cover.is_isolated;
    election->health = is_out ? EVENLOAD_DERATE_OUT : cluster->health;
    cluster->planner.health = election->health;
    cluster->cover.health = cluster->health;
    evenload_election_tick(election, now_ms, &cluster->peers, &cluster->post);
    settle(cluster, now_ms);
    if (election->role == EVENLOAD_ROLE_LEADER) {
        lead(cluster, now_ms);
    }
    const evenload_cover_view_t view = {election->leader, evenload_election_is_booting(election),
                                        &cluster->peers, &cluster->roster, cluster->plan};
    if (evenload_cover_tick(&cluster->cover, now_ms, view)) {
        evenload_cover_note(&cluster->cover, now_ms, &cluster->post);
    }
    beat(cluster, now_ms);
    tell_floor(cluster, now_ms);
    watch(cluster, now_ms);
}

int32_t evenload_cluster_take_outbox(evenload_cluster_t *cluster, int32_t now_ms, uint8_t frame[16])
{
    while (evenload_outbox_take(&cluster->post.outbox, now_ms, frame)) {
        const int32_t frame_type = evenload_canframe_type_of(evenload_canframe_identifier_of(frame));
        const int is_act = frame_type == EVENLOAD_CAN_TYPE_PLAN || frame_type == EVENLOAD_CAN_TYPE_LEASE ||
                           frame_type == EVENLOAD_CAN_TYPE_SETPOINT;
        if (!is_act || evenload_cluster_has_lease(cluster, now_ms)) {
            cluster->post.frames_out = (cluster->post.frames_out + 1) & 0xFFFFFF;
            return 1;
        }
        evenload_outbox_drop(&cluster->post.outbox);
    }
    return 0;
}

int32_t evenload_cluster_next_due_ms(const evenload_cluster_t *cluster, int32_t now_ms)
{
    const evenload_election_t *election = &cluster->election;
    const int is_leader = election->role == EVENLOAD_ROLE_LEADER;
    const int is_steady = is_leader || (election->role == EVENLOAD_ROLE_FOLLOWER && election->leader != 0);
    if (!is_steady || cluster->cover.is_lowering || cluster->post.outbox.count > 0) {
        return 0;
    }
    int32_t rest_ms = evenload_heartbeat_next_silence_ms(&cluster->peers, now_ms, EVENLOAD_CLUSTER_BEAT_MS);
    int32_t left_ms = evenload_ticks_elapsed_ms(cluster->beat_ms, now_ms);
    rest_ms = left_ms < rest_ms ? left_ms : rest_ms;
    if (!is_leader) {
        left_ms = EVENLOAD_CLUSTER_DETECT_MS - evenload_ticks_elapsed_ms(now_ms, election->leader_heard_ms);
        rest_ms = left_ms < rest_ms ? left_ms : rest_ms;
    } else {
        if (cluster->planner.burst_left > 0 ||
            cluster->planner.committed_seq != cluster->plan[EVENLOAD_PLAN_SEQ]) {
            return 0;
        }
        left_ms = evenload_ticks_elapsed_ms(cluster->lease_frame_ms, now_ms);
        rest_ms = left_ms < rest_ms ? left_ms : rest_ms;
        left_ms = evenload_ticks_elapsed_ms(cluster->lease.until_ms, now_ms);
        rest_ms = left_ms < rest_ms ? left_ms : rest_ms;
    }
    return rest_ms > 0 ? rest_ms : 0;
}

void evenload_cluster_on_stored(evenload_cluster_t *cluster, int32_t now_ms, int32_t ceiling)
{
    evenload_ballot_on_stored(&cluster->election.ballot, ceiling);
    cluster->ceiling_wanted = evenload_ballot_ceiling_wanted(&cluster->election.ballot);
    EVENLOAD_TRACE(&cluster->post, now_ms, EVENLOAD_TRACE_STORED, ceiling, 0, 0);
}

int32_t evenload_cluster_order(evenload_cluster_t *cluster, int32_t now_ms, int32_t code, int32_t value)
{
    return evenload_orders_obey(cluster, now_ms, code, value);
}

int32_t evenload_cluster_take_trace(evenload_cluster_t *cluster, int32_t into[EVENLOAD_TRACE_SIZE])
{
    return evenload_post_take_trace(&cluster->post, into);
}

void evenload_cluster_snapshot(const evenload_cluster_t *cluster, int32_t now_ms, int32_t *into)
{
    evenload_snapshot_write(cluster, now_ms, into);
}

int32_t evenload_cluster_has_lease(const evenload_cluster_t *cluster, int32_t now_ms)
{
    return cluster->election.role == EVENLOAD_ROLE_LEADER && evenload_lease_holds(&cluster->lease, now_ms);
}

void evenload_cluster_stand_down(evenload_cluster_t *cluster, int32_t now_ms, int32_t reason, int32_t target)
{
    evenload_post_t *post = &cluster->post;
    evenload_lease_end(&cluster->lease);
    cluster->is_led = 0;
    EVENLOAD_TRACE(post, now_ms, EVENLOAD_TRACE_LEASE_END, cluster->election.ballot.term, reason, 0);
    evenload_outbox_withdraw(&post->outbox, EVENLOAD_CAN_TYPE_PLAN);
    evenload_outbox_withdraw(&post->outbox, EVENLOAD_CAN_TYPE_LEASE);
    evenload_outbox_withdraw(&post->outbox, EVENLOAD_CAN_TYPE_HEARTBEAT);
    if (cluster->election.role == EVENLOAD_ROLE_LEADER) {
        evenload_election_resign(&cluster->election, now_ms, reason, target, post);
    }
}

void evenload_cluster_apply_plan(evenload_cluster_t *cluster, int32_t now_ms)
{
    const int32_t *plan = cluster->plan;
    cluster->election.ballot.plan_term = plan[EVENLOAD_PLAN_TERM];
    cluster->election.ballot.plan_seq = plan[EVENLOAD_PLAN_SEQ];
    evenload_cover_on_plan(&cluster->cover, plan, &cluster->roster);
    evenload_plan_packer_load(&cluster->planner.packer, plan, plan[EVENLOAD_PLAN_MASTER]);
    EVENLOAD_TRACE(&cluster->post, now_ms, EVENLOAD_TRACE_PLAN, plan[EVENLOAD_PLAN_TERM],
                   plan[EVENLOAD_PLAN_SEQ], cluster->planner.packer.crc16);
}

int32_t evenload_cluster_successor(const evenload_cluster_t *cluster)
{
    for (int32_t slot = 0; slot < cluster->roster.count; slot++) {
        const int32_t src = cluster->roster.source[slot];
        if (src != cluster->src && evenload_cluster_may_succeed(cluster, src)) {
            return src;
        }
    }
    return 0;
}

int32_t evenload_cluster_may_succeed(const evenload_cluster_t *cluster, int32_t src)
{
    const evenload_heartbeat_t *peers = &cluster->peers;
    if (!(peers->ready_mask & (1 << src)) || peers->health[src] != EVENLOAD_DERATE_FULL) {
        return 0;
    }
    return evenload_heartbeat_has_applied(peers, src, cluster->plan[EVENLOAD_PLAN_TERM],
                                          cluster->plan[EVENLOAD_PLAN_SEQ]);
}
