/* The real-time loop and its other thread at the same rings, snapshot and wire for some time, for ThreadSanitizer. */
#define _GNU_SOURCE
#include "rt_loop.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

#define VOTERS 0xe
#define PLUG_PERIOD_US 20000

static void *run(void *rt)
{
    evenload_rt_run(rt);
    return NULL;
}

/* Gives the loop a new wire when it has none and takes it away again after a while; far: its other end. */
static void plug(evenload_rt_t *rt, int *near, int *far, int64_t *changed_us)
{
    const int64_t now_us = evenload_rt_thread_now_us();
    int ends[2];

    if (*far >= 0 && now_us - *changed_us > PLUG_PERIOD_US) {
        close(*far);
        *far = -1;
    }
    if (*far < 0 && !evenload_rt_has_bus(rt)) {
        if (*near >= 0) {
            close(*near);
        }
        CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) == 0);
        *near = ends[0];
        *far = ends[1];
        *changed_us = now_us;
        evenload_rt_attach(rt, *near);
    }
}

/* Does once everything that the other thread may do; returns how many answers it took. */
static int32_t visit(evenload_rt_t *rt, int far, int32_t *posted)
{
    static const uint8_t frame[EVENLOAD_CAN_FRAME_SIZE] = {0, 0, 0, 0x80, 8};
    static int32_t snapshot[EVENLOAD_SNAPSHOT_SIZE];
    static int64_t counters[EVENLOAD_RT_SIZE];
    int64_t row[EVENLOAD_TRACE_SIZE + 1];
    int32_t answer[2];
    int32_t taken = 0;
    int64_t buckets = 0;
    uint8_t room[EVENLOAD_CAN_FRAME_SIZE];

    *posted += evenload_rt_post(rt, EVENLOAD_ORDER_LOAD, 7) != 0;
    while (evenload_rt_take_answer(rt, answer)) {
        CHECK(answer[1] == EVENLOAD_ORDER_DONE);
        taken += 1;
    }
    while (evenload_rt_take_trace(rt, row)) {
        CHECK(row[1] > EVENLOAD_TRACE_NONE);
    }
    while (evenload_rt_take_beat(rt)) {
    }
    if (evenload_rt_read(rt, snapshot, counters)) {
        for (int32_t i = 0; i < EVENLOAD_RT_BUCKET_COUNT; ++i) {
            buckets += counters[EVENLOAD_RT_BUCKET + i];
        }
        CHECK(buckets == counters[EVENLOAD_RT_TICKS]);
        CHECK(snapshot[EVENLOAD_SNAPSHOT_SRC] == 1);
    }
    if (far >= 0) {
        (void)send(far, frame, sizeof frame, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)recv(far, room, sizeof room, MSG_DONTWAIT);
    }
    return taken;
}

int main(int count, char **words)
{
    static evenload_cluster_t cluster;
    static evenload_rt_t rt;
    const int64_t until_us = evenload_rt_thread_now_us() + 1000000 * (count > 1 ? atoi(words[1]) : 2);
    int64_t changed_us = 0;
    int32_t posted = 0;
    int32_t taken = 0;
    int near = -1;
    int far = -1;
    pthread_t thread;

    evenload_cluster_init(&cluster, 1, VOTERS);
    evenload_rt_init(&rt, &cluster, 1000, 40, eventfd(0, EFD_NONBLOCK));
    evenload_rt_start(&rt, 256);
    CHECK(pthread_create(&thread, NULL, run, &rt) == 0);
    while (evenload_rt_thread_now_us() < until_us) {
        plug(&rt, &near, &far, &changed_us);
        taken += visit(&rt, far, &posted);
    }
    evenload_rt_stop(&rt);
    CHECK(pthread_join(thread, NULL) == 0);
    taken += visit(&rt, -1, &posted);
    CHECK(taken <= posted && taken + EVENLOAD_RT_COMMAND_COUNT >= posted && taken > 0);
    printf("race_rt_loop: %d commands, %lld ticks, %lld wires lost\n", (int)taken,
           (long long)rt.counts[EVENLOAD_RT_TICKS], (long long)rt.counts[EVENLOAD_RT_BUS_LOST]);
    return 0;
}
