"""A cluster node as one array of numbers, for whoever shows, records or compares it. Mirror: csrc/src/snapshot.c."""

from array import array

from evenload.ticks import elapsed_ms
from evenload.wire import (
    CLUSTER_COLUMN_COUNT,
    FRAME_FAULT_COUNT,
    PLAN_SIZE,
    SNAPSHOT_ALARM,
    SNAPSHOT_ALIVE_MASK,
    SNAPSHOT_APPLIED_10W,
    SNAPSHOT_BASIS,
    SNAPSHOT_CEILING,
    SNAPSHOT_CEILING_WANTED,
    SNAPSHOT_COMMITTED_SEQ,
    SNAPSHOT_ELECTIONS,
    SNAPSHOT_FAULT,
    SNAPSHOT_FLOOR,
    SNAPSHOT_FRAMES_IN,
    SNAPSHOT_FRAMES_OUT,
    SNAPSHOT_HAS_LEASE,
    SNAPSHOT_HEALTH,
    SNAPSHOT_IS_SILENT,
    SNAPSHOT_LEADER,
    SNAPSHOT_LEADER_HEARD_MS,
    SNAPSHOT_LEASE_UNTIL_MS,
    SNAPSHOT_NOW_MS,
    SNAPSHOT_OUTBOX_DROPPED,
    SNAPSHOT_PEER_AGE_MS,
    SNAPSHOT_PEER_HEALTH,
    SNAPSHOT_PEER_LEADER,
    SNAPSHOT_PEER_LOAD,
    SNAPSHOT_PEER_LOST,
    SNAPSHOT_PEER_PLAN_SEQ,
    SNAPSHOT_PEER_ROLE,
    SNAPSHOT_PEER_TERM,
    SNAPSHOT_PLAN,
    SNAPSHOT_RATED_10W,
    SNAPSHOT_ROLE,
    SNAPSHOT_SIZE,
    SNAPSHOT_SRC,
    SNAPSHOT_TARGET_10W,
    SNAPSHOT_TERM,
    SNAPSHOT_TRACE_LOST,
    SNAPSHOT_UNMET_10W,
    SNAPSHOT_VOTED_FOR,
    SNAPSHOT_VOTER_MASK,
)


def write(cluster, now_ms: int, into: array) -> None:
    """Write SNAPSHOT_SIZE numbers; the age of a peer that is not alive is -1."""
    for i in range(SNAPSHOT_SIZE):
        into[i] = 0
    _write_node(cluster, now_ms, into)
    _write_share(cluster, into)
    for i in range(FRAME_FAULT_COUNT):
        into[SNAPSHOT_FAULT + i] = cluster.faults[i]
    for i in range(PLAN_SIZE):
        into[SNAPSHOT_PLAN + i] = cluster.plan[i]
    for src in range(CLUSTER_COLUMN_COUNT):
        _write_peer(cluster.peers, now_ms, src, into)


def _write_node(cluster, now_ms, into):
    election = cluster.election
    into[SNAPSHOT_SRC] = cluster.src
    into[SNAPSHOT_ROLE] = election.role
    into[SNAPSHOT_TERM] = election.ballot.term
    into[SNAPSHOT_LEADER] = election.leader
    into[SNAPSHOT_VOTED_FOR] = election.ballot.voted_for
    into[SNAPSHOT_FLOOR] = election.ballot.floor
    into[SNAPSHOT_CEILING] = election.ballot.ceiling
    into[SNAPSHOT_CEILING_WANTED] = cluster.ceiling_wanted
    into[SNAPSHOT_HAS_LEASE] = cluster.has_lease(now_ms)
    into[SNAPSHOT_LEASE_UNTIL_MS] = cluster.lease.until_ms
    into[SNAPSHOT_COMMITTED_SEQ] = cluster.planner.committed_seq
    into[SNAPSHOT_ALIVE_MASK] = cluster.peers.ready_mask | cluster.cover.own_bit
    into[SNAPSHOT_VOTER_MASK] = cluster.voter_mask
    into[SNAPSHOT_IS_SILENT] = cluster.post.is_silent
    into[SNAPSHOT_NOW_MS] = now_ms
    into[SNAPSHOT_LEADER_HEARD_MS] = election.leader_heard_ms
    into[SNAPSHOT_FRAMES_IN] = cluster.frames_in
    into[SNAPSHOT_FRAMES_OUT] = cluster.post.frames_out
    into[SNAPSHOT_OUTBOX_DROPPED] = cluster.post.outbox.dropped
    into[SNAPSHOT_TRACE_LOST] = cluster.post.trace_lost
    into[SNAPSHOT_ELECTIONS] = election.election_count


def _write_share(cluster, into):
    cover = cluster.cover
    into[SNAPSHOT_TARGET_10W] = cover.target_10w
    into[SNAPSHOT_APPLIED_10W] = cover.applied_10w
    into[SNAPSHOT_BASIS] = cover.basis
    into[SNAPSHOT_ALARM] = cluster.alarm
    into[SNAPSHOT_UNMET_10W] = cluster.planner.unmet_10w if cluster.is_led else cover.unmet_10w
    into[SNAPSHOT_HEALTH] = cluster.election.health
    into[SNAPSHOT_RATED_10W] = cluster.roster.rated_10w[cluster.src] if cover.own_bit else 0


def _write_peer(peers, now_ms, src, into):
    is_alive = peers.alive_mask & (1 << src)
    into[SNAPSHOT_PEER_TERM + src] = peers.term[src]
    into[SNAPSHOT_PEER_LEADER + src] = peers.leader[src]
    into[SNAPSHOT_PEER_ROLE + src] = peers.role[src]
    into[SNAPSHOT_PEER_HEALTH + src] = peers.health[src]
    into[SNAPSHOT_PEER_PLAN_SEQ + src] = peers.plan_seq[src]
    into[SNAPSHOT_PEER_LOAD + src] = peers.load[src]
    into[SNAPSHOT_PEER_AGE_MS + src] = elapsed_ms(now_ms, peers.heard_ms[src]) if is_alive else -1
    into[SNAPSHOT_PEER_LOST + src] = peers.lost[src]
