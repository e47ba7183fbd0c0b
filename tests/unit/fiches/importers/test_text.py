import pytest

from bot.fiches.importers.text import lines_of
from tests.unit.fiches.importers.publications import block


def lines(xml: str) -> list[str]:
    return lines_of(block(f"<Texte>{xml}</Texte>").children)


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ("<Paragraphe>Un  mot,\n deux.</Paragraphe>", ["Un mot, deux."]),
        ("<Paragraphe>Coût\u00a0: <Valeur>25\u00a0€</Valeur></Paragraphe>", ["Coût\u00a0: 25\u00a0€"]),
        ("<Paragraphe>Le 1<Exposant>er</Exposant> août</Paragraphe>", ["Le 1er août"]),
        ("<Paragraphe>Voir <LienInterne LienPublication='F1'>la fiche</LienInterne>.</Paragraphe>", ["Voir la fiche."]),
        ("<Paragraphe>avant<Image><TexteDeRemplacement>Logo</TexteDeRemplacement></Image></Paragraphe>", ["avantLogo"]),
        ("<Paragraphe> \u00a0 </Paragraphe><Paragraphe/>", []),
        ("<Paragraphe>\u200bAide</Paragraphe>", ["Aide"]),
        (
            "<Liste><Item><Paragraphe>Pain</Paragraphe></Item><Item><Paragraphe>Lait</Paragraphe>"
            "<Paragraphe>entier</Paragraphe></Item></Liste>",
            ["• Pain", "• Lait entier"],
        ),
        (
            "<Liste><Item><Paragraphe>Fruits</Paragraphe><Liste><Item><Paragraphe>Poire</Paragraphe></Item></Liste>"
            "<Paragraphe>mûrs</Paragraphe></Item></Liste>",
            ["• Fruits", "  • Poire", "  mûrs"],
        ),
        ("<ANoter><Titre>À noter</Titre><Paragraphe>fermé.</Paragraphe></ANoter>", ["À noter\u00a0: fermé."]),
        ("<ASavoir><Paragraphe>ouvert.</Paragraphe></ASavoir>", ["À savoir\u00a0: ouvert."]),
        (
            "<Attention><Titre>Attention</Titre><Liste><Item><Paragraphe>feu</Paragraphe></Item></Liste></Attention>",
            ["Attention\u00a0:", "• feu"],
        ),
        ("<Rappel><Titre>Rappel</Titre></Rappel>", []),
    ],
)
def test_blocks_become_lines_word_for_word(xml, expected):
    assert lines(xml) == expected


@pytest.mark.parametrize("row", ["Rangée", "Rangee"])
def test_a_table_gives_one_line_per_row(row):
    cells = "<Cellule><Paragraphe>{}</Paragraphe></Cellule><Cellule><Paragraphe>{}</Paragraphe></Cellule>"
    rows = f"<{row} type='header'>{cells.format('Âge', 'Prix')}</{row}><{row}>{cells.format('6 ans', '3 €')}</{row}>"
    assert lines(f"<Tableau><Titre>Tarifs</Titre><Colonne largeur='4'/>{rows}</Tableau>") == [
        "Tarifs",
        "Âge | Prix",
        "6 ans | 3 €",
    ]


def test_a_merged_cell_is_repeated_in_each_row_that_it_covers():
    def cell(text: str, **spans: str) -> str:
        attributes = "".join(f" {name}='{value}'" for name, value in spans.items())
        return f"<Cellule{attributes}><Paragraphe>{text}</Paragraphe></Cellule>"

    table = (
        f"<Rangée>{cell('Foyer', fusionVerticale='2', fusionHorizontale='2')}{cell('Plafond', fusionHorizontale='2')}"
        f"</Rangée><Rangée>{cell('Paris')}{cell('Ailleurs')}</Rangée>"
        f"<Rangée>{cell('2', fusionVerticale='2')}{cell('couple')}{cell('10 €')}{cell('8 €')}</Rangée>"
        f"<Rangée>{cell('parent seul')}{cell('12 €')}{cell('9 €')}</Rangée>"
    )
    assert lines(f"<Tableau>{table}</Tableau>") == [
        "Foyer | Plafond",
        "Foyer | Paris | Ailleurs",
        "2 | couple | 10 € | 8 €",
        "2 | parent seul | 12 € | 9 €",
    ]


@pytest.mark.parametrize("span", ["", "-1", "abc", "0", "99999999999", "²"])
def test_a_senseless_span_does_no_harm(span):
    assert lines(f"<Tableau><Rangée><Cellule fusionVerticale='{span}'>a</Cellule></Rangée></Tableau>") == ["a"]


def test_tags_of_a_later_schema_give_their_text():
    assert lines(
        "<Nouveaute><TitreFlottant><Paragraphe>Dès 2027</Paragraphe></TitreFlottant>"
        "<Boite><Paragraphe>Gratuit.</Paragraphe></Boite></Nouveaute><Video>Film sous-titré</Video>"
    ) == ["Dès 2027", "Gratuit.", "Film sous-titré"]


def test_conditions_of_the_publisher_s_machine_are_not_text():
    assert lines("<Condition><ou><estVrai var='T1'/></ou></Condition><Source ID='R1'>Ministère</Source>") == []
