"""The charger role: meters in, one allocation round, set-points out (SPEC, Charger role; R3, R8-R10, R14).

`step` is one pass of the loop, each 100 ms: read meters, judge them, hear the stations. A round of the
allocation follows each 1,000 ms, and at once when a new reading shows a feeder above its limit, so that
from the overload on the wire to the new set-point at most one meter poll (1,000 ms), its reading (<= 125
ms) and one pass go by.
"""

from evenload import ticks, wire
from evenload.caps import Cap, CapBook, SumTimer, split_sum_ma
from evenload.safety import Feeder

from evenload_node.draw_history import DrawHistory
from evenload_node.minimum import MinimumLearner
from evenload_node.roles.meter import EventQueue, MeterRole

ROUND_PERIOD_MS = wire.METER_POLL_PERIOD_MS


class ChargerRole:
    """One site's charging.

    site: evenload.site.Site, sealed; meters: per circuit (index as in the site) a list of 3 Meter or None,
    or None for a circuit without meters; stations: StationPort per station; inlet: `inlet_limit_ma()` and
    `is_legal`, or None where nothing but the configured limit bounds the site. `caps` takes bounds from
    outside.
    """

    def __init__(self, site, meters: list, stations: list, inlet=None):
        self.site = site
        self.allocation = site.allocation
        self.stations = stations
        self.inlet = inlet
        self.events = EventQueue()
        self.caps = CapBook(len(site.circuit_ids), len(site.station_ids))
        self.feeders = [None if phases is None else Feeder(phases) for phases in meters]
        self.round_count = 0
        self.urgent_round_count = 0
        self.send_failed_count = 0
        self._meter_role = MeterRole(_distinct(meters), self.events)
        self._round_due_ms = None
        self._inlet_ma = None
        self._inlet_legal = True
        self._limits_ma = [0] * (3 * len(site.circuit_ids))
        self._tariffs = []
        self._split_ma = [0, 0, 0]
        self._minimum = MinimumLearner(self.allocation)
        self._draws = DrawHistory(list(self.allocation.circuit_parent), list(self.allocation.station_circuit))

    def hold_tariff(self, circuit: int, timer: SumTimer):
        """Keep the metered sum of the three phases of `circuit` within the tariff of `timer`."""
        self._tariffs.append((circuit, timer))

    def poll(self, now_ms: int):
        """Look at the meters' lines; may be called between passes, as often as wanted."""
        self._meter_role.poll(now_ms)

    def step(self, now_ms: int):
        """Do one pass at ring time `now_ms`."""
        self._meter_role.step(now_ms)
        self._observe_feeders()
        self._draws.note(now_ms, self.stations)
        regular = self._round_due_ms is None or ticks.is_due_within(
            now_ms, self._round_due_ms, ROUND_PERIOD_MS
        )
        urgent = not regular and self._is_overloaded()
        if regular:
            self._round_due_ms = ticks.add_ms(now_ms, ROUND_PERIOD_MS)
        if regular or urgent:
            self.round_count += 1
            self.urgent_round_count += urgent
            self._run_round(now_ms)

    def take_events(self) -> list:
        """Return and forget what happened, as (EVENT_*, subject, value); the subject is a meter, circuit or
        station.
        """
        return self.events.take()

    def status(self) -> dict:
        """Return what a person or supervisor wants to see, JSON-ready."""
        status = self._meter_role.status()
        status["role"] = "charger"
        status["circuits"] = [self._circuit_status(n) for n in range(len(self.feeders))]
        status["stations"] = [self._station_status(s) for s in range(len(self.stations))]
        status["rounds"] = self.round_count
        status["urgent_rounds"] = self.urgent_round_count
        status["send_failed"] = self.send_failed_count
        return status

    def _circuit_status(self, n):
        feeder = self.feeders[n]
        sources = self.caps.circuit_source[3 * n : 3 * n + 3]
        return {
            "id": self.site.circuit_ids[n],
            "meter_state": wire.METER_NAMES[wire.METER_UNMETERED if feeder is None else feeder.state],
            "action": wire.SAFETY_NAMES[wire.SAFETY_NORMAL if feeder is None else feeder.action],
            "feeder_ma": None if feeder is None else list(feeder.feeder_ma),
            "limit_ma": list(self._limits_ma[3 * n : 3 * n + 3]),
            "capped_by": [wire.CAP_NAMES[source] for source in sources],
        }

    def _station_status(self, s):
        allocation = self.allocation
        circuit = allocation.limiting_circuit[s]
        return {
            "id": self.site.station_ids[s],
            "state": wire.STATION_NAMES[allocation.station_state[s]],
            "grant_ma": allocation.grant_ma[s],
            "phases": allocation.grant_phases[s],
            "reason": wire.REASON_NAMES[allocation.reason[s]],
            "limiting_circuit": None if circuit < 0 else self.site.circuit_ids[circuit],
        }

    def _observe_feeders(self):
        for n in range(len(self.feeders)):
            feeder = self.feeders[n]
            if feeder is not None:
                code = feeder.observe()
                if code:
                    self.events.push(code, self.site.circuit_ids[n], 0)

    def _is_overloaded(self):
        for n in range(len(self.feeders)):
            feeder = self.feeders[n]
            if feeder is not None and feeder.is_new and feeder.exceeds(self._limits_ma, 3 * n):
                return True
        return False

    def _is_trusted(self):
        """Return whether every feeder is fresh, or unmetered on purpose."""
        for feeder in self.feeders:
            if feeder is not None and feeder.action != wire.SAFETY_NORMAL:
                return False
        return True

    def _run_round(self, now_ms):
        self._read_inlet()
        self._watch_tariffs(now_ms)
        self.caps.tick(now_ms)
        self._write_circuits()
        self._write_stations()
        self._minimum.step(now_ms, self._is_trusted())
        self.allocation.tick(now_ms)
        self._send_setpoints(now_ms)
        self._queue_allocation_events()

    def _read_inlet(self):
        if self.inlet is None:
            return
        limit_ma = self.inlet.inlet_limit_ma()
        if limit_ma != self._inlet_ma:
            self._inlet_ma = limit_ma
            self.caps.put("inlet", Cap(wire.CAP_INLET, [limit_ma] * 3, 0).on_circuit(0))
        if self._inlet_legal and not self.inlet.is_legal:
            self.events.push(wire.EVENT_INLET_ILLEGAL, self.site.circuit_ids[0], limit_ma)
        self._inlet_legal = self.inlet.is_legal

    def _watch_tariffs(self, now_ms):
        for circuit, timer in self._tariffs:
            feeder = self.feeders[circuit]
            timer.tick(now_ms, feeder.feeder_ma)
            name = "tariff of {}".format(self.site.circuit_ids[circuit])
            if timer.active:
                base_ma = self.allocation.base_ma[3 * circuit : 3 * circuit + 3]
                split_sum_ma(timer.sum_ma, base_ma, self._split_ma)
                self.caps.put(name, Cap(wire.CAP_TARIFF, list(self._split_ma)).on_circuit(circuit))
            else:
                self.caps.remove(name)

    def _write_circuits(self):
        allocation = self.allocation
        for n in range(len(self.feeders)):
            feeder = self.feeders[n]
            if feeder is not None:
                allocation.meter_state[n] = feeder.state
                if feeder.sample_ms is not None:
                    allocation.sample_ms[n] = feeder.sample_ms
            for k in range(3 * n, 3 * n + 3):
                allocation.cap_ma[k] = self.caps.circuit_cap_ma[k]
                self._limits_ma[k] = min(allocation.limit_ma[k], allocation.cap_ma[k])
                if feeder is not None:
                    allocation.feeder_ma[k] = self._move_sample(feeder, k)

    def _move_sample(self, feeder, k):
        """Return the feeder's sample of cell k, moved to the present by what the stations have changed since."""
        meter = feeder.meters[k % 3]
        sample_ms = None if meter is None else meter.get_last_update_timestamp()
        if sample_ms is None:
            return wire.NOT_MEASURED_MA
        return self._draws.moved_ma(feeder.feeder_ma[k % 3], k, sample_ms, meter.refresh_ms)

    def _write_stations(self):
        allocation = self.allocation
        for s in range(len(self.stations)):
            report = self.stations[s].report()
            allocation.station_cap_ma[s] = self.caps.station_cap_ma[s]
            if report.heard_ms is None:
                allocation.station_state[s] = wire.STATION_UNREPORTED
                continue
            allocation.station_state[s] = report.state
            allocation.heard_ms[s] = report.heard_ms
            for phase in range(3):
                allocation.measured_ma[3 * s + phase] = report.measured_ma[phase]

    def _send_setpoints(self, now_ms):
        allocation = self.allocation
        for s in range(len(self.stations)):
            try:
                self.stations[s].set_current(
                    now_ms, allocation.grant_ma[s], allocation.grant_phases[s], allocation.expires_ms[s]
                )
            except OSError:
                self.send_failed_count += 1  # Its lease runs out, and the kernel notices that it is silent.

    def _queue_allocation_events(self):
        for code, circuit, station, value in self.allocation.take_events():
            of_phase = code in (wire.EVENT_BREAKER_SUSPEND, wire.EVENT_BREAKER_RECOVER)
            if not of_phase and 0 <= station < len(self.site.station_ids):
                subject = self.site.station_ids[station]
            else:
                subject = self.site.circuit_ids[max(circuit, 0)]
            self.events.push(code, subject, value)


def _distinct(meters):
    """Return every meter of the circuits once: one meter may serve two circuits on the same cable."""
    found = []
    for phases in meters:
        for meter in phases or []:
            if meter is not None and meter not in found:
                found.append(meter)
    return found
