from datetime import date

import pytest

from bot.demarches import Demarche
from bot.errors import CorpusError
from bot.fiches.importers.publication import fiche_of
from bot.fiches.importers.tree import from_xml
from bot.fiches.model import Aspect, Link, Origin, Related
from tests.unit.fiches.importers.publications import TEXT, block, fiche, publication


def p(text: str) -> str:
    return f"<Paragraphe>{text}</Paragraphe>"


def chapter(title: str, inside: str, tag: str = "Chapitre", **attributes: str) -> str:
    written = "".join(f" {name}='{value}'" for name, value in attributes.items())
    return f"<{tag}{written}><Titre>{p(title)}</Titre>{inside}</{tag}>"


def case(title: str, inside: str) -> str:
    return f"<Cas><Titre>{title}</Titre>{inside}</Cas>"


def cases(*inside: str) -> str:
    return f"<BlocCas affichage='radio'>{''.join(inside)}</BlocCas>"


def test_the_identity_of_a_fiche_is_read():
    made = fiche(TEXT)
    assert (made.id, made.origin, made.title) == (
        "F90001",
        Origin.SERVICE_PUBLIC,
        "Permis de cabane : première demande",
    )
    assert made.url == "https://www.service-public.gouv.fr/particuliers/vosdroits/F90001"
    assert (made.updated, made.kind) == (date(2020, 8, 26), "Fiche d'information")
    assert (made.theme, made.dossier, made.sous_dossier) == ("Logement", "Cabanes", "Dans les arbres")
    assert (made.demarche, made.description) == (Demarche.LOGEMENT, "Pour construire une cabane.")


@pytest.mark.parametrize("dated", ["", "created 2020-01-01", "modified 2020-13-45"])
def test_a_fiche_without_a_usable_date_has_none(dated):
    assert fiche(TEXT, dated=dated).updated is None


def test_chapters_sub_chapters_and_leaf_cases_are_passages_in_reading_order():
    made = fiche(
        "<Texte>"
        + p("Avant tout.")
        + chapter(
            "Pièces à fournir",
            p("Toujours.") + cases(case("Majeur", p("• a")), case("Mineur", cases(case("Seul", p("b"))))) + p("Enfin."),
        )
        + chapter("Prix", chapter("Timbre", p("25 €"), "SousChapitre"))
        + "</Texte>"
    )
    assert [(x.id, x.aspect, x.heading, x.cases, x.lines) for x in made.passages] == [
        ("p1", Aspect.INTRODUCTION, "", (), ("Avant tout.",)),
        ("p2", Aspect.PIECES, "Pièces à fournir", (), ("Toujours.",)),
        ("p3", Aspect.PIECES, "Pièces à fournir", ("Majeur",), ("• a",)),
        ("p4", Aspect.PIECES, "Pièces à fournir", ("Mineur", "Seul"), ("b",)),
        ("p5", Aspect.PIECES, "Pièces à fournir", (), ("Enfin.",)),
        ("p6", Aspect.COUT, "Prix › Timbre", (), ("25 €",)),
    ]


def test_the_publisher_s_own_type_of_chapter_wins_over_its_title():
    made = fiche("<Texte>" + chapter("Où aller ?", p("a"), type="pieces") + "</Texte>")
    assert made.passages[0].aspect is Aspect.PIECES


def test_situations_are_kept_with_their_introduction():
    def situation(title: str, inside: str) -> str:
        return f"<Situation><Titre>{title}</Titre>{inside}</Situation>"

    made = fiche(
        "<Introduction><Texte>"
        + p("Pour tous.")
        + "</Texte></Introduction><ListeSituations affichage='onglet'>"
        + situation(
            "En France",
            "<Introduction><Texte>" + p("Ici.") + "</Texte></Introduction>"
            "<Texte><FragmentConditionne><Condition><estVrai var='T1'/></Condition>"
            + p("Sous condition.")
            + "</FragmentConditionne>"
            + chapter("Coût", p("1 €"))
            + "</Texte>",
        )
        + situation("À l'étranger", "<Texte>" + p("Là-bas.") + "</Texte>")
        + "</ListeSituations>"
    )
    assert made.introduction == ("Pour tous.",)
    assert made.situations == ("En France", "À l'étranger")
    assert [(x.situation, x.aspect, x.heading, x.text) for x in made.passages] == [
        ("En France", Aspect.INTRODUCTION, "", "Ici."),
        ("En France", Aspect.INTRODUCTION, "", "Sous condition."),
        ("En France", Aspect.COUT, "Coût", "1 €"),
        ("À l'étranger", Aspect.AUTRE, "", "Là-bas."),
    ]


def test_the_text_of_a_question_takes_the_aspect_that_the_question_asks_for():
    made = fiche("<Texte>" + p("Douze euros.") + "</Texte>", title="Combien coûte une cabane ?")
    assert made.passages[0].aspect is Aspect.COUT


SERVICE = (
    "<ServiceEnLigne ID='R1' URL='https://exemple.gouv.fr/demande' type='Téléservice'><Titre>Demander</Titre>"
    "<Source ID='R2'>Ministère</Source><Introduction><Texte><Paragraphe>Avec un compte</Paragraphe></Texte>"
    "</Introduction></ServiceEnLigne>"
)
FORM = (
    "<ServiceEnLigne ID='R3' type='Formulaire'><Titre>Cabane</Titre><ServiceEnLigneAnnexe type='Formulaire'"
    " numerocerfa='99999*01'><Titre>Annexe</Titre><LienWeb URL='https://exemple.gouv.fr/a.pdf'/>"
    "<NoticeLiee URL='https://exemple.gouv.fr/n.pdf'>Notice</NoticeLiee></ServiceEnLigneAnnexe></ServiceEnLigne>"
)
PLACE = (
    "<OuSAdresser ID='R4' type='Centre de contact'><Titre>Allô Cabane</Titre><PivotLocal>cabane</PivotLocal>"
    "<RessourceWeb URL='https://exemple.gouv.fr/allo'/><Texte><Chapitre><Titre><Paragraphe>Par téléphone</Paragraphe>"
    "</Titre><Paragraphe>39 00</Paragraphe></Chapitre></Texte></OuSAdresser>"
)


def test_services_and_places_of_a_chapter_belong_to_its_passage():
    made = fiche("<Texte>" + chapter("Démarche", p("En ligne.") + SERVICE + FORM + PLACE) + "</Texte>")
    (passage,) = made.passages
    assert passage.lines == ("En ligne.", "Demander\u00a0: Avec un compte", "Allô Cabane\u00a0: Par téléphone", "39 00")
    assert passage.services == (
        Link(label="Demander", url="https://exemple.gouv.fr/demande", kind="téléservice"),
        Link(label="Cabane – Annexe (cerfa n°\u00a099999*01)", url="https://exemple.gouv.fr/a.pdf", kind="formulaire"),
        Link(label="Notice", url="https://exemple.gouv.fr/n.pdf", kind="notice"),
    )
    assert passage.contacts == (
        Link(label="Allô Cabane", url="https://exemple.gouv.fr/allo", kind="centre de contact"),
    )
    assert made.services == passage.services
    assert made.contacts == passage.contacts


def test_places_at_the_foot_of_the_page_give_a_passage_with_their_details():
    made = fiche(TEXT + PLACE)
    assert (made.passages[-1].aspect, made.passages[-1].heading) == (Aspect.OU, "Allô Cabane")
    assert made.passages[-1].lines == ("Par téléphone", "39 00")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "ftp://exemple.fr", ""])
def test_only_web_addresses_become_links(url):
    made = fiche(TEXT + f"<ServiceEnLigne ID='X' URL='{url}' type='Téléservice'><Titre>Piège</Titre></ServiceEnLigne>")
    assert made.services == ()


def test_a_model_letter_without_address_is_found_on_the_site():
    letter = "<ServiceEnLigne ID='R55' type='Modèle de document'><Titre>Lettre</Titre></ServiceEnLigne>"
    (link,) = fiche(TEXT + letter).services
    assert link.url == "https://www.service-public.gouv.fr/particuliers/vosdroits/R55"


def test_references_and_other_fiches_are_kept_and_folders_are_not():
    made = fiche(
        TEXT
        + "<VoirAussi important='oui'><Dossier ID='N247'><Titre>Dossier</Titre></Dossier><Fiche ID='F12'><Titre>Bois"
        "</Titre><Theme ID='N19808'><Titre>Logement</Titre></Theme></Fiche></VoirAussi>"
        "<QuestionReponse ID='F13'>Et la pluie ?</QuestionReponse><QuestionReponse ID='F12'>Bois</QuestionReponse>"
        "<CommentFaireSi ID='F90001'>Elle-même</CommentFaireSi>"
        "<Reference type='Texte de référence' URL='https://exemple.gouv.fr/loi' ID='R1'><Titre>Loi</Titre>"
        "<Complement>Cabanes</Complement></Reference>"
    )
    assert made.related == (Related(id="F12", title="Bois"), Related(id="F13", title="Et la pluie ?"))
    assert made.references == (
        Link(label="Loi – Cabanes", url="https://exemple.gouv.fr/loi", kind="texte de référence"),
    )


def test_a_fiche_made_of_external_links_quotes_them():
    made = fiche(
        "<LienExterneCommente><LienExterne URL='https://exemple.gouv.fr/bac'>Le bac</LienExterne><Source ID='R1'>X"
        "</Source><Commentaire><Paragraphe>En 2020</Paragraphe></Commentaire></LienExterneCommente>"
    )
    assert made.passages[0].lines == ("Le bac – En 2020",)
    assert made.passages[0].services[0].url == "https://exemple.gouv.fr/bac"


def test_a_warning_comes_first_under_its_own_title():
    made = fiche(
        "<Avertissement ID='R1'><Titre>Réforme</Titre><Texte>" + p("Bientôt.") + "</Texte></Avertissement>" + TEXT
    )
    assert (made.passages[0].heading, made.passages[0].lines) == ("Réforme", ("Bientôt.",))


def test_a_body_tag_of_a_later_schema_is_not_lost():
    made = fiche(TEXT + "<Conclusion>" + p("Bonne chance.") + "</Conclusion>")
    assert made.passages[-1].lines == ("Bonne chance.",)


def test_several_introductions_are_all_kept():
    body = "<Introduction><Texte>" + p("Un.") + "</Texte><Texte>" + p("Deux.") + "</Texte></Introduction>"
    assert fiche(body).introduction == ("Un.", "Deux.")


@pytest.mark.parametrize(
    "xml",
    [
        publication(TEXT, fiche_id="R123"),
        publication(TEXT, fiche_id="N12"),
        publication(""),
        publication("<Problematiques><Problematique><Titre>Où ?</Titre></Problematique></Problematiques>"),
        publication("<Introduction><Texte>" + p("a") + "</Texte></Introduction><Problematiques/>"),
    ],
    ids=["resource", "folder", "empty", "guided search", "guided search with an introduction"],
)
def test_a_publication_without_text_of_its_own_is_skipped(xml):
    assert fiche_of(from_xml(xml.encode())) is None


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ("<Noeud ID='F1'/>", "élément racine inattendu"),
        ("<Publication/>", "sans identifiant"),
        ("<Publication ID='F1'><Texte><Paragraphe>a</Paragraphe></Texte></Publication>", "sans titre"),
    ],
)
def test_what_is_no_publication_is_refused_with_its_reason(xml, reason):
    with pytest.raises(CorpusError, match=reason):
        fiche_of(block(xml))
