"""The pages of the supervisor: the site, and the cluster where there is one."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, url_for

from evenload_host.dashboard import cluster_view, view, words
from evenload_host.web.cluster_routes import aged_cluster
from evenload_host.web.routes import aged_snapshot, served

bp = Blueprint("dashboard", __name__, static_folder="static", template_folder="templates")
KEPT = ("lang", "theme")


@bp.get("/")
def site() -> Response:
    """Render the site as it is now; the modules of the page keep it up to date."""
    snapshot = aged_snapshot()
    book = chosen_book()
    say = book.say
    facts = [
        say("page.speed", speed=snapshot["speed"]),
        say("page.core", backend=snapshot["backend"], seed=snapshot["seed"]),
    ]
    return painted(
        "site",
        book,
        snapshot=snapshot,
        view=view.page_view(snapshot, book),
        brand=snapshot["site"],
        badge=say("page.simulated"),
        facts=facts,
        card=cluster_view.card_view(aged_cluster(), book) if served().cluster else None,
    )


@bp.get("/cluster")
def cluster() -> Response:
    """Render the cluster as it is now; the modules of the page keep it up to date."""
    snapshot = aged_cluster()
    book = chosen_book()
    seen = cluster_view.cluster_page_view(snapshot, book)
    return painted(
        "cluster",
        book,
        snapshot=snapshot,
        view=seen,
        brand=book.say("cluster.brand"),
        badge=book.say("cluster.badge"),
        facts=[seen["kind"]],
    )


def painted(page: str, book: words.Phrasebook, **values: Any) -> Response:
    """Return page `page` in the language of `book`; values: what its template prints beside what all pages need."""
    text = render_template(
        f"{page}.html",
        page=page,
        book=book,
        say=book.say,
        theme=words.chosen_theme(request),
        themes=words.THEMES,
        address=address,
        page_address=page_address,
        has_cluster=served().cluster is not None,
        csrf_token=served().config.csrf_token,
        **values,
    )
    response = Response(text, content_type="text/html; charset=utf-8")
    response.headers["Vary"] = "Accept-Language"
    response.headers["Content-Language"] = book.language
    return response


def chosen_book() -> words.Phrasebook:
    """Return the words of the language that the request wants."""
    return words.Phrasebook(words.chosen_language(request))


def address(**changes: str) -> str:
    """Return this page's address with some parameters changed, the others kept: addresses are state."""
    kept = {name: value for name, value in request.args.items() if name not in changes}
    return "?" + urlencode(kept | changes)


def page_address(page: str) -> str:
    """Return the address of another page in the same language and theme."""
    kept = urlencode({name: request.args[name] for name in KEPT if name in request.args})
    return url_for(f"dashboard.{page}") + ("?" + kept if kept else "")
