"""The Flask application of a supervisor: `create_app(site)` over a SitePort and, where there is one, a ClusterPort."""

import time

from flask import Flask

from evenload_host import dashboard
from evenload_host.web import cluster_routes, routes
from evenload_host.web.cluster_port import ClusterPort
from evenload_host.web.config import WebConfig
from evenload_host.web.errors import register_errors
from evenload_host.web.guard import register_guard
from evenload_host.web.port import SitePort

BODY_BYTES_MAX = 4096


def create_app(site: SitePort, config: WebConfig | None = None, cluster: ClusterPort | None = None) -> Flask:
    """Return the application; site and cluster: what it shows; config: hosts it answers to and its CSRF token."""
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    app.extensions["evenload"] = routes.Served(site, config or WebConfig(), time.monotonic(), cluster)
    register_errors(app)
    register_guard(app, app.extensions["evenload"].config)
    app.register_blueprint(routes.bp)
    app.register_blueprint(cluster_routes.bp)
    app.register_blueprint(dashboard.bp)
    return app
