"""The requirement's file shape, `CDU_System: node_id, priority_map`, turned into the shape of schema.py.

    CDU_System:
      node_id: CDU_01
      priority_map: {CDU_01: 1, CDU_02: 2, CDU_03: 3}
    blocks:
      pump_1: {type: pump_vfd, address: 1}

Only the names differ: every value goes through the same tables as a JSON file. Raises evenload.errors.ConfigError.
"""

from evenload.errors import ConfigError
from evenload.site import nearest

from evenload_node import schema
from evenload_node.sections import require

RATED_KW = 50  # The requirement's own site: six units, 300 kW.
SYSTEM_KEYS = ("node_id", "priority_map", "rated_kw", "state_dir", "can", "blocks")
CLUSTER_KEYS = tuple([row[0] for row in schema.CLUSTER if row[0] not in ("src", "voters")])
UNIT_KEYS = ("slew_kw_s",)


def is_cdu_system(value: object) -> bool:
    """Return whether a decoded file has the requirement's shape."""
    return isinstance(value, dict) and "CDU_System" in value


def convert(value) -> dict:
    """Return the same configuration in the shape that config.parse takes.

    Without a priority_map it is one unit that runs alone.
    """
    _require_known(value, ("CDU_System", "blocks"), "")
    system = value["CDU_System"]
    require(isinstance(system, dict), "CDU_System", system, "a mapping")
    _require_known(system, SYSTEM_KEYS + CLUSTER_KEYS + UNIT_KEYS, "CDU_System.")
    node_id = system.get("node_id")
    valid = "a name of 1 .. 64 characters"
    require(isinstance(node_id, str) and 1 <= len(node_id) <= 64, "CDU_System.node_id", node_id, valid)
    config = {"node": node_id, "role": "cdu", "state_dir": system.get("state_dir", "var/cdu-{id}")}
    config["cdu"] = {key: system[key] for key in UNIT_KEYS if key in system}
    config["blocks"] = _blocks(value.get("blocks", system.get("blocks")))
    if "priority_map" in system:
        config["cluster"] = _cluster(system, node_id)
        config["can"] = system.get("can", {"kind": "socketcan"})
    else:
        config["cdu"]["rated_kw"] = system.get("rated_kw", RATED_KW)
        if "demand_kw" in system:
            config["cdu"]["demand_kw"] = system["demand_kw"]
    return config


def _cluster(system, node_id):
    priorities = system["priority_map"]
    key = "CDU_System.priority_map"
    require(
        isinstance(priorities, dict) and len(priorities) > 0, key, priorities, "names and their priorities"
    )
    rated = system.get("rated_kw", RATED_KW)
    names = sorted([str(name) for name in priorities])
    _check_priorities(priorities, key)
    if node_id not in priorities:
        hint = "a name of priority_map; did you mean {}?".format(nearest(node_id, tuple(names)))
        raise ConfigError("CDU_System.node_id", node_id, hint)
    if isinstance(rated, dict):
        _require_known(rated, tuple(names), "CDU_System.rated_kw.")
    voters = []
    for name in names:
        own_kw = rated.get(name, RATED_KW) if isinstance(rated, dict) else rated
        voters.append({"src": priorities[name], "name": name, "rated_kw": own_kw})
    cluster = {"src": priorities[node_id], "voters": voters}
    for name in CLUSTER_KEYS:
        if name in system:
            cluster[name] = system[name]
    return cluster


def _check_priorities(priorities, key):
    taken = []
    for name in sorted(priorities, key=str):
        require(isinstance(name, str), key, name, "names that are texts")
        priority = priorities[name]
        good = isinstance(priority, int) and priority is not True and 1 <= priority <= 15
        require(good, key + "." + name, priority, "an integer of 1 .. 15; 1 leads first")
        require(priority not in taken, key + "." + name, priority, "a priority that no other unit has")
        taken.append(priority)


def _blocks(blocks):
    """Return the blocks as a list; the file may name them by key or list them."""
    if blocks is None:
        return []
    if isinstance(blocks, dict):
        blocks = [_with_id(block, name) for name, block in blocks.items()]
    require(isinstance(blocks, list), "blocks", blocks, "a list or a mapping of blocks")
    found = []
    for i in range(len(blocks)):
        block = blocks[i]
        require(isinstance(block, dict), "blocks[{}]".format(i), block, "a mapping with id and type")
        row = {"settings": {}}
        for key in block:
            if key in ("id", "type"):
                row[key] = block[key]
            else:
                row["settings"][key] = block[key]
        found.append(row)
    return found


def _with_id(block, name):
    if not isinstance(block, dict):
        return block
    row = {"id": str(name)}
    row.update(block)
    return row


def _require_known(value, names, path):
    for key in sorted(value, key=str):
        if key not in names:
            hint = "no such key; did you mean {}? One of {}".format(
                nearest(str(key), names), ", ".join(names)
            )
            raise ConfigError(path + str(key), value[key], hint)
