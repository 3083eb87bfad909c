"""The BL0942 as a Meter: polls one chip each second over a shared line, never waiting (SPEC, Meter).

A poll is a chain of plans, each a row of operations that are done one after the other, 25 ms apart:

    break   after a failed poll: a slow 0x00 holds the line low for 36 bit times and resets the chip's UART
    read    one packet, or the five registers of the requirement (all five good, or none counts)
    check   every CHECK_POLLS polls: MODE and a marker register are what they were set to
    set     if not: unlock, MODE, marker, lock, and read back

A chip that browned out comes back with its defaults and its energy counter at 0. The marker (I_FAST_RMS_TH, whose
output is not used) differs from its default, so that a restart shows even where MODE is the default anyway.
A reading is as old as its request, whatever the line does with the answer.
"""

from array import array

from evenload import ticks, wire
from evenload.core import kernel
from evenload.meter import Meter, Reading

bl0942 = kernel("bl0942")
units = kernel("bl0942_units")

REPLY_TIMEOUT_MS = 250
REFRESH_MS = 400
CHECK_POLLS = 10
MARKER_REGISTER = 0x15
MARKER = 0xFFFE
VOLTAGE_V_MAX = 260
_READ_SIZE = 64
_RECEIVED_MAX = 32
_CAPTURE_PACKETS = 8

# Operations: 0 .. 0xFF read that register (0xAA: the packet); the others are these.
_UNLOCK = 0x100
_WRITE_MODE = 0x101
_WRITE_MARKER = 0x102
_LOCK = 0x103
_BAUD_SLOW = 0x104
_ZERO = 0x105
_BAUD = 0x106
_PLAN_PACKET = (wire.BL0942_REGISTER_PACKET,)
_PLAN_REGISTERS = (
    wire.BL0942_REGISTER_I_RMS,
    wire.BL0942_REGISTER_V_RMS,
    wire.BL0942_REGISTER_WATT,
    wire.BL0942_REGISTER_CF_CNT,
    wire.BL0942_REGISTER_FREQ,
)
_PLAN_CHECK = (wire.BL0942_REGISTER_MODE, MARKER_REGISTER)
_PLAN_SET = (_UNLOCK, _WRITE_MODE, _WRITE_MARKER, _LOCK, wire.BL0942_REGISTER_MODE, MARKER_REGISTER)
_PLAN_BREAK = (_BAUD_SLOW, _ZERO, _BAUD)
_STAGE_IDLE = 0
_STAGE_BREAK = 1
_STAGE_READ = 2
_STAGE_CHECK = 3
_STAGE_SET = 4
# Which field of a packet a register is.
_FIELD_OF_REGISTER = {
    wire.BL0942_REGISTER_I_RMS: wire.BL0942_FIELD_I_RMS,
    wire.BL0942_REGISTER_V_RMS: wire.BL0942_FIELD_V_RMS,
    wire.BL0942_REGISTER_WATT: wire.BL0942_FIELD_WATT,
    wire.BL0942_REGISTER_CF_CNT: wire.BL0942_FIELD_CF_CNT,
    wire.BL0942_REGISTER_FREQ: wire.BL0942_FIELD_FREQ,
}


class Bl0942Settings:
    """What differs from chip to chip. counts: CalibrationCounts; sign: BL0942_SIGN_*."""

    def __init__(self, counts, name: str = "", address: int = 0):
        self.counts = counts
        self.name = name
        self.address = address
        self.by_registers = False
        self.sign = wire.BL0942_SIGN_SIGNED
        self.line_frequency_hz = 50
        self.current_ma_max = wire.METER_CURRENT_MA_MAX_DEFAULT


class Bl0942Meter(Meter):
    """One chip on a Bl0942Bus. Beyond Meter's counters: `capture` (packets, dropped_bytes, bad_checksum,
    implausible), timeout_count, port_error_count (polls without a port), unmatched_count (replies too many),
    break_count, set_count.
    """

    def __init__(self, bus, settings: Bl0942Settings):
        super().__init__(settings.name, settings.current_ma_max)
        counts = settings.counts
        self.refresh_ms = REFRESH_MS
        self.bus = bus
        self.capture = bl0942.Capture(_CAPTURE_PACKETS)
        self.timeout_count = 0
        self.port_error_count = 0
        self.unmatched_count = 0
        self.break_count = 0
        self.set_count = 0
        self._address = settings.address
        self._read_plan = _PLAN_REGISTERS if settings.by_registers else _PLAN_PACKET
        self._sign = settings.sign
        self._mode = _mode_for(settings.line_frequency_hz, bus.baud)
        self._calibration = units.Calibration(
            counts.voltage_ucounts, counts.current_ucounts, counts.power_ucounts, counts.frequency_ucounts
        )
        power_w_max = max(settings.current_ma_max * VOLTAGE_V_MAX // 1000, 1)
        self._energy = units.EnergyCounter(counts.energy_ucounts, power_w_max)
        self._watch = units.FrozenWatch()
        self._parser = bl0942.Parser(settings.address, self.capture)
        self._fields = array("i", [0] * wire.BL0942_FIELD_COUNT)
        self._draft = Reading()
        self._frame = bytearray(wire.BL0942_WRITE_SIZE)
        self._received = bytearray()
        self._stage = _STAGE_IDLE
        self._plan = ()
        self._place = 0
        self._asked = False
        self._asked_ms = 0
        self._first_asked_ms = 0
        self._gap_ms = 0
        self._due_ms = None
        self._polls_to_check = 0
        self._mode_read = 0
        self._is_set = False  # MODE and marker have been seen as they should be.
        self._reset_seen = False  # The restart that a check will find was told by the energy counter already.
        self._break_wanted = False

    def step(self, now_ms: int):
        """Go on with the poll under way, or begin one that is due; returns at once."""
        if not self.bus.port.reopen(now_ms):
            if self._stage != _STAGE_IDLE or self._is_poll_due(now_ms):
                self.port_error_count += 1
                self._miss(now_ms)
            return
        try:
            self._go_on(now_ms)
        except OSError:
            self.port_error_count += 1
            self._miss(now_ms)

    def counters(self) -> dict:
        """Return every counter of the chip and its line, JSON-ready."""
        capture = self.capture
        return {
            "packets": capture.packets,
            "dropped_bytes": capture.dropped_bytes,
            "bad_checksum": capture.bad_checksum,
            "implausible": capture.implausible,
            "timeout": self.timeout_count,
            "port_error": self.port_error_count,
            "unmatched": self.unmatched_count,
            "stray_bytes": self.bus.stray_bytes,
            "break": self.break_count,
            "set_up": self.set_count,
        }

    def _is_poll_due(self, now_ms):
        """Return whether a poll begins now, and set the time of the next one."""
        if self._due_ms is None:
            self._due_ms = now_ms
        late_ms = ticks.elapsed_ms(now_ms, self._due_ms)
        if 0 <= late_ms:
            kept = self._due_ms if late_ms < wire.METER_POLL_PERIOD_MS else now_ms
            self._due_ms = ticks.add_ms(kept, wire.METER_POLL_PERIOD_MS)
            return True
        if late_ms < -wire.METER_POLL_PERIOD_MS:
            self._due_ms = now_ms  # The clock went backwards: start over.
        return False

    def _go_on(self, now_ms):
        if self._stage == _STAGE_IDLE:
            waiting = self._due_ms is not None and not ticks.is_due(now_ms, self._due_ms)
            if waiting or not self.bus.take(self, now_ms):
                return
            self._is_poll_due(now_ms)
            self._gap_ms = now_ms
            self._enter(_STAGE_BREAK if self._break_wanted else _STAGE_READ)
        while self._stage != _STAGE_IDLE:
            if self._asked and not self._hear(now_ms):
                return
            if self._stage == _STAGE_IDLE or not ticks.is_due(now_ms, self._gap_ms):
                return
            if self._place == len(self._plan):
                self._finish(now_ms)
            else:
                self._do(self._plan[self._place], now_ms)

    def _enter(self, stage):
        plans = ((), _PLAN_BREAK, self._read_plan, _PLAN_CHECK, _PLAN_SET)
        self._stage = stage
        self._plan = plans[stage]
        self._place = 0
        self._asked = False

    def _do(self, operation, now_ms):
        """Send one operation's frame; a read then waits for its answer, everything else only for the gap."""
        port = self.bus.port
        if operation <= 0xFF:
            self._ask(operation, now_ms)
            return
        if operation == _BAUD_SLOW:
            port.set_baud(self.bus.baud // 4)
        elif operation == _BAUD:
            port.set_baud(self.bus.baud)
        elif operation == _ZERO:
            port.write(b"\x00")
            self.break_count += 1
        else:
            port.write(bytes(self._frame[: self._encode(operation)]))
        self._place += 1
        self._gap_ms = ticks.add_ms(now_ms, wire.BL0942_FRAME_INTERVAL_MS)

    def _encode(self, operation):
        if operation == _UNLOCK:
            return bl0942.encode_unlock(self._frame, self._address)
        if operation == _LOCK:
            return bl0942.encode_lock(self._frame, self._address)
        if operation == _WRITE_MODE:
            return bl0942.encode_mode(self._frame, self._address, self._mode)
        return bl0942.encode_write(self._frame, self._address, MARKER_REGISTER, MARKER)

    def _ask(self, register, now_ms):
        self.bus.discard_input()
        self._parser.flush()
        self._received = bytearray()
        size = bl0942.encode_read(self._frame, self._address, register)
        self.bus.port.write(bytes(self._frame[:size]))
        self._asked = True
        self._asked_ms = now_ms
        if self._place == 0:
            self._first_asked_ms = now_ms

    def _hear(self, now_ms):
        """Take in what arrived; return whether the open question is answered. A late answer ends the plan."""
        data = self.bus.port.read(_READ_SIZE)
        operation = self._plan[self._place]
        if operation == wire.BL0942_REGISTER_PACKET:
            answered = self._hear_packet(data)
        else:
            answered = self._hear_register(operation, data)
        if answered:
            self._asked = False
            self._place += 1
            self._gap_ms = ticks.add_ms(now_ms, wire.BL0942_FRAME_INTERVAL_MS)
            return True
        if ticks.elapsed_ms(now_ms, self._asked_ms) >= REPLY_TIMEOUT_MS:
            self.timeout_count += 1
            self._give_up(now_ms)
        return False

    def _hear_packet(self, data):
        count = self._parser.feed(data)
        if count == 0:
            return False
        # More than one came: answers held up on the way. The newest is the one to this question.
        self.unmatched_count += count - 1
        row = (count - 1) * wire.BL0942_FIELD_COUNT
        for index in range(wire.BL0942_FIELD_COUNT):
            self._fields[index] = self.capture.fields[row + index]
        return True

    def _hear_register(self, register, data):
        self._received = (self._received + data)[:_RECEIVED_MAX]
        for offset in range(len(self._received) - wire.BL0942_REPLY_SIZE + 1):
            reply = bytes(self._received[offset : offset + wire.BL0942_REPLY_SIZE])
            value = bl0942.decode_register(self._address, register, reply)
            if value >= 0:
                self._take_register(register, value)
                return True
        return False

    def _take_register(self, register, value):
        if register == wire.BL0942_REGISTER_MODE:
            self._mode_read = value
        elif register == MARKER_REGISTER:
            matches = self._mode_read == self._mode and value == MARKER
            self._mode_read = self._mode if matches else -1
        else:
            signed = register == wire.BL0942_REGISTER_WATT
            self._fields[_FIELD_OF_REGISTER[register]] = bl0942.sign24(value) if signed else value

    def _finish(self, now_ms):
        """Act on a plan that is through, and enter the next one."""
        if self._stage == _STAGE_BREAK:
            self._break_wanted = False
            self._enter(_STAGE_READ)
        elif self._stage == _STAGE_READ:
            self._take_reading(now_ms)
            self._polls_to_check -= 1
            if self._polls_to_check <= 0:
                self._enter(_STAGE_CHECK)
            else:
                self._end(now_ms)
        else:
            self._judge_setting(now_ms)

    def _take_reading(self, now_ms):
        fields = self._fields
        v_rms = fields[wire.BL0942_FIELD_V_RMS]
        freq = fields[wire.BL0942_FIELD_FREQ]
        live = v_rms >= wire.BL0942_V_RMS_LIVE_MIN
        if v_rms > wire.BL0942_V_RMS_MAX or (
            live and not wire.BL0942_FREQ_MIN <= freq <= wire.BL0942_FREQ_MAX
        ):
            self.fail(now_ms)  # Only registers come here; a packet like that never leaves the parser.
            return
        if (
            self._energy.on_count(self._first_asked_ms, fields[wire.BL0942_FIELD_CF_CNT])
            == wire.BL0942_COUNT_RESET
        ):
            self._notice_reset(now_ms)
        if self._watch.on_packet(fields, 0):
            self.freeze(now_ms)
            return
        calibration = self._calibration
        self._draft.set(
            calibration.voltage_dv(v_rms),
            calibration.current_ma(fields[wire.BL0942_FIELD_I_RMS]),
            calibration.power_w(fields[wire.BL0942_FIELD_WATT], self._sign),
            self._energy.energy_wh(),
            calibration.frequency_mhz(freq, v_rms),
        )
        self.accept(self._first_asked_ms, self._draft)

    def _notice_reset(self, now_ms):
        if not self._reset_seen:
            self.reset(now_ms)
        self._reset_seen = True
        self._polls_to_check = 0

    def _judge_setting(self, now_ms):
        """Compare what a check or a set-up has read back with what it should be."""
        matches = self._mode_read == self._mode
        if self._stage == _STAGE_CHECK and not matches:
            if self._is_set:
                self._notice_reset(now_ms)
            self._is_set = False
            self._enter(_STAGE_SET)
            return
        if matches:
            self.set_count += self._stage == _STAGE_SET
            self._is_set = True
            self._reset_seen = False
            self._polls_to_check = CHECK_POLLS
        self._end(now_ms)

    def _give_up(self, now_ms):
        """End the poll after an answer that did not come: without a reading it failed."""
        if self._stage == _STAGE_READ:
            self._break_wanted = self.bus.can_set_baud
            self.fail(now_ms)
        self._end(now_ms)

    def _miss(self, now_ms):
        """Count a poll that the port made impossible."""
        if self._stage in (_STAGE_IDLE, _STAGE_BREAK, _STAGE_READ):
            self.fail(now_ms)
        if self._stage == _STAGE_IDLE:
            self._is_poll_due(now_ms)
        self._end(now_ms)

    def _end(self, now_ms):
        self._enter(_STAGE_IDLE)
        self.bus.release(self, now_ms)


def _mode_for(line_frequency_hz, baud):
    """Return MODE: the default, for 60 Hz where asked, at the line's speed where a register sets it."""
    mode = wire.BL0942_MODE_DEFAULT
    if line_frequency_hz == 60:
        mode |= wire.BL0942_MODE_LINE_60_HZ
    if baud == 19200:
        mode |= wire.BL0942_MODE_BAUD_19200
    elif baud == 38400:
        mode |= wire.BL0942_MODE_BAUD_38400
    return mode


def from_config(bus, values, counts) -> Bl0942Meter:
    """Return the meter that `values` (a row of the configuration's meters) describes."""
    settings = Bl0942Settings(counts, values.id, values.address)
    settings.by_registers = values.mode == "registers"
    settings.sign = wire.BL0942_SIGN_NAMES.index(values.sign)
    settings.line_frequency_hz = values.line_frequency_hz
    settings.current_ma_max = values.current_ma_max
    meter = Bl0942Meter(bus, settings)
    meter.invalid_after_ms = values.invalid_after_ms
    return meter
