"""How long a frame of the cluster can wait for the wire, and what that makes of a failover (SPEC, timing proof).

Worst-case response times on CAN after Davis, Burns, Bril, Lukkien, "Controller Area Network (CAN) schedulability
analysis: refuted, revisited and revised" (2007). Whole bit times throughout, so nothing is rounded before the end.

    traffic = Traffic(voters=6, bitrate=500_000)
    analyse(traffic)["failover"]["applied_ms"]       215.35

A class is a burst of `count` frames that are queued together, at most `jitter_ms` late, every `period_ms`; classes
stand in the order of their priority. A response lasts from the queueing of the burst to the end of its last frame.
"""

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from evenload.wire import (
    CLUSTER_BEAT_MS,
    CLUSTER_BEAT_MS_MIN,
    CLUSTER_DETECT_MS,
    CLUSTER_EMERGENCY_GAP_MS,
    CLUSTER_LEASE_FRAME_MS,
    CLUSTER_LEASE_MS,
    CLUSTER_REPEAT_MS,
    CLUSTER_RTO_MS_DEFAULT,
    CLUSTER_STAGGER_MS_DEFAULT,
)

from evenload_sim.can_bits import worst_bits

ERROR_BITS = 31
FAILOVER_MS_MAX = 300
STAGGER_STEP_MS = 4
MS_PER_S = 1000
SETPOINT_PERIOD_MS = 100
TELEMETRY_PERIOD_MS = 100
RESPONSE_PERIOD_MS = 10
CANDIDATE_COUNT = 2
VOTERS_OF_A_SHORT_PLAN = 6
SHORT_PLAN_CHUNKS, LONG_PLAN_CHUNKS = 4, 7
RESPONSE_S_MAX = 10


@dataclass(frozen=True)
class Traffic:
    """What is on one wire.

    voters: of each cluster. others: nodes without a vote, of each cluster. electing: clusters that elect at the
    same time. emergencies: nodes that raise one at the same time (None: the voters of one cluster). telemetry:
    frames of each node per 100 ms. tick_ms, late_ms: a node looks at its frames every tick_ms, late_ms late at most.
    """

    voters: int = 6
    others: int = 0
    clusters: int = 1
    electing: int = 1
    bitrate: int = 500_000
    telemetry: int = 4
    emergencies: int | None = None
    tick_ms: float = 5.0
    late_ms: float = 2.0

    @property
    def tau_ms(self) -> float:
        """Return the longest time from a frame's arrival to its handling."""
        return self.tick_ms + self.late_ms

    @property
    def nodes(self) -> int:
        """Return how many nodes are on the wire."""
        return self.clusters * (self.voters + self.others)


@dataclass(frozen=True)
class MessageClass:
    """A burst of `count` frames of `data_size` bytes each, every `period_ms`."""

    name: str
    count: int
    period_ms: float
    data_size: int
    jitter_ms: float

    @property
    def frame_bits(self) -> int:
        """Return the longest frame in bits, interframe space included."""
        return worst_bits(True, self.data_size)

    @property
    def burst_bits(self) -> int:
        """Return the whole burst in bits."""
        return self.count * self.frame_bits


def plan_chunks(voters: int) -> int:
    """Return how many frames a plan takes."""
    return SHORT_PLAN_CHUNKS if voters <= VOTERS_OF_A_SHORT_PLAN else LONG_PLAN_CHUNKS


def message_set(traffic: Traffic) -> list[MessageClass]:
    """Return the classes of a wire, most urgent first; those of an election only for the clusters that elect."""
    voters, electing, tick_ms = traffic.voters, traffic.electing, traffic.tick_ms
    emergencies = voters if traffic.emergencies is None else traffic.emergencies
    classes = [MessageClass("EMERGENCY", emergencies, CLUSTER_EMERGENCY_GAP_MS, 8, tick_ms)]
    if electing:
        classes += [
            MessageClass("REQUEST", CANDIDATE_COUNT * electing, CLUSTER_RTO_MS_DEFAULT, 8, tick_ms),
            MessageClass("RESPONSE", voters * electing, RESPONSE_PERIOD_MS, 4, tick_ms),
            MessageClass("PLAN", plan_chunks(voters) * electing, CLUSTER_REPEAT_MS, 8, tick_ms),
        ]
    return [
        *classes,
        MessageClass("LEASE", traffic.clusters, CLUSTER_BEAT_MS_MIN, 5, traffic.tau_ms),
        MessageClass("HEARTBEAT", traffic.nodes, CLUSTER_BEAT_MS_MIN, 8, traffic.tau_ms),
        MessageClass("SETPOINT", traffic.clusters * voters, SETPOINT_PERIOD_MS, 8, tick_ms),
        MessageClass("TELEMETRY", traffic.nodes * traffic.telemetry, TELEMETRY_PERIOD_MS, 8, 2 * tick_ms),
        MessageClass("BULK", 2 * traffic.clusters, TELEMETRY_PERIOD_MS, 8, tick_ms),
    ]


def response_ms(classes: list[MessageClass], index: int, bitrate: int, error_count: int = 0) -> float | None:
    """Return the worst response of class `index` in ms, None where it has no bound.

    error_count: bus errors during the response, each 31 bits and one repeated frame of the longest kind.
    """
    own, above = classes[index], classes[:index]
    present = [one for one in classes[: index + 1] if one.count]
    if not own.count:
        return 0.0
    if sum(one.burst_bits * MS_PER_S / (one.period_ms * bitrate) for one in present) >= 1:
        return None
    longest_bits = max(one.frame_bits for one in present)
    blocked_bits = max((one.frame_bits for one in classes[index + 1 :] if one.count), default=0)
    fixed_bits = blocked_bits + error_count * (ERROR_BITS + longest_bits)
    busy_bits = _settle(fixed_bits, present, bitrate, own.burst_bits)
    if busy_bits is None:
        return None
    worst = 0
    for burst in range(_arrivals(own, busy_bits, bitrate)):
        ahead_bits = fixed_bits + (burst + 1) * own.burst_bits - own.frame_bits
        waited_bits = _settle(ahead_bits, above, bitrate, ahead_bits, 1)
        if waited_bits is None:
            return None
        # A later burst is measured from the earliest moment at which it can have been queued.
        queued_bits = _bits(burst * own.period_ms - own.jitter_ms, bitrate) if burst else 0
        worst = max(worst, waited_bits + own.frame_bits - max(queued_bits, 0))
    return worst * MS_PER_S / bitrate


def _bits(span_ms: float, bitrate: int) -> int:
    return round(span_ms * bitrate / MS_PER_S)


def _arrivals(one: MessageClass, span_bits: int, bitrate: int) -> int:
    """Return how many bursts can be queued within a span."""
    return -(-(span_bits + _bits(one.jitter_ms, bitrate)) // _bits(one.period_ms, bitrate))


def _settle(
    fixed_bits: int, classes: list[MessageClass], bitrate: int, start_bits: int, edge_bits: int = 0
) -> int | None:
    """Return the smallest span that is `fixed_bits` and every burst of `classes` within it; None beyond 10 s."""
    span_bits = start_bits
    while span_bits < RESPONSE_S_MAX * bitrate:
        longer_bits = fixed_bits + sum(
            _arrivals(one, span_bits + edge_bits, bitrate) * one.burst_bits for one in classes
        )
        if longer_bits == span_bits:
            return span_bits
        span_bits = longer_bits
    return None


def load_permille(classes: list[MessageClass], bitrate: int) -> int:
    """Return the share of the wire that the classes need at their shortest distances, rounded up."""
    bits_per_s = sum(one.burst_bits * MS_PER_S / one.period_ms for one in classes)
    return ceil(bits_per_s * 1000 / bitrate)


def steady_permille(traffic: Traffic) -> int:
    """Return the load without election and emergency, at nominal periods, rounded up."""
    lease = MessageClass("LEASE", traffic.clusters, CLUSTER_BEAT_MS, 5, 0)
    beat = MessageClass("HEARTBEAT", traffic.nodes, CLUSTER_BEAT_MS, 8, 0)
    rest = [one for one in message_set(traffic) if one.name in ("SETPOINT", "TELEMETRY")]
    return load_permille([lease, beat, *rest], traffic.bitrate)


def analyse(traffic: Traffic) -> dict[str, Any]:
    """Return everything: the classes with their responses, the loads, the failover and the lease.

    All sums count from the last leader frame and with one bus error in every step (SPEC, timing proof).
    """
    classes = message_set(traffic)
    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "count": one.count,
            "period_ms": one.period_ms,
            "bits": one.frame_bits,
            "frame_us": one.frame_bits * 1_000_000 / traffic.bitrate,
            "response_ms": response_ms(classes, index, traffic.bitrate),
            "response_one_error_ms": response_ms(classes, index, traffic.bitrate, 1),
        }
        for index, one in enumerate(classes)
    ]
    worst = {row["name"]: row["response_one_error_ms"] for row in rows}
    return {
        "voters": traffic.voters,
        "nodes": traffic.nodes,
        "clusters": traffic.clusters,
        "electing": traffic.electing,
        "bitrate": traffic.bitrate,
        "tau_ms": traffic.tau_ms,
        "steady_permille": steady_permille(traffic),
        "election_permille": load_permille(classes, traffic.bitrate),
        "messages": [rounded(row) for row in rows],
        "failover": rounded(failover(traffic, worst)),
        "lease": rounded(lease(traffic)),
    }


def rounded(bounds: dict[str, Any]) -> dict[str, Any]:
    """Return the bounds with floats to the microsecond: what is beyond is the sum's own noise."""
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in bounds.items()}


def failover(traffic: Traffic, worst: dict[str, float | None]) -> dict[str, Any]:
    """Return the bounds in ms from the last leader frame; a bound that does not exist is None.

    worst: response of each class with one error, REQUEST, RESPONSE and PLAN among them.
    """
    tau_ms = traffic.tau_ms
    detected_ms = CLUSTER_DETECT_MS + tau_ms
    bounds: dict[str, Any] = {"detected_ms": detected_ms, "contingency_ms": detected_ms + tau_ms}
    request_ms, answer_ms, plan_ms = (worst.get(name) for name in ("REQUEST", "RESPONSE", "PLAN"))
    if request_ms is None or answer_ms is None or plan_ms is None:
        return {**bounds, "applied_ms": None, "one_fault_ms": None, "both_ms": None, "is_in_time": False}
    stagger_ms = stagger(request_ms, tau_ms)
    round_ms = request_ms + answer_ms + 2 * tau_ms
    applied_ms = detected_ms + 2 * round_ms + plan_ms + tau_ms
    both_ms = applied_ms + 2 * (stagger_ms + tau_ms)
    return {
        **bounds,
        "stagger_ms": stagger_ms,
        "prevoted_ms": detected_ms + round_ms,
        "elected_ms": detected_ms + 2 * round_ms,
        "applied_ms": applied_ms,
        "one_fault_ms": applied_ms + stagger_ms + tau_ms,
        "both_ms": both_ms,
        "follower_ms": detected_ms + plan_ms + tau_ms,
        "follower_one_loss_ms": detected_ms + plan_ms + 2 * tau_ms + CLUSTER_REPEAT_MS,
        "is_in_time": both_ms <= FAILOVER_MS_MAX,
    }


def stagger(request_ms: float, tau_ms: float) -> int:
    """Return the slot in ms that keeps two candidates apart, and the time after which a request is repeated."""
    steps = ceil((2 * tau_ms + request_ms) / STAGGER_STEP_MS)
    least_ms: int = CLUSTER_STAGGER_MS_DEFAULT
    return max(least_ms, steps * STAGGER_STEP_MS)


def lease(traffic: Traffic) -> dict[str, Any]:
    """Return how old the newest acked leader frame can be, in ms, while nobody elects; and with one frame lost.

    Until the next leader frame, until the followers' next heartbeat, its way over the wire with an error, a tick.
    """
    quiet = replace(traffic, electing=0)
    classes = message_set(quiet)
    names = [one.name for one in classes]
    beat_ms = response_ms(classes, names.index("HEARTBEAT"), quiet.bitrate, 1)
    if beat_ms is None:
        return {
            "beat_ms": None,
            "gap_ms": None,
            "gap_one_loss_ms": None,
            "is_kept": False,
            "is_kept_one_loss": False,
        }
    gap_ms = CLUSTER_LEASE_FRAME_MS + CLUSTER_BEAT_MS + beat_ms + traffic.tau_ms
    lossy_ms = gap_ms + CLUSTER_LEASE_FRAME_MS
    return {
        "beat_ms": beat_ms,
        "gap_ms": gap_ms,
        "gap_one_loss_ms": lossy_ms,
        "is_kept": gap_ms <= CLUSTER_LEASE_MS,
        "is_kept_one_loss": lossy_ms <= CLUSTER_LEASE_MS,
    }
