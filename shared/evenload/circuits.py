"""The tree of circuits: what each has left for its stations, per phase (SPEC, Allocation; mirror:
csrc/src/circuits.c).

The load of a circuit that is not a charging station, its base, is what its meter shows beyond the stations
and the bases already explained by meters further down. It is computed bottom-up once a round. A meter that
is not to be trusted keeps its circuit's last good base; the good readings of one that recovers may raise it, not
lower it. A stale meter leaves the static budget `fallback_ma`, or what its last good base left if that is
less: to lose a meter must not give current away. One that never read gives nothing (R8).
"""

from evenload import ticks, wire
from evenload.columns import Columns

# How bad a meter state is: 0 trusted, 1 hold and never raise, 2 static budget, 3 nothing. Index: METER_*.
_SEVERITIES = (3, 0, 2, 1, 1, 3)


def severity(meter_state: int) -> int:
    """Return how bad METER_* is: 0 trusted, 1 hold, 2 static budget, 3 (also for any other code) nothing."""
    return _SEVERITIES[meter_state] if 0 <= meter_state < len(_SEVERITIES) else wire.SEVERITY_INVALID


def index_members(columns: Columns) -> None:
    """Order the stations so that every circuit's subtree is one range of `members`; circuit_parent must be
    valid.
    """
    first, last = columns.first_member, columns.last_member
    parent = columns.circuit_parent
    for n in range(columns.circuit_count):
        first[n] = last[n] = 0
    for s in range(columns.station_count):
        last[columns.station_circuit[s]] += 1
    own = columns.weight_sum  # Scratch of this function: own count, then the next free place of a subtree.
    for n in range(columns.circuit_count):
        own[n] = last[n]
    for n in range(columns.circuit_count - 1, 0, -1):
        last[parent[n]] += last[n]
    for n in range(columns.circuit_count):
        size = last[n]
        if n > 0:
            first[n] = own[parent[n]]
            own[parent[n]] += size
        last[n] = first[n] + size
        own[n] += first[n]
    for n in range(columns.circuit_count):
        own[n] = first[n]
    for s in range(columns.station_count):
        n = columns.station_circuit[s]
        columns.members[own[n]] = s
        own[n] += 1


def sum_below(columns: Columns, amounts: list[int], totals: list[int]) -> None:
    """Write into totals[3 * n + phase] the sum of amounts[3 * s + phase] over every station s below circuit
    n.
    """
    circuit, parent = columns.station_circuit, columns.circuit_parent
    for k in range(3 * columns.circuit_count):
        totals[k] = 0
    i = 0
    for s in range(columns.station_count):
        k = 3 * circuit[s]
        totals[k] += amounts[i]
        totals[k + 1] += amounts[i + 1]
        totals[k + 2] += amounts[i + 2]
        i += 3
    for n in range(columns.circuit_count - 1, 0, -1):
        k = 3 * n
        up = 3 * parent[n]
        totals[up] += totals[k]
        totals[up + 1] += totals[k + 1]
        totals[up + 2] += totals[k + 2]


def intake(columns: Columns) -> None:
    """Read the meters: worst_state, path_age_ms, base_ma and available_ma of every circuit.

    draw_ma of the stations must be up to date. available_ma may be negative: the base alone exceeds the
    limit.
    """
    _age_samples(columns)
    sum_below(columns, columns.draw_ma, columns.sum_ma)
    base = columns.base_ma
    for k in range(3 * columns.circuit_count):
        base[k] = 0
    for n in range(columns.circuit_count - 1, -1, -1):
        up = columns.circuit_parent[n]
        state = columns.meter_state[n] if columns.metered[n] else wire.METER_UNMETERED
        for phase in range(3):
            k = 3 * n + phase
            if state in (wire.METER_FRESH, wire.METER_RECOVERING) and columns.feeder_ma[k] >= 0:
                feeder_ma = min(columns.feeder_ma[k], wire.ALLOCATION_CURRENT_MA_MAX)
                own = max(feeder_ma - columns.sum_ma[k] - base[k], 0)
                if state == wire.METER_FRESH or own > columns.own_base_ma[k]:
                    columns.own_base_ma[k] = own
            base[k] += columns.own_base_ma[k]
            columns.available_ma[k] = _available_ma(columns, n, k)
            if up >= 0:
                base[3 * up + phase] = min(base[3 * up + phase] + base[k], wire.ALLOCATION_BASE_MA_MAX)


def _age_samples(columns):
    sample, seen, age = columns.sample_ms, columns.sample_seen_ms, columns.sample_age_ms
    for n in range(columns.circuit_count):
        if sample[n] != seen[n]:
            seen[n] = sample[n]
            age[n] = max(ticks.elapsed_ms(columns.now_ms, sample[n]), 0)
        else:
            age[n] = min(age[n] + columns.dt_ms, wire.ALLOCATION_AGE_MS_MAX)
        own_age = age[n] if columns.metered[n] else 0
        columns.worst_state[n] = columns.meter_state[n] if columns.metered[n] else wire.METER_FRESH
        columns.worst_circuit[n] = n
        columns.path_age_ms[n] = own_age
        up = columns.circuit_parent[n]
        if up >= 0:
            columns.path_age_ms[n] = max(own_age, columns.path_age_ms[up])
            if severity(columns.worst_state[up]) > severity(columns.worst_state[n]):
                columns.worst_state[n] = columns.worst_state[up]
                columns.worst_circuit[n] = columns.worst_circuit[up]


def _available_ma(columns, n, k):
    cap_ma = columns.cap_ma[k]
    bad = severity(columns.meter_state[n]) if columns.metered[n] else 0
    if bad == wire.SEVERITY_INVALID:
        return 0
    left_ma = min(columns.limit_ma[k], cap_ma) - columns.base_ma[k]
    if bad == wire.SEVERITY_STALE:
        return min(columns.fallback_ma[k], left_ma)
    return left_ma


def watch_breakers(columns: Columns) -> None:
    """Feed the breaker model of every cell what its meter shows; keep `suspended` and its events (R7).

    A suspended cell comes back when the model says so, and not before off_min_ms.
    """
    columns.suspended_count = 0
    for k in range(3 * columns.circuit_count):
        if columns.breaker_rated_ma[k] > 0:
            _watch_breaker(columns, k)
            columns.suspended_count += columns.suspended[k]


def _watch_breaker(columns, k):
    n = k // 3
    trusted = columns.metered[n] and columns.meter_state[n] == wire.METER_FRESH
    current_ma = wire.NOT_MEASURED_MA
    if trusted:
        current_ma = min(columns.feeder_ma[k], wire.ALLOCATION_BREAKER_MA_MAX)
    action = columns.breaker.on_measured(k, columns.now_ms, current_ma)
    columns.suspend_age_ms[k] = min(columns.suspend_age_ms[k] + columns.dt_ms, wire.ALLOCATION_AGE_MS_MAX)
    if action == wire.BREAKER_ACTION_SUSPEND and not columns.suspended[k]:
        columns.suspended[k] = 1
        columns.suspend_age_ms[k] = 0
        columns.push_event(wire.EVENT_BREAKER_SUSPEND, n, k % 3, columns.feeder_ma[k])
    elif columns.suspended[k] and action == wire.BREAKER_ACTION_NONE:
        if columns.suspend_age_ms[k] >= columns.settings.off_min_ms:
            columns.suspended[k] = 0
            columns.push_event(wire.EVENT_BREAKER_RECOVER, n, k % 3, columns.feeder_ma[k])


def take_from_path(columns: Columns, amounts: list[int], s: int, amount_ma: int) -> None:
    """Subtract `amount_ma` (negative gives back) from amounts[cell] of every cell on the path of s."""
    mask = columns.phase_mask[s]
    n = columns.station_circuit[s]
    while n >= 0:
        k = 3 * n
        if mask & 1:
            amounts[k] -= amount_ma
        if mask & 2:
            amounts[k + 1] -= amount_ma
        if mask & 4:
            amounts[k + 2] -= amount_ma
        n = columns.circuit_parent[n]


def tightest_cell(columns: Columns, amounts: list[int], s: int) -> int:
    """Return the cell with the smallest amount on the path of station s; of equal ones the nearest, lowest
    phase.
    """
    mask = columns.phase_mask[s]
    n = columns.station_circuit[s]
    best = -1
    while n >= 0:
        for phase in range(3):
            if mask >> phase & 1 and (best < 0 or amounts[3 * n + phase] < amounts[best]):
                best = 3 * n + phase
        n = columns.circuit_parent[n]
    return best
