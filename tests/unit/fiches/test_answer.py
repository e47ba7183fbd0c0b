import pytest

from bot.fiches.answer import MAX_LINES, answer_from
from bot.fiches.guidance import question_parts
from bot.fiches.model import Aspect, Passage
from tests.unit.fiches.samples import CARTE, FERMAGE


def every_line_of(fiche: object) -> set[str]:
    return {line for passage in fiche.passages for line in passage.lines} | set(fiche.introduction)  # type: ignore[attr-defined]


def test_a_general_question_quotes_the_introduction_and_asks_for_the_situation() -> None:
    answer = answer_from(CARTE, aspect=None, text="il a perdu sa carte de pêche")
    assert answer.extract is not None
    assert answer.extract.lines == CARTE.introduction
    assert answer.choice is not None
    assert answer.choice.titles == ("En France", "À l'étranger")


def test_a_follow_up_asks_which_case_when_the_answer_depends_on_it() -> None:
    answer = answer_from(CARTE, aspect=Aspect.PIECES, text="quelles pièces ?", chosen=["En France"])
    assert answer.extract is None
    assert answer.choice is not None
    assert answer.choice.titles == ("Vous êtes majeur", "Vous êtes mineur")


def test_a_chosen_case_is_answered_from_that_case_only() -> None:
    chosen = ["En France", "Vous êtes mineur"]
    answer = answer_from(CARTE, aspect=Aspect.PIECES, text="quelles pièces ?", chosen=chosen)
    assert answer.choice is None
    assert answer.extract is not None
    assert answer.extract.lines == ("• Pièce d'identité d'un parent", "• Livret de famille")


def test_the_words_of_the_question_settle_the_case() -> None:
    answer = answer_from(CARTE, aspect=Aspect.PIECES, text="il est mineur, quelles pièces ?", chosen=["En France"])
    assert answer.extract is not None
    assert answer.extract.passage.cases == ("Vous êtes mineur",)


def test_the_cost_comes_with_the_online_service_of_its_passage() -> None:
    answer = answer_from(CARTE, aspect=Aspect.COUT, text="combien ?", chosen=["En France"])
    assert answer.extract is not None
    assert answer.extract.lines == ("Le duplicata coûte 12 €.",)
    assert [link.label for link in answer.services] == ["Payer en ligne", "Demander un duplicata"]


def test_the_place_comes_with_its_contacts() -> None:
    answer = answer_from(CARTE, aspect=Aspect.OU, text="où ?", chosen=["En France"])
    assert [link.label for link in answer.contacts] == ["Fédération de pêche"]


@pytest.mark.parametrize(
    ("aspect", "line"),
    [
        (Aspect.COUT, "Le dépôt de garantie est de 300 € au maximum."),
        (Aspect.DELAI, "Le propriétaire doit répondre dans un délai de 2 mois."),
    ],
)
def test_without_a_chapter_the_sentences_that_tell_are_quoted(aspect: Aspect, line: str) -> None:
    answer = answer_from(FERMAGE, aspect=aspect, text="?")
    assert answer.extract is not None
    assert answer.extract.lines == (line,)


def test_what_the_fiche_does_not_say_is_not_answered() -> None:
    answer = answer_from(FERMAGE, aspect=Aspect.PIECES, text="quelles pièces ?")
    assert answer.extract is None
    assert answer.choice is None


def test_no_more_than_six_lines_are_quoted_and_it_is_said() -> None:
    long = FERMAGE.model_copy(
        update={
            "passages": (
                Passage(id="p1", aspect=Aspect.AUTRE, heading="", lines=tuple(f"Ligne {n}." for n in range(20))),
            )
        }
    )
    answer = answer_from(long, aspect=None, text="règles")
    assert answer.extract is not None
    assert len(answer.extract.lines) == MAX_LINES
    assert answer.extract.more


@pytest.mark.parametrize("aspect", [None, *Aspect])
@pytest.mark.parametrize("fiche", [CARTE, FERMAGE])
@pytest.mark.parametrize("chosen", [(), ("En France",), ("À l'étranger",), ("Inconnu",)])
def test_only_lines_of_the_fiche_are_ever_quoted(fiche: object, aspect: Aspect | None, chosen: tuple[str, ...]) -> None:
    answer = answer_from(fiche, aspect=aspect, text="et pour un mineur ?", chosen=chosen)  # type: ignore[arg-type]
    quoted = set(answer.extract.lines) if answer.extract else set()
    assert quoted <= every_line_of(fiche)


def test_the_usual_situation_is_answered_and_the_others_offered() -> None:
    answer = answer_from(CARTE, aspect=Aspect.COUT, text="combien ?")
    assert answer.extract is not None
    answer = answer_from(CARTE, aspect=Aspect.PIECES, text="quelles pièces pour un majeur ?")
    assert answer.extract is not None
    assert answer.extract.passage.cases == ("Vous êtes majeur",)
    assert answer.choice is not None
    assert answer.choice.titles == ("À l'étranger",)


def test_a_line_that_announces_cases_is_followed_by_them() -> None:
    passages = (
        Passage(id="p1", aspect=Aspect.COUT, heading="Coût", lines=("Le duplicata est payant :",)),
        Passage(id="p2", aspect=Aspect.COUT, heading="Coût", cases=("Adulte",), lines=("12 €",)),
        Passage(id="p3", aspect=Aspect.COUT, heading="Coût", cases=("Enfant",), lines=("5 €",)),
    )
    fiche = FERMAGE.model_copy(update={"passages": passages})
    answer = answer_from(fiche, aspect=Aspect.COUT, text="combien ?")
    assert answer.extract is not None
    assert answer.extract.lines == ("Le duplicata est payant :", "• Adulte : 12 €", "• Enfant : 5 €")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Comment renouveler un passeport périmé ? Et combien touche une personne au RSA ?", 2),
        ("Ma dame a 79 ans. Elle vend sa voiture au voisin. Quels papiers remplir pour la vente ?", 1),
        ("Il a perdu sa carte grise, c'est combien ?", 1),
        ("bonjour", 1),
    ],
)
def test_a_message_is_cut_only_into_questions_that_stand_alone(text: str, count: int) -> None:
    assert len(question_parts(text)) == count


def test_an_open_situation_is_asked_before_a_passage_that_shares_nothing_but_a_figure() -> None:
    validity = Passage(id="v", aspect=Aspect.DELAI, heading="Durée de validité", lines=("La carte vaut 10 ans.",))
    fiche = CARTE.model_copy(update={"introduction": (), "passages": (validity, *CARTE.passages)})
    answer = answer_from(fiche, aspect=None, text="un monsieur de 10 ans a perdu sa carte de pêche", rank=lambda p: p)
    assert answer.extract is None
    assert answer.choice is not None
    told = answer_from(fiche, aspect=None, text="sa carte de pêche perdue, quelle validité", rank=lambda p: p)
    assert told.extract is not None
