"""What an allocation may start with: the first fault of its setup columns (SPEC, Allocation; mirror:
csrc/src/setup.c).
"""

from evenload import wire
from evenload.circuits import sum_below
from evenload.columns import Columns, wiring_mask


def find_fault(columns: Columns) -> int:
    """Return 0 or the first ALLOCATION_FAULT_* of the setup columns; fault_index then names the entry."""
    if not 1 <= columns.settings.step_ma <= wire.EV_MIN_CURRENT_MA:
        return wire.ALLOCATION_FAULT_STEP
    return _find_circuit_fault(columns) or _find_station_fault(columns) or _find_failsafe_fault(columns)


def _find_circuit_fault(columns):
    most_ma = wire.ALLOCATION_CURRENT_MA_MAX
    depth = columns.weight_sum  # Scratch of this function: circuits from the root.
    for n in range(columns.circuit_count):
        columns.fault_index = n
        up = columns.circuit_parent[n]
        if not (0 <= up < n) if n > 0 else up != wire.CIRCUIT_NONE:
            return wire.ALLOCATION_FAULT_PARENT
        depth[n] = depth[up] + 1 if n > 0 else 1
        if depth[n] > wire.ALLOCATION_DEPTH_MAX:
            return wire.ALLOCATION_FAULT_DEPTH
        if not 0 <= columns.metered[n] <= 1:
            return wire.ALLOCATION_FAULT_METERED
        if n == 0 and not columns.metered[0] and not columns.settings.root_unmetered:
            return wire.ALLOCATION_FAULT_ROOT_METER
        for phase in range(3):
            k = 3 * n + phase
            columns.fault_index = k
            if not 0 <= columns.limit_ma[k] <= most_ma:
                return wire.ALLOCATION_FAULT_LIMIT
            if not 0 <= columns.fallback_ma[k] <= columns.limit_ma[k]:
                return wire.ALLOCATION_FAULT_FALLBACK
            if not 0 <= columns.breaker_rated_ma[k] <= most_ma:
                return wire.ALLOCATION_FAULT_BREAKER
    return 0


def _find_station_fault(columns):
    step_ma = columns.settings.step_ma
    most_ma = wire.ALLOCATION_STATION_MA_MAX
    for s in range(columns.station_count):
        columns.fault_index = s
        low_ma = columns.min_ma[s]
        high_ma = columns.max_ma[s]
        if not 0 <= columns.station_circuit[s] < columns.circuit_count:
            return wire.ALLOCATION_FAULT_CIRCUIT
        if not 0 <= columns.wiring[s] <= wire.WIRING_UNKNOWN:
            return wire.ALLOCATION_FAULT_WIRING
        if not wire.EV_MIN_CURRENT_MA <= low_ma <= most_ma:
            return wire.ALLOCATION_FAULT_MIN
        if not low_ma <= high_ma <= most_ma or (low_ma + step_ma - 1) // step_ma > high_ma // step_ma:
            return wire.ALLOCATION_FAULT_MAX
        if not 0 <= columns.failsafe_ma[s] <= high_ma:
            return wire.ALLOCATION_FAULT_FAILSAFE
        if not 0 <= columns.priority[s] <= wire.ALLOCATION_PRIORITY_MAX:
            return wire.ALLOCATION_FAULT_PRIORITY
        if not 1 <= columns.weight[s] <= wire.ALLOCATION_WEIGHT_MAX:
            return wire.ALLOCATION_FAULT_WEIGHT
        if not 0 <= columns.switchable[s] <= 1:
            return wire.ALLOCATION_FAULT_SWITCHABLE
    return 0


def _find_failsafe_fault(columns):
    for s in range(columns.station_count):
        for phase in range(3):
            on = wiring_mask(columns.wiring[s], 0) >> phase & 1
            columns.held_phase_ma[3 * s + phase] = columns.failsafe_ma[s] if on else 0
    sum_below(columns, columns.held_phase_ma, columns.sum_ma)
    for k in range(3 * columns.circuit_count):
        columns.fault_index = k
        if columns.sum_ma[k] > columns.limit_ma[k]:
            return wire.ALLOCATION_FAULT_FAILSAFE_SUM
    return 0
