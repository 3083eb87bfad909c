/* What a tick and a frame cost in C, and how large the state is: `evenload bench cluster` compiles and runs this.

   The input is real: source 6 follows in a ring of six, and everything that it hears in 800 ms (the period of
   all counters) is kept with its time. Then a copy of it lives through that period again and again, with a
   tick after every frame, as the real-time loop does. Prints one line: ns of a frame with its tick and
   outbox, ns of a bare tick, frames of a period, bytes of the state, bytes of it that grow with the voters.
   With an argument: that many periods, without clocks, for a count of instructions from outside. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "cluster_ring.h"

enum {
    PERIOD_MS = 800,
    HEARD_MAX = 512,
    FOLLOWER = 5,
    ROUNDS = 400,
    REPEATS = 15,
    TICK_MS = 1,
    BARE_TICKS = 100000
};

typedef struct {
    int32_t at_ms;
    uint8_t frame[EVENLOAD_CAN_FRAME_SIZE];
} heard_t;

static heard_t heard[HEARD_MAX];
static size_t heard_count;

static void keep(ring_t *ring, const uint8_t *frame)
{
    CHECK(heard_count < HEARD_MAX);
    heard[heard_count].at_ms = ring->now_ms;
    memcpy(heard[heard_count].frame, frame, EVENLOAD_CAN_FRAME_SIZE);
    heard_count++;
}

/* Lives through the kept period once, `shift_ms` later than it was. */
static void live(evenload_cluster_t *node, int32_t shift_ms)
{
    uint8_t frame[EVENLOAD_CAN_FRAME_SIZE];
    for (size_t i = 0; i < heard_count; i++) {
        const int32_t now_ms = (heard[i].at_ms + shift_ms) & (EVENLOAD_TICKS_PERIOD_MS - 1);
        (void)evenload_cluster_on_frame(node, now_ms, heard[i].frame);
        evenload_cluster_tick(node, now_ms);
        while (evenload_cluster_take_outbox(node, now_ms, frame)) {
        }
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double frame_ns(const evenload_cluster_t *follower)
{
    double best = 0;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        evenload_cluster_t node = *follower;
        const double begin = seconds();
        for (int32_t round = 1; round <= ROUNDS; round++) {
            live(&node, round * PERIOD_MS);
        }
        const double spent = seconds() - begin;
        best = repeat == 0 || spent < best ? spent : best;
        CHECK(node.election.leader != 0 && node.peers.alive_mask == follower->peers.alive_mask);
    }
    return best * 1e9 / ((double)ROUNDS * (double)heard_count);
}

static double tick_ns(const evenload_cluster_t *follower, int32_t now_ms)
{
    double best = 0;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        evenload_cluster_t node = *follower;
        const double begin = seconds();
        for (int32_t i = 0; i < BARE_TICKS; i++) {
            evenload_cluster_tick(&node, now_ms);
        }
        const double spent = seconds() - begin;
        best = repeat == 0 || spent < best ? spent : best;
    }
    return best * 1e9 / BARE_TICKS;
}

int main(int count, char **words)
{
    static ring_t ring;
    ring_start(&ring);
    CHECK(ring_settle(&ring, TICK_MS) >= 0);
    const evenload_cluster_t follower = ring.node[FOLLOWER];
    const int32_t begin_ms = ring.now_ms;
    ring.heard = FOLLOWER;
    ring.on_heard = keep;
    while (ring.now_ms < begin_ms + PERIOD_MS) {
        ring_step(&ring, TICK_MS);
    }
    const evenload_cluster_t after = ring.node[FOLLOWER];
    if (count > 1) {
        evenload_cluster_t node = after;
        for (int32_t round = 1; round <= atoi(words[1]); round++) {
            live(&node, round * PERIOD_MS);
        }
        return node.election.leader == 0;
    }
    const size_t by_voter = sizeof(evenload_heartbeat_t) + sizeof(evenload_roster_t);
    printf("%.1f %.1f %zu %zu %zu\n", frame_ns(&after), tick_ns(&after, ring.now_ms), heard_count,
           sizeof(evenload_cluster_t), by_voter);
    return 0;
}
