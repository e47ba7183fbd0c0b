"""Every address, with whatever anyone may put in its path, its query and its form: never an error of ours.

The names of the fields are those that the templates and the handlers use, so that what is tried is read.
"""

import re
from typing import Any
from urllib.parse import quote_from_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bot.gateway.desk.sessions import COOKIE
from bot.settings import ROOT
from tests.security.fuzz import any_text, examples
from tests.unit.gateway.site import form_of
from tests.unit.gateway.test_authorisation_matrix import ROWS, Everyone, Row, everyone, routes

assert everyone  # the fixture

GATEWAY = ROOT / "bot" / "gateway"
_ASKED = re.compile(r"""(?:form|values|query_params|params)(?:\.get\(|\[)["'](\w+)["']""")
_SHOWN = re.compile(r'\bname="(\w+)"')
MARKERS = ("<script>alert(1)</script>", '"><img src=x', "javascript:alert(1)")
OPEN_FORMS = ("/connexion", "/inscription/{secret}", "/verifier", "/mandat/preparer", "/s/{secret}")


def names() -> list[str]:
    """Every name of a field, of a form or of a query."""
    found = {name for path in GATEWAY.rglob("*.py") for name in _ASKED.findall(path.read_text(encoding="utf-8"))}
    found |= {name for path in GATEWAY.rglob("*.j2") for name in _SHOWN.findall(path.read_text(encoding="utf-8"))}
    assert len(found) > 40, "this test tries nothing"
    return sorted(found - {"csrf", "viewport"})


NAMES = names()
fields = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(NAMES), any_text), st.one_of(any_text, st.sampled_from(["oui", "logement", "1"]))
    ),
    max_size=12,
)


def encoded(pairs: list[tuple[str, str]]) -> bytes:
    """*pairs* as a browser writes them, lone surrogates included."""
    one = "&".join("=".join(quote_from_bytes(part.encode("utf-8", "surrogatepass")) for part in pair) for pair in pairs)
    return one.encode()


def in_path(text: str) -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="") or "%20"


def sound(answer: Any) -> None:
    """What every answer must be, whatever was sent."""
    assert answer.status_code < 500, answer.text[:300]
    assert not {"a", "Set-Cookie"} & set(answer.cookies)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert '<html lang="fr"' in answer.text or answer.headers["content-type"] == "text/html; charset=utf-8"
        for marker in MARKERS:
            assert not re.search(rf"""(?:href|src|action)=["']{re.escape(marker)}""", answer.text)
            assert marker not in answer.text or marker == MARKERS[2], "as text, never as markup"
    if location := answer.headers.get("location"):
        assert location.startswith("/"), location
        assert not urlsplit(location).netloc, location


def client(everyone: Everyone, person: str) -> TestClient:
    browser = everyone.browser(person)
    assert not browser.follow_redirects
    return browser


def send(browser: TestClient, address: str, content: bytes, *, kind: str = "application/x-www-form-urlencoded") -> Any:
    return browser.post(address, content=content, headers={"content-type": kind})


POSTS = [row for row in ROWS if row.method == "POST"]
GETS = [row for row in ROWS if row.method == "GET"]


@pytest.mark.parametrize("row", POSTS, ids=str)
def test_no_form_breaks_a_page(everyone: Everyone, row: Row) -> None:
    """Sent by someone who may, from our own page."""

    @given(fields)
    @examples(3)
    def attempt(pairs: list[tuple[str, str]]) -> None:
        address, browser = everyone.address(row, anew=True), client(everyone, row.allowed())
        csrf = form_of(browser.get("/compte"))["csrf"]
        sound(send(browser, address, encoded([*pairs, ("csrf", csrf)])))

    attempt()


@pytest.mark.parametrize("row", GETS, ids=str)
def test_no_address_breaks_a_page(everyone: Everyone, row: Row) -> None:
    """Asked by someone who may, with anything where an id stands, and anything in the query."""

    @given(fields, st.lists(any_text, min_size=4, max_size=4), st.booleans())
    @examples(2)
    def attempt(pairs: list[tuple[str, str]], values: list[str], made_up: bool) -> None:
        address, browser = everyone.address(row), client(everyone, row.allowed())
        if made_up:
            path = row.path.partition("?")[0].replace(":int}", "}")
            address = path.format(**dict(zip(row.names, map(in_path, values), strict=False)))
        joint = "&" if "?" in address else "?"
        sound(browser.get(f"{address}{joint}{encoded(pairs).decode()}"))

    attempt()


@pytest.mark.parametrize("path", OPEN_FORMS)
def test_no_form_of_a_stranger_breaks_a_page(everyone: Everyone, path: str) -> None:
    """The doors, with the token of their own page and anything else."""
    assert f"POST {path}" in set(routes(everyone.office.site.app()))
    site = everyone.office.site
    made = {"/s/{secret}": lambda: site.draft()[1], "/inscription/{secret}": lambda: _invited(everyone)}

    @given(fields, any_text, st.booleans())
    @examples(8)
    def attempt(pairs: list[tuple[str, str]], secret: str, real: bool) -> None:
        browser = client(everyone, "nobody")
        if path == "/mandat/preparer" and real:
            site.opened(browser)
        address = path.format(secret=made[path]() if real and path in made else in_path(secret))
        shown = browser.get(address)
        sound(shown)
        sent = pairs
        if 'name="csrf"' in shown.text:
            token = form_of(shown)
            sent = [*pairs, *token.items()]
        sound(send(browser, address, encoded(sent)))

    attempt()


def _invited(everyone: Everyone) -> str:
    everyone.office.site.house.clock.advance(seconds=1)
    instant = everyone.office.site.house.clock.now().timestamp()
    _, secret = everyone.office.site.house.aidants.invite(
        f"invite{instant:.0f}@exemple.fr", "Invitée", organisation=everyone.office.home
    )
    assert secret
    return secret


KINDS = st.sampled_from(
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=" + "x" * 300,
        "application/json",
        "text/plain; charset=inconnu",
        "",
        "é",
    ]
)
bodies = st.one_of(
    st.binary(max_size=300),
    st.just(b'--x\r\nContent-Disposition: form-data; name="a"; filename="../../b"\r\n\r\nc\r\n--x--\r\n'),
    st.just(b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n'),
    st.just(b"&".join(b"a=b" for _ in range(5000))),
    st.just(b"%" * 3000),
    st.just(b"[" * 30000),
)


@given(st.sampled_from(POSTS), bodies, KINDS)
@examples(40)
def test_no_body_breaks_a_page(everyone: Everyone, row: Row, body: bytes, kind: str) -> None:
    """What is no form at all."""
    browser = client(everyone, row.allowed())
    answer = browser.post(everyone.address(row), content=body, headers={"content-type": kind.encode()})
    sound(answer)
    assert answer.status_code in {400, 403, 404, 413, 415, 422}


@given(st.one_of(any_text, st.binary(max_size=80).map(lambda raw: raw.decode("latin-1"))))
@examples(25)
def test_no_cookie_breaks_a_page(everyone: Everyone, value: str) -> None:
    """Cookies that nobody signed are nobody's."""
    browser = client(everyone, "nobody")
    raw = re.sub(rb"[\r\n\x00]", b"", value.encode("utf-8", "replace"))
    cookie = b"; ".join(name + b"=" + raw for name in (COOKIE.encode(), b"equipier_forms", b"equipier_page"))
    for path in ("/compte", "/connexion", "/mandat/preparer", "/mandat/scelle"):
        answer = browser.get(path, headers={"cookie": cookie})
        sound(answer)
        if path == "/compte":
            assert answer.status_code == 303
