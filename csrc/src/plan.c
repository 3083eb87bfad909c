/* The cluster's plan on the wire; the specification, with the reasons, is shared/evenload/plan.py. */
#include "evenload/plan.h"

#include <stdbool.h>
#include <string.h>

#include "evenload/canframe.h"

#define DATA (EVENLOAD_CAN_FRAME_SIZE - EVENLOAD_CAN_DATA_SIZE)
#define CHUNK_COUNT_SMALL 4
#define SLOT_COUNT_SMALL 6
#define CAP_PERCENT_MAX 100
#define PAYLOAD 2
#define MASTER 5
#define DEMAND 6
#define CAP 8
#define RANKS 9
#define SUPPLY 12
#define CRC 14
#define SHARES 16
#define SEQ_HIGH 29
#define RANKS_UPPER 44
#define UPPER_ZERO 43
#define LAST_ZEROS 47

static int32_t rank_at(int32_t slot)
{
    return (slot < SLOT_COUNT_SMALL ? RANKS : RANKS_UPPER - 3) + slot / 2;
}

static int32_t rank_shift(int32_t slot)
{
    return 4 * (slot & 1);
}

static int32_t share_at(int32_t slot)
{
    return SHARES + EVENLOAD_PLAN_CHUNK_SIZE * (slot / 3) + 2 * (slot % 3);
}

static int32_t derate_at(int32_t slot)
{
    const int32_t chunk = 2 * (slot / SLOT_COUNT_SMALL) + (slot % SLOT_COUNT_SMALL) / 4;
    return SHARES + 6 + EVENLOAD_PLAN_CHUNK_SIZE * chunk;
}

static int32_t derate_shift(int32_t slot)
{
    return 2 * ((slot % SLOT_COUNT_SMALL) & 3);
}

static void put16(uint8_t *bytes, int32_t at, int32_t value)
{
    bytes[at] = (uint8_t)value;
    bytes[at + 1] = (uint8_t)(value >> 8);
}

static int32_t get16(const uint8_t *bytes, int32_t at)
{
    return bytes[at] | bytes[at + 1] << 8;
}

static int32_t crc_of(const uint8_t *bytes, int32_t chunk_count)
{
    return evenload_canframe_crc16(bytes, PAYLOAD + EVENLOAD_PLAN_CHUNK_SIZE * chunk_count);
}

/* Returns whether the plan has a version and a cap up to 100 %, and 0 wherever it has to be 0. */
static bool is_possible(const evenload_plan_assembler_t *assembler)
{
    const uint8_t *const bytes = assembler->bytes;
    const int32_t has_term = bytes[PAYLOAD] | bytes[PAYLOAD + 1] | bytes[PAYLOAD + 2];
    int32_t spare = bytes[UPPER_ZERO] & 0xF0;
    for (int32_t index = LAST_ZEROS; index < EVENLOAD_PLAN_BYTES_SIZE; index++) {
        spare |= bytes[index];
    }
    for (int32_t slot = assembler->voter_count; slot < EVENLOAD_PLAN_SLOT_COUNT; slot++) {
        spare |= bytes[rank_at(slot)] >> rank_shift(slot) & 15;
        spare |= get16(bytes, share_at(slot));
        spare |= bytes[derate_at(slot)] >> derate_shift(slot) & 3;
    }
    return spare == 0 && has_term != 0 && bytes[1] != 0 && bytes[CAP] <= CAP_PERCENT_MAX;
}

static void read_plan(evenload_plan_assembler_t *assembler)
{
    const uint8_t *const bytes = assembler->bytes;
    int32_t *const plan = assembler->plan;
    plan[EVENLOAD_PLAN_TERM] = get16(bytes, PAYLOAD) | bytes[PAYLOAD + 2] << 16;
    plan[EVENLOAD_PLAN_SEQ] = bytes[1];
    plan[EVENLOAD_PLAN_MASTER] = bytes[MASTER] & 15;
    plan[EVENLOAD_PLAN_MODE] = bytes[MASTER] >> 4;
    plan[EVENLOAD_PLAN_DEMAND_10W] = get16(bytes, DEMAND);
    plan[EVENLOAD_PLAN_CAP_PERCENT] = bytes[CAP];
    plan[EVENLOAD_PLAN_SUPPLY_CK] = get16(bytes, SUPPLY);
    for (int32_t slot = 0; slot < assembler->voter_count; slot++) {
        plan[EVENLOAD_PLAN_RANK + slot] = bytes[rank_at(slot)] >> rank_shift(slot) & 15;
        plan[EVENLOAD_PLAN_SHARE_10W + slot] = get16(bytes, share_at(slot));
        plan[EVENLOAD_PLAN_DERATE + slot] = bytes[derate_at(slot)] >> derate_shift(slot) & 3;
    }
}

static int32_t finish(evenload_plan_assembler_t *assembler)
{
    uint8_t *const bytes = assembler->bytes;
    const int32_t crc = get16(bytes, CRC);
    bytes[1] = (uint8_t)(assembler->nibble | (bytes[SEQ_HIGH] & 0xF0));
    put16(bytes, CRC, 0);
    if (crc != crc_of(bytes, assembler->chunk_count)) {
        return EVENLOAD_FRAME_CRC;
    }
    if (!is_possible(assembler)) {
        return EVENLOAD_FRAME_VALUE;
    }
    assembler->src = bytes[0];
    assembler->crc16 = crc;
    read_plan(assembler);
    return 1;
}

int32_t evenload_plan_chunk_count(int32_t voter_count)
{
    return voter_count <= SLOT_COUNT_SMALL ? CHUNK_COUNT_SMALL : EVENLOAD_PLAN_CHUNK_COUNT_MAX;
}

int32_t evenload_plan_newer(int32_t term_a, int32_t seq_a, int32_t term_b, int32_t seq_b)
{
    if (seq_a == 0) {
        return 0;
    }
    if (seq_b == 0 || term_a > term_b) {
        return 1;
    }
    return term_a == term_b && seq_a > seq_b;
}

int32_t evenload_plan_next_seq(int32_t seq)
{
    return seq < EVENLOAD_PLAN_SEQ_MAX ? seq + 1 : 0;
}

void evenload_plan_packer_init(evenload_plan_packer_t *packer, int32_t voter_count)
{
    memset(packer, 0, sizeof *packer);
    packer->voter_count = voter_count;
    packer->chunk_count = evenload_plan_chunk_count(voter_count);
}

void evenload_plan_packer_load(evenload_plan_packer_t *packer, const int32_t *plan, int32_t src)
{
    uint8_t *const bytes = packer->bytes;
    memset(bytes, 0, EVENLOAD_PLAN_BYTES_SIZE);
    bytes[0] = (uint8_t)(src & 63);
    bytes[1] = (uint8_t)plan[EVENLOAD_PLAN_SEQ];
    put16(bytes, PAYLOAD, plan[EVENLOAD_PLAN_TERM]);
    bytes[PAYLOAD + 2] = (uint8_t)(plan[EVENLOAD_PLAN_TERM] >> 16);
    bytes[MASTER] = (uint8_t)((plan[EVENLOAD_PLAN_MASTER] & 15) | (plan[EVENLOAD_PLAN_MODE] & 15) << 4);
    put16(bytes, DEMAND, plan[EVENLOAD_PLAN_DEMAND_10W]);
    bytes[CAP] = (uint8_t)plan[EVENLOAD_PLAN_CAP_PERCENT];
    put16(bytes, SUPPLY, plan[EVENLOAD_PLAN_SUPPLY_CK]);
    bytes[SEQ_HIGH] = (uint8_t)(plan[EVENLOAD_PLAN_SEQ] & 0xF0);
    for (int32_t slot = 0; slot < packer->voter_count; slot++) {
        const int32_t rank = (plan[EVENLOAD_PLAN_RANK + slot] & 15) << rank_shift(slot);
        const int32_t derate = (plan[EVENLOAD_PLAN_DERATE + slot] & 3) << derate_shift(slot);
        bytes[rank_at(slot)] |= (uint8_t)rank;
        put16(bytes, share_at(slot), plan[EVENLOAD_PLAN_SHARE_10W + slot]);
        bytes[derate_at(slot)] |= (uint8_t)derate;
    }
    packer->crc16 = crc_of(bytes, packer->chunk_count);
    put16(bytes, CRC, packer->crc16);
}

void evenload_plan_packer_chunk(const evenload_plan_packer_t *packer, int32_t index, int32_t identifier,
                                uint8_t frame[16])
{
    const int32_t no_fields[EVENLOAD_FIELD_COUNT_MAX] = {0};
    evenload_canframe_encode(identifier, no_fields, frame);
    frame[4] = EVENLOAD_CAN_DATA_SIZE;
    frame[DATA] = (uint8_t)((packer->bytes[1] & 15) << 4 | index);
    memcpy(frame + DATA + 1, packer->bytes + PAYLOAD + EVENLOAD_PLAN_CHUNK_SIZE * index,
           EVENLOAD_PLAN_CHUNK_SIZE);
}

void evenload_plan_assembler_init(evenload_plan_assembler_t *assembler, int32_t voter_count)
{
    memset(assembler, 0, sizeof *assembler);
    assembler->voter_count = voter_count;
    assembler->chunk_count = evenload_plan_chunk_count(voter_count);
}

int32_t evenload_plan_assembler_on_chunk(evenload_plan_assembler_t *assembler, const uint8_t frame[16])
{
    uint8_t *const bytes = assembler->bytes;
    const int32_t identifier = evenload_canframe_identifier_of(frame);
    const int32_t index = frame[DATA] & 15;
    if (identifier >= 0 && evenload_canframe_type_of(identifier) != EVENLOAD_CAN_TYPE_PLAN) {
        return EVENLOAD_FRAME_UNKNOWN;
    }
    const int32_t status = evenload_canframe_decode(frame, assembler->plan);
    if (status != EVENLOAD_FRAME_OK) {
        return status;
    }
    if (index >= assembler->chunk_count) {
        return EVENLOAD_FRAME_VALUE;
    }
    if (evenload_canframe_src_of(identifier) != bytes[0] || frame[DATA] >> 4 != assembler->nibble) {
        assembler->mask = 0;
    }
    bytes[0] = (uint8_t)evenload_canframe_src_of(identifier);
    assembler->nibble = frame[DATA] >> 4;
    memcpy(bytes + PAYLOAD + EVENLOAD_PLAN_CHUNK_SIZE * index, frame + DATA + 1, EVENLOAD_PLAN_CHUNK_SIZE);
    assembler->mask |= 1 << index;
    if (assembler->mask != (1 << assembler->chunk_count) - 1) {
        return 0;
    }
    assembler->mask = 0;
    return finish(assembler);
}
