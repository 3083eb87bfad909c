"""What each station could be given at most this round, and why not more (SPEC, Allocation; mirror:
csrc/src/ceiling.c).

ceiling_ma is 0 for a station that may not charge; `cause` then says why. Otherwise it is the smallest of
the maximum, the station's external cap, what a car that cannot take more has used plus a margin (R5), the
minimum while a meter on the path is stale, and the present grant while one is implausible or recovering
(R8: hold, never raise).
"""

from evenload import wire
from evenload.circuits import severity
from evenload.columns import Columns


def set_ceilings(columns: Columns) -> None:
    """Write ceiling_ma, cause, limiting_circuit and limiting_phase of every station; reset target_ma and
    status.
    """
    for s in range(columns.station_count):
        columns.limiting_circuit[s] = wire.CIRCUIT_NONE
        columns.limiting_phase[s] = wire.PHASE_NONE
        columns.target_ma[s] = 0
        columns.status[s] = 0
        columns.weight[s] = min(max(columns.weight[s], 1), wire.ALLOCATION_WEIGHT_MAX)
        cause = _refusal(columns, s)
        columns.cause[s] = cause
        if cause < 0:
            _set_ceiling(columns, s)
        else:
            columns.ceiling_ma[s] = 0


def _refusal(columns, s):
    """Return the REASON_* why station s gets nothing, -1 if it may charge."""
    state = columns.station_state[s]
    if state == wire.STATION_FAULTED:
        return wire.REASON_FAULTED
    if columns.silent[s]:
        return wire.REASON_SILENT
    if not (state == wire.STATION_CONNECTED or state == wire.STATION_CHARGING):
        return wire.REASON_NOT_CONNECTED
    if not columns.booted:
        return wire.REASON_BOOT_WAIT
    if columns.noncompliant[s]:
        return wire.REASON_NONCOMPLIANT
    if _find_suspended(columns, s):
        return wire.REASON_BREAKER
    if columns.phase_switch.pausing[s]:
        return wire.REASON_PHASE_SWITCH
    n = columns.station_circuit[s]
    bad = severity(columns.worst_state[n])
    if bad == wire.SEVERITY_INVALID or (bad == wire.SEVERITY_HOLD and columns.grant_ma[s] == 0):
        columns.limiting_circuit[s] = columns.worst_circuit[n]
        return wire.REASON_METER_INVALID if bad == wire.SEVERITY_INVALID else wire.REASON_METER_HOLD
    return -1


def _find_suspended(columns, s):
    """Return 1 and name the cell when the breaker model suspends a circuit on the path of station s, else
    0.
    """
    if columns.suspended_count == 0:
        return 0
    n = columns.station_circuit[s]
    while n >= 0:
        for phase in range(3):
            if columns.suspended[3 * n + phase] and columns.phase_mask[s] >> phase & 1:
                columns.limiting_circuit[s] = n
                columns.limiting_phase[s] = phase
                return 1
        n = columns.circuit_parent[n]
    return 0


def _set_ceiling(columns, s):
    step_ma = columns.settings.step_ma
    low_ma = columns.low_ma[s]
    ceiling_ma = columns.high_ma[s]
    cause = wire.REASON_FULL_REQUEST
    cap_ma = columns.station_cap_ma[s] - columns.station_cap_ma[s] % step_ma
    if cap_ma < ceiling_ma:
        ceiling_ma = cap_ma
        cause = wire.REASON_EXTERNAL_CAP
    used_ma = columns.used_ma[s]
    if used_ma >= 0 and ceiling_ma >= low_ma:
        used_ma += columns.settings.reclaim_margin_ma + step_ma - 1
        used_ma = max(used_ma - used_ma % step_ma, low_ma)
        if used_ma < ceiling_ma:
            ceiling_ma = used_ma
            cause = wire.REASON_RECLAIMED
    n = columns.station_circuit[s]
    bad = severity(columns.worst_state[n])
    if bad == wire.SEVERITY_STALE and ceiling_ma >= low_ma:
        ceiling_ma = low_ma
        cause = wire.REASON_METER_STALE
        columns.limiting_circuit[s] = columns.worst_circuit[n]
    elif bad == wire.SEVERITY_HOLD and columns.grant_ma[s] < ceiling_ma:
        ceiling_ma = columns.grant_ma[s]
        cause = wire.REASON_METER_HOLD
        columns.limiting_circuit[s] = columns.worst_circuit[n]
    columns.ceiling_ma[s] = ceiling_ma if ceiling_ma >= low_ma else 0
    columns.cause[s] = cause
