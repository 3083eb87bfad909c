/* Terminals and site phases, switching between one and three, unbalance (R13); mirror: shared/evenload/phases.py.

   A mask has bit 0 for L1, bit 1 for L2, bit 2 for L3. The caller owns the columns of `count` numbers each.
   Every call takes constant time. */
#ifndef EVENLOAD_PHASES_H
#define EVENLOAD_PHASES_H

#include <stdint.h>

#include "evenload/wire.h"

typedef struct {
    int32_t count;
    int32_t up_ms;
    int32_t pause_ms;
    int32_t surplus_ma;
    int32_t switch_count_max;
    int32_t *min_ma;
    int32_t *phase_count;
    int32_t *pausing;
    int32_t *paused_ms;
    int32_t *surplus;
    int32_t *surplus_ms;
    int32_t *switch_count;
} evenload_phase_switch_t;

/* How many phases a station of this wiring (EVENLOAD_WIRING_*) can draw on: 1 .. 3 (unknown: 3). */
int32_t evenload_phases_terminal_count(int32_t wiring);

/* The site phases that `phase_count` (0 .. 3) drawn phases load, as a mask 0 .. 7. */
int32_t evenload_phases_mask(int32_t wiring, int32_t phase_count);

/* The site phase 0 .. 2 of a terminal 0 .. 2; EVENLOAD_PHASE_NONE where there is none or nobody knows. */
int32_t evenload_phases_site_phase(int32_t wiring, int32_t terminal);

/* The largest difference between two phases. */
int32_t evenload_phases_unbalance_ma(int32_t l1_ma, int32_t l2_ma, int32_t l3_ma);

/* The largest current that may be added on every phase of `phase_mask` (1 .. 7), 0 .. EVENLOAD_NO_CAP_MA. */
int32_t evenload_phases_room_ma(int32_t l1_ma, int32_t l2_ma, int32_t l3_ma, int32_t phase_mask,
                                int32_t unbalance_ma_max);

/* The phase 0 .. 2 of `phase_mask` on which a load unbalances least: the least loaded, of equals the lowest. */
int32_t evenload_phases_best_phase(int32_t l1_ma, int32_t l2_ma, int32_t l3_ma, int32_t phase_mask);

/* Sets the defaults of R13 and every station to three phases. O(count). */
void evenload_phases_init(evenload_phase_switch_t *phases);

/* Begins a session on `phase_count` phases (1 or 3), without a pause. */
void evenload_phases_start(evenload_phase_switch_t *phases, int32_t index, int32_t phase_count);

/* On how many phases current may be granted in this round: 1 or 3, 0 while pausing. */
int32_t evenload_phases_choose(evenload_phase_switch_t *phases, int32_t index, int32_t now_ms, int32_t one_ma,
                               int32_t three_ma);

#endif
