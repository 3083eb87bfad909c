"""Writes wire.h, wire.cdef and SPEC.md's tables of constants from shared/evenload/wire.py.

Use: python tools/gen_wire.py [--check]     (--check only compares; it exits with 1 and names what differs)

A section of wire.py opens with a comment `# stem: what it is`; it becomes a table of SPEC.md between the two
marker comments. The words of an enumeration come from its `*_NAMES` tuple.
"""

import argparse
import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WIRE = ROOT / "shared" / "evenload" / "wire.py"
sys.path.insert(0, str(ROOT / "shared"))

from evenload import wire  # noqa: E402

NOTICE = "Generated from shared/evenload/wire.py by tools/gen_wire.py; do not edit."
SPEC_BEGIN = f"<!-- wire tables: {NOTICE} -->"
SPEC_END = "<!-- end of wire tables -->"


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


def word_of(name: str, value: int) -> str:
    """Return the word that a `*_NAMES` tuple gives the constant; "" if it belongs to no enumeration."""
    for names, words in vars(wire).items():
        stem = names.removesuffix("NAMES")
        if names.endswith("_NAMES") and name.startswith(stem) and 0 <= value < len(words):
            word = words[value]
            if word.upper().replace("-", "_").replace(" ", "_") == name.removeprefix(stem):
                return word
    return ""


def sections() -> list[tuple[str, list[str]]]:
    """Return (title, names of integer constants) for each section of wire.py."""
    line_of_name = {}
    for node in ast.parse(WIRE.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            line_of_name[node.lineno] = node.targets[0].id
    integers = {name for name, _ in constants()}
    found: list[tuple[str, list[str]]] = []
    previous_is_comment = False
    for number, line in enumerate(WIRE.read_text().splitlines(), 1):
        if line.startswith("# ") and not previous_is_comment and ":" in line:
            found.append((line.removeprefix("# ").rstrip("."), []))
        previous_is_comment = line.startswith("#")
        if line_of_name.get(number) in integers:
            found[-1][1].append(line_of_name[number])
    return found


def table_text(names: list[str]) -> str:
    """Return the Markdown table of some constants; a column of words only where there are words."""
    values = dict(constants())
    words = {name: word_of(name, values[name]) for name in names}
    head = (
        "| constant | value | word |\n|---|---|---|"
        if any(words.values())
        else "| constant | value |\n|---|---|"
    )
    rows = [
        f"| `{name}` | {values[name]} |" + (f" {words[name]} |" if any(words.values()) else "")
        for name in names
    ]
    return "\n".join([head, *rows])


def spec_tables() -> str:
    """Return everything that stands between the markers of SPEC.md."""
    return "\n\n".join(f"**{title}**\n\n{table_text(names)}" for title, names in sections() if names)


def spec_text(spec: str) -> str:
    """Return SPEC.md's text with fresh tables. spec: the present text; ValueError if a marker is missing."""
    before, marker, rest = spec.partition(SPEC_BEGIN)
    _, end, after = rest.partition(SPEC_END)
    if not marker or not end:
        raise ValueError(
            "SPEC.md has lost the markers of its wire tables: " + SPEC_BEGIN + " ... " + SPEC_END
        )
    return f"{before}{SPEC_BEGIN}\n\n{spec_tables()}\n\n{SPEC_END}{after}"


def outputs(root: Path = ROOT) -> dict[Path, str]:
    """Return the generated files below `root` with the text that each should hold."""
    spec = root / "SPEC.md"
    return {
        root / "csrc/include/evenload/wire.h": header_text(),
        root / "csrc/wire.cdef": cdef_text(),
        spec: spec_text(spec.read_text()),
    }


def stale_paths(root: Path = ROOT) -> list[Path]:
    """Return the generated files below `root` that differ from what wire.py says."""
    return [path for path, text in outputs(root).items() if not path.exists() or path.read_text() != text]


def main() -> int:
    """Write the files, or with --check compare them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 and name what differs")
    check = parser.parse_args().check
    stale = stale_paths()
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is not what wire.py says. Run `make gen` and commit the result.")
        else:
            path.write_text(outputs()[path])
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
