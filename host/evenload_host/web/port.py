"""What the pages need of a site, and nothing more; the simulated garage provides it."""

from typing import Any, Protocol


class SiteRefusal(Exception):
    """A command that the site refuses. field: the key at fault; reason: a sentence with what is valid."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


class SitePort(Protocol):
    """A site as request handlers see it: a published snapshot to read and a queue for commands.

    Handlers run in the server's pool; none of these calls may wait for the site.
    """

    def snapshot(self) -> dict[str, Any]:
        """Return the latest published snapshot; nobody changes it any more."""

    def age_ms(self) -> int:
        """Return how long ago the snapshot was published."""

    def inject(self, name: str, target: str, on: bool) -> None:
        """Queue switching a fault; raises SiteRefusal for a fault or target that the site does not have."""
