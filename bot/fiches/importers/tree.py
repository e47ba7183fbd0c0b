"""A neutral tree for the two forms of one publication: the official XML, and its JSON rendering.

Both forms come from outside: they are read with limits, and without any of what XML can do beyond elements,
attributes and text (document types, entities, external files).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from bot.errors import CorpusError

# The largest file of the 2020 corpus has 1.2 MB, 14 levels and 12,000 nodes.
MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 80
MAX_NODES = 200_000

_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"


@dataclass(frozen=True, slots=True)
class Node:
    """An element, or a piece of text between elements.

    Attributes:
        tag: name of the element, with the prefix ``dc:`` for Dublin Core; empty for a piece of text.
        children: elements and pieces of text, in order.
        text: the piece of text, as written; empty for an element.
    """

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: tuple["Node", ...] = ()
    text: str = ""

    def elements(self, *tags: str) -> Iterator["Node"]:
        """The child elements that have one of these *tags*."""
        return (child for child in self.children if child.tag in tags)

    def first(self, *tags: str) -> "Node | None":
        """The first child element that has one of these *tags*."""
        return next(self.elements(*tags), None)

    def descendants(self) -> Iterator["Node"]:
        """Every element below this one, in reading order."""
        for child in self.children:
            if child.tag:
                yield child
                yield from child.descendants()

    def all_text(self) -> str:
        """The text of this node and of everything below it, as written."""
        return self.text if not self.tag else "".join(child.all_text() for child in self.children)


def read_tree(name: str, content: bytes) -> Node:
    """The root element of a publication, XML or JSON according to the file's *name*.

    Raises:
        CorpusError: the file is broken, too large, or uses what publications never do; the message, in French, is
            the reason to show beside the file's name.
    """
    if len(content) > MAX_BYTES:
        raise CorpusError(f"fichier de plus de {MAX_BYTES // (1024 * 1024)} Mio")
    return from_json(content) if name.lower().endswith(".json") else from_xml(content)


def from_xml(content: bytes) -> Node:
    """The root element of an XML publication (schemas 3.3 and 3.4).

    Raises:
        CorpusError: as in ``read_tree``.
    """
    builder = _Builder()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(content)
        parser.close()
    except DefusedXmlException as error:
        raise CorpusError("déclaration DTD ou entité refusée") from error
    except (ParseError, LookupError, ValueError) as error:  # the two last: an encoding unknown, or that is not so
        raise CorpusError(f"XML illisible ({error})") from error
    return builder.root()


def from_json(content: bytes) -> Node:
    """The root element of a JSON publication: ``{"id", "children": [element]}``, elements as written by ``xml-js``.

    Raises:
        CorpusError: as in ``read_tree``.
    """
    try:
        document = json.loads(content)
    except RecursionError as error:
        raise CorpusError(f"plus de {MAX_DEPTH} niveaux imbriqués") from error
    except ValueError as error:
        raise CorpusError(f"JSON illisible ({error})") from error
    children = document.get("children") if isinstance(document, dict) else None
    elements = [child for child in children if _is_element(child)] if isinstance(children, list) else []
    if len(elements) != 1:
        raise CorpusError("JSON sans publication")
    builder = _Builder()
    _replay(elements[0], builder)
    return builder.root()


class _Builder:
    """Target of the parser: builds the tree from its events, and stops at the limits."""

    def __init__(self) -> None:
        self._open: list[tuple[str, dict[str, str], list[Node]]] = [("", {}, [])]
        self._pending: list[str] = []
        self._count = 0

    def start(self, tag: str, attrs: dict[str, str]) -> None:
        self._flush()
        if len(self._open) > MAX_DEPTH:
            raise CorpusError(f"plus de {MAX_DEPTH} niveaux imbriqués")
        self._open.append((tag.replace(_DUBLIN_CORE, "dc:"), dict(attrs), []))

    def data(self, text: str) -> None:
        self._pending.append(text)

    def end(self, _tag: str) -> None:
        self._flush()
        tag, attrs, children = self._open.pop()
        self._add(Node(tag, attrs, tuple(children)))

    def close(self) -> None:
        """Part of what the parser expects of its target."""

    def root(self) -> Node:
        """The root element, once everything was read."""
        return next(node for node in self._open[0][2] if node.tag)

    def _flush(self) -> None:
        if self._pending:
            self._add(Node("", text="".join(self._pending)))
            self._pending = []

    def _add(self, node: Node) -> None:
        self._count += 1
        if self._count > MAX_NODES:
            raise CorpusError(f"plus de {MAX_NODES} éléments")
        self._open[-1][2].append(node)


def _writable(text: str) -> str:
    """*text*, which a base can hold: JSON, unlike XML, can name the null character and half a character.

    Raises:
        CorpusError: it names one.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CorpusError("moitié de caractère dans un texte") from error
    if "\x00" in text:
        raise CorpusError("caractère nul dans un texte")
    return text


def _is_element(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") == "element"


def _replay(element: dict[str, Any], builder: _Builder) -> None:
    """Sends one JSON element to *builder* as the XML parser would; comments and instructions are left out.

    The recursion is bounded: the builder refuses to go below ``MAX_DEPTH``.
    """
    name, attributes, children = element.get("name"), element.get("attributes") or {}, element.get("children") or []
    if not (isinstance(name, str) and name) or not isinstance(attributes, dict) or not isinstance(children, list):
        raise CorpusError("JSON d'une autre forme que celle des publications")
    builder.start(_writable(name), {_writable(str(key)): _writable(str(value)) for key, value in attributes.items()})
    for child in children:
        if _is_element(child):
            _replay(child, builder)
        elif isinstance(child, dict) and child.get("type") in ("text", "cdata"):
            builder.data(_writable(str(child.get(child["type"], ""))))
    builder.end(name)
