"""Random sites for property tests, fuzzing and benches: one seed gives one tree and one stream of inputs.

Trees have up to 64 stations of all thirteen wirings and are up to 4 deep; a few of everything that can go
wrong happens: stale, invalid and implausible meters, silent and disobedient stations, caps, surges of the
base load.
"""

from typing import Any

from evenload import wire
from evenload.random32 import Random32


def random_allocation(allocation_class: Any, random: Random32) -> Any:
    """Return a sealed allocation of `allocation_class` with a random tree, stations and settings."""
    circuit_count = 1 + random.below(7)
    station_count = 1 + random.below(64) if random.below(4) == 0 else 1 + random.below(12)
    allocation = allocation_class(circuit_count, station_count)
    _random_settings(allocation.settings, random)
    depth = [1] * circuit_count
    for n in range(circuit_count):
        parent = random.below(n) if n > 0 else wire.CIRCUIT_NONE
        if n > 0 and depth[parent] >= 4:
            parent = 0
        allocation.circuit_parent[n] = parent
        depth[n] = depth[parent] + 1 if n > 0 else 1
        allocation.metered[n] = 1 if n == 0 or random.below(3) == 0 else 0
        even_ma = 10000 + random.below(200) * 1000
        for phase in range(3):
            limit_ma = even_ma if random.below(3) else random.below(120000)
            allocation.limit_ma[3 * n + phase] = limit_ma
            allocation.fallback_ma[3 * n + phase] = random.below(limit_ma + 1)
            allocation.breaker_rated_ma[3 * n + phase] = limit_ma if random.below(4) == 0 else 0
    for s in range(station_count):
        _random_station(allocation, random, s)
    allocation.seal()
    return allocation


def _random_settings(settings: Any, random: Random32) -> None:
    settings.boot_wait_ms = 2000
    if random.below(2):
        settings.slot_ms = 10000
        settings.on_min_ms = 3000
        settings.off_min_ms = 2000
        settings.reclaim_after_ms = 5000
        settings.narrow_after_ms = 5000
    if random.below(3) == 0:
        settings.raise_settle_ms = 0
        settings.raise_headroom_percent = 100
        settings.raise_rated_percent_per_s = 0
    if random.below(4) == 0:
        settings.unbalance_ma_max = 4000 + random.below(20000)
    settings.step_ma = (100, 1, 500, 1000)[random.below(4)]


def _random_station(allocation: Any, random: Random32, s: int) -> None:
    allocation.station_circuit[s] = random.below(allocation.circuit_count)
    allocation.wiring[s] = random.below(wire.WIRING_UNKNOWN + 1)
    allocation.min_ma[s] = 6000 + (random.below(4000) if random.below(3) == 0 else 0)
    allocation.max_ma[s] = 11000 + random.below(5) * 7000
    allocation.priority[s] = random.below(3) if random.below(2) else 0
    allocation.weight[s] = 1 + random.below(1000) if random.below(3) == 0 else 1
    allocation.switchable[s] = 1 if random.below(4) == 0 else 0
    allocation.station_state[s] = wire.STATION_CHARGING if random.below(8) else random.below(5)


def random_inputs(allocation: Any, random: Random32, now_ms: int) -> None:
    """Write one round's inputs: what the stations draw of their grants, what the meters show, and some
    trouble.
    """
    for s in range(allocation.station_count):
        if random.below(40):
            allocation.heard_ms[s] = now_ms
        if random.below(30) == 0:
            allocation.station_state[s] = 1 + random.below(4)
        if random.below(50) == 0:
            allocation.station_cap_ma[s] = random.below(40000) if random.below(2) else wire.NO_CAP_MA
        if random.below(20) == 0:
            allocation.weight[s] = 1 + random.below(1000)
        _random_draw(allocation, random, s)
    for n in range(allocation.circuit_count):
        if random.below(12) == 0:
            allocation.meter_state[n] = random.below(5)
        elif random.below(3) == 0:
            allocation.meter_state[n] = wire.METER_FRESH
        if random.below(8):
            allocation.sample_ms[n] = now_ms
        for phase in range(3):
            k = 3 * n + phase
            if random.below(40) == 0:
                allocation.cap_ma[k] = random.below(100000) if random.below(2) else wire.NO_CAP_MA
            surge_ma = random.below(120000) if random.below(10) == 0 else random.below(9000)
            flowing_ma = _flowing_ma(allocation, n, phase)
            allocation.feeder_ma[k] = flowing_ma + surge_ma if random.below(30) else wire.NOT_MEASURED_MA


def _random_draw(allocation: Any, random: Random32, s: int) -> None:
    kind = random.below(20)
    if kind == 0:
        return  # What it drew before, whatever it is told now.
    draw_ma = allocation.grant_ma[s]
    if kind == 1:
        draw_ma += random.below(12000)
    elif kind == 2:
        draw_ma = random.below(draw_ma + 1)
    # Some cars use one of their phases only; every now and then one uses them all, or a phase it should not.
    bits = (
        1 << s % 3 if s % 5 == 0 and random.below(12) else allocation.phase_mask[s] | random.below(40) // 33
    )
    for phase in range(3):
        on = bits >> phase & 1
        allocation.measured_ma[3 * s + phase] = draw_ma if on else 0
        if kind == 3:
            allocation.measured_ma[3 * s + phase] = wire.NOT_MEASURED_MA


def _flowing_ma(allocation: Any, n: int, phase: int) -> int:
    total_ma = 0
    for s in range(allocation.station_count):
        up = allocation.station_circuit[s]
        while up >= 0 and up != n:
            up = allocation.circuit_parent[up]
        if up == n:
            total_ma += max(allocation.measured_ma[3 * s + phase], 0)
    return total_ma
