"""The pages of the supervisor: server-rendered first paint, small ES modules after it."""

from evenload_host.dashboard.routes import bp

__all__ = ["bp"]
