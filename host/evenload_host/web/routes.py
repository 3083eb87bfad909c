"""The site as JSON: its snapshot, its faults and the server's health."""

import time
from dataclasses import dataclass
from typing import Any

from evenload.core import BACKEND
from flask import Blueprint, Response, current_app, jsonify, request

from evenload_host.web.cluster_port import ClusterPort
from evenload_host.web.config import WebConfig
from evenload_host.web.errors import ApiError
from evenload_host.web.port import SitePort, SiteRefusal

bp = Blueprint("site", __name__)


@dataclass(frozen=True)
class Served:
    """What an application serves: the site, how it was configured, since when (monotonic seconds), and the cluster
    where there is one.
    """

    site: SitePort
    config: WebConfig
    started_s: float
    cluster: ClusterPort | None = None


def served() -> Served:
    """Return what the current application serves."""
    found = current_app.extensions["evenload"]
    assert isinstance(found, Served)
    return found


def aged_snapshot() -> dict[str, Any]:
    """Return the latest snapshot with `age_ms`, how old it is as it leaves."""
    site = served().site
    return site.snapshot() | {"age_ms": site.age_ms()}


@bp.get("/site/snapshot.json")
def snapshot() -> Response:
    """Answer the latest published snapshot."""
    return jsonify(aged_snapshot())


@bp.post("/site/faults")
def faults() -> tuple[str, int]:
    """Queue switching one fault: {"name", "target", "on"}; 204 once it is queued."""
    order = request.get_json(silent=True)
    if not isinstance(order, dict):
        raise ApiError(400, "The body is not a JSON object; send name, target and on.")
    try:
        served().site.inject(text_of(order, "name"), text_of(order, "target"), flag_of(order, "on"))
    except SiteRefusal as refusal:
        raise ApiError(422, refusal.reason, field=refusal.field) from refusal
    return "", 204


@bp.get("/health")
def health() -> tuple[Response, int]:
    """Answer whether the site behind this server still moves; 503 if it does not."""
    now = served()
    age_ms = now.site.age_ms()
    is_ok = age_ms <= now.config.late_ms
    uptime_s = round(time.monotonic() - now.started_s, 1)
    body = {"ok": is_ok, "backend": BACKEND, "uptime_s": uptime_s, "snapshot_age_ms": age_ms}
    return jsonify(body), 200 if is_ok else 503


def text_of(order: dict[str, Any], key: str) -> str:
    """Return a text of the order or refuse it."""
    value = order.get(key)
    if not isinstance(value, str):
        raise ApiError(422, f"{key} is {value!r}; valid: a text.", field=key)
    return value


def flag_of(order: dict[str, Any], key: str) -> bool:
    """Return a truth value of the order or refuse it."""
    value = order.get(key)
    if not isinstance(value, bool):
        raise ApiError(422, f"{key} is {value!r}; valid: true or false.", field=key)
    return value
