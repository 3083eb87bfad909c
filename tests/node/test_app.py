"""App and Node: composing from a configuration, passes, log lines, and a bug that stops nothing."""

import copy
import json
from pathlib import Path

import pytest
from evenload import wire
from evenload.errors import ConfigError
from evenload_node import config
from evenload_node.app import App
from evenload_node.drivers.station_line import StationLine
from evenload_node.log import Log, event_name
from evenload_node.node import Node
from evenload_sim.ev import MODELS, Vehicle
from evenload_sim.meter import SimulatedMeter
from evenload_sim.station import SimulatedStation
from evenload_sim.station_link import MemoryStore, StationLink
from evenload_sim.uart_line import UartLine

ROOT = Path(__file__).resolve().parents[2]
CHARGER = json.loads((ROOT / "board_configs" / "linux_charger.json").read_text())
METER = json.loads((ROOT / "board_configs" / "linux_meter.json").read_text())
KEY = bytes(range(32))
KEY_TEXT = KEY.hex() + "\n"


class SimulatedHal:
    """What a node gets from its platform, in the simulated world: lines without bytes lost, meters set by
    hand.
    """

    def __init__(self, key_text=KEY_TEXT):
        self.lines, self.meters, self.key_text, self.code_text = {}, {}, key_text, "1"

    def open_line(self, url, baud):
        self.lines[url] = line = UartLine(baud)
        line.is_open, line.lost_count, line.last_error = True, 0, ""
        return line

    def make_meter(self, port, values):
        self.meters[values.id] = SimulatedMeter(values.id, values.current_ma_max)
        return self.meters[values.id]

    def make_station_line(self, port, key):
        return StationLine(port, key)

    def number_file(self, name):
        return MemoryStore()

    def read_text(self, path):
        return self.key_text

    def read_code(self, path):
        return int(self.code_text)


class Bench:
    """The shipped charger node with four cars at the far end of its station line."""

    def __init__(self, tariff_sum_ma=150_000):
        self.hal = SimulatedHal()
        changed = copy.deepcopy(CHARGER)
        changed["tariffs"][0]["sum_ma"] = tariff_sum_ma
        self.node = Node(config.parse(changed), self.hal)
        self.lines = []
        self.app = App(self.node, Log("charger-1", self.lines.append))
        self.wire = self.hal.lines["/dev/ttyUSB3"]
        self.stations = []
        for number, entry in enumerate(CHARGER["site"]["stations"], 1):
            station = SimulatedStation(entry)
            station.plug_in(Vehicle(MODELS[0], 200, 30_000))
            self.stations.append(station)
            self.wire.attach(StationLink(station, KEY, number))
        self.now_ms = 0
        self.base_ma = 5_000

    def run(self, duration_ms):
        for _ in range(duration_ms // 25):
            self.now_ms += 25
            self.wire.advance(25)
            for station in self.stations:
                station.step(self.now_ms, 25)
            for phase, meter in enumerate(self.hal.meters.values()):
                meter.show_current(self.base_ma + sum(station.current_ma[phase] for station in self.stations))
            self.app.step(self.now_ms)

    def drawn_ma(self, phase):
        return self.base_ma + sum(station.current_ma[phase] for station in self.stations)


def test_the_shipped_charger_charges_four_cars_over_its_line():
    bench = Bench()
    bench.run(180_000)
    assert all(station.offered_ma >= 6_000 for station in bench.stations)
    assert all(40_000 <= bench.drawn_ma(phase) <= 63_000 for phase in range(3))
    assert bench.app.fault_count == 0


def test_the_overload_of_a_phase_reaches_the_stations_over_the_line_in_1500_ms():
    bench = Bench()
    bench.run(180_000)
    bench.base_ma = 40_000
    start_ms = bench.now_ms
    while sum(station.offered_ma for station in bench.stations[:3]) + bench.base_ma > 63_000:
        bench.run(25)
        assert bench.now_ms - start_ms <= 1500


def test_the_tariff_holds_the_sum_of_the_phases_after_its_minutes():
    bench = Bench(tariff_sum_ma=100_000)
    bench.run(14 * 60_000)
    assert sum(bench.drawn_ma(phase) for phase in range(3)) > 100_000
    bench.run(4 * 60_000)
    assert sum(bench.drawn_ma(phase) for phase in range(3)) <= 100_000
    assert bench.app.status()["circuits"][0]["capped_by"] == ["tariff"] * 3


def test_events_become_log_lines_with_level_node_event_and_unit():
    bench = Bench()
    bench.hal.meters["main L2"].connected = False
    bench.run(1_000)
    bench.hal.meters["main L2"].connected = True
    bench.run(60_000)
    bench.hal.meters["main L2"].connected = False
    bench.run(5_000)
    bench.hal.meters["main L2"].connected = True
    bench.run(3_000)
    assert "WARN node=charger-1 event=auto_suspend subject=main 0" in bench.lines
    assert "WARN node=charger-1 event=meter_disconnected subject=main L2 3 polls failed" in bench.lines
    assert any(
        "event=meter_stale subject=main L2" in line and line.endswith("ms old") for line in bench.lines
    )
    assert any(line.startswith("INFO") and "event=meter_recovered" in line for line in bench.lines)


def test_the_status_is_json_and_names_meters_circuits_stations_and_lines():
    bench = Bench()
    bench.run(60_000)
    status = json.loads(json.dumps(bench.app.status()))
    assert [meter["state"] for meter in status["meters"]] == ["fresh"] * 3
    assert status["circuits"][0]["action"] == "normal"
    assert [station["id"] for station in status["stations"]] == ["bay-1", "bay-2", "bay-3", "bay-4"]
    assert status["node"] == "charger-1"
    assert len(status["lines"]) == 4


def test_a_bug_in_a_pass_is_counted_and_logged_and_the_loop_goes_on():
    bench = Bench()
    bench.run(1_000)
    good = bench.node.role.inlet
    bench.node.role.inlet = object()
    bench.run(2_000)
    assert bench.app.fault_count >= 1
    assert any("event=fault AttributeError" in line for line in bench.lines)
    bench.node.role.inlet = good
    faults = bench.app.fault_count
    bench.run(60_000)
    assert bench.app.fault_count == faults


def test_a_clock_that_went_back_stops_no_pass():
    class CountingRole:
        count = 0

        def poll(self, now_ms):
            """Have no line."""

        def step(self, now_ms):
            self.count += 1

        def take_events(self):
            return []

    role = CountingRole()
    app = App(role, Log("node", print))
    for now_ms in (*range(9_000_000, 9_001_000, 25), *range(1000, 2000, 25)):
        app.step(now_ms)
    assert role.count == 20


def test_a_meter_node_reads_its_meters():
    hal = SimulatedHal()
    app = App(Node(config.parse(copy.deepcopy(METER)), hal), Log("meter-1", lambda line: None))
    for meter in hal.meters.values():
        meter.show(2310, 7_000, 1_617, 12)
    for now_ms in range(0, 3000, 25):
        app.step(now_ms)
    assert [meter["current_ma"] for meter in app.status()["meters"]] == [7_000] * 3
    assert app.pass_count == 30


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda c: c["feeders"].update(east=c["feeders"]["main"]), "feeders.east"),
        (lambda c: c["stations"]["numbers"].pop("bay-2"), "stations.numbers.bay-2"),
        (lambda c: c["stations"]["numbers"].update({"bay-2": 1}), "stations.numbers.bay-2"),
        (lambda c: c["stations"]["numbers"].update({"bay-9": 9}), "stations.numbers.bay-9"),
        (lambda c: c["stations"]["numbers"].update({"bay-1": 65536}), "stations.numbers.bay-1"),
        (lambda c: c["tariffs"][0].update(circuit="east"), "tariffs[0].circuit"),
        (lambda c: c["site"]["circuits"][0].update(limit_ma=[-1, 0, 0]), "circuits[0].limit_ma[0]"),
        (lambda c: c["site"]["circuits"][0].update(fallback_current_ma=[64000] * 3), "fallback_current_ma"),
    ],
)
def test_what_does_not_fit_the_site_is_refused_by_its_key(change, key):
    changed = copy.deepcopy(CHARGER)
    change(changed)
    with pytest.raises(ConfigError) as refused:
        Node(config.parse(changed), SimulatedHal())
    assert key in refused.value.key


@pytest.mark.parametrize("text", [None, "", "zz", "00" * 15, "00" * 65])
def test_a_missing_or_wrong_key_file_is_refused(text):
    with pytest.raises(ConfigError) as refused:
        Node(config.parse(copy.deepcopy(CHARGER)), SimulatedHal(text))
    assert refused.value.key == "stations.key_file"


def test_a_selector_inlet_is_read_through_the_platform():
    changed = copy.deepcopy(CHARGER)
    changed["inlet"] = {"selector_ma": [0, 25_000, 40_000], "selector_file": "selector"}
    node = Node(config.parse(changed), SimulatedHal())
    assert node.role.inlet.inlet_limit_ma() == 25_000


def test_every_event_has_a_word():
    codes = [getattr(wire, name) for name in dir(wire) if name.startswith("EVENT_")]
    assert len(codes) == len(set(codes))
    assert event_name(wire.EVENT_METER_STALE) == "meter_stale"
    assert event_name(9999) == "event_9999"
