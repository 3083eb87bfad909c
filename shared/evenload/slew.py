"""From targets to grants: down at once, up slowly and only into room that is really free (SPEC, Allocation;
mirror: csrc/src/slew.c).

R6: a decrease is applied in full in the round that finds it; an increase is at most a share of the headroom
and of the rated current per second, and waits for a feeder sample that has seen the last set-point at work.
R1b: a station is raised or started only where max(grant, measured) of all, plus the base, stays within the
limit of every cell on its path, so current is never given away before the station that had it has really
let go. Starts go before raises.
"""

from evenload import wire
from evenload.circuits import sum_below
from evenload.columns import Columns
from evenload.phases import room_ma


def regulate(columns: Columns) -> None:
    """Move grant_ma of every station towards its target_ma; keeps the ages and on/off counts that go with it.

    slack_ma is left as the room of every cell beyond max(grant, measured) of its stations.
    """
    for s in range(columns.station_count):
        if columns.target_ma[s] < columns.grant_ma[s]:
            _set_grant(columns, s, columns.target_ma[s])
    _measure_slack(columns)
    for s in range(columns.station_count):
        if columns.target_ma[s] > 0 and columns.grant_ma[s] == 0:
            _start(columns, s)
    at_once = columns.settings.raise_settle_ms == 0
    for s in range(columns.station_count):
        if columns.target_ma[s] > columns.grant_ma[s] > 0 and (at_once or columns.raise_age_ms[s] > 0):
            _raise(columns, s)


def _set_grant(columns, s, grant_ma):
    before_ma = columns.grant_ma[s]
    columns.grant_ma[s] = grant_ma
    columns.set_age_ms[s] = 0
    if grant_ma > before_ma:
        columns.raise_age_ms[s] = 0
    if before_ma == 0 or grant_ma == 0:
        columns.switch_age_ms[s] = 0
        columns.shed[s] = 1 if grant_ma == 0 and columns.cause[s] == wire.REASON_WAITING_TURN else 0


def _held_ma(columns, s, phase):
    """Return what station s takes or may take on `phase` now: the largest of grant, measured and what
    counts beyond.
    """
    i = 3 * s + phase
    grant_ma = columns.grant_ma[s] if columns.phase_mask[s] >> phase & 1 else 0
    return max(grant_ma, columns.draw_ma[i], columns.over_ma[i])


def _measure_slack(columns):
    held = columns.held_phase_ma
    for s in range(columns.station_count):
        for phase in range(3):
            held[3 * s + phase] = _held_ma(columns, s, phase)
    sum_below(columns, held, columns.sum_ma)
    for k in range(3 * columns.circuit_count):
        columns.slack_ma[k] = columns.available_ma[k] - columns.sum_ma[k]


def _start(columns, s):
    low_ma = columns.low_ma[s]
    columns.pace[s] = wire.REASON_RAMPING
    if _reachable_ma(columns, s, low_ma) >= low_ma:
        _give(columns, s, low_ma)


def _raise(columns, s):
    """Raise station s towards its target as far as the settings and the room allow."""
    settings = columns.settings
    n = columns.station_circuit[s]
    columns.pace[s] = wire.REASON_RAMPING
    if settings.raise_settle_ms > 0:
        if columns.set_age_ms[s] - columns.path_age_ms[n] < settings.raise_settle_ms:
            return
    grant_ma = columns.grant_ma[s]
    gap_ma = columns.target_ma[s] - grant_ma
    rise_ma = gap_ma
    if settings.raise_headroom_percent > 0:
        rise_ma = max(gap_ma * settings.raise_headroom_percent // 100, settings.step_ma)
    if settings.raise_rated_percent_per_s > 0:
        age_ms = min(columns.raise_age_ms[s], settings.raise_settle_ms + 1000)
        rate_ma = columns.high_ma[s] * settings.raise_rated_percent_per_s // 100
        rise_ma = min(rise_ma, rate_ma * age_ms // 1000)
    rise_ma = min(rise_ma, gap_ma)
    if rise_ma < settings.step_ma:
        return
    raised_ma = min(grant_ma + rise_ma, _reachable_ma(columns, s, columns.target_ma[s]))
    raised_ma -= raised_ma % settings.step_ma
    if raised_ma > grant_ma:
        _give(columns, s, raised_ma)


def _reachable_ma(columns, s, wanted_ma):
    """Return the grant up to `wanted_ma` that the room on the path of station s allows now; its cell is
    noted.
    """
    reach_ma = wanted_ma
    mask = columns.phase_mask[s]
    n = columns.station_circuit[s]
    while n >= 0:
        for phase in range(3):
            if mask >> phase & 1:
                slack_ma = columns.slack_ma[3 * n + phase]
                limit_ma = columns.held_phase_ma[3 * s + phase] + slack_ma if slack_ma >= 0 else 0
                if limit_ma < reach_ma:
                    reach_ma = limit_ma
                    columns.limiting_circuit[s] = n
                    columns.limiting_phase[s] = phase
                    columns.pace[s] = wire.REASON_CIRCUIT_LIMIT
        n = columns.circuit_parent[n]
    if columns.settings.unbalance_ma_max > 0:
        reach_ma = _balanced_ma(columns, s, reach_ma)
    return reach_ma


def _balanced_ma(columns, s, reach_ma):
    """Return the grant up to `reach_ma` that keeps the phases within unbalance_ma_max of each other (R13)."""
    mask = columns.phase_mask[s]
    i = 3 * s
    l1_ma = columns.base_ma[0] + columns.sum_ma[0] - (columns.held_phase_ma[i] if mask & 1 else 0)
    l2_ma = columns.base_ma[1] + columns.sum_ma[1] - (columns.held_phase_ma[i + 1] if mask & 2 else 0)
    l3_ma = columns.base_ma[2] + columns.sum_ma[2] - (columns.held_phase_ma[i + 2] if mask & 4 else 0)
    limit_ma = room_ma(l1_ma, l2_ma, l3_ma, mask, columns.settings.unbalance_ma_max)
    if limit_ma < reach_ma:
        columns.limiting_circuit[s] = 0
        columns.limiting_phase[s] = wire.PHASE_NONE
        columns.pace[s] = wire.REASON_UNBALANCE
        return limit_ma
    return reach_ma


def _give(columns, s, grant_ma):
    """Grant station s more and take what it may now draw beyond before from the room of its path."""
    _set_grant(columns, s, grant_ma)
    for phase in range(3):
        more_ma = _held_ma(columns, s, phase) - columns.held_phase_ma[3 * s + phase]
        if more_ma > 0:
            columns.held_phase_ma[3 * s + phase] += more_ma
            n = columns.station_circuit[s]
            while n >= 0:
                columns.slack_ma[3 * n + phase] -= more_ma
                columns.sum_ma[3 * n + phase] += more_ma
                n = columns.circuit_parent[n]


def explain(columns: Columns) -> None:
    """Write the reason of every station, with the circuit and phase that limit it where one does."""
    for s in range(columns.station_count):
        grant_ma = columns.grant_ma[s]
        reason = columns.cause[s]
        if grant_ma < columns.target_ma[s]:
            reason = columns.pace[s]
        elif columns.status[s] != wire.STATUS_OFF and grant_ma < columns.ceiling_ma[s]:
            k = 3 * columns.limiting_circuit[s] + columns.limiting_phase[s]
            capped = columns.cap_ma[k] < columns.limit_ma[k]
            reason = wire.REASON_EXTERNAL_CAP if capped else wire.REASON_CIRCUIT_LIMIT
        columns.reason[s] = reason
