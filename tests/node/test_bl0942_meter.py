"""The BL0942 driver against the simulated chip: every way of reading, every fault, every counter."""

import sys
from itertools import pairwise
from pathlib import Path

import pytest
from evenload import wire
from evenload.bl0942_calibration import CalibrationCounts
from evenload_node.drivers.bl0942_bus import Bl0942Bus
from evenload_node.drivers.bl0942_meter import Bl0942Meter, Bl0942Settings
from evenload_sim.bl0942_chip import Bl0942Chip
from evenload_sim.uart_line import UartLine

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "shared"))

from meter_contract import CURRENT_MA, POLL_MS, MeterBench, MeterContract

PASS_MS = 5


class ChipBench(MeterBench):
    """The driver, a line and a chip, stepped together every 5 ms."""

    exact = False

    def __init__(self, by_registers=False, now_ms=0, **chip_options):
        self.chip = Bl0942Chip(seed=4, **chip_options)
        self.line = UartLine()
        self.line.attach(self.chip)
        self.bus = Bl0942Bus(self.line, self.line.baud)
        settings = Bl0942Settings(CalibrationCounts({}), "L1", self.chip.address)
        settings.by_registers = by_registers
        settings.current_ma_max = 25_000  # The simulated shunt ends at 30 A.
        super().__init__(Bl0942Meter(self.bus, settings), now_ms)
        self.apply(230_000, CURRENT_MA)

    def apply(self, voltage_mv, current_ma):
        self.chip.voltage_mv, self.chip.current_ma = voltage_mv, current_ma
        self.chip.power_mw = voltage_mv * current_ma // 1000
        self.settle()

    def settle(self):
        """Let the chip refresh its registers, before the poll that is due now."""
        self.line.advance(800)

    def run(self, duration_ms):
        for _ in range(duration_ms // PASS_MS):
            self.line.advance(PASS_MS)
            self.now_ms = wire_time(self.now_ms + PASS_MS)
            self.meter.step(self.now_ms)
            self.meter.tick(self.now_ms)

    def good(self, current_ma=CURRENT_MA):
        self.chip.set_fault("silent", False)
        self.apply(230_000, current_ma)
        self.run(POLL_MS)

    def impossible(self, voltage_dv, current_ma):
        self.chip.set_fault("silent", False)
        self.apply(voltage_dv * 100, current_ma)
        self.chip.power_mw = 230 * current_ma  # Else the chip calls it creep and shows no current at all.
        self.settle()
        self.run(POLL_MS)

    def miss(self):
        self.chip.set_fault("silent", True)
        self.run(POLL_MS)


def wire_time(time_ms):
    return time_ms & (wire.TICKS_PERIOD_MS - 1)


class TestBl0942MeterByPacket(MeterContract):
    @pytest.fixture
    def bench(self):
        return ChipBench()


class TestBl0942MeterByRegisters(MeterContract):
    @pytest.fixture
    def bench(self):
        return ChipBench(by_registers=True)


@pytest.fixture(params=[False, True], ids=["packet", "registers"])
def bench(request):
    """A meter that has been read for 3 s and set up."""
    bench = ChipBench(by_registers=request.param)
    bench.run(3000)
    assert bench.meter.state == wire.METER_FRESH
    bench.meter.take_events()
    return bench


def test_a_load_is_read_within_one_percent(bench):
    reading = bench.meter.reading
    assert reading.voltage_dv == pytest.approx(2300, rel=0.01)
    assert reading.current_ma == pytest.approx(16_000, rel=0.01)
    assert reading.power_w_signed == pytest.approx(3680, rel=0.01)
    assert reading.frequency_mhz == pytest.approx(50_000, rel=0.001)


def test_the_chip_is_polled_once_a_second(bench):
    before = bench.meter.accepted_count
    bench.run(10_000)
    assert bench.meter.accepted_count - before == 10
    assert bench.meter.failed_count == 0


def test_the_chip_is_set_up_once_and_stays_write_protected(bench):
    assert bench.meter.set_count == 1
    assert bench.chip.read_register(0x15) == 0xFFFE
    assert bench.chip.read_register(wire.BL0942_REGISTER_WRITE_PROTECT) == 0
    bench.run(30_000)
    assert bench.meter.set_count == 1
    assert bench.meter.reset_count == 0


def test_registers_are_asked_25_ms_apart():
    bench = ChipBench(by_registers=True)
    times_ms = []
    write = bench.line.write
    bench.line.write = lambda data: (times_ms.append(bench.now_ms), write(data))
    bench.run(500)
    assert len(times_ms) >= 5
    assert min(b - a for a, b in pairwise(times_ms)) >= wire.BL0942_FRAME_INTERVAL_MS


def test_energy_is_the_integral_of_the_power(bench):
    before_wh = bench.meter.get_energy()
    bench.run(360_000)
    assert bench.meter.get_energy() - before_wh == pytest.approx(368, rel=0.01, abs=1)


def test_a_reversed_current_is_negative_and_its_amount_is_kept(bench):
    bench.chip.power_mw = -3_680_000
    bench.run(2500)
    assert bench.meter.power_w_signed == pytest.approx(-3680, rel=0.01)
    assert bench.meter.get_power() == pytest.approx(3680, rel=0.01)


@pytest.mark.parametrize(("sign", "expected_w"), [("signed", -3680), ("abs", 3680), ("invert", 3680)])
def test_the_sign_policy_is_obeyed(sign, expected_w):
    bench = ChipBench()
    bench.meter._sign = wire.BL0942_SIGN_NAMES.index(sign)
    bench.chip.power_mw = -3_680_000
    bench.run(3000)
    assert bench.meter.power_w_signed == pytest.approx(expected_w, rel=0.01)


def test_silence_is_stale_after_three_polls_and_recovers(bench):
    bench.chip.set_fault("silent", True)
    bench.run(3500)
    assert bench.meter.state == wire.METER_STALE
    assert bench.meter.timeout_count >= 3
    bench.chip.set_fault("silent", False)
    bench.run(2500)
    assert bench.meter.state == wire.METER_FRESH


def test_a_bad_checksum_is_no_reading(bench):
    accepted = bench.meter.accepted_count
    bench.chip.set_fault("bad_sum", True)
    bench.run(3500)
    assert bench.meter.accepted_count == accepted
    assert bench.meter.state == wire.METER_STALE


def test_junk_before_the_answers_is_looked_over(bench):
    accepted = bench.meter.accepted_count
    bench.chip.set_fault("shifted", True)
    bench.run(5000)
    assert bench.meter.accepted_count - accepted >= 4
    assert bench.meter.state == wire.METER_FRESH


def test_a_frozen_chip_is_stale_although_it_answers(bench):
    bench.chip.set_fault("frozen", True)
    bench.run(12_500)
    assert bench.meter.is_frozen
    assert bench.meter.state == wire.METER_STALE
    codes = [code for code, _ in bench.meter.take_events()]
    assert wire.EVENT_METER_FROZEN in codes


def test_a_brown_out_is_noticed_once_and_the_chip_set_up_again(bench):
    bench.run(60_000)
    before_wh = bench.meter.get_energy()
    bench.chip.set_fault("brownout", True)
    bench.run(2000)
    bench.chip.set_fault("brownout", False)
    bench.run(15_000)
    codes = [code for code, _ in bench.meter.take_events()]
    assert codes.count(wire.EVENT_METER_RESET) == 1
    assert bench.meter.reset_count == 1
    assert bench.meter.set_count == 2
    assert bench.chip.read_register(0x15) == 0xFFFE
    assert 0 <= bench.meter.get_energy() - before_wh < 30


def test_a_restart_that_kept_the_energy_is_found_by_the_marker(bench):
    bench.chip._written[0x15] = 0xFFFF
    bench.run(12_000)
    assert bench.meter.reset_count == 1
    assert bench.chip.read_register(0x15) == 0xFFFE


def test_late_answers_in_one_batch_are_counted_and_never_older_than_their_question(bench):
    bench.chip.set_fault("batched", True)
    bench.run(30_000)
    assert bench.meter.timeout_count > 10
    assert bench.meter.state != wire.METER_FRESH
    bench.chip.set_fault("batched", False)
    bench.run(5000)
    assert bench.meter.state == wire.METER_FRESH


def test_answers_held_up_in_the_adapter_leave_the_newest():
    bench = ChipBench()
    bench.run(3000)
    held = bytearray()
    read = bench.line.read
    bench.line.read = lambda size: b""
    before = bench.meter.accepted_count
    bench.run(2000)
    assert bench.meter.accepted_count == before
    bench.line.read = read
    del held
    bench.run(3000)
    assert bench.meter.accepted_count > before


def test_a_noisy_line_loses_readings_but_believes_nothing_false():
    bench = ChipBench()
    bench.line.noise_permille = 10
    bench.run(120_000)
    meter = bench.meter
    assert 60 < meter.accepted_count < 120
    assert meter.failed_count > 0
    assert meter.reset_count == 0
    assert meter.reading.current_ma == pytest.approx(16_000, rel=0.01)


def test_a_half_sent_frame_is_cleared_by_a_break_before_the_next_poll():
    bench = ChipBench()
    bench.run(3000)
    bench.miss()
    breaks = bench.meter.break_count
    bench.good()
    bench.good()
    assert bench.meter.break_count > breaks
    assert bench.line.baud == 4800


def test_a_vanished_port_fails_polls_and_a_returned_one_goes_on(bench):
    bench.line.set_gone(True)
    bench.run(4000)
    assert bench.meter.state == wire.METER_STALE
    assert not bench.meter.is_connected()
    assert bench.meter.counters()["port_error"] >= 3
    assert bench.meter.counters()["timeout"] == 0
    bench.line.set_gone(False)
    bench.run(3500)
    assert bench.meter.state == wire.METER_FRESH


def test_time_may_wrap_between_two_polls():
    bench = ChipBench(now_ms=wire.TICKS_PERIOD_MS - 2500)
    bench.run(6000)
    assert bench.meter.state == wire.METER_FRESH
    assert bench.meter.failed_count == 0


def test_four_chips_share_a_line_with_a_pause_between_them():
    line = UartLine(9600)
    chips = [Bl0942Chip(address, seed=address + 1, pin_baud=9600) for address in range(4)]
    bus = Bl0942Bus(line, 9600)
    meters = []
    for address, chip in enumerate(chips):
        chip.current_ma = 1000 * (address + 1)
        chip.power_mw = 230 * chip.current_ma
        line.attach(chip)
        meters.append(Bl0942Meter(bus, Bl0942Settings(CalibrationCounts({}), f"m{address}", address)))
    for now_ms in range(0, 10_000, PASS_MS):
        for meter in meters:
            meter.step(now_ms)
            meter.tick(now_ms)
        line.advance(PASS_MS)
    for address, meter in enumerate(meters):
        assert meter.failed_count == 0
        assert meter.accepted_count >= 9
        assert meter.reading.current_ma == pytest.approx(1000 * (address + 1), rel=0.01)


def test_a_foreign_answer_is_not_taken_for_ones_own():
    bench = ChipBench(address=2)
    bench.meter._parser = type(bench.meter._parser)(1, bench.meter.capture)
    bench.run(3000)
    assert bench.meter.accepted_count == 0


class DeafChip(Bl0942Chip):
    """Answers every read and takes no write, as one whose write protection never opens."""

    def _write(self, frame):
        """Ignore it."""


def shared_line(chips, baud, pass_ms=25, by_registers=False, seconds=60):
    """Run a meter per chip on one line; return (meters, most ms that each was not FRESH after the first 5 s)."""
    line = UartLine(baud)
    bus = Bl0942Bus(line, baud)
    meters = []
    for chip in chips:
        line.attach(chip)
        settings = Bl0942Settings(CalibrationCounts({}), f"m{chip.address}", chip.address)
        settings.by_registers = by_registers
        meters.append(Bl0942Meter(bus, settings))
    stale_ms = [0] * len(meters)
    for now_ms in range(0, seconds * 1000, pass_ms):
        for place, meter in enumerate(meters):
            meter.step(now_ms)
            meter.tick(now_ms)
            stale_ms[place] += pass_ms * (now_ms >= 5_000 and meter.state != wire.METER_FRESH)
        line.advance(pass_ms)
    return meters, stale_ms


@pytest.mark.parametrize("healthy", range(4))
@pytest.mark.parametrize("by_registers", [False, True])
def test_three_dead_chips_do_not_starve_the_fourth_on_their_line(healthy, by_registers):
    chips = [Bl0942Chip(address, seed=address + 1, pin_baud=4800) for address in range(4)]
    for chip in chips:
        chip.set_fault("silent", chip.address != healthy)
    meters, stale_ms = shared_line(chips, 4800, by_registers=by_registers)
    assert stale_ms[healthy] == 0
    assert meters[healthy].accepted_count >= 25


@pytest.mark.parametrize("by_registers", [False, True])
def test_chips_that_take_no_settings_are_still_read_on_a_shared_line(by_registers):
    chips = [DeafChip(address, seed=address + 1, pin_baud=4800) for address in range(4)]
    meters, stale_ms = shared_line(chips, 4800, by_registers=by_registers)
    assert stale_ms == [0, 0, 0, 0]
    assert [meter.set_count for meter in meters] == [0, 0, 0, 0]
