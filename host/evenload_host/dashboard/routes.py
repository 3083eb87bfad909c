"""The pages of the supervisor. One page for now: the site."""

from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from evenload_host.dashboard import view, words
from evenload_host.web.routes import aged_snapshot, served

bp = Blueprint("dashboard", __name__, static_folder="static", template_folder="templates")


@bp.get("/")
def site() -> Response:
    """Render the site as it is now; the modules of the page keep it up to date."""
    snapshot = aged_snapshot()
    book = words.Phrasebook(words.chosen_language(request))
    page = render_template(
        "site.html",
        book=book,
        say=book.say,
        theme=words.chosen_theme(request),
        themes=words.THEMES,
        address=address,
        snapshot=snapshot,
        view=view.page_view(snapshot, book),
        csrf_token=served().config.csrf_token,
    )
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Vary"] = "Accept-Language"
    response.headers["Content-Language"] = book.language
    return response


def address(**changes: str) -> str:
    """Return this page's address with some parameters changed, the others kept: addresses are state."""
    kept = {name: value for name, value in request.args.items() if name not in changes}
    return "?" + urlencode(kept | changes)
