"""The allocation round in C equals its Python twin: every column and event after every tick."""

import importlib
from array import array

import pytest
from evenload.random32 import Random32
from evenload_sim.random_site import random_allocation, random_inputs

STREAMS = 200
STREAMS_SLOW = 2500
TICKS = 40
SCALARS = (
    "dt_ms",
    "booted",
    "boot_age_ms",
    "told_age_ms",
    "boundary",
    "suspended_count",
    "waiting_count",
    "guard_count",
    "events_dropped",
)


@pytest.fixture
def modules(require_module):
    require_module("evenload_core", "a C compiler and `make core` build it")
    return [importlib.import_module(f"{package}.allocation") for package in ("evenload", "evenload_core")]


def columns_of(allocation):
    """Return {name: values} of every public column, those of the parts included."""
    found = {}
    parts = (allocation, allocation.tracker, allocation.breaker, allocation.rotation, allocation.phase_switch)
    for part in parts:
        for name, value in vars(part).items():
            if not name.startswith("_") and isinstance(value, list | array):
                found[f"{type(part).__name__}.{name}"] = list(value)
    return found


def state_of(allocation):
    state = columns_of(allocation)
    state |= {name: getattr(allocation, name) for name in SCALARS}
    state["events"] = allocation.take_events()
    return state


def compare_stream(modules, seed, ticks):
    """Feed one random stream to both twins and compare their whole state after every tick."""
    twins = []
    for module in modules:
        random = Random32(seed)
        twins.append((random_allocation(module.Allocation, random), random))
    start_ms = (1 << 30) - 20000 + seed % 7
    now_ms = start_ms
    for tick in range(ticks):
        states = []
        for allocation, random in twins:
            step_ms = 1000 if random.below(5) else random.below(30000)
            random_inputs(allocation, random, (now_ms + step_ms) % (1 << 30))
            allocation.tick((now_ms + step_ms) % (1 << 30))
            states.append(state_of(allocation))
        now_ms += step_ms
        for name in states[0]:
            assert states[1][name] == states[0][name], f"seed {seed}, tick {tick}: {name}"


def test_the_twins_have_the_same_columns(modules):
    python, c = (set(columns_of(module.Allocation(2, 3))) for module in modules)
    assert python <= c  # C has work columns that the twins keep to themselves.


@pytest.mark.parametrize("chunk", range(4))
def test_every_column_is_equal_after_every_tick(modules, chunk):
    for seed in range(chunk * STREAMS // 4, (chunk + 1) * STREAMS // 4):
        compare_stream(modules, seed, TICKS)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(10))
def test_a_hundred_thousand_ticks_are_equal(modules, chunk):
    for seed in range(10000 + chunk * STREAMS_SLOW // 10, 10000 + (chunk + 1) * STREAMS_SLOW // 10):
        compare_stream(modules, seed, TICKS)


@pytest.mark.parametrize("seed", range(300))
def test_level_and_sort_are_equal(require_module, seed):
    require_module("evenload_core", "a C compiler and `make core` build it")
    python, c = (importlib.import_module(f"{package}.fairness") for package in ("evenload", "evenload_core"))
    random = Random32(seed)
    room_ma, weight = random.below(6000001), 1 + random.below((1 << 25) - 1)
    weight = weight if seed % 2 else 1 + weight % 1000
    assert python.fill_level(room_ma, weight) == c.fill_level(room_ma, weight)
    assert python.fill_level(room_ma, weight) == min(room_ma * 256 // weight, 1 << 29)
    count = random.below(60)
    level = [random.below(20) for _ in range(count)]
    items, other = list(range(count)), array("i", range(count))
    python.sort_by_level(items, level, count, [0] * count)
    c.sort_by_level(other, array("i", level), count, array("i", [0] * count))
    assert items == list(other) == sorted(range(count), key=lambda i: (level[i], i))
