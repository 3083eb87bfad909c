/* A real-time thread of Linux (csrc/linux/rt_thread.h). */
#define _GNU_SOURCE
#include "rt_thread.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define STACK_TOUCHED_SIZE (64 * 1024)
#define US_PER_S 1000000

int64_t evenload_rt_thread_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

/* Future memory may be locked only where no limit could then make an allocation fail. */
static int32_t lock_memory(void)
{
    struct rlimit limit;
    const int has_limit = getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY;

    if (mlockall(MCL_CURRENT) != 0) {
        return 0;
    }
    if (!has_limit || geteuid() == 0) {
        (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    }
    return 1;
}

static void touch_stack(void)
{
    volatile uint8_t room[STACK_TOUCHED_SIZE];

    for (int32_t i = 0; i < STACK_TOUCHED_SIZE; i += 1024) {
        room[i] = 0;
    }
    (void)room[0];
}

void evenload_rt_thread_begin(evenload_rt_thread_t *thread, int32_t priority)
{
    const struct sched_param wanted = {.sched_priority = priority};
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &thread->signals);
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    touch_stack();
    thread->is_locked = lock_memory();
    thread->is_fifo = sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &wanted) == 0;
}

void evenload_rt_thread_end(const evenload_rt_thread_t *thread)
{
    const struct sched_param ordinary = {.sched_priority = 0};

    if (thread->is_fifo) {
        (void)sched_setscheduler(0, SCHED_OTHER, &ordinary);
    }
    pthread_sigmask(SIG_SETMASK, &thread->signals, NULL);
}

int64_t evenload_rt_cyclic(int32_t period_us, int32_t count, int32_t priority, int32_t *late_us)
{
    evenload_rt_thread_t thread;
    int64_t first_us;

    evenload_rt_thread_begin(&thread, priority);
    first_us = evenload_rt_thread_now_us() + period_us;
    for (int32_t i = 0; i < count; ++i) {
        const int64_t due_us = first_us + (int64_t)i * period_us;
        const struct timespec due = {due_us / US_PER_S, (due_us % US_PER_S) * 1000};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) != 0) {
        }
        late_us[i] = (int32_t)(evenload_rt_thread_now_us() - due_us);
    }
    evenload_rt_thread_end(&thread);
    return thread.is_fifo ? first_us : -first_us;
}
