"""The C core on a Cortex-M3 under QEMU: the same results as Python, and how many instructions a call takes.

Instructions are counted in two independent ways that have to agree: by SysTick under `-icount`, and line by line in
QEMU's log of every instruction. They are instructions, not cycles: QEMU models neither pipeline nor flash.
"""

import array
import re
import subprocess
from pathlib import Path

import pytest
from evenload import canframe, wire
from evenload.bl0942 import packet_checksum
from evenload.breaker import Breaker
from evenload.dispatch import Dispatch
from evenload.plan import Assembler, Packer
from evenload.random32 import Random32
from evenload.tracker import Tracker
from evenload.waterfill import fill

HERE = Path(__file__).resolve().parent / "m3"
SPEC = HERE.parents[2] / "SPEC.md"
ROW = re.compile(r"^\| `([a-z0-9_]+)` \| (\d+) \| (\d+) \|", re.M)
# What a change may add to a call before it has to be looked at, and to be written into SPEC.
GROWTH_MAX = 1.1


def packet():
    """Return the packet of cases_meter.c without its checksum."""
    data = bytearray(37 * i & 0xFF for i in range(22))
    data[0] = 0x55
    data[4:7] = b"\x00\x09\x3d"
    data[16:22] = b"\x20\x4e\x00\x00\x00\x00"
    return data


def heat():
    """Return the heat of a 63 A breaker after a second of 90 A."""
    breaker = Breaker(1)
    breaker.rated_ma[0] = 63000
    breaker.on_measured(0, 1000, 90000)
    breaker.on_measured(0, 2000, 90000)
    return breaker.heat[0]


def stable_ma():
    """Return what three near samples make stable."""
    tracker = Tracker(1)
    for sample_ma in (9000, 9100, 9200):
        tracker.on_sample(0, sample_ma, 16000)
    return tracker.stable_ma[0]


def filled_ma(count, limit_ma):
    """Return the sum of the grants of a waterfill."""
    request_ma = array.array("i", [i * 7919 % 32000 for i in range(count)])
    return fill(request_ma, array.array("i", [0] * count), limit_ma)


def beat_frame():
    """Return the heartbeat of cases_frames.c."""
    frame, fields = bytearray(16), array.array("i", [300, 1, 0, 0, 7, 120, 200, 9, 4])
    canframe.encode(canframe.identifier(wire.CAN_TYPE_HEARTBEAT, 0, wire.CAN_DST_ALL, 3), fields, frame)
    return frame


def decoded_load():
    """Return what decode answers plus the load it reads."""
    fields = array.array("i", [0] * wire.FIELD_COUNT_MAX)
    return canframe.decode(beat_frame(), fields) + fields[wire.BEAT_LOAD]


def plan_packer():
    """Return a packer loaded with the plan of cases_frames.c."""
    plan = array.array("i", [0] * wire.PLAN_SIZE)
    plan[wire.PLAN_TERM], plan[wire.PLAN_SEQ], plan[wire.PLAN_MASTER] = 300, 7, 3
    plan[wire.PLAN_DEMAND_10W], plan[wire.PLAN_CAP_PERCENT] = 16500, wire.DISPATCH_CAP_PERCENT_DEFAULT
    plan[wire.PLAN_SUPPLY_CK] = wire.PLAN_SUPPLY_CK_DEFAULT
    for slot in range(6):
        plan[wire.PLAN_RANK + slot], plan[wire.PLAN_SHARE_10W + slot] = slot, 16500 // 6
    packer = Packer(6)
    packer.load(plan, 3)
    return packer


def assembled_share():
    """Return a share of that plan after it went through its chunks."""
    packer, assembler, frame = plan_packer(), Assembler(6), bytearray(16)
    for index in range(4):
        packer.chunk(index, canframe.identifier(wire.CAN_TYPE_PLAN, 0, wire.CAN_DST_ALL, 3), frame)
        outcome = assembler.on_chunk(frame)
    return outcome * assembler.plan[wire.PLAN_SHARE_10W]


def second_share(policy):
    """Return the share of slot 1 when six units of 50 kW carry 165 kW."""
    dispatch = Dispatch()
    dispatch.count, dispatch.policy, dispatch.master = 6, policy, 0
    for slot in range(6):
        dispatch.effective_10w[slot], dispatch.rank[slot] = 5000, slot
    return dispatch.solve(16500) + dispatch.share_10w[1]


# The calls of cases_*.c, made by the Python twins.
EXPECTED = {
    "random32_below": lambda: Random32(7).below(1000),
    "bl0942_packet_checksum": lambda: packet_checksum(0, packet()),
    "bl0942_parser_feed": lambda: 1,
    "waterfill_fill_6": lambda: filled_ma(6, 40000),
    "waterfill_fill_64": lambda: filled_ma(64, 384000),
    "breaker_on_measured": heat,
    "tracker_on_sample": stable_ma,
    "canframe_encode_beat": lambda: beat_frame()[8],
    "canframe_decode_beat": decoded_load,
    "plan_pack_6": lambda: plan_packer().crc16,
    "plan_assemble_6": assembled_share,
    # The leader is CDU 1; 165 kW among six give CDU 6 15 kW, without CDU 1 26.2 kW (SPEC, load sharing).
    "cluster_tick": lambda: 1,
    "cluster_on_beat": lambda: 1500,
    "cluster_tick_beat": lambda: 1,
    "cluster_silence": lambda: 2620,
    "cluster_plan": lambda: 2620,
    "dispatch_solve_6_ramp": lambda: second_share(wire.DISPATCH_POLICY_RAMP),
    "dispatch_solve_6_efficiency": lambda: second_share(wire.DISPATCH_POLICY_EFFICIENCY),
}


def make(*words):
    """Run a target of tests/target/m3/Makefile; return its output."""
    done = subprocess.run(["make", "-C", str(HERE), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def counts(output):
    """Return {name: (instructions, result)} of a run."""
    return {name: (int(a), int(b)) for name, a, b in re.findall(r"^(\w+) (\d+) (\d+)$", output, re.M)}


def logged_counts(log):
    """Return the instructions of each measured call, in order, out of QEMU's log."""
    found, count, was_measuring = [], 0, False
    with log.open() as lines:
        for line in lines:
            symbol = line.rpartition("]")[2].strip()
            is_measuring = symbol == "machine_ticks_of"
            if was_measuring and symbol.startswith("run_"):
                count = 1
            elif count and is_measuring:
                found.append(count)
                count = 0
            elif count:
                count += 1
            was_measuring = is_measuring
    return found


@pytest.fixture(autouse=True)
def tools(require_program):
    require_program("make", "make")
    require_program("arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi")
    require_program("qemu-system-arm", "qemu-system-arm")


def test_two_ways_to_count_agree():
    run = counts(make("run"))
    short = counts(make("trace"))
    logged = logged_counts(HERE / "build" / "O2" / "exec.log")
    # Each call stands after an empty one, which is subtracted: what calling costs is not the kernel's.
    calls = [call - empty for empty, call in zip(logged[::2], logged[1::2], strict=True)]
    differing = {
        name: (run[name][0], call)
        for name, call in zip(short, calls, strict=True)
        if abs(run[name][0] - call) > 1
    }
    assert differing == {}


def test_a_board_computes_what_python_computes():
    run = counts(make("run"))
    assert {name: run[name][1] for name in EXPECTED} == {name: call() for name, call in EXPECTED.items()}


def test_the_optimisation_changes_no_result():
    fast, small = counts(make("run")), counts(make("run", "OPT=-Os"))
    assert {name: result for name, (_, result) in fast.items()} == {
        name: result for name, (_, result) in small.items()
    }


def test_no_call_costs_more_than_spec_says():
    told = {name: (int(fast), int(small)) for name, fast, small in ROW.findall(SPEC.read_text())}
    for column, optimisation in enumerate(("-O2", "-Os")):
        run = counts(make("run", f"OPT={optimisation}"))
        assert set(run) == set(told)
        assert [n for n, (count, _) in run.items() if count > told[n][column] * GROWTH_MAX] == []
