/* The cluster's CAN frames; the specification, with the reasons, is shared/evenload/canframe.py. */
#include "evenload/canframe.h"

#include <stdbool.h>
#include <string.h>

#define EXTENDED 0x80
#define FLAGS 0xE0
#define DATA (EVENLOAD_CAN_FRAME_SIZE - EVENLOAD_CAN_DATA_SIZE)
#define CRC8_AT (DATA + 7)
#define SHORT_SIZE 4
#define LEASE_SIZE 5
#define LOAD_MAX 250
#define CAPACITY_MAX 200
#define TYPE_COUNT 32
#define SHORT_FIELD_COUNT 4
#define HIGH_BYTE_MAX 0x3F

/* The priority that belongs to each type, -1 (whose low bits are the lowest priority) where there is no such type. */
static const int8_t PRIOS[TYPE_COUNT] = {-1,
                                         EVENLOAD_CAN_PRIO_ELECTION,
                                         EVENLOAD_CAN_PRIO_ELECTION,
                                         EVENLOAD_CAN_PRIO_ELECTION,
                                         EVENLOAD_CAN_PRIO_ELECTION,
                                         EVENLOAD_CAN_PRIO_ELECTION,
                                         EVENLOAD_CAN_PRIO_ELECTION,
                                         EVENLOAD_CAN_PRIO_PLAN,
                                         EVENLOAD_CAN_PRIO_HEARTBEAT,
                                         EVENLOAD_CAN_PRIO_SETPOINT,
                                         EVENLOAD_CAN_PRIO_PLAN,
                                         -1,
                                         EVENLOAD_CAN_PRIO_EMERGENCY,
                                         -1,
                                         -1,
                                         -1,
                                         EVENLOAD_CAN_PRIO_TELEMETRY,
                                         EVENLOAD_CAN_PRIO_TELEMETRY,
                                         EVENLOAD_CAN_PRIO_TELEMETRY,
                                         EVENLOAD_CAN_PRIO_TELEMETRY,
                                         EVENLOAD_CAN_PRIO_TELEMETRY,
                                         EVENLOAD_CAN_PRIO_TELEMETRY,
                                         EVENLOAD_CAN_PRIO_TELEMETRY,
                                         EVENLOAD_CAN_PRIO_TELEMETRY,
                                         EVENLOAD_CAN_PRIO_TIME,
                                         -1,
                                         -1,
                                         -1,
                                         EVENLOAD_CAN_PRIO_BULK,
                                         -1,
                                         -1,
                                         -1};
/* The widths in bits of the fields, by type up to EMERGENCY; 0 ends a row. CLAIM has its own rule, as in the twin. */
static const uint8_t WIDTHS[EVENLOAD_CAN_TYPE_EMERGENCY + 1][EVENLOAD_FIELD_COUNT_MAX + 1] = {
    {0},
    {24, 24, 8, 1, 3, 4},
    {24, 24, 8, 1, 3, 4},
    {24, 4, 1, 3, 24, 8},
    {24, 4, 1, 3, 24, 8},
    {0},
    {24, 4, 4},
    {0},
    {24, 4, 2, 2, 8, 8, 8, 4, 4},
    {24, 8, 8, 16},
    {24, 4, 4, 8},
    {0},
    {8, 8, 16, 8, 8, 16}};

static uint8_t step8(uint32_t crc, uint32_t byte)
{
    uint32_t high = (crc >> 4) ^ (byte >> 4);
    crc = ((crc << 4) & 0xFFu) ^ high ^ (high << 2) ^ (high << 3) ^ (high << 4);
    high = (crc >> 4) ^ (byte & 15u);
    return (uint8_t)(((crc << 4) & 0xFFu) ^ high ^ (high << 2) ^ (high << 3) ^ (high << 4));
}

static bool is_response(int32_t frame_type)
{
    return frame_type == EVENLOAD_CAN_TYPE_PREVOTE_RESP || frame_type == EVENLOAD_CAN_TYPE_VOTE_RESP;
}

static bool is_identifier_possible(int32_t identifier)
{
    const int32_t frame_type = evenload_canframe_type_of(identifier);
    const int32_t src = evenload_canframe_src_of(identifier);
    const int32_t dst = evenload_canframe_dst_of(identifier);
    if (evenload_canframe_prio_of(identifier) != PRIOS[frame_type] || src == 0 ||
        src > EVENLOAD_CAN_SRC_MAX || dst == 0) {
        return false;
    }
    if (frame_type == EVENLOAD_CAN_TYPE_SETPOINT && dst == EVENLOAD_CAN_DST_ALL) {
        return false;
    }
    return frame_type == EVENLOAD_CAN_TYPE_CLAIM || frame_type == EVENLOAD_CAN_TYPE_HEARTBEAT ||
           frame_type >= EVENLOAD_CAN_TYPE_EMERGENCY || src <= EVENLOAD_CAN_SRC_VOTER_MAX;
}

static bool is_length_right(int32_t frame_type, int32_t length)
{
    if (is_response(frame_type)) {
        return length == SHORT_SIZE || length == EVENLOAD_CAN_DATA_SIZE;
    }
    if (frame_type == EVENLOAD_CAN_TYPE_RESIGN) {
        return length == SHORT_SIZE;
    }
    if (frame_type == EVENLOAD_CAN_TYPE_LEASE) {
        return length == LEASE_SIZE;
    }
    return length == EVENLOAD_CAN_DATA_SIZE ||
           (frame_type > EVENLOAD_CAN_TYPE_EMERGENCY && length < EVENLOAD_CAN_DATA_SIZE);
}

static bool is_beat_possible(int32_t src, const int32_t *fields)
{
    const int32_t leader = fields[EVENLOAD_BEAT_LEADER];
    const int32_t load = fields[EVENLOAD_BEAT_LOAD];
    const int32_t capacity = fields[EVENLOAD_BEAT_CAPACITY];
    const bool is_leader = fields[EVENLOAD_BEAT_ROLE] == EVENLOAD_ROLE_LEADER;
    const bool is_acting = fields[EVENLOAD_BEAT_ROLE] != EVENLOAD_ROLE_FOLLOWER;
    if (is_leader != (leader == src) || (is_acting && src > EVENLOAD_CAN_SRC_VOTER_MAX)) {
        return false;
    }
    if (fields[EVENLOAD_BEAT_TERM] == 0 &&
        (is_acting || leader != 0 || fields[EVENLOAD_BEAT_PLAN_SEQ] != 0)) {
        return false;
    }
    return (load <= LOAD_MAX || load == EVENLOAD_BEAT_LOAD_UNKNOWN) &&
           (capacity <= CAPACITY_MAX || capacity == EVENLOAD_BEAT_LOAD_UNKNOWN);
}

static bool is_request_possible(const int32_t *fields)
{
    const int32_t plan_term = fields[EVENLOAD_REQUEST_PLAN_TERM];
    const int32_t plan_seq = fields[EVENLOAD_REQUEST_PLAN_SEQ];
    return plan_term < fields[EVENLOAD_REQUEST_TERM] && (plan_term == 0) == (plan_seq == 0) &&
           fields[EVENLOAD_REQUEST_TRY] <= EVENLOAD_CLUSTER_TRIES_MAX;
}

static bool is_response_possible(int32_t src, int32_t length, int32_t *fields)
{
    const int32_t candidate = fields[EVENLOAD_RESPONSE_CANDIDATE];
    if (length == SHORT_SIZE) {
        fields[EVENLOAD_RESPONSE_FLOOR] = -1;
        fields[EVENLOAD_RESPONSE_PLAN_SEQ] = -1;
    }
    if (fields[EVENLOAD_RESPONSE_GRANTED] == 0) {
        return length == EVENLOAD_CAN_DATA_SIZE;
    }
    return fields[EVENLOAD_RESPONSE_REASON] == 0 && fields[EVENLOAD_RESPONSE_TERM] != 0 && candidate != 0 &&
           candidate != src;
}

static bool is_resign_possible(int32_t src, const int32_t *fields)
{
    const int32_t reason = fields[EVENLOAD_RESIGN_REASON];
    const int32_t target = fields[EVENLOAD_RESIGN_TARGET];
    if (fields[EVENLOAD_RESIGN_TERM] == 0 || reason > EVENLOAD_RESIGN_REASON_TRANSFER || target == src) {
        return false;
    }
    return reason != EVENLOAD_RESIGN_REASON_TRANSFER || target != 0;
}

static bool is_payload_possible(int32_t identifier, int32_t length, int32_t *fields)
{
    const int32_t frame_type = evenload_canframe_type_of(identifier);
    const int32_t src = evenload_canframe_src_of(identifier);
    if (frame_type == EVENLOAD_CAN_TYPE_HEARTBEAT) {
        return is_beat_possible(src, fields);
    }
    if (frame_type <= EVENLOAD_CAN_TYPE_VOTE_REQ) {
        return is_request_possible(fields);
    }
    if (frame_type <= EVENLOAD_CAN_TYPE_VOTE_RESP) {
        return is_response_possible(src, length, fields);
    }
    if (frame_type == EVENLOAD_CAN_TYPE_RESIGN) {
        return is_resign_possible(src, fields);
    }
    if (frame_type == EVENLOAD_CAN_TYPE_LEASE) {
        return fields[EVENLOAD_LEASE_TERM] != 0 && fields[EVENLOAD_LEASE_MASTER] != 0;
    }
    if (frame_type == EVENLOAD_CAN_TYPE_SETPOINT) {
        fields[EVENLOAD_SET_VALUE] = (fields[EVENLOAD_SET_VALUE] ^ 0x8000) - 0x8000;
        return fields[EVENLOAD_SET_TERM] != 0;
    }
    fields[EVENLOAD_EMERGENCY_VALUE] = (fields[EVENLOAD_EMERGENCY_VALUE] ^ 0x8000) - 0x8000;
    return fields[EVENLOAD_EMERGENCY_CODE] >= EVENLOAD_EMERGENCY_LEAK &&
           fields[EVENLOAD_EMERGENCY_CODE] <= EVENLOAD_EMERGENCY_FLOW_LOST;
}

/* Writes the first `count` fields, one after the other from the low bit of the first byte of data on. */
static void pack(const uint8_t *widths, int32_t count, const int32_t *fields, uint8_t *frame)
{
    uint32_t waiting = 0;
    uint32_t waiting_bits = 0;
    uint8_t at = DATA;
    for (int32_t index = 0; index < count && widths[index] != 0; index++) {
        const uint32_t mask = (1u << widths[index]) - 1u;
        waiting |= ((uint32_t)fields[index] & mask) << waiting_bits;
        waiting_bits += widths[index];
        for (; waiting_bits >= 8; waiting_bits -= 8) {
            frame[at] = (uint8_t)waiting;
            waiting >>= 8;
            at++;
        }
    }
    frame[4] = (uint8_t)(at - DATA);
}

static void unpack(const uint8_t *widths, const uint8_t *frame, int32_t *fields)
{
    uint32_t waiting = 0;
    uint32_t waiting_bits = 0;
    int32_t at = DATA;
    for (int32_t index = 0; widths[index] != 0; index++) {
        for (; waiting_bits < widths[index]; waiting_bits += 8) {
            waiting |= (uint32_t)frame[at] << waiting_bits;
            at++;
        }
        fields[index] = (int32_t)(waiting & ((1u << widths[index]) - 1u));
        waiting >>= widths[index];
        waiting_bits -= widths[index];
    }
}

static void put_claim(const int32_t *fields, uint8_t *frame)
{
    frame[4] = EVENLOAD_CAN_DATA_SIZE;
    for (int32_t index = 0; index < EVENLOAD_CAN_DATA_SIZE; index++) {
        const uint32_t number = (uint32_t)fields[index >> 2] >> (8 * (index & 3));
        frame[DATA + index] = (uint8_t)(number & ((index & 3) == 3 ? HIGH_BYTE_MAX : 0xFFu));
    }
}

/* Reads the two numbers of a CLAIM; returns whether both have 30 bits. */
static bool take_claim(const uint8_t *frame, int32_t *fields)
{
    if (frame[DATA + 3] > HIGH_BYTE_MAX || frame[DATA + 7] > HIGH_BYTE_MAX) {
        return false;
    }
    for (int32_t index = 0; index < 2; index++) {
        const uint8_t *const at = frame + DATA + 4 * index;
        fields[index] = at[0] | at[1] << 8 | at[2] << 16 | at[3] << 24;
    }
    return true;
}

static uint8_t setpoint_crc8(int32_t identifier, const uint8_t *frame)
{
    const uint8_t head[3] = {(uint8_t)evenload_canframe_type_of(identifier),
                             (uint8_t)evenload_canframe_dst_of(identifier),
                             (uint8_t)evenload_canframe_src_of(identifier)};
    return evenload_canframe_crc8(frame + DATA, CRC8_AT - DATA, evenload_canframe_crc8(head, 3, 0));
}

uint8_t evenload_canframe_crc8(const uint8_t *data, int32_t count, uint8_t start)
{
    uint8_t crc = start ^ 0xFF;
    for (int32_t index = 0; index < count; index++) {
        crc = step8(crc, data[index]);
    }
    return crc ^ 0xFF;
}

uint16_t evenload_canframe_crc16(const uint8_t *data, int32_t count)
{
    uint32_t crc = 0xFFFF;
    for (int32_t index = 0; index < count; index++) {
        crc = ((crc << 4) & 0xFFFFu) ^ (((crc >> 12) ^ (uint32_t)(data[index] >> 4)) * 0x1021u);
        crc = ((crc << 4) & 0xFFFFu) ^ (((crc >> 12) ^ (data[index] & 15u)) * 0x1021u);
    }
    return (uint16_t)crc;
}

uint32_t evenload_canframe_crc32(const uint8_t *data, int32_t count)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (int32_t index = 0; index < count; index++) {
        crc ^= data[index];
        for (int32_t bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (crc & 1u ? 0xEDB88320u : 0u);
        }
    }
    return crc ^ 0xFFFFFFFFu;
}

int32_t evenload_canframe_identifier(int32_t frame_type, int32_t cluster, int32_t dst, int32_t src)
{
    const int32_t prio = PRIOS[frame_type & 31] & EVENLOAD_CAN_PRIO_BULK;
    const int32_t upper = prio << 26 | EVENLOAD_CAN_RESERVED << 24 | (frame_type & 31) << 19;
    return upper | (cluster & 15) << 15 | EVENLOAD_CAN_VERSION << 12 | (dst & 63) << 6 | (src & 63);
}

int32_t evenload_canframe_type_of(int32_t identifier)
{
    return (identifier >> 19) & 31;
}

int32_t evenload_canframe_cluster_of(int32_t identifier)
{
    return (identifier >> 15) & 15;
}

int32_t evenload_canframe_version_of(int32_t identifier)
{
    return (identifier >> 12) & 7;
}

int32_t evenload_canframe_dst_of(int32_t identifier)
{
    return (identifier >> 6) & 63;
}

int32_t evenload_canframe_src_of(int32_t identifier)
{
    return identifier & 63;
}

int32_t evenload_canframe_prio_of(int32_t identifier)
{
    return (identifier >> 26) & 7;
}

int32_t evenload_canframe_identifier_of(const uint8_t frame[16])
{
    if ((frame[3] & FLAGS) != EXTENDED || (frame[3] & 3) != EVENLOAD_CAN_RESERVED) {
        return -1;
    }
    return frame[0] | frame[1] << 8 | frame[2] << 16 | (frame[3] & 31) << 24;
}

int32_t evenload_canframe_length_of(const uint8_t frame[16])
{
    return frame[4];
}

void evenload_canframe_encode(int32_t identifier, const int32_t *fields, uint8_t frame[16])
{
    const int32_t frame_type = evenload_canframe_type_of(identifier);
    memset(frame, 0, EVENLOAD_CAN_FRAME_SIZE);
    frame[0] = (uint8_t)identifier;
    frame[1] = (uint8_t)(identifier >> 8);
    frame[2] = (uint8_t)(identifier >> 16);
    frame[3] = (uint8_t)(((identifier >> 24) & 31) | EXTENDED);
    if (frame_type == EVENLOAD_CAN_TYPE_CLAIM) {
        put_claim(fields, frame);
    } else if (frame_type <= EVENLOAD_CAN_TYPE_EMERGENCY) {
        const bool is_short = is_response(frame_type) && fields[EVENLOAD_RESPONSE_FLOOR] < 0;
        pack(WIDTHS[frame_type], is_short ? SHORT_FIELD_COUNT : EVENLOAD_FIELD_COUNT_MAX, fields, frame);
        if (frame_type == EVENLOAD_CAN_TYPE_SETPOINT) {
            frame[CRC8_AT] = setpoint_crc8(identifier, frame);
            frame[4] = EVENLOAD_CAN_DATA_SIZE;
        }
    }
}

int32_t evenload_canframe_decode(const uint8_t frame[16], int32_t *fields)
{
    const int32_t identifier = evenload_canframe_identifier_of(frame);
    const int32_t frame_type = evenload_canframe_type_of(identifier);
    if (identifier < 0) {
        return EVENLOAD_FRAME_NOT_OURS;
    }
    if (evenload_canframe_version_of(identifier) != EVENLOAD_CAN_VERSION) {
        return EVENLOAD_FRAME_VERSION;
    }
    if (PRIOS[frame_type] < 0) {
        return EVENLOAD_FRAME_UNKNOWN;
    }
    if (!is_identifier_possible(identifier)) {
        return EVENLOAD_FRAME_VALUE;
    }
    if (!is_length_right(frame_type, frame[4])) {
        return EVENLOAD_FRAME_SHORT;
    }
    if (frame_type == EVENLOAD_CAN_TYPE_SETPOINT && frame[CRC8_AT] != setpoint_crc8(identifier, frame)) {
        return EVENLOAD_FRAME_CRC;
    }
    if (frame_type > EVENLOAD_CAN_TYPE_EMERGENCY || frame_type == EVENLOAD_CAN_TYPE_PLAN) {
        return EVENLOAD_FRAME_OK;
    }
    if (frame_type == EVENLOAD_CAN_TYPE_CLAIM) {
        return take_claim(frame, fields) ? EVENLOAD_FRAME_OK : EVENLOAD_FRAME_VALUE;
    }
    unpack(WIDTHS[frame_type], frame, fields);
    return is_payload_possible(identifier, frame[4], fields) ? EVENLOAD_FRAME_OK : EVENLOAD_FRAME_VALUE;
}
