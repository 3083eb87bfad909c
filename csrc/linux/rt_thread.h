/* The calling thread as a real-time thread of Linux: priority, memory, signals, clock. */
#ifndef EVENLOAD_RT_THREAD_H
#define EVENLOAD_RT_THREAD_H

#include <signal.h>
#include <stdint.h>

typedef struct {
    sigset_t signals;
    int32_t is_fifo;
    int32_t is_locked;
} evenload_rt_thread_t;

/* CLOCK_MONOTONIC in us. */
int64_t evenload_rt_thread_now_us(void);

/* Makes the calling thread a real-time one as far as it is permitted: SCHED_FIFO at `priority`, all memory of the
   process locked, its stack touched, every signal blocked, timers without slack. What was refused is reported
   in is_fifo and is_locked and is never an error. */
void evenload_rt_thread_begin(evenload_rt_thread_t *thread, int32_t priority);

/* Undoes evenload_rt_thread_begin, except that memory stays locked. */
void evenload_rt_thread_end(const evenload_rt_thread_t *thread);

/* The least that a real-time thread can do, as a reference: sleeps `count` times until a grid of period_us and
   writes how late it woke into late_us. Returns the CLOCK_MONOTONIC us of the grid's first point, negated
   where SCHED_FIFO was refused. */
int64_t evenload_rt_cyclic(int32_t period_us, int32_t count, int32_t priority, int32_t *late_us);

#endif
