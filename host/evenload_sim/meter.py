"""A meter set by hand: the requirement's MockMeterImpl, and the quick stand-in where no chip is needed."""

from evenload import ticks, wire
from evenload.meter import Meter, Reading

VOLTAGE_DV = 2_300
FREQUENCY_MHZ = 50_000


class SimulatedMeter(Meter):
    """A Meter that shows what it was told; polled like a real one, each 1,000 ms.

    Write `shown` (voltage_dv, current_ma, power_w_signed, energy_wh, frequency_mhz) with `show`;
    `connected` False makes every poll fail, `frozen` makes it repeat itself; `set_age` makes the last
    reading as old as wanted. Passes the meter port's contract.
    """

    def __init__(self, name: str = "", current_ma_max: int = wire.METER_CURRENT_MA_MAX_DEFAULT) -> None:
        super().__init__(name, current_ma_max)
        self.shown = Reading()
        self.shown.set(VOLTAGE_DV, 0, 0, 0, FREQUENCY_MHZ)
        self.connected = True
        self.frozen = False
        self._poll_due_ms: int | None = None

    def show(self, voltage_dv: int, current_ma: int, power_w: int, energy_wh: int) -> None:
        """Set what the next polls read: 0.1 V, mA, W with its sign, Wh."""
        self.shown.set(voltage_dv, current_ma, power_w, energy_wh, FREQUENCY_MHZ)

    def show_current(self, current_ma: int) -> None:
        """Set the current in mA and the power that goes with it; the rest stays."""
        shown = self.shown
        self.show(shown.voltage_dv, current_ma, current_ma * shown.voltage_dv // 10_000, shown.energy_wh)

    def set_age(self, now_ms: int, age_ms: int) -> None:
        """Make the last reading `age_ms` old at `now_ms`; takes what is shown now."""
        self.accept(ticks.add_ms(now_ms, -age_ms), self.shown)

    def step(self, now_ms: int) -> None:
        """Poll when due."""
        if self._poll_due_ms is not None and not ticks.is_due(now_ms, self._poll_due_ms):
            return
        self._poll_due_ms = ticks.add_ms(now_ms, wire.METER_POLL_PERIOD_MS)
        if self.connected and self.frozen:
            self.freeze(now_ms)
        elif self.connected:
            self.accept(now_ms, self.shown)
        else:
            self.fail(now_ms)
