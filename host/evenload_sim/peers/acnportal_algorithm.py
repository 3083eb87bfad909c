"""Our allocation kernel as one more scheduling algorithm of acnportal."""

import math
from time import perf_counter_ns
from typing import Any

from evenload import wire
from evenload.site import build

from evenload_sim.peers.acnportal_import import algorithms
from evenload_sim.peers.acnportal_network import site_of

PERIOD_MS = 300_000
STEP_MA = 100
WEIGHT_MAX = 1000
# acnportal decides once in five minutes and its stations follow at once. So raises need no ramp (0 turns the
# rate off), and the stations stay NOT_MEASURED: last period's draw would say that current flows which has
# stopped already, and the kernel gives none away before it has really been let go (R1).
SETTINGS = {
    "step_ma": STEP_MA,
    "slot_ms": PERIOD_MS,
    "on_min_ms": 0,
    "off_min_ms": 0,
    "boot_wait_ms": 0,
    "raise_headroom_percent": 100,
    "raise_rated_percent_per_s": 0,
    "raise_settle_ms": 0,
}
TICKS_MASK = wire.TICKS_PERIOD_MS - 1


class EvenloadAlgorithm(algorithms.BaseAlgorithm):  # type: ignore[misc]
    """The kernel behind acnportal's interface: weights from laxity (R15), currents from one `tick` a period.

    kernel_ns: what each `tick` alone took, one entry per decision; acnportal's `solve_stats` times the whole
    decisions, this adapter included.
    """

    def __init__(self) -> None:
        super().__init__()
        self.max_recompute = 1
        self.kernel_ns: list[int] = []
        self._site: Any = None
        self._index_by_id: dict[str, int] = {}

    def schedule(self, active_sessions: list[Any]) -> dict[str, list[float]]:
        """Return the current in A of every active session's station for the period that begins now."""
        if self._site is None:
            self._open_site()
        allocation = self._site.allocation
        now_ms = self.interface.current_time * PERIOD_MS & TICKS_MASK
        for index in self._index_by_id.values():
            allocation.station_state[index] = wire.STATION_AVAILABLE
            allocation.heard_ms[index] = now_ms
        remaining_a = {session.station_id: self._fill(session) for session in active_sessions}
        started_ns = perf_counter_ns()
        allocation.tick(now_ms)
        self.kernel_ns.append(perf_counter_ns() - started_ns)
        return {
            station_id: [pilot_a(allocation.grant_ma[self._index_by_id[station_id]], needed_a)]
            for station_id, needed_a in remaining_a.items()
        }

    def _open_site(self) -> None:
        """Build the kernel from what acnportal says of its network."""
        site = site_of(self.interface.infrastructure_info(), SETTINGS)
        self._site = build(site)
        self._index_by_id = {station["id"]: index for index, station in enumerate(site["stations"])}

    def _fill(self, session: Any) -> float:
        """Fill the columns of a session's station; return what it still needs, in A over one period."""
        allocation = self._site.allocation
        index = self._index_by_id[session.station_id]
        remaining_a = float(self.interface.remaining_amp_periods(session))
        time_periods = session.estimated_departure - self.interface.current_time
        laxity_periods = time_periods - remaining_a * 1000 / allocation.max_ma[index]
        allocation.station_state[index] = wire.STATION_CHARGING
        allocation.weight[index] = laxity_weight(laxity_periods)
        allocation.station_cap_ma[index] = max(allocation.min_ma[index], step_up_ma(remaining_a))
        return remaining_a


def laxity_weight(laxity_periods: float) -> int:
    """Return the weight 1..1000 of a session that could idle this many periods and still be filled in time.

    One that can wait no more (laxity 0 or less) has 1000, one that can wait n periods 1000 / (n + 1).
    """
    return max(1, int(WEIGHT_MAX / (1 + max(0.0, laxity_periods))))


def step_up_ma(current_a: float) -> int:
    """Return a current in mA rounded up to a whole step."""
    return math.ceil(current_a * 1000 / STEP_MA) * STEP_MA


def pilot_a(grant_ma: int, needed_a: float) -> float:
    """Return the pilot current in A: the grant, but never more than the session still needs.

    acnportal ends a session that lacks 1 Wh or less. A grant just short of the need would leave such a crumb
    undelivered for ever, so then the pilot is one step less and the rest follows in the next period.
    """
    crumb_ma = needed_a * 1000 - grant_ma
    if crumb_ma <= 0:
        return needed_a
    return (grant_ma - STEP_MA if grant_ma > 0 and crumb_ma < STEP_MA else grant_ma) / 1000
