"""R18: the charger role and baseline policies in the same simulated garages, scored by what they do to it.

Every policy gets the same meters, the same stations and the same seed. A tripped breaker darkens everything
below it for ten minutes. The role's own world is checked by all invariants while it is scored.
"""

from dataclasses import dataclass, field
from functools import partial

from evenload_sim.bench import Result, Row, result
from evenload_sim.bench.policies import baselines
from evenload_sim.bench.policy_controller import Policy, PolicyController
from evenload_sim.ev import Vehicle, VehicleModel
from evenload_sim.garage import garage_site
from evenload_sim.grid import PHASES
from evenload_sim.world import World, WorldOptions

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
DARK_MS = 10 * MINUTE_MS
OURS = "evenload"


@dataclass(frozen=True)
class Scenario:
    """A world to score in: faults are (elapsed s, name, target, on)."""

    name: str
    seed: int
    minutes: int
    load_percent: int = 100
    faults: tuple[tuple[int, str, str, bool], ...] = ()


SCENARIOS = (
    Scenario("evening", 31, 40),
    Scenario("large building", 32, 40, load_percent=170),
    Scenario(
        "meter faults",
        33,
        40,
        load_percent=150,
        faults=(
            (600, "meter_unplugged", "main", True),
            (660, "base_load_surge", "L1", True),
            (900, "meter_unplugged", "main", False),
            (1200, "base_load_surge", "L1", False),
            (1500, "meter_frozen", "main", True),
            (1560, "base_load_surge", "L2", True),
            (1900, "meter_frozen", "main", False),
        ),
    ),
    Scenario("bad car", 34, 40, faults=((600, "station_noncompliant", "bay-04", True),)),
)


@dataclass
class Score:
    """What a policy did: energy, overshoot above the breakers' ratings, trips, cycles, fairness."""

    trips: int = 0
    energy_kwh: float = 0.0
    contactor_cycles: int = 0
    overshoot_as: float = 0.0
    jain: float = 1.0
    dark_until_elapsed_ms: dict[int, int] = field(default_factory=dict)


def play(scenario: Scenario, policy: Policy | None) -> Score:
    """Run a scenario under a baseline policy, or under the real role if it is None."""
    options = WorldOptions(load_percent=scenario.load_percent)
    if policy is not None:
        baseline = policy
        options = WorldOptions(
            load_percent=scenario.load_percent,
            make_controller=lambda world: PolicyController(baseline, world.grid, world.rig.meters),
        )
    world = World(garage_site(), scenario.seed, options)
    score = Score()
    for second in range(scenario.minutes * 60):
        for at_s, name, target, on in scenario.faults:
            if at_s == second:
                world.inject(name, target, on)
        world.step(SECOND_MS)
        _serve_trips(world, score)
    return _finish(world, score)


def _serve_trips(world: World, score: Score) -> None:
    """Count breakers that tripped, cut what hangs below them, and switch them on again ten minutes later."""
    now = world.clock.elapsed_ms
    for cell, breaker in enumerate(world.grid.breakers):
        if breaker is not None and breaker.tripped:
            score.trips += 1
            breaker.reset()
            score.dark_until_elapsed_ms[cell // PHASES] = now + DARK_MS
    dark = [circuit for circuit, end in score.dark_until_elapsed_ms.items() if end > now]
    for index, station in enumerate(world.stations):
        station.is_dark = any(world.grid.is_below(index, circuit) for circuit in dark)


def _finish(world: World, score: Score) -> Score:
    score.energy_kwh = sum(station.energy_watt_ms for station in world.stations) / 3_600_000 / 1000
    score.contactor_cycles = sum(station.contactor_cycles for station in world.stations)
    score.overshoot_as = sum(b.overload_mas for b in world.grid.breakers if b is not None) / 1000
    shares = [
        vehicle.energy_wh / vehicle.wanted_wh
        for vehicle in (station.vehicle for station in world.stations)
        if vehicle is not None
    ]
    score.jain = jain(shares)
    return score


def jain(shares: list[float]) -> float:
    """Return Jain's fairness index: 1 when all are equal, 1/n when one has everything; 1 for nobody."""
    total = sum(shares)
    return total * total / (len(shares) * sum(share * share for share in shares)) if total else 1.0


def _rows_of(scenario: Scenario) -> list[Result]:
    ours = play(scenario, None)
    rows = _lines(scenario, OURS, ours, None)
    for policy in baselines():
        rows += _lines(scenario, policy.name, play(scenario, policy), ours)
    return rows


def _lines(scenario: Scenario, who: str, score: Score, ours: Score | None) -> list[Result]:
    """Return a policy's results; a baseline's ratio is ours divided by its energy."""
    head = f"closed loop, {scenario.name}, {who}"
    most_trips = 0 if ours is None else None
    ratio = None if ours is None or not score.energy_kwh else ours.energy_kwh / score.energy_kwh
    peer = None if ours is None else who
    return [
        result(f"{head}: breaker trips", score.trips, "trips", "lower", target=most_trips, peer=peer),
        result(f"{head}: energy", score.energy_kwh, "kWh", "higher", peer=peer, ratio=ratio),
        result(f"{head}: overshoot", score.overshoot_as, "A s", "lower", peer=peer),
        result(f"{head}: contactor cycles", score.contactor_cycles, "cycles", "lower", peer=peer),
        result(f"{head}: Jain of wish fulfilled", score.jain, "index", "higher", peer=peer),
    ]


IDENTICAL = VehicleModel("identical", 3, 16_000, rise_ms=3_000, fall_ms=2_000, capacity_wh=200_000)
SLOT_MS = 5 * MINUTE_MS
WAITERS, SERVED = 8, 3


def shortage() -> tuple[float, int, float]:
    """Return (Jain of energy, whole slots of the worst wait, seconds beyond them).

    8 identical vehicles, room for 3, over 8 slots. The seconds beyond are the hand-over: current is given
    on only when the station that had it has really let go.
    """
    triple = [SERVED * 6_000 + 1_500] * 3
    site = {
        "name": "Shortage",
        "slot_ms": SLOT_MS,
        "circuits": [
            {"id": "main", "limit_ma": triple, "fallback_current_ma": triple, "metered": True},
        ],
        "stations": [
            {"id": f"bay-{s}", "circuit": "main", "wiring": "L1-L2-L3", "min_ma": 6_000, "max_ma": 16_000}
            for s in range(WAITERS)
        ],
    }
    world = World(site, 41, WorldOptions(traffic=False, load_percent=0))
    world.base_load.is_quiet = True
    for station in world.stations:
        station.plug_in(Vehicle(IDENTICAL, 100, 150_000))
    waits_s, worst_s = [0] * WAITERS, 0
    for _ in range(WAITERS * SLOT_MS // SECOND_MS):
        world.step(SECOND_MS)
        for index, station in enumerate(world.stations):
            waits_s[index] = 0 if station.offered_ma else waits_s[index] + 1
        worst_s = max(worst_s, *waits_s)
    slot_s = SLOT_MS // SECOND_MS
    fairness = jain([float(station.energy_watt_ms) for station in world.stations])
    return fairness, worst_s // slot_s, worst_s % slot_s


def _fairness() -> list[Result]:
    fairness, wait_slots, handover_s = shortage()
    most = -(-WAITERS // SERVED) - 1
    return [
        result("closed loop, shortage: Jain of identical EVs", fairness, "index", "higher", target=0.95),
        result("closed loop, shortage: worst wait", wait_slots, "slots", "lower", target=most),
        result("closed loop, shortage: hand-over beyond it", handover_s, "s", "lower"),
    ]


ROWS = [
    *(
        Row(f"closed_loop.{scenario.name.replace(' ', '_')}", partial(_rows_of, scenario))
        for scenario in SCENARIOS
    ),
    Row("closed_loop.fairness", _fairness),
]
