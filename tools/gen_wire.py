"""Writes wire.h and wire.cdef from shared/evenload/wire.py; `--check` only compares and fails on a difference.

Use: python tools/gen_wire.py [--check]
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "shared"))

from evenload import wire  # noqa: E402

NOTICE = "Generated from shared/evenload/wire.py by tools/gen_wire.py; do not edit."


def constants() -> list[tuple[str, int]]:
    """Return (name, value) of every integer constant, in the order of wire.py."""
    return [(name, value) for name, value in vars(wire).items() if name.isupper() and isinstance(value, int)]


def header_text() -> str:
    """Return the text of csrc/include/evenload/wire.h."""
    lines = [f"/* {NOTICE} */", "#ifndef EVENLOAD_WIRE_H", "#define EVENLOAD_WIRE_H", ""]
    lines += [f"#define EVENLOAD_{name} ({value})" for name, value in constants()]
    return "\n".join([*lines, "", "#endif", ""])


def cdef_text() -> str:
    """Return the text of csrc/wire.cdef: cffi reads the compiled values back through it."""
    return "\n".join([f"/* {NOTICE} */", *(f"#define EVENLOAD_{name} ..." for name, _ in constants()), ""])


def outputs() -> dict[Path, str]:
    """Return the generated files with the text that each should hold."""
    return {ROOT / "csrc/include/evenload/wire.h": header_text(), ROOT / "csrc/wire.cdef": cdef_text()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 and name the files that differ")
    check = parser.parse_args().check
    stale = [path for path, text in outputs().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is not what wire.py says. Run `make gen` and commit the result.")
        else:
            path.write_text(outputs()[path])
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
