"""The one-time link."""

import pytest
import structlog
from starlette.testclient import TestClient
from structlog.testing import CapturingLogger

from bot.gateway import middleware
from bot.mandats.rules import Duration
from bot.mandats.views import Actor
from tests.unit.gateway.site import Site, form_of, words


def test_the_landing_page_says_what_is_prepared_and_by_whom(site: Site, browser: TestClient) -> None:
    page = browser.get(f"/s/{site.draft(duration=Duration.MONTH)[1]}")
    for expected in ("France Services de Guéret", "Maiwenn", "Logement", "un mois (31 jours)"):
        assert expected in words(page)


def test_the_landing_page_of_a_renewal_names_nobody(site: Site, browser: TestClient) -> None:
    page = browser.get(f"/s/{site.draft(renews=site.seal().id)[1]}")
    assert "pour le même usager" in words(page)
    assert "Kervella" not in page.text


def test_previewing_a_link_does_not_use_it_up(site: Site, browser: TestClient) -> None:
    _, secret = site.draft()
    for _ in range(3):
        site.browser().get(f"/s/{secret}", headers={"user-agent": "TelegramBot (like TwitterBot)"})
    assert site.opened(browser, secret).status_code == 200


def test_a_link_opens_once_and_the_page_can_be_resumed_in_its_browser(site: Site, browser: TestClient) -> None:
    _, secret = site.draft()
    landing = browser.get(f"/s/{secret}")
    site.opened(browser, secret)
    for refused in (browser.get(f"/s/{secret}"), browser.post(f"/s/{secret}", data=form_of(landing))):
        assert refused.status_code == 410
        assert "Ce lien a déjà servi" in words(refused)
        assert 'href="/mandat/preparer"' in refused.text
    assert browser.get("/mandat/preparer").status_code == 200


def expire(site: Site, draft_id: str) -> None:
    site.house.clock.advance(minutes=16)


def cancel(site: Site, draft_id: str) -> None:
    site.world.drafts.cancel(Actor(site.person.id, site.world.actor.organisation), draft_id)


def seal(site: Site, draft_id: str) -> None:
    site.world.sql("UPDATE mandat_drafts SET mandat_id = 'm' WHERE id = :id", id=draft_id)


@pytest.mark.parametrize(
    ("close", "title", "what_to_do"),
    [
        (expire, "Ce lien n'est plus valable", "demandez un nouveau lien"),
        (cancel, "Cette préparation a été abandonnée", "préparer un autre mandat"),
        (seal, "Ce mandat est déjà scellé", "demandez vos mandats"),
    ],
)
def test_a_refused_link_says_what_to_do(site: Site, browser: TestClient, close, title: str, what_to_do: str) -> None:
    draft, secret = site.draft()
    landing = browser.get(f"/s/{secret}")
    close(site, draft.id)
    for refused in (browser.get(f"/s/{secret}"), browser.post(f"/s/{secret}", data=form_of(landing))):
        assert refused.status_code == 410
        assert title in words(refused)
        assert what_to_do in words(refused)


def test_an_unknown_link_is_not_found(site: Site, browser: TestClient) -> None:
    page = browser.get("/s/inconnu")
    assert page.status_code == 404
    assert "demandez un nouveau lien" in words(page)


def test_the_cookie_of_a_page_is_out_of_reach(site: Site, browser: TestClient) -> None:
    _, secret = site.draft()
    answer = browser.post(f"/s/{secret}", data=form_of(browser.get(f"/s/{secret}")))
    (cookie,) = [value for value in answer.headers.get_list("set-cookie") if value.startswith("equipier_page=")]
    for part in ("HttpOnly", "SameSite=lax", "Path=/mandat/preparer", "Max-Age=1800"):
        assert part in cookie
    assert "Secure" not in cookie


def test_the_secret_of_a_link_is_never_logged(site: Site, browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = CapturingLogger()  # whatever other tests did to the logs of this process
    rendered = structlog.wrap_logger(lines, processors=[structlog.processors.KeyValueRenderer()])
    monkeypatch.setattr(middleware, "_log", rendered)
    _, secret = site.draft()
    browser.get(f"/s/{secret}")
    browser.get(f"/s/{secret}/")
    written = str(lines.calls)
    assert "/s/{secret}" in written
    assert secret not in written
