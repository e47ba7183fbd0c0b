"""The lexicon keeps its promises: large, no form twice or everyday, no word added that no fiche has."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from bot.errors import CorpusError
from bot.fiches.analysis import fold, stems, words
from bot.fiches.index.bank import read_bank
from bot.fiches.lexicon import LEXICON_PATH, Entry, Lexicon
from bot.settings import ROOT

IN_PLACE = ("sms", "faute")

# None of these, its accents gone, may be a form: « prépare », « mémé » and « plu » were nearly taken for « PreParE »,
# « même » and « PLU ».
EVERYDAY = frozenset(
    (
        "le la les l un une des du de d au aux a ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre "
        "vos leur leurs je tu il elle on nous vous ils elles me te se moi toi lui eux y en qui que quoi dont où quel "
        "quelle quels quelles celui celle ceux celles ça cela ceci rien tout tous toute toutes même autre autres "
        "quelque quelques plusieurs aucun aucune chaque et ou mais donc or ni car si comme quand lorsque puisque "
        "parce comment pourquoi combien dans par pour sur sous avec sans chez vers entre contre avant après depuis "
        "pendant dès jusque près loin hors ne pas plus moins très trop peu assez bien mal déjà encore toujours jamais "
        "aussi alors ici là hier demain maintenant souvent oui non peut-être ai as avons avez ont avait avaient aura "
        "aurait eu suis es est sommes êtes sont était étaient sera serait été être avoir fait fais faire font va vas "
        "vais vont aller allé peut peux peuvent pouvoir pu doit dois doivent devoir dû veut veux veulent vouloir "
        "voulu faut falloir sait sais savoir su voit vois voir vu dit dis dire vient viens venir venu met mets mettre "
        "mis prend prends prendre pris donne donner donné demande demander demandé prépare préparer préparé reçoit "
        "recevoir reçu rend rendre tient tenir trouve trouver trouvé passe passer passé reste rester resté arrive "
        "arriver arrivé part partir parti sort sortir sorti cherche chercher aide aider paie paye payer payé touche "
        "toucher change changer habite habiter vit vivre travaille travailler tombe tomber parle parler pense penser "
        "appelle appeler attend attendre envoie envoyer écrit écrire ouvre ouvrir ferme fermer perd perdre gagne "
        "gagner retrait retraite plu an ans jour jours mois semaine année fois temps homme femme enfant enfants fille "
        "fils père mère mari monsieur madame gens personne ami ville maison pays monde vie main tête chose choses mot "
        "nom numéro papier argent euro euros heure heures bon bonne grand grande petit petite nouveau nouvelle jeune "
        "vieux seul seule premier première dernier dernière deux trois quatre cinq six sept huit neuf dix cent tel "
        "telle tels telles âge clé cap pôle mas tir clic don état étrange"
    ).split()
)


class Vocabulary(NamedTuple):
    """What the imported fiches say: how many of them have each stem, and each word."""

    stems: Counter[str]
    words: Counter[str]


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    document = yaml.safe_load(LEXICON_PATH.read_text(encoding="utf-8"))
    return [Entry.model_validate(entry) for entry in document["entries"]]


@pytest.fixture(scope="module")
def fiches() -> Vocabulary:
    from bot.bootstrap import open_database
    from bot.fiches.store import FicheStore
    from bot.settings import get_settings

    found = Vocabulary(Counter(), Counter())
    for fiche in FicheStore(open_database(get_settings())).all():
        passages = [text for passage in fiche.passages for text in (passage.title, *passage.lines)]
        text = "\n".join((fiche.title, fiche.dossier, fiche.description, *fiche.introduction, *passages))
        found.stems.update(set(stems(text)))
        found.words.update(set(words(text)))
    return found


def test_it_is_large_and_loads(entries: list[Entry]) -> None:
    assert len(entries) >= 500
    assert {entry.kind for entry in entries} == {"sigle", "service", "familier", "ancien_nom", *IN_PLACE}
    assert Lexicon.load().expand("sa cni est périmée")


def test_no_form_comes_twice(entries: list[Entry]) -> None:
    count = Counter(fold(form) for entry in entries for form in entry.forms)
    assert [form for form, number in count.items() if number > 1] == []


def test_a_form_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lexique.yml"
    path.write_text('entries:\n  - {from: ["rsa", "RSA"], to: ["revenu"], kind: sigle}\n', encoding="utf-8")
    with pytest.raises(CorpusError, match="RSA"):
        Lexicon.load(path)


def test_no_form_is_an_everyday_word(entries: list[Entry]) -> None:
    everyday = {fold(word) for word in EVERYDAY}
    assert sorted(form for entry in entries for form in entry.forms if fold(form) in everyday) == []


def test_a_form_is_written_as_it_is_searched(entries: list[Entry]) -> None:
    forms = [form for entry in entries for form in entry.forms]
    assert [form for form in forms if form != " ".join(form.split()) or form != form.lower() or not words(form)] == []


def test_a_spelling_is_replaced_by_one_other_and_right_one(entries: list[Entry]) -> None:
    in_place = [entry for entry in entries if entry.kind in IN_PLACE]
    replaced = {fold(form) for entry in in_place for form in entry.forms}
    assert [entry.forms for entry in in_place if len(entry.to) != 1] == []
    assert [entry.to for entry in in_place if fold(entry.to[0]) in replaced] == []


def test_each_form_adds_a_word_that_it_does_not_have(entries: list[Entry]) -> None:
    idle = [
        form
        for entry in entries
        if entry.kind not in IN_PLACE
        for form in entry.forms
        if not set(stems(" ".join(entry.to))) - set(stems(form))
    ]
    assert idle == []


@pytest.mark.parametrize(
    ("typed", "added", "left_out"),
    [
        ("copie d'un acte de décès", "acte de décès copie intégrale", "acte de naissance"),
        ("permis de construire refusé", "autorisation d'urbanisme", "permis de conduire"),
        ("ouvrir un livret a", "épargne banque", "livret de famille"),
        ("il a perdu son emploi", "licenciement chômage", "perte"),
        ("sa boîte mail est bloquée", "messagerie électronique", "entreprise emploi travail"),
        ("papiers de la voiture", "carte grise certificat d'immatriculation", "carte d'identité titre de séjour"),
    ],
)
def test_a_longer_form_hides_a_shorter_one(typed: str, added: str, left_out: str) -> None:
    phrases = Lexicon.load().expand(typed)
    assert added in phrases
    assert left_out not in phrases


@pytest.mark.parametrize(
    ("typed", "rewritten"),
    [
        ("rdv a la préfectur pr 1 récipissé", "rendez-vous a la préfecture pour 1 récépissé"),
        ("il paye pa par cb", "il paye pa par carte bancaire"),
        ("sa coute cb", "sa coute combien"),
        ("un retrait de permis, un acte tel quel", "un retrait de permis, un acte tel quel"),
        ("même à la mairie du Cap", "même à la mairie du Cap"),
    ],
)
def test_spellings_are_put_right_and_words_left_alone(typed: str, rewritten: str) -> None:
    assert Lexicon.load().rewrite_sms(typed) == rewritten


@pytest.mark.corpus
def test_every_added_word_is_in_a_fiche(entries: list[Entry], fiches: Vocabulary) -> None:
    adding = [entry for entry in entries if entry.when != "nlu" and entry.kind not in IN_PLACE]
    targets = [target for entry in adding for target in entry.to]
    assert [target for target in targets if not stems(target)] == []
    assert {target: gone for target in targets if (gone := set(stems(target)) - set(fiches.stems))} == {}


@pytest.mark.corpus
def test_every_right_spelling_is_a_word_of_the_fiches_or_of_the_training_messages(
    entries: list[Entry], fiches: Vocabulary
) -> None:
    """Function words and greetings, which no fiche has, are in the messages that the understanding learns from."""
    known = set(fiches.words) | _words_of_training()
    spelt = [entry.to[0] for entry in entries if entry.kind in IN_PLACE]
    assert {target: gone for target in spelt if (gone := set(words(target)) - known)} == {}


@pytest.mark.corpus
def test_no_misspelling_is_a_usual_word_of_the_fiches(entries: list[Entry], fiches: Vocabulary) -> None:
    forms = [fold(form) for entry in entries if entry.kind in IN_PLACE for form in entry.forms]
    assert {form: fiches.words[form] for form in forms if fiches.words[form] > 20} == {}


def _words_of_training() -> set[str]:
    """The words of the examples of ``nlu/training`` and of the question bank."""
    found: set[str] = set()
    for path in sorted((ROOT / "nlu" / "training").glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            found.update(words(block.get("examples", "")))
    for question in read_bank():
        found.update(words(question.text))
    return found
