"""A unit without a cluster: it cools its own demand and shows itself like a voter. No wire, no election, no floor."""

from array import array

from evenload import wire

DERATE_PERCENT = (100, 90, 50, 0)
ORDERS_TAKEN = (wire.ORDER_DEMAND_10W, wire.ORDER_DRAIN, wire.ORDER_HEALTH, wire.ORDER_LOAD)


class AloneDrive:
    """What CduRole asks instead of a real-time loop. rated_10w: capacity; demand_10w: heat to cool, 10 W."""

    def __init__(self, rated_10w: int, demand_10w: int):
        self._rated_10w = rated_10w
        self._demand_10w = demand_10w
        self._health = wire.DERATE_FULL
        self._is_draining = 0
        self._now_ms = 0
        self._ticket = 0
        self._answers = []

    def tick(self, now_ms: int):
        """Note the time."""
        self._now_ms = now_ms

    def read(self, into: array, counters: array) -> int:
        """Write the unit as SNAPSHOT_SIZE numbers, and RT_SIZE counters of a loop that is not there; return 1."""
        for i in range(wire.RT_SIZE):
            counters[i] = 0
        for i in range(wire.SNAPSHOT_SIZE):
            into[i] = 0
        derate = wire.DERATE_OUT if self._is_draining else self._health
        capacity_10w = self._rated_10w * DERATE_PERCENT[derate] // 100  # Floor: never promise more.
        share_10w = min(self._demand_10w, capacity_10w)
        into[wire.SNAPSHOT_BASIS] = wire.BASIS_ALONE
        into[wire.SNAPSHOT_TARGET_10W] = into[wire.SNAPSHOT_APPLIED_10W] = share_10w
        into[wire.SNAPSHOT_UNMET_10W] = self._demand_10w - share_10w
        into[wire.SNAPSHOT_ALARM] = wire.ALARM_UNMET if share_10w < self._demand_10w else 0
        into[wire.SNAPSHOT_HEALTH] = derate
        into[wire.SNAPSHOT_RATED_10W] = self._rated_10w
        into[wire.SNAPSHOT_NOW_MS] = self._now_ms
        into[wire.SNAPSHOT_PLAN + wire.PLAN_DEMAND_10W] = self._demand_10w
        return 1

    def post(self, code: int, value: int) -> int:
        """Obey an order; return the ticket of its answer."""
        self._ticket += 1
        self._answers.append((self._ticket, self._obey(code, value)))
        return self._ticket

    def take_answer(self) -> tuple[int, int] | None:
        """Return the oldest (ticket, ORDER_*) and forget it, None if there is none."""
        return self._answers.pop(0) if self._answers else None

    def take_trace(self, _into: array) -> int:
        """Return 0: nothing is elected here."""
        return 0

    def take_beat(self) -> int:
        """Return 0: nobody listens."""
        return 0

    def _obey(self, code, value):
        if code not in ORDERS_TAKEN:
            return wire.ORDER_NOT_READY
        if code == wire.ORDER_DEMAND_10W:
            if not 0 <= value <= wire.DISPATCH_DEMAND_10W_MAX:
                return wire.ORDER_VALUE
            self._demand_10w = value
        elif code == wire.ORDER_DRAIN:
            self._is_draining = value
        elif code == wire.ORDER_HEALTH:
            if not 0 <= value <= wire.DERATE_OUT:
                return wire.ORDER_VALUE
            self._health = value
        return wire.ORDER_DONE
