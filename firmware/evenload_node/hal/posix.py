"""What a node needs from Linux: serial lines, files under its state folder, selector codes."""

import os

from evenload_node.calibration import load_calibration
from evenload_node.drivers.bl0942_bus import Bl0942Bus
from evenload_node.drivers.bl0942_meter import Bl0942Meter, from_config
from evenload_node.drivers.station_line import StationLine
from evenload_node.hal.files import NumberFile, make_folder, read_text
from evenload_node.hal.serial_posix import SerialPort


class PosixHal:
    """state_dir: folder for what survives a restart; is_dry: touch nothing, only compose."""

    def __init__(self, state_dir: str, is_dry: bool = False):
        self._state_dir = state_dir
        self._is_dry = is_dry
        self.warnings: list[str] = []
        self._buses: dict[SerialPort, Bl0942Bus] = {}
        if not is_dry:
            make_folder(state_dir)

    def open_line(self, url: str, baud: int) -> SerialPort:
        """Return a serial line; it is opened when it is first used."""
        return SerialPort(url, baud)

    def make_meter(self, port: SerialPort, values) -> Bl0942Meter:
        """Return the meter that `values` (a row of the configuration's meters) describes, calibrated."""
        bus = self._buses.setdefault(port, Bl0942Bus(port, port.baud))
        path = os.path.join(self._state_dir, f"{values.id}.json")
        counts = load_calibration(path, not self._is_dry)
        self.warnings += [f"meter {values.id}: {warning}" for warning in counts.warnings]
        return from_config(bus, values, counts)

    def make_station_line(self, port: SerialPort, key: bytes) -> StationLine:
        """Return the line that the site's stations hang on."""
        return StationLine(port, key)

    def number_file(self, name: str) -> NumberFile:
        """Return the file that keeps one number called `name`."""
        return NumberFile(os.path.join(self._state_dir, name))

    def read_text(self, path: str) -> str | None:
        """Return the file's content, None if it can't be read."""
        try:
            return read_text(path)
        except OSError:
            return None

    def read_code(self, path: str) -> int:
        """Return the number in a file, as GPIO daemons leave it; -1, which is no legal code, if there is
        none.
        """
        try:
            return int(self.read_text(path) or "-1")
        except ValueError:
            return -1
