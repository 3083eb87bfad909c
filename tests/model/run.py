"""Search the Spin models of the cluster: the rules as they are must hold, and each spoiled rule must be caught.

    python tests/model/run.py smoke      three voters and every spoiled rule, less than a minute
    python tests/model/run.py full       the larger searches as well, about ten minutes and less than 4 GB

A spoiled rule that is not caught, or a search that does not finish, is a failure: the check can fail.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
MEMORY_MB_MAX = 4000
SEARCH_S_MAX = 900
ALL_CLOCKS_ALIKE = "ONE_CLOCK STICKY=3 BOOT=3"


@dataclass(frozen=True)
class Case:
    """One search. choices: the model's compile-time choices, apart by blanks; table_bits: size of the hash table.

    Every search is exact: Spin's hash-compact (-DHC4) left out 0.9 % of the states of the first case.
    """

    name: str
    model: str
    choices: str = ""
    is_sound: bool = True
    table_bits: int = 22


@dataclass(frozen=True)
class Found:
    """What a search found. is_complete: every reachable state was visited."""

    error_count: int
    is_complete: bool
    states: int
    seconds: float
    memory_mb: float


def broken(name: str, model: str, choices: str) -> Case:
    """Return the search for a counterexample to a spoiled rule."""
    return Case(name, model, choices, is_sound=False)


SOUND_SMOKE = [
    Case("one leader a term, 3 voters, 1 crash", "election", "CRASHES=1"),
    Case("committed plan kept, 3 voters", "election", "PLAN CRASHES=0"),
    Case("one lease, 3 voters, 3 clocks", "lease", "", table_bits=24),
]
BROKEN = [
    broken("vote forgotten but term kept", "election", "BROKEN=1"),
    broken("vote and term forgotten", "election", "BROKEN=2"),
    broken("ceiling counted on before it is stored", "election", "BROKEN=3"),
    broken("candidate below its own floor", "election", "BROKEN=4"),
    broken("second vote in a term", "election", "BROKEN=5"),
    broken("vote for an older plan", "election", "PLAN CRASHES=0 BROKEN=6"),
    broken("3 voters, one restarts: a plan is lost", "election", "PLAN CRASHES=1"),
    broken("a grant does not bind", "lease", "BROKEN=1"),
    broken("a leader's frame does not bind", "lease", "BROKEN=2"),
    broken("lease from the last request", "lease", "BROKEN=3"),
    broken("lease from the ack", "lease", "BROKEN=4"),
    broken("acting after RESIGN", "lease", "RESIGNS=1 BROKEN=5"),
    broken("candidate not bound by its own vote", "lease", "BROKEN=7"),
    broken("bond not longer than the lease by the drift", "lease", "STICKY=3"),
    broken("restart shorter than the lease", "lease", "CRASHES=1 BOOT=2"),
]
FULL = [
    Case("one leader a term, 3 voters, 2 crashes", "election", "", table_bits=24),
    Case("the same, 4 voters, 2 terms", "election", "N=4 TERM_LAST=2"),
    Case("the same, 4 voters, 3 terms, 1 crash", "election", "N=4 CRASHES=1 STORE_AT_ONCE", table_bits=26),
    Case(
        "committed plan kept, 4 voters, 1 restart", "election", "N=4 PLAN TERM_LAST=2 CRASHES=1 STORE_AT_ONCE"
    ),
    Case("one lease with RESIGN and transfer", "lease", f"{ALL_CLOCKS_ALIKE} RESIGNS=1", table_bits=26),
    Case("one lease with a crash", "lease", f"{ALL_CLOCKS_ALIKE} CRASHES=1", table_bits=26),
    broken("transfer flag kept for later terms", "lease", f"{ALL_CLOCKS_ALIKE} RESIGNS=1 BROKEN=6"),
    broken("vote forgotten but term kept, 4 voters", "election", "N=4 BROKEN=1"),
]
SMOKE = SOUND_SMOKE + BROKEN
SETS = {"smoke": SMOKE, "full": SMOKE + FULL}


def search(case: Case, folder: Path) -> Found:
    """Generate, compile and run the verifier of a case in `folder`; raises CalledProcessError if that fails."""
    choices = [f"-D{word}" for word in case.choices.split()]
    subprocess.run(
        ["spin", "-a", *choices, str(HERE / f"{case.model}.pml")], cwd=folder, check=True, capture_output=True
    )
    optimise = "-O2" if case.is_sound else "-O1"
    flags = [optimise, "-w", "-DSAFETY", "-DNOREDUCE", f"-DMEMLIM={MEMORY_MB_MAX}"]
    subprocess.run(["cc", *flags, "-o", "pan", "pan.c"], cwd=folder, check=True, capture_output=True)
    command = ["./pan", "-E", "-m1000000", f"-w{case.table_bits}"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=SEARCH_S_MAX
    )
    return read(done.stdout)


def read(text: str) -> Found:
    """Return what the verifier's report says; a report without its numbers is an incomplete search."""
    errors = re.search(r"errors: (\d+)", text)
    states = re.search(r"([\d.e+]+) states, stored", text)
    seconds = re.search(r"elapsed time ([\d.e+]+) seconds", text)
    memory_mb = re.search(r"([\d.]+)\s+total actual memory usage", text)
    is_cut = "Search not completed" in text or "max search depth too small" in text or not errors
    return Found(
        error_count=int(errors.group(1)) if errors else -1,
        is_complete=not is_cut,
        states=round(float(states.group(1))) if states else 0,
        seconds=float(seconds.group(1)) if seconds else 0.0,
        memory_mb=float(memory_mb.group(1)) if memory_mb else 0.0,
    )


def is_as_promised(case: Case, found: Found) -> bool:
    """Tell whether a sound model was searched to its end without an error, or a spoiled one was caught."""
    return found.error_count == 0 and found.is_complete if case.is_sound else found.error_count > 0


def run(case: Case) -> Found:
    """Search a case in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="evenload-model-") as folder:
        return search(case, Path(folder))


def line(case: Case, found: Found) -> str:
    """Return one line of the table."""
    if is_as_promised(case, found):
        word = "holds" if case.is_sound else "caught"
    else:
        word = "BROKEN" if found.error_count > 0 else "NOT FINISHED" if case.is_sound else "NOT CAUGHT"
    return (
        f"{word:12}  {case.model:8}  {case.name:45}  {found.states:>11,} states  {found.seconds:6.1f} s"
        f"  {found.memory_mb:6.0f} MB"
    )


def main(words: list[str]) -> int:
    """Run a set; return 0 when every case is as promised."""
    if len(words) != 1 or words[0] not in SETS:
        print(__doc__)
        return 2
    if shutil.which("spin") is None:
        print("spin is not installed; on Debian: apt install spin")
        return 1
    failed = 0
    for case in SETS[words[0]]:
        found = run(case)
        failed += not is_as_promised(case, found)
        print(line(case, found), flush=True)
    print("All as promised." if not failed else f"{failed} not as promised.")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
