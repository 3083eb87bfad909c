"""What the web application is told at start."""

import secrets
from dataclasses import dataclass, field

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True)
class WebConfig:
    """allowed_hosts: names a browser may call this server by (Host header, without port);
    csrf_token: what a page must send back with each POST, new at each start;
    late_ms: snapshots older than this make /health answer 503.
    """

    allowed_hosts: frozenset[str] = LOOPBACK_HOSTS
    csrf_token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    late_ms: int = 5000
