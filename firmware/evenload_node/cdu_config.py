"""The role cdu's part of a configuration: who votes, where the wire is, and the bounds that the timing proof sets.

Raises only evenload.errors.ConfigError.
"""

from evenload import wire
from evenload.errors import ConfigError

from evenload_node import schema
from evenload_node.sections import Section, read_section, read_sections, require, unique_ids

DEMAND_PERCENT = 80  # The requirement's own operating point: 240 of 300 kW.
ID_MARK = "{id}"
PATH_SIZE_MAX = 107  # Of a local socket's address on Linux.
CHANNEL_SIZE_MAX = 15  # Of an interface's name.


def parse_cdu(config):
    """Read the sections cdu, cluster, can and blocks of `config` in place; absent ones stay None or empty."""
    if config.role != "cdu":
        for key in ("cdu", "cluster", "can"):
            require(getattr(config, key) is None, key, "present", "absent, or role cdu")
        require(len(config.blocks) == 0, "blocks", "present", "absent, or role cdu")
        return
    require(len(config.meters) == 0, "meters", "present", "absent in the role cdu")
    config.blocks = read_sections(config.blocks, schema.BLOCK, "blocks")
    unique_ids(config.blocks, "blocks")
    config.cdu = read_section({} if config.cdu is None else config.cdu, schema.CDU, "cdu.")
    if config.cluster is None:
        require(config.can is None, "can", "present", "absent without a cluster section: the unit runs alone")
        require(config.cdu.rated_kw is not None, "cdu.rated_kw", None, "what the unit can cool, in kW")
        return
    for key in ("rated_kw", "demand_kw"):
        require(
            getattr(config.cdu, key) is None, "cdu." + key, getattr(config.cdu, key), "absent in a cluster"
        )
    config.cluster = _read_cluster(config.cluster)
    config.can = _read_can(config.can)


def choose_voter(config, node_id: str | None):
    """Make `config` the one of voter `node_id` (its number or its name), None for the one that the file names, and
    put its number into state_dir. Raises ConfigError.
    """
    if config.cluster is None:
        require(node_id is None, "--node-id", node_id, "absent: the file has no cluster section")
        config.state_dir = config.state_dir.replace(ID_MARK, "1")
        return
    if node_id is not None:
        found = [voter.src for voter in config.cluster.voters if node_id in (str(voter.src), voter.name)]
        if not found:
            names = ["{} ({})".format(voter.src, voter.name) for voter in config.cluster.voters]
            raise ConfigError("--node-id", node_id, "a voter: " + ", ".join(names))
        if found[0] != config.cluster.src:
            valid = "a folder with {id} in its name: --node-id makes several nodes of one file"
            require(ID_MARK in config.state_dir, "state_dir", config.state_dir, valid)
        config.cluster.src = found[0]
        config.node = voter_of(config, found[0]).name
    config.state_dir = config.state_dir.replace(ID_MARK, str(config.cluster.src))


def voter_of(config: Section, src: int) -> Section:
    """Return the voter `src` of the cluster section."""
    return next(voter for voter in config.cluster.voters if voter.src == src)


def quorum_of(config: Section) -> int:
    """Return how many voters make a majority."""
    return len(config.cluster.voters) // 2 + 1


def tie_words(voter_count: int) -> str:
    """Return the quorum and what an even number of voters means, for the log at start."""
    quorum = voter_count // 2 + 1
    words = "{} voters, quorum {}, survives the loss of {}".format(voter_count, quorum, voter_count - quorum)
    if voter_count % 2 == 0:
        half = voter_count // 2
        words += "; an even number, so a split {}/{} elects nobody and both sides run on contingency shares".format(
            half, half
        )
    return words


def to_10w(kw: int | float) -> int:
    """Return kilowatts as the kernels' unit of 10 W, to the nearest."""
    return int(kw * 100 + 0.5)


def _read_cluster(value):
    cluster = read_section(value, schema.CLUSTER, "cluster.")
    cluster.voters = read_sections(cluster.voters, schema.VOTER, "cluster.voters")
    count = len(cluster.voters)
    valid = "at most {} voters: a longer election burst does not fit the wire".format(
        wire.CLUSTER_VOTER_COUNT_MAX
    )
    require(1 <= count <= wire.CLUSTER_VOTER_COUNT_MAX, "cluster.voters", "{} voters".format(count), valid)
    taken = []
    names = []
    for i in range(count):
        voter = cluster.voters[i]
        key = "cluster.voters[{}].".format(i)
        require(voter.src not in taken, key + "src", voter.src, "a priority that no other voter has")
        voter.name = "CDU_{:02d}".format(voter.src) if voter.name is None else voter.name
        others = [str(other.src) for other in cluster.voters if other is not voter]
        require(voter.name not in others, key + "name", voter.name, "a name that is no other voter's number")
        require(voter.name not in names, key + "name", voter.name, "a name that no other voter has")
        taken.append(voter.src)
        names.append(voter.name)
    require(cluster.src in taken, "cluster.src", cluster.src, "a voter: one of " + _listed(taken))
    cluster.voters.sort(key=lambda voter: voter.src)
    for i in range(count):
        voter = cluster.voters[i]
        voter.load_rank = i if voter.load_rank is None else voter.load_rank
    valid = "1 .. {}: with a longer tick a failover with one lost frame takes more than 300 ms".format(
        wire.CLUSTER_TICK_MS_MAX
    )
    require(cluster.tick_ms <= wire.CLUSTER_TICK_MS_MAX, "cluster.tick_ms", cluster.tick_ms, valid)
    _fill_demand(cluster)
    return cluster


def _fill_demand(cluster):
    rated_10w = sum([to_10w(voter.rated_kw) for voter in cluster.voters])
    if cluster.demand_kw is None:
        demand_10w = min(rated_10w * DEMAND_PERCENT // 100, wire.DISPATCH_DEMAND_10W_MAX)
        cluster.demand_kw = demand_10w / 100


def _read_can(value):
    require(value is not None, "can", None, "the wire of the cluster, an object")
    can = read_section(value, schema.CAN, "can.")
    needed = {"virtual": ("path",), "socketcan": (), "python-can": ("interface", "channel")}[can.kind]
    for key in ("path", "channel", "interface"):
        if key in needed:
            require(getattr(can, key) is not None, "can." + key, None, "a text, for kind " + can.kind)
        elif not (key == "channel" and can.kind == "socketcan"):
            require(getattr(can, key) is None, "can." + key, getattr(can, key), "absent for kind " + can.kind)
    if can.kind == "socketcan" and can.channel is None:
        can.channel = "can0"
    address, size_max = (
        (can.path, PATH_SIZE_MAX) if can.kind == "virtual" else (can.channel, CHANNEL_SIZE_MAX)
    )
    if can.kind != "python-can":
        key = "can.path" if can.kind == "virtual" else "can.channel"
        require(len(address.encode()) <= size_max, key, address, "at most {} bytes".format(size_max))
    valid = (
        "at least {}: below it an election does not fit between two heartbeats, and 300 ms are missed".format(
            wire.CLUSTER_BITRATE_MIN
        )
    )
    require(can.bitrate >= wire.CLUSTER_BITRATE_MIN, "can.bitrate", can.bitrate, valid)
    return can


def _listed(numbers):
    return ", ".join([str(number) for number in sorted(numbers)])
