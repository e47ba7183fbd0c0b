"""From a template to a response: Jinja2, with everything escaped, the filters of our pages and their headers."""

import hashlib
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bot.calendar import PARIS, french_day, french_moment
from bot.gateway.pages.security import HEADERS, TOKEN_FIELD, Forms
from bot.setup.assets import VERSION

OURS = Path(__file__).resolve().parent.parent / "static"
_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


class Pages:
    """Renders pages; every one has the same headers and the same layout.

    Args:
        brand: name shown at the top.
    """

    def __init__(self, *, brand: str, forms: Forms) -> None:
        self._forms = forms
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "jour": paris_day,
            "moment": french_moment,
            "entoure": surrounded,
            "groupes": grouped,
        }
        self._environment.globals |= {
            "brand": brand,
            "dsfr": f"/static/dsfr/{VERSION}",
            "ours": f"/static/equipier/{_version_of(OURS)}",
            "token_field": TOKEN_FIELD,
        }

    def render(
        self, request: Request, template: str, *, status: int = 200, form: str | None = None, **context: Any
    ) -> HTMLResponse:
        """The page made of *template* and *context*.

        Args:
            form: name of the form that the page holds, if any; its token is ``token`` in the template.
        """
        token, seed = self._forms.prepare(request, form) if form else ("", "")
        html = self._environment.get_template(f"{template}.html.j2").render(
            **{"token": token, "path": request.url.path} | context
        )
        response = HTMLResponse(html, status_code=status, headers=HEADERS)
        if form:
            self._forms.keep(response, seed)
        return response


def paris_day(when: date | datetime) -> str:
    """« 1er août 2026 »: the day that it is in Paris at that instant."""
    return french_day(when.astimezone(PARIS).date() if isinstance(when, datetime) else when)


def surrounded(text: str, words: str, attribute: str) -> Markup:
    """*text*, escaped, where *words* are inside a ``<span>`` that has *attribute*."""
    span = Markup("<span {}>{}</span>").format(Markup(attribute), words)  # noqa: S704  our own attribute, not a text
    return span.join(text.split(words))


def grouped(fingerprint: str) -> str:
    """A fingerprint by groups of four characters, easier to compare."""
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))


def _version_of(folder: Path) -> str:
    """Changes whenever a file does, so that browsers may keep what they have for ever."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
