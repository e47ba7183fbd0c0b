"""The pages of a mandate in a real browser: by keyboard alone, at the size of a desktop and of a phone."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.demarches import Demarche
from tests.e2e.browser import SIZES, chromium, ground, served, violations
from tests.unit.gateway.site import Site

MANDATE = (Demarche.PAPIERS, Demarche.ARGENT)


@dataclass
class Visit:
    """A page of the browser on a gateway of its own.

    Attributes:
        wrong: what the browser complained of: refused scripts or styles, missing files, errors in scripts.
    """

    site: Site
    page: Page
    address: str
    size: str
    wrong: list[str]

    def go(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")

    def looked_at(self, name: str) -> None:
        """Nothing is wrong on the page: axe agrees, nothing sticks out, the browser does not complain."""
        self.page.wait_for_load_state()
        assert violations(self.page) == []
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the screen"
        assert self.wrong == []
        if folder := os.environ.get("EQUIPIER_SCREENSHOTS"):
            self.page.screenshot(path=Path(folder) / f"{self.size}-{name}.png", full_page=True)

    def tab_to(self, selector: str) -> None:
        """Presses the tabulation key until *selector* has the focus."""
        for _ in range(40):
            if self.page.locator(selector).evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"{selector} cannot be reached by keyboard")

    def type_in(self, selector: str, text: str) -> None:
        self.tab_to(selector)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def press(self, selector: str, key: str = "Enter") -> None:
        self.tab_to(selector)
        self.page.keyboard.press(key)

    def opened(self, secret: str | None = None) -> None:
        """At the first step of a draft."""
        self.go(f"/s/{secret or self.site.draft(MANDATE)[1]}")
        self.press("button[type=submit]")
        expect(self.page).to_have_url(f"{self.address}/mandat/preparer")

    def identified(self) -> None:
        """At the second step."""
        for field, text in (
            ("#family_name", "Kervella"),
            ("#given_names", "Yolande Anne"),
            ("#birth_date", "02011950"),
            ("#birth_place", "Brest"),
        ):
            self.type_in(field, text)
        self.press("#etape-1 [data-next]")
        expect(self.page.locator("#titre-2")).to_be_focused()

    def declared(self) -> None:
        """At the third step."""
        self.press("#informed", "Space")
        self.press("#verified", "Space")
        self.press("#etape-2 [data-next]")
        expect(self.page.locator("#titre-3")).to_be_focused()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=SIZES)
def visit(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    with ground(browser, request.param, tmp_path) as on:
        site = Site.over(on.database, static=on.static, public_url=on.address)
        with served(site.app(), port=on.port):
            yield Visit(site, on.page, on.address, request.param, on.wrong)


def test_a_mandate_is_sealed_by_keyboard_alone(visit: Visit) -> None:
    visit.go(f"/s/{visit.site.draft(MANDATE)[1]}")
    visit.looked_at("lien")
    visit.press("button[type=submit]")
    expect(visit.page).to_have_url(f"{visit.address}/mandat/preparer")
    visit.looked_at("etape-1")
    visit.identified()
    assert "Yolande Anne Kervella, né(e) le 2 janvier 1950 à Brest" in visit.page.inner_text("[data-usager]")
    visit.looked_at("etape-2")
    visit.declared()
    visit.looked_at("etape-3")
    visit.press("#signed-screen", "ArrowDown")
    expect(visit.page.locator("#signed-paper")).to_be_checked()
    visit.type_in("#code", visit.site.person.code())
    visit.press("#etape-3 [type=submit]")
    expect(visit.page).to_have_url(f"{visit.address}/mandat/scelle")
    (mandat,) = visit.site.mandats()
    assert mandat.signature == "paper"
    expect(visit.page.locator("main")).to_contain_text(mandat.reference)
    visit.looked_at("scelle")


def test_a_signature_is_drawn_and_survives_an_error(visit: Visit) -> None:
    visit.opened()
    visit.identified()
    visit.declared()
    visit.page.check("#signed-screen", force=True)
    canvas = visit.page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    mouse = visit.page.mouse
    mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.6)
    mouse.down()
    for across, down in ((0.3, 0.2), (0.4, 0.8), (0.55, 0.3), (0.6, 0.7), (0.8, 0.5)):
        mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * down, steps=8)
    mouse.up()
    expect(visit.page.locator("[data-pad-state]")).to_have_text("Signature tracée.")
    visit.looked_at("signature")
    visit.type_in("#code", visit.site.person.wrong_code())
    visit.press("#etape-3 [type=submit]")
    expect(visit.page.locator("[data-summary]")).to_be_focused()
    expect(visit.page.locator("#etape-3")).to_be_visible()
    visit.looked_at("code-faux")
    visit.type_in("#code", visit.site.person.code())
    visit.press("#etape-3 [type=submit]")
    expect(visit.page).to_have_url(f"{visit.address}/mandat/scelle")
    (mandat,) = visit.site.mandats()
    assert mandat.signature == "screen"
    assert (visit.site.world.register.signature(visit.site.world.actor, mandat.id) or b"").startswith(b"\x89PNG")


def test_an_empty_step_is_told_before_the_next_one(visit: Visit) -> None:
    visit.opened()
    visit.press("#etape-1 [data-next]")
    expect(visit.page.locator("#family_name")).to_be_focused()
    expect(visit.page.locator("#family_name-erreur")).to_have_text("Indiquez le nom de naissance de l'usager.")
    visit.looked_at("etape-1-vide")
    visit.identified()
    visit.page.go_back()
    expect(visit.page.locator("#titre-1")).to_be_focused()
    expect(visit.page.locator("#family_name")).to_have_value("Kervella")


def test_an_error_of_a_former_step_is_one_link_away(visit: Visit) -> None:
    visit.opened()
    visit.identified()
    visit.declared()
    visit.page.evaluate("document.getElementById('birth_date').value = '02/01/2020'")
    visit.press("#signed-screen", "ArrowDown")
    visit.type_in("#code", "123456")
    visit.press("#etape-3 [type=submit]")
    expect(visit.page.locator("[data-summary]")).to_be_focused()
    visit.looked_at("mineur")
    visit.press("[data-summary] a")
    expect(visit.page.locator("#birth_date")).to_be_focused()


def test_the_whole_form_works_without_scripts(visit: Visit) -> None:
    context = visit.page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    page = context.new_page()
    page.goto(f"{visit.address}/s/{visit.site.draft(MANDATE)[1]}")
    page.click("button[type=submit]")
    for step in (1, 2, 3):
        expect(page.locator(f"#etape-{step}")).to_be_visible()
    expect(page.locator("#signed-screen")).to_be_hidden()
    page.fill("#family_name", "Kervella")
    page.fill("#given_names", "Yolande")
    page.fill("#birth_date", "2 janvier 1950")
    page.check("#informed", force=True)
    page.check("#verified", force=True)
    page.check("#signed-paper", force=True)
    page.fill("#code", visit.site.person.code())
    if folder := os.environ.get("EQUIPIER_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{visit.size}-sans-script.png", full_page=True)
    page.click("#etape-3 [type=submit]")
    expect(page).to_have_url(f"{visit.address}/mandat/scelle")
    context.close()


def test_a_document_is_verified_by_keyboard_alone(visit: Visit) -> None:
    mandat = visit.site.seal()
    visit.go("/verifier")
    visit.looked_at("verifier")
    visit.press("main [type=submit]")
    expect(visit.page.locator("[data-summary]")).to_be_focused()
    visit.looked_at("verifier-vide")
    visit.type_in("#code", mandat.public_token)
    visit.type_in("#fingerprint", mandat.fingerprint[:8])
    visit.press("main [type=submit]")
    expect(visit.page.locator(".fr-alert--success")).to_contain_text("Ce mandat est valable")
    visit.looked_at("valable")
    visit.site.world.register.revoke(visit.site.world.actor, mandat.id)
    visit.go(f"/v/{mandat.public_token}")
    visit.looked_at("revoque")
    visit.site.world.sql("UPDATE mandats SET reference = 'M-2026-9999-K7'")
    visit.page.reload()
    visit.looked_at("altere")
    visit.go("/v/inconnu-inconnu")
    visit.looked_at("inconnu")


@pytest.mark.parametrize("path", ["/", "/accessibilite", "/donnees-personnelles", "/nulle-part", "/s/inconnu"])
def test_every_other_page_is_accessible(visit: Visit, path: str) -> None:
    visit.go(path)
    visit.looked_at(path.strip("/").replace("/", "-") or "accueil")
