"""Who is on this round: minimums in the order of class and turn (SPEC, Allocation; mirror:
csrc/src/admission.c).

R4, R15: a station is on if its minimum fits into what is left of every cell on its path; one that does not
fit is passed over, so that as many as possible stay on. Inside a class the rotation gives the order; a car
that leaves its offer unused comes after those of all classes. A station that was shed for lack of current a
moment ago needs a margin to start, so that it does not stop again at once. R13: a switchable station goes
to one phase when three do not fit.
"""

from evenload import wire
from evenload.circuits import take_from_path, tightest_cell
from evenload.columns import Columns
from evenload.phases import mask, terminal_count

_CLASS_COUNT = wire.ALLOCATION_PRIORITY_MAX + 1


class Admission:
    """The turns of one allocation's stations; the work arrays are sized by `index_classes`."""

    def __init__(self, columns: Columns):
        self._columns = columns
        self._classes = []
        self._chosen = [0] * columns.station_count
        self._places = [0] * _CLASS_COUNT
        self._counts = [0] * _CLASS_COUNT
        self._eligible = [0] * _CLASS_COUNT
        self._idle = [0] * _CLASS_COUNT

    def index_classes(self) -> None:
        """List the stations of every class; `priority` must be valid."""
        c = self._columns
        self._classes = [
            [s for s in range(c.station_count) if c.priority[s] == priority]
            for priority in range(_CLASS_COUNT)
        ]

    def take_turns(self) -> None:
        """Mark who is overdue and switch phases, by how the last round came out; before the ceilings are
        set.
        """
        c = self._columns
        for priority in range(_CLASS_COUNT):
            members = self._classes[priority]
            if members:
                self._mark_class(priority, members)
        if c.boundary:
            self._mark_bottlenecks()
        for s in range(c.station_count):
            if c.switchable[s] and c.present[s] and terminal_count(c.wiring[s]) == 3:
                self._choose_phases(s)

    def _mark_class(self, priority, members):
        c = self._columns
        places = 0
        count = 0
        for s in members:
            places += c.status[s] != wire.STATUS_OFF
            count += c.present[s]
        if c.boundary or places != self._places[priority] or count != self._counts[priority]:
            self._places[priority] = places
            self._counts[priority] = count
            c.rotation.mark_overdue(members, len(members), places)

    def _mark_bottlenecks(self):
        """Mark the overdue once more among those who share a circuit below the root that kept someone
        waiting.
        """
        c = self._columns
        for n in range(1, c.circuit_count):
            if c.crowded[n]:
                for priority in range(_CLASS_COUNT):
                    self._mark_below(n, priority)

    def _mark_below(self, n, priority):
        c = self._columns
        count = 0
        places = 0
        for i in range(c.first_member[n], c.last_member[n]):
            s = c.members[i]
            if c.priority[s] == priority:
                self._chosen[count] = s
                count += 1
                places += c.status[s] != wire.STATUS_OFF
        if count:
            c.rotation.mark_overdue(self._chosen, count, places)

    def _choose_phases(self, s):
        c = self._columns
        phases = c.phase_switch.choose(s, c.now_ms, self._spare_ma(s, 1), self._spare_ma(s, 3))
        if phases and phases != c.grant_phases[s]:
            c.grant_phases[s] = phases
            c.phase_mask[s] = mask(c.wiring[s], phases)
            c.push_event(wire.EVENT_PHASE_SWITCH, c.station_circuit[s], s, phases)

    def _spare_ma(self, s, phases):
        """Return what station s could have had last round on each of its first `phases` phases."""
        c = self._columns
        bits = mask(c.wiring[s], phases)
        own_ma = c.low_ma[s] if c.status[s] != wire.STATUS_OFF else 0
        least_ma = wire.NO_CAP_MA
        n = c.station_circuit[s]
        while n >= 0:
            for phase in range(3):
                if bits >> phase & 1:
                    spare_ma = c.spare_ma[3 * n + phase] + (own_ma if c.phase_mask[s] >> phase & 1 else 0)
                    least_ma = min(least_ma, spare_ma)
            n = c.circuit_parent[n]
        return least_ma

    def admit(self) -> int:
        """Take the minimums of who is on from room_ma and set their status and target; return the classes
        as bits.
        """
        c = self._columns
        self._sum_room()
        for n in range(c.circuit_count):
            c.crowded[n] = 0
        c.waiting_count = 0
        classes = 0
        for priority in range(_CLASS_COUNT):
            members = self._classes[priority]
            if members and self._admit_class(priority, members):
                classes |= 1 << priority
        for priority in range(_CLASS_COUNT):
            if self._idle[priority] and self._admit_idle(priority):
                classes |= 1 << priority
        for k in range(3 * c.circuit_count):
            c.spare_ma[k] = c.room_ma[k]
        return classes

    def _sum_room(self):
        c = self._columns
        room = c.room_ma
        for k in range(3 * c.circuit_count):
            room[k] = 0
        for s in range(c.station_count):
            k = 3 * c.station_circuit[s]
            for phase in range(3):
                room[k + phase] += c.over_ma[3 * s + phase]
        for n in range(c.circuit_count - 1, -1, -1):
            up = c.circuit_parent[n]
            for phase in range(3):
                k = 3 * n + phase
                if up >= 0:
                    room[3 * up + phase] += room[k]
                room[k] = c.available_ma[k] - room[k]

    def _admit_class(self, priority, members):
        c = self._columns
        eligible = c.rotation.order(members, len(members))
        admitted = 0
        self._eligible[priority] = eligible
        self._idle[priority] = 0
        for place in range(len(members)):
            s = members[place]
            if c.ceiling_ma[s] > 0:
                if place >= eligible:
                    c.cause[s] = wire.REASON_WAITING_TURN
                elif c.idle[s]:
                    self._idle[priority] += 1
                else:
                    admitted += self._try(s)
        return admitted

    def _admit_idle(self, priority):
        """Admit those of a class that leave their offer unused, after all who may use it."""
        c = self._columns
        members = self._classes[priority]
        admitted = 0
        for place in range(self._eligible[priority]):
            s = members[place]
            if c.idle[s] and c.ceiling_ma[s] > 0:
                admitted += self._try(s)
        return admitted

    def _try(self, s):
        """Admit station s if its minimum, and a margin if it was just shed, fits; return 1 if so, else 0."""
        c = self._columns
        low_ma = c.low_ma[s]
        needed_ma = low_ma
        if c.shed[s] and c.grant_ma[s] == 0 and c.switch_age_ms[s] < c.settings.on_min_ms:
            needed_ma += c.settings.start_margin_ma
        cell = tightest_cell(c, c.room_ma, s)
        if c.room_ma[cell] >= needed_ma:
            take_from_path(c, c.room_ma, s, low_ma)
            c.status[s] = wire.STATUS_ADMITTED
            c.target_ma[s] = low_ma
            return 1
        c.cause[s] = wire.REASON_WAITING_TURN
        c.limiting_circuit[s] = cell // 3
        c.limiting_phase[s] = cell % 3
        c.crowded[cell // 3] = 1
        c.waiting_count += 1
        return 0
