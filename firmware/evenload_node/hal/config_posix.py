"""Reads a node's configuration on Linux: JSON, or YAML where the file is called so; either may have the requirement's
shape.
"""

from evenload.errors import ConfigError

from evenload_node import config
from evenload_node.cdu_config import choose_voter
from evenload_node.cdu_system import convert, is_cdu_system
from evenload_node.sections import Section

YAML_SUFFIXES = (".yaml", ".yml")


def read_config(path: str, node_id: str | None = None) -> Section:
    """Return the validated configuration in file `path`, of voter `node_id` if one is named. Raises ConfigError."""
    value = _read_yaml(path) if path.endswith(YAML_SUFFIXES) else config.read_json(path)
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
            return yaml.safe_load(file)
    except OSError as error:
        raise ConfigError("file", path, f"a file that can be read ({error.args[-1]})") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError("file", path, f"YAML ({' '.join(str(error).split())})") from error
