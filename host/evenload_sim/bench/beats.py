"""The distance of heartbeats of real nodes, by the senders' own stamps, beside a bare cyclic thread.

The nodes' Python sides collect garbage and write JSON all the time (`stormy_node`). A beat at which the bare thread
was itself more than 1 ms late is left out with the gaps on both sides of it, and counted: then the machine was late.
"""

import time

from evenload.core import BACKEND

from evenload_sim.bench import Result, absent, result
from evenload_sim.fleet import FleetOptions
from evenload_sim.realtime_rig import Rig
from evenload_sim.realtime_witness import PERIOD_US, TOLD_US, Witness

BEAT_US = 50_000
P99_MS_MAX = 52
GAP_MS_MAX = 100
ASK_PERIOD_S = 1.0
ANSWER_S_MAX = 10.0
CYCLES_AT_ONCE = 1000
BARE_THREAD = ("evenload_sim.bench.bare_thread", str(PERIOD_US), str(CYCLES_AT_ONCE))
STORM = FleetOptions(node_module="evenload_sim.bench.stormy_node")


def measure_beats(span_s: int) -> list[Result]:
    """Let six nodes beat for `span_s` seconds under the storm and return the distances of their beats."""
    name = f"real beats, 6 nodes x {span_s} s, Python storm"
    if BACKEND != "c":
        return [absent(f"{name}: gap, p99", "ms", "lower", "the C core")]
    stamps: dict[int, list[int]] = {}
    with Rig(STORM, is_hogged=False, sink=lambda _event: None, cycles=BARE_THREAD) as rig:
        for src in rig.fleet.sources:
            rig.fleet.order(src, "beats", ANSWER_S_MAX)
            stamps[src] = []
        until_s = time.monotonic() + span_s
        while time.monotonic() < until_s:
            ask_s = min(until_s, time.monotonic() + ASK_PERIOD_S)
            while time.monotonic() < ask_s:
                rig.turn(0.01)
            for src in rig.fleet.sources:
                stamps[src] += rig.fleet.order(src, "beats", ANSWER_S_MAX)["beats_us"]
        witness, end_us = rig.cycles.witness, time.monotonic_ns() // 1000
        rig.fleet.wait_for(lambda: covers(rig, end_us), ANSWER_S_MAX, "the bare cyclic thread")
    return results(name, stamps, witness)


def covers(rig: Rig, end_us: int) -> bool:
    """Read what the bare thread has told; tell whether it is from after `end_us`."""
    witness = rig.cycles.witness
    witness.read_cycles()
    return bool(witness.lateness) and witness.lateness[-1][0] > end_us


def results(name: str, stamps: dict[int, list[int]], witness: Witness) -> list[Result]:
    """Return the rows: gaps of the nodes, of the bare thread, and what was left out."""
    late = late_spans(witness)
    gaps, left_out, count = [], 0, 0
    for beats in stamps.values():
        is_out = [is_during(at_us, late) for at_us in beats]
        left_out += sum(is_out)
        count += len(beats)
        for index in range(1, len(beats)):
            if not is_out[index] and not is_out[index - 1]:
                gaps.append((beats[index] - beats[index - 1]) / 1000)
    bare = bare_gaps_ms(witness)
    gaps.sort()
    bare.sort()
    return [
        result(f"{name}: gap, p99", rank(gaps, 990), "ms", "lower", target=P99_MS_MAX),
        result(f"{name}: gap, p99.9", rank(gaps, 999), "ms", "lower"),
        result(f"{name}: gap, max", gaps[-1], "ms", "lower", target=GAP_MS_MAX),
        result(f"{name}: bare cyclic thread, gap of 50 ms, p99.9", rank(bare, 999), "ms", "lower"),
        result(f"{name}: bare cyclic thread, gap of 50 ms, max", bare[-1], "ms", "lower"),
        result(f"{name}: beats", count, "", "higher"),
        result(f"{name}: beats left out, the bare thread was late too", left_out, "", "lower"),
    ]


def late_spans(witness: Witness) -> list[tuple[int, int]]:
    """Return (due, woke) of the cycles that were more than 1 ms late, in us."""
    return [(at_us - late_us, at_us) for at_us, late_us in witness.lateness if late_us > TOLD_US]


def is_during(at_us: int, spans: list[tuple[int, int]]) -> bool:
    """Tell whether a beat fell into a span, or into the millisecond after it."""
    return any(due_us <= at_us <= woke_us + TOLD_US for due_us, woke_us in spans)


def bare_gaps_ms(witness: Witness) -> list[float]:
    """Return the distances of awakenings that were due 50 ms apart: what no loop on this machine can better."""
    woke_us = {at_us - late_us: at_us for at_us, late_us in witness.lateness}
    pairs = ((at_us, woke_us.get(due_us + BEAT_US)) for due_us, at_us in woke_us.items())
    return [(later - earlier) / 1000 for earlier, later in pairs if later is not None]


def rank(ordered: list[float], permille: int) -> float:
    """Return the value at that rank (nearest rank) of a sorted list."""
    return ordered[-(-len(ordered) * permille // 1000) - 1]
