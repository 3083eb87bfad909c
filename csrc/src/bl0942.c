/* The BL0942's UART protocol: frames out, replies and packets in; mirror: shared/evenload/bl0942.py. */
#include "evenload/bl0942.h"

#include <assert.h>

enum {
    PACKET_SIZE = EVENLOAD_BL0942_PACKET_SIZE,
    SUM_SIZE = PACKET_SIZE - 1,
    HEADER = EVENLOAD_BL0942_PACKET_HEADER
};

static const uint32_t COUNTER_MASK = 0x3FFFFFFF;

/* Bytes 0 .. 7, 8 .. 15 and 15 .. 22 of a packet, each as a little-endian word. */
typedef struct {
    uint64_t head;
    uint64_t middle;
    uint64_t tail;
} words_t;

typedef enum { GOOD, BAD_CHECKSUM, IMPLAUSIBLE } verdict_t;

uint8_t evenload_bl0942_register_checksum(uint8_t address, uint8_t reg, const uint8_t *data)
{
    return (uint8_t)~((EVENLOAD_BL0942_COMMAND_READ | address) + reg + data[0] + data[1] + data[2]);
}

uint8_t evenload_bl0942_packet_checksum(uint8_t address, const uint8_t *packet)
{
    uint32_t total = (uint32_t)EVENLOAD_BL0942_COMMAND_READ | address;
    for (size_t index = 0; index < SUM_SIZE; index++) {
        total += packet[index];
    }
    return (uint8_t)~total;
}

int32_t evenload_bl0942_sign24(uint32_t value)
{
    return (int32_t)((value & 0xFFFFFFu) ^ 0x800000u) - 0x800000;
}

int32_t evenload_bl0942_encode_read(uint8_t *frame, uint8_t address, uint8_t reg)
{
    frame[0] = (uint8_t)(EVENLOAD_BL0942_COMMAND_READ | (address & EVENLOAD_BL0942_ADDRESS_MAX));
    frame[1] = reg;
    return 2;
}

int32_t evenload_bl0942_encode_packet_request(uint8_t *frame, uint8_t address)
{
    return evenload_bl0942_encode_read(frame, address, EVENLOAD_BL0942_REGISTER_PACKET);
}

int32_t evenload_bl0942_encode_write(uint8_t *frame, uint8_t address, uint8_t reg, uint32_t value)
{
    frame[0] = (uint8_t)(EVENLOAD_BL0942_COMMAND_WRITE | (address & EVENLOAD_BL0942_ADDRESS_MAX));
    frame[1] = reg;
    frame[2] = (uint8_t)value;
    frame[3] = (uint8_t)(value >> 8);
    frame[4] = (uint8_t)(value >> 16);
    frame[5] = (uint8_t)~(frame[0] + frame[1] + frame[2] + frame[3] + frame[4]);
    return EVENLOAD_BL0942_WRITE_SIZE;
}

int32_t evenload_bl0942_encode_unlock(uint8_t *frame, uint8_t address)
{
    return evenload_bl0942_encode_write(frame, address, EVENLOAD_BL0942_REGISTER_WRITE_PROTECT,
                                        EVENLOAD_BL0942_UNLOCK);
}

int32_t evenload_bl0942_encode_lock(uint8_t *frame, uint8_t address)
{
    return evenload_bl0942_encode_write(frame, address, EVENLOAD_BL0942_REGISTER_WRITE_PROTECT, 0);
}

int32_t evenload_bl0942_encode_soft_reset(uint8_t *frame, uint8_t address)
{
    return evenload_bl0942_encode_write(frame, address, EVENLOAD_BL0942_REGISTER_SOFT_RESET,
                                        EVENLOAD_BL0942_SOFT_RESET);
}

int32_t evenload_bl0942_encode_mode(uint8_t *frame, uint8_t address, uint32_t mode)
{
    return evenload_bl0942_encode_write(frame, address, EVENLOAD_BL0942_REGISTER_MODE, mode & 0x3FFu);
}

int32_t evenload_bl0942_decode_register(uint8_t address, uint8_t reg, const uint8_t *reply)
{
    if (evenload_bl0942_register_checksum(address & EVENLOAD_BL0942_ADDRESS_MAX, reg, reply) != reply[3]) {
        return -1;
    }
    return reply[0] | (reply[1] << 8) | (reply[2] << 16);
}

void evenload_bl0942_capture_init(evenload_bl0942_capture_t *capture, int32_t *fields, uint32_t capacity)
{
    capture->fields = fields;
    capture->capacity = capacity;
    evenload_bl0942_capture_clear(capture);
}

void evenload_bl0942_capture_clear(evenload_bl0942_capture_t *capture)
{
    capture->count = 0;
    capture->packets = 0;
    capture->overflowed = 0;
    capture->dropped_bytes = 0;
    capture->bad_checksum = 0;
    capture->implausible = 0;
}

void evenload_bl0942_parser_init(evenload_bl0942_parser_t *parser, uint8_t address,
                                 evenload_bl0942_capture_t *capture)
{
    parser->capture = capture;
    parser->pending_size = 0;
    parser->command = (uint8_t)(EVENLOAD_BL0942_COMMAND_READ | (address & EVENLOAD_BL0942_ADDRESS_MAX));
    parser->borrowed = 0;
}

/* The compiler turns this into one load on a little-endian machine. */
static inline uint64_t load64(const uint8_t *bytes)
{
    return (uint64_t)bytes[0] | ((uint64_t)bytes[1] << 8) | ((uint64_t)bytes[2] << 16) |
           ((uint64_t)bytes[3] << 24) | ((uint64_t)bytes[4] << 32) | ((uint64_t)bytes[5] << 40) |
           ((uint64_t)bytes[6] << 48) | ((uint64_t)bytes[7] << 56);
}

static inline words_t load_packet(const uint8_t *packet)
{
    const words_t words = {load64(packet), load64(packet + 8), load64(packet + 15)};
    return words;
}

/* Returns the sum of the 23 bytes modulo 256. Even bytes are added in lanes of 16 bits; the plain sum of the words less
   the even lanes is the odd lanes, whose carry out of the word cannot reach the low byte of a lane. */
static inline uint8_t sum_bytes(words_t words)
{
    const uint64_t even_mask = 0x00FF00FF00FF00FFu;
    const uint64_t tail = words.tail & ~(uint64_t)0xFF; /* Byte 15 is in the middle word already. */
    const uint64_t even = (words.head & even_mask) + (words.middle & even_mask) + (tail & even_mask);
    const uint64_t odd = words.head + words.middle + tail - even;
    const uint64_t lanes = even + (odd >> 8);
    return (uint8_t)((lanes * 0x0001000100010001u) >> 48);
}

static inline int is_plausible(words_t words)
{
    /* Byte 18 and what STATUS, bytes 19 .. 21, never holds. */
    const uint64_t zero_mask =
        ((uint64_t)0xFF << 24) | ((uint64_t)(0xFFFFFF & ~EVENLOAD_BL0942_STATUS_MASK) << 32);
    const uint64_t v_low = (uint64_t)EVENLOAD_BL0942_STATUS_V_LOW << 32;
    const uint32_t v_rms = (uint32_t)(words.head >> 32) & 0xFFFFFFu;
    const uint32_t freq = (uint32_t)(words.tail >> 8) & 0xFFFFu;
    const uint32_t freq_span = EVENLOAD_BL0942_FREQ_MAX - EVENLOAD_BL0942_FREQ_MIN;
    return (words.tail & zero_mask) == 0 && v_rms <= EVENLOAD_BL0942_V_RMS_MAX &&
           (freq - EVENLOAD_BL0942_FREQ_MIN <= freq_span ||
            (v_rms < EVENLOAD_BL0942_V_RMS_LIVE_MIN && (words.tail & v_low) != 0));
}

static inline verdict_t judge(words_t words, uint8_t command)
{
    if ((uint8_t)(sum_bytes(words) + command) != 0xFF) {
        return BAD_CHECKSUM;
    }
    return is_plausible(words) ? GOOD : IMPLAUSIBLE;
}

static inline void store(int32_t *row, words_t words)
{
    const uint32_t watt = (uint32_t)(words.middle >> 16) & 0xFFFFFFu;
    row[EVENLOAD_BL0942_FIELD_I_RMS] = (int32_t)((uint32_t)words.head >> 8);
    row[EVENLOAD_BL0942_FIELD_V_RMS] = (int32_t)((words.head >> 32) & 0xFFFFFFu);
    row[EVENLOAD_BL0942_FIELD_I_FAST_RMS] = (int32_t)((words.head >> 56) | ((words.middle & 0xFFFFu) << 8));
    row[EVENLOAD_BL0942_FIELD_WATT] = (int32_t)(watt ^ 0x800000u) - 0x800000;
    row[EVENLOAD_BL0942_FIELD_CF_CNT] = (int32_t)(words.middle >> 40);
    row[EVENLOAD_BL0942_FIELD_FREQ] = (int32_t)((words.tail >> 8) & 0xFFFFu);
    row[EVENLOAD_BL0942_FIELD_STATUS] = (int32_t)((words.tail >> 32) & 0x3FFu);
}

/* Stores good packets that lie back to back from `data` on, at most `limit`; returns how many. Stops after a packet that
   ends with a header. This is the case that has to be fast: one loop, nothing in it but the packet. */
static uint32_t store_run(const evenload_bl0942_parser_t *parser, const uint8_t *data, uint32_t limit)
{
    const uint8_t command = parser->command;
    int32_t *row = parser->capture->fields + (size_t)parser->capture->count * EVENLOAD_BL0942_FIELD_COUNT;
    uint32_t count = 0;
    while (count < limit) {
        const words_t words = load_packet(data);
        if ((uint8_t)words.head != HEADER || judge(words, command) != GOOD) {
            break;
        }
        store(row, words);
        row += EVENLOAD_BL0942_FIELD_COUNT;
        data += PACKET_SIZE;
        count++;
        if ((words.tail >> 56) == HEADER) {
            break;
        }
    }
    return count;
}

static uint32_t run_limit(const evenload_bl0942_capture_t *capture, size_t started, size_t whole)
{
    size_t limit = capture->capacity - capture->count;
    limit = started < limit ? started : limit;
    return (uint32_t)(whole < limit ? whole : limit);
}

/* Decides about the header at `data`, which does not begin a packet that can be stored; returns the bytes used up. */
static size_t pass_header(evenload_bl0942_parser_t *parser, const uint8_t *data)
{
    evenload_bl0942_capture_t *capture = parser->capture;
    const verdict_t verdict = judge(load_packet(data), parser->command);
    if (verdict == GOOD) {
        capture->packets++;
        capture->overflowed++;
        parser->borrowed = data[SUM_SIZE] == HEADER;
        return (size_t)PACKET_SIZE - parser->borrowed;
    }
    const uint32_t counted = 1u - parser->borrowed;
    capture->bad_checksum += verdict == BAD_CHECKSUM ? counted : 0u;
    capture->implausible += verdict == IMPLAUSIBLE ? counted : 0u;
    capture->dropped_bytes += counted;
    parser->borrowed = 0;
    return 1;
}

/* Decodes every packet that starts in [offset, start_end) of `data`; returns the first offset not decided yet. */
static size_t hunt(evenload_bl0942_parser_t *parser, const uint8_t *data, size_t offset, size_t start_end,
                   size_t size)
{
    evenload_bl0942_capture_t *capture = parser->capture;
    while (offset < start_end) {
        const size_t started = (start_end - offset + PACKET_SIZE - 1) / PACKET_SIZE;
        const size_t whole = (size - offset) / PACKET_SIZE;
        const uint32_t count = store_run(parser, data + offset, run_limit(capture, started, whole));
        if (count > 0) {
            offset += (size_t)count * PACKET_SIZE;
            capture->count += count;
            capture->packets += count;
            parser->borrowed = data[offset - 1] == HEADER;
            offset -= parser->borrowed;
        } else if (data[offset] != HEADER) {
            capture->dropped_bytes++;
            offset++;
        } else if (whole == 0) {
            break;
        } else {
            offset += pass_header(parser, data + offset);
        }
    }
    return offset;
}

/* Decodes what begins in the pending bytes; returns how many bytes of `data` that used up. */
static size_t feed_joint(evenload_bl0942_parser_t *parser, const uint8_t *data, size_t size)
{
    const size_t begun = parser->pending_size;
    const size_t added = size < SUM_SIZE ? size : SUM_SIZE;
    for (size_t index = 0; index < added; index++) {
        parser->pending[begun + index] = data[index];
    }
    const size_t offset = hunt(parser, parser->pending, 0, begun, begun + added);
    if (offset >= begun) {
        parser->pending_size = 0;
        return offset - begun;
    }
    parser->pending_size =
        (uint32_t)(begun + added - offset); /* Less than a packet, so all of `data` is in here. */
    for (size_t index = 0; index < parser->pending_size; index++) {
        parser->pending[index] = parser->pending[offset + index];
    }
    return size;
}

static void mask_counters(evenload_bl0942_capture_t *capture)
{
    capture->packets &= COUNTER_MASK;
    capture->overflowed &= COUNTER_MASK;
    capture->dropped_bytes &= COUNTER_MASK;
    capture->bad_checksum &= COUNTER_MASK;
    capture->implausible &= COUNTER_MASK;
}

uint32_t evenload_bl0942_parser_feed(evenload_bl0942_parser_t *parser, const uint8_t *data, size_t size)
{
    parser->capture->count = 0;
    size_t offset = 0;
    if (parser->pending_size > 0) {
        offset = feed_joint(parser, data, size);
    }
    offset = hunt(parser, data, offset, size, size);
    for (; offset < size; offset++) {
        assert(parser->pending_size < SUM_SIZE);
        parser->pending[parser->pending_size] = data[offset];
        parser->pending_size++;
    }
    mask_counters(parser->capture);
    return parser->capture->count;
}

void evenload_bl0942_parser_flush(evenload_bl0942_parser_t *parser)
{
    parser->capture->dropped_bytes += parser->pending_size - parser->borrowed;
    parser->pending_size = 0;
    parser->borrowed = 0;
    mask_counters(parser->capture);
}

uint32_t evenload_bl0942_decode_batch(const uint8_t *data, size_t size, uint8_t address,
                                      evenload_bl0942_capture_t *capture)
{
    evenload_bl0942_parser_t parser;
    evenload_bl0942_parser_init(&parser, address, capture);
    const uint32_t count = evenload_bl0942_parser_feed(&parser, data, size);
    evenload_bl0942_parser_flush(&parser);
    return count;
}

uint32_t evenload_bl0942_count_checksums(const uint8_t *data, size_t size, uint8_t address)
{
    uint32_t good = 0;
    for (size_t offset = 0; offset + PACKET_SIZE <= size; offset += PACKET_SIZE) {
        const uint8_t checksum =
            evenload_bl0942_packet_checksum(address & EVENLOAD_BL0942_ADDRESS_MAX, data + offset);
        good += checksum == data[offset + SUM_SIZE];
    }
    return good;
}
