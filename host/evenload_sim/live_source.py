"""What a live cluster is made of: six real processes or six simulated nodes, told apart by nothing but their `kind`."""

from typing import Any, Protocol

from evenload.errors import EvenloadError


class SourceFailed(EvenloadError):
    """A cluster that cannot be started here, in a sentence."""


class ClusterSource(Protocol):
    """A running cluster. Times are microseconds of the one clock that its traces use.

    kind: "processes" or "simulated"; sources: the voters; rated_kw: by source; bitrate: of the bus, bit/s.
    Everything is called from one thread. `start` raises SourceFailed.
    """

    kind: str
    sources: list[int]
    rated_kw: dict[int, float]
    bitrate: int

    def start(self) -> None:
        """Start every node."""

    def cancel(self) -> None:
        """Let `start` give up; may be called from any thread."""

    def turn(self) -> float:
        """Do what is due and return the seconds until the next turn is wanted."""

    def now_us(self) -> int:
        """Return the present on the clock of the traces."""

    def take_events(self) -> list[dict[str, Any]]:
        """Return the trace lines since the last call."""

    def take_frames(self) -> list[tuple[int, bytes]]:
        """Return the frames heard on the bus since the last call, each with the end of its last bit."""

    def ask(self) -> None:
        """Ask every running node for its status; the answers are in `statuses` when they have come."""

    def statuses(self) -> dict[int, dict[str, Any]]:
        """Return the newest status of each node since it was started, as its console words it."""

    def is_running(self, src: int) -> bool:
        """Tell whether the node has power."""

    def kill(self, src: int) -> int:
        """Take the node's life without warning, and return when."""

    def restart(self, src: int) -> None:
        """Start a dead node again."""

    def order(self, src: int, words: str) -> None:
        """Send a console command to a node."""

    def take_answers(self) -> list[tuple[int, str, dict[str, Any]]]:
        """Return (source, words, answer) of the orders that were answered since the last call."""

    def close(self) -> None:
        """End every node."""
