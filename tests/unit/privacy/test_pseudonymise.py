import pytest

from bot.privacy.pseudonymise import Pseudonymiser
from bot.privacy.spans import PiiType, Span


class Finds:
    """Finds the given words, and nothing else."""

    def __init__(self, **words: str) -> None:
        self._words = words

    def spans(self, text: str) -> tuple[Span, ...]:
        found = ((text.find(word), word, kind) for kind, word in self._words.items())
        return tuple(sorted(Span(at, at + len(word), PiiType(kind)) for at, word, kind in found if at >= 0))


def test_placeholders_take_the_place_of_the_words_and_punctuation_stays():
    result = Pseudonymiser(Finds(NOM="Diallo", TELEPHONE="06 12 34 56 78")).pseudonymise(
        "Mme Diallo, (06 12 34 56 78) !"
    )
    assert result.text == "Mme [NOM], ([TELEPHONE]) !"
    assert result.found == ((PiiType.NOM, "Diallo"), (PiiType.TELEPHONE, "06 12 34 56 78"))


def test_a_text_without_personal_data_comes_back_as_it_was():
    result = Pseudonymiser(Finds()).pseudonymise("et ça coûte combien ?")
    assert (result.text, result.found) == ("et ça coûte combien ?", ())


@pytest.mark.parametrize(
    "text",
    [
        "Mme Diallo née le 12/03/1950, 12 rue des Lilas 69003 Lyon",
        "MOHAMED BENALI ALLOC 1234567",
        "[NOM] [NOM] a le numéro [NIR] et l'iban [IBAN]",
        "mandat [NOM] né le [DATE_NAISSANCE] au [ADRESSE], tel [TELEPHONE]",
    ],
)
def test_pseudonymising_twice_changes_nothing_more(detector, text):
    pseudonymiser = Pseudonymiser(detector)
    once = pseudonymiser.pseudonymise(text)
    twice = pseudonymiser.pseudonymise(once.text)
    assert (twice.text, twice.found) == (once.text, ())
