"""The one safety table: from what the meters of a circuit are worth to what may be done (SPEC, Safety; R8).

A BL0942 sees one phase, so the feeder of a circuit is three Meters, and the circuit is worth what its worst
meter is worth; a station, what the worst circuit on its path to the root is worth. The allocation kernel
carries the actions out; the states go to it one to one (its `meter_state` column).

    SUSPEND    0 A for every station below (event auto_suspend)
    FALLBACK   6 A for as many stations as fit the static budget `fallback_ma`, 0 A for the rest
    HOLD       keep or lower, never raise
    RAMP       as HOLD until the second good reading; then raises only by the slew rule (R6)
    NORMAL     allocate, raises by the slew rule

A meter that stays lost for 10 min is INVALID as if never read (Meter.invalid_after_ms). Fixed where the
requirement disagrees with itself (its 5.2 and 5.3): never read suspends, impossible holds. Disconnected and
frozen meters are STALE at once: what they say is older than the 3 s that a reading is good for.
"""

from evenload import wire
from evenload.meter import Meter

# Index: METER_*. The order of the actions is their severity, so the worst is the largest.
ACTIONS = (
    wire.SAFETY_SUSPEND,  # METER_INVALID
    wire.SAFETY_NORMAL,  # METER_FRESH
    wire.SAFETY_FALLBACK,  # METER_STALE
    wire.SAFETY_HOLD,  # METER_IMPLAUSIBLE
    wire.SAFETY_RAMP,  # METER_RECOVERING
    wire.SAFETY_NORMAL,  # METER_UNMETERED: the circuit has no meter on purpose, its parents' have to do.
)


def action_of(meter_state: int) -> int:
    """Return SAFETY_* for METER_*; an unknown state suspends."""
    if 0 <= meter_state < len(ACTIONS):
        return ACTIONS[meter_state]
    return wire.SAFETY_SUSPEND


def worst_state(states: list[int]) -> int:
    """Return the METER_* of `states` with the severest action, the first of equals; UNMETERED for none."""
    worst = wire.METER_UNMETERED
    for state in states:
        if worst == wire.METER_UNMETERED or action_of(state) > action_of(worst):
            worst = state
    return worst


def path_state(circuit: int, parents: list[int], states: list[int]) -> int:
    """Return the worst METER_* from `circuit` up to the root.

    parents: index of each circuit's parent, CIRCUIT_NONE at the root; states: METER_* of each circuit.
    """
    worst = wire.METER_UNMETERED
    while circuit != wire.CIRCUIT_NONE:
        if worst == wire.METER_UNMETERED or action_of(states[circuit]) > action_of(worst):
            worst = states[circuit]
        circuit = parents[circuit]
    return worst


class Feeder:
    """What three one-phase meters say about one circuit.

    meters: 3 of Meter or None (a phase without its meter is never read). Columns after `observe`: `state`
    METER_*, `action` SAFETY_*, `feeder_ma[3]` (NOT_MEASURED_MA if never read), `sample_ms` (oldest of the
    three, None if any was never read), `is_new` (a reading came since the last `observe`).
    """

    def __init__(self, meters: list[Meter | None]):
        self.meters = meters
        self.state = wire.METER_INVALID
        self.action = wire.SAFETY_SUSPEND
        self.feeder_ma = [wire.NOT_MEASURED_MA] * len(meters)
        self.sample_ms = None
        self.is_new = False
        self._suspend_reported = False
        self._counts = [0] * len(meters)
        self._states = [wire.METER_INVALID] * len(meters)

    def observe(self) -> int:
        """Combine the meters, which have been ticked; return EVENT_AUTO_SUSPEND when suspension begins,
        else 0.
        """
        self.is_new = False
        self.sample_ms = None
        oldest_age_ms = -1
        complete = True
        for phase in range(len(self.meters)):
            meter = self.meters[phase]
            if meter is None or meter.get_last_update_timestamp() is None:
                complete = False
                continue
            self._states[phase] = meter.state
            self.feeder_ma[phase] = meter.reading.current_ma
            if meter.accepted_count != self._counts[phase]:
                self._counts[phase] = meter.accepted_count
                self.is_new = True
            if meter.age_ms is not None and meter.age_ms > oldest_age_ms:
                oldest_age_ms = meter.age_ms
                self.sample_ms = meter.get_last_update_timestamp()
        if not complete:
            self.sample_ms = None
        self.state = worst_state(self._states)
        self.action = action_of(self.state)
        return self._begin_suspension()

    def exceeds(self, limits_ma: list[int], offset: int) -> bool:
        """Return whether a fresh meter shows more than limits_ma[offset + phase] on any phase."""
        for phase in range(len(self.meters)):
            fresh = self._states[phase] == wire.METER_FRESH
            if fresh and self.feeder_ma[phase] > limits_ma[offset + phase]:
                return True
        return False

    def _begin_suspension(self):
        suspended = self.action == wire.SAFETY_SUSPEND
        begins = suspended and not self._suspend_reported
        self._suspend_reported = suspended
        return wire.EVENT_AUTO_SUSPEND if begins else 0
