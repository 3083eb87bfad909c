"""Writes board_configs/README.md from the node's schema.py; `--check` only compares and may fail.

Use: python tools/gen_board_keys.py [--check]
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "shared"), str(ROOT / "firmware")]

from evenload_node import schema  # noqa: E402

OUTPUT = ROOT / "board_configs" / "README.md"
HEAD = """# Configurations of boards and nodes

One file per node, JSON or (`.yaml`) YAML; `evenload-node run board_configs/linux_meter.json` starts one, and
`evenload-node check FILE` only says whether it would start. A mistake is refused with its key, its value
and what would be valid.

| file | is |
|---|---|
| `linux_meter.json` | a Linux node that reads three BL0942, one per phase |
| `linux_charger.json` | a Linux node that reads the same meters and shares the current among four stations |
| `linux_cdu.json` | a coolant distribution unit, one of six on a CAN bus; `--node-id N` starts another of them |
| `linux_cdu_alone.json` | a coolant distribution unit that runs alone: no bus, no election, the rest the same |
| `distributed_cdu_config.yaml` | the same unit in the shape `CDU_System: node_id, priority_map` |

The stations' key is a file of hexadecimal digits that only the node and its stations know:
`mkdir -p var/charger-1 && openssl rand -hex 32 > var/charger-1/stations.key`.

<!-- The tables below are written by tools/gen_board_keys.py from firmware/evenload_node/schema.py. -->
"""


def table_text(title: str, rows: tuple) -> str:
    """Return the Markdown table of one object's keys."""
    lines = [
        f"\n## Keys of {title if title == 'the file' else f'`{title}`'}\n",
        "| key | value | default | meaning |",
        "|---|---|---|---|",
    ]
    for name, kind, default, valid, meaning in rows:
        lines.append(f"| `{name}` | {value_words(kind, valid)} | {default_words(default)} | {meaning} |")
    return "\n".join(lines) + "\n"


def value_words(kind: str, valid: object) -> str:
    """Return what a value of this kind may be."""
    if kind == "word" and isinstance(valid, tuple):
        return ", ".join(f"`{json.dumps(word)}`" for word in valid)
    if kind in ("integer", "integers", "number") and isinstance(valid, tuple):
        return ("list of integers" if kind == "integers" else kind) + f" {valid[0]} .. {valid[1]}"
    if isinstance(valid, str):
        return f"list of objects, see `{valid}[]`" if kind == "list" else f"object, see `{valid}`"
    return {"name": "1 .. 64 characters", "text": "text"}.get(kind, kind)


def default_words(default: object) -> str:
    """Return how a default reads in the table."""
    if default == schema.REQUIRED:
        return "required"
    return "none" if default is None or default == () else f"`{json.dumps(default)}`"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a difference")
    check = parser.parse_args().check
    text = HEAD + "".join(table_text(title, rows) for title, rows in schema.TABLES)
    if OUTPUT.exists() and OUTPUT.read_text() == text:
        return 0
    if check:
        print(f"{OUTPUT.relative_to(ROOT)} is not what schema.py says. Run `make gen` and commit the result.")
        return 1
    OUTPUT.write_text(text)
    print(f"wrote {OUTPUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
