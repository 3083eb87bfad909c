"""Electric vehicles as an EVSE meets them: slow to follow, in whole amperes, full sooner than hoped, and
moody.

The offer is the pilot's current. A vehicle follows after a dead time and then along a ramp (lag 1 .. 10 s
upward; at most 5 s downward, IEC 61851-1), takes whole amperes, tapers near the end of its battery, stops
below its own minimum (6 .. 10 A), may refuse to begin below a higher one, and may pause by itself.
"""

from dataclasses import dataclass

VOLTAGE_V = 230
SLEW_SPAN_MA = 32_000
PILOT_OFF_STOP_MS = 3_000
WATT_MS_PER_WH = 3_600_000


@dataclass(frozen=True)
class VehicleModel:
    """What a type of vehicle does; currents per phase.

    phases: 1 .. 3; rise_ms, fall_ms: time to follow the pilot up (1,000 .. 10,000) and down (<= 5,000);
    start_ma_min: it refuses to begin below this; pause_every_ms, pause_ms: it stops and restarts by itself
    (0 = never).
    """

    name: str
    phases: int
    current_ma_max: int
    current_ma_min: int = 6_000
    start_ma_min: int = 6_000
    rise_ms: int = 4_000
    fall_ms: int = 2_000
    capacity_wh: int = 60_000
    taper_from_permille: int = 800
    pause_every_ms: int = 0
    pause_ms: int = 0


MODELS = (
    VehicleModel("compact 3-phase 16 A", 3, 16_000, rise_ms=4_000, fall_ms=2_000, capacity_wh=58_000),
    VehicleModel("sedan 3-phase 16 A", 3, 16_000, rise_ms=8_000, fall_ms=3_000, capacity_wh=77_000),
    VehicleModel("city car 3-phase 32 A, 8 A at least", 3, 32_000, 8_000, 8_000, 10_000, 4_500, 52_000),
    VehicleModel("van 3-phase 32 A, 10 A at least", 3, 32_000, 10_000, 10_000, 6_000, 3_000, 75_000),
    VehicleModel("hatchback 1-phase 32 A", 1, 32_000, rise_ms=3_000, fall_ms=1_500, capacity_wh=40_000),
    VehicleModel("plug-in hybrid 1-phase 16 A", 1, 16_000, rise_ms=1_000, fall_ms=1_000, capacity_wh=13_000),
    VehicleModel("coupe 2-phase 16 A", 2, 16_000, rise_ms=5_000, fall_ms=2_500, capacity_wh=45_000),
    VehicleModel("old van 1-phase 16 A, starts at 8 A", 1, 16_000, 6_000, 8_000, 7_000, 5_000, 33_000),
    VehicleModel(
        "estate 3-phase 16 A, pauses", 3, 16_000, rise_ms=6_000, pause_every_ms=1_200_000, pause_ms=90_000
    ),
)


class Vehicle:
    """One vehicle on a cable.

    soc_permille: charge at arrival, 0 .. 1000; wanted_wh: what its driver wants before it stops by itself.
    """

    def __init__(self, model: VehicleModel, soc_permille: int, wanted_wh: int) -> None:
        self.model = model
        self.start_wh = model.capacity_wh * soc_permille // 1000
        self.wanted_wh = min(wanted_wh, model.capacity_wh - self.start_wh)
        self.current_ma = 0
        self.lines = 0
        self.ignores_pilot = False
        self._energy_watt_ms = 0
        self._aim_ma = 0
        self._next_aim_ma = 0
        self._dead_ms = -1
        self._drawing = False
        self._since_pause_ms = 0

    @property
    def energy_wh(self) -> int:
        """Return the energy taken since arrival."""
        return self._energy_watt_ms // WATT_MS_PER_WH

    @property
    def energy_watt_ms(self) -> int:
        """Return the energy taken since arrival in W ms, exact."""
        return self._energy_watt_ms

    @property
    def soc_permille(self) -> int:
        """Return the state of charge, 0 .. 1000."""
        return (self.start_wh + self.energy_wh) * 1000 // self.model.capacity_wh

    @property
    def wants_energy(self) -> bool:
        """Return whether it would charge if it were offered enough."""
        return self.energy_wh < self.wanted_wh and not self.is_pausing

    @property
    def is_done(self) -> bool:
        """Return whether its driver's wish is fulfilled."""
        return self.energy_wh >= self.wanted_wh

    @property
    def is_pausing(self) -> bool:
        """Return whether it has stopped by itself for a while."""
        model = self.model
        return model.pause_every_ms > 0 and self._since_pause_ms >= model.pause_every_ms

    def step(self, offered_ma: int, lines: int, delta_ms: int) -> None:
        """Live for `delta_ms` under an offer of `offered_ma` on `lines` phases (0 lines: the contactor is
        open).
        """
        self._age_pause(delta_ms)
        self._follow(self._wish_ma(offered_ma), offered_ma, delta_ms)
        self.lines = min(self.model.phases, lines)
        if lines == 0:
            self.current_ma = 0
        self._energy_watt_ms += self.current_ma * self.lines * VOLTAGE_V * delta_ms // 1000

    def _age_pause(self, delta_ms: int) -> None:
        if self.model.pause_every_ms and (self._drawing or self.is_pausing):
            self._since_pause_ms += delta_ms
            if self._since_pause_ms >= self.model.pause_every_ms + self.model.pause_ms:
                self._since_pause_ms = 0

    def _wish_ma(self, offered_ma: int) -> int:
        """Return what the battery would take of the offer, in whole amperes."""
        if self.ignores_pilot and self.wants_energy and offered_ma > 0:
            self._drawing = True
            return self.model.current_ma_max
        least_ma = self.model.current_ma_min if self._drawing else self.model.start_ma_min
        if not self.wants_energy or offered_ma < least_ma:
            self._drawing = False
            return 0
        self._drawing = True
        return min(offered_ma, self.model.current_ma_max, self._taper_ma()) // 1000 * 1000

    def _taper_ma(self) -> int:
        """Return the battery's own limit: full current below the taper, then a straight line to 1 A at
        full.
        """
        model = self.model
        if self.soc_permille <= model.taper_from_permille:
            return model.current_ma_max
        left = 1000 - self.soc_permille
        return max(1000, model.current_ma_max * left // (1000 - model.taper_from_permille))

    def _follow(self, wish_ma: int, offered_ma: int, delta_ms: int) -> None:
        """Half of the lag is dead time, half a ramp; a wish that changes during the dead time does not
        restart it.
        """
        falling = wish_ma < self.current_ma
        lag_ms = self.model.fall_ms if falling else self.model.rise_ms
        if offered_ma == 0:
            lag_ms = min(lag_ms, PILOT_OFF_STOP_MS)
        if wish_ma != self._next_aim_ma:
            self._next_aim_ma = wish_ma
            if self._dead_ms < 0:
                self._dead_ms = lag_ms // 2
        if self._dead_ms >= 0:
            self._dead_ms = min(self._dead_ms, lag_ms // 2) - delta_ms
            if self._dead_ms < 0:
                self._aim_ma = self._next_aim_ma
        span_ma = max(1, SLEW_SPAN_MA * delta_ms * 2 // lag_ms)
        if self.current_ma < self._aim_ma:
            self.current_ma = min(self._aim_ma, self.current_ma + span_ma)
        else:
            self.current_ma = max(self._aim_ma, self.current_ma - span_ma)
