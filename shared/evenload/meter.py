"""Meter: the port every electricity meter implements (requirement IMeter; SPEC, Meter).

One Meter measures one phase. A driver subclasses it, overrides `step`, and hands in what happened through
four calls: `accept` a whole reading, `fail` for a poll without one, `freeze` for a reading that can't be
new, `reset` when the chip restarted. Nothing else happens inside them: `tick` judges, at the owner's pace.

    INVALID      never read, or stale for `invalid_after_ms` (10 min)   suspend
    FRESH        the newest good reading is younger than 3 s            normal
    STALE        3 s without one, or disconnected, or frozen            fallback
    IMPLAUSIBLE  the last reading was impossible                        hold
    RECOVERING   one good reading since; a second one makes it FRESH    ramp

A static budget bridges an outage; it is no way to live. So a meter that stays lost becomes INVALID, unless
`invalid_after_ms` is 0. Every way to FRESH takes two consecutive good readings, the first start included.
The state is latched: once stale, a meter stays so until it has recovered, however often the ring of `ticks`
goes round meanwhile.

The age counts from `sample_ms`, the time of the REQUEST whose answer the reading is; the chip's registers
may be older by their refresh period (BL0942: 400 or 800 ms), which the age does not contain. A frozen meter
(its registers have not moved for 10 readings) is stale at once: what it says is as old as the first of
them.
"""

from evenload import ticks, wire

_U16_MAX = 0xFFFF
_U32_MAX = 0xFFFFFFFF
_AGE_MS_MAX = 1 << 28
_EVENT_COUNT_MAX = 16


class Reading:
    """One reading of one phase, whole: every column comes from the same answer of the meter.

    voltage_dv 0.1 V; current_ma and current_da (0.1 A, rounded up: a measured load is never understated);
    power_w without and power_w_signed with its sign (into the site is positive); energy_wh; frequency_mhz.
    """

    def __init__(self):
        self.set(0, 0, 0, 0, 0)

    def set(self, voltage_dv: int, current_ma: int, power_w_signed: int, energy_wh: int, frequency_mhz: int):
        """Write every column; values beyond what IMeter's u16 and u32 hold stay at their maximum."""
        self.voltage_dv = min(voltage_dv, _U16_MAX)
        self.current_ma = current_ma
        self.current_da = min((current_ma + 99) // 100, _U16_MAX)
        self.power_w_signed = power_w_signed
        self.power_w = min(abs(power_w_signed), _U32_MAX)
        self.energy_wh = energy_wh & _U32_MAX
        self.frequency_mhz = frequency_mhz

    def copy_from(self, other: "Reading"):
        """Take every column of `other`."""
        self.set(
            other.voltage_dv, other.current_ma, other.power_w_signed, other.energy_wh, other.frequency_mhz
        )


class Meter:
    """The port. `name` is the word people know the meter by; current_ma_max bounds what is plausible.

    Columns: `reading` (the last good one), `state` METER_*, `age_ms` of the reading (None: never), counters
    `accepted_count failed_count implausible_voltage_count implausible_current_count frozen_count reset_count
    outage_count events_dropped`.
    """

    def __init__(self, name: str = "", current_ma_max: int = wire.METER_CURRENT_MA_MAX_DEFAULT):
        self.name = name
        self.current_ma_max = current_ma_max
        self.invalid_after_ms = wire.METER_INVALID_AFTER_MS
        self.refresh_ms = 0  # How much older than its request a reading may be: the chip's refresh.
        self.reading = Reading()
        self.state = wire.METER_INVALID
        self.age_ms = None
        self.accepted_count = 0
        self.failed_count = 0
        self.implausible_voltage_count = 0
        self.implausible_current_count = 0
        self.frozen_count = 0
        self.reset_count = 0
        self.outage_count = 0
        self.events_dropped = 0
        self._sample_ms = None
        self._aged_sample_ms = None
        self._ticked_ms = None
        self._fallen = (
            wire.METER_INVALID
        )  # What is left once no recovery is under way; FRESH if nothing is wrong.
        self._good_count = 0
        self._missed_count = 0  # Failed polls in a row.
        self._causes = 0  # Why the last reading was impossible, METER_CAUSE_* bits.
        self._frozen = False
        self._was_fresh = False
        self._reported = 0  # Events queued since the meter was last fresh, as bits.
        self._wrong_ms = 0  # How long it has not been fresh.
        self._callback = None
        self._event_codes = [0] * _EVENT_COUNT_MAX
        self._event_values = [0] * _EVENT_COUNT_MAX
        self._event_count = 0

    # The requirement's IMeter, with its names and units.

    def get_voltage(self) -> int:
        """Return the voltage in 0.1 V, 0 .. 65535."""
        return self.reading.voltage_dv

    def get_current(self) -> int:
        """Return the current in 0.1 A, rounded up, 0 .. 65535."""
        return self.reading.current_da

    def get_power(self) -> int:
        """Return the active power in W without its sign, u32; `power_w_signed` has it."""
        return self.reading.power_w

    def get_energy(self) -> int:
        """Return the energy in 0.001 kWh, u32."""
        return self.reading.energy_wh

    def is_connected(self) -> bool:
        """Return whether the meter has answered and fewer than 3 polls in a row have failed since."""
        answered = self._sample_ms is not None or self._causes != 0 or self._frozen
        return answered and self._missed_count < wire.METER_FAILED_POLLS_MAX

    def get_last_update_timestamp(self) -> int | None:
        """Return the ring time of the last good reading's request; None, and only None, means never."""
        return self._sample_ms

    def register_disconnect_callback(self, callback):
        """Have `callback(stale_duration_ms)` called by `tick`, once per outage; None unregisters it."""
        self._callback = callback

    @property
    def power_w_signed(self) -> int:
        """Return the active power in W with its sign."""
        return self.reading.power_w_signed

    @property
    def is_frozen(self) -> bool:
        """Return whether the last reading could not have been new."""
        return self._frozen

    # What a driver does.

    def step(self, now_ms: int):
        """Poll when due and take in what arrived, without waiting; a meter without a line does nothing."""

    def counters(self) -> dict:
        """Return what a driver counts beyond the columns of the port, by name, JSON-ready."""
        return {}

    def accept(self, sample_ms: int, reading: Reading) -> bool:
        """Take a whole reading asked for at `sample_ms`; return whether it was plausible.

        An impossible one (voltage 0 with current; current above current_ma_max) is counted by its cause,
        changes no column and doesn't refresh the age.
        """
        self._missed_count = 0
        self._frozen = False
        self._causes = self._find_causes(reading)
        if self._causes:
            self._good_count = 0
            return False
        self.reading.copy_from(reading)
        self._sample_ms = sample_ms
        self._good_count = min(self._good_count + 1, wire.METER_GOOD_READINGS_TO_RECOVER)
        self.accepted_count += 1
        return True

    def fail(self, now_ms: int):  # noqa: ARG002 - every report of a driver carries its time
        """Count a poll that brought no reading; the third in a row means disconnected."""
        self.failed_count += 1
        self._missed_count = min(self._missed_count + 1, wire.METER_FAILED_POLLS_MAX)
        self._good_count = 0

    def freeze(self, now_ms: int):  # noqa: ARG002
        """Count a reading equal to its 10 predecessors in every bit: the chip answers, measuring nothing."""
        self.frozen_count += 1
        self._missed_count = 0
        self._frozen = True
        self._good_count = 0

    def reset(self, now_ms: int):  # noqa: ARG002
        """Count a restart of the metering chip."""
        self.reset_count += 1
        self._push_event(wire.EVENT_METER_RESET, self.reset_count)

    # What the owner does.

    def tick(self, now_ms: int):
        """Judge: latch `state`, `age_ms` and events, and call back once when an outage begins."""
        self._grow_age(now_ms)
        if self._missed_count >= wire.METER_FAILED_POLLS_MAX:
            self._report(wire.EVENT_METER_DISCONNECTED, self._missed_count)
        if self._frozen:
            self._report(wire.EVENT_METER_FROZEN, self.frozen_count)
        self._report_causes()
        if self._sample_ms is not None:
            if self._is_stale():
                self._fall_stale()
            elif self._causes and self._fallen == wire.METER_FRESH:
                self._fallen = wire.METER_IMPLAUSIBLE
            elif self._good_count >= wire.METER_GOOD_READINGS_TO_RECOVER:
                self._recover()
        recovering = self._good_count > 0 and self._fallen != wire.METER_FRESH
        self.state = wire.METER_RECOVERING if recovering else self._fallen

    def take_events(self) -> list:
        """Return and forget the queued (EVENT_METER_* code, value), oldest first.

        The value is the age in ms (stale), a METER_CAUSE_* (implausible), ms until recovery (recovered) or a
        count.
        """
        taken = [(self._event_codes[i], self._event_values[i]) for i in range(self._event_count)]
        self._event_count = 0
        return taken

    def _find_causes(self, reading):
        causes = 0
        if reading.voltage_dv == 0 and reading.current_ma > 0:
            causes |= wire.METER_CAUSE_VOLTAGE_ZERO
            self.implausible_voltage_count += 1
        if reading.current_ma > self.current_ma_max:
            causes |= wire.METER_CAUSE_CURRENT_ABOVE_MAX
            self.implausible_current_count += 1
        return causes

    def _grow_age(self, now_ms):
        since_ms = 0 if self._ticked_ms is None else max(ticks.elapsed_ms(now_ms, self._ticked_ms), 0)
        self._ticked_ms = now_ms
        if self._fallen != wire.METER_FRESH:
            self._wrong_ms = min(self._wrong_ms + since_ms, _AGE_MS_MAX)
        if self._sample_ms is None:
            return
        if self._sample_ms != self._aged_sample_ms:
            self._aged_sample_ms = self._sample_ms
            self.age_ms = max(ticks.elapsed_ms(now_ms, self._sample_ms), 0)
        else:
            self.age_ms = min(self.age_ms + since_ms, _AGE_MS_MAX)

    def _is_stale(self):
        if self._frozen or self._missed_count >= wire.METER_FAILED_POLLS_MAX:
            return True
        return self.age_ms >= wire.METER_STALE_THRESHOLD_MS

    def _fall_stale(self):
        self._good_count = 0
        if self._fallen == wire.METER_INVALID:
            return
        self._fallen = wire.METER_STALE
        if 0 < self.invalid_after_ms <= self.age_ms:
            self._fallen = wire.METER_INVALID
        if self._report(wire.EVENT_METER_STALE, self.age_ms):
            self.outage_count += 1
            if self._callback is not None:
                self._callback(self.age_ms)

    def _recover(self):
        if self._fallen != wire.METER_FRESH and self._was_fresh:
            self._push_event(wire.EVENT_METER_RECOVERED, self._wrong_ms)
        self._fallen = wire.METER_FRESH
        self._was_fresh = True
        self._reported = 0
        self._wrong_ms = 0

    def _report_causes(self):
        if self._causes & wire.METER_CAUSE_VOLTAGE_ZERO:
            self._report(wire.EVENT_METER_IMPLAUSIBLE, wire.METER_CAUSE_VOLTAGE_ZERO)
        if self._causes & wire.METER_CAUSE_CURRENT_ABOVE_MAX:
            self._report(wire.EVENT_METER_IMPLAUSIBLE, wire.METER_CAUSE_CURRENT_ABOVE_MAX)

    def _report(self, code, value):
        """Queue an event unless it was queued since the meter was last fresh; return whether it is new."""
        shift = code - wire.EVENT_METER_STALE
        if code == wire.EVENT_METER_IMPLAUSIBLE:
            shift = 8 + value  # Each cause is its own event.
        if self._reported >> shift & 1:
            return False
        self._reported |= 1 << shift
        self._push_event(code, value)
        return True

    def _push_event(self, code, value):
        if self._event_count == _EVENT_COUNT_MAX:
            self.events_dropped += 1
            return
        self._event_codes[self._event_count] = code
        self._event_values[self._event_count] = value
        self._event_count += 1


def check_freshness(meter: Meter | None, now_ms: int) -> int:
    """Return the METER_* state to act on now: INVALID without a meter, else the worst of latch and age."""
    if meter is None or meter.get_last_update_timestamp() is None:
        return wire.METER_INVALID
    if meter.state in (wire.METER_INVALID, wire.METER_STALE):
        return meter.state
    age_ms = ticks.elapsed_ms(now_ms, meter.get_last_update_timestamp())
    too_old = age_ms < 0 or age_ms >= wire.METER_STALE_THRESHOLD_MS
    return wire.METER_STALE if too_old else meter.state
