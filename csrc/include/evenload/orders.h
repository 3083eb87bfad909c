/* What the owner of a cluster node may ask of it; mirror: shared/evenload/orders.py. */
#ifndef EVENLOAD_ORDERS_H
#define EVENLOAD_ORDERS_H

#include <stdint.h>

#include "evenload/cluster.h"

/* Does what is ordered (EVENLOAD_ORDER_*); returns EVENLOAD_ORDER_DONE or why not. */
int32_t evenload_orders_obey(evenload_cluster_t *cluster, int32_t now_ms, int32_t code, int32_t value);

#endif
