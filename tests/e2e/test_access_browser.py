"""Recovery codes, the page of sign-ins and that of personal data in a real browser, on a desktop and a small phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bot.aidants.models import Role
from bot.aidants.views import SignInRefused
from bot.demarches import Demarche
from tests.e2e.browser import SIZES, chromium, ground, served
from tests.e2e.test_account_pages_browser import Stay
from tests.unit.aidants.house import PASSWORD
from tests.unit.gateway.office import Office
from tests.unit.gateway.protection import protect
from tests.unit.mandats.world import YOLANDE

_SMALL = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=SIZES)
def stay(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Stay]:
    with ground(browser, request.param, tmp_path) as on:
        office = Office.over(on.database, static=on.static, public_url=on.address)
        protect(office)
        if request.param == "phone":
            on.page.set_viewport_size(_SMALL)
        with served(office.site.app(), port=on.port):
            yield Stay(office.site, on.page, on.address, request.param, on.wrong, office)


def test_codes_are_made_used_and_every_session_is_closed_by_keyboard(stay: Stay) -> None:
    stay.as_(stay.office.aidant)
    stay.go("/compte")
    stay.looked_at("compte-secours")
    stay.press("#secours ~ form [type=submit]")
    expect(stay.page.locator("[data-summary]")).to_be_focused()
    stay.looked_at("compte-secours-erreur")
    stay.type_in("#code", stay.office.aidant.code())
    stay.press("#secours ~ form [type=submit]")
    expect(stay.page.locator("[data-summary]")).to_be_focused()
    expect(stay.page.locator("[data-print]")).to_be_visible()
    stay.looked_at("codes")
    code = stay.page.locator(".eq-codes li").first.inner_text()
    stay.press(".eq-buttons a")
    expect(stay.page.locator("main")).to_contain_text("Vos nouveaux codes de secours sont prêts")
    stay.press("#sessions ~ form [type=submit]")
    expect(stay.page.locator("main")).to_contain_text("Toutes vos sessions sont fermées")
    stay.looked_at("connexion-partout")
    stay.site.house.clock.advance(minutes=1)
    stay.type_in("#email", stay.office.aidant.view.email)
    stay.type_in("#password", PASSWORD)
    stay.type_in("#code", code)
    stay.press("main [type=submit]")
    expect(stay.page.locator("main")).to_contain_text("Il vous en reste 9.")
    stay.looked_at("compte-code-utilise")


def test_sign_ins_and_refusals_are_read(stay: Stay) -> None:
    house, office = stay.site.house, stay.office
    rozenn = house.enrolled("rozenn.lebihan@exemple.fr", office.home, role=Role.HELPDESK)
    for password, origin in (("mauvais", "192.0.2.14"), (PASSWORD, "2001:db8:4:1::7"), ("mauvais", "198.51.100.9")):
        house.clock.advance(minutes=7)
        try:
            house.aidants.sign_in(office.aidant.view.email, password, office.aidant.code(), origin=origin)
        except SignInRefused:
            continue
    for _ in range(55):
        house.clock.advance(minutes=1)
        house.aidants.refused(rozenn.id, tried="GET /mandats")
    stay.as_(office.supervisor)
    stay.go(f"/structure/{office.home}/connexions?page=2")
    stay.looked_at("connexions")
    stay.press(".eq-tabs li:last-child a")
    expect(stay.page.locator(".eq-tabs [aria-current]")).to_have_text("Refus seulement")
    stay.looked_at("connexions-refus")
    stay.as_(rozenn)
    stay.go("/mandats")
    stay.looked_at("mandats-fermes")


def test_the_rights_of_a_person_are_answered(stay: Stay) -> None:
    office, clock = stay.office, stay.site.house.clock
    former = office.seal(YOLANDE, demarches=(Demarche.PAPIERS,))
    mandat = office.seal(YOLANDE, demarches=(Demarche.SOCIAL, Demarche.LOGEMENT))
    stay.site.world.register.use(stay.site.world.actor, mandat.id, Demarche.LOGEMENT, note="F1341")
    clock.advance(days=2)
    stay.as_(office.admin)
    stay.go("/admin")
    stay.press("a[href='/admin/donnees']")
    expect(stay.page.locator("h1")).to_have_text("Données personnelles")
    stay.looked_at("donnees")
    stay.press("form[action$=essai] [type=submit]")
    expect(stay.page.locator("[data-summary]")).to_contain_text("rien n'a été effacé")
    stay.looked_at("donnees-essai")
    for _ in range(2):
        stay.press("form[action$=purge] [type=submit]")
        expect(stay.page.locator("[data-summary]")).to_contain_text("est appliquée")
    stay.looked_at("donnees-purge")
    stay.press("form[action$=usagers] [type=submit]")
    expect(stay.page.locator("[data-summary]")).to_be_focused()
    stay.type_in("#reference", former.reference)
    stay.page.keyboard.press("Enter")
    expect(stay.page.locator("h1")).to_have_text("Données d'une personne")
    stay.looked_at("donnees-personne")
    stay.press("a[href$=dossier]")
    expect(stay.page.locator("h1")).to_have_text("Données détenues sur une personne")
    stay.looked_at("dossier")
    stay.page.emulate_media(media="print")
    stay.looked_at("dossier-imprime")
    stay.page.emulate_media(media="screen")
    stay.page.go_back()
    stay.press("form[action$=effacer] [type=submit]")
    expect(stay.page.locator("[data-summary]")).to_be_focused()
    stay.looked_at("donnees-effacer-erreur")
    stay.page.check("#why-request", force=True)
    stay.type_in("#confirmation", "effacer")
    stay.press("form[action$=effacer] [type=submit]")
    expect(stay.page.locator("main")).to_contain_text("L'usager est effacé")
    stay.looked_at("donnees-effacee")
    stay.go("/admin/donnees/registre")
    stay.looked_at("registre")
