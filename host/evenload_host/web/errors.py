"""Every refusal as RFC 9457 problem+json, with the field and the reason where a field is at fault."""

import json

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException


class ApiError(Exception):
    """A bad request. status: of HTTP; reason: a sentence; field: the key at fault; kind: for programs."""

    def __init__(self, status: int, reason: str, field: str | None = None, kind: str = "about:blank") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.field = field
        self.kind = kind


TITLES = {
    400: "Bad request",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Not as things are now",
    413: "Too large",
    415: "Unsupported media type",
    421: "Misdirected request",
    422: "Not valid",
    500: "Internal error",
    503: "Not available",
}


def problem(error: ApiError) -> Response:
    """Return the problem document of `error`."""
    body: dict[str, object] = {
        "type": error.kind,
        "title": TITLES.get(error.status, "Error"),
        "status": error.status,
        "detail": error.reason,
        "instance": request.path,
    }
    if error.field is not None:
        body |= {"field": error.field, "reason": error.reason}
    return Response(json.dumps(body), error.status, content_type="application/problem+json")


def register_errors(app: Flask) -> None:
    """Turn ApiError, HTTP errors and the unexpected into problem documents."""

    @app.errorhandler(ApiError)
    def refused(error: ApiError) -> Response:
        return problem(error)

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> Response:
        response = problem(ApiError(error.code or 500, error.description or error.name))
        allowed = getattr(error, "valid_methods", None)
        if allowed:
            response.headers["Allow"] = ", ".join(sorted(allowed))
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        app.logger.exception("%s %s failed", request.method, request.path, exc_info=error)
        return problem(ApiError(500, "The server made a mistake; its log says which."))
