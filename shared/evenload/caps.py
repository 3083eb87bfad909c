"""Every bound from outside on one page: merged to one cap per circuit and phase and one per station (SPEC,
Caps; R14).

A cap has a source (CAP_*), a target (a circuit or a station), a limit in mA per phase, a priority and an
end. The tightest wins, always; priority (0 the highest), then age, only decides whose name stands beside
the limit when two are equally tight. A cap bounds the whole circuit, its base load included; of a station,
its current per phase.

Ends are kept as what is left, counted down on tick, so that a cap may last longer than half the ring of
`ticks`.
"""

from evenload import ticks, wire

CAP_COUNT_MAX = 64
FOREVER_MS = -1


class Cap:
    """One bound. circuit or station: the target's index, the other -1; limit_ma: 3 values, a station uses
    [0].

    lasts_ms: how long it still holds, FOREVER_MS without an end. source CAP_*, priority 0 (highest) .. 9.
    """

    def __init__(self, source: int, limit_ma: list[int], priority: int = 5, lasts_ms: int = FOREVER_MS):
        self.source = source
        self.limit_ma = limit_ma
        self.priority = priority
        self.lasts_ms = lasts_ms
        self.circuit = wire.CIRCUIT_NONE
        self.station = -1

    def on_circuit(self, circuit: int) -> "Cap":
        """Aim at a circuit; return self."""
        self.circuit = circuit
        return self

    def on_station(self, station: int) -> "Cap":
        """Aim at a station; return self."""
        self.station = station
        return self


class CapBook:
    """The caps in force. circuit_count, station_count as in the allocation.

    Columns after `tick`: circuit_cap_ma[3 * n + phase], circuit_source[3 * n + phase], station_cap_ma[s],
    station_source[s]; NO_CAP_MA and CAP_NONE where nobody bounds. `refused_count` counts puts beyond
    CAP_COUNT_MAX.
    """

    def __init__(self, circuit_count: int, station_count: int):
        self.circuit_cap_ma = [wire.NO_CAP_MA] * (3 * circuit_count)
        self.circuit_source = [wire.CAP_NONE] * (3 * circuit_count)
        self.station_cap_ma = [wire.NO_CAP_MA] * station_count
        self.station_source = [wire.CAP_NONE] * station_count
        self.refused_count = 0
        self.expired_count = 0
        self._names = []
        self._caps = []
        self._ticked_ms = None
        self._changed = False

    def put(self, name: str, cap: Cap) -> bool:
        """Set the cap called `name`, replacing the one of that name; False if the book is full.

        A cap that already ended is a removal.
        """
        if cap.lasts_ms != FOREVER_MS and cap.lasts_ms <= 0:
            self.remove(name)
            return True
        self._changed = True
        if name in self._names:
            self._caps[self._names.index(name)] = cap
            return True
        if len(self._caps) >= CAP_COUNT_MAX:
            self.refused_count += 1
            return False
        self._names.append(name)
        self._caps.append(cap)
        return True

    def remove(self, name: str):
        """Lift the cap called `name`; nothing happens if there is none."""
        if name in self._names:
            at = self._names.index(name)
            self._names.pop(at)
            self._caps.pop(at)
            self._changed = True

    def names(self) -> list[str]:
        """Return the names of the caps in force, oldest first."""
        return list(self._names)

    def tick(self, now_ms: int):
        """Let caps end that are over, and write the columns if anything changed."""
        self._expire(now_ms)
        if self._changed:
            self._changed = False
            self._merge()

    def _expire(self, now_ms):
        since_ms = 0 if self._ticked_ms is None else max(ticks.elapsed_ms(now_ms, self._ticked_ms), 0)
        self._ticked_ms = now_ms
        i = len(self._caps) - 1
        while i >= 0:
            cap = self._caps[i]
            if cap.lasts_ms != FOREVER_MS:
                cap.lasts_ms = max(cap.lasts_ms - since_ms, 0)
                if cap.lasts_ms == 0:
                    self.remove(self._names[i])
                    self.expired_count += 1
            i -= 1

    def _merge(self):
        for k in range(len(self.circuit_cap_ma)):
            self.circuit_cap_ma[k] = wire.NO_CAP_MA
            self.circuit_source[k] = wire.CAP_NONE
        for s in range(len(self.station_cap_ma)):
            self.station_cap_ma[s] = wire.NO_CAP_MA
            self.station_source[s] = wire.CAP_NONE
        for cap in self._by_priority():
            if cap.circuit != wire.CIRCUIT_NONE:
                for phase in range(3):
                    k = 3 * cap.circuit + phase
                    _tighten(self.circuit_cap_ma, self.circuit_source, k, cap, cap.limit_ma[phase])
            if cap.station >= 0:
                _tighten(self.station_cap_ma, self.station_source, cap.station, cap, cap.limit_ma[0])

    def _by_priority(self):
        """Return the caps, highest priority first, older first: the first of equally tight ones keeps its
        name.
        """
        ranked = [(self._caps[i].priority, i) for i in range(len(self._caps))]
        ranked.sort()
        return [self._caps[i] for _, i in ranked]


def _tighten(caps_ma, sources, at, cap, limit_ma):
    if limit_ma < caps_ma[at]:
        caps_ma[at] = max(limit_ma, 0)
        sources[at] = cap.source


def power_to_ma(power_w: int, phase_count: int, voltage_dv: int = wire.CAP_VOLTAGE_DV) -> int:
    """Return the current per phase, floored, that draws at most `power_w` on `phase_count` (1..3) phases.

    voltage_dv: phase voltage in 0.1 V. Germany's paragraph 14a dims a device to 4.2 kW: power_to_ma(4200,
    3) is 6,086 mA, power_to_ma(4200, 1) is 18,260 mA.
    """
    return min(power_w * 10000 // (voltage_dv * phase_count), wire.NO_CAP_MA) if power_w > 0 else 0


def split_sum_ma(sum_ma: int, base_ma: list[int], limit_ma: list[int]):
    """Write to limit_ma[3] phase limits whose sum is at most `sum_ma`: each phase's base, and a third of
    the rest.

    Where the bases alone exceed the sum, each phase's limit is its base: nothing is left for stations.
    """
    rest_ma = sum_ma - base_ma[0] - base_ma[1] - base_ma[2]
    share_ma = rest_ma // 3 if rest_ma > 0 else 0
    for phase in range(3):
        limit_ma[phase] = base_ma[phase] + share_ma


class SumTimer:
    """A capacity tariff: the sum of three phases may exceed `sum_ma` for `minutes`, then it is held to it.

    A bucket fills while the sum is above and empties as fast while it isn't. Full, it makes the cap
    `active`; empty, it lifts it. 0 minutes: always active. So on average at most half of the time may be
    spent above.
    """

    def __init__(self, sum_ma: int, minutes: int):
        self.sum_ma = sum_ma
        self.timer_ms = minutes * 60000
        self.over_ms = 0
        self.active = minutes == 0
        self._ticked_ms = None

    def tick(self, now_ms: int, feeder_ma: list[int]):
        """Take in the metered phases; an unmeasured phase (negative) counts as above: nothing proves
        otherwise.
        """
        since_ms = 0 if self._ticked_ms is None else max(ticks.elapsed_ms(now_ms, self._ticked_ms), 0)
        self._ticked_ms = now_ms
        measured = feeder_ma[0] >= 0 and feeder_ma[1] >= 0 and feeder_ma[2] >= 0
        if not measured or feeder_ma[0] + feeder_ma[1] + feeder_ma[2] > self.sum_ma:
            self.over_ms = min(self.over_ms + since_ms, self.timer_ms)
            self.active = self.active or self.over_ms >= self.timer_ms
        else:
            self.over_ms = max(self.over_ms - since_ms, 0)
            self.active = self.timer_ms == 0 or (self.active and self.over_ms > 0)
