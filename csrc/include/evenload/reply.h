/* How a voter answers a candidate, and how it tells its floor; mirror: shared/evenload/reply.py. */
#ifndef EVENLOAD_REPLY_H
#define EVENLOAD_REPLY_H

#include <stdint.h>

#include "evenload/election.h"
#include "evenload/heartbeat.h"
#include "evenload/post.h"

/* Answers the PREVOTE_REQ or VOTE_REQ that stands in post->heard. */
void evenload_reply_to_request(evenload_election_t *election, const evenload_heartbeat_t *peers,
                               evenload_post_t *post);

/* Tells the floor of this voter, so that the others' ceilings are beyond it before an election. */
void evenload_reply_announce_floor(const evenload_election_t *election, int32_t now_ms,
                                   evenload_post_t *post);

#endif
