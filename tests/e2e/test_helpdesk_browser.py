"""The help desk in a real browser: live lists and threads, by keyboard, on a desktop, a phone and 360 pixels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from bot.channels.rest import RestChannel
from bot.conversations.messages import Reply
from bot.conversations.outbox import AcknowledgedOutbox
from bot.conversations.places import Places
from bot.fiches.store import FicheStore
from bot.gateway.app import GatewayServices, create_app
from bot.handover.asking import Handovers
from bot.handover.views import Reason
from bot.settings import get_settings
from bot.setup.widget import widget_dir
from tests.e2e.browser import SIZES, chromium, ground, missing, served
from tests.e2e.test_account_pages_browser import Stay
from tests.unit.aidants.house import Person
from tests.unit.conversations.fakes import FakeEngine
from tests.unit.fiches.samples import CARTE
from tests.unit.gateway.test_helpdesk_pages import Help
from tests.unit.web.world import Web


@dataclass
class Shift(Stay):
    """An agent at work."""

    help_: Help

    def colleague(self, person: Person | None = None) -> Page:
        """The page of another agent, or of *person*, in a browser of their own."""
        context = self.page.context.browser.new_context(locale="fr-FR")  # type: ignore[union-attr]
        mine, self.page = self.page, context.new_page()
        self.as_(person or self.help_.other)
        theirs, self.page = self.page, mine
        return theirs


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=SIZES)
def shift(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Shift]:
    with ground(browser, request.param, tmp_path) as on:
        help_ = Help.over(on.database, static=on.static, public_url=on.address)
        FicheStore(on.database).replace(
            [CARTE], source="test", label="test", imported_at=help_.office.site.house.clock.now()
        )
        with served(help_.office.site.app(), port=on.port):
            shift = Shift(help_.office.site, on.page, on.address, request.param, on.wrong, help_.office, help_)
            shift.as_(help_.helper)
            yield shift
            shift.page.goto("about:blank")


def test_a_request_appears_is_taken_answered_and_closed(shift: Shift) -> None:
    page, help_ = shift.page, shift.help_
    shift.go("/aide")
    expect(page.locator("main")).to_contain_text("Personne n'attend")
    shift.looked_at("aide-vide")
    shift.press("[data-sound]")
    expect(page.locator("[data-sound]")).to_have_attribute("aria-pressed", "true")
    help_.said("Bonjour, je suis avec une dame de 76 ans, Mme [NOM].")
    help_.said("Sa carte Vitale ne marche plus et je ne trouve pas la bonne démarche.")
    request = help_.ask("je veux parler à quelqu'un")
    expect(page.locator(".eq-card")).to_contain_text("Maiwenn")
    expect(page.locator("[data-count=attente]")).to_have_text("1")
    expect(page.locator("[data-news]")).to_have_text("Nouvelle demande en attente.")
    expect(page).to_have_title("(1) Demandes : en attente – Équipier")
    shift.looked_at("aide-liste")
    page.reload()
    expect(page.locator("[data-sound]")).to_have_attribute("aria-pressed", "true")
    shift.press(f"#demande-{request}")
    expect(page.locator("h1")).to_have_text("Maiwenn")
    shift.looked_at("aide-demande")
    shift.press("text=Prendre la demande")
    expect(page.locator("main")).to_contain_text("La demande est à vous")
    help_.office.site.house.clock.advance(minutes=1)
    help_.said("Vous êtes là ?")
    expect(page.locator(".eq-fil")).to_contain_text("Vous êtes là ?")
    shift.type_in("[data-fiche]", "carte perdue")
    expect(page.locator("[data-fiche-list] button")).to_have_text(f"{CARTE.title} (F1)")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#reponse")).to_have_value(f"[{CARTE.title}]({CARTE.url})")
    shift.looked_at("aide-reponse")
    page.locator("#reponse").fill(f"Bonjour ! Regardez cette fiche :\n[{CARTE.title}]({CARTE.url})")
    shift.press("text=Envoyer la réponse")
    expect(page.locator(".eq-fil__item--human")).to_contain_text("Regardez cette fiche")
    expect(page.locator(".eq-fil__item--human")).to_contain_text("Pas encore remise")
    assert any("Soizic (assistance)" in text for text in help_.fetched())
    expect(page.locator(".eq-fil__item--human")).not_to_contain_text("Pas encore remise")
    shift.type_in("#note", "À rappeler demain matin.")
    shift.press("text=Enregistrer la note")
    expect(page.locator(".eq-fil__item--note")).to_contain_text("À rappeler demain matin.")
    shift.looked_at("aide-fil")
    shift.press("text=Clore la demande")
    expect(page.locator("main")).to_contain_text("La demande est close")
    shift.looked_at("aide-close")
    assert not help_.handovers.silent(help_.conversation)


def test_a_colleague_who_takes_it_is_seen_at_once_and_nothing_typed_is_lost(shift: Shift) -> None:
    page, help_ = shift.page, shift.help_
    request = help_.ask()
    colleague = shift.colleague()
    colleague.goto(f"{shift.address}/aide/{request}")
    shift.go(f"/aide/{request}")
    shift.type_in("#note", "Je m'en occupe")
    colleague.click("text=Prendre la demande")
    expect(page.locator("[data-moved]")).to_be_visible()
    expect(page.locator("#note")).to_have_value("Je m'en occupe")
    shift.looked_at("aide-changee")
    shift.press("text=Prendre la demande")
    expect(page.locator("main")).to_contain_text("Enora vient de prendre cette demande.")
    shift.looked_at("aide-deja")
    colleague.context.close()


class PutsThrough(FakeEngine):
    """Does what the action of the intent does, and answers the rest with an echo."""

    handovers: Handovers

    async def ask(
        self, conversation: str, text: str, *, metadata: Mapping[str, Any] | None = None
    ) -> tuple[Reply, ...]:
        if "quelqu'un" not in text:
            return await super().ask(conversation, text, metadata=metadata)
        return (Reply(self.handovers.told(self.handovers.ask(conversation, Reason.ASKED))),)


def test_from_the_widget_to_a_human_and_back(browser: Browser, tmp_path: Path) -> None:
    static = get_settings().static_dir
    if not widget_dir(static).is_dir():
        missing("widget (make setup)")
    with ground(browser, "desktop", tmp_path) as on:
        help_ = Help.over(on.database, static=static, public_url=on.address)
        site, engine = help_.office.site, PutsThrough()
        engine.handovers = help_.handovers
        web = Web.over(
            on.database,
            house=site.house,
            person=site.person,
            public_url=on.address,
            engine=engine,
            humans=help_.handovers,
        )
        outbox = AcknowledgedOutbox(on.database, Places(on.database), clock=site.house.clock)
        gateway = GatewayServices(
            rest=RestChannel(web.services.router, token=SecretStr(""), key=SecretStr("k"), outbox=outbox),
            checks=(),
            close=_nothing,
            pages=site.services,
            web=web.channel,
        )
        with served(create_app(gateway), port=on.port):
            shift = Shift(site, on.page, on.address, "desktop", on.wrong, help_.office, help_)
            shift.as_(help_.helper)
            person = shift.colleague(help_.office.aidant)
            person.goto(f"{on.address}/assistant")
            answers, said = person.locator("article.them"), person.get_by_label("Votre message")

            def say(text: str) -> None:
                said.fill(text)
                said.press("Enter")

            say("sa carte Vitale ne marche plus")
            expect(answers.last).to_contain_text("écho : sa carte Vitale")
            shift.go("/aide")
            say("je veux parler à quelqu'un")
            expect(answers.last).to_contain_text("Votre demande est transmise")
            expect(on.page.locator(".eq-card")).to_contain_text("sa carte Vitale ne marche plus")
            on.page.click(".eq-card a")
            on.page.click("text=Prendre la demande")
            expect(answers.last).to_contain_text("Soizic a pris votre demande")
            say("3")
            expect(on.page.locator(".eq-fil__item--person").last).to_contain_text("3")
            on.page.fill("#reponse", "Bonjour, la pharmacie peut la mettre à jour.")
            on.page.click("text=Envoyer la réponse")
            expect(answers.last).to_contain_text("Soizic (assistance)")
            expect(answers.last).to_contain_text("la pharmacie peut la mettre à jour")
            expect(on.page.locator(".eq-fil__item--human")).not_to_contain_text("Pas encore remise")
            on.page.click("text=Clore la demande")
            expect(answers.last).to_contain_text("Je suis de nouveau là")
            say("et la carte grise ?")
            expect(answers.last).to_contain_text("écho : et la carte grise ?")
            assert [text for _, text in engine.asked] == ["sa carte Vitale ne marche plus", "et la carte grise ?"]
            person.context.close()
            on.page.goto("about:blank")


async def _nothing() -> None: ...


def test_without_events_the_page_asks_by_itself(shift: Shift) -> None:
    shift.page.add_init_script("delete window.EventSource")
    shift.go("/aide")
    shift.help_.ask()
    expect(shift.page.locator(".eq-card")).to_contain_text("Maiwenn", timeout=10_000)


def test_a_session_that_ends_is_told(shift: Shift) -> None:
    shift.page.add_init_script("delete window.EventSource")
    shift.go("/aide")
    shift.page.context.clear_cookies()
    expect(shift.page.locator("[data-ended]")).to_be_visible(timeout=10_000)
    shift.looked_at("aide-fin-de-session")


def test_a_session_about_to_end_is_told_and_goes_on_for_who_is_there(shift: Shift) -> None:
    clock, soon = shift.office.site.house.clock, shift.page.locator("[data-soon]")
    shift.page.clock.install()
    shift.go("/aide")
    clock.advance(minutes=26)
    shift.page.clock.fast_forward("01:01")
    expect(soon).to_contain_text("Sans action de votre part")
    shift.looked_at("aide-session-bientot-finie")
    soon.locator("[data-stay]").press("Enter")
    expect(soon).to_be_hidden()
    assert shift.page.request.get(f"{shift.address}/aide/etat").json()["session"] == 30 * 60
    for _ in range(34):  # someone who is there all day
        clock.advance(minutes=20)
        shift.page.clock.fast_forward("20:00")
        with shift.page.expect_response("**/aide/presence"):
            shift.page.keyboard.press("Shift")
    clock.advance(minutes=11)
    shift.page.clock.fast_forward("11:00")
    with shift.page.expect_response("**/aide/presence"):
        shift.page.keyboard.press("Shift")
    expect(soon).to_contain_text("12 heures")
    shift.looked_at("aide-session-trop-longue")


def test_what_came_before_is_one_link_away(shift: Shift) -> None:
    help_, clock = shift.help_, shift.office.site.house.clock
    help_.said("ma fille a perdu sa carte vitale")
    clock.advance(hours=2)
    shift.as_(help_.helper)
    request = help_.ask()
    shift.go(f"/aide/{request}")
    expect(shift.page.locator(".eq-fil")).not_to_contain_text("carte vitale")
    shift.looked_at("aide-voir-plus")
    shift.page.click("text=Voir plus")
    expect(shift.page.locator(".eq-fil")).to_contain_text("carte vitale")
    help_.said("toujours là ?")
    expect(shift.page.locator(".eq-fil")).to_contain_text("toujours là ?")
    expect(shift.page.locator(".eq-fil")).to_contain_text("carte vitale")
    shift.looked_at("aide-conversation-d-avant")


def test_canned_replies_are_written_and_inserted(shift: Shift) -> None:
    page, help_ = shift.page, shift.help_
    shift.go("/aide/reponses")
    shift.looked_at("aide-reponses-vide")
    shift.press("text=Ajouter >> nth=-1")
    expect(page.locator("[data-summary]")).to_be_focused()
    shift.looked_at("aide-reponses-erreur")
    shift.type_in("#title", "Accueil")
    shift.type_in("#text", "Bonjour, je regarde votre demande.")
    shift.press("main form [type=submit]")
    expect(page.locator(".eq-card")).to_contain_text("Accueil")
    shift.looked_at("aide-reponses")
    page.click("text=Modifier")
    shift.looked_at("aide-reponse-type")
    request = help_.ask()
    shift.go(f"/aide/{request}")
    page.click("text=Prendre la demande")
    page.select_option("[data-canned]", label="Accueil")
    expect(page.locator("#reponse")).to_have_value("Bonjour, je regarde votre demande.")


def test_the_pages_hold_in_360_pixels(shift: Shift) -> None:
    request = shift.help_.ask("une question avec unmottrèstrèstrèstrèstrèstrèstrèstrèstrèstrèstrèslong")
    shift.page.set_viewport_size({"width": 360, "height": 740})
    for path, name in (("/aide", "360-liste"), (f"/aide/{request}", "360-demande"), ("/aide/reponses", "360-reponses")):
        shift.go(path)
        shift.looked_at(f"aide-{name}")
