"""The dashboards and the journal in a real browser, at the size of a desktop and of a phone."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Browser, expect

from bot.journal.actions import Action
from bot.setup.charts import SCRIPT, charts_dir
from tests.e2e.browser import SIZES, chromium, ground, missing, served
from tests.e2e.test_account_pages_browser import Stay
from tests.unit.gateway.boards import put_boards
from tests.unit.gateway.office import Office
from tests.unit.supervision.figures_rows import Rows

BOARD, UNDERSTANDING, JOURNAL = "/supervision/tableau", "/supervision/comprehension", "/supervision/journal"
TITLES = {
    "F1341": "Renouvellement de la carte d'identité d'un majeur",
    "F17556": "Carte d'identité en cas de vol ou de perte",
    "F12006": "Aides au logement : APL, ALF et ALS",
    "N19871": "Revenu de solidarité active (RSA)",
    "F1754": "Comment s'inscrire à France Travail (ex-Pôle emploi) ?",
    "F33665": "Changement d'adresse sur la carte grise",
    "F10027": "Chèque énergie",
    "F750": "Carte Vitale perdue ou volée",
    "F309": "Naissance d'un enfant : déclaration",
}
UNANSWERED = (
    "ma box internet ne marche plus comment faire",
    "je voudrais prendre rdv chez le dentiste",
    "mr [NOM] veut récupérer son compte facebook",
    "où acheter un timbre fiscal près de [ADRESSE]",
    "cest koi le papier jaune",
)
INTENTS = (
    "question_demarche",
    "demander_pieces",
    "demander_delai",
    "demander_cout",
    "faq_mandat/duree",
    "ouvrir_mandat",
    "saluer",
    "joindre_humain",
)


@dataclass
class Invented:
    """A month of use, the same at every run."""

    rows: Rows
    office: Office
    chance: Random
    now: datetime

    @classmethod
    def over(cls, office: Office) -> "Invented":
        house = office.site.house
        return cls(Rows(house.database), office, Random(6), house.clock.now())

    def month(self) -> None:
        self.rows.fiches(self.now, TITLES)
        for back in range(29, -1, -1):
            day = self.now - timedelta(days=back)
            for _ in range(self.chance.randint(3, 7) if day.weekday() < 5 else self.chance.randint(0, 1)):
                self.conversation(day - timedelta(minutes=self.chance.randint(0, 150)))
        aidant = self.office.aidant.id
        for back in (28, 26, 21, 20, 14, 13, 7, 6, 6, 1):
            revoked = self.now - timedelta(days=back - 3) if back in {21, 7} else None
            days = 45 if back in {26, 20} else 365
            sealed = self.now - timedelta(days=back)
            self.rows.mandat(self.office.home, aidant, sealed, days=days, revoked_at=revoked)

    def conversation(self, at: datetime) -> None:
        channel = self.chance.choices(["web", "telegram", "rest"], [7, 4, 1])[0]
        home, aidant = self.office.home, self.office.aidant.id
        episode = self.rows.episode(at, organisation=home, aidant=aidant, channel=channel)
        for turn in range(self.chance.randint(1, 3)):
            instant = at + timedelta(minutes=turn)
            self.rows.line(episode, instant)
            milliseconds = round(self.chance.lognormvariate(6.3, 0.5))
            line = self.rows.line(episode, instant + timedelta(seconds=1), out=True, ms=milliseconds)
            fate = self.chance.random()
            if fate < 0.06:
                self.rows.turn(episode, instant, self.chance.choice(UNANSWERED), fallback=True, confidence=0.3)
            elif fate < 0.13:
                self.rows.turn(episode, instant, self.chance.choice(UNANSWERED), abstained=True)
            else:
                weights = range(len(TITLES) * 2, 0, -2)
                self.rows.turn(episode, instant, fiche=self.chance.choices(list(TITLES), weights)[0])
            if self.chance.random() < 0.2:
                bad = self.chance.random() < 0.3
                reason = self.chance.choice(["mauvaise_fiche", "incomplet", "incomplet", "perime", "pas_clair"])
                self.rows.rating(line, instant, -1 if bad else 1, [reason] if bad else [])
        if self.chance.random() < 0.12:
            wait = timedelta(seconds=self.chance.randint(40, 2400)) if self.chance.random() < 0.9 else None
            reason = self.chance.choice(["asked", "asked", "button", "not_understood"])
            self.rows.handover(episode, at, reason=reason, replied_after=wait)

    def corrections(self) -> None:
        for _ in range(60):
            right = self.chance.choice(INTENTS)
            given = right if self.chance.random() < 0.7 else self.chance.choice(INTENTS)
            at = self.now - timedelta(days=self.chance.randint(0, 20))
            self.rows.correction(at, given, right if right != given else None, organisation=self.office.home)

    def measures(self, folder: Path) -> None:
        """What ``equipier evaluate intents … --report`` leaves, for two models."""
        for name, shift in (("courant", 0.0), ("candidat", 0.02)):
            scores = {
                label: {
                    "n": 20,
                    "precision": 0.9,
                    "recall": 0.9,
                    "f1": round(0.82 + 0.02 * place + shift * (-1) ** place, 3),
                }
                for place, label in enumerate(INTENTS)
            }
            report = {
                "set": "intents.dev.jsonl",
                "n": 160,
                "accuracy": round(0.9 + shift, 3),
                "macro_f1": round(0.89 + shift, 3),
                "fallbacks": 5,
                "by_label": scores,
                "confusion": {
                    "demander_delai": {"demander_cout": 3, "demander_delai": 16, "nlu_fallback": 1},
                    "saluer": {"saluer": 20},
                },
            }
            (folder / name).mkdir(parents=True)
            (folder / name / "intents.json").write_text(json.dumps(report), encoding="utf-8")


@dataclass
class Watch(Stay):
    """A visit to the dashboards."""

    invented: Invented

    @property
    def drawings(self) -> int:
        """How many charts are drawn: something of them is not the background."""
        count: int = self.page.evaluate(
            """[...document.querySelectorAll("canvas")].filter((canvas) => canvas.width && canvas.getContext("2d")
              .getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte)).length"""
        )
        return count


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=SIZES)
def watch(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Watch]:
    with ground(browser, request.param, tmp_path) as on:
        if not (charts_dir(on.static) / SCRIPT).is_file():
            missing("Chart.js (make setup)")
        office = Office.over(on.database, static=on.static, public_url=on.address)
        put_boards(office, evaluations=tmp_path / "evaluation")
        with served(office.site.app(), port=on.port):
            yield Watch(office.site, on.page, on.address, request.param, on.wrong, office, Invented.over(office))


def test_the_dashboard_draws_its_charts_and_tells_the_same_in_tables(watch: Watch) -> None:
    watch.invented.month()
    watch.as_(watch.office.supervisor)
    watch.go(BOARD)
    expect(watch.page.locator("canvas").last).to_be_visible()
    watch.page.wait_for_timeout(500)  # the charts are being drawn
    charts = watch.page.locator("[data-chart]").count()
    assert charts >= 9
    assert watch.drawings == charts
    expect(watch.page.locator("[data-chart] details[open]")).to_have_count(0)
    expect(watch.page.locator("#du")).to_be_hidden()
    watch.looked_at("tableau")
    watch.page.locator("#volume-titre ~ details summary").press("Enter")
    expect(watch.page.locator("#volume-titre ~ details table")).to_be_visible()
    watch.page.select_option("#periode", "libre")
    expect(watch.page.locator("#du")).to_be_visible()
    watch.page.fill("#du", "2026-11-16")
    watch.page.fill("#au", "2026-11-20")
    watch.page.click(".eq-scope [type=submit]")
    expect(watch.page.locator("[role=status]").first).to_contain_text("du 16 novembre 2026 au 20 novembre 2026")
    expect(watch.page.locator("#volume-titre ~ details tbody tr")).to_have_count(5)
    watch.page.locator("#volume-titre ~ details summary").press("Enter")
    watch.page.locator("#comprehension-titre ~ details summary").press("Enter")
    watch.looked_at("tableau-dates")
    with watch.page.expect_download() as download:
        watch.page.click("#volume-titre ~ details a[download]")
    assert download.value.suggested_filename == "equipier-volume-2026-11-16-2026-11-20.csv"


def test_ninety_days_of_every_structure_fit(watch: Watch) -> None:
    watch.invented.month()
    watch.as_(watch.office.admin)
    watch.go(f"{BOARD}?periode=90")
    expect(watch.page.locator("canvas").last).to_be_visible()
    watch.page.wait_for_timeout(500)  # the charts are being drawn
    watch.looked_at("tableau-90-jours")


def test_an_empty_dashboard_says_so(watch: Watch) -> None:
    watch.as_(watch.office.supervisor)
    watch.go(BOARD)
    expect(watch.page.locator(".eq-chart__none").first).to_have_text("Rien à montrer pour cette période.")
    watch.looked_at("tableau-vide")
    watch.go(f"{BOARD}?periode=libre&du=&au=2026-11-01")
    expect(watch.page.locator("#du-erreur p")).to_be_visible()
    watch.looked_at("tableau-erreur")


def test_without_scripts_the_tables_are_shown(watch: Watch, browser: Browser) -> None:
    watch.invented.conversation(watch.invented.now - timedelta(days=1))
    watch.as_(watch.office.supervisor)
    context = browser.new_context(java_script_enabled=False, storage_state=watch.page.context.storage_state())
    page = context.new_page()
    page.goto(f"{watch.address}{BOARD}?periode=7")
    expect(page.locator("#volume-titre ~ details table")).to_be_visible()
    expect(page.locator("#du")).to_be_visible()
    expect(page.locator("canvas").first).to_be_hidden()
    context.close()


def test_nothing_moves_for_those_who_ask_for_it(watch: Watch) -> None:
    watch.invented.conversation(watch.invented.now - timedelta(days=1))
    watch.page.emulate_media(reduced_motion="reduce")
    watch.as_(watch.office.supervisor)
    watch.go(f"{BOARD}?periode=7")
    expect(watch.page.locator("canvas").first).to_be_visible()
    assert watch.page.evaluate("Object.values(Chart.instances).every((one) => one.options.animation === false)")


def test_understanding_is_shown_with_the_candidate(watch: Watch, tmp_path: Path) -> None:
    watch.as_(watch.office.supervisor)
    watch.go(UNDERSTANDING)
    watch.looked_at("comprehension-vide")
    watch.invented.corrections()
    watch.invented.measures(tmp_path / "evaluation")
    watch.go(UNDERSTANDING)
    expect(watch.page.locator("canvas")).to_be_visible()
    watch.page.wait_for_timeout(500)  # the chart is being drawn
    assert watch.drawings == 1
    for summary in watch.page.locator("#corrections ~ details summary").all():
        summary.press("Enter")
    watch.looked_at("comprehension")


def test_the_journal_is_read_verified_and_exported_by_keyboard(watch: Watch) -> None:
    office, house = watch.office, watch.site.house
    for _ in range(3):
        mandat = office.seal()
        house.clock.advance(hours=5)
    office.site.world.register.revoke(office.site.world.actor, mandat.id)
    for number in range(45):
        house.clock.advance(minutes=11)
        with house.database.unit_of_work() as session:
            house.journal.append(
                session,
                Action.USE_AUTORISATION,
                organisation=office.home,
                aidant=office.aidant.id,
                mandat=mandat.id,
                demarche="logement",
                details={"note": f"F{1300 + number}"},
            )
    watch.as_(office.supervisor)
    watch.go(JOURNAL)
    watch.looked_at("journal")
    watch.press("form[action$='verifier'] [type=submit]")
    expect(watch.page.locator(".eq-proof .fr-alert--success")).to_contain_text("Chaîne intacte")
    watch.looked_at("journal-verifie")
    with watch.page.expect_download() as download:
        watch.press("form[action$='exporter'] [type=submit]")
    assert re.fullmatch(r"journal-[0-9a-f]{32}-\d+\.jsonl", download.value.suggested_filename)
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert "signature" in json.loads(lines[-1])
    watch.page.select_option("#action", "create_attestation")
    watch.page.click(".eq-scope [type=submit]")
    expect(watch.page.locator(".eq-journal li")).to_have_count(3)
    watch.looked_at("journal-filtre")


def test_a_damaged_journal_is_told(watch: Watch) -> None:
    watch.office.seal()
    world = watch.site.world
    world.sql("DROP TRIGGER journal_entries_no_update")
    world.sql(
        "UPDATE journal_entries SET details = '{}' WHERE organisation_id = :o AND action = 'create_attestation'",
        o=watch.office.home,
    )
    watch.as_(watch.office.admin)
    watch.go(f"{JOURNAL}?chaine={watch.office.home}")
    watch.press("form[action$='verifier'] [type=submit]")
    expect(watch.page.locator(".eq-proof .fr-alert--error")).to_contain_text("Chaîne rompue")
    watch.looked_at("journal-rompu")
    watch.press("form[action$='exporter'] [type=submit]")
    expect(watch.page.locator("[data-summary]")).to_be_focused()
    watch.looked_at("journal-non-exporte")
