"""The cluster of availability.py played by chance: unit by unit, event by event, as a check of its chain."""

import math
import random
from dataclasses import dataclass

from evenload_sim.availability import ALL_OUT, ALL_RESTART, SECONDS_PER_HOUR, Assumptions, is_available

WELL, CONTROLLER, RESTART, PUMP = range(4)

# Failures so frequent and repairs so slow that even three of six at once are seen often enough to compare.
STRESSED = Assumptions(
    controller_mtbf_h=1_000.0,
    pump_mtbf_h=500.0,
    software_mtbf_h=100.0,
    restart_s=1_800.0,
    repair_h=24.0,
    crew_count=2,
)


@dataclass(frozen=True)
class Trial:
    """Mean and half of the 95 % interval over the batches."""

    availability: float
    availability_margin: float
    losses_per_year: float
    losses_margin: float


def simulate(assumed: Assumptions, batch_count: int, batch_h: float, seed: int) -> Trial:
    """Play `batch_count` clusters for `batch_h` hours each; the same seed gives the same result."""
    draw = random.Random(seed)
    ups: list[float] = []
    losses: list[float] = []
    for _ in range(batch_count):
        up_h, lost_count = play(assumed, batch_h, draw)
        ups.append(up_h / batch_h)
        losses.append(lost_count * 8760 / batch_h)
    availability, availability_margin = mean_and_margin(ups)
    losses_per_year, losses_margin = mean_and_margin(losses)
    return Trial(availability, availability_margin, losses_per_year, losses_margin)


def mean_and_margin(values: list[float]) -> tuple[float, float]:
    """Return the mean of independent values and half of its 95 % interval."""
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, 1.96 * math.sqrt(variance / len(values))


def play(assumed: Assumptions, until_h: float, draw: random.Random) -> tuple[float, int]:
    """Let one cluster live until `until_h`; return its available hours and how often it was lost."""
    units = [WELL] * assumed.unit_count
    common = WELL
    now_h = up_h = 0.0
    lost_count = 0
    was_up = True
    while now_h < until_h:
        rates = event_rates(assumed, units, common)
        total = sum(rate for rate, _, _ in rates)
        step_h = min(draw.expovariate(total), until_h - now_h)
        up_h += step_h if was_up else 0.0
        now_h += step_h
        (_, unit, fault), *_ = draw.choices(rates, [rate for rate, _, _ in rates])
        if unit < 0:
            common = fault
            units = [WELL] * assumed.unit_count
        else:
            units[unit] = fault
        is_up = is_available(assumed, counted(units, common))
        lost_count += was_up and not is_up
        was_up = is_up
    return up_h, lost_count


def event_rates(assumed: Assumptions, units: list[int], common: int) -> list[tuple[float, int, int]]:
    """Return (rate per hour, unit or -1 for all, what becomes of it) of everything that can happen."""
    restart_rate = SECONDS_PER_HOUR / assumed.restart_s
    if common != WELL:
        return [(restart_rate if common == RESTART else 1 / assumed.repair_h, -1, WELL)]
    fault_rates = {
        CONTROLLER: 1 / assumed.controller_mtbf_h,
        RESTART: 1 / assumed.software_mtbf_h,
        PUMP: 1 / assumed.pump_mtbf_h,
    }
    broken = sum(fault in (CONTROLLER, PUMP) for fault in units)
    rates = [
        (assumed.common_share * fault_rates[RESTART], -1, RESTART),
        (assumed.common_share * (fault_rates[CONTROLLER] + fault_rates[PUMP]), -1, CONTROLLER),
    ]
    for unit, state in enumerate(units):
        if state == WELL:
            rates += [(rate * (1 - assumed.common_share), unit, fault) for fault, rate in fault_rates.items()]
        elif state == RESTART:
            rates.append((restart_rate, unit, WELL))
        else:
            rates.append((min(broken, assumed.crew_count) / (broken * assumed.repair_h), unit, WELL))
    return rates


def counted(units: list[int], common: int) -> tuple[int, int, int]:
    """Return the state of the chain that these units are in."""
    if common != WELL:
        return ALL_RESTART if common == RESTART else ALL_OUT
    return units.count(CONTROLLER), units.count(RESTART), units.count(PUMP)
