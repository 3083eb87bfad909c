"""Builds an allocation from a site description (SITE.json): validated, every mistake named with key, value
and remedy.

A site is {"name", settings..., "circuits": [...], "stations": [...], "measurements": {...}}; all numbers
are integers with the unit in the key. SPEC, Site file, has the table of keys; `evenload charging plan
--schema` the JSON Schema.
"""

from evenload import wire
from evenload.core import kernel
from evenload.errors import ConfigError

SETTINGS = (
    "step_ma",
    "slot_ms",
    "on_min_ms",
    "off_min_ms",
    "lease_ms",
    "lease_grace_ms",
    "follow_ms",
    "raise_headroom_percent",
    "raise_rated_percent_per_s",
    "raise_settle_ms",
    "reclaim_after_ms",
    "reclaim_margin_ma",
    "narrow_after_ms",
    "start_margin_ma",
    "boot_wait_ms",
    "unbalance_ma_max",
)
# Smallest and largest value of a setting, by the last word of its name.
_SETTING_RANGES = {
    "ma": (0, 100000),
    "ms": (0, 86400000),
    "percent": (0, 100),
    "s": (0, 100),
    "max": (0, 6000000),
}
SITE_KEYS = ("name", "circuits", "stations", "measurements") + SETTINGS
CIRCUIT_KEYS = ("id", "parent", "limit_ma", "fallback_current_ma", "metered", "breaker_rated_ma")
STATION_KEYS = (
    "id",
    "circuit",
    "wiring",
    "min_ma",
    "max_ma",
    "failsafe_ma",
    "priority",
    "weight",
    "switchable",
)
CIRCUIT_MEASUREMENT_KEYS = ("feeder_ma", "meter_state", "cap_ma")
STATION_MEASUREMENT_KEYS = ("state", "measured_ma", "cap_ma", "weight")


class Site:
    """A site that may start: `allocation` (sealed), `circuit_ids` and `station_ids` by index, `name`,
    `site` (as given).
    """

    def __init__(self, site: dict, allocation, circuit_ids: list[str], station_ids: list[str]):
        self.site = site
        self.name = site.get("name", "Site")
        self.allocation = allocation
        self.circuit_ids = circuit_ids
        self.station_ids = station_ids

    def measure(self, measurements: dict, now_ms: int) -> None:
        """Write a "measurements" object into the input columns as if just received at `now_ms`; ConfigError
        if wrong.

        Every station that is not named is taken as heard now, in the state it last had.
        """
        a = self.allocation
        _refuse_unknown(measurements, ("circuits", "stations"), "measurements")
        for n in range(len(self.circuit_ids)):
            a.sample_ms[n] = now_ms
        for s in range(len(self.station_ids)):
            a.heard_ms[s] = now_ms
        circuits = _table(measurements, "circuits", self.circuit_ids)
        for n in range(len(self.circuit_ids)):
            if self.circuit_ids[n] in circuits:
                key = "measurements.circuits.{}".format(self.circuit_ids[n])
                _measure_circuit(a, n, circuits[self.circuit_ids[n]], key)
        stations = _table(measurements, "stations", self.station_ids)
        for s in range(len(self.station_ids)):
            if self.station_ids[s] in stations:
                key = "measurements.stations.{}".format(self.station_ids[s])
                _measure_station(a, s, stations[self.station_ids[s]], key)


def build(site: dict) -> Site:
    """Return the sealed Site of the description `site`; ConfigError names the key that may not start."""
    _require(isinstance(site, dict), "site", site, "an object with circuits and stations")
    _refuse_unknown(site, SITE_KEYS, "")
    _require(isinstance(site.get("name", ""), str), "name", site.get("name"), "a text")
    circuits = _list_of(site, "circuits", 1, wire.ALLOCATION_CIRCUITS_MAX)
    stations = _list_of(site, "stations", 0, wire.ALLOCATION_STATIONS_MAX)
    circuit_ids = _ids(circuits, "circuits")
    station_ids = _ids(stations, "stations")
    order = _root_first(circuits, circuit_ids)
    allocation = kernel("allocation").Allocation(len(circuits), len(stations))
    _apply_settings(allocation, site)
    ordered_ids = [circuit_ids[i] for i in order]
    for n in range(len(order)):
        _apply_circuit(allocation, n, circuits[order[n]], ordered_ids, "circuits[{}]".format(order[n]))
    for s in range(len(stations)):
        _apply_station(allocation, s, stations[s], ordered_ids, "stations[{}]".format(s))
    _refuse_failsafes(allocation, ordered_ids)
    allocation.seal()
    built = Site(site, allocation, ordered_ids, station_ids)
    if "measurements" in site:
        built.measure(site["measurements"], 0)
    return built


def setting_range(key: str) -> tuple[int, int]:
    """Return the smallest and the largest value of the setting `key`."""
    if key == "step_ma":
        return (1, wire.EV_MIN_CURRENT_MA)
    if key == "lease_ms":
        return (1000, wire.SETPOINT_TTL_MS_MAX)  # R9; a station can't be told a longer one.
    return _SETTING_RANGES[key.rsplit("_", maxsplit=1)[-1]]


def nearest(word: str, words: tuple[str, ...]) -> str:
    """Return the entry of `words` most like `word` (most letters and pairs in common), for a
    hint.
    """
    best = words[0]
    best_score = -1
    for candidate in words:
        score = 0
        for i in range(len(word) - 1):
            if word[i : i + 2] in candidate:
                score += 2
        for letter in word:
            if letter in candidate:
                score += 1
        score = score * 16 - abs(len(candidate) - len(word))
        if score > best_score:
            best = candidate
            best_score = score
    return best


def _require(good, key, value, valid):
    if not good:
        raise ConfigError(key, value, valid)


def _refuse_unknown(table, keys, path):
    _require(isinstance(table, dict), path, table, "an object")
    for key in sorted(table):
        if key not in keys:
            where = path + "." + key if path else key
            valid = "no such key; did you mean {}? One of {}".format(nearest(key, keys), ", ".join(keys))
            raise ConfigError(where, table[key], valid)


def _list_of(site, key, least, most):
    items = site.get(key)
    valid = "a list of {} .. {} objects".format(least, most)
    _require(isinstance(items, list) and least <= len(items) <= most, key, items, valid)
    return items


def _ids(items, name):
    ids = []
    seen = {}
    for i in range(len(items)):
        key = "{}[{}]".format(name, i)
        _require(isinstance(items[i], dict), key, items[i], "an object")
        word = items[i].get("id")
        _require(
            isinstance(word, str) and 1 <= len(word) <= 64, key + ".id", word, "a name of 1 .. 64 characters"
        )
        _require(word not in seen, key + ".id", word, "a name that no other of the {} has".format(name))
        seen[word] = 1
        ids.append(word)
    return ids


def _root_first(circuits, ids):
    """Return the indices of `circuits` so that every parent comes before its children; refuses cycles."""
    at = {}
    for i in range(len(ids)):
        at[ids[i]] = i
    order = []
    placed = [0] * len(ids)
    for i in range(len(ids)):
        parent = circuits[i].get("parent")
        if parent is None:
            valid = "the id of a circuit: only one circuit, {}, is the root".format(
                ids[order[0]] if order else ""
            )
            _require(not order, "circuits[{}].parent".format(i), None, valid)
            order.append(i)
            placed[i] = 1
        else:
            _require_one_of(parent, ids, "circuits[{}].parent".format(i))
    grown = 1
    while grown:
        grown = 0
        for i in range(len(ids)):
            if not placed[i] and placed[at[circuits[i]["parent"]]]:
                placed[i] = 1
                order.append(i)
                grown = 1
    for i in range(len(ids)):
        valid = "a chain of parents that ends at the root, not a cycle"
        _require(placed[i], "circuits[{}].parent".format(i), circuits[i].get("parent"), valid)
    return order


def _require_one_of(word, words, key):
    if word not in words:
        hint = "did you mean {}? ".format(nearest(str(word), tuple(words))) if words else ""
        shown = ", ".join(words[:16]) + (", ..." if len(words) > 16 else "")
        raise ConfigError(key, word, "{}One of {}".format(hint, shown))


def _integer(table, key, default, span, path):
    """Return the integer table[key] within `span`, a (least, most)."""
    least, most = span
    value = table.get(key, default)
    good = isinstance(value, int) and value is not True and value is not False and least <= value <= most
    _require(good, path + key, value, "an integer of {} .. {}".format(least, most))
    return value


def _flag(table, key, default, path):
    value = table.get(key, default)
    _require(value is True or value is False, path + key, value, "true or false")
    return 1 if value else 0


def _write_phases(table, key, column, n, most):
    """Write the three values of table[key], if there, into column[3 * n ..]; `most` as (list, path)."""
    value = table.get(key)
    if value is None:
        return
    mosts, path = most
    _require(isinstance(value, list) and len(value) == 3, path + key, value, "3 values of mA, for L1, L2, L3")
    for phase in range(3):
        item = value[phase]
        good = isinstance(item, int) and item is not True and item is not False and 0 <= item <= mosts[phase]
        _require(good, "{}{}[{}]".format(path, key, phase), item, "0 .. {} mA".format(mosts[phase]))
        column[3 * n + phase] = item


def _apply_settings(allocation, site):
    for key in SETTINGS:
        if key in site:
            setattr(allocation.settings, key, _integer(site, key, 0, setting_range(key), ""))


def _apply_circuit(allocation, n, circuit, ids, path):
    _refuse_unknown(circuit, CIRCUIT_KEYS, path)
    dot = path + "."
    most = wire.ALLOCATION_CURRENT_MA_MAX
    allocation.circuit_parent[n] = wire.CIRCUIT_NONE if n == 0 else ids.index(circuit["parent"])
    _require("limit_ma" in circuit, dot + "limit_ma", None, "3 values of 0 .. {} mA".format(most))
    _write_phases(circuit, "limit_ma", allocation.limit_ma, n, ((most, most, most), dot))
    limits = [allocation.limit_ma[3 * n + phase] for phase in range(3)]
    _write_phases(circuit, "fallback_current_ma", allocation.fallback_ma, n, (limits, dot))
    _write_phases(circuit, "breaker_rated_ma", allocation.breaker_rated_ma, n, ((most, most, most), dot))
    allocation.metered[n] = _flag(circuit, "metered", n == 0, dot)
    if n == 0 and not allocation.metered[0]:
        allocation.settings.root_unmetered = 1
    if not allocation.metered[n]:
        allocation.meter_state[n] = wire.METER_UNMETERED


def _apply_station(allocation, s, station, circuit_ids, path):
    _refuse_unknown(station, STATION_KEYS, path)
    dot = path + "."
    most = wire.ALLOCATION_STATION_MA_MAX
    _require_one_of(station.get("circuit"), circuit_ids, dot + "circuit")
    _require_one_of(station.get("wiring", "L1-L2-L3"), wire.WIRING_NAMES, dot + "wiring")
    allocation.station_circuit[s] = circuit_ids.index(station["circuit"])
    allocation.wiring[s] = wire.WIRING_NAMES.index(station.get("wiring", "L1-L2-L3"))
    low_ma = _integer(station, "min_ma", wire.EV_MIN_CURRENT_MA, (wire.EV_MIN_CURRENT_MA, most), dot)
    high_ma = _integer(station, "max_ma", 32000, (0, most), dot)
    _require(high_ma >= low_ma, dot + "max_ma", high_ma, "min_ma = {} .. {}".format(low_ma, most))
    allocation.min_ma[s] = low_ma
    allocation.max_ma[s] = high_ma
    allocation.failsafe_ma[s] = _integer(station, "failsafe_ma", 0, (0, high_ma), dot)
    allocation.priority[s] = _integer(station, "priority", 0, (0, wire.ALLOCATION_PRIORITY_MAX), dot)
    allocation.weight[s] = _integer(station, "weight", 1, (1, wire.ALLOCATION_WEIGHT_MAX), dot)
    allocation.switchable[s] = _flag(station, "switchable", False, dot)


def _refuse_failsafes(allocation, ids):
    """Name the circuit in the words of the site file where the fail-safe currents do not fit."""
    try:
        allocation.seal()
    except ConfigError as error:
        if error.key.startswith("limit_ma["):
            k = int(error.key[9:-1])
            key = "circuit {} limit_ma[{}]".format(ids[k // 3], k % 3)
            raise ConfigError(key, error.value, error.valid)
        raise


def _table(measurements, key, ids):
    table = measurements.get(key, {})
    _require(isinstance(table, dict), "measurements." + key, table, "an object by id")
    for word in sorted(table):
        _require_one_of(word, ids, "measurements." + key)
    return table


def _measure_circuit(allocation, n, values, path):
    _refuse_unknown(values, CIRCUIT_MEASUREMENT_KEYS, path)
    dot = path + "."
    most = wire.ALLOCATION_CURRENT_MA_MAX
    _write_phases(values, "feeder_ma", allocation.feeder_ma, n, ((most, most, most), dot))
    _write_phases(values, "cap_ma", allocation.cap_ma, n, ((most, most, most), dot))
    if "meter_state" in values:
        _require_one_of(values["meter_state"], wire.METER_NAMES, dot + "meter_state")
        allocation.meter_state[n] = wire.METER_NAMES.index(values["meter_state"])


def _measure_station(allocation, s, values, path):
    _refuse_unknown(values, STATION_MEASUREMENT_KEYS, path)
    dot = path + "."
    most = wire.ALLOCATION_STATION_MA_MAX
    _write_phases(values, "measured_ma", allocation.measured_ma, s, ((most, most, most), dot))
    if "state" in values:
        _require_one_of(values["state"], wire.STATION_NAMES, dot + "state")
        allocation.station_state[s] = wire.STATION_NAMES.index(values["state"])
    if "cap_ma" in values:
        allocation.station_cap_ma[s] = _integer(values, "cap_ma", 0, (0, most), dot)
    if "weight" in values:
        allocation.weight[s] = _integer(values, "weight", 1, (1, wire.ALLOCATION_WEIGHT_MAX), dot)
