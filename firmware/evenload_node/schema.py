"""The keys of a board's or node's configuration: what each may hold and what it means.

One row per key: (name, kind, default, valid, meaning). Kinds: "name" (1..64 characters), "text", "integer"
(valid is the pair least, most), "word" (valid is the tuple of words), "flag", "object", "list", "integers"
(a list of the pair's range). A default of REQUIRED means the key must be there. `tools/gen_board_keys.py`
writes the table of board_configs/README.md from here.
"""

from evenload import wire

REQUIRED = "required"

NODE = (
    ("node", "name", REQUIRED, None, "The node's name; it stands in every log line."),
    ("role", "word", REQUIRED, ("meter", "charger"), "What the node does."),
    ("state_dir", "text", "var/node", None, "Folder for what survives a restart: calibration, counters."),
    ("lines", "list", REQUIRED, "lines", "Serial lines, each owned by one node."),
    ("meters", "list", REQUIRED, "meters", "Meters, one per phase."),
    ("site", "object", None, None, "charger: the site, as `evenload charging plan --schema` describes it."),
    ("feeders", "object", None, None, "charger: circuit id -> ids of its meters on L1, L2, L3."),
    ("inlet", "object", None, "inlet", "charger: the inlet current, if it is less than the site's limit."),
    ("stations", "object", None, "stations", "charger: how the site's stations are reached."),
    ("tariffs", "list", (), "tariffs", "charger: bounds on the sum of three phases."),
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
TABLES = (
    ("the file", NODE),
    ("lines[]", LINE),
    ("meters[]", METER),
    ("inlet", INLET),
    ("stations", STATIONS),
    ("tariffs[]", TARIFF),
)
