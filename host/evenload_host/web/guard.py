"""What keeps a browser honest: the Host it calls us by, the origin it writes from, and what a page may load.

DNS rebinding: a foreign page whose name suddenly resolves to 127.0.0.1 would be same-origin with us, but it
still sends its own name as Host, so unknown names are refused. Forged writes: a POST has to come from our own
origin and carry the token that only our own pages can read.
"""

import hmac

from flask import Flask, Response, request

from evenload_host.web.config import WebConfig
from evenload_host.web.errors import ApiError

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CSRF_KIND = "urn:evenload:problem:csrf"


def register_guard(app: Flask, config: WebConfig) -> None:
    """Check every request before it is routed and dress every response."""

    @app.before_request
    def check() -> None:
        check_host(config)
        if request.method not in SAFE_METHODS:
            check_origin()
            check_token(config)

    @app.after_request
    def dress(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "dashboard.static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def check_host(config: WebConfig) -> None:
    """Refuse a Host that this server is not known by."""
    name = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    if name.lower() not in config.allowed_hosts:
        allowed = ", ".join(sorted(config.allowed_hosts))
        raise ApiError(421, f"This server is not called {name!r}; it answers to {allowed}.")


def check_origin() -> None:
    """Refuse a write that a browser sends from another origin."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.host_url.rstrip("/"):
        raise ApiError(403, f"The request comes from {origin}; only this site's own pages may write.")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise ApiError(403, "The request comes from another site; only this site's own pages may write.")


def check_token(config: WebConfig) -> None:
    """Refuse a write without the token of our own pages."""
    token = request.headers.get("X-CSRF-Token", "")
    if not hmac.compare_digest(token.encode(), config.csrf_token.encode()):
        reason = "The header X-CSRF-Token is missing or old; the page at / carries it as csrf-token."
        raise ApiError(403, reason, kind=CSRF_KIND)
