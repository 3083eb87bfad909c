/* Random sites in static memory: up to 64 stations of all thirteen wirings on trees up to 4 deep, driven by bytes and,
 * when they are used up, by a seeded generator. */
#ifndef EVENLOAD_TESTS_ALLOCATION_SITE_H
#define EVENLOAD_TESTS_ALLOCATION_SITE_H

#include "allocation_oracle.h"
#include "check.h"
#include "evenload/allocation.h"
#include <string.h>

enum { ENTRIES_MAX = 3 * ORACLE_STATIONS_MAX, COLUMNS_MAX = 160 };

/* Where decisions come from. */
typedef struct {
    const uint8_t *data;
    size_t size;
    uint32_t state;
} source_t;

/* One site with its memory. */
typedef struct {
    evenload_columns_t columns;
    evenload_settings_t settings;
    evenload_tracker_t tracker;
    evenload_breaker_t breaker;
    evenload_rotation_t rotation;
    evenload_phase_switch_t phase_switch;
    int32_t memory[COLUMNS_MAX][ENTRIES_MAX];
    uint64_t keys[2 * ORACLE_STATIONS_MAX];
    int32_t used_count;
} site_t;

/* 0 .. bound - 1. */
static int32_t draw(source_t *source, int32_t bound)
{
    uint32_t drawn = 0;
    if (source->size >= 2) {
        drawn = (uint32_t)source->data[0] | (uint32_t)source->data[1] << 8;
        source->data += 2;
        source->size -= 2;
        drawn = bound > 65536 ? drawn * 31u : drawn;
    } else {
        source->state = source->state * 1664525u + 1013904223u;
        drawn = source->state >> 7;
    }
    return (int32_t)(drawn % (uint32_t)bound);
}

static int32_t chance(source_t *source, int32_t one_in)
{
    return draw(source, one_in) == 0;
}

/* Points every pointer of a struct of `size` bytes, which holds nothing else, at its own memory. */
static void point(site_t *site, void *columns, size_t size)
{
    int32_t **pointer = (int32_t **)columns;
    for (size_t i = 0; i < size / sizeof *pointer; i++) {
        CHECK(site->used_count < COLUMNS_MAX);
        pointer[i] = site->memory[site->used_count];
        site->used_count++;
    }
}

#define POINT_BETWEEN(site, part, first, last)                                                               \
    point(site, &(part).first, (size_t)((char *)&(part).last - (char *)&(part).first) + sizeof(part).last)

static void join_parts(site_t *site)
{
    evenload_columns_t *c = &site->columns;
    point(site, &c->circuit, sizeof c->circuit);
    point(site, &c->cell, sizeof c->cell);
    point(site, &c->station, sizeof c->station);
    point(site, &c->phase, sizeof c->phase);
    point(site, &c->event, sizeof c->event);
    point(site, &c->turn, sizeof c->turn);
    point(site, &c->node, sizeof c->node);
    POINT_BETWEEN(site, site->tracker, stable_ma, sample_ma);
    POINT_BETWEEN(site, site->breaker, rated_ma, action_ms);
    POINT_BETWEEN(site, site->rotation, contending, slack_count);
    POINT_BETWEEN(site, site->phase_switch, min_ma, switch_count);
    site->rotation.key = site->keys;
    site->tracker.count = site->rotation.count = site->phase_switch.count = c->station_count;
    site->breaker.count = 3 * c->circuit_count;
    evenload_tracker_init(&site->tracker);
    evenload_breaker_init(&site->breaker);
    evenload_rotation_init(&site->rotation);
    evenload_phases_init(&site->phase_switch);
    evenload_columns_settings_init(&site->settings);
    c->settings = &site->settings;
    c->tracker = &site->tracker;
    c->breaker = &site->breaker;
    c->rotation = &site->rotation;
    c->phase_switch = &site->phase_switch;
    evenload_columns_init(c);
}

static void draw_settings(site_t *site, source_t *source)
{
    static const int32_t steps_ma[4] = {100, 1, 500, 1000};
    evenload_settings_t *settings = &site->settings;
    settings->boot_wait_ms = 2000;
    settings->step_ma = steps_ma[draw(source, 4)];
    if (chance(source, 2)) {
        settings->slot_ms = 10000;
        settings->on_min_ms = 3000;
        settings->off_min_ms = 2000;
        settings->reclaim_after_ms = 5000;
        settings->narrow_after_ms = 5000;
    }
    if (chance(source, 3)) {
        settings->raise_settle_ms = 0;
        settings->raise_headroom_percent = 0;
        settings->raise_rated_percent_per_s = 0;
    }
    settings->unbalance_ma_max = chance(source, 4) ? 4000 + draw(source, 20000) : 0;
}

static void draw_circuits(site_t *site, source_t *source)
{
    evenload_columns_t *c = &site->columns;
    int32_t depth[ORACLE_CIRCUITS_MAX] = {1};
    for (int32_t n = 0; n < c->circuit_count; n++) {
        int32_t parent = n > 0 ? draw(source, n) : EVENLOAD_CIRCUIT_NONE;
        parent = n > 0 && depth[parent] >= 4 ? 0 : parent;
        depth[n] = n > 0 ? depth[parent] + 1 : 1;
        c->circuit.circuit_parent[n] = parent;
        c->circuit.metered[n] = n == 0 || chance(source, 3);
        const int32_t even_ma = 10000 + draw(source, 200) * 1000;
        for (int32_t k = 3 * n; k < 3 * n + 3; k++) {
            c->cell.limit_ma[k] = chance(source, 3) ? draw(source, 120000) : even_ma;
            c->cell.fallback_ma[k] = draw(source, c->cell.limit_ma[k] + 1);
            site->breaker.rated_ma[k] = chance(source, 4) ? c->cell.limit_ma[k] : 0;
        }
    }
}

static void draw_stations(site_t *site, source_t *source)
{
    const evenload_columns_station_t *station = &site->columns.station;
    for (int32_t s = 0; s < site->columns.station_count; s++) {
        station->station_circuit[s] = draw(source, site->columns.circuit_count);
        station->wiring[s] = draw(source, EVENLOAD_WIRING_UNKNOWN + 1);
        station->min_ma[s] = 6000 + (chance(source, 3) ? draw(source, 4000) : 0);
        station->max_ma[s] = 11000 + draw(source, 5) * 7000;
        station->priority[s] = chance(source, 2) ? draw(source, 3) : 0;
        station->weight[s] = chance(source, 3) ? 1 + draw(source, 1000) : 1;
        station->switchable[s] = chance(source, 4);
        station->station_state[s] = chance(source, 8) ? draw(source, 5) : EVENLOAD_STATION_CHARGING;
    }
}

/* Builds and seals a random site. */
static void site_build(site_t *site, source_t *source)
{
    memset(site, 0, sizeof *site);
    site->columns.circuit_count = 1 + draw(source, ORACLE_CIRCUITS_MAX - 1);
    site->columns.station_count = 1 + draw(source, chance(source, 4) ? ORACLE_STATIONS_MAX : 12);
    join_parts(site);
    draw_settings(site, source);
    draw_circuits(site, source);
    draw_stations(site, source);
    CHECK(evenload_allocation_seal(&site->columns) == 0);
}

static void draw_current(site_t *site, source_t *source, int32_t s)
{
    const evenload_columns_t *c = &site->columns;
    const int32_t kind = draw(source, 20);
    int32_t drawn_ma = c->station.grant_ma[s];
    if (kind == 0) {
        return;
    }
    drawn_ma += kind == 1 ? draw(source, 12000) : 0;
    drawn_ma = kind == 2 ? draw(source, drawn_ma + 1) : drawn_ma;
    /* Some cars use one of their phases only; now and then one uses them all, or a phase it should not. */
    const int32_t stray = draw(source, 40) / 33;
    const int32_t single = s % 5 == 0 && !chance(source, 12);
    const int32_t bits = single ? 1 << s % 3 : c->station.phase_mask[s] | stray;
    for (int32_t phase = 0; phase < 3; phase++) {
        const int32_t on = bits >> phase & 1;
        c->phase.measured_ma[3 * s + phase] = kind == 3 ? EVENLOAD_NOT_MEASURED_MA : on ? drawn_ma : 0;
    }
}

static int32_t flowing_ma(const evenload_columns_t *c, int32_t n, int32_t phase)
{
    int32_t total_ma = 0;
    for (int32_t s = 0; s < c->station_count; s++) {
        const int32_t measured = c->phase.measured_ma[3 * s + phase];
        total_ma += is_below(c, s, n) && measured > 0 ? measured : 0;
    }
    return total_ma;
}

static void draw_meter(site_t *site, source_t *source, int32_t n)
{
    evenload_columns_t *c = &site->columns;
    if (chance(source, 12)) {
        c->circuit.meter_state[n] = draw(source, 5);
    } else if (chance(source, 3)) {
        c->circuit.meter_state[n] = EVENLOAD_METER_FRESH;
    }
    c->circuit.sample_ms[n] = chance(source, 8) ? c->circuit.sample_ms[n] : c->now_ms;
    for (int32_t phase = 0; phase < 3; phase++) {
        const int32_t k = 3 * n + phase;
        if (chance(source, 40)) {
            c->cell.cap_ma[k] = chance(source, 2) ? draw(source, 100000) : EVENLOAD_NO_CAP_MA;
        }
        const int32_t surge_ma = chance(source, 10) ? draw(source, 120000) : draw(source, 9000);
        const int32_t feeder_ma = flowing_ma(c, n, phase) + surge_ma;
        c->cell.feeder_ma[k] = chance(source, 30) ? EVENLOAD_NOT_MEASURED_MA : feeder_ma;
    }
}

/* Runs `rounds` rounds of random inputs on a random site; returns 0 or what the oracle found broken. */
static int site_run(site_t *site, source_t *source, int32_t rounds)
{
    static oracle_t oracle;
    memset(&oracle, 0, sizeof oracle);
    site_build(site, source);
    evenload_columns_t *c = &site->columns;
    int32_t now_ms = (1 << 30) - 1 - draw(source, 60000);
    /* Heard just before the start: a stamp that is still to come counts as now, which the oracle does not know. */
    for (int32_t s = 0; s < c->station_count; s++) {
        c->station.heard_ms[s] = now_ms;
    }
    for (int32_t round = 0; round < rounds; round++) {
        now_ms = (now_ms + (chance(source, 5) ? draw(source, 20000) : 1000)) & ((1 << 30) - 1);
        for (int32_t s = 0; s < c->station_count; s++) {
            c->station.heard_ms[s] = chance(source, 40) ? c->station.heard_ms[s] : now_ms;
            c->station.station_state[s] =
                chance(source, 30) ? 1 + draw(source, 4) : c->station.station_state[s];
            if (chance(source, 50)) {
                c->station.station_cap_ma[s] = chance(source, 2) ? draw(source, 40000) : EVENLOAD_NO_CAP_MA;
            }
            c->station.weight[s] = chance(source, 20) ? 1 + draw(source, 1000) : c->station.weight[s];
            draw_current(site, source, s);
        }
        for (int32_t n = 0; n < c->circuit_count; n++) {
            draw_meter(site, source, n);
        }
        evenload_allocation_tick(c, now_ms);
        const int broken = oracle_check(&oracle, c);
        if (broken != 0) {
            return broken;
        }
    }
    return 0;
}

#endif
