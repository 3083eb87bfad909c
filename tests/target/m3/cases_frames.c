/* Calls of the cluster's kernels for frames, plans and shares; tests/target/test_m3.py makes the same ones in Python. */
#include "cases.h"

#include "evenload/canframe.h"
#include "evenload/dispatch.h"
#include "evenload/plan.h"

enum { SRC = 3, VOTER_COUNT = 6, CHUNK_COUNT = 4, DEMAND_10W = 16500, RATED_10W = 5000 };

/* In the order of EVENLOAD_BEAT_*: term 300, leader 1, follower, health full, plan 7, load 120, capacity 200, 9, 4. */
static const int32_t beat[EVENLOAD_FIELD_COUNT_MAX] = {300, 1, 0, 0, 7, 120, 200, 9, 4};
static int32_t beat_identifier;
static int32_t fields[EVENLOAD_FIELD_COUNT_MAX];
static uint8_t frame[EVENLOAD_CAN_FRAME_SIZE];
static uint8_t chunk[CHUNK_COUNT][EVENLOAD_CAN_FRAME_SIZE];
static int32_t plan[EVENLOAD_PLAN_SIZE];
static evenload_plan_packer_t packer;
static evenload_plan_assembler_t assembler;
static evenload_dispatch_t dispatch;

static int32_t identifier_of(int32_t frame_type)
{
    return evenload_canframe_identifier(frame_type, 0, EVENLOAD_CAN_DST_ALL, SRC);
}

static void prepare_beat(void)
{
    beat_identifier = identifier_of(EVENLOAD_CAN_TYPE_HEARTBEAT);
    evenload_canframe_encode(beat_identifier, beat, frame);
}

static uint32_t run_encode_beat(void)
{
    evenload_canframe_encode(beat_identifier, beat, frame);
    return frame[8];
}

static uint32_t run_decode_beat(void)
{
    return (uint32_t)evenload_canframe_decode(frame, fields) + (uint32_t)fields[EVENLOAD_BEAT_LOAD];
}

static void prepare_plan(void)
{
    plan[EVENLOAD_PLAN_TERM] = 300;
    plan[EVENLOAD_PLAN_SEQ] = 7;
    plan[EVENLOAD_PLAN_MASTER] = SRC;
    plan[EVENLOAD_PLAN_DEMAND_10W] = DEMAND_10W;
    plan[EVENLOAD_PLAN_CAP_PERCENT] = EVENLOAD_DISPATCH_CAP_PERCENT_DEFAULT;
    plan[EVENLOAD_PLAN_SUPPLY_CK] = EVENLOAD_PLAN_SUPPLY_CK_DEFAULT;
    for (int32_t slot = 0; slot < VOTER_COUNT; slot++) {
        plan[EVENLOAD_PLAN_RANK + slot] = slot;
        plan[EVENLOAD_PLAN_SHARE_10W + slot] = DEMAND_10W / VOTER_COUNT;
    }
    evenload_plan_packer_init(&packer, VOTER_COUNT);
    evenload_plan_packer_load(&packer, plan, SRC);
    evenload_plan_assembler_init(&assembler, VOTER_COUNT);
    for (int32_t index = 0; index < CHUNK_COUNT; index++) {
        evenload_plan_packer_chunk(&packer, index, identifier_of(EVENLOAD_CAN_TYPE_PLAN), chunk[index]);
    }
}

static uint32_t run_pack_plan(void)
{
    evenload_plan_packer_load(&packer, plan, SRC);
    for (int32_t index = 0; index < CHUNK_COUNT; index++) {
        evenload_plan_packer_chunk(&packer, index, 0, chunk[index]);
    }
    return (uint32_t)packer.crc16;
}

static uint32_t run_assemble_plan(void)
{
    int32_t outcome = 0;
    for (int32_t index = 0; index < CHUNK_COUNT; index++) {
        outcome = evenload_plan_assembler_on_chunk(&assembler, chunk[index]);
    }
    return (uint32_t)(outcome * assembler.plan[EVENLOAD_PLAN_SHARE_10W]);
}

static void prepare_dispatch(int32_t policy)
{
    evenload_dispatch_init(&dispatch);
    dispatch.count = VOTER_COUNT;
    dispatch.policy = policy;
    dispatch.master = 0;
    for (int32_t slot = 0; slot < VOTER_COUNT; slot++) {
        dispatch.effective_10w[slot] = RATED_10W;
        dispatch.rank[slot] = slot;
    }
}

static void prepare_ramp(void)
{
    prepare_dispatch(EVENLOAD_DISPATCH_POLICY_RAMP);
}

static void prepare_efficiency(void)
{
    prepare_dispatch(EVENLOAD_DISPATCH_POLICY_EFFICIENCY);
}

static uint32_t run_dispatch(void)
{
    return (uint32_t)(evenload_dispatch_solve(&dispatch, DEMAND_10W) + dispatch.share_10w[1]);
}

const m3_case_t frame_cases[] = {
    {"canframe_encode_beat", prepare_beat, run_encode_beat},
    {"canframe_decode_beat", prepare_beat, run_decode_beat},
    {"plan_pack_6", prepare_plan, run_pack_plan},
    {"plan_assemble_6", prepare_plan, run_assemble_plan},
    {"dispatch_solve_6_ramp", prepare_ramp, run_dispatch},
    {"dispatch_solve_6_efficiency", prepare_efficiency, run_dispatch},
};
const size_t frame_case_count = sizeof frame_cases / sizeof frame_cases[0];
