/* Fuzz target: any frames into decode and the assembler. What decode accepts is encoded to the same frame again and
   keeps the ranges that the cluster relies on; whatever the assembler makes a plan of is packed to the same
   chunks. */
#include "check.h"
#include "evenload/canframe.h"
#include "evenload/plan.h"
#include <string.h>

enum { FRAME_SIZE = EVENLOAD_CAN_FRAME_SIZE, DATA = 8, RECORD_SIZE = FRAME_SIZE + 1, UNTOUCHED = -99 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    evenload_plan_packer_t packer;
    evenload_plan_assembler_t assembler;
    int32_t plan[EVENLOAD_PLAN_SIZE];
    int32_t src;
} bench_t;

static int32_t length_for(int32_t frame_type, uint8_t drawn)
{
    switch (frame_type) {
    case EVENLOAD_CAN_TYPE_RESIGN:
        return 4;
    case EVENLOAD_CAN_TYPE_LEASE:
        return 5;
    case EVENLOAD_CAN_TYPE_PREVOTE_RESP:
    case EVENLOAD_CAN_TYPE_VOTE_RESP:
        return drawn & 1 ? 4 : 8;
    default:
        return 8;
    }
}

/* Gives a frame a possible identifier, the length of its type and a good crc8: a fuzzer alone seldom finds one. */
static void repair(uint8_t *frame)
{
    const int32_t frame_type = frame[2] >> 3 & 15;
    const int32_t src = 1 + (frame[0] & 15);
    const int32_t dst = frame_type == EVENLOAD_CAN_TYPE_SETPOINT ? 5 : EVENLOAD_CAN_DST_ALL;
    const int32_t identifier = evenload_canframe_identifier(frame_type, frame[1] >> 4, dst, src);
    const uint8_t head[3] = {(uint8_t)frame_type, (uint8_t)dst, (uint8_t)src};
    frame[4] = (uint8_t)length_for(frame_type, frame[4]);
    for (int32_t at = 0; at < 4; at++) {
        frame[at] = (uint8_t)(identifier >> (8 * at));
    }
    frame[3] |= 0x80;
    if (frame_type == EVENLOAD_CAN_TYPE_SETPOINT) {
        frame[15] = evenload_canframe_crc8(frame + DATA, 7, evenload_canframe_crc8(head, 3, 0));
    }
}

static void check_ranges(int32_t identifier, const int32_t *fields)
{
    const int32_t src = evenload_canframe_src_of(identifier);
    CHECK(src >= 1 && src <= EVENLOAD_CAN_SRC_MAX);
    CHECK(evenload_canframe_dst_of(identifier) >= 1);
    for (int32_t index = 0; index < EVENLOAD_FIELD_COUNT_MAX; index++) {
        CHECK(fields[index] >= -32768 && fields[index] < 1 << 30);
    }
    if (evenload_canframe_type_of(identifier) == EVENLOAD_CAN_TYPE_HEARTBEAT) {
        const int32_t is_leader = fields[EVENLOAD_BEAT_ROLE] == EVENLOAD_ROLE_LEADER;
        CHECK(is_leader == (fields[EVENLOAD_BEAT_LEADER] == src));
        CHECK(fields[EVENLOAD_BEAT_CAPACITY] <= 200 || fields[EVENLOAD_BEAT_CAPACITY] == 255);
    }
}

static void check_decode(const uint8_t *frame)
{
    int32_t fields[EVENLOAD_FIELD_COUNT_MAX];
    uint8_t again[FRAME_SIZE];
    for (int32_t index = 0; index < EVENLOAD_FIELD_COUNT_MAX; index++) {
        fields[index] = UNTOUCHED;
    }
    const int32_t identifier = evenload_canframe_identifier_of(frame);
    const int32_t status = evenload_canframe_decode(frame, fields);
    CHECK(status <= EVENLOAD_FRAME_OK && status > -EVENLOAD_FRAME_FAULT_COUNT);
    CHECK((status == EVENLOAD_FRAME_NOT_OURS) == (identifier < 0));
    if (status != EVENLOAD_FRAME_OK) {
        return;
    }
    check_ranges(identifier, fields);
    evenload_canframe_encode(identifier, fields, again);
    if (fields[0] != UNTOUCHED) {
        CHECK(memcmp(again, frame, 5) == 0);
        CHECK(memcmp(again + DATA, frame + DATA, again[4]) == 0);
    }
}

/* Packs the plan that came out again: the crc and every byte must be what was assembled. */
static void check_plan(const evenload_plan_assembler_t *assembler)
{
    evenload_plan_packer_t packer;
    evenload_plan_packer_init(&packer, assembler->voter_count);
    evenload_plan_packer_load(&packer, assembler->plan, assembler->src);
    CHECK(packer.crc16 == assembler->crc16);
    CHECK(assembler->plan[EVENLOAD_PLAN_TERM] >= 1 && assembler->plan[EVENLOAD_PLAN_SEQ] >= 1);
    CHECK(assembler->plan[EVENLOAD_PLAN_CAP_PERCENT] <= 100);
    const int32_t term = assembler->plan[EVENLOAD_PLAN_TERM];
    const int32_t seq = assembler->plan[EVENLOAD_PLAN_SEQ];
    /* The last seq of a term has none after it: 0, which is newer than nothing. */
    CHECK(evenload_plan_newer(term, evenload_plan_next_seq(seq), term, seq) == (seq < EVENLOAD_PLAN_SEQ_MAX));
}

static void check_assembler(bench_t *bench, const uint8_t *frame)
{
    int32_t before[EVENLOAD_PLAN_SIZE];
    memcpy(before, bench->assembler.plan, sizeof before);
    const int32_t found = evenload_plan_assembler_on_chunk(&bench->assembler, frame);
    CHECK(found <= 1 && found > -EVENLOAD_FRAME_FAULT_COUNT);
    CHECK(bench->assembler.mask >= 0 && bench->assembler.mask < (1 << bench->assembler.chunk_count) - 1);
    if (found == 1) {
        check_plan(&bench->assembler);
    } else {
        CHECK(memcmp(before, bench->assembler.plan, sizeof before) == 0);
    }
}

static void check_frame(bench_t *bench, const uint8_t *frame)
{
    check_decode(frame);
    check_assembler(bench, frame);
}

/* Spreads the bytes of a record over the plan that the packer has; its version and cap are mostly possible. */
static void change_plan(bench_t *bench, const uint8_t *bytes)
{
    bench->plan[EVENLOAD_PLAN_TERM] = bytes[0] | bytes[1] << 16;
    bench->plan[EVENLOAD_PLAN_SEQ] = bytes[2];
    bench->plan[EVENLOAD_PLAN_CAP_PERCENT] = bytes[3] % 112;
    for (int32_t at = 4; at + 2 < FRAME_SIZE; at += 3) {
        bench->plan[EVENLOAD_PLAN_MASTER + bytes[at] % 40] = bytes[at + 1] | bytes[at + 2] << 8;
    }
    bench->src = 1 + bytes[1] % EVENLOAD_CAN_SRC_VOTER_MAX;
    evenload_plan_packer_load(&bench->packer, bench->plan, bench->src);
}

/* Sends `count` chunks from `first` on, the first of them with a byte of its payload spoilt by `error`. */
static void send_chunks(bench_t *bench, int32_t first, int32_t count, uint8_t error)
{
    const int32_t identifier =
        evenload_canframe_identifier(EVENLOAD_CAN_TYPE_PLAN, 0, EVENLOAD_CAN_DST_ALL, bench->src);
    for (int32_t sent = 0; sent < count; sent++) {
        uint8_t frame[FRAME_SIZE];
        evenload_plan_packer_chunk(&bench->packer, (first + sent) % bench->packer.chunk_count, identifier,
                                   frame);
        frame[DATA + first / 2] ^= sent == 0 ? error : 0;
        check_frame(bench, frame);
    }
}

static void feed(bench_t *bench, const uint8_t *record)
{
    uint8_t frame[FRAME_SIZE];
    const int32_t first = record[0] >> 4;
    const uint8_t error = record[0] & 4 ? record[1] : 0;
    memcpy(frame, record + 1, sizeof frame);
    switch (record[0] & 3) {
    case 0:
        check_frame(bench, frame);
        break;
    case 1:
        repair(frame);
        frame[record[0] >> 4] ^= error;
        check_frame(bench, frame);
        break;
    case 2:
        change_plan(bench, frame);
        break;
    default:
        send_chunks(bench, first, record[0] & 8 ? bench->packer.chunk_count : 1, error);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bench_t bench;
    if (size < 1) {
        return 0;
    }
    const int32_t voter_count = 1 + data[0] % EVENLOAD_PLAN_SLOT_COUNT;
    memset(&bench, 0, sizeof bench);
    evenload_plan_packer_init(&bench.packer, voter_count);
    evenload_plan_assembler_init(&bench.assembler, voter_count);
    bench.src = 1;
    for (size_t at = 1; at + RECORD_SIZE <= size; at += RECORD_SIZE) {
        feed(&bench, data + at);
    }
    return 0;
}
