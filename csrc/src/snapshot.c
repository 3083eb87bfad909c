/* Mirror: shared/evenload/snapshot.py, which is the specification. */
#include "evenload/snapshot.h"

#include "evenload/ticks.h"

static void write_node(const evenload_cluster_t *cluster, int32_t now_ms, int32_t *into)
{
    const evenload_election_t *election = &cluster->election;
    into[EVENLOAD_SNAPSHOT_SRC] = cluster->src;
    into[EVENLOAD_SNAPSHOT_ROLE] = election->role;
    into[EVENLOAD_SNAPSHOT_TERM] = election->ballot.term;
    into[EVENLOAD_SNAPSHOT_LEADER] = election->leader;
    into[EVENLOAD_SNAPSHOT_VOTED_FOR] = election->ballot.voted_for;
    into[EVENLOAD_SNAPSHOT_FLOOR] = election->ballot.floor;
    into[EVENLOAD_SNAPSHOT_CEILING] = election->ballot.ceiling;
    into[EVENLOAD_SNAPSHOT_CEILING_WANTED] = cluster->ceiling_wanted;
    into[EVENLOAD_SNAPSHOT_HAS_LEASE] = evenload_cluster_has_lease(cluster, now_ms);
    into[EVENLOAD_SNAPSHOT_LEASE_UNTIL_MS] = cluster->lease.until_ms;
    into[EVENLOAD_SNAPSHOT_COMMITTED_SEQ] = cluster->planner.committed_seq;
    into[EVENLOAD_SNAPSHOT_ALIVE_MASK] = cluster->peers.ready_mask | cluster->cover.own_bit;
    into[EVENLOAD_SNAPSHOT_VOTER_MASK] = cluster->voter_mask;
    into[EVENLOAD_SNAPSHOT_IS_SILENT] = cluster->post.is_silent;
    into[EVENLOAD_SNAPSHOT_NOW_MS] = now_ms;
    into[EVENLOAD_SNAPSHOT_LEADER_HEARD_MS] = election->leader_heard_ms;
    into[EVENLOAD_SNAPSHOT_FRAMES_IN] = cluster->frames_in;
    into[EVENLOAD_SNAPSHOT_FRAMES_OUT] = cluster->post.frames_out;
    into[EVENLOAD_SNAPSHOT_OUTBOX_DROPPED] = cluster->post.outbox.dropped;
    into[EVENLOAD_SNAPSHOT_TRACE_LOST] = cluster->post.trace_lost;
    into[EVENLOAD_SNAPSHOT_ELECTIONS] = election->election_count;
}

static void write_share(const evenload_cluster_t *cluster, int32_t *into)
{
    const evenload_cover_t *cover = &cluster->cover;
    into[EVENLOAD_SNAPSHOT_TARGET_10W] = cover->target_10w;
    into[EVENLOAD_SNAPSHOT_APPLIED_10W] = cover->applied_10w;
    into[EVENLOAD_SNAPSHOT_BASIS] = cover->basis;
    into[EVENLOAD_SNAPSHOT_ALARM] = cluster->alarm;
    into[EVENLOAD_SNAPSHOT_UNMET_10W] = cluster->is_led ? cluster->planner.unmet_10w : cover->unmet_10w;
    into[EVENLOAD_SNAPSHOT_HEALTH] = cluster->election.health;
    into[EVENLOAD_SNAPSHOT_RATED_10W] = cover->own_bit ? cluster->roster.rated_10w[cluster->src] : 0;
}

static void write_peer(const evenload_heartbeat_t *peers, int32_t now_ms, int32_t src, int32_t *into)
{
    const int32_t is_alive = peers->alive_mask & (1 << src);
    into[EVENLOAD_SNAPSHOT_PEER_TERM + src] = peers->term[src];
    into[EVENLOAD_SNAPSHOT_PEER_LEADER + src] = peers->leader[src];
    into[EVENLOAD_SNAPSHOT_PEER_ROLE + src] = peers->role[src];
    into[EVENLOAD_SNAPSHOT_PEER_HEALTH + src] = peers->health[src];
    into[EVENLOAD_SNAPSHOT_PEER_PLAN_SEQ + src] = peers->plan_seq[src];
    into[EVENLOAD_SNAPSHOT_PEER_LOAD + src] = peers->load[src];
    into[EVENLOAD_SNAPSHOT_PEER_AGE_MS + src] =
        is_alive ? evenload_ticks_elapsed_ms(now_ms, peers->heard_ms[src]) : -1;
    into[EVENLOAD_SNAPSHOT_PEER_LOST + src] = peers->lost[src];
}

void evenload_snapshot_write(const evenload_cluster_t *cluster, int32_t now_ms, int32_t *into)
{
    for (int32_t i = 0; i < EVENLOAD_SNAPSHOT_SIZE; i++) {
        into[i] = 0;
    }
    write_node(cluster, now_ms, into);
    write_share(cluster, into);
    for (int32_t i = 0; i < EVENLOAD_FRAME_FAULT_COUNT; i++) {
        into[EVENLOAD_SNAPSHOT_FAULT + i] = cluster->faults[i];
    }
    for (int32_t i = 0; i < EVENLOAD_PLAN_SIZE; i++) {
        into[EVENLOAD_SNAPSHOT_PLAN + i] = cluster->plan[i];
    }
    for (int32_t src = 0; src < EVENLOAD_CLUSTER_COLUMN_COUNT; src++) {
        write_peer(&cluster->peers, now_ms, src, into);
    }
}
