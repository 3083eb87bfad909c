"""A node's configuration: a JSON file in, validated values out; the first mistake is named with key, value
and remedy.

Nothing else reads the file: everyone receives values. Raises only evenload.errors.ConfigError.
"""

import json

from evenload.errors import ConfigError

from evenload_node import schema
from evenload_node.cdu_config import parse_cdu
from evenload_node.sections import (
    Section,
    distinct,
    read_section,
    read_sections,
    require,
    require_word,
    unique_ids,
)


def load(path: str) -> Section:
    """Return the validated configuration in file `path`."""
    return parse(read_json(path))


def read_json(path: str) -> object:
    """Return what the file `path` holds, decoded. Raises ConfigError."""
    try:
        with open(path) as file:
            return json.loads(file.read())
    except OSError as error:
        raise ConfigError("file", path, "a file that can be read ({})".format(error.args[-1]))
    except (ValueError, RuntimeError) as error:  # RuntimeError: nested deeper than the stack.
        raise ConfigError("file", path, "JSON ({})".format(error))


def parse(value: object) -> Section:
    """Return the configuration that the decoded JSON `value` holds."""
    config = read_section(value, schema.NODE, "")
    config.lines = read_sections(config.lines, schema.LINE, "lines")
    config.meters = read_sections(config.meters, schema.METER, "meters")
    config.tariffs = read_sections(config.tariffs, schema.TARIFF, "tariffs")
    if config.inlet is not None:
        config.inlet = read_section(config.inlet, schema.INLET, "inlet.")
    if config.stations is not None:
        config.stations = read_section(config.stations, schema.STATIONS, "stations.")
    _check_lines(config)
    _check_role(config)
    parse_cdu(config)
    return config


def _check_lines(config):
    line_ids = unique_ids(config.lines, "lines")
    unique_ids(config.meters, "meters")
    taken = []
    for i in range(len(config.meters)):
        meter = config.meters[i]
        require_word(meter.line, line_ids, "meters[{}].line".format(i))
        place = (meter.line, meter.address)
        key = "meters[{}].address".format(i)
        require(
            place not in taken,
            key,
            meter.address,
            "an address that no other meter of line {} has".format(meter.line),
        )
        taken.append(place)
    if config.stations is not None:
        require_word(config.stations.line, line_ids, "stations.line")
        meter_lines = [meter.line for meter in config.meters]
        require(
            config.stations.line not in meter_lines,
            "stations.line",
            config.stations.line,
            "a line without meters",
        )


def _check_role(config):
    if config.role != "charger":
        for key in ("site", "feeders", "stations", "inlet"):
            require(getattr(config, key) is None, key, "present", "absent, or role charger")
    if config.role == "cdu":
        return
    if config.role == "meter":
        require(len(config.meters) > 0, "meters", [], "at least one meter")
        return
    for key in ("site", "feeders", "stations"):
        require(getattr(config, key) is not None, key, None, "present in the role charger")
    meter_ids = [meter.id for meter in config.meters]
    for circuit in sorted(config.feeders):
        phases = config.feeders[circuit]
        key = "feeders.{}".format(circuit)
        require(isinstance(phases, list) and len(phases) == 3, key, phases, "3 meter ids, for L1, L2, L3")
        for phase in range(3):
            require_word(phases[phase], meter_ids, "{}[{}]".format(key, phase))
        require(len(distinct(phases)) == 3, key, phases, "3 different meters: a BL0942 sees one phase")
    for i in range(len(meter_ids)):
        used = [circuit for circuit in config.feeders if meter_ids[i] in config.feeders[circuit]]
        require(len(used) > 0, "meters[{}].id".format(i), meter_ids[i], "a meter that a feeder names")
    _check_inlet(config.inlet)


def _check_inlet(inlet):
    if inlet is None:
        return
    fixed = inlet.limit_ma is not None
    selected = inlet.selector_ma is not None and inlet.selector_file is not None
    require(
        fixed != selected, "inlet", "both or neither", "limit_ma alone, or selector_ma with selector_file"
    )
    if selected:
        good = max(inlet.selector_ma + [0]) > 0
        require(good, "inlet.selector_ma", inlet.selector_ma, "at least one code with a current above 0")
