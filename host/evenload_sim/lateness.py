"""How late something was done: a histogram that costs the same however much it has seen."""

STEP_US = 10
STEP_COUNT = 2000  # Up to 20 ms in steps; what is later counts as later.


class Lateness:
    """Counts of lateness in steps of 10 us. `count`, `max_us`: of all that were added."""

    def __init__(self) -> None:
        self.count = 0
        self.max_us = 0
        self._steps = [0] * (STEP_COUNT + 1)

    def add(self, late_us: int) -> None:
        """Count something that was done `late_us` after its time; what came early was in time."""
        late_us = max(0, late_us)
        self.count += 1
        self.max_us = max(self.max_us, late_us)
        self._steps[min(late_us // STEP_US, STEP_COUNT)] += 1

    def add_all(self, other: "Lateness") -> None:
        """Count what `other` has counted."""
        self.count += other.count
        self.max_us = max(self.max_us, other.max_us)
        self._steps = [mine + others for mine, others in zip(self._steps, other._steps, strict=True)]

    def percentile_us(self, percent: float) -> int:
        """Return the lateness that `percent` of all did not exceed, rounded up to a step and never above the max."""
        left = self.count * percent / 100
        for step, count in enumerate(self._steps[:-1]):
            left -= count
            if left <= 0:
                return min(self.max_us, (step + 1) * STEP_US)
        return self.max_us

    def summary(self) -> dict[str, int]:
        """Return count, p50_us, p99_us and max_us."""
        return {
            "count": self.count,
            "p50_us": self.percentile_us(50),
            "p99_us": self.percentile_us(99),
            "max_us": self.max_us,
        }
