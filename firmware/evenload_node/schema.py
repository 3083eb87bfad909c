"""The keys of a board's or node's configuration: what each may hold and what it means.

One row per key: (name, kind, default, valid, meaning). Kinds: "name" (1..64 characters), "text", "integer"
(valid is the pair least, most), "number" (the same, fractions allowed), "word" (valid is the tuple of words),
"flag", "object", "list", "integers" (a list of the pair's range). A default of REQUIRED means the key must be
there. `tools/gen_board_keys.py` writes the table of board_configs/README.md from here.
"""

from evenload import wire

REQUIRED = "required"

NODE = (
    ("node", "name", REQUIRED, None, "The node's name; it stands in every log line."),
    ("role", "word", REQUIRED, ("meter", "charger", "cdu"), "What the node does."),
    (
        "state_dir",
        "text",
        "var/node",
        None,
        "Folder for what survives a restart: calibration, counters, the vote floor; {id} in it is the node's number.",
    ),
    ("lines", "list", (), "lines", "Serial lines, each owned by one node."),
    ("meters", "list", (), "meters", "meter, charger: meters, one per phase."),
    ("site", "object", None, None, "charger: the site, as `evenload charging plan --schema` describes it."),
    ("feeders", "object", None, None, "charger: circuit id -> ids of its meters on L1, L2, L3."),
    ("inlet", "object", None, "inlet", "charger: the inlet current, if it is less than the site's limit."),
    ("stations", "object", None, "stations", "charger: how the site's stations are reached."),
    ("tariffs", "list", (), "tariffs", "charger: bounds on the sum of three phases."),
    ("cdu", "object", None, "cdu", "cdu: the coolant distribution unit itself."),
    (
        "cluster",
        "object",
        None,
        "cluster",
        "cdu: the units that share the heat; without it the unit runs alone.",
    ),
    ("can", "object", None, "can", "cdu: the wire of the cluster."),
    ("blocks", "list", (), "blocks", "cdu: the unit's function blocks."),
)
LINE = (
    ("id", "name", REQUIRED, None, "The line's name."),
    (
        "port",
        "text",
        REQUIRED,
        None,
        "A serial port (/dev/ttyUSB0) or any pyserial URL (socket://, rfc2217://, loop://).",
    ),
    ("baud", "word", 4800, (4800, 9600, 19200, 38400), "Baud rate."),
)
METER = (
    ("id", "name", REQUIRED, None, "The meter's name."),
    ("line", "name", REQUIRED, None, "The line it hangs on."),
    ("address", "integer", 0, (0, wire.BL0942_ADDRESS_MAX), "Address pins of the BL0942."),
    ("mode", "word", "packet", ("packet", "registers"), "One packet, or five register reads 25 ms apart."),
    ("sign", "word", "signed", ("signed", "abs", "invert"), "What a negative power means."),
    (
        "current_ma_max",
        "integer",
        wire.METER_CURRENT_MA_MAX_DEFAULT,
        (1000, 1000000),
        "A current above this is implausible; keep it well above the fuse.",
    ),
    (
        "invalid_after_ms",
        "integer",
        wire.METER_INVALID_AFTER_MS,
        (0, 86400000),
        "A meter lost for so long counts as never read: 0 A instead of the fallback; 0 = never.",
    ),
    ("line_frequency_hz", "word", 50, (50, 60), "Mains frequency."),
)
INLET = (
    ("limit_ma", "integer", None, (0, 6000000), "A fixed inlet current per phase."),
    (
        "selector_ma",
        "integers",
        None,
        (0, 6000000),
        "Current of each selector code, index = code, 0 = illegal code.",
    ),
    ("selector_file", "text", None, None, "File that holds the selector's code as a number (Linux)."),
)
STATIONS = (
    ("line", "name", REQUIRED, None, "The line all stations hang on."),
    ("key_file", "text", REQUIRED, None, "File with the shared key: 32 .. 128 hexadecimal digits."),
    ("numbers", "object", REQUIRED, None, "Station id -> its number on the line, 0 .. 65535."),
)
TARIFF = (
    ("circuit", "name", REQUIRED, None, "The metered circuit."),
    ("sum_ma", "integer", REQUIRED, (0, 18000000), "The sum of its three phases."),
    ("minutes", "integer", 15, (0, 1440), "How long the sum may be exceeded before it is held."),
)
KW_MAX = wire.DISPATCH_RATED_10W_MAX / 100
CDU = (
    (
        "rated_kw",
        "number",
        None,
        (0.01, KW_MAX),
        "What the unit can cool; in a cluster its voter entry says it.",
    ),
    (
        "demand_kw",
        "number",
        None,
        (0, KW_MAX),
        "Heat to cool when the unit runs alone; none = 80 % of rated_kw.",
    ),
    ("slew_kw_s", "number", 10, (0.01, KW_MAX), "How fast the pump follows its share."),
)
CLUSTER = (
    ("id", "integer", 0, (0, wire.CAN_CLUSTER_MAX), "The cluster's number on the wire."),
    (
        "src",
        "integer",
        REQUIRED,
        (1, wire.CAN_SRC_VOTER_MAX),
        "Which voter this node is; `--node-id` says it instead.",
    ),
    ("voters", "list", REQUIRED, "voters", "Every unit that votes, equal on all nodes; at most 12."),
    ("tick_ms", "integer", 2, (1, 1000), "Period of the real-time loop, at most 5."),
    (
        "demand_kw",
        "number",
        None,
        (0, KW_MAX),
        "Heat to share at a cold start; none = 80 % of the sum of rated_kw.",
    ),
    ("policy", "word", "ramp", wire.DISPATCH_POLICY_NAMES, "Shares by rank, or by equal marginal cost."),
    (
        "cap_percent",
        "integer",
        wire.DISPATCH_CAP_PERCENT_DEFAULT,
        (1, 100),
        "The master's own load, at most.",
    ),
    ("supply_c", "number", 35, (5, 60), "Supply temperature."),
    ("zone", "integer", 0, (0, 255), "The zone whose leaks concern this unit."),
    ("stagger_ms", "integer", wire.CLUSTER_STAGGER_MS_DEFAULT, (17, 100), "Distance of two candidates."),
    (
        "rto_ms",
        "integer",
        wire.CLUSTER_RTO_MS_DEFAULT,
        (10, 100),
        "When an unanswered election frame is repeated.",
    ),
    (
        "fifo_priority",
        "integer",
        40,
        (1, 98),
        "SCHED_FIFO priority of the real-time loop, where it is permitted.",
    ),
)
VOTER = (
    (
        "src",
        "integer",
        REQUIRED,
        (1, wire.CAN_SRC_VOTER_MAX),
        "Number on the wire and priority: 1 leads first.",
    ),
    ("name", "name", None, None, "The unit's name; none = CDU_01 for number 1."),
    ("rated_kw", "number", REQUIRED, (0.01, KW_MAX), "What the unit can cool."),
    ("load_rank", "integer", None, (0, 15), "Rank in the load rule, 0 carries most; none = order of src."),
    (
        "cost_linear",
        "integer",
        0,
        (0, wire.DISPATCH_COST_MAX),
        "policy efficiency: b of the cost a + b x + k x^3.",
    ),
    ("cost_cubic", "integer", 1, (0, wire.DISPATCH_COST_MAX), "policy efficiency: k of the cost."),
)
CAN = (
    (
        "kind",
        "word",
        REQUIRED,
        ("virtual", "socketcan", "python-can"),
        "A local socket to `evenload sim can-hub`, the kernel's CAN interface, or any adapter of python-can.",
    ),
    ("path", "text", None, None, "virtual: the hub's socket."),
    ("channel", "text", None, None, "socketcan: the interface, can0; python-can: its channel."),
    ("interface", "text", None, None, "python-can: its interface, for example slcan."),
    (
        "bitrate",
        "integer",
        wire.CLUSTER_BITRATE_MIN,
        (10000, 1000000),
        "Bits a second, at least 500000 for a cluster.",
    ),
)
BLOCK_TYPES = ("pump_vfd", "temperature", "pressure", "level", "leak", "valve")
BLOCK = (
    ("id", "name", REQUIRED, None, "The block's name."),
    ("type", "word", REQUIRED, BLOCK_TYPES, "What it is."),
    ("settings", "object", None, None, "What the block's driver needs; kept as it stands."),
)
TABLES = (
    ("the file", NODE),
    ("lines[]", LINE),
    ("meters[]", METER),
    ("inlet", INLET),
    ("stations", STATIONS),
    ("tariffs[]", TARIFF),
    ("cdu", CDU),
    ("cluster", CLUSTER),
    ("voters[]", VOTER),
    ("can", CAN),
    ("blocks[]", BLOCK),
)
