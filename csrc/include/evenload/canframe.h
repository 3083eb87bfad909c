/* The cluster's CAN frames: identifiers, payloads and checksums; mirror: shared/evenload/canframe.py (SPEC, Cluster
   frames).

   A frame is EVENLOAD_CAN_FRAME_SIZE bytes as SocketCAN has it, little-endian; `fields` are
   EVENLOAD_FIELD_COUNT_MAX numbers in the order of the frame's type (EVENLOAD_BEAT_*, ...). Nothing keeps
   state; every function but the CRCs takes constant time. */
#ifndef EVENLOAD_CANFRAME_H
#define EVENLOAD_CANFRAME_H

#include <stdint.h>

#include "evenload/wire.h"

/* Returns the SAE J1850 CRC of data[0 .. count - 1]; start: 0, or the CRC of what came before. */
uint8_t evenload_canframe_crc8(const uint8_t *data, int32_t count, uint8_t start);

/* Returns the CRC-16/CCITT-FALSE of data[0 .. count - 1]. */
uint16_t evenload_canframe_crc16(const uint8_t *data, int32_t count);

/* Returns the IEEE 802.3 CRC-32 of data[0 .. count - 1], for stored records. */
uint32_t evenload_canframe_crc32(const uint8_t *data, int32_t count);

/* Returns the 29-bit identifier of a frame of ours; an unknown type gets the lowest priority. */
int32_t evenload_canframe_identifier(int32_t frame_type, int32_t cluster, int32_t dst, int32_t src);

/* Each returns one field of an identifier. */
int32_t evenload_canframe_type_of(int32_t identifier);
int32_t evenload_canframe_cluster_of(int32_t identifier);
int32_t evenload_canframe_version_of(int32_t identifier);
int32_t evenload_canframe_dst_of(int32_t identifier);
int32_t evenload_canframe_src_of(int32_t identifier);
int32_t evenload_canframe_prio_of(int32_t identifier);

/* Returns the 29-bit identifier of a frame, or -1 if it is no extended data frame with the bits 0b10. */
int32_t evenload_canframe_identifier_of(const uint8_t frame[16]);

/* Returns how many bytes of data a frame has; above 8 in what is no CAN frame. */
int32_t evenload_canframe_length_of(const uint8_t frame[16]);

/* Writes the frame of `identifier` with `fields` cut to their widths; sets all 16 bytes. A response whose
   EVENLOAD_RESPONSE_FLOOR is negative gets the short form; a type without fields gets no data. */
void evenload_canframe_encode(int32_t identifier, const int32_t *fields, uint8_t frame[16]);

/* Reads the fields of a frame; returns EVENLOAD_FRAME_OK or why it is refused: NOT_OURS, VERSION, UNKNOWN, VALUE
   (identifier), SHORT, CRC, VALUE (payload; `fields` may hold what was refused), in this order. PLAN,
   telemetry, TIME and BULK leave `fields` alone. */
int32_t evenload_canframe_decode(const uint8_t frame[16], int32_t *fields);

#endif
