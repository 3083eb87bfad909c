"""What an allocation may start with (SPEC, Allocation; mirror: csrc/src/setup.c)."""

from evenload import wire
from evenload.circuits import sum_below
from evenload.columns import Columns
from evenload.phases import mask


def find_fault(columns: Columns) -> int:
    """Return 0 or the first ALLOCATION_FAULT_* of the setup; fault_index and fault_value name the entry."""
    columns.fault_index = 0
    if _outside(columns, columns.settings.step_ma, 1, wire.EV_MIN_CURRENT_MA):
        return wire.ALLOCATION_FAULT_STEP
    for n in range(columns.circuit_count):
        fault = _find_circuit_fault(columns, n) or _find_cell_fault(columns, n)
        if fault:
            return fault
    for s in range(columns.station_count):
        fault = _find_current_fault(columns, s) or _find_station_fault(columns, s)
        if fault:
            return fault
    return _find_failsafe_fault(columns)


def _outside(columns, value, least, most):
    columns.fault_value = value
    return not least <= value <= most


def _find_circuit_fault(columns, n):
    depth = columns.weight_sum  # Scratch of this function: circuits from the root.
    columns.fault_index = n
    up = columns.circuit_parent[n]
    if _outside(columns, up, 0 if n > 0 else wire.CIRCUIT_NONE, n - 1):
        return wire.ALLOCATION_FAULT_PARENT
    depth[n] = depth[up] + 1 if n > 0 else 1
    if depth[n] > wire.ALLOCATION_DEPTH_MAX:
        return wire.ALLOCATION_FAULT_DEPTH
    if _outside(columns, columns.metered[n], 0, 1):
        return wire.ALLOCATION_FAULT_METERED
    if n == 0 and not columns.metered[0] and not columns.settings.root_unmetered:
        return wire.ALLOCATION_FAULT_ROOT_METER
    return 0


def _find_cell_fault(columns, n):
    most_ma = wire.ALLOCATION_CURRENT_MA_MAX
    for k in range(3 * n, 3 * n + 3):
        columns.fault_index = k
        if _outside(columns, columns.limit_ma[k], 0, most_ma):
            return wire.ALLOCATION_FAULT_LIMIT
        if _outside(columns, columns.fallback_ma[k], 0, columns.limit_ma[k]):
            return wire.ALLOCATION_FAULT_FALLBACK
        if _outside(columns, columns.breaker_rated_ma[k], 0, wire.ALLOCATION_BREAKER_MA_MAX):
            return wire.ALLOCATION_FAULT_BREAKER
    return 0


def _find_current_fault(columns, s):
    step_ma = columns.settings.step_ma
    low_ma = columns.min_ma[s]
    high_ma = columns.max_ma[s]
    columns.fault_index = s
    if _outside(columns, low_ma, wire.EV_MIN_CURRENT_MA, wire.ALLOCATION_STATION_MA_MAX):
        return wire.ALLOCATION_FAULT_MIN
    if _outside(columns, high_ma, low_ma, wire.ALLOCATION_STATION_MA_MAX):
        return wire.ALLOCATION_FAULT_MAX
    if (low_ma + step_ma - 1) // step_ma > high_ma // step_ma:
        return wire.ALLOCATION_FAULT_MAX
    if _outside(columns, columns.failsafe_ma[s], 0, high_ma):
        return wire.ALLOCATION_FAULT_FAILSAFE
    return 0


def _find_station_fault(columns, s):
    if _outside(columns, columns.station_circuit[s], 0, columns.circuit_count - 1):
        return wire.ALLOCATION_FAULT_CIRCUIT
    if _outside(columns, columns.wiring[s], 0, wire.WIRING_UNKNOWN):
        return wire.ALLOCATION_FAULT_WIRING
    if _outside(columns, columns.priority[s], 0, wire.ALLOCATION_PRIORITY_MAX):
        return wire.ALLOCATION_FAULT_PRIORITY
    if _outside(columns, columns.weight[s], 1, wire.ALLOCATION_WEIGHT_MAX):
        return wire.ALLOCATION_FAULT_WEIGHT
    if _outside(columns, columns.switchable[s], 0, 1):
        return wire.ALLOCATION_FAULT_SWITCHABLE
    return 0


def _find_failsafe_fault(columns):
    for s in range(columns.station_count):
        bits = mask(columns.wiring[s], 3)
        for phase in range(3):
            columns.held_phase_ma[3 * s + phase] = columns.failsafe_ma[s] if bits >> phase & 1 else 0
    sum_below(columns, columns.held_phase_ma, columns.sum_ma)
    for k in range(3 * columns.circuit_count):
        columns.fault_index = k
        columns.fault_value = columns.limit_ma[k]
        if columns.sum_ma[k] > columns.limit_ma[k]:
            return wire.ALLOCATION_FAULT_FAILSAFE_SUM
    return 0
