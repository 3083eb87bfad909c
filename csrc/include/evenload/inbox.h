/* What a received frame means to a cluster node; mirror: shared/evenload/inbox.py. */
#ifndef EVENLOAD_INBOX_H
#define EVENLOAD_INBOX_H

#include <stdint.h>

#include "evenload/cluster.h"

/* Takes in one frame; returns EVENLOAD_FRAME_OK or the reason why it is not acted on. */
int32_t evenload_inbox_receive(evenload_cluster_t *cluster, int32_t at_ms, const uint8_t frame[16]);

/* Does what an emergency of this node or another demands (EVENLOAD_EMERGENCY_*); zone 0 is nobody's. */
void evenload_inbox_act(evenload_cluster_t *cluster, int32_t at_ms, int32_t code, int32_t zone);

#endif
