"""The stable current tracker of requirement 4.4 (UpdateStableCurrentTracker). Mirror: csrc/src/tracker.c.

`Tracker(count)` tracks `count` stations at once. Columns: `stable_ma[i]`, `sample_count[i]` (0..3) and
`sample_ma[3 * i + k]` (k = 0 is the oldest). Methods: `on_sample(index, actual_ma, limit_ma)`,
`reset(index)`.

The rule. An EV within 2 A of its limit follows it: the samples are forgotten. An EV further away gives a
sample. Three samples that lie within 4 A of each other are stable: the EV, not the limit, decides.
`stable_ma` is then the largest of the three, because what is kept for a load must not be less than the
load. The difference to the limit is given away by the allocator, which adds its own margin and its own
waiting time (R5).

A fourth sample pushes the oldest of the three out (a sliding window): stability is judged anew with each
sample, so an EV that begins to move loses `stable_ma` with the first sample that stretches the window
beyond 4 A, and is stable again as soon as three neighbouring samples agree. A change of the limit does not
empty the window: the samples are currents, not differences.
"""

from evenload.wire import NOT_MEASURED_MA, TRACKER_NEAR_MA, TRACKER_SAMPLE_COUNT, TRACKER_SPREAD_MA


class Tracker:
    """`count` trackers, sized at construction; users only read the columns."""

    def __init__(self, count: int):
        self.count = count
        self.stable_ma = [NOT_MEASURED_MA] * count
        self.sample_count = [0] * count
        self.sample_ma = [0] * (TRACKER_SAMPLE_COUNT * count)

    def reset(self, index: int) -> None:
        """Forget the samples of a station: its car left, or its meter is no longer believed."""
        self.sample_count[index] = 0
        self.stable_ma[index] = NOT_MEASURED_MA

    def on_sample(self, index: int, actual_ma: int, limit_ma: int) -> None:
        """Take one sample: measured current of the largest phase and the limit in force; 0 .. 2^29 mA.

        A negative `actual_ma` (not measured) is no evidence and forgets the samples.
        """
        difference_ma = actual_ma - limit_ma
        if actual_ma < 0 or -TRACKER_NEAR_MA <= difference_ma <= TRACKER_NEAR_MA:
            self.reset(index)
            return
        sample_ma = self.sample_ma
        first = TRACKER_SAMPLE_COUNT * index
        taken_count = self.sample_count[index]
        if taken_count == TRACKER_SAMPLE_COUNT:
            sample_ma[first] = sample_ma[first + 1]
            sample_ma[first + 1] = sample_ma[first + 2]
            taken_count -= 1
        sample_ma[first + taken_count] = actual_ma
        self.sample_count[index] = taken_count + 1
        self.stable_ma[index] = NOT_MEASURED_MA
        if taken_count + 1 == TRACKER_SAMPLE_COUNT:
            self._judge(index, first)

    def _judge(self, index, first):
        least_ma = most_ma = self.sample_ma[first]
        for place in range(first + 1, first + TRACKER_SAMPLE_COUNT):
            sample_ma = self.sample_ma[place]
            if sample_ma < least_ma:
                least_ma = sample_ma
            elif sample_ma > most_ma:
                most_ma = sample_ma
        if most_ma - least_ma <= TRACKER_SPREAD_MA:
            self.stable_ma[index] = most_ma
