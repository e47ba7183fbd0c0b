"""What is said of an answer."""

import pytest

from bot.voice.acronyms import in_reading_case, is_spelt
from bot.voice.numbers import spoken_numbers
from bot.voice.speakable import MAX_CHARS, REST_ON_SCREEN, speakable, spoken

pytestmark = [pytest.mark.voice, pytest.mark.usefixtures("voice_packages")]  # num2words

ANSWER = """Bonjour ! **Carte d'identité d'un majeur : en cas de vol**

**Coût**
La carte d'identité coûte 25 €.
• [Demande de carte (cerfa n° 12100*02)](https://exemple.gouv.fr/12100)
• Timbre fiscal
(Suite dans la fiche.)

[Fiche officielle](https://exemple.gouv.fr/F1759) · [Achat du timbre](https://exemple.gouv.fr/timbre)

Source : service-public.gouv.fr, fiche F1759. Mis à jour le 1er juillet 2020.
⚠ Cette version a plus de 12 mois : vérifiez la fiche en ligne avant d'agir.

Mandat à prévoir : thème « Papiers - Citoyenneté - Élections »."""


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1 200,50 €", "mille deux cents euros cinquante"),
        ("1 200,5 €", "mille deux cents euros cinquante"),
        ("0,29 €", "vingt-neuf centimes"),
        ("1 €", "un euro"),
        ("0 €", "zéro euro"),
        ("2 000 000 €", "deux millions d'euros"),
        ("25 €/mois", "vingt-cinq euros par mois"),
        ("230,77 €TTC", "deux cent trente euros soixante-dix-sept TTC"),
        ("800 euros", "huit cents euros"),
        ("17,20 %", "dix-sept virgule vingt pour cent"),
        ("0,05 %", "zéro virgule zéro cinq pour cent"),
        ("8h30", "huit heures trente"),
        ("de 14 h 05 à 17h", "de quatorze heures cinq à dix-sept heures"),
        ("à 1 h", "à une heure"),
        ("24h/24, 7j/7", "vingt-quatre heures sur vingt-quatre, sept jours sur sept"),
        ("au 39 39", "au trente-neuf trente-neuf"),
        ("appelez le 3646", "appelez le trente-six quarante-six"),
        ("le 3000 euros", "le trois mille euros"),
        ("le 116 006", "le cent seize, zéro zéro six"),
        ("01 23 45 67 89", "zéro un, vingt-trois, quarante-cinq, soixante-sept, quatre-vingt-neuf"),
        ("+33 1 23 45 67 89", "zéro un, vingt-trois, quarante-cinq, soixante-sept, quatre-vingt-neuf"),
        ("0 800 940 339", "zéro huit cents, neuf cent quarante, trois cent trente-neuf"),
        ("cerfa n° 12504*08", "cerfa numéro douze mille cinq cent quatre, version huit"),
        ("cerfa n°14880", "cerfa numéro quatorze mille huit cent quatre-vingts"),
        ("1er juillet 2020", "premier juillet deux mille vingt"),
        ("le 12/03/2024", "le douze mars deux mille vingt-quatre"),
        ("le 01/01/2021", "le premier janvier deux mille vingt et un"),
        ("1re demande", "première demande"),
        ("le 2e étage", "le deuxième étage"),
        ("2/3 du loyer", "deux tiers du loyer"),
        ("12 m²", "douze mètres carrés"),
        ("1 m²", "un mètre carré"),
        ("130 g/km", "cent trente grammes par kilomètre"),
        ("50 km/h", "cinquante kilomètres heure"),
        ("2020-2021", "deux mille vingt à deux mille vingt et un"),
        ("décret 2020-734", "décret deux mille vingt, sept cent trente-quatre"),
        ("1 copie", "une copie"),
        ("21 personnes", "vingt et une personnes"),
        ("1 an", "un an"),
    ],
)
def test_numbers_are_said_in_words(written: str, said: str) -> None:
    assert spoken_numbers(written) == said


def test_a_day_that_does_not_exist_is_not_read_as_a_date() -> None:
    assert "février" not in spoken_numbers("31/02/2024")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Mme Durand et M. Petit", "madame Durand et monsieur Petit"),
        ("art. L. 262-2", "article L deux cent soixante-deux, deux"),
        ("cotitulaire, époux(se), parent(s)", "cotitulaire, époux, parent"),
        ("les usager·e·s", "les usager"),
        ("une aide (RSA) et/ou une bourse", "une aide, RSA, ou une bourse"),
        ("la CAF, le CROUS, le PACS et la MDPH", "la Caf, le Crous, le Pacs et la MDPH"),
        ("la R.S.A.", "la RSA"),
        ("cochez OUI", "cochez oui"),
        ("pays de l'UE/EEE", "pays de l'UE, EEE"),
        ("recto/verso", "recto verso"),
        ("www.impots.gouv.fr", "impots point gouv point fr"),
        ("sur ameli.fr", "sur ameli point fr"),
        ("ecrire@mairie.fr", "ecrire arobase mairie point fr"),
        ("voir https://exemple.fr/a?b=1", "voir le lien à l'écran"),
        ("Pièces › Mineur", "Pièces, Mineur"),
        ("✅ Mandat scellé 🎉", "Mandat scellé"),
        ("référence M-2026-0042-K7", "référence M, deux mille vingt-six, zéro zéro quarante-deux, K sept"),
        ("bac pro, etc.", "bac pro, et cetera."),
        ("revenus ≤ 500 €", "revenus au plus cinq cents euros"),
    ],
)
def test_signs_and_abbreviations_are_said_as_people_say_them(written: str, said: str) -> None:
    assert spoken(written) == said


@pytest.mark.parametrize("acronym", ["RSA", "APL", "AAH", "MDPH", "ANTS", "CPAM", "OQTF", "CDI"])
def test_an_acronym_that_people_spell_stays_in_capitals(acronym: str) -> None:
    assert is_spelt(acronym)
    assert in_reading_case(acronym) == acronym


@pytest.mark.parametrize(("acronym", "shown"), [("CAF", "Caf"), ("PARIS", "Paris"), ("NON", "non"), ("EHPAD", "Ehpad")])
def test_a_word_in_capitals_is_said_as_a_word(acronym: str, shown: str) -> None:
    assert in_reading_case(acronym) == shown


def test_an_answer_is_said_with_its_title_its_lines_its_source_and_its_date() -> None:
    assert speakable(ANSWER) == (
        "Bonjour! Carte d'identité d'un majeur: en cas de vol. Coût. La carte d'identité coûte vingt-cinq euros. "
        "Demande de carte, cerfa numéro douze mille cent, version deux. Timbre fiscal. La suite est dans la fiche. "
        "Les liens utiles sont affichés. Source: le site service public. Cette fiche a été mise à jour le premier "
        "juillet deux mille vingt. Attention, elle date de plus d'un an. Vérifiez-la en ligne avant d'agir. Pour le "
        "mandat, le thème est: Papiers, Citoyenneté, Élections."
    )


def test_no_address_and_no_sign_of_markdown_is_said() -> None:
    said = speakable(ANSWER)
    assert not any(sign in said for sign in ("http", "*", "[", "]", "(", "•", "·", "⚠", "«", "/", "€"))


def test_a_long_answer_is_cut_on_a_sentence_and_keeps_its_source() -> None:
    answer = ANSWER.replace("• Timbre fiscal", "\n".join(f"• Pièce à fournir numéro {n}." for n in range(60)))
    said = speakable(answer)
    assert len(said) <= MAX_CHARS
    before, _, after = said.partition(f" {REST_ON_SCREEN} ")
    assert before.endswith(".")
    assert "Source: le site service public" in after
    assert "premier juillet" in after


def test_one_endless_sentence_is_cut_on_a_word() -> None:
    said = speakable("mot " * 400)
    assert len(said) <= MAX_CHARS
    assert said.endswith(f"mot. {REST_ON_SCREEN}")


def test_a_few_buttons_are_told_after_the_answer() -> None:
    assert speakable("Cela dépend.", choices=("En France", "À l'étranger")) == (
        "Cela dépend. Vous pouvez me répondre: En France, À l'étranger."
    )
    assert speakable("Et ?", choices=("Un", "Deux", "Trois", "Quatre", "Cinq")).endswith(
        "Un, Deux, Trois, Quatre, ou autre chose à l'écran."
    )


@pytest.mark.parametrize("empty", ["", "  \n", "🎉", "**  **", "---"])
def test_nothing_is_said_of_a_text_without_words(empty: str) -> None:
    assert speakable(empty) == ""


def test_a_label_keeps_its_words_and_loses_its_link() -> None:
    assert speakable("Ouvrez la [page sécurisée](https://exemple.fr/s/abc) pour signer.") == (
        "Ouvrez la page sécurisée pour signer."
    )
