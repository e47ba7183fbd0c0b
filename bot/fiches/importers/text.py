"""Blocks of a publication as lines: word for word, white space collapsed, no-break spaces kept."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from bot.fiches.importers.tree import Node

BULLET = "• "
# Titles are read by whoever opens a block; conditions are machine rules; credits and sources name a photographer or
# an office, not a rule.
TITLES = ("Titre", "TitreRiche", "TitreAlternatif")
# Services and places become links; only what is said of them is text.
LINKED = frozenset(("ServiceEnLigne", "OuSAdresser", "QuiPeutMAider"))
_SILENT = frozenset(("Condition", "Colonne", "Credits", "Source", "PivotLocal"))
_BLOCKS = frozenset(("Paragraphe", "Liste", "Item", "Tableau", "Titre", "TitreRiche"))
# Attributed asides: what stands in front of the text when the publisher gives no title.
_ASIDES = {
    "ANoter": "À noter",
    "ASavoir": "À savoir",
    "Attention": "Attention",
    "Rappel": "Rappel",
    "Exemple": "Exemple",
}
_COLON = "\u00a0: "
_WHITE = re.compile(r"[ \t\r\n\f\v]+")


def one_line(text: str) -> str:
    """*text* on one line; empty when it holds nothing but spaces, of any kind."""
    seen = text.replace("\u200b", "")  # zero-width spaces, left by the publisher's editor, would only break searches
    return _WHITE.sub(" ", seen).strip(" ") if seen.strip() else ""


def inline(node: Node) -> str:
    """The text of a paragraph, a title or any inline element; an image counts for its replacement text."""
    return one_line(_running(node))


def title_of(node: Node, *tags: str) -> str:
    """The title that *node* carries (``Titre`` unless *tags* say otherwise); empty when there is none."""
    title = node.first(*(tags or TITLES))
    return inline(title) if title else ""


def lines_of(nodes: Iterable[Node]) -> list[str]:
    """The lines of some blocks, in order. A tag that is not known gives the lines of what it holds."""
    return [line for node in nodes for line in _lines(node)]


def titled(title: str, lines: list[str]) -> list[str]:
    """*lines* announced by *title*: « À noter : … ». A list keeps its own lines."""
    if not lines or not title:
        return lines
    if lines[0].lstrip().startswith(BULLET):
        return [f"{title}{_COLON}".rstrip(" "), *lines]
    return [f"{title}{_COLON}{lines[0]}", *lines[1:]]


def has_blocks(node: Node) -> bool:
    """Whether *node* holds blocks rather than running text."""
    return any(below.tag in _BLOCKS for below in node.descendants())


def _running(node: Node) -> str:
    if node.tag == "Image":
        replacement = node.first("TexteDeRemplacement")
        return replacement.all_text() if replacement else ""
    return node.text if not node.tag else "".join(_running(child) for child in node.children)


def _lines(node: Node) -> list[str]:
    if node.tag in _SILENT:
        return []
    if special := _SPECIAL.get(node.tag):
        return special(node)
    if has_blocks(node) and node.tag not in TITLES:
        return lines_of(node.children)
    text = inline(node)
    return [text] if text else []


def _aside_lines(node: Node) -> list[str]:
    body = lines_of(child for child in node.children if child.tag not in TITLES)
    return titled(title_of(node) or _ASIDES[node.tag], body)


def _linked_lines(node: Node) -> list[str]:
    lines = titled(title_of(node), lines_of(node.elements("Introduction", "Texte")))
    for annex in node.elements("ServiceEnLigneAnnexe"):
        lines += titled(title_of(annex), lines_of(annex.elements("Texte")))
    return lines


def _list_lines(node: Node) -> list[str]:
    """One line per item, its nested lists two spaces deeper; the paragraphs of an item are one line."""
    return [line for child in node.children for line in (_item_lines(child) if child.tag == "Item" else _lines(child))]


def _item_lines(item: Node) -> Iterator[str]:
    head: list[str] = []
    below: list[str] = []
    for child in item.children:
        if child.tag in ("Liste", "Tableau") or below:
            below += _lines(child)
        else:
            head += _lines(child)
    if head:
        yield BULLET + " ".join(head)
    yield from (f"  {line}" for line in below) if head else iter(below)


def _image_lines(node: Node) -> list[str]:
    description = node.first("Description")
    if description:
        return lines_of(description.children)
    text = title_of(node, "TexteDeRemplacement")
    return [text] if text else []


def _table_lines(table: Node) -> list[str]:
    """Title, then one line per row, cells joined with « | »; merged cells are repeated, so that each row says all."""
    title = title_of(table)
    lines = [title] if title else []
    merged: dict[int, _Merged] = {}
    for child in table.children:
        if child.tag not in ("Rangée", "Rangee"):
            lines += _lines(child) if child.tag not in TITLES else []
            continue
        cells = _row_cells(child, merged)
        if any(cells):
            lines.append(" | ".join(cells).strip(" "))
    return lines


@dataclass(frozen=True, slots=True)
class _Merged:
    """A cell that still covers *rows* rows below, *columns* wide."""

    text: str
    rows: int
    columns: int


def _row_cells(row: Node, merged: dict[int, _Merged]) -> list[str]:
    """The cells of *row*; *merged* holds what earlier rows still cover, by first column, and is brought up to date."""
    cells: list[str] = []
    column = 0

    def take_covered() -> None:
        nonlocal column
        while covered := merged.pop(column, None):
            if covered.rows > 1:
                merged[column] = replace(covered, rows=covered.rows - 1)
            cells.append(covered.text)
            column += covered.columns

    for cell in row.elements("Cellule"):
        take_covered()
        text = one_line(" ".join(line.strip(" ") for line in lines_of(cell.children)))
        rows, columns = _span(cell, "fusionVerticale"), _span(cell, "fusionHorizontale")
        if rows > 1:
            merged[column] = _Merged(text, rows - 1, columns)
        cells.append(text)
        column += columns
    take_covered()
    return cells


def _span(cell: Node, attribute: str) -> int:
    value = cell.attrs.get(attribute, "1")
    return max(1, min(int(value), 100)) if value.isascii() and value.isdigit() else 1


_SPECIAL: dict[str, Callable[[Node], list[str]]] = {
    "Liste": _list_lines,
    "Tableau": _table_lines,
    "Image": _image_lines,
    "Illustration": _image_lines,
    **dict.fromkeys(_ASIDES, _aside_lines),
    **dict.fromkeys(LINKED, _linked_lines),
}
