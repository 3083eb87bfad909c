/* What a node says: its frames into the outbox, its transitions into the trace; mirror: shared/evenload/post.py. */
#ifndef EVENLOAD_POST_H
#define EVENLOAD_POST_H

#include <stdint.h>

#include "evenload/outbox.h"
#include "evenload/wire.h"

typedef struct {
    int32_t src;
    int32_t cluster_id;
    int32_t is_silent;
    int32_t heard_ms;
    int32_t heard_src;
    int32_t heard_type;
    int32_t frames_out;
    int32_t trace_first;
    int32_t trace_count;
    int32_t trace_lost;
    int32_t fields[EVENLOAD_FIELD_COUNT_MAX]; /* of the frame to send */
    int32_t
        heard[EVENLOAD_FIELD_COUNT_MAX]; /* of the frame being answered, with its stamp, source and type */
    int32_t traces[EVENLOAD_TRACE_COUNT * EVENLOAD_TRACE_SIZE];
    uint8_t frame[EVENLOAD_CAN_FRAME_SIZE];
    evenload_outbox_t outbox;
} evenload_post_t;

/* The voice of node `src` of cluster 0. */
void evenload_post_init(evenload_post_t *post, int32_t src);

/* Queues a frame of `frame_type` made of post->fields, to `dst`. */
void evenload_post_send(evenload_post_t *post, int32_t now_ms, int32_t frame_type, int32_t dst);

/* Returns the identifier of this node's frames of a type. */
int32_t evenload_post_identifier(const evenload_post_t *post, int32_t frame_type, int32_t dst);

/* Queues what stands in post->frame. */
void evenload_post_put(evenload_post_t *post, int32_t now_ms);

/* Notes a transition: entry is code, a, b, c, at_ms. When nobody collects them the oldest are lost, and counted. */
void evenload_post_trace(evenload_post_t *post, const int32_t entry[EVENLOAD_TRACE_SIZE]);

/* Writes the oldest transition into `into` and returns 1; 0 when there is none. */
int32_t evenload_post_take_trace(evenload_post_t *post, int32_t into[EVENLOAD_TRACE_SIZE]);

/* One line for a transition. */
#define EVENLOAD_TRACE(post, at_ms, code, a, b, c)                                                           \
    evenload_post_trace((post), (const int32_t[EVENLOAD_TRACE_SIZE]){(code), (a), (b), (c), (at_ms)})

#endif
