"""R1, R1b and R2 on random trees: the round is judged by an oracle that shares no code with it.

A failure prints the seed; `run_seed(module, SEED)` replays it.
"""

import importlib

import pytest
from evenload.random32 import Random32
from evenload_sim.allocation_oracle import AllocationOracle, OracleBroken
from evenload_sim.random_site import random_allocation, random_inputs

TREES = 2000  # For C the same judge in C takes 20,000 more: tests/c/test_allocation.c.
TREES_SLOW = 100000
ROUNDS = 6


def run_seed(module, seed, rounds=ROUNDS):
    """Run one random tree for some rounds; raise OracleBroken with the seed in its text."""
    random = Random32(seed)
    allocation = random_allocation(module.Allocation, random)
    oracle = AllocationOracle(allocation)
    now_ms = random.next30()
    for s in range(allocation.station_count):
        allocation.heard_ms[s] = now_ms
    for round_number in range(rounds):
        now_ms = (now_ms + (1000 if random.below(5) else random.below(20000))) % (1 << 30)
        random_inputs(allocation, random, now_ms)
        allocation.tick(now_ms)
        try:
            oracle.after(now_ms)
        except OracleBroken as error:
            raise OracleBroken(f"seed {seed}, round {round_number}: {error}") from error
    return allocation


@pytest.mark.parametrize("chunk", range(4))
def test_no_round_on_a_random_tree_exceeds_any_limit(backend, chunk):
    check_trees(backend("allocation"), TREES, chunk, 4)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(20))
def test_no_round_on_very_many_random_trees_exceeds_any_limit(chunk):
    check_trees(importlib.import_module("evenload.allocation"), TREES_SLOW, chunk, 20)


def check_trees(module, count, chunk, chunks):
    for seed in range(chunk * count // chunks, (chunk + 1) * count // chunks):
        assert run_seed(module, seed).guard_count == 0, f"seed {seed}: the guard had to act"
