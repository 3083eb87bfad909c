"""A real `evenload-node run` process on real pseudo terminals: simulated BL0942 chips and stations at their
far ends.

The tests wait for what the process says, never for time; the far ends live in this process and are stepped
by the time that really went by.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time

import pytest
from evenload_sim.bl0942_chip import Bl0942Chip
from evenload_sim.bl0942_pty import Bl0942Pty
from evenload_sim.ev import MODELS, Vehicle
from evenload_sim.station import SimulatedStation
from evenload_sim.station_link import StationLink

pytestmark = pytest.mark.alone
KEY = bytes(range(32))
DEADLINE_S = 60
# Real stations and cars take minutes; the rules are the same with shorter times.
QUICK = {"boot_wait_ms": 2_000, "raise_settle_ms": 1_000, "on_min_ms": 1_000, "off_min_ms": 1_000}


class Site:
    """Three chips on three terminals, stations on a fourth, and the node's process."""

    def __init__(self, folder, mode="packet", station_count=0, invalid_after_ms=600_000):
        self.folder = folder
        self.chips = [Bl0942Chip(seed=phase + 1) for phase in range(3)]
        self.terminals = [
            Bl0942Pty([chip], folder / f"L{phase + 1}") for phase, chip in enumerate(self.chips)
        ]
        self.stations = []
        links = []
        for number in range(station_count):
            station = SimulatedStation({"id": f"bay-{number}", "wiring": "L1-L2-L3"})
            station.plug_in(Vehicle(MODELS[0], 200, 30_000))
            self.stations.append(station)
            links.append(StationLink(station, KEY, number))
        self.bays = Bl0942Pty(links, folder / "bays", 38_400)
        self._all = [*self.terminals, self.bays]
        self._file = folder / "node.json"
        self._file.write_text(json.dumps(self._config(mode, invalid_after_ms)))
        (folder / "stations.key").write_text(KEY.hex())
        self.base_ma = 5_000
        self.errors = ""
        self.process = None
        self._lasted_ns = time.monotonic_ns()
        self._rest_ns = 0
        self._output = b""
        self._now_ms = 0

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "evenload_node.linux", "run", str(self._file), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        os.set_blocking(self.process.stdout.fileno(), False)
        os.set_blocking(self.process.stderr.fileno(), False)

    def wait_for(self, condition, what):
        """Live until a status of the process fulfils `condition`; return it."""
        deadline = time.monotonic() + DEADLINE_S
        last = None
        while time.monotonic() < deadline:
            for status in self._statuses():
                last = status
                if condition(status):
                    return status
            assert self.process.poll() is None, f"the node ended: {self.errors}"
            self._live()
        raise AssertionError(f"never: {what}. Last status: {last}. Log: {self.errors}")

    def wait_for_log(self, words):
        """Live until the log contains `words`."""
        return self.wait_for(lambda _: words in self.errors, f"log line with {words!r}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=10)
        self.errors += errors.decode()
        return self.process.returncode

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        for terminal in self._all:
            terminal.unplug()

    def _live(self):
        """Let the far ends live for as long as really went by; wait up to 5 ms for the process's word."""
        now_ns = time.monotonic_ns()
        self._rest_ns += now_ns - self._lasted_ns
        self._lasted_ns = now_ns
        delta_ms, self._rest_ns = divmod(self._rest_ns, 1_000_000)
        self._now_ms += delta_ms
        for station in self.stations:
            station.step(self._now_ms, delta_ms)
        for phase, chip in enumerate(self.chips):
            chip.current_ma = self.base_ma + sum(station.current_ma[phase] for station in self.stations)
            chip.power_mw = chip.current_ma * 230
        for terminal in self._all:
            terminal.step(delta_ms)
        select.select([self.process.stdout], [], [], 0.005)
        self.errors += (self.process.stderr.read() or b"").decode()

    def _statuses(self):
        self._output += self.process.stdout.read() or b""
        *lines, self._output = self._output.split(b"\n")
        return [json.loads(line) for line in lines]

    def _config(self, mode, invalid_after_ms):
        meters = [
            {
                "id": f"main L{n}",
                "line": f"L{n}",
                "mode": mode,
                "invalid_after_ms": invalid_after_ms,
                "current_ma_max": 200_000,
            }
            for n in (1, 2, 3)
        ]
        lines = [{"id": f"L{n}", "port": str(self.folder / f"L{n}")} for n in (1, 2, 3)]
        if not self.stations:
            return {"node": "test", "role": "meter", "state_dir": "state", "lines": lines, "meters": meters}
        entries = [
            {"id": f"bay-{n}", "circuit": "main", "wiring": "L1-L2-L3"} for n in range(len(self.stations))
        ]
        circuit = {
            "id": "main",
            "limit_ma": [63_000] * 3,
            "fallback_current_ma": [7_000] * 3,
            "metered": True,
        }
        return {
            "node": "test",
            "role": "charger",
            "state_dir": "state",
            "lines": [*lines, {"id": "bays", "port": str(self.folder / "bays"), "baud": 38_400}],
            "meters": meters,
            "feeders": {"main": ["main L1", "main L2", "main L3"]},
            "stations": {
                "line": "bays",
                "key_file": "stations.key",
                "numbers": {entry["id"]: n for n, entry in enumerate(entries)},
            },
            "site": {**QUICK, "name": "Test", "circuits": [circuit], "stations": entries},
        }


@pytest.fixture
def make_site(tmp_path):
    """Return a function that builds a Site (arguments as its own) and starts its node."""
    made = []

    def make(**options):
        site = Site(tmp_path, **options)
        made.append(site)
        site.start()
        return site

    yield make
    for site in made:
        site.close()


def states(status):
    return [meter["state"] for meter in status["meters"]]


def grants(status):
    return sorted(station["grant_ma"] for station in status["stations"])


@pytest.mark.parametrize("mode", ["packet", "registers"])
def test_a_node_reads_three_chips_and_ends_cleanly_on_sigterm(make_site, mode):
    site = make_site(mode=mode)
    status = site.wait_for(lambda s: states(s) == ["fresh"] * 3, "three fresh meters")
    for meter in status["meters"]:
        assert meter["current_ma"] == pytest.approx(5_000, rel=0.01)
        assert meter["voltage_dv"] == pytest.approx(2_300, rel=0.01)
        assert meter["power_w"] == pytest.approx(1_150, rel=0.01)
    assert "BACKEND=" in site.errors
    assert site.stop() == 0
    assert "event=stopped" in site.errors


def test_a_port_that_vanishes_makes_its_meter_stale_then_invalid_and_returns_by_itself(make_site):
    site = make_site(invalid_after_ms=5_000)
    site.wait_for(lambda s: states(s) == ["fresh"] * 3, "three fresh meters")
    site.terminals[1].unplug()
    status = site.wait_for(lambda s: states(s)[1] == "stale", "a stale meter")
    assert states(status)[0] == states(status)[2] == "fresh"
    assert [line["open"] for line in status["lines"]] == [True, False, True]
    site.wait_for(lambda s: states(s)[1] == "invalid", "an invalid meter")
    site.terminals[1].plug_in()
    site.wait_for(lambda s: states(s) == ["fresh"] * 3, "the meter back")
    site.wait_for_log("event=meter_recovered subject=main L2")
    assert site.errors.count("event=meter_stale subject=main L2") == 1
    assert "ERROR" not in site.errors
    assert site.stop() == 0


def test_a_node_starts_without_its_ports_and_takes_them_when_they_come(make_site, tmp_path):
    site = Site(tmp_path)
    for terminal in site.terminals:
        terminal.unplug()
    site.start()
    try:
        status = site.wait_for(lambda s: s["passes"] > 20, "passes without a port")
        assert states(status) == ["invalid"] * 3
        assert all("No such file" in line["error"] for line in status["lines"])
        for terminal in site.terminals:
            terminal.plug_in()
        site.wait_for(lambda s: states(s) == ["fresh"] * 3, "three fresh meters")
        assert site.stop() == 0
    finally:
        site.close()


def test_a_lost_meter_sends_the_fallback_to_real_stations_and_its_return_ramps_up(make_site):
    site = make_site(station_count=2, invalid_after_ms=5_000)
    site.wait_for(lambda s: min(grants(s)) > 6_000, "both stations above their minimum")
    site.terminals[2].unplug()
    site.wait_for(lambda s: grants(s) == [0, 6_000], "the fallback set")
    site.wait_for(lambda s: grants(s) == [0, 0], "suspension after the meter stayed lost")
    site.wait_for(lambda _: [station.offered_ma for station in site.stations] == [0, 0], "stations told so")
    site.terminals[2].plug_in()
    site.wait_for(lambda s: max(grants(s)) >= 6_000, "charging again")
    site.wait_for(lambda _: max(station.offered_ma for station in site.stations) >= 6_000, "stations told so")
    assert "event=auto_suspend subject=main" in site.errors
    assert site.stop() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "valid: JSON"),
        (
            '{"node": "x", "role": "meters", "lines": [], "meters": []}',
            "role is meters; valid: one of meter, charger",
        ),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence_without_a_traceback(tmp_path, text, words):
    path = tmp_path / "bad.json"
    path.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "evenload_node.linux", "run", str(path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
