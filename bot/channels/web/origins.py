"""Which pages may speak to us: our own, and those of the sites that the settings name.

Source: OWASP, Cross-Site WebSocket Hijacking and CSRF Prevention Cheat Sheets. A browser sends cookies along with a
WebSocket that any site opens: only the ``Origin`` header, which no page can change, tells whose page it is.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from bot.errors import SettingsError

SETTING = "EQUIPIER_WIDGET_ORIGINS"
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,5})?|https?://\[[0-9a-f:]+\](?::\d{1,5})?")
_HTTP = {"ws": "http", "wss": "https"}


def origins_of(value: str) -> frozenset[str]:
    """The origins of a list separated by commas, as the settings hold it.

    Raises:
        SettingsError: one of them is not « https://… » alone; « * » is none.
    """
    origins = frozenset(part.strip().rstrip("/").lower() for part in value.split(",") if part.strip())
    wrong = sorted(origin for origin in origins if not _ORIGIN.fullmatch(origin))
    if wrong:
        raise SettingsError(
            f"{SETTING} est mal formée : {', '.join(wrong)}",
            hint="Écrivez les adresses sans chemin, séparées par des virgules : https://intranet.exemple.fr",
        )
    return origins


class Origins:
    """Tells our own pages from those of guests, and guests from strangers.

    Args:
        public_url: address of our own pages; the address by which a request reached us is ours too.
        guests: origins of the sites that may hold the widget.
    """

    def __init__(self, public_url: str, *, guests: Collection[str] = ()) -> None:
        address = urlsplit(public_url)
        self._public = f"{address.scheme}://{address.netloc}".lower()
        self.guests = frozenset(guests)

    def are_ours(self, request: HTTPConnection) -> bool:
        """Whether *request* surely comes from one of our own pages: only then do its cookies tell who asks.

        Browsers leave ``Origin`` out of some requests to the page's own site; they then say so in ``Sec-Fetch-Site``.
        """
        origin = request.headers.get("origin")
        if origin is None:
            return request.headers.get("sec-fetch-site") == "same-origin"
        return origin.lower() in self._ours(request)

    def admits(self, request: HTTPConnection) -> bool:
        """Whether *request* may be answered: a page of ours, of a guest, or a program, which has no origin."""
        origin = request.headers.get("origin")
        return origin is None or origin.lower() in self._ours(request) | self.guests

    def _ours(self, request: HTTPConnection) -> frozenset[str]:
        scheme = request.url.scheme
        return frozenset({self._public, f"{_HTTP.get(scheme, scheme)}://{request.url.netloc}".lower()})
