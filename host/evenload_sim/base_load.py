"""The building's load beside the chargers: real homes hour by hour, synthetic appliances second by second.

Eight measured homes (base_load_data/NOTICE) are spread over the three phases and interpolated between the
middles of their hours. On top run appliances that switch within seconds; they are drawn from a seeded
generator, are SYNTHETIC, and are counted apart so that a page can say so.
"""

import csv
from functools import cache
from importlib.resources import files

from evenload.core import kernel

HOUR_MS = 3_600_000
HOMES_OF_PHASE = ((0, 3, 6), (1, 4, 7), (2, 5))
VOLTAGE_V = 230
# Synthetic appliances: (watts, shortest and longest on time, shortest and longest off time in seconds) of
# one phase.
APPLIANCES = (
    (110, 240, 900, 600, 2_400),  # refrigerator compressor
    (2_000, 90, 210, 1_800, 14_400),  # kettle
    (1_200, 60, 360, 2_700, 21_600),  # microwave oven
    (1_800, 20, 60, 120, 3_600),  # hob zone, cycling
    (700, 5, 40, 30, 1_800),  # lift or pump starting
)


@cache
def homes_w() -> tuple[tuple[int, ...], ...]:
    """Return mean watts per hour of homes 1 .. 8: 2,016 rows of 8."""
    text = (files("evenload_sim") / "base_load_data" / "homes.csv").read_text()
    return tuple(tuple(int(cell) for cell in row[3:]) for row in list(csv.reader(text.splitlines()))[1:])


class BaseLoad:
    """Load of the building per phase.

    seed: of the synthetic appliances; start_hour: row of homes.csv that time 0 is in (hour 0 of a day is a
    multiple of 24); scale_percent: multiplies the measured homes, to make a larger building of them.
    """

    def __init__(self, seed: int, start_hour: int = 0, scale_percent: int = 100) -> None:
        self.start_hour = start_hour
        self.scale_percent = scale_percent
        self.homes_w = [0, 0, 0]
        self.synthetic_w = [0, 0, 0]
        self.surge_ma = [0, 0, 0]
        self.is_quiet = False  # No synthetic appliances.
        self._random = kernel("random32").Random32(seed)
        self._on = [[False] * len(APPLIANCES) for _ in range(3)]
        self._switch_elapsed_ms = [[self._draw_ms(*row[3:5]) for row in APPLIANCES] for _ in range(3)]
        self._hours_next_elapsed_ms = 0
        self.step(0)

    def step(self, elapsed_ms: int) -> None:
        """Move to `elapsed_ms` since the start; never backward."""
        if elapsed_ms >= self._hours_next_elapsed_ms:
            self._hours_next_elapsed_ms = elapsed_ms + 1000
            for phase in range(3):
                self.homes_w[phase] = self._interpolated_w(elapsed_ms, phase)
        for phase in range(0 if self.is_quiet else 3):
            for index, switch_elapsed_ms in enumerate(self._switch_elapsed_ms[phase]):
                if elapsed_ms >= switch_elapsed_ms:
                    self._switch(elapsed_ms, phase, index)

    def current_ma(self, phase: int) -> int:
        """Return the phase's current, rounded up, a surge fault included."""
        watts = self.homes_w[phase] + self.synthetic_w[phase]
        return -(-watts * 1000 // VOLTAGE_V) + self.surge_ma[phase]

    def _switch(self, elapsed_ms: int, phase: int, index: int) -> None:
        watts, on_min_s, on_max_s, off_min_s, off_max_s = APPLIANCES[index]
        is_on = not self._on[phase][index]
        self._on[phase][index] = is_on
        self.synthetic_w[phase] += watts if is_on else -watts
        span = (on_min_s, on_max_s) if is_on else (off_min_s, off_max_s)
        self._switch_elapsed_ms[phase][index] = elapsed_ms + self._draw_ms(*span)

    def _draw_ms(self, least_s: int, most_s: int) -> int:
        return 1000 * (least_s + int(self._random.below(most_s - least_s + 1)))

    def _interpolated_w(self, elapsed_ms: int, phase: int) -> int:
        """Return the phase's homes between the middles of two hours, scaled, in whole watts."""
        rows = homes_w()
        shifted_ms = elapsed_ms + self.start_hour * HOUR_MS - HOUR_MS // 2
        hour, into_ms = divmod(shifted_ms, HOUR_MS)
        before, after = rows[hour % len(rows)], rows[(hour + 1) % len(rows)]
        first_w = sum(before[home] for home in HOMES_OF_PHASE[phase])
        second_w = sum(after[home] for home in HOMES_OF_PHASE[phase])
        watts = first_w + (second_w - first_w) * into_ms // HOUR_MS
        return watts * self.scale_percent // 100
