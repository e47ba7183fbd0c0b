"""The pages behind a sign-in in a real browser, at the size of a desktop and of a phone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, expect
from starlette.responses import Response

from bot.demarches import Demarche
from bot.gateway.desk.sessions import COOKIE, Sessions
from bot.gateway.pages.security import Cookies
from bot.mandats.identity import Identity
from bot.mandats.rules import Duration
from tests.e2e.browser import SIZES, chromium, ground, served
from tests.e2e.test_pages_browser import Visit
from tests.unit.aidants.house import KEYS, PASSWORD, Person
from tests.unit.gateway.office import Office
from tests.unit.mandats.world import ANATOLE, YOLANDE


@dataclass
class Stay(Visit):
    """A visit to the pages of a structure."""

    office: Office

    def as_(self, person: Person) -> None:
        """From now on the browser is *person*'s."""
        answer = Response()
        Sessions(KEYS, self.site.house.clock, Cookies(self.address)).open(answer, person.id)
        value = answer.headers["set-cookie"].split(";")[0].partition("=")[2]
        self.page.context.add_cookies([{"name": COOKIE, "value": value, "url": self.address}])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=SIZES)
def stay(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Stay]:
    with ground(browser, request.param, tmp_path) as on:
        office = Office.over(on.database, static=on.static, public_url=on.address)
        with served(office.site.app(), port=on.port):
            yield Stay(office.site, on.page, on.address, request.param, on.wrong, office)


def test_an_aidant_signs_in_by_keyboard_and_links_a_conversation(stay: Stay) -> None:
    stay.go("/mandats")
    stay.looked_at("connexion")
    stay.press("main [type=submit]")
    expect(stay.page.locator("[data-summary]")).to_be_focused()
    stay.looked_at("connexion-vide")
    stay.type_in("#email", stay.office.aidant.view.email)
    stay.type_in("#password", PASSWORD)
    stay.press("#password-montre", "Space")
    expect(stay.page.locator("#password")).to_have_attribute("type", "text")
    stay.type_in("#code", stay.office.aidant.code())
    stay.press("main [type=submit]")
    expect(stay.page).to_have_url(f"{stay.address}/mandats")
    stay.looked_at("mandats-vide")
    stay.go("/compte")
    stay.looked_at("compte")
    stay.press("#conversation ~ form [type=submit]")
    expect(stay.page.locator(".eq-code")).to_contain_text("lier")
    stay.looked_at("compte-code")


def test_an_invited_person_enrols_by_keyboard(stay: Stay) -> None:
    _, secret = stay.site.house.aidants.invite("enora@exemple.fr", "Énora Le Gall", organisation=stay.office.home)
    stay.go(f"/inscription/{secret}")
    stay.looked_at("inscription")
    stay.type_in("#password", "court")
    stay.type_in("#code", "000000")
    stay.press("main [type=submit]")
    expect(stay.page.locator("[data-summary]")).to_be_focused()
    stay.looked_at("inscription-erreur")
    totp = stay.page.locator("[name=totp]").input_value()
    stay.type_in("#password", "trombone lavande pivert")
    stay.type_in("#code", pyotp.TOTP(totp).at(stay.site.house.clock.now()))
    stay.press("main [type=submit]")
    expect(stay.page.locator("h1")).to_have_text("Vos codes de secours")
    stay.looked_at("inscription-codes")
    stay.press(".eq-buttons a")
    expect(stay.page.locator(".fr-alert")).to_contain_text("Votre compte est prêt")
    stay.looked_at("inscription-faite")
    stay.go(f"/inscription/{secret}")
    stay.looked_at("inscription-refus")


def test_mandates_are_found_used_and_revoked(stay: Stay) -> None:
    office, clock, register = stay.office, stay.site.house.clock, stay.site.world.register
    office.seal(Identity("Cariou", "Mona", date(1971, 5, 1)), duration=Duration.SHORT)
    office.seal(ANATOLE)
    clock.advance(days=340)
    office.seal(
        Identity("Abgrall-Le Meur", "Jean-Baptiste Corentin", date(1961, 7, 14), "Saint-Pol-de-Léon"),
        demarches=tuple(Demarche),
    )
    mandat = office.seal(YOLANDE, demarches=(Demarche.PAPIERS, Demarche.SOCIAL, Demarche.LOGEMENT))
    gone = office.seal(Identity("Guivarc'h", "Soizic", date(1980, 2, 3)))
    register.revoke(stay.site.world.actor, gone.id)
    stay.as_(office.aidant)
    stay.go("/mandats")
    stay.looked_at("mandats")
    stay.go("/mandats?etat=termines")
    stay.looked_at("mandats-termines")
    stay.type_in("#recherche", "kervella")
    stay.page.keyboard.press("Enter")
    expect(stay.page.locator("main")).to_contain_text("1 résultat")
    stay.looked_at("mandats-recherche")
    stay.type_in("#recherche", mandat.reference[:-1] + ("1" if mandat.reference[-1] != "1" else "2"))
    stay.page.keyboard.press("Enter")
    expect(stay.page.locator(".fr-tag").first).to_be_visible()
    stay.looked_at("mandats-proches")
    stay.go(f"/mandats/{mandat.id}")
    stay.looked_at("mandat")
    stay.press("#utiliser ~ form [type=submit]")
    expect(stay.page.locator("[data-summary]")).to_be_focused()
    stay.looked_at("mandat-erreur")
    stay.page.check("#demarche-logement", force=True)
    stay.type_in("#note", "F1341")
    stay.press("#utiliser ~ form [type=submit]")
    expect(stay.page.locator(".fr-alert--success")).to_contain_text("inscrite au journal")
    stay.page.click("a[href$='demarche=logement']")
    stay.looked_at("revoquer")
    stay.press("main [type=submit]")
    expect(stay.page.locator("main")).to_contain_text("Logement")
    stay.looked_at("mandat-revoque")
    stay.go(f"/mandats/{mandat.id}/revoquer")
    stay.looked_at("revoquer-tout")
    stay.go("/mandats/inconnu")
    stay.looked_at("introuvable")


def test_a_mandate_is_started_and_renewed(stay: Stay) -> None:
    mandat = stay.office.seal()
    stay.site.house.aidants.update_demarches(stay.office.home, [one for one in Demarche if one != "loisirs"])
    stay.as_(stay.office.aidant)
    stay.go(f"/mandats/{mandat.id}/renouveler")
    stay.looked_at("renouveler")
    stay.go("/mandats/nouveau")
    stay.looked_at("nouveau")
    stay.press("main [type=submit]")
    expect(stay.page.locator("[data-summary]")).to_be_focused()
    stay.looked_at("nouveau-vide")
    for box in ("#demarche-logement", "#duration-MONTH", "#present-oui", "#adult-oui", "#protected-non"):
        stay.page.check(box, force=True)
    stay.press("main [type=submit]")
    expect(stay.page.locator("h1")).to_have_text("Préparer le mandat")


def test_a_supervisor_invites_and_an_admin_creates(stay: Stay) -> None:
    office = stay.office
    stay.as_(office.supervisor)
    stay.go("/structure")
    stay.looked_at("structure")
    stay.type_in("#email", "enora@exemple.fr")
    stay.type_in("#name", "Énora Le Gall")
    stay.press("#inviter ~ form [type=submit]")
    expect(stay.page.locator("[data-summary]")).to_be_focused()
    stay.looked_at("structure-invitation")
    stay.go(f"/structure/{office.home}/personnes/{office.aidant.id}/retirer")
    stay.looked_at("retirer")
    stay.as_(office.admin)
    stay.go("/admin")
    stay.looked_at("admin")
    stay.press("#creer ~ form [type=submit]")
    expect(stay.page.locator("[data-summary]")).to_be_focused()
    stay.looked_at("admin-erreur")
    stay.go("/mandats")
    stay.looked_at("sans-structure")
