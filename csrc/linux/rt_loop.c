/* The real-time plane of a node (csrc/linux/rt_loop.h).

   A pass: wait for a frame or the next tick; take in what has arrived, with the stamps of its arrival; obey;
   tick the kernel; send what it says; publish. Nothing here allocates, locks or logs. The grid of ticks is
   absolute: a late tick moves no other. */
#define _GNU_SOURCE
#include "rt_loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include "evenload/canframe.h"

#define FRAMES_PER_PASS_MAX 64
/* A kernel that is due all the time must not take the processor: no pass sooner than this after the last. */
#define REST_US_MIN 200
#define NO_BUS (-1)
#define NOTHING_OFFERED (-2)

static int32_t ring_ms(int64_t at_us)
{
    return (int32_t)((at_us / 1000) & (EVENLOAD_TICKS_PERIOD_MS - 1));
}

/* Publishing: a seqlock whose writer never waits. */

static void publish(evenload_rt_t *rt, int64_t now_us)
{
    const uint32_t sequence = atomic_load_explicit(&rt->sequence, memory_order_relaxed);

    evenload_cluster_snapshot(rt->cluster, ring_ms(now_us), rt->numbers);
    atomic_store_explicit(&rt->sequence, sequence + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    for (int32_t i = 0; i < EVENLOAD_SNAPSHOT_SIZE; ++i) {
        atomic_store_explicit(&rt->snapshot[i], rt->numbers[i], memory_order_relaxed);
    }
    for (int32_t i = 0; i < EVENLOAD_RT_SIZE; ++i) {
        atomic_store_explicit(&rt->counters[i], rt->counts[i], memory_order_relaxed);
    }
    atomic_store_explicit(&rt->sequence, sequence + 2, memory_order_release);
}

/* The wire. */

static void lose_bus(evenload_rt_t *rt, int32_t reason)
{
    rt->fd = NO_BUS;
    rt->is_pending = 0;
    rt->has_news = 1;
    rt->counts[EVENLOAD_RT_IS_OPEN] = 0;
    rt->counts[EVENLOAD_RT_BUS_LOST] += 1;
    rt->counts[EVENLOAD_RT_BUS_ERRNO] = reason;
    /* A wire that was offered meanwhile is still to come. */
    if (atomic_load_explicit(&rt->offered, memory_order_acquire) == NOTHING_OFFERED) {
        atomic_store_explicit(&rt->has_bus, 0, memory_order_release);
    }
}

static void take_offer(evenload_rt_t *rt)
{
    const int32_t offered = atomic_exchange_explicit(&rt->offered, NOTHING_OFFERED, memory_order_acq_rel);
    const int stamps = 1;

    if (offered == NOTHING_OFFERED) {
        return;
    }
    rt->fd = offered;
    rt->is_pending = 0;
    rt->counts[EVENLOAD_RT_IS_OPEN] = 1;
    atomic_store_explicit(&rt->has_bus, 1, memory_order_release);
    rt->drained_us = evenload_rt_thread_now_us();
    /* The network layer stamps on arrival, so that a late pass does not make the frames late. */
    (void)setsockopt(rt->fd, SOL_SOCKET, SO_TIMESTAMPNS, &stamps, sizeof stamps);
}

/* When a message arrived, in CLOCK_MONOTONIC: the kernel stamps with the wall clock, whose present distance serves.
   What was waiting when the queue was last seen empty can't be, so a step of the wall clock does little harm.
 */
static int64_t stamp_of(const evenload_rt_t *rt, struct msghdr *message, int64_t now_us)
{
    struct cmsghdr *head = CMSG_FIRSTHDR(message);
    struct timespec stamp;
    struct timespec wall;
    int64_t age_us;

    if (head == NULL || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_TIMESTAMPNS) {
        return now_us;
    }
    memcpy(&stamp, CMSG_DATA(head), sizeof stamp);
    clock_gettime(CLOCK_REALTIME, &wall);
    age_us = (int64_t)(wall.tv_sec - stamp.tv_sec) * 1000000 + (wall.tv_nsec - stamp.tv_nsec) / 1000;
    if (age_us < 0) {
        age_us = 0;
    }
    return now_us - age_us < rt->drained_us ? rt->drained_us : now_us - age_us;
}

/* Takes in one message; returns 0 when there is none. */
static int32_t receive(evenload_rt_t *rt)
{
    uint8_t frame[EVENLOAD_CAN_FRAME_SIZE];
    _Alignas(struct cmsghdr) uint8_t control[128];
    struct iovec part = {frame, sizeof frame};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    const ssize_t size = recvmsg(rt->fd, &message, MSG_DONTWAIT);
    const int64_t now_us = evenload_rt_thread_now_us();

    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        rt->drained_us = now_us;
        return 0;
    }
    if (size <= 0) {
        lose_bus(rt, size < 0 ? errno : 0);
        return 0;
    }
    if (size != EVENLOAD_CAN_FRAME_SIZE || (message.msg_flags & MSG_TRUNC) != 0) {
        rt->counts[EVENLOAD_RT_RX_MALFORMED] += 1;
        return 1;
    }
    rt->counts[EVENLOAD_RT_RX] += 1;
    (void)evenload_cluster_on_frame(rt->cluster, ring_ms(stamp_of(rt, &message, now_us)), frame);
    return 1;
}

static void note_beat(evenload_rt_t *rt)
{
    const int32_t place = evenload_rt_ring_room(&rt->beat_ring, EVENLOAD_RT_BEAT_COUNT);

    if (place < 0) {
        rt->counts[EVENLOAD_RT_BEATS_LOST] += 1;
        return;
    }
    rt->beats_us[place] = evenload_rt_thread_now_us();
    evenload_rt_ring_wrote(&rt->beat_ring);
}

static int32_t type_of(const uint8_t *frame)
{
    return evenload_canframe_type_of(evenload_canframe_identifier_of(frame));
}

/* Returns 1 when the frame that waits for room has to be dropped: it is old, or only the holder of the lease may
   say it and this node is that no more. */
static int32_t is_stale(const evenload_rt_t *rt, int64_t now_us)
{
    const int32_t type = type_of(rt->pending);
    const int32_t is_act = type == EVENLOAD_CAN_TYPE_PLAN || type == EVENLOAD_CAN_TYPE_LEASE ||
                           type == EVENLOAD_CAN_TYPE_SETPOINT;

    return now_us - rt->pending_us > EVENLOAD_OUTBOX_AGE_MS * 1000 ||
           (is_act && !evenload_cluster_has_lease(rt->cluster, ring_ms(now_us)));
}

/* Makes the next frame to send the pending one; returns 0 when there is none. */
static int32_t have_pending(evenload_rt_t *rt, int64_t now_us)
{
    if (rt->is_pending && is_stale(rt, now_us)) {
        rt->counts[EVENLOAD_RT_TX_DROPPED] += 1;
        rt->is_pending = 0;
    }
    if (!rt->is_pending) {
        rt->is_pending = evenload_cluster_take_outbox(rt->cluster, ring_ms(now_us), rt->pending);
        rt->pending_us = now_us;
    }
    return rt->is_pending;
}

/* Sends what the kernel says, most urgent first. One frame may wait for room, as in a controller's mailbox; the
   kernel keeps the order of the others and drops what has grown old. */
static void send_all(evenload_rt_t *rt, int64_t now_us)
{
    while (rt->fd != NO_BUS && have_pending(rt, now_us)) {
        if (send(rt->fd, rt->pending, EVENLOAD_CAN_FRAME_SIZE, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
            if (errno != EAGAIN && errno != ENOBUFS && errno != EINTR) {
                rt->counts[EVENLOAD_RT_TX_ERRORS] += 1;
                lose_bus(rt, errno);
            }
            return;
        }
        rt->is_pending = 0;
        rt->counts[EVENLOAD_RT_TX] += 1;
        if (type_of(rt->pending) == EVENLOAD_CAN_TYPE_HEARTBEAT) {
            note_beat(rt);
        }
    }
}

/* Commands and news. */

static void obey_all(evenload_rt_t *rt, int64_t now_us)
{
    int32_t place = evenload_rt_ring_oldest(&rt->command_ring, EVENLOAD_RT_COMMAND_COUNT);

    while (place >= 0) {
        evenload_rt_command_t command = rt->commands[place];
        /* There is room: no more commands are on their way than the ring of answers has places. */
        const int32_t answer_place = evenload_rt_ring_room(&rt->answer_ring, EVENLOAD_RT_COMMAND_COUNT);
        if (answer_place < 0) {
            return;
        }
        evenload_rt_ring_took(&rt->command_ring);
        if (command.code == EVENLOAD_RT_COMMAND_STORED) {
            evenload_cluster_on_stored(rt->cluster, ring_ms(now_us), command.value);
            command.value = EVENLOAD_ORDER_DONE;
        } else {
            command.value = evenload_cluster_order(rt->cluster, ring_ms(now_us), command.code, command.value);
        }
        rt->answers[answer_place] = command;
        evenload_rt_ring_wrote(&rt->answer_ring);
        rt->counts[EVENLOAD_RT_COMMANDS] += 1;
        rt->has_news = 1;
        place = evenload_rt_ring_oldest(&rt->command_ring, EVENLOAD_RT_COMMAND_COUNT);
    }
}

static void drain_traces(evenload_rt_t *rt, int64_t now_us)
{
    int32_t row[EVENLOAD_TRACE_SIZE];

    while (evenload_cluster_take_trace(rt->cluster, row)) {
        const int32_t place = evenload_rt_ring_room(&rt->trace_ring, EVENLOAD_RT_TRACE_COUNT);
        if (place < 0) {
            rt->counts[EVENLOAD_RT_TRACE_LOST] += 1;
            continue;
        }
        rt->traces[place].at_us = now_us;
        memcpy(rt->traces[place].row, row, sizeof row);
        evenload_rt_ring_wrote(&rt->trace_ring);
        rt->has_news = 1;
    }
    if (rt->numbers[EVENLOAD_SNAPSHOT_CEILING_WANTED] != rt->told_ceiling) {
        rt->told_ceiling = rt->numbers[EVENLOAD_SNAPSHOT_CEILING_WANTED];
        rt->has_news = 1;
    }
}

/* The loop. */

static int32_t bucket_of(int64_t late_us)
{
    if (late_us < 1000) {
        return late_us < 0 ? 0 : (int32_t)(late_us / 10);
    }
    if (late_us < 10000) {
        return 100 + (int32_t)((late_us - 1000) / 100);
    }
    return late_us < 100000 ? 190 + (int32_t)((late_us - 10000) / 1000) : EVENLOAD_RT_BUCKET_COUNT - 1;
}

/* Counts the tick of the grid that was due, and the ones that were missed. */
static void count_tick(evenload_rt_t *rt, int64_t now_us)
{
    const int64_t late_us = now_us - rt->due_us;
    const int64_t missed = late_us / rt->tick_us;

    rt->counts[EVENLOAD_RT_TICKS] += 1;
    rt->counts[EVENLOAD_RT_OVERRUNS] += missed;
    rt->counts[EVENLOAD_RT_BUCKET + bucket_of(late_us)] += 1;
    if (late_us > rt->counts[EVENLOAD_RT_LATE_US_MAX]) {
        rt->counts[EVENLOAD_RT_LATE_US_MAX] = late_us;
    }
    rt->due_us += (missed + 1) * rt->tick_us;
}

/* Waits for a frame or the next moment that matters: of the grid, or sooner of the kernel. Returns poll's events. A
   frame that waits for room is tried again at the next tick: some drivers claim room that they do not have.
 */
static int32_t wait_for_next(const evenload_rt_t *rt)
{
    const int64_t now_us = evenload_rt_thread_now_us();
    const int64_t kernel_ms = evenload_cluster_next_due_ms(rt->cluster, ring_ms(now_us));
    const int64_t kernel_us = (now_us / 1000 + kernel_ms) * 1000;
    struct pollfd line = {.fd = rt->fd, .events = POLLIN};
    int64_t wait_us = rt->due_us - now_us;
    struct timespec timeout;

    if (kernel_ms > 0 && kernel_us - now_us < wait_us) {
        wait_us = kernel_us - now_us < REST_US_MIN ? REST_US_MIN : kernel_us - now_us;
    }
    if (wait_us < 0) {
        wait_us = 0;
    }
    timeout = (struct timespec){wait_us / 1000000, (wait_us % 1000000) * 1000};
    return ppoll(&line, rt->fd == NO_BUS ? 0 : 1, &timeout, NULL) > 0 ? line.revents : 0;
}

static void pass(evenload_rt_t *rt, int32_t events)
{
    const int64_t woken_us = evenload_rt_thread_now_us();
    int32_t is_drained = 0;
    int64_t now_us;

    for (int32_t i = 0; i < FRAMES_PER_PASS_MAX && rt->fd != NO_BUS && !is_drained; ++i) {
        is_drained = !receive(rt);
    }
    /* A wire that only reports trouble would otherwise end every wait at once. */
    if (is_drained && rt->fd != NO_BUS && (events & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
        lose_bus(rt, EIO);
    }
    now_us = evenload_rt_thread_now_us();
    obey_all(rt, now_us);
    if (woken_us >= rt->due_us) {
        count_tick(rt, woken_us);
    }
    evenload_cluster_tick(rt->cluster, ring_ms(now_us));
    send_all(rt, now_us);
    publish(rt, now_us);
    drain_traces(rt, now_us);
    if (rt->has_news) {
        rt->has_news = 0;
        (void)eventfd_write(rt->notify_fd, 1);
    }
}

void evenload_rt_run(evenload_rt_t *rt)
{
    evenload_rt_thread_t thread;

    evenload_rt_thread_begin(&thread, rt->priority);
    rt->counts[EVENLOAD_RT_IS_FIFO] = thread.is_fifo;
    rt->counts[EVENLOAD_RT_IS_LOCKED] = thread.is_locked;
    rt->due_us = evenload_rt_thread_now_us() + rt->tick_us;
    while (!atomic_load_explicit(&rt->is_stopping, memory_order_acquire)) {
        take_offer(rt);
        pass(rt, wait_for_next(rt));
    }
    evenload_rt_thread_end(&thread);
}

/* What the other thread calls. */

void evenload_rt_init(evenload_rt_t *rt, evenload_cluster_t *cluster, int32_t tick_us, int32_t priority,
                      int32_t notify_fd)
{
    memset(rt, 0, sizeof *rt);
    rt->cluster = cluster;
    rt->tick_us = tick_us;
    rt->priority = priority;
    rt->notify_fd = notify_fd;
    rt->fd = NO_BUS;
    atomic_init(&rt->offered, NOTHING_OFFERED);
}

void evenload_rt_start(evenload_rt_t *rt, int32_t ceiling)
{
    const int64_t now_us = evenload_rt_thread_now_us();

    evenload_cluster_start(rt->cluster, ring_ms(now_us), ceiling);
    publish(rt, now_us);
}

void evenload_rt_stop(evenload_rt_t *rt)
{
    atomic_store_explicit(&rt->is_stopping, 1, memory_order_release);
}

void evenload_rt_attach(evenload_rt_t *rt, int32_t fd)
{
    atomic_store_explicit(&rt->has_bus, 1, memory_order_release);
    atomic_store_explicit(&rt->offered, fd, memory_order_release);
}

int32_t evenload_rt_has_bus(evenload_rt_t *rt)
{
    return atomic_load_explicit(&rt->has_bus, memory_order_acquire);
}
