"""How fast the whole simulated garage runs: chips, drivers, role, vehicles, breakers and every rule, on one core."""

import time

from evenload_sim.bench import Result, Row, result
from evenload_sim.world import World

WARM_MS = 60_000
SPAN_MS = 120_000
TIMES_REAL_TIME_MIN = 50


def _speed() -> list[Result]:
    world = World()
    world.step(WARM_MS)
    started_ns = time.process_time_ns()
    world.step(SPAN_MS)
    spent_ms = (time.process_time_ns() - started_ns) / 1_000_000
    name = "simulated garage, 24 stations, per second of one core"
    return [result(name, SPAN_MS / spent_ms, "x real time", "higher", target=TIMES_REAL_TIME_MIN)]


ROWS = [Row("world.speed", _speed)]
