/* Calls of the kernels of metering and charging; tests/target/test_m3.py makes the same ones in Python. */
#include "cases.h"

#include "evenload/bl0942.h"
#include "evenload/breaker.h"
#include "evenload/random32.h"
#include "evenload/tracker.h"
#include "evenload/waterfill.h"

enum { CURRENT_COUNT = 64, CURVE_CELLS = EVENLOAD_BREAKER_CURVE_COUNT * EVENLOAD_BREAKER_ROW_COUNT };

static evenload_random32_t stream;
static uint8_t packet[EVENLOAD_BL0942_PACKET_SIZE];
static int32_t fields[EVENLOAD_BL0942_FIELD_COUNT];
static evenload_bl0942_capture_t capture;
static evenload_bl0942_parser_t parser;
static int32_t request_ma[CURRENT_COUNT];
static int32_t grant_ma[CURRENT_COUNT];
static int32_t rated_ma[1], curve[1], heat[1], heat_permille[1], action[1], held_ma[1], held_ms[1];
static int32_t ratio_permille[CURVE_CELLS], action_ms[CURVE_CELLS];
static evenload_breaker_t breaker = {1,      rated_ma, curve,   heat,           heat_permille,
                                     action, held_ma,  held_ms, ratio_permille, action_ms};
static int32_t stable_ma[1], sample_count[1], sample_ma[3];
static evenload_tracker_t tracker = {1, stable_ma, sample_count, sample_ma};

static void prepare_random32(void)
{
    evenload_random32_init(&stream, 7);
}

static uint32_t run_random32_below(void)
{
    return (uint32_t)evenload_random32_below(&stream, 1000);
}

/* Byte i is 37 i, but for a plausible voltage (4,000,000), a status of 0 and the frequency 20000. */
static void prepare_packet(void)
{
    for (uint32_t i = 0; i < EVENLOAD_BL0942_PACKET_SIZE; i++) {
        packet[i] = (uint8_t)(37 * i);
    }
    packet[0] = EVENLOAD_BL0942_PACKET_HEADER;
    packet[4] = 0x00;
    packet[5] = 0x09;
    packet[6] = 0x3D;
    packet[16] = 0x20;
    packet[17] = 0x4E;
    packet[18] = 0;
    packet[19] = 0;
    packet[20] = 0;
    packet[21] = 0;
    packet[22] = evenload_bl0942_packet_checksum(0, packet);
    evenload_bl0942_capture_init(&capture, fields, 1);
    evenload_bl0942_parser_init(&parser, 0, &capture);
}

static uint32_t run_packet_checksum(void)
{
    return evenload_bl0942_packet_checksum(0, packet);
}

static uint32_t run_parser_feed(void)
{
    return evenload_bl0942_parser_feed(&parser, packet, sizeof packet);
}

static void prepare_waterfill(void)
{
    for (int32_t i = 0; i < CURRENT_COUNT; i++) {
        request_ma[i] = i * 7919 % 32000;
    }
}

static uint32_t run_waterfill_6(void)
{
    return (uint32_t)evenload_waterfill_fill(request_ma, grant_ma, 6, 40000);
}

static uint32_t run_waterfill_64(void)
{
    return (uint32_t)evenload_waterfill_fill(request_ma, grant_ma, CURRENT_COUNT, 384000);
}

static void prepare_breaker(void)
{
    evenload_breaker_init(&breaker);
    rated_ma[0] = 63000;
    (void)evenload_breaker_on_measured(&breaker, 0, 1000, 90000);
}

static uint32_t run_breaker(void)
{
    (void)evenload_breaker_on_measured(&breaker, 0, 2000, 90000);
    return (uint32_t)heat[0];
}

static void prepare_tracker(void)
{
    evenload_tracker_init(&tracker);
    evenload_tracker_on_sample(&tracker, 0, 9000, 16000);
    evenload_tracker_on_sample(&tracker, 0, 9100, 16000);
}

static uint32_t run_tracker(void)
{
    evenload_tracker_on_sample(&tracker, 0, 9200, 16000);
    return (uint32_t)stable_ma[0];
}

const m3_case_t meter_cases[] = {
    {"random32_below", prepare_random32, run_random32_below},
    {"bl0942_packet_checksum", prepare_packet, run_packet_checksum},
    {"bl0942_parser_feed", prepare_packet, run_parser_feed},
    {"waterfill_fill_6", prepare_waterfill, run_waterfill_6},
    {"waterfill_fill_64", prepare_waterfill, run_waterfill_64},
    {"breaker_on_measured", prepare_breaker, run_breaker},
    {"tracker_on_sample", prepare_tracker, run_tracker},
};
const size_t meter_case_count = sizeof meter_cases / sizeof meter_cases[0];
