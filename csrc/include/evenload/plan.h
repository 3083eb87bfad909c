/* The cluster's plan on the wire: chunks out, chunks in, and which plan is newer; mirror: shared/evenload/plan.py
   (SPEC, Cluster frames).

   A plan is EVENLOAD_PLAN_SIZE numbers (EVENLOAD_PLAN_*). The structs are the caller's, hold no pointers and
   may be copied; every function takes constant time. */
#ifndef EVENLOAD_PLAN_H
#define EVENLOAD_PLAN_H

#include <stdint.h>

#include "evenload/wire.h"

/* SRC and seq, then the payloads of the chunks. */
#define EVENLOAD_PLAN_BYTES_SIZE (2 + EVENLOAD_PLAN_CHUNK_SIZE * EVENLOAD_PLAN_CHUNK_COUNT_MAX)

typedef struct {
    int32_t voter_count;
    int32_t chunk_count;
    int32_t crc16;
    uint8_t bytes[EVENLOAD_PLAN_BYTES_SIZE];
} evenload_plan_packer_t;

typedef struct {
    int32_t voter_count;
    int32_t chunk_count;
    int32_t src;
    int32_t crc16;
    int32_t plan[EVENLOAD_PLAN_SIZE];
    int32_t mask;
    int32_t nibble;
    uint8_t bytes[EVENLOAD_PLAN_BYTES_SIZE];
} evenload_plan_assembler_t;

/* Returns how many chunks a plan for voter_count (1 .. 12) voters has: 4 or 7. */
int32_t evenload_plan_chunk_count(int32_t voter_count);

/* Returns 1 if version a is newer than version b, else 0; seq 0 is no plan, in whatever term. */
int32_t evenload_plan_newer(int32_t term_a, int32_t seq_a, int32_t term_b, int32_t seq_b);

/* Returns the seq after `seq` (0 .. 254): 1 .. 255; 0, which is none, after 255. */
int32_t evenload_plan_next_seq(int32_t seq);

/* Empties a packer for voter_count (1 .. 12) voters. */
void evenload_plan_packer_init(evenload_plan_packer_t *packer, int32_t voter_count);

/* Takes the plan that `src` sends; its numbers are cut to their widths. */
void evenload_plan_packer_load(evenload_plan_packer_t *packer, const int32_t *plan, int32_t src);

/* Writes chunk `index` (0 .. chunk_count - 1) into all 16 bytes of `frame`; identifier: of type PLAN. */
void evenload_plan_packer_chunk(const evenload_plan_packer_t *packer, int32_t index, int32_t identifier,
                                uint8_t frame[16]);

/* Empties an assembler for voter_count (1 .. 12) voters. */
void evenload_plan_assembler_init(evenload_plan_assembler_t *assembler, int32_t voter_count);

/* Takes a PLAN frame; returns 1 when it completes a good plan (plan, src and crc16 are then set), 0 when there are
   more to come, else why it is refused. */
int32_t evenload_plan_assembler_on_chunk(evenload_plan_assembler_t *assembler, const uint8_t frame[16]);

#endif
