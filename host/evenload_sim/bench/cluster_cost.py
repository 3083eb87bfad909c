"""What the cluster kernel costs in C: nanoseconds and instructions of a tick with a frame, bytes of state, a Cortex-M3.

`tests/c/cost_cluster.c` is compiled with the core's sources and -O3, as the core is, and run: everything that a
follower hears in 800 ms of a ring of six, a tick after each frame, and the frames that it sends; best of 15 repeats.
Instructions are counted by callgrind as the difference of a long and a short run, those of a Cortex-M3 by QEMU
(`tests/target/m3`); both are the same on every run. All of it needs a checkout and the programs named.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from evenload.wire import CLUSTER_VOTER_COUNT_MAX

from evenload_sim.bench import Result, Row, absent, result

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "tests" / "c" / "cost_cluster.c"
M3 = ROOT / "tests" / "target" / "m3"
FRAME_NS_MAX = 1000
PERIODS_SHORT, PERIODS_LONG = 20, 120
M3_WORDS = {
    "cluster_tick": "a tick with nothing due",
    "cluster_on_beat": "a heartbeat in",
    "cluster_tick_beat": "a tick that beats, and the frame out",
    "cluster_silence": "the tick that misses the leader: contingency share",
    "cluster_plan": "the last chunk of a new plan in",
}


def on_this_machine() -> list[Result]:
    """Time and size of the kernel on this machine."""
    name = "cluster in C, a tick and a frame"
    compiler = shutil.which("cc")
    if compiler is None or not PROGRAM.exists():
        return [absent(name, "ns", "lower", "a C compiler and a checkout")]
    with tempfile.TemporaryDirectory(prefix="evenload-") as folder:
        program = Path(folder) / "cost"
        compile_program(compiler, program)
        frame_ns, tick_ns, heard, size, _ = (float(word) for word in output_of(str(program)).split())
        rows = [
            result(name, frame_ns, "ns", "lower", target=FRAME_NS_MAX),
            result("cluster in C, a tick with nothing due", tick_ns, "ns", "lower"),
            result("cluster in C, state of a node", size, "bytes", "lower"),
            result("cluster in C, state per voter, of 12", size / CLUSTER_VOTER_COUNT_MAX, "bytes", "lower"),
        ]
        return [*rows, instructions(program, int(heard))]


def compile_program(compiler: str, program: Path) -> None:
    """Compile the measuring program with the core's sources and flags."""
    sources = sorted(str(path) for path in (ROOT / "csrc" / "src").glob("*.c"))
    includes = [f"-I{ROOT / 'csrc' / 'include'}", f"-I{PROGRAM.parent}"]
    command = [compiler, "-O3", "-std=c99", *includes, str(PROGRAM), *sources, "-o", str(program)]
    subprocess.run(command, check=True, capture_output=True)


def instructions(program: Path, heard: int) -> Result:
    """Count the instructions of a tick and a frame with callgrind."""
    name = "cluster in C, a tick and a frame, x86-64 instructions"
    if shutil.which("valgrind") is None:
        return absent(name, "", "lower", "valgrind")
    counts = [count_instructions(program, periods) for periods in (PERIODS_SHORT, PERIODS_LONG)]
    each = (counts[1] - counts[0]) / ((PERIODS_LONG - PERIODS_SHORT) * heard)
    return result(name, each, "", "lower")


def count_instructions(program: Path, periods: int) -> int:
    """Return what callgrind collects in a run of so many periods."""
    out_file = f"--callgrind-out-file={program.with_suffix('.callgrind')}"
    command = ["valgrind", "--tool=callgrind", out_file, str(program), str(periods)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found is not None, done.stderr
    return int(found[1])


def on_a_cortex_m3() -> list[Result]:
    """Instructions of the kernel's calls on a Cortex-M3 in QEMU."""
    names = {key: f"cluster on a Cortex-M3, instructions: {words}" for key, words in M3_WORDS.items()}
    missing = [
        program for program in ("make", "arm-none-eabi-gcc", "qemu-system-arm") if not shutil.which(program)
    ]
    if missing or not M3.exists():
        return [absent(name, "", "lower", ", ".join(missing) or "a checkout") for name in names.values()]
    output = output_of("make", "-s", "-C", str(M3), "run")
    counted = {name: int(count) for name, count in re.findall(r"^(\w+) (\d+) \d+$", output, re.M)}
    return [result(name, counted[key], "", "lower") for key, name in names.items()]


def output_of(*command: str) -> str:
    """Return what a command prints; it must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


ROWS = [Row("cluster.cost", on_this_machine), Row("cluster.cortex_m3", on_a_cortex_m3)]
