/* Rings between one writer and one reader that never wait for each other; and a seqlock for what is only looked at. */
#ifndef EVENLOAD_RT_RING_H
#define EVENLOAD_RT_RING_H

#include <stdatomic.h>
#include <stdint.h>

/* Places in an array of a power of two: `written` belongs to the writer, `read` to the reader. */
typedef struct {
    _Atomic uint32_t written;
    _Atomic uint32_t read;
} evenload_rt_ring_t;

/* Writer: returns the place to write to, or -1 when the ring of `count` places is full. */
static inline int32_t evenload_rt_ring_room(evenload_rt_ring_t *ring, uint32_t count)
{
    const uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    const uint32_t read = atomic_load_explicit(&ring->read, memory_order_acquire);

    return written - read >= count ? -1 : (int32_t)(written & (count - 1));
}

/* Writer: what stands at the place is complete. */
static inline void evenload_rt_ring_wrote(evenload_rt_ring_t *ring)
{
    const uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);

    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
}

/* Reader: returns the place to read from, or -1 when the ring is empty. */
static inline int32_t evenload_rt_ring_oldest(evenload_rt_ring_t *ring, uint32_t count)
{
    const uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    const uint32_t written = atomic_load_explicit(&ring->written, memory_order_acquire);

    return written == read ? -1 : (int32_t)(read & (count - 1));
}

/* Reader: the place may be written again. */
static inline void evenload_rt_ring_took(evenload_rt_ring_t *ring)
{
    const uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);

    atomic_store_explicit(&ring->read, read + 1, memory_order_release);
}

#endif
