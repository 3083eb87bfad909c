/* One voter of a cluster: it beats, elects, leads or follows, and says what to deliver; mirror:
   shared/evenload/cluster.py (SPEC, cluster).

   The struct is the caller's, holds no pointers and may be copied. Settings are written after init and before
   start: post.cluster_id, election.stagger_ms and rto_ms, planner.demand_10w, cap_percent, supply_ck and
   policy, the columns of roster, serial and zone. One frame or tick takes a bounded time (a few thousand
   instructions). */
#ifndef EVENLOAD_CLUSTER_H
#define EVENLOAD_CLUSTER_H

#include <stdint.h>

#include "evenload/cover.h"
#include "evenload/election.h"
#include "evenload/heartbeat.h"
#include "evenload/lease.h"
#include "evenload/plan.h"
#include "evenload/planner.h"
#include "evenload/post.h"
#include "evenload/roster.h"
#include "evenload/wire.h"

typedef struct {
    int32_t src;
    int32_t voter_mask;
    int32_t serial;
    int32_t zone;
    int32_t load;
    int32_t health;
    int32_t is_draining;
    int32_t is_started;
    int32_t is_led;
    int32_t last_ms;
    int32_t uptime_ds;
    int32_t uptime_rest_ms;
    int32_t counter;
    int32_t leader_counter;
    int32_t heard_term; /* of leader_counter */
    int32_t beat_ms;
    int32_t lease_frame_ms;
    int32_t floor_ms;
    int32_t claim_ms;
    int32_t has_claimed;
    int32_t emergency_counter;
    int32_t emergency_sent_ms;
    int32_t has_sent_emergency;
    int32_t alarm;
    int32_t latched; /* alarms that stay */
    int32_t alive_mask;
    int32_t ceiling_wanted;
    int32_t frames_in;
    int32_t faults[EVENLOAD_FRAME_FAULT_COUNT];
    int32_t leak_zone[EVENLOAD_CAN_SRC_COUNT]; /* by source: where it last told a leak, 0: nowhere */
    int32_t leak_ms[EVENLOAD_CAN_SRC_COUNT];
    int32_t plan[EVENLOAD_PLAN_SIZE];
    evenload_heartbeat_t peers;
    evenload_roster_t roster;
    evenload_election_t election;
    evenload_lease_t lease;
    evenload_cover_t cover;
    evenload_planner_t planner;
    evenload_plan_assembler_t assembler;
    evenload_post_t post;
} evenload_cluster_t;

/* Node `src` (a voter's bit of voter_mask, or 16 .. 62: an observer) among the voters of voter_mask. */
void evenload_cluster_init(evenload_cluster_t *cluster, int32_t src, int32_t voter_mask);

/* Begins in BOOT. ceiling: the stored term ceiling, or -1: unreadable, so never vote. */
void evenload_cluster_start(evenload_cluster_t *cluster, int32_t now_ms, int32_t ceiling);

/* Takes in a frame received at `at_ms`; returns EVENLOAD_FRAME_OK, or why it was not acted on (counted). */
int32_t evenload_cluster_on_frame(evenload_cluster_t *cluster, int32_t at_ms, const uint8_t frame[16]);

/* Does what is due at `now_ms`, after the frames that have arrived. */
void evenload_cluster_tick(evenload_cluster_t *cluster, int32_t now_ms);

/* Writes the most urgent frame into `frame` and returns 1; 0 when there is none. */
int32_t evenload_cluster_take_outbox(evenload_cluster_t *cluster, int32_t now_ms, uint8_t frame[16]);

/* Returns in how many ms (0 .. EVENLOAD_CLUSTER_BEAT_MS) a tick can matter if no frame arrives before. */
int32_t evenload_cluster_next_due_ms(const evenload_cluster_t *cluster, int32_t now_ms);

/* Counts on a term ceiling that the owner has stored durably. */
void evenload_cluster_on_stored(evenload_cluster_t *cluster, int32_t now_ms, int32_t ceiling);

/* Obeys the owner: code EVENLOAD_ORDER_*; returns EVENLOAD_ORDER_DONE or why not (negative). */
int32_t evenload_cluster_order(evenload_cluster_t *cluster, int32_t now_ms, int32_t code, int32_t value);

/* Writes the oldest transition into `into` and returns 1; 0 when there is none. */
int32_t evenload_cluster_take_trace(evenload_cluster_t *cluster, int32_t into[EVENLOAD_TRACE_SIZE]);

/* Writes everything that can be shown into `into` (EVENLOAD_SNAPSHOT_SIZE numbers). */
void evenload_cluster_snapshot(const evenload_cluster_t *cluster, int32_t now_ms, int32_t *into);

/* Returns 1 while this node leads and may act. */
int32_t evenload_cluster_has_lease(const evenload_cluster_t *cluster, int32_t now_ms);

/* Gives up leading, in favour of `target` (0: of whoever is elected). */
void evenload_cluster_stand_down(evenload_cluster_t *cluster, int32_t now_ms, int32_t reason, int32_t target);

/* Follows what now stands in `plan`. */
void evenload_cluster_apply_plan(evenload_cluster_t *cluster, int32_t now_ms);

/* Returns the best healthy voter that has applied the present plan, or 0. */
int32_t evenload_cluster_successor(const evenload_cluster_t *cluster);

/* Returns 1 when voter `src` is ready, healthy and has applied the present plan. */
int32_t evenload_cluster_may_succeed(const evenload_cluster_t *cluster, int32_t src);

#endif
