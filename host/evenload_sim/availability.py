"""Availability of a cluster of cooling units from a failure and repair model (SPEC, availability).

`Assumptions` holds every number that goes in, each with its source; `evaluate` solves the Markov chain of a
cluster exactly; `availability_trial.simulate` plays the same cluster by chance as a check. A state counts the
units with a failed controller, with software that restarts, and with a failed pump; a unit has one fault at a
time. Two more states stand for common causes: everything restarts, everything is out.

The cluster is available while a quorum of controllers is up, so that there is a leader, and the units that cool
can carry the demand. Below quorum the units go on cooling by contingency shares, which is told apart. The model
knows nothing of what is outside: mains, water, the people who repair.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

HOURS_PER_YEAR = 8760.0
SECONDS_PER_HOUR = 3600.0

# What the requirement asks for: requirement document cdu-cluster.md.
AVAILABILITY_MIN = 0.9999
MTBF_H_MIN = 87_600.0
RECOVERY_MIN_MAX = 5.0

LIMIT = (
    "Holds for at most {spare} failures of {count}: from failure {next} on there is no leader, and the units cool on "
    "contingency shares. A demand above what {quorum} units can carry allows fewer failures."
)

State = tuple[int, int, int]
ALL_RESTART: State = (-1, 0, 0)
ALL_OUT: State = (-2, 0, 0)


@dataclass(frozen=True)
class Assumptions:
    """What goes into the model. A comment says where a number comes from; "assumed" means exactly that."""

    unit_count: int = 6
    rated_kw: float = 50.0
    demand_kw: float = 200.0
    # Industrial board, parts count at 50 C: Intel DH55HC technical product specification, section 2.8.
    controller_mtbf_h: float = 138_157.0
    # 7.7 years between repairs in a well-kept refinery of 1,200 pumps: Bloch, Pump User's Handbook, preface.
    pump_mtbf_h: float = 67_452.0
    # Assumed: one crash or hang per node and quarter, found by the watchdog.
    software_mtbf_h: float = 2_190.0
    # Assumed: supervisor, start and first heartbeat; a reboot of the machine is included.
    restart_s: float = 60.0
    # Assumed: spare part in the house and someone there within the shift.
    repair_h: float = 8.0
    # Assumed: one repair at a time.
    crew_count: int = 1
    # Assumed, in the range that IEC 61508-6 annex D gives for redundant equal units: the share of failures that
    # take all units at once (same software, same mains, same water).
    common_share: float = 0.02
    # Requirement, and bound of the timing proof for two faults: 0.270 s.
    failover_s: float = 0.3
    # Requirement, and bound for a lost frame: 0.188 s.
    reallocation_s: float = 0.2
    # Assumed: the upper 95 % bound if 100,000 simulated failovers do not fail once (3 / 100,000).
    failover_failing: float = 3e-5
    # Assumed: somebody notices and resets.
    reset_s: float = 300.0

    @property
    def quorum(self) -> int:
        """Votes that make a leader."""
        return self.unit_count // 2 + 1

    @property
    def unit_count_min(self) -> int:
        """Units that carry the demand."""
        return math.ceil(self.demand_kw / self.rated_kw)


@dataclass(frozen=True)
class Outcome:
    """What the model says; times of a year of 8,760 h."""

    availability: float
    # The same without the pauses of failovers and reallocations.
    states_availability: float
    leader_availability: float
    cooling_availability: float
    downtime_s: float
    failover_s: float
    reallocation_s: float
    common_cause_s: float
    failover_count: float
    mtbf_h: float
    mttr_min: float
    unattended_mttr_min: float
    attended_mtbf_h: float
    attended_mttr_min: float

    def is_met(self) -> dict[str, bool]:
        """Tell for each requirement whether the model meets it."""
        return {
            "availability": self.availability >= AVAILABILITY_MIN,
            "mtbf": self.mtbf_h > MTBF_H_MIN,
            "mttr": self.unattended_mttr_min < RECOVERY_MIN_MAX,
        }


def states(assumed: Assumptions) -> list[State]:
    """Return every state; the first is the one in which all is well."""
    counts = range(assumed.unit_count + 1)
    inner = [(c, s, p) for c in counts for s in counts for p in counts if c + s + p <= assumed.unit_count]
    return [*inner, ALL_RESTART, ALL_OUT]


def moves(assumed: Assumptions, state: State) -> Iterator[tuple[State, float]]:
    """Yield (next state, rate per hour) of everything that can happen."""
    fresh = (0, 0, 0)
    restart_rate = SECONDS_PER_HOUR / assumed.restart_s
    if state == ALL_RESTART:
        yield fresh, restart_rate
        return
    if state == ALL_OUT:
        yield fresh, 1 / assumed.repair_h
        return
    controllers, restarts, pumps = state
    well = assumed.unit_count - controllers - restarts - pumps
    alone = (1 - assumed.common_share) * well
    yield (controllers + 1, restarts, pumps), alone / assumed.controller_mtbf_h
    yield (controllers, restarts + 1, pumps), alone / assumed.software_mtbf_h
    yield (controllers, restarts, pumps + 1), alone / assumed.pump_mtbf_h
    yield (controllers, restarts - 1, pumps), restarts * restart_rate
    broken = controllers + pumps
    each = min(broken, assumed.crew_count) / (max(broken, 1) * assumed.repair_h)
    yield (controllers - 1, restarts, pumps), controllers * each
    yield (controllers, restarts, pumps - 1), pumps * each
    yield ALL_RESTART, assumed.common_share / assumed.software_mtbf_h
    yield ALL_OUT, assumed.common_share * (1 / assumed.controller_mtbf_h + 1 / assumed.pump_mtbf_h)


def has_leader(assumed: Assumptions, state: State) -> bool:
    """Tell whether a quorum of controllers is up; one whose pump is out votes too."""
    controllers, restarts, _ = state
    return controllers >= 0 and assumed.unit_count - controllers - restarts >= assumed.quorum


def cools(assumed: Assumptions, state: State) -> bool:
    """Tell whether the units that are left carry the demand, with a leader or by contingency shares."""
    return state[0] >= 0 and assumed.unit_count - sum(state) >= assumed.unit_count_min


def is_available(assumed: Assumptions, state: State) -> bool:
    """Tell whether there is a leader and the demand is carried."""
    return has_leader(assumed, state) and cools(assumed, state)


def needs_hands(assumed: Assumptions, state: State) -> bool:
    """Tell whether an unavailable state stays so when all software has restarted."""
    if state[0] < 0:
        return state == ALL_OUT
    return not is_available(assumed, (state[0], 0, state[2]))


def steady_state(assumed: Assumptions) -> dict[State, float]:
    """Return the share of time spent in each state.

    Elimination without subtraction (Grassmann, Taksar, Heyman 1985), so that shares of 1e-15 are as exact as
    large ones. 86 states for six units.
    """
    order = states(assumed)
    place = {state: index for index, state in enumerate(order)}
    rate = [[0.0] * len(order) for _ in order]
    for state, row in zip(order, rate, strict=True):
        for target, value in moves(assumed, state):
            if value > 0:
                row[place[target]] += value
    for last in range(len(order) - 1, 0, -1):
        leaving = sum(rate[last][:last])
        for index in range(last):
            rate[index][last] /= leaving
            share = rate[index][last]
            if share > 0:
                for other in range(last):
                    rate[index][other] += share * rate[last][other] if other != index else 0.0
    weight = [1.0]
    for index in range(1, len(order)):
        weight.append(sum(weight[other] * rate[other][index] for other in range(index)))
    total = sum(weight)
    return {state: value / total for state, value in zip(order, weight, strict=True)}


def evaluate(assumed: Assumptions) -> Outcome:
    """Return what the model says of a cluster."""
    time = steady_state(assumed)

    def share(fits: Callable[[State], bool]) -> float:
        return sum(value for state, value in time.items() if fits(state))

    up = share(lambda state: is_available(assumed, state))
    attended = share(lambda state: not is_available(assumed, state) and needs_hands(assumed, state))
    unattended = share(lambda state: not is_available(assumed, state) and not needs_hands(assumed, state))
    lost_rate, attended_rate = loss_rates(assumed, time)
    death_rate = (1 - assumed.common_share) * (1 / assumed.controller_mtbf_h + 1 / assumed.software_mtbf_h)
    failover_rate = up * death_rate
    failover_h = (
        (assumed.failover_s + assumed.failover_failing * assumed.reset_s) * failover_rate
    ) / SECONDS_PER_HOUR
    other_rate = up * (assumed.unit_count - 1) * death_rate
    other_rate += up * assumed.unit_count * (1 - assumed.common_share) / assumed.pump_mtbf_h
    reallocation_h = assumed.reallocation_s * other_rate / SECONDS_PER_HOUR
    pauses_h = failover_h + reallocation_h
    year_s = HOURS_PER_YEAR * SECONDS_PER_HOUR
    unattended_rate = lost_rate - attended_rate
    return Outcome(
        availability=up - pauses_h,
        states_availability=up,
        leader_availability=share(lambda state: has_leader(assumed, state)) - failover_h,
        cooling_availability=share(lambda state: cools(assumed, state)) - pauses_h,
        downtime_s=(attended + unattended + pauses_h) * year_s,
        failover_s=failover_h * year_s,
        reallocation_s=reallocation_h * year_s,
        common_cause_s=(time[ALL_RESTART] + time[ALL_OUT]) * year_s,
        failover_count=failover_rate * HOURS_PER_YEAR,
        mtbf_h=1 / lost_rate,
        mttr_min=60 * (attended + unattended) / lost_rate,
        unattended_mttr_min=60 * (unattended + failover_h) / (unattended_rate + failover_rate),
        attended_mtbf_h=1 / attended_rate,
        attended_mttr_min=60 * attended / attended_rate,
    )


def loss_rates(assumed: Assumptions, time: dict[State, float]) -> tuple[float, float]:
    """Return how often per hour the cluster stops being available, and how often so that hands are needed.

    Pauses of a failover are no losses. A loss that begins with restarts counts as attended only if it cannot
    end with them.
    """
    lost_rate = attended_rate = 0.0
    for state, share in time.items():
        if not is_available(assumed, state):
            continue
        for target, rate in moves(assumed, state):
            if rate > 0 and not is_available(assumed, target):
                lost_rate += share * rate
                attended_rate += share * rate if needs_hands(assumed, target) else 0.0
    return lost_rate, attended_rate


def limit_of(assumed: Assumptions) -> str:
    """Return the sentence that belongs beside every figure."""
    spare = assumed.unit_count - assumed.quorum
    return LIMIT.format(spare=spare, count=assumed.unit_count, next=spare + 1, quorum=assumed.quorum)
