"""What the cluster's page needs of a cluster, and nothing more; the live cluster of evenload_sim provides it."""

from typing import Any, Protocol


class ClusterRefusal(Exception):
    """A command that the cluster refuses. field: the key at fault; reason: a sentence with what is valid;
    is_conflict: the command is valid, but not as things are now.
    """

    def __init__(self, field: str, reason: str, is_conflict: bool = False) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
        self.is_conflict = is_conflict


class ClusterPort(Protocol):
    """A cluster as request handlers see it: a published snapshot to read and a queue for commands.

    Handlers run in the server's pool; none of these calls may wait for a node.

    A snapshot says: kind ("processes" or "simulated") and reason (why it is not processes, "" if it is); phase
    ("starting", "running", "ended"); rt (whether the nodes run with SCHED_FIFO); run_s; leader (0: none), term, plan
    ("term.seq"), demand_kw, demand_kw_max, carried_kw, short_kw (what is carried by nobody at this moment), unmet_kw
    (what the plan leaves to nobody, or what has been short for more than 0.6 s), rated_kw, n1 ("kept", "lost",
    "unknown"), alive, voters, quorum; bus {load_percent, frames_per_s, bitrate}; nodes, kills, kill_count, events.

    A node: node, state ("up", "down", "starting"), role, has_lease, term, plan, rated_kw, applied_kw, planned_kw,
    basis, health ("full", "90", "50", "out"), alarms, age_ms (of its last heartbeat), restart_s (until it is started),
    and for the last 3 s, in ms before the snapshot: beats, marks [[ago, "down" | "up" | "lead"]] and contingency
    [[from, to]].

    A kill: id, node, was_leader, leader (the master afterwards) and, each None until it has happened, in ms from the
    last frame of the killed node: contingency_ms, elected_ms, applied_ms; applied_from_death_ms from its death.
    """

    def snapshot(self) -> dict[str, Any]:
        """Return the latest published snapshot; nobody changes it any more."""

    def age_ms(self) -> int:
        """Return how long ago the snapshot was published."""

    def kill(self, node: int) -> None:
        """Queue killing a node; raises ClusterRefusal for a node that is not there or that is down already."""

    def load(self, load_kw: float) -> None:
        """Queue telling the leader the load; raises ClusterRefusal for one that is out of range."""
