"""The web application: what it answers, what it refuses and how, and what it lets a browser do."""

import pytest


def post(client, body, **headers):
    return client.post("/site/faults", json=body, headers={"X-CSRF-Token": "the-token"} | headers)


ORDER = {"name": "meter_unplugged", "target": "main", "on": True}


def test_the_snapshot_carries_its_own_age(client, site) -> None:
    site.age = 345
    answer = client.get("/site/snapshot.json")
    assert answer.status_code == 200
    assert answer.json["age_ms"] == 345
    assert answer.json["site"] == "Garage"
    assert answer.headers["Cache-Control"] == "no-store"


def test_health_names_the_backend_and_fails_when_the_site_stands_still(client, site) -> None:
    healthy = client.get("/health")
    assert healthy.status_code == 200
    assert healthy.json["ok"] is True
    assert healthy.json["backend"] in ("c", "python")
    assert healthy.json["uptime_s"] >= 0
    site.age = 60_000
    assert client.get("/health").status_code == 503


def test_a_fault_is_queued_and_answered_without_content(client, site) -> None:
    answer = post(client, ORDER)
    assert (answer.status_code, answer.data) == (204, b"")
    assert site.injected == [("meter_unplugged", "main", True)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**ORDER, "on": "yes"}, "on"),
        ({**ORDER, "target": 3}, "target"),
        ({"target": "main", "on": True}, "name"),
        ({**ORDER, "name": "meteor"}, "name"),
    ],
)
def test_a_wrong_order_is_a_problem_that_names_its_field(client, site, body, field) -> None:
    answer = post(client, body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["field"] == field
    assert answer.json["reason"]
    assert site.injected == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"null"])
def test_a_body_that_is_no_object_is_a_problem(client, body) -> None:
    headers = {"X-CSRF-Token": "the-token", "Content-Type": "application/json"}
    answer = client.post("/site/faults", data=body, headers=headers)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


def test_a_huge_body_is_refused_as_a_problem(client) -> None:
    answer = post(client, {**ORDER, "name": "x" * 10_000})
    assert answer.status_code in (400, 413)
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "guess"},
        {"X-CSRF-Token": "ünicode"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_write_that_is_not_from_our_own_page_is_forbidden(client, site, headers) -> None:
    answer = post(client, ORDER, **headers)
    assert answer.status_code == 403
    assert answer.content_type == "application/problem+json"
    assert site.injected == []


def test_a_write_from_our_own_page_is_accepted(client, site) -> None:
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert post(client, ORDER, **own).status_code == 204


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", ""])
def test_a_foreign_host_name_is_refused(client, host) -> None:
    answer = client.get("/site/snapshot.json", headers={"Host": host})
    assert answer.status_code in (400, 421)
    assert b"circuits" not in answer.data


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "[::1]:8000"])
def test_our_own_names_are_answered(client, host) -> None:
    assert client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/site/faults", 405)])
def test_http_errors_are_problems_too(client, path, status) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == status


def test_the_unexpected_is_a_problem_without_insides(client, site) -> None:
    site.now = None
    answer = client.get("/site/snapshot.json")
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert b"Traceback" not in answer.data
    assert b"NoneType" not in answer.data


@pytest.mark.parametrize("path", ["/", "/health", "/nothing", "/static/site.js"])
def test_every_answer_is_dressed_against_misuse(client, path) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
