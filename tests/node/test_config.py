"""A node's configuration: what starts, and the sentence for everything that doesn't."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from evenload.errors import ConfigError
from evenload_node import config

ROOT = Path(__file__).resolve().parents[2]
CHARGER = json.loads((ROOT / "board_configs" / "linux_charger.json").read_text())
METER = json.loads((ROOT / "board_configs" / "linux_meter.json").read_text())


@pytest.mark.parametrize("path", sorted((ROOT / "board_configs").glob("*.json")), ids=lambda path: path.stem)
def test_every_shipped_configuration_is_valid(path):
    assert config.load(str(path)).node


def test_defaults_are_filled_in():
    meter = config.parse(METER).meters[0]
    assert (meter.address, meter.mode, meter.sign, meter.current_ma_max) == (0, "packet", "signed", 100_000)


def broken(base, path, value):
    """Return a copy of `base` with the value at `path` (keys) replaced, or removed if it is None."""
    changed = copy.deepcopy(base)
    place = changed
    for word in path[:-1]:
        place = place[word]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return changed


# base, path of keys, bad value (None: the key is missing), key and remedy that the sentence must contain.
REFUSED = [
    (METER, ["node"], None, "node is missing", "a name of 1 .. 64 characters"),
    (METER, ["node"], "", "node is ", "a name of 1 .. 64 characters"),
    (METER, ["role"], "both", "role is both", "one of meter, charger"),
    (METER, ["nodes"], 1, "nodes is 1", "did you mean node?"),
    (METER, ["lines"], {}, "lines is {}", "a list"),
    (METER, ["lines", 0], 5, "lines[0] is 5", "an object"),
    (METER, ["lines", 0, "baud"], 1200, "lines[0].baud is 1200", "one of 4800, 9600, 19200, 38400"),
    (METER, ["lines", 1, "id"], "L1", "lines[1].id is L1", "no other of the lines has"),
    (METER, ["lines", 0, "port"], 7, "lines[0].port is 7", "a text"),
    (METER, ["meters", 0, "line"], "L9", "meters[0].line is L9", "one of L1, L2, L3"),
    (METER, ["meters", 0, "address"], 4, "meters[0].address is 4", "an integer of 0 .. 3"),
    (METER, ["meters", 0, "address"], True, "meters[0].address is True", "an integer of 0 .. 3"),
    (METER, ["meters", 1, "line"], "L1", "meters[1].address is 0", "no other meter of line L1 has"),
    (METER, ["meters", 0, "current_ma_max"], -1, "meters[0].current_ma_max is -1", "1000 .. 1000000"),
    (METER, ["meters"], [], "meters is []", "at least one meter"),
    (METER, ["inlet"], {"limit_ma": 1}, "inlet is present", "absent, or role charger"),
    (CHARGER, ["feeders", "main"], ["main L1"], "feeders.main is ['main L1']", "3 meter ids"),
    (CHARGER, ["feeders", "main", 1], "main L1", "feeders.main is", "a BL0942 sees one phase"),
    (CHARGER, ["feeders", "main", 1], "L7", "feeders.main[1] is L7", "one of main L1"),
    (CHARGER, ["feeders"], {}, "meters[0].id is main L1", "a meter that a feeder names"),
    (CHARGER, ["site"], None, "site is missing", "present in the role charger"),
    (CHARGER, ["stations", "line"], "L1", "stations.line is L1", "a line without meters"),
    (CHARGER, ["stations", "key"], "x", "stations.key is x", "did you mean key_file?"),
    (CHARGER, ["inlet"], {}, "inlet is both or neither", "limit_ma alone"),
    (
        CHARGER,
        ["inlet"],
        {"selector_ma": [0, 0], "selector_file": "x"},
        "inlet.selector_ma is [0, 0]",
        "above 0",
    ),
    (CHARGER, ["inlet"], {"selector_ma": [0, -1], "selector_file": "x"}, "inlet.selector_ma", "0 .. 6000000"),
    (CHARGER, ["tariffs", 0, "minutes"], -1, "tariffs[0].minutes is -1", "0 .. 1440"),
]


@pytest.mark.parametrize(
    ("base", "path", "value", "key", "remedy"), REFUSED, ids=[f"{row[1]}={row[2]}" for row in REFUSED]
)
def test_a_mistake_is_refused_with_key_value_and_remedy(base, path, value, key, remedy):
    with pytest.raises(ConfigError) as refused:
        config.parse(broken(base, path, value))
    assert key in str(refused.value)
    assert remedy in str(refused.value)


def test_a_missing_file_and_broken_json_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="a file that can be read"):
        config.load(str(tmp_path / "none.json"))
    for junk in (b"{", b"\xff\xfe{\x00}\x00", b"[" * 100_000, b"9" * 5_000):
        (tmp_path / "bad.json").write_bytes(junk)
        with pytest.raises(ConfigError, match="JSON"):
            config.load(str(tmp_path / "bad.json"))
    with pytest.raises(ConfigError, match="an object"):
        config.parse([])


def test_a_core_that_does_not_exist_is_refused_with_a_sentence():
    done = subprocess.run(
        [sys.executable, "-m", "evenload_node.linux", "check", "x"],
        env={**os.environ, "EVENLOAD_CORE": "rust"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert (
        done.stderr
        == "evenload-node: EVENLOAD_CORE is rust; valid: c or python; unset takes the best there is.\n"
    )
