"""The body of a publication cut into passages: one per chapter, sub-chapter, leaf case or situation text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bot.fiches.importers.headings import aspect_of_case, aspect_of_heading
from bot.fiches.importers.links import contact_of, is_contact, services_of
from bot.fiches.importers.text import LINKED, TITLES, lines_of, title_of
from bot.fiches.importers.tree import Node
from bot.fiches.model import Aspect, Passage

_HEADED = ("Chapitre", "SousChapitre")
# What opens a passage of its own, wherever it stands.
_STRUCTURE = frozenset((*_HEADED, "BlocCas", "Cas", "ListeSituations", "Situation", "Avertissement"))
_TITLED = frozenset((*_HEADED, "Cas", "Situation", "Avertissement"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the walk stands.

    Attributes:
        headings: titles of the chapter and sub-chapter, outermost first.
        aspect: the aspect that the text takes here; handed down unless a title says otherwise.
    """

    aspect: Aspect
    headings: tuple[str, ...] = ()
    situation: str | None = None
    cases: tuple[str, ...] = ()


def passages_of(bodies: Iterable[Node], *, aspect: Aspect) -> Iterator[Passage]:
    """The passages of some bodies (``Texte``, ``ListeSituations``…), in reading order, with an empty ``id``.

    Args:
        aspect: aspect of what stands before any title.
    """
    for body in bodies:
        yield from _walk(body, Place(aspect))


def situations_of(bodies: Iterable[Node]) -> tuple[str, ...]:
    """Titles of the situations, in order, each once."""
    titles = (title_of(node) for body in bodies if body.tag == "ListeSituations" for node in body.elements("Situation"))
    return tuple(dict.fromkeys(filter(None, titles)))


def _walk(node: Node, place: Place) -> Iterator[Passage]:
    match node.tag:
        case "Chapitre" | "SousChapitre":
            yield from _content(node, _under_heading(node, place))
        case "Cas":
            title = title_of(node)
            aspect = aspect_of_case(title) or place.aspect
            cases = (*place.cases, title) if title else place.cases
            yield from _content(node, replace(place, aspect=aspect, cases=cases))
        case "Situation":
            yield from _situation(node, replace(place, situation=title_of(node) or None))
        case "Texte":
            yield from _introduced(list(_content(node, place)))
        case "Avertissement":
            yield from _content(node, Place(Aspect.AUTRE, (title_of(node),)))
        case _:
            yield from _content(node, place)


def _under_heading(node: Node, place: Place) -> Place:
    title = title_of(node)
    aspect = Aspect.PIECES if node.attrs.get("type") == "pieces" else aspect_of_heading(title) or place.aspect
    outer = place.headings if node.tag == "SousChapitre" else ()
    return replace(place, aspect=aspect, headings=(*outer, title) if title else outer)


def _situation(node: Node, place: Place) -> Iterator[Passage]:
    for child in node.children:
        if child.tag == "Introduction":
            yield from _content(child, replace(place, aspect=Aspect.INTRODUCTION))
        elif child.tag not in TITLES:
            yield from _walk(child, place)


def _introduced(passages: list[Passage]) -> Iterator[Passage]:
    """Text that stands before the chapters introduces them, unless it already answers the title of the fiche."""
    before_chapters = any(passage.heading for passage in passages)
    for passage in passages:
        before_chapters = before_chapters and not passage.heading and not passage.cases
        leads = before_chapters and passage.aspect is Aspect.AUTRE
        yield passage.model_copy(update={"aspect": Aspect.INTRODUCTION}) if leads else passage


def _content(node: Node, place: Place) -> Iterator[Passage]:
    """What *node* says itself, broken by the passages of the chapters and cases that stand in it."""
    pending: list[Node] = []
    for child in _opened(node):
        if child.tag in _STRUCTURE:
            yield from _passage(pending, place)
            pending = []
            yield from _walk(child, place)
        else:
            pending.append(child)
    yield from _passage(pending, place)


def _opened(node: Node) -> Iterator[Node]:
    """The children of *node*, without its title; wrappers of chapters, cases or fragments give what they wrap."""
    for child in node.children:
        if child.tag in TITLES and node.tag in _TITLED:
            continue
        if child.tag == "FragmentConditionne" or (child.tag not in _STRUCTURE and _wraps_structure(child)):
            yield from _opened(child)
        else:
            yield child


def _wraps_structure(node: Node) -> bool:
    return node.tag not in LINKED and any(
        child.tag in _STRUCTURE or _wraps_structure(child) for child in node.children if child.tag
    )


def _passage(blocks: list[Node], place: Place) -> Iterator[Passage]:
    lines = lines_of(blocks)
    nodes = [node for block in blocks for node in (block, *block.descendants())]
    services = [link for node in nodes if node.tag == "ServiceEnLigne" for link in services_of(node)]
    contacts = [link for node in nodes if is_contact(node) for link in contact_of(node)]
    if lines or services or contacts:
        yield Passage(
            id="",
            aspect=place.aspect,
            heading=" › ".join(place.headings),
            situation=place.situation,
            cases=place.cases,
            lines=tuple(lines),
            services=tuple(services),
            contacts=tuple(contacts),
        )
