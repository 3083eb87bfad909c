"""The role cdu's configuration: both file shapes, and the sentence for every bound that the timing proof sets."""

import copy
import json
from pathlib import Path

import pytest
from evenload.errors import ConfigError
from evenload_node import config
from evenload_node.cdu_config import quorum_of, tie_words, to_10w
from evenload_node.hal.config_posix import read_config

ROOT = Path(__file__).resolve().parents[2]
CDU = json.loads((ROOT / "board_configs" / "linux_cdu.json").read_text())
METER = json.loads((ROOT / "board_configs" / "linux_meter.json").read_text())
YAML = (ROOT / "board_configs" / "distributed_cdu_config.yaml").read_text()
ALONE = {"node": "one", "role": "cdu", "cdu": {"rated_kw": 50}}


def changed(base, path, value):
    """Return a copy of `base` with the value at `path` (keys) replaced, or removed if it is None."""
    copied = copy.deepcopy(base)
    place = copied
    for word in path[:-1]:
        place = place[word]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return copied


def test_a_cluster_is_read_with_its_defaults():
    cluster = config.parse(CDU).cluster
    assert [voter.src for voter in cluster.voters] == [1, 2, 3, 4, 5, 6]
    assert [voter.load_rank for voter in cluster.voters] == [0, 1, 2, 3, 4, 5]
    assert (cluster.tick_ms, cluster.policy, cluster.cap_percent, cluster.supply_c) == (2, "ramp", 80, 35)
    assert cluster.demand_kw == 165
    assert quorum_of(config.parse(CDU)) == 4


def test_without_a_demand_80_percent_of_the_rated_sum_is_shared():
    assert config.parse(changed(CDU, ["cluster", "demand_kw"], None)).cluster.demand_kw == 240


def test_a_unit_without_a_cluster_runs_alone():
    parsed = config.parse(ALONE)
    assert parsed.cluster is None
    assert parsed.can is None


VOTERS = [{"src": n, "rated_kw": 50} for n in range(1, 14)]
# base, path of keys, bad value (None: the key is missing), key and value, remedy that the sentence must contain.
REFUSED = [
    (CDU, ["node"], "a\nevent=started", "node is", "none of them a control character"),
    (CDU, ["node"], "half \ud800", "node is", "none of them a control character"),
    (CDU, ["state_dir"], "/tmp/a\0b", "state_dir is", "a text without control characters"),
    (CDU, ["cluster", "voters", 0, "name"], "2", "voters[0].name is 2", "no other voter's number"),
    (CDU, ["can"], {"kind": "virtual", "path": "x" * 108}, "can.path is xxx", "at most 107 bytes"),
    (CDU, ["can", "channel"], "x" * 16, "can.channel is xxx", "at most 15 bytes"),
    (CDU, ["cluster", "voters", 1, "src"], 1, "voters[1].src is 1", "a priority that no other voter has"),
    (CDU, ["cluster", "voters", 1, "name"], "CDU_01", "voters[1].name is CDU_01", "no other voter has"),
    (CDU, ["cluster", "voters", 1, "src"], 16, "voters[1].src is 16", "1 .. 15"),
    (CDU, ["cluster", "voters", 1, "rated_kw"], 0, "voters[1].rated_kw is 0", "a number of 0.01 .. 655.35"),
    (CDU, ["cluster", "voters", 1, "rated_kw"], True, "voters[1].rated_kw is True", "a number"),
    (CDU, ["cluster", "voters", 1, "rank"], 1, "voters[1].rank is 1", "did you mean load_rank?"),
    (CDU, ["cluster", "voters"], VOTERS, "cluster.voters is 13 voters", "at most 12 voters"),
    (CDU, ["cluster", "voters"], [], "cluster.voters is 0 voters", "at most 12 voters"),
    (CDU, ["cluster", "src"], 7, "cluster.src is 7", "a voter: one of 1, 2, 3, 4, 5, 6"),
    (CDU, ["cluster", "src"], None, "cluster.src is missing", "an integer of 1 .. 15"),
    (CDU, ["cluster", "tick_ms"], 6, "cluster.tick_ms is 6", "1 .. 5: with a longer tick"),
    (CDU, ["cluster", "policy"], "fair", "cluster.policy is fair", "one of ramp, efficiency"),
    (CDU, ["cluster", "demand_kw"], float("nan"), "cluster.demand_kw is nan", "a number of 0 .. 655.35"),
    (CDU, ["cluster", "voter"], [], "cluster.voter is []", "did you mean voters?"),
    (CDU, ["can", "bitrate"], 250_000, "can.bitrate is 250000", "at least 500000"),
    (CDU, ["can"], None, "can is missing", "the wire of the cluster"),
    (CDU, ["can", "kind"], "vcan", "can.kind is vcan", "one of virtual, socketcan, python-can"),
    (CDU, ["can", "kind"], "virtual", "can.path is missing", "for kind virtual"),
    (CDU, ["can", "path"], "/run/x", "can.path is /run/x", "absent for kind socketcan"),
    (CDU, ["cdu"], {"rated_kw": 50}, "cdu.rated_kw is 50", "absent in a cluster"),
    (CDU, ["blocks", 0, "type"], "pump", "blocks[0].type is pump", "one of pump_vfd"),
    (CDU, ["blocks", 1, "id"], "pump_1", "blocks[1].id is pump_1", "no other of the blocks has"),
    (CDU, ["meters"], [{"id": "m", "line": "x"}], "meters[0].line is x", "nothing; none is configured"),
    (CDU, ["site"], {}, "site is present", "absent, or role charger"),
    (ALONE, ["cdu"], None, "cdu.rated_kw is missing", "what the unit can cool"),
    (ALONE, ["can"], {"kind": "socketcan"}, "can is present", "the unit runs alone"),
    (METER, ["cluster"], {}, "cluster is present", "absent, or role cdu"),
]


@pytest.mark.parametrize(
    ("base", "path", "value", "key", "remedy"),
    REFUSED,
    ids=[f"{row[1]}={str(row[2])[:20]}" for row in REFUSED],
)
def test_a_mistake_is_refused_with_the_bound_it_breaks(base, path, value, key, remedy):
    with pytest.raises(ConfigError) as refused:
        config.parse(changed(base, path, value))
    assert key in str(refused.value)
    assert remedy in str(refused.value)


@pytest.fixture
def read(tmp_path):
    """Return a function (text, node id) -> configuration of a YAML file with that text."""

    def read_text(text, node_id=None):
        path = tmp_path / "distributed_cdu_config.yaml"
        path.write_text(text)
        return read_config(str(path), node_id)

    return read_text


def test_the_requirements_shape_means_the_same_as_the_json_file(read):
    from_yaml, from_json = read(YAML), read_config(str(ROOT / "board_configs" / "linux_cdu.json"))
    for key in ("node", "role", "state_dir"):
        assert getattr(from_yaml, key) == getattr(from_json, key)
    for key in ("cluster", "can"):
        ours, theirs = vars(getattr(from_yaml, key)), vars(getattr(from_json, key))
        voters = [[vars(voter) for voter in found.pop("voters", [])] for found in (ours, theirs)]
        assert ours == theirs
        assert voters[0] == voters[1]
    assert [vars(block) for block in from_yaml.blocks] == [vars(block) for block in from_json.blocks]


def test_the_requirements_own_snippet_is_enough(read):
    found = read('CDU_System:\n  node_id: "CDU_01"\n  priority_map:\n    CDU_01: 1\n')
    assert (found.node, found.cluster.src, found.can.kind, found.can.channel) == (
        "CDU_01",
        1,
        "socketcan",
        "can0",
    )


def test_without_a_priority_map_the_unit_runs_alone(read):
    found = read("CDU_System: {node_id: CDU_01, rated_kw: 60}\n")
    assert found.cluster is None
    assert found.cdu.rated_kw == 60


@pytest.mark.parametrize("node_id", ["3", "CDU_03"])
def test_node_id_makes_another_voter_of_the_same_file(read, node_id):
    found = read(YAML, node_id)
    assert (found.node, found.cluster.src, found.state_dir) == ("CDU_03", 3, "var/cdu-3")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("CDU_02: 2", "CDU_02: 1", "CDU_System.priority_map.CDU_02 is 1; valid: a priority that no other"),
        ("CDU_02: 2", "CDU_02: 16", "CDU_System.priority_map.CDU_02 is 16; valid: an integer of 1 .. 15"),
        ('node_id: "CDU_01"', 'node_id: "CDU_9"', "did you mean CDU_01?"),
        ('node_id: "CDU_01"', "node_id: 1", "CDU_System.node_id is 1; valid: a name"),
        ("priority_map:", "prioritymap:", "CDU_System.prioritymap is"),
        ("demand_kw:", "demand:", "did you mean demand_kw?"),
        ("rated_kw: 50 ", "rated_kw: {CDU_7: 50} ", "CDU_System.rated_kw.CDU_7 is 50; valid: no such key"),
        ("500000", "125000", "can.bitrate is 125000; valid: at least 500000"),
        ("type: pump_vfd", "type: pump", "blocks[0].type is pump; valid: one of pump_vfd"),
        ("{type: pump_vfd, address: 1}", "5", "blocks[0] is 5; valid: a mapping"),
        ("CDU_System:", "CDU_System: [", "valid: YAML ("),
        ("blocks:", "block:", "did you mean blocks?"),
    ],
)
def test_a_mistake_in_the_requirements_shape_is_refused(read, old, new, words):
    assert old in YAML
    with pytest.raises(ConfigError) as refused:
        read(YAML.replace(old, new))
    assert words in str(refused.value)


def test_a_node_id_that_nobody_has_is_refused(read):
    with pytest.raises(ConfigError, match="--node-id is 9; valid: a voter: 1 \\(CDU_01\\)"):
        read(YAML, "9")
    with pytest.raises(ConfigError, match="--node-id is 1; valid: absent"):
        read("CDU_System: {node_id: CDU_01}\n", "1")
    with pytest.raises(ConfigError, match=r"state_dir is x; valid: a folder with \{id\}"):
        read(YAML.replace("rated_kw: 50 ", "state_dir: x\n  rated_kw: 50 "), "2")


def test_an_even_number_of_voters_is_told_with_its_tie():
    assert tie_words(6).startswith("6 voters, quorum 4, survives the loss of 2; an even number")
    assert "3/3 elects nobody" in tie_words(6)
    assert tie_words(5) == "5 voters, quorum 3, survives the loss of 2"


def test_kilowatts_become_units_of_10_w():
    assert [to_10w(kw) for kw in (0, 0.01, 50, 165.004, 165.006, 655.35)] == [0, 1, 5000, 16500, 16501, 65535]


REPEATED = [
    ("a.json", json.dumps(CDU).replace('"src": 2,', '"src": 2, "src": 9,'), "src is there twice"),
    ("a.yaml", YAML.replace("CDU_02: 2", "CDU_02: 2\n    CDU_02: 7"), "CDU_02 is there twice"),
    (
        "a.yaml",
        YAML.replace("kind: socketcan", "kind: socketcan\n    5: 6"),
        "can.5 is 6; valid: no such key",
    ),
    ("a.yaml", "1: x\nnode: a\nrole: cdu\n", "1 is x; valid: no such key"),
]


@pytest.mark.parametrize(("name", "text", "words"), REPEATED)
def test_a_key_that_is_there_twice_or_is_no_text_is_refused(tmp_path, name, text, words):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_config(str(path))
    assert words in str(caught.value)
