"""What a message gives, and above all what it does not."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demarches import Demarche
from bot.mandats.lecture import Given, read
from bot.mandats.rules import Duration

D = Demarche


def names(demarches: tuple[Demarche, ...]) -> str:
    return " ".join(demarches)


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        ("papiers, logement et la caf", "papiers social logement"),
        ("ok alors Travail, et aussi Santé", "social travail"),
        ("c'est pour changer sa carte grise", "transports"),
        ("il est là pour sa retraite", "travail"),
        ("sa carte vitale et sa carte de séjour", "social etranger"),
        ("permis de conduire", "transports"),
        ("permis de construire", "logement"),
        ("un permis de pêche", "loisirs"),
        ("les papiers de la voiture", "transports"),
        ("un acte de naissance", "papiers"),
        ("logement social", "logement"),
        ("l'allocation logement", "logement"),
        ("les allocations familiales", "famille"),
        ("arrêt de travail", "social"),
        ("carte mobilité inclusion", "social"),
        ("étranger et travail", "travail etranger"),
        ("sa déclaration de revenus", "argent"),
        ("LOGEMENT / JUSTICE", "logement justice"),
        ("pas de souci pour le logement", "logement"),
        ("non pas la justice, le logement", "logement"),
        ("un mois de loyer impayé", "logement"),
    ],
)
def test_scopes_are_named_by_their_title_or_by_a_procedure(said: str, scopes: str) -> None:
    assert names(read(said).demarches) == scopes


@pytest.mark.parametrize(
    "said",
    [
        "je suis à l'école",
        "je suis au travail",
        "bon travail",
        "elle est en vacances",
        "date de naissance",
        "[DATE_NAISSANCE]",
        "[NUM_FISCAL] [NOM]",
        "un mandat papier",
        "ça m'a permis de comprendre",
        "ils sont revenus",
        "un timbre fiscal",
        "il est venu avec sa carte d'identité, je fais son mandat",
        "son assistante sociale",
        "elle est sous sauvegarde de justice",
        "habilitation familiale",
        "elle est handicapée",
        "avec sa famille",
        "pas de problème",
        "sans souci",
        "bof",
        "je sais pas",
        "",
    ],
)
def test_words_of_a_scope_that_mean_something_else_name_none(said: str) -> None:
    assert read(said).demarches == read(said).removed == ()


@pytest.mark.parametrize(
    ("said", "kept", "removed"),
    [
        ("enlève logement", "", "logement"),
        ("enlève la justice et le logement", "", "logement justice"),
        ("annule le logement", "", "logement"),
        ("justice mais pas logement", "justice", "logement"),
        ("papiers sauf permis", "papiers", "transports"),
        ("sans logement ni transports", "", "logement transports"),
        ("sans justice, papiers", "papiers", "justice"),
        ("remplace papiers par logement", "logement", "papiers"),
        ("logement au lieu de papiers", "logement", "papiers"),
        ("enlève logement et ajoute travail", "travail", "logement"),
        ("je ne veux plus la justice", "", "justice"),
        ("pas besoin de la justice", "", "justice"),
        ("enlève la justice. Et mets les papiers", "papiers", "justice"),
    ],
)
def test_scopes_are_left_out(said: str, kept: str, removed: str) -> None:
    assert (names(read(said).demarches), names(read(said).removed)) == (kept, removed)


@pytest.mark.parametrize("said", ["tout", "Tous", "oui tout stp", "tous les thèmes", "toutes ses démarches", "les dix"])
def test_everything(said: str) -> None:
    assert read(said).everything


@pytest.mark.parametrize(
    "said",
    [
        "tous les jours",
        "toutes les pièces",
        "tout le monde",
        "tout sauf ça",
        "enlève tout",
        "tout à fait",
        "les dix euros",
    ],
)
def test_not_everything(said: str) -> None:
    assert not read(said).everything


def test_everything_but() -> None:
    found = read("tout sauf la justice et les loisirs")
    assert found.everything
    assert names(found.removed) == "justice loisirs"


@pytest.mark.parametrize(
    "said", ["et aussi logement", "logement aussi", "rajoute la santé", "plus la santé", "santé en plus"]
)
def test_scopes_that_come_on_top(said: str) -> None:
    assert read(said).adds


@pytest.mark.parametrize(
    "said", ["travail et aussi santé", "logement", "papiers et logement", "le plus court, logement"]
)
def test_scopes_that_replace(said: str) -> None:
    assert not read(said).adds


@pytest.mark.parametrize(
    ("said", "duration"),
    [
        ("1 an", "LONG"),
        ("1an", "LONG"),
        ("un an ouais", "LONG"),
        ("douze mois", "LONG"),
        ("365 jours", "LONG"),
        ("un mandat long", "LONG"),
        ("toute l'année", "LONG"),
        ("le maximum", "LONG"),
        ("6 mois stp", "SEMESTER"),
        ("six-mois", "SEMESTER"),
        ("un semestre", "SEMESTER"),
        ("non plutôt un mois", "MONTH"),
        ("31j", "MONTH"),
        ("trente et un jours", "MONTH"),
        ("pas un an, un mois", "MONTH"),
        ("un an, non plutôt un mois", "MONTH"),
        ("un mois au lieu d'un an", "MONTH"),
        ("un an plutôt qu'un mois", "LONG"),
        ("24h", "SHORT"),
        ("pour 24 heures", "SHORT"),
        ("juste pour aujourd'hui", "SHORT"),
        ("aujourd'hui", "SHORT"),
        ("mandat court", "SHORT"),
        ("court", "SHORT"),
        ("une journée", "SHORT"),
        ("ça durera un jour", "SHORT"),
        ("une dame de 82 ans, un an", "LONG"),
        ("il a 45 ans et c'est pour 6 mois", "SEMESTER"),
    ],
)
def test_durations(said: str, duration: str) -> None:
    assert read(said).duration is Duration(duration)
    assert read(said).other_duration is None


@pytest.mark.parametrize(
    "said",
    [
        "un jour je passerai",
        "un jour ou l'autre",
        "elle passera un jour",
        "il faut faire court",
        "à court d'argent",
        "elle habite ici depuis un an",
        "il y a six mois",
        "il revient dans un mois",
        "aujourd'hui c'est compliqué",
        "il signe aujourd'hui",
        "elle est en retard d'un mois de loyer",
        "tous les mois",
        "trois mois de retard",
        "rendez-vous dans 15 jours",
        "elle a 82 ans",
        "longtemps",
    ],
)
def test_time_that_is_no_duration_of_a_mandate(said: str) -> None:
    assert (read(said).duration, read(said).other_duration) == (None, None)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("deux ans", "deux ans"),
        ("pour 3 ans", "3 ans"),
        ("un an et demi", "un an et demi"),
        ("une semaine", "une semaine"),
        ("quinze jours", "quinze jours"),
        ("un trimestre", "un trimestre"),
        ("un mandat de 12 ans", "12 ans"),
    ],
)
def test_durations_that_do_not_exist(said: str, written: str) -> None:
    assert (read(said).duration, read(said).other_duration) == (None, written)


@pytest.mark.parametrize(
    ("said", "present"),
    [
        ("oui elle est à côté de moi", True),
        ("elle est là", True),
        ("elle est la", True),
        ("[NOM] est là", True),
        ("il est là pour sa retraite", True),
        ("elle est dans mon bureau", True),
        ("j'ai monsieur [NOM] devant moi", True),
        ("elle est venue ce matin", True),
        ("majeur, présent, sans mesure", True),
        ("je suis chez elle", True),
        ("face à face", True),
        ("non elle est chez elle", False),
        ("elle est pas là", False),
        ("il n'est pas là aujourd'hui", False),
        ("elle n'est pas à côté de moi", False),
        ("elle est absente", False),
        ("par téléphone", False),
        ("je l'ai au téléphone", False),
        ("mandat à distance", False),
        ("elle est la mère", None),
        ("elle est là demain", None),
        ("elle sera là demain", None),
        ("quelle est la durée", None),
        ("il se présente au guichet", None),
        ("je vous présente ma demande", None),
        ("pas la justice", None),
        ("une formation à distance", None),
        ("il a reçu un courrier par mail", None),
        ("elle n'est pas là, elle est au bureau", None),
    ],
)
def test_presence(said: str, present: bool | None) -> None:
    assert read(said).present is present


@pytest.mark.parametrize(
    ("said", "adult"),
    [
        ("elle a 82 ans", True),
        ("18 ans", True),
        ("elle a soixante-dix ans", True),
        ("majeur", True),
        ("elle est pas mineure", True),
        ("plus de 18 ans", True),
        ("il a 17 ans", False),
        ("17 ans", False),
        ("il a dix-sept ans", False),
        ("mandat pour une jeune de 16 ans", False),
        ("il aura 18 ans demain", False),
        ("mineure émancipée", False),
        ("elle n'est pas majeure", False),
        ("un usager de moins de 18 ans", False),
        ("elle a deux enfants mineurs", None),
        ("son fils a 7 ans", None),
        ("elle a un fils de 12 ans", None),
        ("il est marié depuis 12 ans", None),
        ("un mandat de 12 ans", None),
        ("dans 10 ans", None),
        ("un cas de force majeure", None),
        ("allocation adulte handicapé", None),
    ],
)
def test_age(said: str, adult: bool | None) -> None:
    assert read(said).adult is adult


@pytest.mark.parametrize(
    ("said", "protected"),
    [
        ("elle est sous curatelle renforcée", True),
        ("non, sous curatelle", True),
        ("il a une mesure de protection", True),
        ("majeur protégé", True),
        ("son fils est son tuteur", True),
        ("sous sauvegarde de justice", True),
        ("elle n'est pas sous tutelle mais sous curatelle", True),
        ("pas sous tutelle, sous curatelle simple", True),
        ("aucune mesure de protection", False),
        ("elle n'a pas de tutelle", False),
        ("pas de tutelle, curatelle ou sauvegarde de justice", False),
        ("elle n'est ni sous tutelle, ni sous curatelle, ni sous sauvegarde de justice", False),
        ("elle n'est plus sous tutelle", False),
        ("sans mesure", False),
        ("non protégée", False),
        ("sa mère est sous tutelle", None),
        ("elle est tutrice de sa mère", None),
        ("une demande de mise sous tutelle", None),
        ("protection sociale", None),
        ("demande de protection subsidiaire", None),
        ("mesure d'accompagnement social", None),
        ("elle était sous curatelle", None),
        ("le juge des enfants", None),
    ],
)
def test_protection(said: str, protected: bool | None) -> None:
    assert read(said).protected is protected


@pytest.mark.parametrize(
    "said", ["", " ", "bof", "stop", "annule", "oui", "non", "oui sans problème", "[NOM] [NIR] [ADRESSE]", "???", "👍"]
)
def test_nothing_is_guessed(said: str) -> None:
    assert not read(said).anything


def test_everything_at_once() -> None:
    assert read("majeur, présent, sans mesure, un mois, logement et impôts") == Given(
        demarches=(D.LOGEMENT, D.ARGENT), duration=Duration.MONTH, present=True, adult=True, protected=False
    )


PIECES = st.sampled_from(
    "un an mois 17 ans mineur majeur sous tutelle pas de , . ? sans ni elle est là avec moi logement papiers et enlève"
    " tout sauf fils à lui-même chez aucune mesure deux [NOM] jour plutôt que rajoute aussi depuis".split()
)


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=30).map(" ".join)))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_and_its_scopes_are_in_order_and_not_both_kept_and_left_out(text: str) -> None:
    found = read(text)
    order = list(Demarche)
    for scopes in (found.demarches, found.removed):
        assert list(scopes) == sorted(set(scopes), key=order.index)
    assert not set(found.demarches) & set(found.removed)
    assert found.duration is None or found.other_duration is None


@pytest.mark.parametrize(
    "piece", ["a ", "aaaa-", "son fils a ", ", ", "pas de tutelle, ", " ", "oui ", "1 ", "est ", "é"]
)
def test_a_long_message_is_read_at_once(piece: str) -> None:
    before = time.perf_counter()
    read(piece * (2000 // len(piece)))
    assert time.perf_counter() - before < 1
