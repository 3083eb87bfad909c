/* Mirror: shared/evenload/post.py, which is the specification. */
#include "evenload/post.h"

#include <string.h>

#include "evenload/canframe.h"

void evenload_post_init(evenload_post_t *post, int32_t src)
{
    memset(post, 0, sizeof *post);
    post->src = src;
    evenload_outbox_init(&post->outbox);
}

void evenload_post_send(evenload_post_t *post, int32_t now_ms, int32_t frame_type, int32_t dst)
{
    evenload_canframe_encode(evenload_post_identifier(post, frame_type, dst), post->fields, post->frame);
    evenload_post_put(post, now_ms);
}

int32_t evenload_post_identifier(const evenload_post_t *post, int32_t frame_type, int32_t dst)
{
    return evenload_canframe_identifier(frame_type, post->cluster_id, dst, post->src);
}

void evenload_post_put(evenload_post_t *post, int32_t now_ms)
{
    if (!post->is_silent) {
        evenload_outbox_put(&post->outbox, now_ms, post->frame);
    }
}

void evenload_post_trace(evenload_post_t *post, const int32_t entry[EVENLOAD_TRACE_SIZE])
{
    if (post->trace_count == EVENLOAD_TRACE_COUNT) {
        post->trace_first = (post->trace_first + 1) % EVENLOAD_TRACE_COUNT;
        post->trace_count--;
        post->trace_lost = (post->trace_lost + 1) & 0xFFFFFF;
    }
    const int32_t place = (post->trace_first + post->trace_count) % EVENLOAD_TRACE_COUNT;
    post->trace_count++;
    memcpy(&post->traces[place * EVENLOAD_TRACE_SIZE], entry, EVENLOAD_TRACE_SIZE * sizeof entry[0]);
}

int32_t evenload_post_take_trace(evenload_post_t *post, int32_t into[EVENLOAD_TRACE_SIZE])
{
    if (post->trace_count == 0) {
        return 0;
    }
    memcpy(into, &post->traces[post->trace_first * EVENLOAD_TRACE_SIZE],
           EVENLOAD_TRACE_SIZE * sizeof into[0]);
    post->trace_first = (post->trace_first + 1) % EVENLOAD_TRACE_COUNT;
    post->trace_count--;
    return 1;
}
