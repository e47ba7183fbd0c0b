"""Who a page speaks for: every combination of token, cookie and origin, and when it ends."""

import asyncio
from dataclasses import dataclass
from typing import Any

import jwt
import pytest

from bot.channels.web.visits import VISIT_KEPT, Visit, VisitTokens
from bot.gateway.desk.sessions import LASTS
from bot.privacy.envelope import KeyRing
from tests.unit.aidants.house import KEYS, Person
from tests.unit.web.client import TurnedAway
from tests.unit.web.world import GUEST, ISSUER, OURS, PUBLIC_URL, SECRET, Web

STRANGER = "https://piege.exemple.com"


def host_token(web: Web, email: str = "maiwenn@exemple.fr", *, secret: str = SECRET, seconds: int = 600) -> str:
    now = int(web.house.clock.now().timestamp())
    claims = {"iss": ISSUER, "aud": PUBLIC_URL, "sub": email, "iat": now, "exp": now + seconds}
    return jwt.encode(claims, secret, "HS256")


@dataclass
class Claim:
    """What a page shows when it connects.

    Attributes:
        jwt: ``good``, ``forged``, ``expired``, ``unknown`` (no account of that address), or none.
        cookie: ``good``, ``forged``, ``old`` (unused for half an hour), or none.
        token: ``visit`` (anonymous), ``aidant``, ``forged``, ``old visit``, ``old aidant``, or none.
        origin: that of the page; ``None`` for a program.
    """

    jwt: str = ""
    cookie: str = ""
    token: str = ""
    origin: str | None = PUBLIC_URL


A, B = "maiwenn@exemple.fr", "yann@exemple.fr"
# What is shown, then who it makes: an account, « anonymous » (a new visit), « visit » (the one of the token); or the
# reason of the refusal. The cookie is B's, the token of the other site A's.
RECOGNISED = [
    (Claim(), "anonymous"),
    (Claim(origin=None), "anonymous"),
    (Claim(origin=GUEST), "anonymous"),
    (Claim(token="visit"), "visit"),
    (Claim(token="visit", origin=GUEST), "visit"),
    (Claim(token="visit", origin=None), "visit"),
    (Claim(token="old visit"), "anonymous"),
    (Claim(token="aidant"), A),
    (Claim(token="aidant", origin=GUEST), A),
    (Claim(cookie="good"), B),
    (Claim(cookie="good", token="visit"), B),
    (Claim(cookie="good", token="forged"), B),
    (Claim(cookie="good", token="aidant"), B),
    (Claim(cookie="good", origin=GUEST), "anonymous"),
    (Claim(cookie="good", origin=None), "anonymous"),
    (Claim(cookie="good", token="visit", origin=GUEST), "visit"),
    (Claim(cookie="good", token="visit", origin=None), "visit"),
    (Claim(cookie="forged"), "anonymous"),
    (Claim(cookie="forged", token="visit"), "visit"),
    (Claim(cookie="old", token="aidant"), A),
    (Claim(cookie="old", origin=GUEST), "anonymous"),
    (Claim(cookie="old", token="visit", origin=None), "visit"),
    (Claim(jwt="good"), A),
    (Claim(jwt="good", origin=GUEST), A),
    (Claim(jwt="good", origin=None), A),
    (Claim(jwt="good", cookie="good"), A),
    (Claim(jwt="good", cookie="good", token="visit"), A),
    (Claim(jwt="good", token="forged"), A),
]
REFUSED = [
    (Claim(cookie="old"), "expired"),
    (Claim(cookie="old", token="visit"), "expired"),
    (Claim(cookie="old", token="forged"), "token"),
    (Claim(token="forged"), "token"),
    (Claim(token="old aidant"), "expired"),
    (Claim(cookie="good", token="forged", origin=GUEST), "token"),
    (Claim(cookie="forged", token="forged"), "token"),
    (Claim(cookie="old", token="old aidant"), "expired"),
    (Claim(jwt="forged"), "jwt"),
    (Claim(jwt="forged", cookie="good"), "jwt"),
    (Claim(jwt="forged", token="visit"), "jwt"),
    (Claim(jwt="forged", token="aidant", origin=GUEST), "jwt"),
    (Claim(jwt="expired"), "jwt_expired"),
    (Claim(jwt="expired", cookie="good"), "jwt_expired"),
    (Claim(jwt="unknown"), "unknown"),
    (Claim(jwt="unknown", cookie="good", token="visit"), "unknown"),
]


class Shown:
    """The things that a page may show, made for one channel."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.other = web.house.enrolled(B, None, admin=True)
        self.visit = Visit.anonymous()
        self._tokens = VisitTokens(KEYS, web.house.clock)
        self._until = web.house.clock.now()

    def auth(self, claim: Claim) -> dict[str, Any]:
        made = {"jwt": self.jwt(claim.jwt), "token": self.token(claim.token)}
        return OURS | {name: value for name, value in made.items() if value}

    def jwt(self, kind: str) -> str:
        match kind:
            case "good":
                return host_token(self.web)
            case "forged":
                return host_token(self.web, secret="un autre secret de plus de 32 octets")
            case "expired":
                return host_token(self.web, seconds=-1)
            case "unknown":
                return host_token(self.web, "personne@exemple.fr")
        return ""

    def token(self, kind: str) -> str:
        clock = self.web.house.clock
        aidant = Visit.of_aidant(self.web.person.id, until=clock.now().replace(year=2027))
        match kind.rpartition(" "):
            case "", _, "visit":
                return self._tokens.sign(self.visit)
            case "", _, "aidant":
                return self._tokens.sign(aidant)
            case "", _, "forged":
                others = VisitTokens(KeyRing("p1", {"p1": b"x" * 32}), clock)
                return others.sign(self.visit)
            case "old", _, which:
                before = clock.instant
                clock.instant = before - VISIT_KEPT
                made = self._tokens.sign(self.visit if which == "visit" else aidant)
                clock.instant = before
                return made
        return ""

    def cookie(self, kind: str) -> Any:
        clock = self.web.house.clock
        match kind:
            case "good":
                return self.web.cookie(self.web.session(self.other))
            case "old":
                clock.advance(minutes=-30)
                made = self.web.cookie(self.web.session(self.other))
                clock.advance(minutes=30)
                return made
            case "forged":
                return self.web.cookie(self.web.session(self.other))[:-4] + "0000"
        return ""


@pytest.mark.parametrize(("claim", "who"), RECOGNISED, ids=[str(claim) for claim, _ in RECOGNISED])
async def test_the_first_identity_that_is_shown_decides(web: Web, claim: Claim, who: str) -> None:
    shown = Shown(web)
    page = await web.page(shown.auth(claim), origin=claim.origin, cookie=shown.cookie(claim.cookie))
    session = await page.next("equipier_session")
    [connection] = web.channel.rooms.everyone()
    if "@" in who:
        assert (session["kind"], session["name"]) == ("aidant", who.partition("@")[0].title())
        return
    assert session["kind"] == "anonymous"
    assert (connection.visit.external_id == shown.visit.external_id) == (who == "visit")
    assert session["renewed"] == (claim.token == "old visit")


@pytest.mark.parametrize(("claim", "reason"), REFUSED, ids=[str(claim) for claim, _ in REFUSED])
async def test_an_identity_that_is_shown_but_false_is_refused_whatever_else_is_there(
    web: Web, claim: Claim, reason: str
) -> None:
    shown = Shown(web)
    with pytest.raises(TurnedAway) as refused:
        await web.page(shown.auth(claim), origin=claim.origin, cookie=shown.cookie(claim.cookie))
    assert refused.value.data == {"reason": reason}
    assert refused.value.sentence.endswith(".")


@pytest.mark.parametrize(
    "origin", [STRANGER, "null", "http://equipier.exemple.fr", f"{PUBLIC_URL}.piege.com", "http://"]
)
async def test_the_page_of_a_stranger_cannot_even_open_the_socket(web: Web, origin: str) -> None:
    """Cross-site WebSocket hijacking: the browser would send the cookie along."""
    with pytest.raises(Exception, match="403"):
        await web.page(OURS, origin=origin, cookie=web.cookie(web.session()))
    assert not web.channel.rooms.everyone()


async def test_the_address_that_was_asked_is_ours_too(web: Web) -> None:
    page = await web.page(OURS, origin=web.address, cookie=web.cookie(web.session()))
    assert (await page.next("equipier_session"))["kind"] == "aidant"


@pytest.mark.parametrize("site", ["same-origin", "cross-site", "same-site", "none", ""])
async def test_without_an_origin_a_cookie_counts_only_when_the_browser_says_same_origin(web: Web, site: str) -> None:
    """Browsers leave the origin out when a page of ours polls by GET."""
    cookie = {"Cookie": f"equipier_session={web.cookie(web.session())}"}
    async with web.http(**cookie, **({"Sec-Fetch-Site": site} if site else {})) as http:
        answer = await http.get("/assistant/audio/1")
    assert answer.status_code == (404 if site == "same-origin" else 401)


@pytest.mark.parametrize("auth", ["texte", ["liste"], {"jwt": 12}, {"token": ["a"]}, {"jwt": "x" * 9000}, {"jwt": ""}])
async def test_an_identity_that_cannot_be_read_is_refused(web: Web, auth: Any) -> None:
    with pytest.raises(TurnedAway) as refused:
        await web.page(auth)
    assert refused.value.data == {"reason": "unreadable"}


async def test_a_session_id_opens_nothing(web: Web) -> None:
    page = await web.page()
    await page.emit("session_request", {"session_id": "poste-7"})
    assert await page.next("session_confirm") == "poste-7"
    await page.call("user_uttered", {"message": "secret", "session_id": "poste-7"})
    thief = await web.page()
    await thief.emit("session_request", {"session_id": "poste-7"})
    assert await thief.next("session_confirm") == "poste-7"
    assert (await thief.call("history", {})) == {"lines": [], "more": False}
    await page.call("user_uttered", {"message": "encore", "session_id": "poste-7"})
    assert not thief.all("bot_uttered")


async def test_without_a_site_that_vouches_its_tokens_are_refused(database: Any) -> None:
    async with Web.over(database, hosts=False).served() as web:
        with pytest.raises(TurnedAway) as refused:
            await web.page({"jwt": host_token(web)})
        assert refused.value.data == {"reason": "jwt_off"}


def close_account(web: Web, person: Person) -> None:
    row_of = web.house.row(person.id)
    with web.house.database.unit_of_work() as session:
        session.get_one(type(row_of), person.id).active = False


@pytest.mark.parametrize("way", ["jwt", "cookie", "token"])
async def test_a_closed_account_opens_nothing(web: Web, way: str) -> None:
    _, session = await web.signed_in()
    close_account(web, web.person)
    ways: dict[str, dict[str, Any]] = {
        "jwt": {"auth": {"jwt": host_token(web)}},
        "cookie": {"origin": PUBLIC_URL, "cookie": web.cookie(web.session())},
        "token": {"auth": {"token": session["token"]}},
    }
    with pytest.raises(TurnedAway, match="Votre compte est fermé") as refused:
        await web.page(**ways[way])
    assert refused.value.data == {"reason": "closed"}


async def test_someone_who_was_only_invited_is_not_recognised(web: Web) -> None:
    web.house.aidants.invite("nouveau@exemple.fr", "Nouveau", organisation=None, admin=True)
    with pytest.raises(TurnedAway) as refused:
        await web.page({"jwt": host_token(web, "nouveau@exemple.fr")})
    assert refused.value.data == {"reason": "closed"}


async def test_an_account_that_closes_ends_its_pages_at_the_next_message(web: Web) -> None:
    page, _ = await web.signed_in()
    close_account(web, web.person)
    answer = await page.call("user_uttered", {"message": "bonjour"})
    assert answer["ok"] is False
    assert (await page.next("ended"))["reason"] == "closed"
    await page.gone()
    assert not web.engine.texts


async def test_an_account_that_closes_ends_its_pages_even_when_nothing_is_said(web: Web) -> None:
    page, _ = await web.signed_in()
    close_account(web, web.person)
    for connection in web.channel.rooms.everyone():
        await web.channel.look_at(connection)
    assert (await page.next("ended"))["sentence"].startswith("Votre compte est fermé")
    await page.gone()


async def test_signing_out_ends_the_pages_of_that_sign_in_and_their_tokens(web: Web) -> None:
    session = web.session()
    page = await web.page(OURS, origin=PUBLIC_URL, cookie=web.cookie(session))
    token = (await page.next("equipier_session"))["token"]
    other, _ = await web.signed_in()
    cookie = web.cookie(session)
    await asyncio.to_thread(web.house.aidants.end_session, session.id, until=session.opened + LASTS)
    await asyncio.to_thread(web.channel.sign_out, session.id)
    assert (await page.next("ended"))["reason"] == "signed_out"
    await page.gone()
    for shown in ({"auth": {"token": token}}, {"origin": PUBLIC_URL, "cookie": cookie}):
        with pytest.raises(TurnedAway) as refused:
            await web.page(**shown)
        assert refused.value.data == {"reason": "signed_out"}
    assert await other.call("user_uttered", {"message": "bonjour"}) == {"ok": True}


async def test_signing_out_everywhere_ends_the_pages_of_every_sign_in_whatever_process_holds_them(web: Web) -> None:
    page, session = await web.signed_in()
    cookie = web.cookie(web.session())
    web.house.clock.advance(seconds=1)
    await asyncio.to_thread(web.house.aidants.sign_out_everywhere, web.person.id)
    assert (await page.call("user_uttered", {"message": "bonjour"}))["ok"] is False
    assert (await page.next("ended"))["reason"] == "signed_out"
    for shown in ({"auth": {"token": session["token"]}}, {"origin": PUBLIC_URL, "cookie": cookie}):
        with pytest.raises(TurnedAway) as refused:
            await web.page(**shown)
        assert refused.value.data == {"reason": "signed_out"}


async def test_half_an_hour_without_a_word_ends_a_page_and_a_word_makes_it_last(web: Web) -> None:
    page, first = await web.signed_in()
    for _ in range(3):
        web.house.clock.advance(minutes=25)
        assert await page.call("user_uttered", {"message": "bonjour"}) == {"ok": True}
        await page.call("resume", {"after": 0})
    renewed = page.all("equipier_session")[-1]["token"]
    assert renewed != first["token"]
    again = await web.page(OURS | {"token": renewed})
    assert (await again.next("equipier_session"))["kind"] == "aidant"
    web.house.clock.advance(minutes=30)
    await page.call("resume", {"after": 0})
    assert (await page.next("ended"))["reason"] == "expired"


async def test_twelve_hours_end_a_page_whatever_is_said(web: Web) -> None:
    page, _ = await web.signed_in()
    for _ in range(12 * 3 - 1):
        web.house.clock.advance(minutes=20)
        assert await page.call("feedback", {"id": 1, "rating": 1})
    token = page.all("equipier_session")[-1]["token"]
    web.house.clock.advance(minutes=20)
    await page.call("feedback", {"id": 1, "rating": 1})
    assert (await page.next("ended"))["reason"] == "expired"
    with pytest.raises(TurnedAway) as refused:
        await web.page({"token": token})
    assert refused.value.data == {"reason": "expired"}


async def test_a_page_vouched_for_is_sent_to_its_site_for_another_token(web: Web) -> None:
    page = await web.page(OURS | {"jwt": host_token(web)})
    await page.next("equipier_session")
    web.house.clock.advance(seconds=600)
    await page.call("resume", {"after": 0})
    await page.gone()
    assert not page.all("ended"), "our widget then comes back by itself"
    again = await web.page(OURS | {"jwt": host_token(web)})
    assert (await again.next("equipier_session"))["kind"] == "aidant"


async def test_the_token_of_an_aidant_is_no_token_of_another_kind(web: Web) -> None:
    _, aidant = await web.signed_in()
    _, anonymous = await web.widget()
    for token in (aidant["token"], anonymous["token"]):
        value, _, rest = str(token).partition(".")
        with pytest.raises(TurnedAway):
            await web.page({"token": f"{value[:-1]}A.{rest}"})
        async with web.http(web.cookie(web.session())) as http:
            assert (await http.get("/assistant/audio/1")).status_code == 401
