"""What is known of one node from its trace and its status."""

from typing import Any

from evenload.wire import BASIS_NAMES, ROLE_LEADER, ROLE_NAMES


class NodeView:
    """The newest of everything that node `src` has told since it was started."""

    def __init__(self, src: int) -> None:
        self.src = src
        self.role = "boot"
        self.term = 0
        self.leader = 0
        self.has_lease = False
        self.plan = (0, 0)
        self.alive: set[int] = set()
        self.applied_10w = 0
        self.basis = "boot"
        self.is_stopped = False
        self._told: set[str] = set()

    @property
    def is_leader(self) -> bool:
        """Tell whether it leads."""
        return self.role == ROLE_NAMES[ROLE_LEADER]

    def on_event(self, event: dict[str, Any]) -> None:
        """Take one line of its trace."""
        word = event["event"]
        change = getattr(self, f"_on_{word}", None)
        if change is not None:
            self._told.add(word)
            change(event)

    def on_status(self, status: dict[str, Any]) -> None:
        """Take its answer to `status` for what no line of its trace has told: the trace is newer."""
        plan = status["plan"]
        rows: tuple[tuple[str, str, Any], ...] = (
            ("role", "role", status["role"]),
            ("role", "term", status["term"]),
            ("role", "leader", status["leader"]),
            ("lease", "has_lease", status["has_lease"]),
            ("plan", "plan", (plan["term"], plan["seq"])),
            ("alive", "alive", set(status["alive"])),
            ("share", "basis", status.get("basis", self.basis)),
        )
        for word, name, value in rows:
            if word not in self._told:
                setattr(self, name, value)

    def _on_role(self, event: dict[str, Any]) -> None:
        self.role, self.term, self.leader = ROLE_NAMES[event["a"]], event["b"], event["c"]
        if not self.is_leader:
            self.has_lease = False

    def _on_term(self, event: dict[str, Any]) -> None:
        self.term = event["a"]

    def _on_lease(self, _event: dict[str, Any]) -> None:
        self.has_lease = True

    def _on_lease_end(self, _event: dict[str, Any]) -> None:
        self.has_lease = False

    def _on_plan(self, event: dict[str, Any]) -> None:
        self.plan = (event["a"], event["b"])

    def _on_alive(self, event: dict[str, Any]) -> None:
        self.alive = {src for src in range(16) if event["a"] >> src & 1}

    def _on_share(self, event: dict[str, Any]) -> None:
        self.applied_10w, self.basis = event["a"], BASIS_NAMES[event["b"]]

    def _on_down(self, _event: dict[str, Any]) -> None:
        self.role, self.has_lease = "boot", False
