"""Proves the ACSL contracts of a C source with Frama-C WP; prints goals proved / total and fails unless
equal.

Use: python3 tests/c/prove.py SOURCE [SECONDS PER GOAL]. Needs frama-c, why3, and the provers z3 and cvc4
(Debian: frama-c-base why3 z3 cvc4). Everything is written to a folder that is deleted afterwards. The
source may not contain an axiom and may not admit anything: both are refused before the provers start."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = "30"
UNPROVED = re.compile(r"\b(axiom|axiomatic|admit)\b")


def run_prover(source: Path, timeout_s: str, folder: str) -> str:
    """Return the output of Frama-C WP for one source."""
    environment = {**os.environ, "WHY3CONFIG": f"{folder}/why3.conf"}
    subprocess.run(["why3", "config", "detect"], env=environment, check=True, capture_output=True)
    command = [
        "frama-c",
        "-wp",
        "-wp-rte",
        "-wp-prover",
        "z3,cvc4",
        "-wp-timeout",
        timeout_s,
        "-wp-par",
        "2",
    ]
    command += ["-wp-cache", "none", "-wp-session", f"{folder}/session"]
    command += [f"-cpp-extra-args=-I{ROOT}/csrc/include", str(source)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def main() -> int:
    source = Path(sys.argv[1]).resolve()
    annotations = "\n".join(re.findall(r"/\*@.*?\*/|//@[^\n]*", source.read_text(), flags=re.S))
    trusted = UNPROVED.findall(annotations)
    if trusted:
        print(f"{source.name} asks to be trusted ({', '.join(sorted(set(trusted)))}); a proof may not.")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        output = run_prover(source, [*sys.argv, TIMEOUT_S][2], folder)
    found = re.search(r"Proved goals:\s+(\d+)\s*/\s*(\d+)", output)
    if found is None:
        print(output)
        print(f"{source.name}: Frama-C WP gave no result.")
        return 1
    proved, total = int(found.group(1)), int(found.group(2))
    open_goals = re.findall(r"\[wp\] \[(?!Qed|Z3|CVC4)\w+\] Goal (\S+)", output)
    print("\n".join(f"not proved: {goal}" for goal in open_goals), end="\n" if open_goals else "")
    print(f"{source.name}: {proved} / {total} goals proved, axioms: 0")
    return 0 if proved == total > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
