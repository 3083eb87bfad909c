/* Fuzz target: any stream of calls on two nodes that hear each other now and then: ticks, frames as they come or
   repaired into possible ones, orders, stored ceilings, restarts. What a node promises is held after every
   call. */
#include "check.h"
#include "evenload/canframe.h"
#include "evenload/cluster.h"
#include <string.h>

enum { NODE_COUNT = 2, RECORD_SIZE = 12, RING_MASK_MS = EVENLOAD_TICKS_PERIOD_MS - 1, CALM_MS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    evenload_cluster_t cluster;
    int32_t term;      /* the highest seen in this life */
    int32_t voted_for; /* in that term, 0: nobody */
    int32_t stored;    /* what a restart reads */
} life_t;

typedef struct {
    life_t life[NODE_COUNT];
    int32_t now_ms;
    int32_t voter_mask;
} bench_t;

static void check_promises(life_t *life)
{
    const evenload_ballot_t *ballot = &life->cluster.election.ballot;
    CHECK(ballot->term >= life->term);
    if (ballot->term == life->term && life->voted_for) {
        CHECK(ballot->voted_for == life->voted_for);
    }
    if (ballot->voted_for && (ballot->term != life->term || !life->voted_for)) {
        CHECK(ballot->term > ballot->floor && ballot->term <= life->stored);
    }
    life->term = ballot->term;
    life->voted_for = ballot->voted_for;
}

static void check_ranges(const evenload_cluster_t *cluster, int32_t now_ms)
{
    const evenload_cover_t *cover = &cluster->cover;
    const int32_t role = cluster->election.role;
    CHECK(role >= EVENLOAD_ROLE_FOLLOWER && role <= EVENLOAD_ROLE_BOOT);
    CHECK(!cluster->is_led || role == EVENLOAD_ROLE_LEADER);
    CHECK(!evenload_cluster_has_lease(cluster, now_ms) || (role == EVENLOAD_ROLE_LEADER && cover->own_bit));
    CHECK(role != EVENLOAD_ROLE_LEADER ||
          evenload_election_bits_of(cluster->election.grants) >= cluster->election.quorum);
    CHECK(cover->applied_10w >= 0 && cover->applied_10w <= cluster->roster.rated_10w[cluster->src]);
    CHECK(cover->basis >= EVENLOAD_BASIS_BOOT && cover->basis <= EVENLOAD_BASIS_ISOLATED);
    CHECK(cluster->post.outbox.count >= 0 && cluster->post.outbox.count <= EVENLOAD_OUTBOX_COUNT);
    CHECK(cluster->post.trace_count >= 0 && cluster->post.trace_count <= EVENLOAD_TRACE_COUNT);
    CHECK(cluster->plan[EVENLOAD_PLAN_SEQ] >= 0 && cluster->plan[EVENLOAD_PLAN_SEQ] <= EVENLOAD_PLAN_SEQ_MAX);
    CHECK(cluster->plan[EVENLOAD_PLAN_SEQ] - cluster->planner.committed_seq <= EVENLOAD_CLUSTER_UNACKED_MAX ||
          role != EVENLOAD_ROLE_LEADER);
    const int32_t due_ms = evenload_cluster_next_due_ms(cluster, now_ms);
    CHECK(due_ms >= 0 && due_ms <= EVENLOAD_CLUSTER_BEAT_MS);
}

static void check(bench_t *bench, int32_t node)
{
    int32_t row[EVENLOAD_SNAPSHOT_SIZE];
    check_promises(&bench->life[node]);
    check_ranges(&bench->life[node].cluster, bench->now_ms);
    evenload_cluster_snapshot(&bench->life[node].cluster, bench->now_ms, row);
    CHECK(row[EVENLOAD_SNAPSHOT_SRC] == bench->life[node].cluster.src);
}

static void start(bench_t *bench, int32_t node)
{
    life_t *life = &bench->life[node];
    evenload_cluster_init(&life->cluster, node + 1, bench->voter_mask);
    life->cluster.zone = node + 1;
    for (int32_t src = 1; src < EVENLOAD_CLUSTER_COLUMN_COUNT; src++) {
        life->cluster.roster.rated_10w[src] = 5000;
    }
    evenload_cluster_start(&life->cluster, bench->now_ms, life->stored);
    life->term = 0;
    life->voted_for = 0;
}

static void pass(bench_t *bench, int32_t node, int32_t is_heard)
{
    uint8_t frame[EVENLOAD_CAN_FRAME_SIZE];
    int32_t row[EVENLOAD_TRACE_SIZE];
    life_t *life = &bench->life[node];
    evenload_cluster_tick(&life->cluster, bench->now_ms);
    while (evenload_cluster_take_outbox(&life->cluster, bench->now_ms, frame)) {
        int32_t fields[EVENLOAD_FIELD_COUNT_MAX];
        CHECK(evenload_canframe_decode(frame, fields) == EVENLOAD_FRAME_OK);
        if (is_heard) {
            (void)evenload_cluster_on_frame(&bench->life[1 - node].cluster, bench->now_ms, frame);
            check(bench, 1 - node);
        }
    }
    while (evenload_cluster_take_trace(&life->cluster, row)) {
        CHECK(row[0] > EVENLOAD_TRACE_NONE && row[0] <= EVENLOAD_TRACE_PREVOTE);
    }
}

/* A possible frame of any voter, near the terms that are in use. */
static void forge(const bench_t *bench, const uint8_t *record, uint8_t *frame)
{
    int32_t fields[EVENLOAD_FIELD_COUNT_MAX];
    const int32_t frame_type = 1 + record[2] % EVENLOAD_CAN_TYPE_EMERGENCY;
    const int32_t src = 1 + record[3] % 18;
    for (int32_t index = 0; index < EVENLOAD_FIELD_COUNT_MAX; index++) {
        fields[index] = record[3 + index];
    }
    if (frame_type < EVENLOAD_CAN_TYPE_EMERGENCY) {
        fields[0] = bench->life[0].term + record[4] % 4;
    }
    if (frame_type == EVENLOAD_CAN_TYPE_PREVOTE_RESP || frame_type == EVENLOAD_CAN_TYPE_VOTE_RESP) {
        fields[EVENLOAD_RESPONSE_REASON] = fields[EVENLOAD_RESPONSE_GRANTED] & 1 ? 0 : 2;
        fields[EVENLOAD_RESPONSE_CANDIDATE] = 1 + record[5] % NODE_COUNT;
    } else if (frame_type == EVENLOAD_CAN_TYPE_HEARTBEAT &&
               (fields[EVENLOAD_BEAT_ROLE] & 3) == EVENLOAD_ROLE_LEADER) {
        fields[EVENLOAD_BEAT_LEADER] = src;
    } else if (frame_type == EVENLOAD_CAN_TYPE_LEASE) {
        fields[EVENLOAD_LEASE_MASTER] = src;
    }
    evenload_canframe_encode(evenload_canframe_identifier(frame_type, 0, EVENLOAD_CAN_DST_ALL, src), fields,
                             frame);
}

static void feed(bench_t *bench, const uint8_t *record)
{
    uint8_t frame[EVENLOAD_CAN_FRAME_SIZE] = {0};
    const int32_t node = record[0] & 1;
    life_t *life = &bench->life[node];
    const int32_t jump_ms = record[1] < 250 ? record[1] % CALM_MS : (record[1] - 252) * 100;
    bench->now_ms = (bench->now_ms + jump_ms) & RING_MASK_MS;
    switch (record[0] >> 1 & 7) {
    case 0:
        memcpy(frame, record + 2, RECORD_SIZE - 2);
        (void)evenload_cluster_on_frame(&life->cluster, bench->now_ms, frame);
        break;
    case 1:
    case 2:
        forge(bench, record, frame);
        (void)evenload_cluster_on_frame(&life->cluster, bench->now_ms, frame);
        break;
    case 3:
        (void)evenload_cluster_order(&life->cluster, bench->now_ms, record[2] % 12,
                                     (record[3] | record[4] << 8) - (record[5] & 1 ? 256 : 0));
        break;
    case 4:
        if (life->cluster.ceiling_wanted) {
            life->stored = life->cluster.ceiling_wanted;
            evenload_cluster_on_stored(&life->cluster, bench->now_ms, life->stored);
        } else if (record[2] == 0) {
            start(bench, node);
        }
        break;
    default:
        pass(bench, node, record[0] >> 4);
        break;
    }
    check(bench, node);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bench_t bench;
    if (size < 2) {
        return 0;
    }
    memset(&bench, 0, sizeof bench);
    bench.voter_mask = (4 << data[0] % 11) - 2;
    bench.now_ms = RING_MASK_MS - data[1] * 16;
    for (int32_t node = 0; node < NODE_COUNT; node++) {
        bench.life[node].stored = data[0] >> 4;
        start(&bench, node);
    }
    for (size_t at = 2; at + RECORD_SIZE <= size; at += RECORD_SIZE) {
        feed(&bench, data + at);
    }
    return 0;
}
