"""Many worlds at once, on all cores: a number of them, or as many as fit into some minutes."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any

from evenload_sim.cluster.storm import Storm, try_storm

US_PER_HOUR = 3_600_000_000
BROKEN_SHOWN_MAX = 20


def pooled(work: Callable[[Any], Any], jobs: list[Any], job_count: int) -> Iterator[Any]:
    """Yield `work(job)` of each job, in order, done by `job_count` processes."""
    if len(jobs) == 1 or job_count == 1:
        yield from map(work, jobs)
        return
    with ProcessPoolExecutor(job_count) as pool:
        yield from pool.map(work, jobs)


class Soak:
    """Storms of the seeds from `seed` on, `rounds` of them over each world."""

    def __init__(self, seed: int, rounds: int, job_count: int) -> None:
        self.rounds = rounds
        self.job_count = job_count
        self.storms: list[Storm] = []
        self._next_seed = seed
        self._submitted = 0
        self._started_s = time.monotonic()
        self._wall_s = 0.0

    def run(self, run_count: int | None, span_s: float) -> Iterator[float]:
        """Run `run_count` worlds, or worlds for `span_s`; yields the share that is done after each."""
        self._started_s = time.monotonic()
        for storm in self._storms(run_count, span_s):
            self.storms.append(storm)
            self._wall_s = time.monotonic() - self._started_s
            yield min(1.0, len(self.storms) / run_count if run_count else self._wall_s / span_s)

    def summary(self) -> dict[str, Any]:
        """Return the figures as `--json` prints them."""
        simulated_us = sum(storm.simulated_us for storm in self.storms)
        broken = [storm.broken for storm in self.storms if storm.broken]
        return {
            "runs": len(self.storms),
            "seed": self.storms[0].seed if self.storms else 0,
            "violations": len(broken),
            "broken": broken[:BROKEN_SHOWN_MAX],
            "faults": sum(sum(storm.faults.values()) for storm in self.storms),
            "transitions": sum(storm.events for storm in self.storms),
            "recovery_ms_max": max((storm.recovery_us_max for storm in self.storms), default=0) / 1000,
            "cluster_hours": simulated_us / US_PER_HOUR,
            "wall_s": self._wall_s,
            "times_real_time": simulated_us / 1_000_000 / self._wall_s if self._wall_s else 0.0,
        }

    def _storms(self, run_count: int | None, span_s: float) -> Iterable[Storm]:
        if self.job_count == 1:
            while self._is_wanted(run_count, span_s):
                yield try_storm(self._next_job())
            return
        with ProcessPoolExecutor(self.job_count) as pool:
            running: set[Future[Storm]] = set()
            while running or self._is_wanted(run_count, span_s):
                while len(running) < 2 * self.job_count and self._is_wanted(run_count, span_s):
                    running.add(pool.submit(try_storm, self._next_job()))
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from sorted((future.result() for future in done), key=lambda storm: storm.seed)

    def _is_wanted(self, run_count: int | None, span_s: float) -> bool:
        if run_count is None:
            return time.monotonic() - self._started_s < span_s
        return self._submitted < run_count

    def _next_job(self) -> tuple[int, int]:
        self._submitted += 1
        self._next_seed += 1
        return (self._next_seed - 1, self.rounds)
