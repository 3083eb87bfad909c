"""Reads a node's configuration on Linux: JSON, or YAML where the file is called so; either may have the requirement's
shape.
"""

import json

from evenload.errors import ConfigError

from evenload_node import config
from evenload_node.cdu_config import choose_voter
from evenload_node.cdu_system import convert, is_cdu_system
from evenload_node.sections import Section

YAML_SUFFIXES = (".yaml", ".yml")


def read_config(path: str, node_id: str | None = None) -> Section:
    """Return the validated configuration in file `path`, of voter `node_id` if one is named. Raises ConfigError."""
    if path.endswith(YAML_SUFFIXES):
        value = _read_yaml(path)
    else:
        value = config.read_json(path)
        _refuse_repetitions(path)
    if is_cdu_system(value):
        value = convert(value)
    found = config.parse(value)
    if found.role == "cdu":
        choose_voter(found, node_id)
    elif node_id is not None:
        raise ConfigError("--node-id", node_id, "absent, or role cdu")
    return found


def _read_yaml(path: str) -> object:
    import yaml  # Most nodes have no YAML file: they start without it.

    try:
        with open(path, encoding="utf-8") as file:
            _refuse_repeated_nodes(path, yaml.compose(file, yaml.SafeLoader), set())
        with open(path, encoding="utf-8") as file:
            return yaml.safe_load(file)
    except OSError as error:
        raise ConfigError("file", path, f"a file that can be read ({error.args[-1]})") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError("file", path, f"YAML ({' '.join(str(error).split())})") from error


def _refuse_repetitions(path):
    """Refuse a JSON file in which an object says a key twice: the first value would silently count for nothing."""
    with open(path) as file:
        json.load(file, object_pairs_hook=lambda pairs: _once(path, pairs))


def _once(path, pairs):
    seen = set()
    for key, _ in pairs:
        _refuse_second(path, key, seen)
    return dict(pairs)


def _refuse_repeated_nodes(path, node, looked_at):
    if node is None or id(node) in looked_at:
        return
    looked_at.add(id(node))
    seen: set[str] = set()
    for item in node.value if isinstance(node.value, list) else ():
        key, child = item if isinstance(item, tuple) else (None, item)
        if key is not None and isinstance(key.value, str):
            _refuse_second(path, key.value, seen)
        _refuse_repeated_nodes(path, child, looked_at)


def _refuse_second(path, key, seen):
    if key in seen:
        raise ConfigError("file", path, f"a file whose objects say each key once; {key} is there twice")
    seen.add(key)
