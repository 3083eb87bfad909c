/* The real-time plane of a node: one thread owns the wire and the cluster kernel (SPEC, real-time plane).

   evenload_rt_run is entered by a thread of its own and returns only when it is told to stop. Every other
   function may be called by one other thread while it runs; none of them makes the loop wait. The struct is
   the caller's and has to stay where it is. */
#ifndef EVENLOAD_RT_LOOP_H
#define EVENLOAD_RT_LOOP_H

#include <stdatomic.h>
#include <stdint.h>

#include "evenload/cluster.h"
#include "rt_ring.h"
#include "rt_thread.h"

typedef struct {
    int32_t code;
    int32_t value;
    int32_t ticket;
} evenload_rt_command_t;

typedef struct {
    int64_t at_us;
    int32_t row[EVENLOAD_TRACE_SIZE];
} evenload_rt_trace_t;

typedef struct {
    /* Set by init. */
    evenload_cluster_t *cluster;
    int32_t tick_us;
    int32_t priority;
    int32_t notify_fd;
    /* Between the threads. */
    _Atomic int32_t is_stopping;
    _Atomic int32_t offered;
    _Atomic int32_t has_bus;
    _Atomic uint32_t sequence;
    _Atomic int32_t snapshot[EVENLOAD_SNAPSHOT_SIZE];
    _Atomic int64_t counters[EVENLOAD_RT_SIZE];
    evenload_rt_ring_t command_ring;
    evenload_rt_ring_t answer_ring;
    evenload_rt_ring_t trace_ring;
    evenload_rt_ring_t beat_ring;
    evenload_rt_command_t commands[EVENLOAD_RT_COMMAND_COUNT];
    evenload_rt_command_t answers[EVENLOAD_RT_COMMAND_COUNT];
    evenload_rt_trace_t traces[EVENLOAD_RT_TRACE_COUNT];
    int64_t beats_us[EVENLOAD_RT_BEAT_COUNT];
    /* The caller's thread only. */
    int32_t last_ticket;
    int32_t waiting_count;
    /* The loop's thread only. */
    int32_t fd;
    int32_t is_pending;
    int32_t has_news;
    int32_t told_ceiling;
    int64_t due_us;
    int64_t drained_us;
    int64_t pending_us;
    int64_t counts[EVENLOAD_RT_SIZE];
    int32_t numbers[EVENLOAD_SNAPSHOT_SIZE];
    uint8_t pending[EVENLOAD_CAN_FRAME_SIZE];
} evenload_rt_t;

/* Prepares the loop of a cluster kernel that has its settings. tick_us: 1000 .. 5000; priority: of SCHED_FIFO;
   notify_fd: an eventfd that is written when there is an answer, a transition or a ceiling to store. */
void evenload_rt_init(evenload_rt_t *rt, evenload_cluster_t *cluster, int32_t tick_us, int32_t priority,
                      int32_t notify_fd);

/* Starts the kernel with the stored ceiling (-1: unreadable) and publishes its first snapshot; before run. */
void evenload_rt_start(evenload_rt_t *rt, int32_t ceiling);

/* Ticks until evenload_rt_stop. Without a wire, or with a lost one, the kernel goes on: it has to notice. */
void evenload_rt_run(evenload_rt_t *rt);

/* Makes evenload_rt_run return within a tick. */
void evenload_rt_stop(evenload_rt_t *rt);

/* Gives the loop a non-blocking descriptor whose messages are 16-byte frames. It stays the caller's to close, but
   not before evenload_rt_has_bus returns 0 or the loop has ended. */
void evenload_rt_attach(evenload_rt_t *rt, int32_t fd);

/* Returns 1 while a wire was given and has not failed. */
int32_t evenload_rt_has_bus(evenload_rt_t *rt);

/* Gives a command: EVENLOAD_ORDER_*, or EVENLOAD_RT_COMMAND_STORED with the stored ceiling. Returns its ticket, 0
   when EVENLOAD_RT_COMMAND_COUNT are on their way. */
int32_t evenload_rt_post(evenload_rt_t *rt, int32_t code, int32_t value);

/* Writes {ticket, EVENLOAD_ORDER_*} of the oldest answer and returns 1; 0 when there is none. */
int32_t evenload_rt_take_answer(evenload_rt_t *rt, int32_t *into);

/* Writes {us, code, a, b, c, at_ms} of the oldest transition and returns 1; 0 when there is none. */
int32_t evenload_rt_take_trace(evenload_rt_t *rt, int64_t *into);

/* Returns the CLOCK_MONOTONIC us at which the oldest heartbeat was sent, 0 when there is none. */
int64_t evenload_rt_take_beat(evenload_rt_t *rt);

/* Copies the newest snapshot and counters, of one moment. Returns 0, with nothing written, in the unlikely case that
   the loop published all the while. */
int32_t evenload_rt_read(evenload_rt_t *rt, int32_t *snapshot, int64_t *counters);

#endif
