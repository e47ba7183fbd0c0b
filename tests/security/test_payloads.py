"""What only a program writes (tokens, cookies, ids of buttons, updates, events), written by someone else."""

import base64
import json
import re
import unicodedata
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import jwt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.requests import HTTPConnection

from bot.channels.web.claims import HostTokens
from bot.channels.web.origins import Origins
from bot.channels.web.visits import Refused, VisitTokens
from bot.conversations.buttons import Offered, pick
from bot.gateway.desk.access import local_path
from bot.gateway.pages.security import Signer
from bot.storage.engine import Database
from bot.voice.audio import decode
from bot.voice.containers import is_cut, recognise
from bot.voice.errors import VoiceRefused
from tests.integration.test_rest_channel import Site, running, settings_in
from tests.security.fuzz import any_text, examples
from tests.unit.aidants.house import KEYS, FakeClock
from tests.unit.mandats.databases import sqlite_url
from tests.unit.telegram.conftest import Office, database, office
from tests.unit.telegram.fakes import CHAT, PERSON, PRIVATE
from tests.unit.web.client import TurnedAway
from tests.unit.web.world import ISSUER, PUBLIC_URL, SECRET, Web

assert database, office  # fixtures

json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), any_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(any_text, inner, max_size=3)),
    max_leaves=8,
)


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Site]:
    async with running(settings_in(tmp_path)) as site:
        yield site


@pytest.fixture(scope="module")
def hosts() -> HostTokens:
    return HostTokens(SecretStr(SECRET), issuer=ISSUER, public_url=PUBLIC_URL, clock=FakeClock())


@given(any_text)
@examples(100)
def test_a_token_that_is_none_is_refused(hosts: HostTokens, text: str) -> None:
    for token in (text, f"{text}.{text}.{text}", f"eyJhbGciOiJub25lIn0.{text}."):
        with pytest.raises(Refused):
            hosts.read(token)


claims = st.dictionaries(st.sampled_from(["iss", "aud", "sub", "exp", "iat", "nbf", "admin"]), json_values, max_size=6)


@given(claims, st.sampled_from(["none", "HS256", "HS512", "RS256"]), json_values)
@examples(60)
def test_what_a_stranger_signs_is_refused(hosts: HostTokens, content: dict[str, Any], algorithm: str, kid: Any) -> None:
    header = {"alg": algorithm, "typ": "JWT", "kid": kid, "jku": "https://ailleurs.example/jwks"}
    parts = [_b64(json.dumps(part, allow_nan=True).encode()) for part in (header, content)]
    with pytest.raises(Refused):
        hosts.read(".".join([*parts, ""]))
    with pytest.raises(Refused):
        hosts.read(".".join([*parts, _b64(b"x" * 32)]))


@given(claims)
@examples(60)
def test_what_the_site_signs_is_read_with_the_same_care(hosts: HostTokens, content: dict[str, Any]) -> None:
    """Its own programs may be wrong: nothing but whole, fresh claims names anyone."""
    usual = {"iss": ISSUER, "aud": PUBLIC_URL, "sub": "odile@exemple.fr", "exp": 1, "iat": 0}
    try:
        token = jwt.encode(usual | content, SECRET, algorithm="HS256")
    except (TypeError, ValueError):  # what the library itself does not write
        return
    try:
        vouched = hosts.read(token)
    except Refused:
        return
    assert set(content) & {"exp", "iat"}
    assert isinstance(vouched.email, str)


@given(any_text, st.integers(-(10**12), 10**12))
@examples(60)
def test_a_value_that_we_did_not_sign_is_nothing(text: str, until: int) -> None:
    clock = FakeClock()
    signer = Signer(KEYS, clock, purpose="page", valid_for=timedelta(minutes=30))
    honest = signer.sign("brouillon")
    encoded, deadline, key, mac = honest.split(".")
    forged = (
        text,
        f"{text}.{deadline}.{key}.{mac}",
        f"{encoded}.{until}.{key}.{mac}",
        f"{encoded}.{deadline}.{text or 'x'}.{mac}",
        f"{encoded}.{deadline}.{key}.{text}",
        f"{honest}{text or 'x'}",
    )
    assert {signer.read(one) for one in forged if one != honest} <= {None}
    assert signer.read(honest) == "brouillon"


@given(any_text)
@examples(60)
def test_a_token_of_a_visit_that_we_did_not_sign_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        VisitTokens(KEYS, FakeClock()).read(text)


paths = st.one_of(
    any_text,
    st.builds(
        "".join, st.lists(st.sampled_from(["/", "\\", "//", "..", "@", ":", "https", "a.example", "?", "#", "\t"]))
    ),
)


@given(paths)
@examples(200)
def test_nobody_is_sent_to_another_site(typed: str) -> None:
    """Read as a browser reads it: back slashes are slashes, and controls are nothing."""
    path = local_path(typed)
    if path is not None:
        seen = re.sub(r"[\t\r\n]", "", path).replace("\\", "/")
        assert urlsplit(urljoin(f"{PUBLIC_URL}/connexion", seen)).netloc == urlsplit(PUBLIC_URL).netloc
        assert not re.search(r"[\x00-\x1f]", path)


@given(any_text)
@examples(60)
def test_no_origin_passes_for_ours_or_for_a_guest(text: str) -> None:
    guest = "https://intranet.exemple.fr"
    assume(text.lower() not in {PUBLIC_URL, guest})
    origins = Origins(PUBLIC_URL, guests=(guest,))
    for origin in (text, f"{PUBLIC_URL}.ailleurs.example", f"{PUBLIC_URL}@ailleurs.example", "null"):
        raw = origin.encode("utf-8", "replace")
        scope = {"type": "http", "scheme": "https", "path": "/", "query_string": b"", "server": ("h", 443)}
        request = HTTPConnection({**scope, "headers": [(b"origin", raw), (b"host", b"equipier.exemple.fr")]})
        assert not origins.are_ours(request)
        assert not origins.admits(request)


@given(any_text, st.lists(st.tuples(any_text, st.integers(1, 99)), max_size=5))
@examples(100)
def test_only_a_button_that_was_offered_is_pressed(text: str, buttons: list[tuple[str, int]]) -> None:
    offered = [Offered(f"b_{n}", f"/secret{n}", title, place) for n, (title, place) in enumerate(buttons)]
    pressed = pick(text, offered)
    assert pressed is None or pressed in offered
    assert pick(text, []) is None


typed = st.one_of(
    any_text,
    st.builds(
        lambda before, slash, after: f"{before}{slash}{after}",
        st.sampled_from(["", " ", "\u200b", "\u2060", "<b>", "&nbsp;", "\ufeff", "\u0337", "\r\n", "<a href=x>"]),
        st.sampled_from(["/", "\uff0f", "\u2044", "&#47;", "\u2215", "//", "/ /", "%2F"]),
        st.sampled_from(["restart", "ouvrir_mandat", 'repondre_saisie{"valeur": "oui"}', "session_start", "@dire:x"]),
    ),
)


@given(typed)
@examples(50)
async def test_no_text_reaches_the_dialogue_as_a_command(gateway: Site, text: str) -> None:
    """Through the whole gateway: Rasa takes a text that begins with a slash for an intent, after its own trimming."""
    gateway.clock.advance(seconds=5)
    before = len(gateway.rasa.asked)
    body = json.dumps({"sender": "fuzz", "message": text}).encode()
    response = await gateway.http.post("/webhooks/rest/webhook", content=body)
    assert response.status_code in {200, 422}, response.text
    for asked in gateway.rasa.asked[before:]:
        # The fake offers « Coût » each time: typing its title, or its number, is pressing it.
        if asked["message"] != "/demander_cout":
            assert not unicodedata.normalize("NFKC", asked["message"]).strip().startswith("/")


updates = st.fixed_dictionaries(
    {"update_id": st.one_of(st.integers(0, 2**40), json_values)},
    optional={
        name: st.one_of(
            json_values,
            st.fixed_dictionaries(
                {"message_id": st.integers(0, 10**6), "date": st.integers(0, 2**33), "chat": st.just(PRIVATE)},
                optional={
                    "from": st.one_of(st.just(PERSON), json_values),
                    "text": any_text,
                    "entities": json_values,
                    "voice": json_values,
                    "reply_markup": json_values,
                },
            ),
            st.fixed_dictionaries(
                {"id": any_text, "from": st.just(PERSON), "chat_instance": any_text, "data": any_text},
            ),
        )
        for name in ("message", "edited_message", "callback_query", "my_chat_member", "channel_post", "inline_query")
    },
)


@given(st.one_of(updates, json_values))
@examples(60)
async def test_any_update_is_dealt_with_or_ignored(office: Office, update: Any) -> None:
    """From whoever has the secret: an update that breaks us would come again for ever, and stop the queue."""
    office.clock.advance(seconds=5)
    assert await office.get(json.dumps(update).encode()) == 200
    assert all(str(call.params.get("chat_id", CHAT)) == str(CHAT) for call in office.telegram.calls)


@given(st.one_of(st.binary(max_size=100), any_text.map(lambda text: text.encode("utf-8", "replace"))))
@examples(30)
async def test_any_body_of_an_update_is_ignored(office: Office, body: bytes) -> None:
    assert await office.get(body) == 200


NAMES = "user_uttered session_request history resume feedback preferences connect disconnect".split()
events = st.one_of(st.sampled_from(NAMES), any_text)


async def test_an_event_called_connect_counts_nobody_s_connections(socket: Web) -> None:
    """Nor does it make someone else of the page: the library hands events of these names to its own handlers."""
    page, told = await socket.widget()
    scope = {"type": "websocket", "headers": [], "client": ["203.0.113.9", 1], "path": "/"}
    for _ in range(3):
        await page.emit("connect", {"asgi.scope": scope}, {"client": "equipier"})
        await page.emit("disconnect", "x")
    answer = await page.call("user_uttered", {"message": "bonjour"})
    assert answer["ok"] is True
    assert len(page.all("equipier_session")) == 1, told


@given(st.lists(st.tuples(events, json_values), min_size=1, max_size=5), json_values)
@examples(15)
async def test_no_event_breaks_a_page_or_another(socket: Web, sent: list[tuple[str, Any]], auth: Any) -> None:
    socket.house.clock.advance(minutes=2)
    with suppress(TurnedAway):
        await socket.page(auth if isinstance(auth, dict) else {"client": auth})
    page, _ = await socket.widget()
    for name, content in sent:
        await page.emit(name, content)
    answer = await page.call("user_uttered", {"message": "bonjour"})
    assert answer["ok"] is True
    await page.close()


@pytest.fixture
async def socket(tmp_path: Path) -> AsyncIterator[Web]:
    base = Database.at(sqlite_url(tmp_path))
    async with Web.over(base).served() as web:
        yield web
    base.close()


signatures = st.sampled_from(
    [b"OggS", b"\x1aE\xdf\xa3", b"\x00\x00\x00\x18ftyp", b"RIFF\x00\x00\x00\x00WAVE", b"fLaC", b"ID3", b"\xff\xfb", b""]
)


@given(signatures, st.binary(max_size=300))
@examples(150)
def test_any_bytes_are_a_recording_or_not(start: bytes, rest: bytes) -> None:
    """Told by structure alone, without a decoder, and always in the end."""
    data = start + rest
    container = recognise(data)
    if container is not None:
        assert is_cut(data, container) in {True, False}


@pytest.mark.voice
@given(signatures, st.binary(max_size=2000))
@examples(60)
def test_any_bytes_are_decoded_or_refused(start: bytes, rest: bytes) -> None:
    with suppress(VoiceRefused):
        samples = decode(start + rest)
        assert samples.size <= 16_000 * 125


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
