"""Stations on a simulated line: authenticated set-points out, reports back, noise, power cuts, a vanished
port.
"""

import pytest
from evenload import ticks, wire
from evenload_node.drivers.station_line import StationLine
from evenload_sim.ev import MODELS, Vehicle
from evenload_sim.station import SimulatedStation
from evenload_sim.station_link import MemoryStore, StationLink
from evenload_sim.uart_line import UartLine

KEY = bytes(range(32))
BAUD = 38_400
PASS_MS = 25


class Bench:
    """A controller's line with `count` stations at its far end."""

    def __init__(self, count, baud=BAUD):
        self.now_ms = 0
        self.wire = UartLine(baud, seed=3)
        self.line = StationLine(self.wire, KEY)
        self.ports, self.links = [], []
        for number in range(count):
            station = SimulatedStation({"id": f"bay-{number}", "wiring": "L1-L2-L3"})
            station.plug_in(Vehicle(MODELS[0], 200, 30_000))
            self.links.append(StationLink(station, KEY, number, baud))
            self.wire.attach(self.links[-1])
            self.ports.append(self.line.add_station(number, MemoryStore()))

    def run(self, duration_ms):
        for _ in range(duration_ms // PASS_MS):
            self.now_ms += PASS_MS
            self.wire.advance(PASS_MS)
            for link in self.links:
                link.station.step(self.now_ms, PASS_MS)
            self.line.poll(self.now_ms)

    def offer(self, currents_ma):
        for port, current_ma in zip(self.ports, currents_ma, strict=True):
            port.set_current(self.now_ms, current_ma, 3, ticks.add_ms(self.now_ms, 10_000))

    @property
    def offered_ma(self):
        return [link.station.offered_ma for link in self.links]


def test_a_set_point_reaches_its_station_and_its_report_comes_back():
    bench = Bench(2)
    bench.offer([10_000, 16_000])
    bench.run(500)
    assert bench.offered_ma == [10_000, 16_000]
    report = bench.ports[0].report()
    assert report.heard_ms is not None
    assert report.state in (wire.STATION_CONNECTED, wire.STATION_CHARGING)


@pytest.mark.parametrize("baud", [4_800, 9_600, 19_200])
def test_a_slow_line_gives_a_station_the_time_its_answer_takes(baud):
    bench = Bench(4, baud)
    for _ in range(3):
        bench.offer([10_000] * 4)
        bench.run(1_000)
    assert bench.offered_ma == [10_000] * 4
    assert bench.line.unanswered_count == 0
    assert bench.line.dropped_bytes == 0


def test_a_station_never_heard_is_unreported():
    bench = Bench(1)
    bench.links[0].is_silent = True
    bench.offer([10_000])
    bench.run(500)
    assert bench.ports[0].report().heard_ms is None
    assert bench.ports[0].report().state == wire.STATION_UNREPORTED
    assert bench.line.unanswered_count == 1


def test_twenty_four_stations_are_all_told_within_a_second_and_a_quarter():
    bench = Bench(24)
    bench.offer([6_000 + 100 * n for n in range(24)])
    bench.run(1_250)
    assert bench.offered_ma == [6_000 + 100 * n for n in range(24)]


def test_lower_set_points_go_first():
    bench = Bench(10)
    bench.offer([16_000] * 10)
    bench.run(1_000)
    bench.offer([20_000] * 9 + [6_000])
    bench.run(100)
    assert bench.offered_ma[9] == 6_000


def test_a_flood_of_lower_set_points_lets_no_other_lease_run_out():
    bench = Bench(50)
    for second in range(20):
        bench.offer([31_000 - 1_000 * second] * 48 + [16_000] * 2)
        bench.run(1_000)
        if second >= 5:
            assert bench.offered_ma[48:] == [16_000] * 2
            assert max(bench.offered_ma[:48]) <= 31_000 - 1_000 * (second - 4)


def test_the_lease_that_a_station_gets_is_what_is_left_when_it_is_sent():
    bench = Bench(1)
    bench.ports[0].set_current(0, 16_000, 3, 5_000)
    bench.run(1_000)
    assert bench.offered_ma == [16_000]
    bench.run(4_100)
    assert bench.offered_ma == [0]


def test_a_bad_neighbour_does_not_stop_the_others():
    bench = Bench(3)
    bench.links[1].is_silent = True
    for _ in range(5):
        bench.offer([8_000] * 3)
        bench.run(1_000)
    assert bench.ports[2].report().heard_ms is not None
    assert bench.line.unanswered_count == 5


def test_noise_is_counted_and_never_sets_a_current_nobody_sent():
    bench = Bench(3)
    bench.wire.noise_permille = 20
    for step in range(60):
        bench.offer([6_000 + 1_000 * (step % 2)] * 3)
        bench.run(1_000)
        assert set(bench.offered_ma) <= {0, 6_000, 7_000}
    assert bench.line.dropped_bytes > 0
    assert all(port.report().heard_ms is not None for port in bench.ports)


def test_a_station_is_reached_again_after_its_power_cut():
    bench = Bench(1)
    bench.offer([16_000])
    bench.run(500)
    bench.links[0].restart()
    bench.offer([10_000])
    bench.run(500)
    bench.offer([10_000])
    bench.run(500)
    assert bench.offered_ma == [10_000]


@pytest.mark.parametrize("copies", [1, 5])
def test_a_recorded_frame_that_is_played_again_changes_nothing(copies):
    bench = Bench(1)
    bench.ports[0].set_current(0, 32_000, 3, 9_000)
    recorded = bench.ports[0].pack(0)
    bench.wire.write(recorded)
    bench.run(500)
    bench.offer([6_000])
    bench.run(500)
    for _ in range(copies):
        bench.wire.write(recorded)
        bench.run(500)
    assert bench.offered_ma == [6_000]
    assert bench.links[0].gate.replayed_count == copies


def test_a_line_that_vanished_is_counted_and_used_again_when_it_is_back():
    bench = Bench(1)
    bench.offer([16_000])
    bench.run(500)
    bench.wire.set_gone(True)
    bench.offer([10_000])
    bench.run(500)
    assert bench.offered_ma == [16_000]
    bench.wire.set_gone(False)
    bench.offer([10_000])
    bench.run(500)
    assert bench.offered_ma == [10_000]
