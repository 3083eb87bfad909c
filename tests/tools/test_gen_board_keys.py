"""The table of configuration keys in board_configs/README.md is what the node's schema says."""

import subprocess
import sys
from pathlib import Path

from evenload_node import schema

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_table_is_the_schemas():
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "gen_board_keys.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_every_key_is_in_the_table_with_its_meaning():
    text = (ROOT / "board_configs" / "README.md").read_text()
    for _, rows in schema.TABLES:
        for name, _, _, _, meaning in rows:
            assert f"| `{name}` |" in text
            assert meaning in text
