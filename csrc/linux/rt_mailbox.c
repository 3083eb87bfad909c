/* What the other thread reads from the real-time loop and gives to it (csrc/linux/rt_loop.h). */
#define _GNU_SOURCE
#include "rt_loop.h"

#include <sched.h>

#define READ_TRIES_MAX 1000

int32_t evenload_rt_read(evenload_rt_t *rt, int32_t *snapshot, int64_t *counters)
{
    for (int32_t tries = 0; tries < READ_TRIES_MAX; ++tries) {
        const uint32_t before = atomic_load_explicit(&rt->sequence, memory_order_acquire);
        for (int32_t i = 0; i < EVENLOAD_SNAPSHOT_SIZE; ++i) {
            snapshot[i] = atomic_load_explicit(&rt->snapshot[i], memory_order_relaxed);
        }
        for (int32_t i = 0; i < EVENLOAD_RT_SIZE; ++i) {
            counters[i] = atomic_load_explicit(&rt->counters[i], memory_order_relaxed);
        }
        atomic_thread_fence(memory_order_acquire);
        if ((before & 1u) == 0 && atomic_load_explicit(&rt->sequence, memory_order_relaxed) == before) {
            return 1;
        }
        sched_yield();
    }
    return 0;
}

int32_t evenload_rt_post(evenload_rt_t *rt, int32_t code, int32_t value)
{
    const int32_t place = evenload_rt_ring_room(&rt->command_ring, EVENLOAD_RT_COMMAND_COUNT);

    if (place < 0 || rt->waiting_count >= EVENLOAD_RT_COMMAND_COUNT) {
        return 0;
    }
    rt->last_ticket = rt->last_ticket == INT32_MAX ? 1 : rt->last_ticket + 1;
    rt->waiting_count += 1;
    rt->commands[place] = (evenload_rt_command_t){code, value, rt->last_ticket};
    evenload_rt_ring_wrote(&rt->command_ring);
    return rt->last_ticket;
}

int32_t evenload_rt_take_answer(evenload_rt_t *rt, int32_t *into)
{
    const int32_t place = evenload_rt_ring_oldest(&rt->answer_ring, EVENLOAD_RT_COMMAND_COUNT);

    if (place < 0) {
        return 0;
    }
    into[0] = rt->answers[place].ticket;
    into[1] = rt->answers[place].value;
    evenload_rt_ring_took(&rt->answer_ring);
    rt->waiting_count -= 1;
    return 1;
}

int32_t evenload_rt_take_trace(evenload_rt_t *rt, int64_t *into)
{
    const int32_t place = evenload_rt_ring_oldest(&rt->trace_ring, EVENLOAD_RT_TRACE_COUNT);

    if (place < 0) {
        return 0;
    }
    into[0] = rt->traces[place].at_us;
    for (int32_t i = 0; i < EVENLOAD_TRACE_SIZE; ++i) {
        into[i + 1] = rt->traces[place].row[i];
    }
    evenload_rt_ring_took(&rt->trace_ring);
    return 1;
}

int64_t evenload_rt_take_beat(evenload_rt_t *rt)
{
    const int32_t place = evenload_rt_ring_oldest(&rt->beat_ring, EVENLOAD_RT_BEAT_COUNT);
    const int64_t at_us = place < 0 ? 0 : rt->beats_us[place];

    if (place >= 0) {
        evenload_rt_ring_took(&rt->beat_ring);
    }
    return at_us;
}
