"""A node's configuration: a JSON file in, validated values out; the first mistake is named with key, value
and remedy.

Nothing else reads the file: everyone receives values. Raises only evenload.errors.ConfigError.
"""

import json

from evenload.errors import ConfigError
from evenload.site import nearest

from evenload_node import schema


class Section:
    """One object of the file: an attribute per key of its table, defaults filled in."""

    def __getattr__(self, name: str):
        raise AttributeError(name)


def load(path: str) -> Section:
    """Return the validated configuration in file `path`."""
    try:
        with open(path) as file:
            value = json.loads(file.read())
    except OSError as error:
        raise ConfigError("file", path, "a file that can be read ({})".format(error.args[-1]))
    except (ValueError, RuntimeError) as error:  # RuntimeError: nested deeper than the stack.
        raise ConfigError("file", path, "JSON ({})".format(error))
    return parse(value)


def parse(value: object) -> Section:
    """Return the configuration that the decoded JSON `value` holds."""
    config = _section(value, schema.NODE, "")
    config.lines = _sections(config.lines, schema.LINE, "lines")
    config.meters = _sections(config.meters, schema.METER, "meters")
    config.tariffs = _sections(config.tariffs, schema.TARIFF, "tariffs")
    if config.inlet is not None:
        config.inlet = _section(config.inlet, schema.INLET, "inlet.")
    if config.stations is not None:
        config.stations = _section(config.stations, schema.STATIONS, "stations.")
    _check_lines(config)
    _check_role(config)
    return config


def _check_lines(config):
    line_ids = _unique_ids(config.lines, "lines")
    _unique_ids(config.meters, "meters")
    taken = []
    for i in range(len(config.meters)):
        meter = config.meters[i]
        _require_word(meter.line, line_ids, "meters[{}].line".format(i))
        place = (meter.line, meter.address)
        key = "meters[{}].address".format(i)
        _require(
            place not in taken,
            key,
            meter.address,
            "an address that no other meter of line {} has".format(meter.line),
        )
        taken.append(place)
    if config.stations is not None:
        _require_word(config.stations.line, line_ids, "stations.line")
        meter_lines = [meter.line for meter in config.meters]
        _require(
            config.stations.line not in meter_lines,
            "stations.line",
            config.stations.line,
            "a line without meters",
        )


def _check_role(config):
    if config.role == "meter":
        for key in ("site", "feeders", "stations", "inlet"):
            _require(getattr(config, key) is None, key, "present", "absent, or role charger")
        _require(len(config.meters) > 0, "meters", [], "at least one meter")
        return
    for key in ("site", "feeders", "stations"):
        _require(getattr(config, key) is not None, key, None, "present in the role charger")
    meter_ids = [meter.id for meter in config.meters]
    for circuit in sorted(config.feeders):
        phases = config.feeders[circuit]
        key = "feeders.{}".format(circuit)
        _require(isinstance(phases, list) and len(phases) == 3, key, phases, "3 meter ids, for L1, L2, L3")
        for phase in range(3):
            _require_word(phases[phase], meter_ids, "{}[{}]".format(key, phase))
        _require(len(_distinct(phases)) == 3, key, phases, "3 different meters: a BL0942 sees one phase")
    for i in range(len(meter_ids)):
        used = [circuit for circuit in config.feeders if meter_ids[i] in config.feeders[circuit]]
        _require(len(used) > 0, "meters[{}].id".format(i), meter_ids[i], "a meter that a feeder names")
    _check_inlet(config.inlet)


def _check_inlet(inlet):
    if inlet is None:
        return
    fixed = inlet.limit_ma is not None
    selected = inlet.selector_ma is not None and inlet.selector_file is not None
    _require(
        fixed != selected, "inlet", "both or neither", "limit_ma alone, or selector_ma with selector_file"
    )
    if selected:
        good = max(inlet.selector_ma + [0]) > 0
        _require(good, "inlet.selector_ma", inlet.selector_ma, "at least one code with a current above 0")


def _section(value, rows, path):
    """Return the Section of the object `value`, whose keys are `rows`; path ends with a dot or is empty."""
    _require(isinstance(value, dict), path[:-1] if path else "file", value, "an object")
    names = tuple([row[0] for row in rows])
    for key in sorted(value):
        if key not in names:
            hint = "no such key; did you mean {}? One of {}".format(nearest(key, names), ", ".join(names))
            raise ConfigError(path + key, value[key], hint)
    section = Section()
    for name, kind, default, valid, _ in rows:
        if name in value:
            _check_value(path + name, value[name], kind, valid)
            setattr(section, name, value[name])
        else:
            _require(default != schema.REQUIRED, path + name, None, _words_of(kind, valid))
            setattr(section, name, default)
    return section


def _sections(values, rows, name):
    return [_section(values[i], rows, "{}[{}].".format(name, i)) for i in range(len(values))]


def _check_value(key, value, kind, valid):
    if kind == "name":
        good = isinstance(value, str) and 1 <= len(value) <= 64
    elif kind == "text":
        good = isinstance(value, str) and len(value) > 0
    elif kind == "integer":
        good = _is_integer(value) and valid[0] <= value <= valid[1]
    elif kind == "integers":
        good = isinstance(value, list) and len(value) > 0
        for item in value if good else ():
            good = good and _is_integer(item) and valid[0] <= item <= valid[1]
    elif kind == "word":
        good = value in valid and value is not True and value is not False
    elif kind == "flag":
        good = value is True or value is False
    elif kind == "object":
        good = isinstance(value, dict)
    else:
        good = isinstance(value, list)
    _require(good, key, value, _words_of(kind, valid))


def _words_of(kind, valid):
    if kind == "integer":
        return "an integer of {} .. {}".format(valid[0], valid[1])
    if kind == "integers":
        return "a list of integers of {} .. {}".format(valid[0], valid[1])
    if kind == "word":
        return "one of " + ", ".join([str(word) for word in valid])
    words = {"name": "a name of 1 .. 64 characters", "text": "a text", "flag": "true or false"}
    return words.get(kind, "an object" if kind == "object" else "a list")


def _is_integer(value):
    return isinstance(value, int) and value is not True and value is not False


def _unique_ids(sections, name):
    ids = []
    for i in range(len(sections)):
        key = "{}[{}].id".format(name, i)
        _require(
            sections[i].id not in ids, key, sections[i].id, "an id that no other of the {} has".format(name)
        )
        ids.append(sections[i].id)
    return ids


def _require_word(word, words, key):
    _require(
        word in words, key, word, "one of " + ", ".join(words) if words else "nothing; none is configured"
    )


def _distinct(words):
    found = []
    for word in words:
        if word not in found:
            found.append(word)
    return found


def _require(good, key, value, valid):
    if not good:
        raise ConfigError(key, value, valid)
