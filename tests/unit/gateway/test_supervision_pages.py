"""The supervision: the list and its filters, one conversation, corrections and exports; and who sees what."""

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from httpx import Response
from starlette.testclient import TestClient

from bot.gateway.desk.supervision.filters import NAMES, read, written
from bot.gateway.desk.supervision.labels import ACTIONS, INTENTS, MASKED, RECORDED, TOPICS, teachable
from bot.handover.models import HandoverEntry, HandoverRequest
from bot.journal.actions import Action
from bot.privacy.spans import PiiType
from bot.settings import ROOT
from bot.storage.engine import Database
from bot.supervision.projection import Projection
from bot.supervision.services import intents
from bot.supervision.views import ConversationRow
from tests.unit.gateway.office import OTHER, Office
from tests.unit.gateway.reviews import EXPIRED, HOW_LONG, LOST, SPOKEN, UNKNOWN, VAGUE, Reviews
from tests.unit.gateway.site import form_of, words

LIST = "/supervision/conversations"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office.over(database, static=tmp_path / "static")


@pytest.fixture
def reviews(office: Office) -> Reviews:
    return Reviews.over(office)


@pytest.fixture
def browser(office: Office, reviews: Reviews) -> TestClient:
    return office.signed_in(office.supervisor)


def shown(page: Response) -> list[str]:
    """What the conversations listed on *page* begin with."""
    assert page.status_code == 200
    return [words_of(one) for one in re.findall(r"<a [^>]*data-open>(.*?)</a>", page.text)]


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("&#39;", "'").split())


def one(row: ConversationRow, end: str = "") -> str:
    return f"{LIST}/{row.id}{end}"


def post(browser: TestClient, page: str, action: str, **values: str) -> Response:
    answer = browser.get(page)
    assert answer.status_code == 200
    return browser.post(action, data=form_of(answer, **values))


def turn_of(browser: TestClient, row: ConversationRow) -> str:
    """The address of the first turn of a conversation."""
    found = re.search(rf'href="({LIST}/{row.id}/tours/\d+)"', browser.get(one(row)).text)
    assert found
    return found[1]


def judge(browser: TestClient, row: ConversationRow, **values: str) -> Response:
    address = turn_of(browser, row)
    return post(browser, address, address, **({"suite": "valider"} | values))


# The list


def test_a_supervisor_sees_their_structure_and_an_admin_everything(office: Office, reviews: Reviews) -> None:
    rows = reviews.a_week()
    assert len(shown(office.signed_in(office.supervisor).get(LIST))) == 6
    assert shown(office.signed_in(office.stranger).get(LIST)) == [rows[6].excerpt]
    everything = office.signed_in(office.admin).get(LIST)
    assert len(shown(everything)) == 8
    assert OTHER in words(everything)
    assert "Personne non reconnue" in words(everything)


@pytest.mark.parametrize("person", ["aidant", "supervisor", "admin"])
def test_only_those_who_review_have_the_menu(office: Office, reviews: Reviews, person: str) -> None:
    page = words(office.signed_in(getattr(office, person)).get("/compte"))
    assert ("Supervision" in page) is (person != "aidant")
    assert reviews.office is office


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("texte=CARTE+d%27identite", 2),
        ("texte=ameli", 1),
        ("canal=telegram", 2),
        ("intention=faq_mandat/duree", 1),
        ("intention=demander_pieces", 2),
        ("confiance=60", 3),
        ("confiance=60%25", 3),
        ("repli=oui", 1),
        ("repli=non", 5),
        ("abstention=oui", 1),
        ("avis=moins", 1),
        ("avis=plus", 1),
        ("signalee=oui", 0),
        ("humain=oui", 0),
        ("mandat=oui", 0),
        ("etat=a_revoir", 6),
        ("etat=revu", 0),
        ("charge=-", 6),
        ("etiquette=rare", 0),
        ("du=2026-11-25&au=2026-11-25", 6),
        ("du=25/11/2026", 6),
        ("au=2026-11-24", 0),
        ("canal=telegram&repli=oui", 1),
        ("canal=telegram&repli=oui&confiance=20", 0),
        ("etat=inconnu", 6),
    ],
)
def test_filters_are_in_the_address_and_add_up(
    reviews: Reviews, browser: TestClient, query: str, expected: int
) -> None:
    reviews.a_week()
    assert len(shown(browser.get(f"{LIST}?{query}"))) == expected


def test_an_aidant_is_filtered_too(office: Office, reviews: Reviews, browser: TestClient) -> None:
    reviews.a_week()
    assert len(shown(browser.get(f"{LIST}?aidant={office.aidant.id}"))) == 6
    assert shown(browser.get(f"{LIST}?aidant={office.stranger.id}")) == []
    assert shown(browser.get(f"{LIST}?structure={office.other}")) == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("du=hier", "Écrivez la date ainsi : 05/02/2026."),
        ("du=9999-12-31", "Écrivez la date ainsi : 05/02/2026."),
        ("du=2026-11-25&au=2026-11-01", "La fin est avant le début."),
        ("confiance=beaucoup", "Écrivez un nombre de 1 à 100."),
        ("confiance=0", "Écrivez un nombre de 1 à 100."),
    ],
)
def test_what_cannot_be_read_is_told_and_left_out(
    reviews: Reviews, browser: TestClient, query: str, sentence: str
) -> None:
    reviews.talk(LOST)
    page = browser.get(f"{LIST}?{query}")
    assert sentence in words(page)
    assert len(shown(page)) == 1


def test_nothing_typed_is_taken_for_a_tag_or_a_query(reviews: Reviews, browser: TestClient) -> None:
    reviews.talk(LOST)
    page = browser.get(LIST, params={"texte": '"<script>*', "intention": "<b>", "etiquette": "'; --", "cle": "o1-x"})
    assert page.status_code == 200
    assert "<script>*" not in page.text


def test_a_filter_comes_back_from_what_it_became() -> None:
    values = {
        "texte": "carte",
        "du": "2026-11-01",
        "au": "2026-11-25",
        "etat": "revu",
        "canal": "web",
        "aidant": "a",
        "structure": "s",
        "charge": "-",
        "intention": "faq_mandat/duree",
        "etiquette": "rare",
        "confiance": "60",
        "avis": "moins",
        "repli": "oui",
        "abstention": "non",
        "signalee": "oui",
        "humain": "oui",
        "mandat": "non",
    }
    assert set(values) == set(NAMES)
    wanted = read(values)
    assert wanted.errors == {}
    assert written(wanted.filter).values == values


def test_a_filter_is_named_applied_and_deleted(office: Office, reviews: Reviews, browser: TestClient) -> None:
    reviews.a_week()
    page = f"{LIST}?repli=oui&canal=telegram"
    assert "Telegram × " in words(browser.get(page))
    answer = post(browser, page, "/supervision/filtres", filtre="?repli=oui&canal=telegram", name=" Pas  compris ")
    assert answer.headers["location"] == f"{LIST}?canal=telegram&repli=oui&fait=filtre"
    listed = browser.get(LIST)
    assert re.search(r'href="[^"]*\?canal=telegram&amp;repli=oui">Pas compris<', listed.text)
    assert "Pas compris" not in words(office.signed_in(office.admin).get(LIST))
    address = re.search(r"/supervision/filtres/\d+/supprimer", listed.text)
    assert address
    assert post(browser, LIST, address[0]).headers["location"] == f"{LIST}?fait=filtre-supprime"
    assert "Pas compris" not in words(browser.get(LIST))


@pytest.mark.parametrize(("name", "sentence"), [(" ", "Donnez un nom au filtre."), ("n" * 81, "C'est trop long")])
def test_a_filter_needs_a_name(reviews: Reviews, browser: TestClient, name: str, sentence: str) -> None:
    reviews.talk(VAGUE)
    answer = post(browser, LIST, "/supervision/filtres", filtre="?repli=oui", name=name)
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert len(shown(browser.get(f"{LIST}?repli=oui"))) == 1


def test_pages_go_by_key(reviews: Reviews, browser: TestClient) -> None:
    for number in range(51):
        reviews.talk(replace(LOST, text=f"question {number}"))
    first = browser.get(f"{LIST}?canal=web")
    assert "51 conversations" in words(first)
    assert len(shown(first)) == 50
    older = re.search(r'href="([^"]*cle=o[^"]*)"', first.text)
    assert older
    second = browser.get(older[1].replace("&amp;", "&"))
    assert shown(second) == ["question 50"]
    newer = re.search(r'href="([^"]*cle=n[^"]*)"', second.text)
    assert newer
    assert shown(browser.get(newer[1].replace("&amp;", "&"))) == shown(first)


def test_the_list_is_a_file_that_a_spreadsheet_runs_nothing_of(reviews: Reviews, browser: TestClient) -> None:
    reviews.talk(LOST)
    reviews.talk(replace(VAGUE, text="=1+1 ; que faire"))
    answer = browser.get(f"{LIST}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = answer.text.splitlines()
    assert len(lines) == 3
    assert "0,88" in lines[1]
    assert '"\'=1+1 ; que faire"' in lines[2]
    assert len(browser.get(f"{LIST}.csv?repli=oui").text.splitlines()) == 2


# One conversation


def test_the_timeline_shows_what_was_understood_and_shown(reviews: Reviews, browser: TestClient) -> None:
    page = words(browser.get(one(reviews.talk(LOST, HOW_LONG))))
    for expected in (
        "ma dame a perdu sa carte Vitale, elle s'appelle [NOM]",
        "Compris : Question sur une démarche 88 %",
        "Fiche montrée : Carte Vitale perdue ou volée (F750) › Déclarer la perte",
        "Autres possibilités Hors sujet 7 %",
        "démarche : papiers",
        "L'assistant a cherché une fiche",
        "Jugée utile",
        "Compris : Question sur les mandats : durée 97 %",
    ):
        assert expected in page


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (SPOKEN, "Message vocal de 12 s, transcrit : transcription incertaine"),
        (VAGUE, "Non compris"),
        (UNKNOWN, "Sans réponse"),
        (EXPIRED, "Jugée inutile Ce n'est pas la bonne fiche « elle n'est pas perdue, elle est périmée »"),
        (replace(LOST, fiche="F9"), "fiche retirée (F9)"),
        (replace(LOST, intent="inconnu"), "Compris : inconnu"),
        (replace(LOST, intent=""), "Compris : Rien de reconnu"),
    ],
)
def test_the_timeline_tells_everything(reviews: Reviews, browser: TestClient, said, expected: str) -> None:
    assert expected in words(browser.get(one(reviews.talk(said))))


def test_nothing_said_becomes_markup(reviews: Reviews, browser: TestClient) -> None:
    row = reviews.talk(replace(LOST, text="<img src=x onerror=alert(1)>", answer="<script>alert(1)</script> **gras**"))
    page = browser.get(one(row)).text
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "<b>gras</b>" in page


def test_requests_for_a_human_are_in_the_timeline(office: Office, reviews: Reviews, browser: TestClient) -> None:
    row, now = reviews.talk(VAGUE), office.site.house.clock.now()
    with office.site.house.database.unit_of_work() as session:
        request = HandoverRequest(
            conversation_id=row.conversation,
            organisation_id=office.home,
            aidant_id=office.aidant.id,
            reason="asked",
            ticket=False,
            opened_at=row.last_at,
            opened_after=0,
            claimed_by=office.supervisor.id,
            closed_at=row.last_at,
            closing="person",
        )
        session.add(request)
        session.flush()
        session.add(
            HandoverEntry(
                handover_id=request.id,
                conversation_id=row.conversation,
                kind="note",
                author_id=office.supervisor.id,
                text="rappeler [NOM]",
                created_at=row.last_at,
            )
        )
    assert now > row.last_at
    page = words(browser.get(one(row)))
    assert "A demandé à parler à quelqu'un par Maiwenn" in page
    assert "Note interne par Nolwenn : rappeler [NOM]" in page
    assert "La personne est revenue à l'assistant" in page


def test_every_reading_is_journalled(office: Office, reviews: Reviews, browser: TestClient) -> None:
    row = reviews.talk(LOST)
    browser.get(LIST)
    assert Action.READ_CONVERSATION not in office.site.house.actions(office.home)
    browser.get(one(row))
    assert office.site.house.actions(office.home).count(Action.READ_CONVERSATION) == 1


def lists_told(office: Office, chain: str = "") -> list[dict]:
    """What the journal tells of lists, oldest first."""
    told = office.site.house.told(chain or office.home)
    return [dict(entry.details) for entry in told if entry.action == Action.LIST_CONVERSATIONS.value]


def test_a_list_is_journalled_once_in_ten_minutes_with_its_filters(
    office: Office, reviews: Reviews, browser: TestClient
) -> None:
    reviews.talk(LOST)
    for _ in range(2):
        browser.get(f"{LIST}?canal=web&confiance=40")
    assert lists_told(office) == [
        {"list": "conversations", "filters": {"channel": "web", "confidence_below": 40}},
    ]
    browser.get(LIST)
    browser.get("/supervision/corrections")
    browser.get("/supervision/corrections?etat=proposees")
    assert [one["list"] for one in lists_told(office)] == ["conversations", "conversations", "queue", "corrections"]
    office.site.house.clock.advance(minutes=11)
    browser.get(LIST)
    assert len(lists_told(office)) == 5


def test_what_was_looked_for_is_never_in_the_journal(office: Office, reviews: Reviews, browser: TestClient) -> None:
    browser.get(f"{LIST}?texte=Yolande&etiquette=yolande&aidant=yolande&canal=yolande&intention=yolande&charge=-")
    browser.get(f"{LIST}.csv?texte=Yolande")
    assert lists_told(office) == [
        {"list": "conversations", "filters": {"text": True, "tag": True, "assignee": "-"}},
    ]
    assert "yolande" not in str(office.site.house.told(office.home)).lower()


def test_each_file_is_journalled_with_its_length(office: Office, reviews: Reviews, browser: TestClient) -> None:
    reviews.talk(LOST)
    for _ in range(2):
        browser.get(f"{LIST}.csv?canal=web")
    told = [one for one in office.site.house.told(office.home) if one.action == Action.EXPORT_CONVERSATIONS.value]
    assert [dict(one.details) for one in told] == [{"filters": {"channel": "web"}, "count": 1}] * 2


def test_the_list_of_everything_is_told_in_the_journal_of_the_system(office: Office, reviews: Reviews) -> None:
    admin = office.signed_in(office.admin)
    admin.get(LIST)
    assert lists_told(office) == []
    assert lists_told(office, "*") == [{"list": "conversations", "filters": {}}]
    admin.get(f"{LIST}?structure={office.home}")
    assert lists_told(office) == [{"list": "conversations", "filters": {"organisation": office.home}}]


def test_what_is_masked_is_shown_for_a_reason(office: Office, reviews: Reviews, browser: TestClient) -> None:
    recent = reviews.talk(LOST, at=office.site.house.clock.now())
    office.site.vault.put(recent.conversation, [(PiiType.NOM, "Yolande Kervella")])
    assert "Kervella" not in words(browser.get(one(recent)))
    refused = post(browser, one(recent), one(recent, "/demasquer"))
    assert refused.status_code == 422
    assert "Choisissez pourquoi" in words(refused)
    assert Action.UNMASK_CONVERSATION not in office.site.house.actions(office.home)
    answer = post(browser, one(recent), one(recent, "/demasquer"), reason="masquage_errone", precision="pour M. Dupont")
    assert "Noms Yolande Kervella" in words(answer)
    assert answer.headers["cache-control"] == "no-store"
    entry = next(e for e in office.site.house.told(office.home) if e.action == Action.UNMASK_CONVERSATION)
    assert entry.details["reason"] == "masquage_errone"
    assert entry.details["precision"] == "pour M. [NOM]"
    assert "Kervella" not in words(browser.get(one(recent)))


def test_what_is_gone_is_said_to_be_gone(office: Office, reviews: Reviews, browser: TestClient) -> None:
    row = reviews.talk(LOST, at=office.site.house.clock.now())
    office.site.vault.put(row.conversation, [(PiiType.NOM, "Yolande Kervella")])
    office.site.house.clock.advance(minutes=31)
    browser = office.signed_in(office.supervisor)
    answer = post(browser, one(row), one(row, "/demasquer"), reason="demande_d_acces")
    assert "Les données masquées n'existent plus" in words(answer)
    assert "Kervella" not in answer.text


def test_the_state_is_changed_and_the_next_one_opened(reviews: Reviews, browser: TestClient) -> None:
    first, second, _ = reviews.talk(LOST), reviews.talk(EXPIRED), reviews.talk(VAGUE, channel="telegram")
    page = one(first, "?canal=web&etat=a_revoir")
    answer = post(browser, page, one(first, "/etat?canal=web&etat=a_revoir"), etat="revu-suivante")
    assert answer.headers["location"] == one(second, "?etat=a_revoir&canal=web")
    answer = post(browser, one(second), one(second, "/etat"), etat="mis_de_cote")
    assert answer.headers["location"] == one(second, "?fait=etat")
    assert len(shown(browser.get(f"{LIST}?etat=revu"))) == 1
    assert len(shown(browser.get(f"{LIST}?etat=mis_de_cote"))) == 1
    assert post(browser, one(second), one(second, "/etat"), etat="autre").status_code == 422


def test_next_and_previous_stay_within_the_filter(reviews: Reviews, browser: TestClient) -> None:
    first, _, third = reviews.talk(LOST), reviews.talk(VAGUE, channel="telegram"), reviews.talk(EXPIRED)
    page = browser.get(one(first, "?canal=web")).text
    assert f'href="{one(third, "?canal=web")}" rel="next" data-key="j"' in page
    assert 'rel="prev"' not in page
    page = browser.get(one(third, "?canal=web")).text
    assert f'href="{one(first, "?canal=web")}" rel="prev" data-key="k"' in page
    assert 'rel="next"' not in page


def test_it_is_flagged_shared_out_tagged_and_annotated(office: Office, reviews: Reviews, browser: TestClient) -> None:
    row = reviews.talk(LOST)
    post(browser, one(row), one(row, "/signalement"), signaler="oui")
    post(browser, one(row), one(row, "/charge"), assignee=office.supervisor.id)
    post(browser, one(row), one(row, "/etiquettes"), tag="#Carte Vitale")
    post(browser, one(row), one(row, "/notes"), note="Voir avec M. Dupont")
    page = browser.get(one(row))
    assert "Signalée" in words(page)
    assert "Voir avec M. [NOM]" in words(page)
    query = f"{LIST}?signalee=oui&charge={office.supervisor.id}&etiquette=carte+vitale"
    assert len(shown(browser.get(query))) == 1
    assert "Confiée à Nolwenn" in words(browser.get(query))
    note = re.search(r"/notes/\d+/supprimer", page.text)
    assert note
    post(browser, one(row), one(row, note[0]))
    post(browser, one(row), one(row, "/etiquettes/retirer"), etiquette="carte vitale")
    post(browser, one(row), one(row, "/signalement"), signaler="non")
    page = words(browser.get(one(row)))
    assert "Voir avec M." not in page
    assert "carte vitale" not in page
    assert "Signalée" not in page


@pytest.mark.parametrize(
    ("form", "values", "sentence"),
    [
        ("etiquettes", {"tag": ""}, "L'étiquette est vide."),
        ("etiquettes", {"tag": "t" * 41}, "C'est trop long"),
        ("notes", {"note": " "}, "La note est vide."),
        ("notes", {"note": "n" * 2001}, "C'est trop long"),
        ("charge", {"assignee": "inconnu"}, "Cette personne ne peut pas revoir cette conversation."),
    ],
)
def test_what_is_wrong_is_told_beside_it(
    reviews: Reviews, browser: TestClient, form: str, values: dict[str, str], sentence: str
) -> None:
    row = reviews.talk(LOST)
    answer = post(browser, one(row), one(row, f"/{form}"), **values)
    assert answer.status_code == 422
    assert words(answer).count(sentence) == 2


def test_another_structure_and_nothing_look_the_same(office: Office, reviews: Reviews) -> None:
    row = reviews.talk(LOST)
    stranger = office.signed_in(office.stranger)
    theirs, nothing = stranger.get(one(row)), stranger.get(f"{LIST}/999999")
    assert theirs.status_code == nothing.status_code == 404
    assert words(theirs) == words(nothing)
    assert Action.REFUSE_ACCESS in office.site.house.actions(office.other)
    turn = turn_of(office.signed_in(office.supervisor), row)
    assert stranger.get(turn).status_code == 404


@pytest.mark.parametrize("address", ["abc", "0", "99999999999999999999"])
def test_no_number_breaks_a_page(browser: TestClient, address: str) -> None:
    assert browser.get(f"{LIST}/{address}").status_code in {404, 422}


# Corrections


def test_the_queue_has_the_most_useful_first(reviews: Reviews, browser: TestClient) -> None:
    reviews.a_week()
    page = words(browser.get("/supervision/corrections"))
    cards = [page.index(one.text.split(",")[0]) for one in (EXPIRED, UNKNOWN, VAGUE)]
    assert cards[0] == min(cards)
    assert "Dit 2 fois · incertitude 100 %" in page


def test_a_message_is_accepted_skipped_or_changed(office: Office, reviews: Reviews, browser: TestClient) -> None:
    reviews.a_week()
    page = browser.get("/supervision/corrections")
    accept = re.search(r"/supervision/corrections/tours/\d+/accepter", page.text)
    skip = re.findall(r'href="(/supervision/corrections\?passes=\d+)" data-key="s"', page.text)
    assert accept
    assert len(skip) == 4
    after = browser.get(skip[1])
    assert after.text.count("data-item") == 3
    answer = browser.post(f"{accept[0]}?{skip[1].partition('?')[2]}", data=form_of(after))
    assert answer.headers["location"] == f"{skip[1]}&fait=accepte"
    assert browser.get(answer.headers["location"]).text.count("data-item") == 2
    assert Action.CORRECT_TURN in office.site.house.actions(office.home)
    validated = words(browser.get("/supervision/corrections?etat=validees"))
    assert "Bonne réponse" in validated
    assert "dit 2 fois" in validated


def test_a_turn_gets_its_right_intent_and_fiche(reviews: Reviews, browser: TestClient) -> None:
    row = reviews.talk(EXPIRED)
    answer = judge(
        browser,
        row,
        verdict="mauvaise",
        intent="question_demarche",
        fiche="F1341",
        passage="Délai",
        **{"raison-mauvaise_fiche": "oui", "raison-perime": "oui"},
    )
    assert answer.headers["location"].startswith(one(row, "?fait=jugement#tour-"))
    page = words(browser.get("/supervision/corrections?etat=validees"))
    for expected in (
        "Mauvaise réponse",
        "Demande les pièces à fournir Question sur une démarche",
        "Fiche : Renouvellement de la carte d'identité d'un majeur (F1341) › Délai",
        "Ce n'est pas la bonne fiche ; L'information n'est plus à jour",
    ):
        assert expected in page
    assert "Déjà jugée" in words(browser.get(one(row)))
    assert "Ce jugement est validé" in words(browser.get(turn_of(browser, row)))


def test_a_judgement_waits_for_another_reviewer(office: Office, reviews: Reviews, browser: TestClient) -> None:
    row = reviews.talk(EXPIRED)
    judge(browser, row, verdict="mauvaise", fiche="-", suite="proposer")
    admin = office.signed_in(office.admin)
    proposed = admin.get("/supervision/corrections?etat=proposees")
    assert "Aucune fiche ne répond" in words(proposed)
    validate = re.search(r"/supervision/corrections/\d+/valider", proposed.text)
    assert validate
    answer = admin.post(validate[0], data=form_of(proposed, etat="proposees"))
    assert answer.headers["location"] == "/supervision/corrections?etat=proposees&fait=valide"
    validated = admin.get("/supervision/corrections?etat=validees")
    assert "Nolwenn" in words(validated)
    assert "validée par Admin" in words(validated)
    assert "/valider" not in validated.text
    set_aside = re.search(r"/supervision/corrections/\d+/ecarter", validated.text)
    assert set_aside
    admin.post(set_aside[0], data=form_of(validated, etat="validees"))
    assert "Aucune correction n'est validée" in words(admin.get("/supervision/corrections?etat=validees"))
    assert "périmée" in words(admin.get("/supervision/corrections?etat=ecartees"))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "Dites si la réponse est bonne ou mauvaise."),
        ({"verdict": "moyenne"}, "Dites si la réponse est bonne ou mauvaise."),
        ({"verdict": "mauvaise", "intent": "inconnue"}, "Choisissez la demande dans la liste."),
        ({"verdict": "mauvaise", "fiche": "F0"}, "Cette fiche n'existe pas, ou plus."),
    ],
)
def test_a_wrong_judgement_is_told_and_what_was_chosen_stays(
    reviews: Reviews, browser: TestClient, values: dict[str, str], sentence: str
) -> None:
    answer = judge(browser, reviews.talk(EXPIRED), **values, **{"raison-incomplet": "oui"})
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert re.search(r'name="raison-incomplet" value="oui" checked', answer.text)


def test_a_fiche_is_found_by_words_or_number_without_scripts(reviews: Reviews, browser: TestClient) -> None:
    row = reviews.talk(EXPIRED)
    answer = judge(browser, row, chercher="oui", texte="vitale perdue", verdict="mauvaise", fiche="F1341")
    assert answer.status_code == 200
    assert "Carte Vitale perdue ou volée" in words(answer)
    assert re.search(r'value="F1341" checked', answer.text)
    assert re.search(r'<option value="Coût">', answer.text)
    assert 'value="F31037"' in browser.get("/supervision/fiches?texte=f31037").text
    assert "Aucune fiche n'a ces mots" in words(browser.get("/supervision/fiches?texte=zzzz"))
    assert "Trêve hivernale" in words(browser.get("/supervision/fiches/passages?fiche=F31037"))
    assert "pas de parties" in words(browser.get("/supervision/fiches/passages?fiche=F0"))


def test_the_same_words_serve_for_the_same_thing(reviews: Reviews, browser: TestClient) -> None:
    for row in (reviews.talk(EXPIRED), reviews.talk(replace(EXPIRED, text=EXPIRED.text.upper()))):
        assert judge(browser, row, verdict="bonne").status_code == 303
    page = words(browser.get("/supervision/corrections?etat=validees"))
    assert page.count("Apprentissage") in {0, 2}


# Exports


def test_what_was_validated_is_exported(office: Office, reviews: Reviews, browser: TestClient) -> None:
    assert "Rien à exporter" in words(browser.get("/supervision/exports"))
    judge(browser, reviews.talk(EXPIRED), verdict="mauvaise", intent="question_demarche", fiche="F1341")
    judge(browser, reviews.talk(HOW_LONG), verdict="bonne")
    judge(browser, reviews.talk(replace(LOST, text="vélo volé")), verdict="bonne")
    page = browser.get("/supervision/exports")
    answer = browser.post("/supervision/exports", data=form_of(page, quoi="tout"))
    assert 'filename="2026-11-25-corrections-tout.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(files) == {
        "nlu.yml",
        "bank.jsonl",
        "intents.jsonl",
        "faq.jsonl",
        "guidance.jsonl",
        "test_corrections.yml",
    }
    taught = [block["intent"] for block in yaml.safe_load(files["nlu.yml"])["nlu"]]
    measured = [json.loads(line)["intent"] for line in files["intents.jsonl"].splitlines()]
    assert sorted(name.partition("/")[0] for name in [*taught, *measured])
    assert Action.EXPORT_CORRECTIONS in office.site.house.actions()
    assert "Exportée" in words(browser.get("/supervision/corrections?etat=validees"))


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("rasa", "2026-11-25-nlu.yml"),
        ("banque", "2026-11-25-bank.jsonl"),
        ("evaluation", "2026-11-25-corrections-evaluation.zip"),
        ("histoire", "2026-11-25-test_corrections.yml"),
        ("autre", "2026-11-25-corrections-tout.zip"),
    ],
)
def test_each_file_is_downloaded_alone(reviews: Reviews, browser: TestClient, what: str, name: str) -> None:
    judge(browser, reviews.talk(EXPIRED), verdict="bonne")
    answer = browser.post("/supervision/exports", data=form_of(browser.get("/supervision/exports"), quoi=what))
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


def test_an_export_holds_what_is_in_reach_only(office: Office, reviews: Reviews, browser: TestClient) -> None:
    judge(browser, reviews.talk(EXPIRED), verdict="bonne")
    assert "Rien à exporter" in words(office.signed_in(office.stranger).get("/supervision/exports"))


# The words


def test_whatever_may_be_chosen_exists() -> None:
    assert {name for name, _ in teachable()} <= set(intents())


def test_every_intent_topic_and_action_has_its_name() -> None:
    written_in = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "nlu" / "training").glob("*.yml"))
    intents = set(re.findall(r"- intent: (\S+)", written_in))
    assert len(intents) > 40
    assert intents <= {name for name, _ in teachable()}
    domain = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "nlu" / "domain").glob("*.yml"))
    for section, names in (("intents", INTENTS), ("actions", ACTIONS)):
        blocks = re.findall(rf"^{section}:\n((?:  .*\n)+)", domain, flags=re.MULTILINE)
        declared = {name for block in blocks for name in re.findall(r"^  - (\w+)", block, flags=re.MULTILINE)}
        assert declared <= set(names)
    assert {name.partition("/")[2] for name in intents if "/" in name} == set(TOPICS)


def test_everything_that_is_masked_has_its_name() -> None:
    assert set(MASKED) == set(PiiType)


def test_every_action_of_the_journal_that_may_be_shown_has_its_name() -> None:
    assert set(RECORDED) <= {action.value for action in Action}


def test_the_worker_may_be_late(office: Office, reviews: Reviews, browser: TestClient) -> None:
    row = reviews.talk(LOST)
    Projection(office.site.house.database, reviews.source, office.site.house.clock).catch_up()
    assert browser.get(one(row)).text.count('class="sv-turn"') == 1
