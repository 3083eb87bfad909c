/* The BL0942's UART protocol: frames out, replies and packets in; mirror: shared/evenload/bl0942.py.

   The caller owns all memory. Frames are written into buffers of at least the size that is returned. The
   parser takes constant time per byte but for a false header (23 bytes looked at again), and never fails: bad
   bytes are counted. */
#ifndef EVENLOAD_BL0942_H
#define EVENLOAD_BL0942_H

#include <stddef.h>
#include <stdint.h>

#include "evenload/wire.h"

/* Where decoded packets go, and what was counted on the way. `fields` holds `capacity` rows of
   EVENLOAD_BL0942_FIELD_COUNT numbers; `count` rows are those of the last call. Counters are 30 bits and
   wrap. */
typedef struct {
    int32_t *fields;
    uint32_t capacity;
    uint32_t count;
    uint32_t packets;
    uint32_t overflowed;
    uint32_t dropped_bytes;
    uint32_t bad_checksum;
    uint32_t implausible;
} evenload_bl0942_capture_t;

/* Finds packets of one address in a byte stream. `borrowed` is 1 while the first pending byte also ended a packet. */
typedef struct {
    evenload_bl0942_capture_t *capture;
    uint32_t pending_size;
    uint8_t command;
    uint8_t borrowed;
    uint8_t pending[44];
} evenload_bl0942_parser_t;

/* Returns the checksum of a register reply; data: its 3 value bytes. */
uint8_t evenload_bl0942_register_checksum(uint8_t address, uint8_t reg, const uint8_t *data);

/* Returns the checksum of a packet; packet: at least its bytes 0 .. 21. */
uint8_t evenload_bl0942_packet_checksum(uint8_t address, const uint8_t *packet);

/* Returns the 24-bit two's complement `value` as a signed number. */
int32_t evenload_bl0942_sign24(uint32_t value);

/* Each writes one frame and returns its size: 2 for a request, 6 for a write. */
int32_t evenload_bl0942_encode_read(uint8_t *frame, uint8_t address, uint8_t reg);
int32_t evenload_bl0942_encode_packet_request(uint8_t *frame, uint8_t address);
int32_t evenload_bl0942_encode_write(uint8_t *frame, uint8_t address, uint8_t reg, uint32_t value);
int32_t evenload_bl0942_encode_unlock(uint8_t *frame, uint8_t address);
int32_t evenload_bl0942_encode_lock(uint8_t *frame, uint8_t address);
int32_t evenload_bl0942_encode_soft_reset(uint8_t *frame, uint8_t address);
int32_t evenload_bl0942_encode_mode(uint8_t *frame, uint8_t address, uint32_t mode);

/* Returns the value of a 4-byte register reply, or -1 when its checksum is wrong. */
int32_t evenload_bl0942_decode_register(uint8_t address, uint8_t reg, const uint8_t *reply);

/* Points the capture at the caller's rows (capacity * EVENLOAD_BL0942_FIELD_COUNT numbers) and clears it. */
void evenload_bl0942_capture_init(evenload_bl0942_capture_t *capture, int32_t *fields, uint32_t capacity);

/* Sets the count and every counter to zero. */
void evenload_bl0942_capture_clear(evenload_bl0942_capture_t *capture);

/* Starts a stream of packets of `address` (0 .. 3). */
void evenload_bl0942_parser_init(evenload_bl0942_parser_t *parser, uint8_t address,
                                 evenload_bl0942_capture_t *capture);

/* Decodes `size` bytes and returns how many packets are in the rows, replacing those of the last call. */
uint32_t evenload_bl0942_parser_feed(evenload_bl0942_parser_t *parser, const uint8_t *data, size_t size);

/* Drops the bytes that wait for more. */
void evenload_bl0942_parser_flush(evenload_bl0942_parser_t *parser);

/* Decodes a whole recording and returns how many packets are in the rows; what is left at the end is dropped. */
uint32_t evenload_bl0942_decode_batch(const uint8_t *data, size_t size, uint8_t address,
                                      evenload_bl0942_capture_t *capture);

/* Returns how many of the 23-byte frames lying back to back in `data` have a good checksum: the yardstick of the
   batch decoder. */
uint32_t evenload_bl0942_count_checksums(const uint8_t *data, size_t size, uint8_t address);

#endif
