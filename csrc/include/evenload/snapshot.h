/* A cluster node as one array of numbers; mirror: shared/evenload/snapshot.py. */
#ifndef EVENLOAD_SNAPSHOT_H
#define EVENLOAD_SNAPSHOT_H

#include <stdint.h>

#include "evenload/cluster.h"

/* Writes EVENLOAD_SNAPSHOT_SIZE numbers; the age of a peer that is not alive is -1. */
void evenload_snapshot_write(const evenload_cluster_t *cluster, int32_t now_ms, int32_t *into);

#endif
