"""The pages of the supervision in a real browser, at the size of a desktop and of a phone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bot.privacy.spans import PiiType
from tests.e2e.browser import SIZES, chromium, ground, served
from tests.e2e.test_account_pages_browser import Stay
from tests.unit.gateway.office import Office
from tests.unit.gateway.reviews import HOW_LONG, LOST, Reviews


@dataclass
class Review(Stay):
    """A visit to the pages of the supervision."""

    reviews: Reviews


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=SIZES)
def stay(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Review]:
    with ground(browser, request.param, tmp_path) as on:
        office = Office.over(on.database, static=on.static, public_url=on.address)
        reviews = Reviews.over(office)
        with served(office.site.app(), port=on.port):
            yield Review(office.site, on.page, on.address, request.param, on.wrong, office, reviews)


def test_the_list_is_filtered_and_the_filter_kept(stay: Review) -> None:
    stay.as_(stay.office.supervisor)
    stay.go("/supervision/conversations")
    stay.looked_at("conversations-vide")
    stay.reviews.a_week()
    stay.go("/supervision/conversations")
    stay.looked_at("conversations")
    stay.page.click("summary:has-text('Plus de filtres')")
    stay.page.select_option("#repli", "oui")
    stay.looked_at("conversations-filtres")
    stay.page.click(".sv-more [type=submit]")
    expect(stay.page.locator("[role=status]").first).to_contain_text("1 conversation avec ces filtres")
    stay.page.click("summary:has-text('Enregistrer')")
    stay.page.fill("#name", "Non compris")
    stay.page.click(".sv-keep [type=submit]")
    expect(stay.page.locator(".sv-saved")).to_contain_text("Non compris")
    stay.looked_at("conversations-filtre")


def test_a_conversation_is_read_and_unmasked_for_a_reason(stay: Review) -> None:
    stay.reviews.a_week()
    first = stay.reviews.talk(LOST, HOW_LONG, at=stay.site.house.clock.now())
    stay.site.vault.put(first.conversation, [(PiiType.NOM, "Yolande Kervella")])
    stay.as_(stay.office.supervisor)
    stay.go(f"/supervision/conversations/{first.id}")
    stay.looked_at("conversation")
    stay.page.click("summary:has-text('Montrer les données masquées')")
    stay.page.click("form[action*=demasquer] [type=submit]")
    expect(stay.page.locator("[data-summary]")).to_be_focused()
    stay.looked_at("conversation-erreur")
    stay.page.select_option("#reason", "masquage_errone")
    stay.page.click("form[action*=demasquer] [type=submit]")
    expect(stay.page.locator(".sv-originals")).to_contain_text("Yolande Kervella")
    stay.looked_at("conversation-demasquee")


def test_five_conversations_are_reviewed_and_corrected_then_exported(stay: Review) -> None:
    stay.reviews.a_week()
    stay.as_(stay.office.supervisor)
    stay.go("/supervision/conversations?etat=a_revoir")
    stay.page.keyboard.press("j")
    expect(stay.page.locator("[data-open]").first).to_be_focused()
    stay.page.keyboard.press("Enter")
    expect(stay.page.locator(".sv-timeline")).to_contain_text("carte Vitale")
    for key, wanted in (("j", "périmée"), ("j", "retraite"), ("k", "périmée"), ("k", "carte Vitale")):
        stay.page.wait_for_load_state()
        stay.page.keyboard.press(key)
        expect(stay.page.locator(".sv-timeline")).to_contain_text(wanted)
    correct_five(stay)
    stay.page.keyboard.press("r")
    expect(stay.page.locator(".eq-title .fr-badge")).to_have_text("Revu")
    stay.go("/supervision/corrections?etat=validees")
    expect(stay.page.locator(".sv-card")).to_have_count(5)
    stay.looked_at("corrections-validees")
    stay.go("/supervision/exports")
    stay.looked_at("exports")
    assert "nlu:" in export_for_rasa(stay)
    assert len(stay.office.site.house.actions()) > 0


def correct_five(stay: Review) -> None:
    """From the first conversation of the week, judges the answers of five of them, one after the other."""
    for wanted in ("carte Vitale", "périmée", "retraite", "box du monsieur", "expulser"):
        expect(stay.page.locator(".sv-timeline")).to_contain_text(wanted)
        address = stay.page.url
        stay.page.click(".sv-turn__more a >> nth=0")
        stay.page.check("#verdict-mauvaise", force=True)
        stay.page.check("#raison-mauvaise_fiche", force=True)
        stay.page.fill("#texte", "carte d'identité")
        stay.page.keyboard.press("Enter")
        stay.page.check("#fiche-F1341", force=True)
        expect(stay.page.locator("#passage option")).to_have_count(4)
        stay.page.select_option("#passage", "Délai")
        if wanted == "périmée":
            stay.looked_at("tour")
        stay.page.click("[value=valider]")
        expect(stay.page.locator(".sv-turn__more").first).to_contain_text("Déjà jugée")
        stay.page.goto(address)
        if wanted != "expulser":
            stay.page.click("[value=revu-suivante]")


def export_for_rasa(stay: Review) -> str:
    """From the page of exports: the file of training examples."""
    with stay.page.expect_download() as download:
        stay.page.click("form:has([value=rasa]) button")
    assert download.value.suggested_filename == "2026-11-25-nlu.yml"
    return download.value.path().read_text(encoding="utf-8")


def test_the_queue_goes_by_one_key(stay: Review) -> None:
    stay.reviews.a_week()
    stay.as_(stay.office.supervisor)
    stay.go("/supervision/corrections")
    cards = stay.page.locator(".sv-card")
    expect(cards).to_have_count(4)
    expect(cards.first).to_be_focused()
    stay.looked_at("corrections")
    stay.page.keyboard.press("?")
    expect(stay.page.locator("#aide-clavier")).to_be_visible()
    stay.looked_at("corrections-aide")
    stay.page.keyboard.press("Escape")
    first, second = cards.nth(0).inner_text(), cards.nth(1).inner_text()
    stay.page.keyboard.press("s")
    expect(cards).to_have_count(3)
    expect(cards.first).to_contain_text(second.splitlines()[0])
    stay.page.keyboard.press("a")
    expect(stay.page.locator(".fr-alert--success")).to_be_visible()
    expect(cards).to_have_count(2)
    stay.go("/supervision/corrections")
    expect(cards.first).to_contain_text(first.splitlines()[0])
    stay.page.keyboard.press("c")
    expect(stay.page.locator("h1")).to_have_text("Corriger une réponse")
    stay.page.click("[value=valider]")
    expect(stay.page.locator("[data-summary]")).to_be_focused()
    stay.looked_at("tour-erreur")
    stay.page.check("#verdict-bonne", force=True)
    stay.page.click("[value=proposer]")
    expect(cards).to_have_count(2)
    stay.go("/supervision/corrections?etat=proposees")
    stay.page.keyboard.press("v")
    expect(stay.page.locator(".sv-empty")).to_be_visible()
    stay.looked_at("corrections-proposees-vide")


def test_keys_can_be_turned_off(stay: Review) -> None:
    stay.reviews.a_week()
    stay.as_(stay.office.supervisor)
    stay.go("/supervision/corrections")
    stay.page.keyboard.press("?")
    stay.page.uncheck("#raccourcis", force=True)
    stay.page.keyboard.press("Escape")
    stay.page.keyboard.press("a")
    stay.page.reload()
    stay.page.keyboard.press("a")
    expect(stay.page.locator(".sv-card")).to_have_count(4)
