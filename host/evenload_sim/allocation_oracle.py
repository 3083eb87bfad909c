"""Judges the rounds of an allocation by R1, R1b and R2, with code that shares nothing with it.

R1: on every circuit and phase, what the stations are counted at plus the base fits the limit, or every
station below that may be controlled is off. R1b: whoever was raised or started has room for max(grant,
measured) of all on its whole path. R2: a grant is 0 or a multiple of the step between minimum and maximum.
"""

from typing import Any

from evenload import ticks, wire

PHASE_BITS = {wire.WIRING_L1: 1, wire.WIRING_L2: 2, wire.WIRING_L3: 4, wire.WIRING_L1_L2: 3}
PHASE_BITS |= {wire.WIRING_L2_L3: 6, wire.WIRING_L3_L1: 5}
SITE_PHASES = (1, 2, 4)
QUIET_MA = wire.ALLOCATION_NONCOMPLIANT_MARGIN_MA  # A phase drawing less may be left out of the grant.


class OracleBroken(AssertionError):
    """A round broke an invariant; the text says which, where and by how much."""


class AllocationOracle:
    """Watches one allocation: `before()` ahead of each tick with fresh inputs written, `after(now_ms)`
    behind it.
    """

    def __init__(self, allocation: Any):
        self._allocation = allocation
        cells = 3 * allocation.circuit_count
        stations = allocation.station_count
        self._held_base = [0] * cells
        self._grants = [0] * stations
        self._masks = [0] * stations
        self._told_ms: list[int | None] = [None] * stations
        self._heard: list[tuple[int, int]] = [(-1, 0)] * stations
        self._last_known = [0] * stations
        self._path = [self._path_of(s) for s in range(stations)]

    def _path_of(self, s: int) -> list[int]:
        path = [self._allocation.station_circuit[s]]
        while self._allocation.circuit_parent[path[-1]] >= 0:
            path.append(self._allocation.circuit_parent[path[-1]])
        return path

    def after(self, now_ms: int) -> None:
        """Check the round that just ran at `now_ms`; raise OracleBroken."""
        a = self._allocation
        changed = [a.grant_ma[s] != self._grants[s] for s in range(a.station_count)]
        for s in range(a.station_count):
            self._check_outputs(s)
            if changed[s] or self._told_ms[s] is None:
                self._told_ms[s] = now_ms
        self._watch_silence(now_ms)
        base = self._bases()
        counted = [self._counted(s, now_ms) for s in range(a.station_count)]
        possible = [self._possible(s) for s in range(a.station_count)]
        for n in range(a.circuit_count):
            members = [s for s in range(a.station_count) if n in self._path[s]]
            for phase in range(3):
                k = 3 * n + phase
                limit = self._limit(n, k)
                self._check_cell(k, limit - base[k], members, counted)
                self._check_raises(k, limit - base[k], members, possible)
        self._grants = [a.grant_ma[s] for s in range(a.station_count)]

    def _mask(self, s: int) -> int:
        a = self._allocation
        bits = PHASE_BITS.get(a.wiring[s], 7)
        if a.grant_phases[s] == 1 and bits == 7:
            bits = 1 << (int(wire.WIRING_NAMES[a.wiring[s]][1]) - 1)
        if not a.settings.narrow_after_ms:
            return bits  # Nothing is lent: the wiring alone says what counts, whatever the kernel believes.
        quiet = [bit for bit in SITE_PHASES if bits & ~a.phase_mask[s] & bit]
        if any(a.measured_ma[3 * s + SITE_PHASES.index(bit)] > QUIET_MA for bit in quiet):
            raise OracleBroken(f"R1: station {s} is not counted on a phase that it uses")
        return bits & int(a.phase_mask[s])

    def _check_outputs(self, s: int) -> None:
        a = self._allocation
        grant = a.grant_ma[s]
        if grant and not (a.min_ma[s] <= grant <= a.max_ma[s] and grant % a.settings.step_ma == 0):
            raise OracleBroken(f"R2: station {s} was granted {grant} mA")

    def _watch_silence(self, now_ms: int) -> None:
        a = self._allocation
        for s in range(a.station_count):
            if self._heard[s][0] != a.heard_ms[s]:
                self._heard[s] = (a.heard_ms[s], a.heard_ms[s])
            age = ticks.elapsed_ms(now_ms, a.heard_ms[s])
            if age <= a.settings.lease_ms:
                drawn = max(a.measured_ma[3 * s : 3 * s + 3])
                self._last_known[s] = max(a.grant_ma[s], drawn if a.noncompliant[s] else 0)
            elif a.grant_ma[s] and a.station_state[s] != wire.STATION_UNREPORTED:
                raise OracleBroken(f"R9: silent station {s} was granted {a.grant_ma[s]} mA")

    def _silent(self, s: int) -> bool:
        a = self._allocation
        return bool(a.silent[s] == 1 or a.station_state[s] == wire.STATION_UNREPORTED)

    def _counted(self, s: int, now_ms: int) -> list[int]:
        a = self._allocation
        mask = self._mask(s)
        grant = [a.grant_ma[s] if mask & bit else 0 for bit in SITE_PHASES]
        measured = list(a.measured_ma[3 * s : 3 * s + 3])
        if a.station_state[s] == wire.STATION_UNREPORTED:
            return [a.failsafe_ma[s] if mask & bit else 0 for bit in SITE_PHASES]
        age = ticks.elapsed_ms(now_ms, a.heard_ms[s])
        if a.silent[s]:
            kept = age <= a.settings.lease_ms + a.settings.lease_grace_ms
            reserve = self._last_known[s] if kept else a.failsafe_ma[s]
            return [reserve if mask & bit else 0 for bit in SITE_PHASES]
        told = self._told_ms[s]
        late = told is not None and ticks.elapsed_ms(now_ms, told) >= a.settings.follow_ms
        counts = late or a.noncompliant[s]
        return [
            max(g, m) if counts or not mask & bit else g
            for g, m, bit in zip(grant, measured, SITE_PHASES, strict=True)
        ]

    def _possible(self, s: int) -> list[int]:
        a = self._allocation
        mask = self._mask(s)
        grant = [a.grant_ma[s] if mask & bit else 0 for bit in SITE_PHASES]
        measured = [0, 0, 0] if self._silent(s) else list(a.measured_ma[3 * s : 3 * s + 3])
        return [max(g, m) for g, m in zip(grant, measured, strict=True)]

    def _bases(self) -> list[int]:
        """Return the base of every cell, from the leaves; a meter not to be trusted keeps its last own
        part, one that recovers may raise it.
        """
        a = self._allocation
        base = [0] * (3 * a.circuit_count)
        for n in reversed(range(a.circuit_count)):
            children = [c for c in range(a.circuit_count) if a.circuit_parent[c] == n]
            members = [s for s in range(a.station_count) if n in self._path[s] and not self._silent(s)]
            for phase in range(3):
                k = 3 * n + phase
                below = sum(base[3 * c + phase] for c in children)
                state = a.meter_state[n] if a.metered[n] else wire.METER_UNMETERED
                if state in (wire.METER_FRESH, wire.METER_RECOVERING) and a.feeder_ma[k] >= 0:
                    cars = sum(max(a.measured_ma[3 * s + phase], 0) for s in members)
                    least = 0 if state == wire.METER_FRESH else self._held_base[k]
                    self._held_base[k] = max(least, a.feeder_ma[k] - cars - below)
                base[k] = below + self._held_base[k]
        return base

    def _limit(self, n: int, k: int) -> int:
        """Return the limit of cell k; for a stale meter at most the static budget on top of the base it last
        showed.
        """
        a = self._allocation
        if a.metered[n] and a.meter_state[n] in (wire.METER_INVALID, wire.METER_UNMETERED):
            return self._bases()[k]
        if a.metered[n] and a.meter_state[n] == wire.METER_STALE:
            return int(min(a.fallback_ma[k] + self._bases()[k], a.limit_ma[k], a.cap_ma[k]))
        return int(min(a.limit_ma[k], a.cap_ma[k]))

    def _check_cell(self, k: int, room: int, members: list[int], counted: list[list[int]]) -> None:
        a = self._allocation
        total = sum(counted[s][k % 3] for s in members)
        on = [s for s in members if a.grant_ma[s] and self._mask(s) >> k % 3 & 1]
        if total > room and on:
            raise OracleBroken(f"R1: cell {k} holds {total} of {room} mA while stations {on} are on")

    def _check_raises(self, k: int, room: int, members: list[int], possible: list[list[int]]) -> None:
        a = self._allocation
        total = sum(possible[s][k % 3] for s in members)
        raised = [s for s in members if a.grant_ma[s] > self._grants[s] and self._mask(s) >> k % 3 & 1]
        if total > room and raised:
            raise OracleBroken(
                f"R1b: cell {k} may hold {total} of {room} mA and stations {raised} were raised"
            )
