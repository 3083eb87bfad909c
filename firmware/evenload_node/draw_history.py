"""What the stations drew at each of the last passes, so that a feeder's sample meets the draws of its own time.

A feeder's sample is up to one poll old when a round uses it; the stations' reports are not. After a cut the
stations draw less before the meter has seen it, and the difference would look like a building that has just
grown by the whole cut: stations that had been throttled would be stopped. So a sample is moved to the present
first, by what the stations' draws have changed since it was taken (SPEC, Charger role).
"""

from evenload import ticks, wire

PASS_COUNT = 32


class DrawHistory:
    """Sums of the stations' draws per cell (3 * circuit + phase) over the last PASS_COUNT passes.

    circuit_parent: parent index per circuit, parents first; station_circuit: circuit index per station.
    """

    def __init__(self, circuit_parent: list[int], station_circuit: list[int]):
        self._parents = circuit_parent
        self._circuits = station_circuit
        self._cell_count = 3 * len(circuit_parent)
        self._sum_ma = [0] * (self._cell_count * PASS_COUNT)
        self._pass_ms = [0] * PASS_COUNT
        self._newest = -1
        self._count = 0

    def note(self, now_ms: int, stations: list):
        """Take the draws that `stations` (StationPort each) report at ring time `now_ms`."""
        self._newest = (self._newest + 1) % PASS_COUNT
        self._count = min(self._count + 1, PASS_COUNT)
        self._pass_ms[self._newest] = now_ms
        sum_ma = self._sum_ma
        base = self._newest * self._cell_count
        for k in range(base, base + self._cell_count):
            sum_ma[k] = 0
        for s in range(len(stations)):
            measured_ma = stations[s].report().measured_ma
            n = self._circuits[s]
            for phase in range(3):
                if measured_ma[phase] > 0:
                    sum_ma[base + 3 * n + phase] += measured_ma[phase]
        for n in range(len(self._parents) - 1, 0, -1):
            for phase in range(3):
                sum_ma[base + 3 * self._parents[n] + phase] += sum_ma[base + 3 * n + phase]

    def moved_ma(self, feeder_ma: int, cell: int, sample_ms: int, refresh_ms: int) -> int:
        """Return `feeder_ma`, asked for at ring time `sample_ms`, as it would be with the draws of now; >= 0.

        The meter measured at some moment of the `refresh_ms` before it was asked. The largest draws of that time
        are taken for those of the sample: a ramp of vehicles must not look like a building that grows, or they
        would stop each other. What that may hide, the change of one refresh period, the next sample shows. A
        feeder that was never measured stays so.
        """
        if feeder_ma < 0 or self._count == 0:
            return feeder_ma
        place = self._newest
        now_ma = self._sum_ma[place * self._cell_count + cell]
        then_ma = -1
        for _ in range(self._count):
            age_ms = ticks.elapsed_ms(sample_ms, self._pass_ms[place])
            if age_ms >= 0:
                then_ma = max(then_ma, self._sum_ma[place * self._cell_count + cell])
                if age_ms >= refresh_ms:
                    break
            place = (place - 1) % PASS_COUNT
        if then_ma < 0:  # Asked before the first pass that is remembered: nothing is known of that time.
            return feeder_ma
        return max(0, min(feeder_ma + now_ma - then_ma, wire.NO_CAP_MA))
