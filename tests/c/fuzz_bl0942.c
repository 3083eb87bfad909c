/* Fuzz target: any bytes in any pieces. The whole and the pieces must decode alike, and every byte must be accounted
   for. */
#include "check.h"
#include "evenload/bl0942.h"
#include <string.h>

enum { PACKETS_MAX = 32, FIELDS = EVENLOAD_BL0942_FIELD_COUNT, SIZE_MAX_FED = PACKETS_MAX * 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rows(const evenload_bl0942_capture_t *capture)
{
    for (uint32_t row = 0; row < capture->count; row++) {
        const int32_t *fields = capture->fields + (size_t)row * FIELDS;
        const int32_t v_rms = fields[EVENLOAD_BL0942_FIELD_V_RMS], freq = fields[EVENLOAD_BL0942_FIELD_FREQ];
        CHECK(v_rms >= 0 && v_rms <= EVENLOAD_BL0942_V_RMS_MAX);
        CHECK(v_rms < EVENLOAD_BL0942_V_RMS_LIVE_MIN ||
              (freq >= EVENLOAD_BL0942_FREQ_MIN && freq <= EVENLOAD_BL0942_FREQ_MAX));
        CHECK((fields[EVENLOAD_BL0942_FIELD_STATUS] & ~EVENLOAD_BL0942_STATUS_MASK) == 0);
        CHECK(fields[EVENLOAD_BL0942_FIELD_WATT] >= -0x800000 &&
              fields[EVENLOAD_BL0942_FIELD_WATT] <= 0x7FFFFF);
    }
}

/* Feeds `data` in pieces whose sizes `cuts` tells; appends the rows of every piece to `rows`. */
static uint32_t feed_pieces(evenload_bl0942_parser_t *parser, const uint8_t *data, size_t size, uint8_t cuts,
                            int32_t *rows)
{
    uint32_t count = 0;
    for (size_t offset = 0; offset < size;) {
        const size_t wanted = 1u + (cuts & 0x3Fu);
        const size_t piece = wanted < size - offset ? wanted : size - offset;
        const uint32_t found = evenload_bl0942_parser_feed(parser, data + offset, piece);
        CHECK(parser->pending_size < EVENLOAD_BL0942_PACKET_SIZE);
        memcpy(rows + (size_t)count * FIELDS, parser->capture->fields,
               (size_t)found * FIELDS * sizeof rows[0]);
        count += found;
        offset += piece;
        cuts = (uint8_t)(cuts * 5u + 3u);
    }
    evenload_bl0942_parser_flush(parser);
    return count;
}

/* Makes a good packet of every 23 bytes from `offset` on: a fuzzer alone seldom finds one. */
static void repair(uint8_t *data, size_t size, size_t offset, uint8_t address)
{
    for (; offset + EVENLOAD_BL0942_PACKET_SIZE <= size; offset += EVENLOAD_BL0942_PACKET_SIZE) {
        uint8_t *packet = data + offset;
        packet[0] = EVENLOAD_BL0942_PACKET_HEADER;
        packet[17] = 0x4E;
        packet[18] = packet[21] = 0;
        packet[19] &= EVENLOAD_BL0942_STATUS_MASK & 0xFF;
        packet[20] &= EVENLOAD_BL0942_STATUS_MASK >> 8;
        packet[22] = evenload_bl0942_packet_checksum(address, packet);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int32_t whole_rows[PACKETS_MAX * FIELDS], piece_rows[PACKETS_MAX * FIELDS],
        rows[PACKETS_MAX * FIELDS];
    evenload_bl0942_capture_t whole, pieces;
    evenload_bl0942_parser_t parser;
    if (size < 2 || size > SIZE_MAX_FED) {
        return 0;
    }
    uint8_t line[SIZE_MAX_FED];
    const uint8_t address = data[0] & EVENLOAD_BL0942_ADDRESS_MAX, cuts = data[1];
    const size_t first_good = data[0] >> 2;
    size -= 2;
    memcpy(line, data + 2, size);
    if (first_good > 0) {
        repair(line, size, first_good - 1u, address);
    }
    evenload_bl0942_capture_init(&whole, whole_rows, PACKETS_MAX);
    evenload_bl0942_capture_init(&pieces, piece_rows, PACKETS_MAX);
    evenload_bl0942_parser_init(&parser, address, &pieces);
    const uint32_t count = evenload_bl0942_decode_batch(line, size, address, &whole);
    CHECK(feed_pieces(&parser, line, size, cuts, rows) == count);
    CHECK(memcmp(rows, whole_rows, (size_t)count * FIELDS * sizeof rows[0]) == 0);
    CHECK(whole.packets == pieces.packets && whole.dropped_bytes == pieces.dropped_bytes);
    CHECK(whole.bad_checksum == pieces.bad_checksum && whole.implausible == pieces.implausible);
    CHECK(whole.packets == count && whole.overflowed == 0);
    /* A packet may lend its last byte to the next one as its header, but nothing is counted twice as dropped. */
    CHECK(whole.dropped_bytes + 22u * count <= size && whole.dropped_bytes + 23u * count >= size);
    CHECK(whole.bad_checksum + whole.implausible <= whole.dropped_bytes);
    check_rows(&whole);
    return 0;
}
