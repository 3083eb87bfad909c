"""What may never happen in the simulated world; checked after every step, each rule by its name.

The rules are computed from the world's own truth (pilots, cables, breakers) and from what the controller
says it plans, with code of their own: nothing here calls the allocator.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from evenload import ticks, wire

from evenload_sim.watch import Watch

if TYPE_CHECKING:
    from evenload_sim.world import World

# An overload must be answered this soon: chip refresh 400 ms, poll 1,000 ms, reply one loop pass 100 ms,
# and 1,500 ms from the frame to the set-point (R3).
OVERLOAD_ANSWER_MS = 3_000
LEASE_MS_MAX = 30_000


class InvariantBroken(AssertionError):
    """A rule of the world was broken: name, seed, when (simulated), what happened and how to see it again."""

    def __init__(self, name: str, detail: str, world: "World") -> None:
        self.name = name
        self.seed = world.seed
        self.elapsed_ms = world.clock.elapsed_ms
        self.replay = world.replay_command()
        seconds = self.elapsed_ms / 1000
        super().__init__(
            f"{name} broken at {seconds:.1f} s, seed {world.seed}: {detail}. See it again: {self.replay}"
        )


def check(watch: Watch) -> None:
    """Raise InvariantBroken for the first rule that does not hold."""
    for name, rule in RULES.items():
        detail = rule(watch)
        if detail:
            raise InvariantBroken(name, detail, watch.world)


def plan_fits(watch: Watch) -> str:
    """R1: on every circuit and phase the grants and the base fit the limit and the cap, or nothing is
    granted.
    """
    allocation = watch.allocation
    for cell, granted_ma in enumerate(watch.granted_ma):
        if granted_ma == 0:
            continue
        state = watch.path_state[cell // 3]
        if state in (wire.METER_STALE, wire.METER_INVALID):
            continue  # The safety table's rule looks at these.
        bound_ma = min(allocation.limit_ma[cell], allocation.cap_ma[cell])
        if state == wire.METER_FRESH and granted_ma + allocation.base_ma[cell] > bound_ma:
            base_ma = allocation.base_ma[cell]
            return (
                f"{watch.grid.cell_name(cell)} plans {granted_ma} mA for stations beside {base_ma} mA of base"
            )
        if granted_ma > bound_ma:
            return f"{watch.grid.cell_name(cell)} plans {granted_ma} mA over {bound_ma} mA"
    return ""


def grants_are_allowed_values(watch: Watch) -> str:
    """R2: a grant is 0 or within the station's minimum and maximum, in whole steps."""
    step_ma = watch.allocation.settings.step_ma
    for station, grant_ma in zip(watch.stations, watch.grant_ma, strict=True):
        if grant_ma and not (station.min_ma <= grant_ma <= station.max_ma and grant_ma % step_ma == 0):
            return f"{station.id} was granted {grant_ma} mA"
    return ""


def breakers_hold(watch: Watch) -> str:
    """R7: no breaker of the real world trips."""
    for cell, breaker in enumerate(watch.grid.breakers):
        if breaker is not None and breaker.tripped:
            return f"the breaker of {watch.grid.cell_name(cell)} tripped at {watch.grid.feeder_ma[cell]} mA"
    return ""


def overload_is_answered(watch: Watch) -> str:
    """R3: a circuit in overload does not offer more than fits for longer than the answer may take."""
    for cell, offered_too_long_ms in enumerate(watch.overload_ms):
        if offered_too_long_ms > OVERLOAD_ANSWER_MS:
            return f"{watch.grid.cell_name(cell)} has offered too much for {offered_too_long_ms} ms"
    return ""


def safety_table_acts(watch: Watch) -> str:
    """R8: never read means 0 A; stale means at most the minimum, for as many as fit the static budget."""
    for index, station in enumerate(watch.stations):
        grant_ma = watch.grant_ma[index]
        state = watch.path_state[watch.grid.station_circuit[index]]
        if state == wire.METER_INVALID and grant_ma:
            return f"{station.id} has {grant_ma} mA although a meter on its path was never read"
        if state == wire.METER_STALE and grant_ma > station.min_ma:
            return f"{station.id} has {grant_ma} mA although a meter on its path is stale"
    allocation = watch.allocation
    for circuit, state in enumerate(watch.own_state):
        if state != wire.METER_STALE:
            continue
        for cell in range(3 * circuit, 3 * circuit + 3):
            if watch.granted_ma[cell] > allocation.fallback_ma[cell]:
                return (
                    f"{watch.grid.cell_name(cell)} grants {watch.granted_ma[cell]} mA over its static budget"
                )
    return ""


def leases_are_kept(watch: Watch) -> str:
    """R9: no lease is longer than 30 s; no station follows a set-point after it."""
    now_ms = watch.world.clock.now_ms
    for station in watch.stations:
        left_ms = ticks.elapsed_ms(station.expires_ms, now_ms)
        if station.has_lease and left_ms > LEASE_MS_MAX:
            return f"{station.id} holds a lease of {left_ms} ms"
        if station.has_lease and ticks.is_due(now_ms, station.expires_ms):
            return f"{station.id} still follows a set-point that ran out {-left_ms} ms ago"
    return ""


def energy_only_grows(watch: Watch) -> str:
    """No energy counter runs backward: neither a station's own nor a meter's."""
    for index, station in enumerate(watch.stations):
        if station.energy_watt_ms < watch.energy_seen[index]:
            return f"{station.id} lost energy"
        watch.energy_seen[index] = station.energy_watt_ms
    for circuit, meters in enumerate(watch.world.rig.meters):
        seen = watch.meter_energy_seen[circuit]
        for phase, meter in enumerate(meters or ()):
            energy_wh = meter.get_energy()
            if energy_wh < seen[phase]:
                name = watch.grid.cell_name(3 * circuit + phase)
                return f"the meter of {name} went from {seen[phase]} to {energy_wh} Wh"
            seen[phase] = energy_wh
    return ""


RULES: dict[str, Callable[[Watch], str]] = {
    "plan_fits": plan_fits,
    "grants_are_allowed_values": grants_are_allowed_values,
    "breakers_hold": breakers_hold,
    "overload_is_answered": overload_is_answered,
    "safety_table_acts": safety_table_acts,
    "leases_are_kept": leases_are_kept,
    "energy_only_grows": energy_only_grows,
}
