"""The dashboards, the page of understanding and the journal, as each role sees them."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from httpx import Response
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from bot.gateway.desk.dashboard import numbers
from bot.gateway.desk.dashboard.scope import LENGTHS
from bot.gateway.desk.dashboard.services import DashboardServices
from bot.gateway.desk.journal_labels import LABELS, label_of
from bot.journal.actions import Action
from bot.journal.checkpoints import Verdict, read
from bot.journal.service import SYSTEM, Journal, Verified
from bot.setup.charts import SCRIPT, charts_dir
from bot.storage.engine import Database
from tests.unit.aidants.house import House, Person
from tests.unit.gateway.boards import put_boards
from tests.unit.gateway.office import OTHER, Office
from tests.unit.gateway.site import ORGANISATION, form_of, words
from tests.unit.supervision.figures_rows import Rows

BOARD, UNDERSTANDING, JOURNAL = "/supervision/tableau", "/supervision/comprehension", "/supervision/journal"
PAGES = (
    BOARD,
    f"{BOARD}/volume.csv",
    UNDERSTANDING,
    f"{UNDERSTANDING}/corrections-scores.csv",
    JOURNAL,
    f"{JOURNAL}/verification",
    f"{JOURNAL}/cle.pem",
)


@dataclass
class Boards:
    """An office whose superviseurs have their dashboards."""

    office: Office
    services: DashboardServices

    def signed_in(self, person: Person | None) -> TestClient:
        """A browser, in which *person* has just signed in."""
        return self.office.signed_in(person) if person else self.office.site.browser()


@pytest.fixture
def boards(database: Database, tmp_path: Path) -> Boards:
    office = Office.over(database, static=tmp_path / "static")
    return Boards(office, put_boards(office, evaluations=tmp_path / "evaluation"))


@pytest.fixture
def rows(database: Database) -> Rows:
    return Rows(database)


def table(answer: Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    text = answer.content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def used(boards: Boards, rows: Rows) -> None:
    """Something happened in both structures, and in none."""
    now = boards.office.site.house.clock.now()
    for organisation, text in (
        (boards.office.home, "ma chaudière"),
        (boards.office.other, "mon passeport"),
        (None, "coucou"),
    ):
        episode = rows.episode(now - timedelta(hours=1), organisation=organisation)
        line = rows.line(episode, now - timedelta(hours=1), text)
        rows.line(episode, now - timedelta(minutes=59), "…", out=True, ms=1234)
        rows.turn(episode, now - timedelta(hours=1), text, fallback=True)
        rows.rating(line, now, -1, ["perime"])
        rows.correction(now, "saluer", "aide", organisation=organisation)
        rows.handover(episode, now, replied_after=timedelta(minutes=3))


@pytest.mark.parametrize("page", PAGES)
def test_only_those_who_supervise_come_in(boards: Boards, page: str) -> None:
    office = boards.office
    nobody = boards.signed_in(None).get(page)
    assert (nobody.status_code, nobody.headers["location"].partition("?")[0]) == (303, "/connexion")
    assert boards.signed_in(office.aidant).get(page).status_code == 403
    assert boards.signed_in(office.supervisor).get(page).status_code == 200
    assert boards.signed_in(office.admin).get(page).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_another_structure_is_nowhere(boards: Boards, page: str) -> None:
    name = "chaine" if page.startswith(JOURNAL) else "structure"
    browser = boards.signed_in(boards.office.supervisor)
    assert browser.get(f"{page}?{name}={boards.office.other}").status_code == 404
    assert browser.get(f"{page}?{name}=inconnue").status_code == 404
    assert boards.signed_in(boards.office.admin).get(f"{page}?{name}={boards.office.other}").status_code == 200
    assert boards.signed_in(boards.office.admin).get(f"{page}?{name}=inconnue").status_code == 404


def test_the_journal_of_the_system_is_for_admins(boards: Boards) -> None:
    assert boards.signed_in(boards.office.supervisor).get(f"{JOURNAL}?chaine=*").status_code == 404
    assert "Système" in words(boards.signed_in(boards.office.admin).get(JOURNAL))


def test_a_superviseur_sees_the_figures_of_their_structure_and_an_admin_those_of_all(
    boards: Boards, rows: Rows
) -> None:
    used(boards, rows)
    ours = words(boards.signed_in(boards.office.supervisor).get(BOARD))
    assert ORGANISATION in ours
    assert "ma chaudière" in ours
    assert not re.search("mon passeport|coucou|Toutes les structures", ours)
    assert "L'information n'est plus à jour" in ours
    assert "1,2 s" in ours
    everyone = words(boards.signed_in(boards.office.admin).get(BOARD))
    assert all(text in everyone for text in ("Toutes les structures", "ma chaudière", "mon passeport", "coucou"))
    one = words(boards.signed_in(boards.office.admin).get(f"{BOARD}?structure={boards.office.other}"))
    assert "mon passeport" in one
    assert "ma chaudière" not in one


def test_a_page_without_any_use_says_so(boards: Boards) -> None:
    page = boards.signed_in(boards.office.supervisor).get(BOARD)
    assert "Rien à montrer pour cette période." in words(page)
    assert "data-chart" not in page.text


@pytest.mark.parametrize(("length", "days"), [(length, int(length)) for length in LENGTHS] + [("9999", 30)])
def test_a_period_ends_today(boards: Boards, length: str, days: int) -> None:
    read = table(boards.signed_in(boards.office.supervisor).get(f"{BOARD}/volume.csv?periode={length}"))
    assert len(read) == 1 + days
    assert read[-1][0] == "2026-11-25"


def test_dates_can_be_chosen(boards: Boards) -> None:
    browser = boards.signed_in(boards.office.supervisor)
    read = table(browser.get(f"{BOARD}/volume.csv?periode=libre&du=2026-11-02&au=04/11/2026"))
    assert [row[0] for row in read[1:]] == ["2026-11-02", "2026-11-03", "2026-11-04"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("du=&au=2026-11-01", "Écrivez la date ainsi : 05/02/2026."),
        ("du=31/02/2026&au=2026-11-01", "Écrivez la date ainsi : 05/02/2026."),
        ("du=2026-11-02&au=2026-11-01", "La fin est avant le début."),
        ("du=2025-01-01&au=2026-11-01", "Choisissez 366 jours au plus."),
    ],
)
def test_wrong_dates_are_told_and_the_usual_period_is_shown(boards: Boards, typed: str, sentence: str) -> None:
    page = boards.signed_in(boards.office.supervisor).get(f"{BOARD}?periode=libre&{typed}")
    assert page.status_code == 422
    assert sentence in words(page)
    assert "du 27 octobre 2026 au 25 novembre 2026" in words(page)


def test_every_chart_has_its_table_and_its_file(boards: Boards, rows: Rows) -> None:
    used(boards, rows)
    browser = boards.signed_in(boards.office.supervisor)
    page = browser.get(BOARD)
    drawn = re.findall(r'aria-labelledby="([\w-]+)-titre" data-chart', page.text)
    assert len(drawn) >= 5
    files = re.findall(r'href="(/supervision/tableau/[\w-]+\.csv[^"]*)" download', page.text)
    assert len(files) == len(drawn) + 1  # and the questions without an answer
    for file in files:
        assert len(table(browser.get(file.replace("&amp;", "&")))) > 1
    assert browser.get(f"{BOARD}/inconnu.csv").status_code == 404


def test_a_file_opens_in_a_french_spreadsheet_and_runs_nothing_there(boards: Boards, rows: Rows) -> None:
    now = boards.office.site.house.clock.now()
    episode = rows.episode(now, organisation=boards.office.home)
    rows.line(episode, now, out=True, ms=1250)
    rows.turn(episode, now, "=HYPERLINK(0) ; aide", fallback=True)
    browser = boards.signed_in(boards.office.supervisor)
    assert table(browser.get(f"{BOARD}/delais.csv?periode=7"))[-1] == ["2026-11-25", "1,25", "1,25"]
    asked = table(browser.get(f"{BOARD}/questions-sans-reponse.csv"))
    assert asked[1] == ["'=HYPERLINK(0) ; aide", "1", "1", "0"]


def test_bars_are_weeks_when_there_would_be_too_many(boards: Boards, rows: Rows) -> None:
    now = boards.office.site.house.clock.now()
    for back in (0, 1, 7):
        rows.handover(
            rows.episode(now - timedelta(days=back), organisation=boards.office.home), now - timedelta(days=back)
        )
    browser = boards.signed_in(boards.office.supervisor)
    weeks = table(browser.get(f"{BOARD}/humain.csv?periode=90"))
    assert weeks[-2:] == [["2026-11-16", "1", "0"], ["2026-11-23", "2", "0"]]
    assert len(weeks) == 1 + 14
    assert "Semaine du 23 novembre" in words(browser.get(f"{BOARD}?periode=90"))
    assert table(browser.get(f"{BOARD}/humain.csv?periode=30"))[-1] == ["2026-11-25", "1", "0"]


def test_what_is_said_in_a_conversation_is_escaped(boards: Boards, rows: Rows) -> None:
    now = boards.office.site.house.clock.now()
    episode = rows.episode(now, organisation=boards.office.home)
    rows.turn(episode, now, "<script>alert(1)</script>", fallback=True)
    page = boards.signed_in(boards.office.supervisor).get(BOARD)
    assert "<script>alert" not in page.text
    assert f'href="/supervision/conversations/{episode}"' in page.text


def test_charts_are_drawn_by_our_own_copy_without_any_inline_style(boards: Boards, rows: Rows, tmp_path: Path) -> None:
    used(boards, rows)
    browser = boards.signed_in(boards.office.supervisor)
    page = browser.get(BOARD)
    address = re.search(r'src="(/static/chart\.js/[^"]+)"', page.text)
    assert address
    assert " style=" not in page.text
    assert "style-src 'self'" in page.headers["content-security-policy"]
    assert browser.get(address[1]).status_code == 404  # not fetched here: the tables are there all the same
    folder = charts_dir(tmp_path / "static")
    folder.mkdir(parents=True)
    (folder / SCRIPT).write_text("/* Chart.js */")
    script = browser.get(address[1])
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]


def test_understanding_is_told_from_the_corrections_of_the_structure(boards: Boards, rows: Rows) -> None:
    used(boards, rows)
    browser = boards.signed_in(boards.office.supervisor)
    page = words(browser.get(UNDERSTANDING))
    assert "1 message revu, 0 % bien compris" in page
    assert "Demande de l'aide Salue 1" in page
    assert "n'a pas encore été mesuré" in page
    assert table(browser.get(f"{UNDERSTANDING}/corrections-confusions.csv"))[1:] == [["aide", "saluer", "1"]]
    assert browser.get(f"{UNDERSTANDING}/modele-scores.csv").status_code == 404
    assert browser.get(f"{UNDERSTANDING}/corrections-autre.csv").status_code == 404
    assert "3 messages revus" in words(boards.signed_in(boards.office.admin).get(UNDERSTANDING))


def measured(folder: Path, *, f1: float) -> None:
    folder.mkdir(parents=True)
    report = {
        "set": "intents.dev.jsonl",
        "n": 4,
        "accuracy": 0.75,
        "macro_f1": f1,
        "fallbacks": 1,
        "by_label": {"saluer": {"n": 4, "precision": 1.0, "recall": 0.75, "f1": f1}},
        "confusion": {"saluer": {"nlu_fallback": 1, "saluer": 3}},
    }
    (folder / "intents.json").write_text(json.dumps(report), encoding="utf-8")


def test_the_candidate_stands_beside_the_model_in_use(boards: Boards, tmp_path: Path) -> None:
    measured(tmp_path / "evaluation" / "courant", f1=0.857)
    measured(tmp_path / "evaluation" / "candidat", f1=0.9)
    browser = boards.signed_in(boards.office.supervisor)
    page = words(browser.get(UNDERSTANDING))
    assert "En service intents.dev.jsonl" in page
    assert "Candidat intents.dev.jsonl" in page
    assert "Salue 0,857 0,900 ▲ +0,043" in page
    assert "Pas compris (repli)" in page
    assert table(browser.get(f"{UNDERSTANDING}/candidat-scores.csv"))[1] == ["saluer", "4", "1,0", "0,75", "0,9"]


def test_every_action_of_the_journal_has_a_french_label() -> None:
    labelled = [action for group in LABELS.values() for action in group]
    assert set(labelled) == set(Action)
    assert len(labelled) == len(set(labelled))
    assert label_of("une_action_de_demain") == "une_action_de_demain"


def test_the_journal_tells_who_did_what(boards: Boards) -> None:
    mandat = boards.office.seal()
    page = words(boards.signed_in(boards.office.supervisor).get(JOURNAL))
    assert f"Mandat scellé , Maiwenn {mandat.reference}" in page
    assert "Papiers" in page
    assert mandat.id not in page


def test_the_journal_is_filtered_by_action_and_by_day(boards: Boards) -> None:
    office = boards.office
    office.seal()
    office.site.house.clock.advance(days=3)
    office.seal()
    browser = boards.signed_in(office.supervisor)

    def numbers_of(query: str) -> int:
        page = browser.get(f"{JOURNAL}?{query}")
        assert page.status_code == 200
        return len(re.findall("eq-journal__number", page.text))

    assert numbers_of("action=create_attestation") == 2
    assert numbers_of("action=create_attestation&du=2026-11-28") == 1
    assert numbers_of("action=create_attestation&au=27/11/2026") == 1
    assert numbers_of("action=create_attestation&du=2026-12-01") == 0
    assert numbers_of("action=inconnue") == numbers_of("")
    assert "La fin est avant le début." in words(browser.get(f"{JOURNAL}?du=2026-12-01&au=2026-11-01"))
    assert "Écrivez la date" in words(browser.get(f"{JOURNAL}?du=hier"))


def test_the_journal_is_read_page_by_page_both_ways(boards: Boards) -> None:
    office = boards.office
    journal, database = office.site.house.journal, office.site.house.database
    for number in range(120):
        with database.unit_of_work() as session:
            details = {"note": f"fiche {number}"}
            journal.append(session, Action.USE_AUTORISATION, organisation=office.home, details=details)
    browser = boards.signed_in(office.supervisor)
    shown: list[list[int]] = []
    address = f"{JOURNAL}?action=use_autorisation"
    while address:
        page = browser.get(address)
        shown.append([int(one) for one in re.findall(r"fiche (\d+)<", page.text)])
        older = re.search(r'href="([^"]+)">Plus anciennes', page.text)
        address = older[1].replace("&amp;", "&") if older else ""
    assert [len(one) for one in shown] == [50, 50, 20]
    assert [number for page_shown in shown for number in page_shown] == list(range(119, -1, -1))
    newer = re.search(r'href="([^"]+)">Plus récentes', page.text)
    assert newer
    back = browser.get(newer[1].replace("&amp;", "&"))
    assert [int(one) for one in re.findall(r"fiche (\d+)<", back.text)] == shown[1]


@pytest.mark.parametrize("query", ["avant=abc", "avant=-1", "apres=99999999999999999999", "avant="])
def test_a_wrong_key_is_no_key(boards: Boards, query: str) -> None:
    boards.office.seal()
    assert boards.signed_in(boards.office.supervisor).get(f"{JOURNAL}?{query}").status_code == 200


def verified(boards: Boards, *, chain: str = "") -> str:
    browser = boards.signed_in(boards.office.admin)
    chain = chain or boards.office.home
    page = browser.get(f"{JOURNAL}?chaine={chain}")
    sent = browser.post(f"{JOURNAL}/verifier", data=form_of(page, chaine=chain))
    assert sent.status_code == 303
    assert browser.get(f"{JOURNAL}/verification?chaine={chain}").json() == {"finie": True}
    return words(browser.get(sent.headers["location"]))


@pytest.mark.parametrize("chain", ["", SYSTEM])
def test_the_chain_is_verified_in_one_click(boards: Boards, chain: str) -> None:
    boards.office.seal()
    assert re.search(r"Chaîne intacte : \d+ entrées relues, tous les sceaux sont bons", verified(boards, chain=chain))


class SlowJournal(Journal):
    """Waits before it verifies; then it may find that the database is gone."""

    def __init__(self, house: House, *, gone: bool) -> None:
        super().__init__(house.database, house.clock)
        self.began, self.ready = Event(), Event()
        self.gone = gone

    def verify(self, organisation: str, *, read: Callable[[int], None] | None = None) -> Verified:
        assert read is not None
        read(3)
        self.began.set()
        self.ready.wait(30)
        if self.gone:
            raise OperationalError("", {}, Exception())
        return super().verify(organisation, read=read)


@pytest.mark.parametrize(("gone", "outcome"), [(False, "Chaîne intacte"), (True, "s'est arrêtée avant la fin")])
def test_a_long_verification_goes_on_behind_the_page(boards: Boards, gone: bool, outcome: str) -> None:
    office = boards.office
    slow = office.site.house.journal = SlowJournal(office.site.house, gone=gone)
    checks = put_boards(office).checks
    browser = office.signed_in(office.supervisor)
    page = browser.get(JOURNAL)
    sent = browser.post(f"{JOURNAL}/verifier", data=form_of(page, chaine=office.home))
    assert slow.began.wait(30)
    state = browser.get(f"{JOURNAL}/verification").json()
    assert (state["finie"], state["faites"], state["total"]) == (False, 3, slow.length(office.home))
    waiting = browser.get(sent.headers["location"])
    assert "Vérification en cours, depuis le 25 novembre 2026" in words(waiting)
    assert f"3 entrées relues sur {slow.length(office.home)}" in words(waiting)
    assert "data-verifying" in waiting.text
    slow.ready.set()
    checks.start(office.home, patience=30)  # the one that runs already: nothing more than to wait for it
    assert browser.get(f"{JOURNAL}/verification").json() == {"finie": True}
    assert outcome in words(browser.get(JOURNAL))


def test_the_first_damaged_entry_is_told(boards: Boards) -> None:
    boards.office.seal()
    damaged(boards, 2)
    assert "Chaîne rompue à l'entrée n° 2 : son contenu ne correspond plus à son sceau" in verified(boards)


def test_a_journal_cut_after_a_checkpoint_is_told(boards: Boards) -> None:
    office = boards.office
    office.seal()
    world = office.site.world
    seq = world.checkpoints.sign(office.home).seq
    world.sql("DROP TRIGGER journal_entries_no_delete")
    world.sql("DELETE FROM journal_entries WHERE organisation_id = :o AND seq = :s", o=office.home, s=seq)
    before = world.scalar(
        "SELECT seal FROM journal_entries WHERE organisation_id = :o AND seq = :s", o=office.home, s=seq - 1
    )
    world.sql(
        "UPDATE journal_heads SET seq = :s, seal = :seal WHERE organisation_id = :o",
        o=office.home,
        s=seq - 1,
        seal=before,
    )
    told = verified(boards)
    assert "Chaîne intacte" in told
    assert "la fin du journal a été coupée" in told


def test_an_entry_that_cannot_be_read_does_not_hide_the_others(boards: Boards) -> None:
    boards.office.seal()
    world = boards.office.site.world
    world.sql("DROP TRIGGER journal_entries_no_update")
    world.sql("UPDATE journal_entries SET details = '{' WHERE organisation_id = :o AND seq = 1", o=boards.office.home)
    page = words(boards.signed_in(boards.office.supervisor).get(JOURNAL))
    assert "Entrée illisible : elle a été abîmée" in page
    assert "Mandat scellé" in page


def damaged(boards: Boards, seq: int) -> None:
    world = boards.office.site.world
    world.sql("DROP TRIGGER journal_entries_no_update")
    world.sql(
        "UPDATE journal_entries SET action = 'read_mandat' WHERE organisation_id = :o AND seq = :s",
        o=boards.office.home,
        s=seq,
    )


def exported(boards: Boards) -> Response:
    browser = boards.signed_in(boards.office.supervisor)
    page = browser.get(JOURNAL)
    return browser.post(f"{JOURNAL}/exporter", data=form_of(page, chaine=boards.office.home))


def test_the_export_is_signed_and_holds_its_own_entry(boards: Boards) -> None:
    office = boards.office
    office.seal()
    answer = exported(boards)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    *lines, last = answer.text.splitlines()
    entries = [json.loads(line) for line in lines]
    assert [one["seq"] for one in entries] == list(range(1, len(entries) + 1))
    assert (entries[-1]["action"], entries[-1]["aidant"]) == ("export_journal", office.supervisor.id)
    checkpoint = read(last)
    assert (checkpoint.seq, checkpoint.seal) == (entries[-1]["seq"], entries[-1]["seal"])
    assert office.site.world.checkpoints.check(office.home, checkpoint) is Verdict.OK
    assert "Journal exporté et signé" in words(boards.signed_in(office.supervisor).get(JOURNAL))
    assert "BEGIN PUBLIC KEY" in boards.signed_in(office.supervisor).get(f"{JOURNAL}/cle.pem").text


def test_a_broken_journal_is_not_exported(boards: Boards) -> None:
    boards.office.seal()
    damaged(boards, 2)
    answer = exported(boards)
    assert answer.status_code == 409
    assert "La chaîne est rompue à l'entrée n° 2" in words(answer)


@pytest.mark.parametrize("action", ["verifier", "exporter"])
def test_a_form_from_elsewhere_does_nothing(boards: Boards, action: str) -> None:
    browser = boards.signed_in(boards.office.supervisor)
    assert browser.post(f"{JOURNAL}/{action}", data={"chaine": boards.office.home}).status_code == 403
    page = browser.get(JOURNAL)
    stolen = browser.post(f"{JOURNAL}/{action}", data=form_of(page, chaine=boards.office.other))
    assert stolen.status_code == 404
    house = boards.office.site.house
    for organisation in (boards.office.home, boards.office.other):
        assert "export_journal" not in house.actions(organisation)
        assert boards.services.checks.of(organisation) is None
    assert OTHER not in words(page)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (numbers.count(12345), "12\u202f345"),
        (numbers.counted(1, "entrée"), "1\u00a0entrée"),
        (numbers.counted(0, "entrée"), "0\u00a0entrée"),
        (numbers.percent(None), "–"),
        (numbers.percent(0.8751), "87,5\u202f%"),
        (numbers.percent(0.99999), "99,9\u202f%"),
        (numbers.percent(0.00001), "0,1\u202f%"),
        (numbers.percent(1.0), "100\u202f%"),
        (numbers.seconds(1234), "1,2\u00a0s"),
        (numbers.seconds(None), "–"),
        (numbers.duration(45_000), "45\u00a0s"),
        (numbers.duration(12 * 60_000), "12\u00a0min"),
        (numbers.duration(125 * 60_000), "2\u00a0h\u00a005"),
        (numbers.duration(76 * 3_600_000), "3\u00a0j\u00a04\u00a0h"),
    ],
)
def test_numbers_are_written_in_french(written: str, expected: str) -> None:
    assert written == expected
