"""Failover of six members against etcd, keepalived and PySyncObj, all in one run on one machine.

Every leader dies in the same ways: SIGSTOP, the silent death that a cut CAN wire is too, and kill -9, which TCP tells
its peers of at once. A peer is timed to what only its leader can do: the first committed write (etcd, PySyncObj), the
first advertisement of a new master (keepalived, which asks nobody); ours to the new leader's plan applied by every
survivor. From death, as nobody sees the last heartbeat of etcd and PySyncObj; it was up to one heartbeat earlier.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from evenload_sim.bench import Result, Row, result
from evenload_sim.peers import etcd, keepalived, pysyncobj
from evenload_sim.peers.failover import PeerTimes

FEW, MANY = 10, 30
WORDS = {"stop": "SIGSTOP", "kill": "kill -9"}


@dataclass(frozen=True)
class Peer:
    """A peer that may be absent; measure: (how, runs) -> times."""

    name: str
    absence: Callable[[], str | None]
    measure: Callable[[str, int], PeerTimes]


PEERS = [
    Peer("etcd 30/150 --pre-vote", etcd.absence, lambda how, runs: etcd.measure(30, 150, how, runs)),
    Peer("etcd 50/250 --pre-vote", etcd.absence, lambda how, runs: etcd.measure(50, 250, how, runs)),
    Peer("PySyncObj 0.3.17, 50/151-300", pysyncobj.absence, pysyncobj.measure),
    Peer(
        "keepalived VRRPv3, priorities 50 apart",
        keepalived.absence,
        lambda how, runs: keepalived.measure(50, how, runs),
    ),
]


def failovers(how: str, runs: int) -> list[Result]:
    """Kill every peer's leader `runs` times, then ours; how: a key of WORDS."""
    rows: list[Result] = []
    measured: list[PeerTimes] = []
    for peer in PEERS:
        sentence = peer.absence()
        if sentence is not None:
            rows.append(
                result(f"{peer.name}, {WORDS[how]}: serves again", None, "ms", "lower", peer=sentence)
            )
            continue
        times = peer.measure(how, runs)
        measured.append(times)
        rows += peer_rows(times, f"{times.name}, {runs} x {WORDS[how]}")
    return rows + own_rows(own_times(how, runs), measured, f"Evenload, {runs} x {WORDS[how]}")


def peer_rows(times: PeerTimes, name: str) -> list[Result]:
    """Return what is known of a peer."""
    rows = []
    for words, series in (("death", times.from_death_ms), ("last heartbeat", times.from_last_ms)):
        if series:
            rows.append(result(f"{name}: serves again, from {words}, median", median(series), "ms", "lower"))
            rows.append(result(f"{name}: serves again, from {words}, max", max(series), "ms", "lower"))
    rows.append(result(f"{name}: leaders at once", times.leaders_at_once, "", "lower"))
    if times.missed:
        rows.append(result(f"{name}: no leader within 10 s", times.missed, "kills", "lower"))
    return rows


def own_times(how: str, runs: int) -> dict[str, Any]:
    """Return what our own cluster of real processes does (cluster_processes.run_realtime)."""
    from evenload_sim.cluster_processes import RealtimeOptions, run_realtime

    return run_realtime(RealtimeOptions(runs=runs, how=how))


def own_rows(own: dict[str, Any], measured: list[PeerTimes], name: str) -> list[Result]:
    """Hold our times against the best of the peers that reach consensus; keepalived is shown, not held against."""
    rivals = [times for times in measured if times.has_consensus and times.from_death_ms]
    death = own["applied_from_death_ms"]
    rows = []
    for word, key, best_of in (("median", "p50", median), ("max", "max", max)):
        value = death[key]
        best = min(rivals, key=lambda times: best_of(times.from_death_ms), default=None)
        best_ms = None if best is None else best_of(best.from_death_ms)
        has_both = best_ms is not None and value is not None
        rows.append(
            result(
                f"{name}: plan applied by all, from death, {word}",
                value,
                "ms",
                "lower",
                target=best_ms,
                peer=f"faster than {best.name}" if best is not None else None,
                ratio=best_ms / value if has_both else None,
            )
        )
    last = own["applied_ms"]
    rows += [
        result(f"{name}: plan applied by all, from the last frame, {word}", last[key], "ms", "lower")
        for word, key in (("median", "p50"), ("max", "max"))
    ]
    return [*rows, result(f"{name}: leases at once", own["leases_at_once_max"], "", "lower", target=1)]


ROWS = [
    Row("failover.peers", lambda: failovers("stop", FEW)),
    Row("failover.peers_kill", lambda: failovers("kill", FEW), slow=True),
    Row("failover.peers_30", lambda: failovers("stop", MANY), slow=True),
    Row("failover.peers_kill_30", lambda: failovers("kill", MANY), slow=True),
]
