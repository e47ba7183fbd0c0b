"""What protects pages: headers, cookies, signed values that expire, and forms that only our own pages can send."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from bot.clock import Clock
from bot.errors import EquipierError
from bot.privacy.envelope import KeyRing, Sealed

HEADERS = {
    # The DSFR draws its ticks and arrows with images inside its style sheet (« data: »), which can run nothing.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # With « no-referrer », browsers hide the origin of a form from its own site.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
TOKEN_FIELD = "csrf"  # noqa: S105  the name of the field
_COOKIE = "equipier_forms"
_SEED_BYTES = 32


class Forged(EquipierError):
    """A form that none of our pages can have sent, or one whose page is too old."""


class Cookies:
    """Sets and removes cookies out of the reach of scripts and of other sites; ``Secure`` when *public_url* is."""

    def __init__(self, public_url: str) -> None:
        self._secure = urlsplit(public_url).scheme == "https"

    def put(
        self, response: Response, name: str, value: str, *, path: str = "/", valid_for: timedelta | None = None
    ) -> None:
        """Puts a cookie in *response*, until the browser is closed unless *valid_for* says how long."""
        seconds = int(valid_for.total_seconds()) if valid_for else None
        response.set_cookie(name, value, max_age=seconds, path=path, secure=self._secure, httponly=True, samesite="lax")

    def remove(self, response: Response, name: str, *, path: str = "/") -> None:
        response.delete_cookie(name, path=path, secure=self._secure, httponly=True, samesite="lax")


class Signer:
    """Values that a browser keeps for us and cannot change.

    Args:
        purpose: what they are for; a value signed for one purpose is nothing for another.
    """

    def __init__(self, keys: KeyRing, clock: Clock, *, purpose: str, valid_for: timedelta) -> None:
        self._keys = keys
        self._clock = clock
        self._purpose = purpose
        self.valid_for = valid_for

    def sign(self, value: str) -> str:
        """*value*, readable, with the instant when it expires, signed."""
        until = int((self._clock.now() + self.valid_for).timestamp())
        encoded = base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")
        return f"{encoded}.{until}.{self._keys.current}.{self._mac(encoded, until, self._keys.current)}"

    def read(self, signed: str | None) -> str | None:
        """The value; ``None`` when there is none, when it expired, or when it is not ours."""
        encoded, _, rest = (signed or "").partition(".")
        until, _, rest = rest.partition(".")
        key, _, mac = rest.rpartition(".")
        try:
            expected = self._mac(encoded, int(until), key)
            if not hmac.compare_digest(expected.encode(), mac.encode()):
                return None
            if int(until) <= self._clock.now().timestamp():
                return None
            return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        except (Sealed, ValueError, binascii.Error):
            return None

    def expiry(self, signed: str | None) -> datetime | None:
        """When a value that :meth:`read` gives expires; ``None`` when it gives none."""
        return None if self.read(signed) is None else datetime.fromtimestamp(int((signed or "").split(".")[1]), UTC)

    def _mac(self, encoded: str, until: int, key: str) -> str:
        return self._keys.mac(f"page cookie\x1f{self._purpose}\x1f{until}\x1f{encoded}".encode(), key=key)


class Forms:
    """Makes sure that a form comes from one of our pages: same origin, and a token bound to a cookie by HMAC.

    Source: OWASP, Cross-Site Request Forgery Prevention Cheat Sheet (signed double-submit cookie, Fetch Metadata).
    """

    def __init__(self, keys: KeyRing, cookies: Cookies, *, public_url: str) -> None:
        self._keys = keys
        self._cookies = cookies
        address = urlsplit(public_url)
        self._origin = f"{address.scheme}://{address.netloc}"

    def prepare(self, request: Request, name: str) -> tuple[str, str]:
        """The token to put in the form called *name*, and the seed to keep in the cookie."""
        seed = request.cookies.get(_COOKIE) or secrets.token_urlsafe(_SEED_BYTES)
        return self._token(seed, name), seed

    def keep(self, response: Response, seed: str) -> None:
        """Puts *seed* in the cookie."""
        self._cookies.put(response, _COOKIE, seed)

    def check(self, request: Request, form: Mapping[str, str], name: str) -> None:
        """Accepts the *form* called *name*.

        Raises:
            Forged: it comes from another site, or its token is missing or is that of another form or browser.
        """
        if not self._is_ours(request):
            raise Forged("form sent by another site")
        seed = request.cookies.get(_COOKIE)
        if not seed:
            raise Forged("no cookie")
        if not hmac.compare_digest(self._token(seed, name).encode(), form.get(TOKEN_FIELD, "").encode()):
            raise Forged("wrong token")

    def _is_ours(self, request: Request) -> bool:
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None:
            return site == "same-origin"
        # Browsers send no fetch metadata over plain HTTP, save to this very machine.
        return origin in (None, self._origin, f"{request.url.scheme}://{request.url.netloc}")

    def _token(self, seed: str, name: str) -> str:
        return self._keys.mac(f"page form\x1f{name}\x1f{seed}".encode())
