/* R9, R10 and the intake of stations; mirror: shared/evenload/compliance.py. */
#include "evenload/compliance.h"

#include "evenload/ticks.h"

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

int32_t evenload_compliance_grow_age(int32_t age_ms, int32_t dt_ms)
{
    return smaller(age_ms + dt_ms, EVENLOAD_ALLOCATION_AGE_MS_MAX);
}

static int32_t run_age(int32_t age_ms, int32_t is_running, int32_t dt_ms)
{
    if (!is_running) {
        return -1;
    }
    return age_ms < 0 ? 0 : evenload_compliance_grow_age(age_ms, dt_ms);
}

static void remember(const evenload_columns_station_t *station, int32_t s, int32_t is_over)
{
    const int32_t most_ma = larger(station->told_ma[s], station->grant_ma[s]);
    if (station->set_age_ms[s] >= EVENLOAD_ALLOCATION_NONCOMPLIANT_AFTER_MS) {
        station->told_ma[s] = station->told_before_ma[s] = station->told_first_ma[s] = station->grant_ma[s];
    } else if (is_over) {
        station->told_first_ma[s] = station->told_before_ma[s];
        station->told_before_ma[s] = most_ma;
        station->told_ma[s] = station->grant_ma[s];
    } else {
        station->told_ma[s] = most_ma;
    }
}

static int32_t obeyable_ma(const evenload_columns_station_t *station, int32_t s)
{
    return larger(larger(station->told_ma[s], station->told_before_ma[s]), station->told_first_ma[s]);
}

static int32_t exceeds(int32_t draw_ma, int32_t set_ma)
{
    return draw_ma > set_ma + larger(set_ma / 10, EVENLOAD_ALLOCATION_NONCOMPLIANT_MARGIN_MA);
}

static void hear(evenload_columns_t *columns, int32_t s)
{
    const evenload_columns_station_t *station = &columns->station;
    station->fresh[s] = station->heard_ms[s] != station->heard_seen_ms[s];
    if (station->fresh[s]) {
        station->heard_seen_ms[s] = station->heard_ms[s];
        station->heard_age_ms[s] =
            larger(evenload_ticks_elapsed_ms(columns->now_ms, station->heard_ms[s]), 0);
    } else {
        station->heard_age_ms[s] = evenload_compliance_grow_age(station->heard_age_ms[s], columns->dt_ms);
    }
    const int32_t silent = station->heard_age_ms[s] > columns->settings->lease_ms &&
                           station->station_state[s] != EVENLOAD_STATION_UNREPORTED;
    if (silent == station->silent[s]) {
        return;
    }
    station->silent[s] = silent;
    const int32_t n = station->station_circuit[s];
    if (silent) {
        const int32_t *draw = columns->phase.draw_ma + 3 * s;
        station->held_ma[s] = larger(larger(station->grant_ma[s], draw[0]), larger(draw[1], draw[2]));
        evenload_columns_push_event(columns, EVENLOAD_EVENT_STATION_SILENT, n, s, station->held_ma[s]);
    } else {
        station->held_ma[s] = 0;
        evenload_columns_push_event(columns, EVENLOAD_EVENT_STATION_BACK, n, s, station->heard_age_ms[s]);
    }
}

static int32_t take_draw(evenload_columns_t *columns, int32_t s)
{
    const int32_t known =
        !(columns->station.silent[s] || columns->station.station_state[s] == EVENLOAD_STATION_UNREPORTED);
    int32_t largest = 0;
    for (int32_t i = 3 * s; i < 3 * s + 3; i++) {
        int32_t draw_ma = known ? larger(columns->phase.measured_ma[i], 0) : 0;
        draw_ma = smaller(draw_ma, EVENLOAD_ALLOCATION_DRAW_MA_MAX);
        columns->phase.draw_ma[i] = draw_ma;
        largest = larger(largest, draw_ma);
    }
    return largest;
}

static void judge(evenload_columns_t *columns, int32_t s, int32_t draw_ma)
{
    const evenload_columns_station_t *station = &columns->station;
    const int32_t margin_ma = EVENLOAD_ALLOCATION_NONCOMPLIANT_MARGIN_MA;
    const int32_t n = station->station_circuit[s];
    station->over_age_ms[s] =
        run_age(station->over_age_ms[s], exceeds(draw_ma, station->grant_ma[s]), columns->dt_ms);
    station->calm_age_ms[s] =
        run_age(station->calm_age_ms[s], draw_ma <= margin_ma && !station->silent[s], columns->dt_ms);
    const int32_t disobeys = station->over_age_ms[s] > EVENLOAD_ALLOCATION_NONCOMPLIANT_AFTER_MS &&
                             exceeds(draw_ma, obeyable_ma(station, s));
    if (!station->noncompliant[s] && disobeys) {
        station->noncompliant[s] = 1;
        evenload_columns_push_event(columns, EVENLOAD_EVENT_STATION_NONCOMPLIANT, n, s, draw_ma);
    } else if (station->noncompliant[s] && station->calm_age_ms[s] >= station->calm_wait_ms[s]) {
        station->noncompliant[s] = 0;
        station->calm_wait_ms[s] =
            smaller(2 * station->calm_wait_ms[s], EVENLOAD_ALLOCATION_COMPLIANT_AFTER_MS_MAX);
        evenload_columns_push_event(columns, EVENLOAD_EVENT_STATION_COMPLIANT, n, s, draw_ma);
    }
}

static int32_t is_measured(const evenload_columns_t *columns, int32_t s)
{
    const int32_t *measured = columns->phase.measured_ma + 3 * s;
    return measured[0] >= 0 || measured[1] >= 0 || measured[2] >= 0;
}

static void serve(evenload_columns_t *columns, int32_t s)
{
    const int32_t *draw = columns->phase.draw_ma + 3 * s;
    const int32_t drawn_ma = draw[0] + draw[1] + draw[2];
    int32_t granted_ma = 0;
    if (columns->station.station_state[s] == EVENLOAD_STATION_CHARGING) {
        granted_ma = columns->station.grant_ma[s] * columns->station.grant_phases[s];
    }
    const int32_t measured_ma = is_measured(columns, s) ? drawn_ma : EVENLOAD_NOT_MEASURED_MA;
    evenload_rotation_on_drawn(columns->rotation, s, measured_ma, granted_ma, columns->dt_ms);
}

static void follow_session(evenload_columns_t *columns, int32_t s, int32_t draw_ma)
{
    const evenload_columns_station_t *station = &columns->station;
    const int32_t state = station->station_state[s];
    const int32_t present = state == EVENLOAD_STATION_CONNECTED || state == EVENLOAD_STATION_CHARGING;
    if (present && !station->present[s]) {
        station->present[s] = 1;
        evenload_rotation_join(columns->rotation, s);
        evenload_phases_start(columns->phase_switch, s, 3);
        station->switch_age_ms[s] = EVENLOAD_ALLOCATION_AGE_MS_MAX;
    } else if (station->present[s] && state == EVENLOAD_STATION_AVAILABLE) {
        station->present[s] = 0;
        evenload_rotation_leave(columns->rotation, s);
        station->calm_wait_ms[s] = EVENLOAD_ALLOCATION_COMPLIANT_AFTER_MS;
        station->shed[s] = 0;
    }
    if (state == EVENLOAD_STATION_CHARGING && station->grant_ma[s] > 0) {
        station->charge_age_ms[s] = evenload_compliance_grow_age(station->charge_age_ms[s], columns->dt_ms);
    } else {
        station->charge_age_ms[s] = 0;
    }
    const int32_t drawing =
        draw_ma > EVENLOAD_ALLOCATION_NONCOMPLIANT_MARGIN_MA || state == EVENLOAD_STATION_CHARGING;
    const int32_t idle_from_ms = columns->settings->reclaim_after_ms;
    if (drawing || station->grant_ma[s] == 0 || !present ||
        station->offer_age_ms[s] >= idle_from_ms + EVENLOAD_ALLOCATION_WAKE_AFTER_MS) {
        station->offer_age_ms[s] = 0;
    } else {
        station->offer_age_ms[s] = evenload_compliance_grow_age(station->offer_age_ms[s], columns->dt_ms);
    }
    station->idle[s] = idle_from_ms > 0 && station->offer_age_ms[s] >= idle_from_ms;
    if (present && !station->silent[s]) {
        serve(columns, s);
    }
}

/* Counts a charging car on the phases it uses only, once another has been quiet for narrow_after_ms (0: never). */
static void narrow(evenload_columns_t *columns, int32_t s, int32_t draw_ma)
{
    const evenload_columns_station_t *station = &columns->station;
    const int32_t full = evenload_phases_mask(station->wiring[s], station->grant_phases[s]);
    const int32_t after_ms = columns->settings->narrow_after_ms;
    const int32_t charging = station->charge_age_ms[s] > 0 && station->wiring[s] != EVENLOAD_WIRING_UNKNOWN &&
                             !station->silent[s] && draw_ma > EVENLOAD_ALLOCATION_NONCOMPLIANT_MARGIN_MA;
    int32_t used = full;
    for (int32_t phase = 0; phase < 3; phase++) {
        const int32_t measured_ma = columns->phase.measured_ma[3 * s + phase];
        int32_t *age_ms = columns->phase.quiet_age_ms + 3 * s + phase;
        const int32_t quiet =
            charging && measured_ma >= 0 && measured_ma <= EVENLOAD_ALLOCATION_NONCOMPLIANT_MARGIN_MA;
        *age_ms = quiet ? evenload_compliance_grow_age(*age_ms, columns->dt_ms) : 0;
        if (quiet && after_ms > 0 && *age_ms >= after_ms) {
            used &= ~(1 << phase);
        }
    }
    station->phase_mask[s] = used != 0 ? used : full;
}

static void track(evenload_columns_t *columns, int32_t s, int32_t draw_ma)
{
    const evenload_columns_station_t *station = &columns->station;
    if (station->station_state[s] != EVENLOAD_STATION_CHARGING || station->grant_ma[s] == 0 ||
        station->silent[s]) {
        evenload_tracker_reset(columns->tracker, s);
    } else if (station->fresh[s]) {
        const int32_t sample_ma = is_measured(columns, s) ? draw_ma : EVENLOAD_NOT_MEASURED_MA;
        evenload_tracker_on_sample(columns->tracker, s, sample_ma, station->grant_ma[s]);
    }
    station->used_ma[s] = EVENLOAD_NOT_MEASURED_MA;
    if (station->charge_age_ms[s] >= columns->settings->reclaim_after_ms) {
        station->used_ma[s] = columns->tracker->stable_ma[s];
    }
    if (station->idle[s]) {
        station->used_ma[s] = 0;
    }
}

static void count_over(evenload_columns_t *columns, int32_t s)
{
    const evenload_columns_station_t *station = &columns->station;
    const evenload_settings_t *settings = columns->settings;
    int32_t reserve_ma = 0;
    int32_t allowed_ma = 0;
    if (station->station_state[s] == EVENLOAD_STATION_UNREPORTED) {
        reserve_ma = station->failsafe_ma[s];
    } else if (station->silent[s]) {
        const int32_t kept = station->heard_age_ms[s] <= settings->lease_ms + settings->lease_grace_ms;
        reserve_ma = larger(station->failsafe_ma[s], kept ? station->held_ma[s] : 0);
    } else if (!station->noncompliant[s]) {
        allowed_ma =
            station->set_age_ms[s] >= settings->follow_ms ? station->grant_ma[s] : obeyable_ma(station, s);
    }
    for (int32_t phase = 0; phase < 3; phase++) {
        int32_t over_ma = columns->phase.draw_ma[3 * s + phase];
        if (station->phase_mask[s] >> phase & 1) {
            over_ma = larger(over_ma - allowed_ma, reserve_ma);
        }
        columns->phase.over_ma[3 * s + phase] = over_ma;
    }
}

void evenload_compliance_observe(evenload_columns_t *columns)
{
    const evenload_columns_station_t *station = &columns->station;
    const int32_t dt_ms = columns->dt_ms;
    columns->told_age_ms = evenload_compliance_grow_age(columns->told_age_ms, dt_ms);
    const int32_t is_over = columns->told_age_ms >= EVENLOAD_ALLOCATION_NONCOMPLIANT_AFTER_MS / 2;
    if (is_over) {
        columns->told_age_ms = 0;
    }
    for (int32_t s = 0; s < columns->station_count; s++) {
        station->set_age_ms[s] = evenload_compliance_grow_age(station->set_age_ms[s], dt_ms);
        station->raise_age_ms[s] = evenload_compliance_grow_age(station->raise_age_ms[s], dt_ms);
        station->switch_age_ms[s] = evenload_compliance_grow_age(station->switch_age_ms[s], dt_ms);
        remember(station, s, is_over);
        hear(columns, s);
        const int32_t draw_ma = take_draw(columns, s);
        judge(columns, s, draw_ma);
        follow_session(columns, s, draw_ma);
        narrow(columns, s, draw_ma);
        track(columns, s, draw_ma);
        count_over(columns, s);
    }
}
