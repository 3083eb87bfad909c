"""The cluster as JSON: its snapshot, and the two things that one may do to it."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from evenload_host.web.cluster_port import ClusterPort, ClusterRefusal
from evenload_host.web.errors import ApiError
from evenload_host.web.routes import served

bp = Blueprint("cluster", __name__)


def served_cluster() -> ClusterPort:
    """Return the cluster that the current application serves; 404 where there is none."""
    cluster = served().cluster
    if cluster is None:
        raise ApiError(404, "This site runs without a cluster. Start it without --no-cluster.")
    return cluster


def aged_cluster() -> dict[str, Any]:
    """Return the latest snapshot with `age_ms`, how old it is as it leaves."""
    cluster = served_cluster()
    return cluster.snapshot() | {"age_ms": cluster.age_ms()}


@bp.get("/cluster/snapshot.json")
def snapshot() -> Response:
    """Answer the latest published snapshot."""
    return jsonify(aged_cluster())


@bp.post("/cluster/kill")
def kill() -> tuple[str, int]:
    """Queue killing one node: {"node": 2}; 202 once it is queued."""
    node = ordered("node")
    if isinstance(node, bool) or not isinstance(node, int):
        raise ApiError(422, f"node is {node!r}; valid: the number of a node.", field="node")
    try:
        served_cluster().kill(node)
    except ClusterRefusal as refusal:
        raise problem_of(refusal) from refusal
    return "", 202


@bp.post("/cluster/load")
def load() -> tuple[str, int]:
    """Queue telling the leader the load: {"load_kw": 200}; 202 once it is queued."""
    load_kw = ordered("load_kw")
    if isinstance(load_kw, bool) or not isinstance(load_kw, int | float):
        raise ApiError(422, f"load_kw is {load_kw!r}; valid: a number of kW.", field="load_kw")
    try:
        served_cluster().load(float(load_kw))
    except OverflowError as error:
        raise ApiError(422, "load_kw is no number that a load can be.", field="load_kw") from error
    except ClusterRefusal as refusal:
        raise problem_of(refusal) from refusal
    return "", 202


def ordered(key: str) -> object:
    """Return what the body says for `key`, None if nothing; refuses a body that is no object."""
    order = request.get_json(silent=True)
    if not isinstance(order, dict):
        raise ApiError(400, f"The body is not a JSON object; send {key}.")
    return order.get(key)


def problem_of(refusal: ClusterRefusal) -> ApiError:
    """Return the refusal as HTTP says it."""
    return ApiError(409 if refusal.is_conflict else 422, refusal.reason, field=refusal.field)
