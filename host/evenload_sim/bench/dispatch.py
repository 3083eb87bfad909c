"""Rows of the load rule: one solve, in C and in its Python twin, for six and for twelve units."""

from typing import Any

from evenload import dispatch as twin
from evenload.core import BACKEND, kernel
from evenload.wire import DISPATCH_POLICY_EFFICIENCY, DISPATCH_POLICY_RAMP

from evenload_sim.bench import Result, Row, absent, best_ns, result

RATED_10W = 5_000
# Ranks as in the worked example, a demand that leaves fractions, the master below its cap.
LOAD_PERCENT = 55
POLICIES = {"ramp": DISPATCH_POLICY_RAMP, "efficiency": DISPATCH_POLICY_EFFICIENCY}


def cluster(module: Any, count: int, policy: int) -> Any:
    """Return a Dispatch of `count` units; the cubic costs differ, so that no two shares are equal."""
    dispatch = module.Dispatch()
    dispatch.policy = policy
    dispatch.master = 0
    for slot in range(count):
        dispatch.effective_10w[slot] = RATED_10W
        dispatch.rank[slot] = slot
        dispatch.cost_cubic[slot] = 500 + 7 * slot
    return dispatch


def solve() -> list[Result]:
    """Time a solve of each size and policy in both backends."""
    found: list[Result] = []
    for name, policy in POLICIES.items():
        for count in (6, 12):
            demand_10w = count * RATED_10W * LOAD_PERCENT // 100 + 7
            python = cluster(twin, count, policy)
            python_ns = best_ns(lambda python=python, demand=demand_10w: python.solve(demand))  # type: ignore[misc]
            what = f"dispatch, {name}, {count} units"
            found.append(result(f"{what}, Python", python_ns, "ns", "lower"))
            if BACKEND != "c":
                found.append(absent(f"{what}, C", "ns", "lower", "the C core"))
                continue
            core = cluster(kernel("dispatch"), count, policy)
            c_ns = best_ns(lambda core=core, demand=demand_10w: core.solve(demand))  # type: ignore[misc]
            ratio = python_ns / c_ns
            found.append(result(f"{what}, C", c_ns, "ns", "lower", peer="Python twin", ratio=ratio))
    return found


ROWS = [Row("dispatch.solve", solve)]
