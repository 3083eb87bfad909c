"""Node: composes lines, meters, stations and a role from a configuration; knows no machine from inside."""

from evenload.caps import SumTimer
from evenload.errors import ConfigError
from evenload.site import build

from evenload_node.config import Section
from evenload_node.inlet import FixedInlet, SelectorInlet
from evenload_node.roles.charger import ChargerRole
from evenload_node.roles.meter import MeterRole

KEY_SIZE_MIN = 16
KEY_SIZE_MAX = 64


class Node:
    """What an App runs.

    config: of evenload_node.config; hal: object with `open_line(url, baud)`, `read_text(path)`,
    `number_file(name)` and `calibration_file(name)`, so that nothing here knows the platform. Raises
    ConfigError.
    """

    def __init__(self, config: Section, hal):
        self.name = config.node
        self._hal = hal
        self._ports = {}
        for line in config.lines:
            self._ports[line.id] = hal.open_line(line.port, line.baud)
        self._meters = {}
        for values in config.meters:
            self._meters[values.id] = hal.make_meter(self._ports[values.line], values)
        self._station_line = None
        if config.role == "meter":
            self.role = MeterRole([self._meters[values.id] for values in config.meters])
        else:
            self.role = self._make_charger(config)

    def poll(self, now_ms: int):
        """Look at every line."""
        if self._station_line is not None:
            self._station_line.poll(now_ms)
        self.role.poll(now_ms)

    def step(self, now_ms: int):
        """Make one pass."""
        self.role.step(now_ms)

    def take_events(self) -> list:
        """Return and forget what happened, as (EVENT_*, subject, value)."""
        return self.role.take_events()

    def status(self) -> dict:
        """Return the role's status with the state of the lines, JSON-ready."""
        status = self.role.status()
        status["node"] = self.name
        lines = []
        for line_id in sorted(self._ports):
            port = self._ports[line_id]
            lines.append(
                {"id": line_id, "open": port.is_open, "lost": port.lost_count, "error": port.last_error}
            )
        status["lines"] = lines
        return status

    def close(self):
        """Close every line."""
        for port in self._ports.values():
            port.close()

    def _make_charger(self, config):
        site = build(config.site)
        for circuit in sorted(config.feeders):
            if circuit not in site.circuit_ids:
                raise ConfigError("feeders." + circuit, circuit, "one of " + ", ".join(site.circuit_ids))
        role = ChargerRole(site, self._make_feeders(config, site), self._make_stations(config, site))
        role.inlet = self._make_inlet(config.inlet)
        for i in range(len(config.tariffs)):
            tariff = config.tariffs[i]
            if tariff.circuit not in config.feeders:
                valid = "one of " + ", ".join(sorted(config.feeders))
                raise ConfigError("tariffs[{}].circuit".format(i), tariff.circuit, valid)
            role.hold_tariff(site.circuit_ids.index(tariff.circuit), SumTimer(tariff.sum_ma, tariff.minutes))
        return role

    def _make_feeders(self, config, site):
        feeders = []
        for n in range(len(site.circuit_ids)):
            circuit = site.circuit_ids[n]
            metered = site.allocation.metered[n] != 0
            if metered != (circuit in config.feeders):
                valid = (
                    "3 meter ids, since the circuit is metered" if metered else "absent: it is not metered"
                )
                raise ConfigError("feeders." + circuit, config.feeders.get(circuit), valid)
            phases = config.feeders.get(circuit)
            feeders.append(None if phases is None else [self._meters[meter_id] for meter_id in phases])
        return feeders

    def _make_stations(self, config, site):
        values = config.stations
        numbers = values.numbers
        taken = []
        for station_id in sorted(numbers):
            key = "stations.numbers." + station_id
            if station_id not in site.station_ids:
                raise ConfigError(key, numbers[station_id], "a station of the site")
            number = numbers[station_id]
            good = isinstance(number, int) and 0 <= number <= 65535 and number not in taken
            if not good or number is True or number is False:
                raise ConfigError(key, number, "an integer of 0 .. 65535 that no other station has")
            taken.append(number)
        self._station_line = self._hal.make_station_line(
            self._ports[values.line], self._read_key(values.key_file)
        )
        stations = []
        for station_id in site.station_ids:
            if station_id not in numbers:
                raise ConfigError("stations.numbers." + station_id, None, "the station's number on the line")
            store = self._hal.number_file("setpoint-{}".format(numbers[station_id]))
            stations.append(self._station_line.add_station(numbers[station_id], store))
        return stations

    def _read_key(self, path):
        valid = "a file of {} .. {} hexadecimal digits".format(2 * KEY_SIZE_MIN, 2 * KEY_SIZE_MAX)
        text = self._hal.read_text(path)
        if text is None:
            raise ConfigError("stations.key_file", path, valid + "; make one with: openssl rand -hex 32")
        try:
            key = bytes.fromhex(text.strip())
        except ValueError:
            raise ConfigError("stations.key_file", path, valid)
        if not KEY_SIZE_MIN <= len(key) <= KEY_SIZE_MAX:
            raise ConfigError("stations.key_file", path, valid)
        return key

    def _make_inlet(self, values):
        if values is None:
            return None
        if values.limit_ma is not None:
            return FixedInlet(values.limit_ma)
        return SelectorInlet(values.selector_ma, lambda: self._hal.read_code(values.selector_file))
