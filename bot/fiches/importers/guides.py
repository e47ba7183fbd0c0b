"""Our own guides: Markdown files with front matter, read as fiches.

Of Markdown they use a small part: paragraphs, ``## `` headings, ``- `` lists (nested by two spaces), ``**bold**``
and ``[label](url)``. Anything else is kept as it is written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import frontmatter
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bot.demarches import Demarche
from bot.fiches.importers.archives import Rejected
from bot.fiches.importers.headings import aspect_of_heading
from bot.fiches.importers.text import BULLET, one_line
from bot.fiches.model import GUIDE_PREFIX, Aspect, Fiche, Link, Origin, Passage, Related

GUIDES_DIR = Path(__file__).resolve().parent.parent / "guides"
_MIN_QUESTIONS = 8
_ITEM = re.compile(r"( *)[-*] +(.*)")
_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide, and the questions of aidants that it answers: they feed the search index."""

    fiche: Fiche
    questions: tuple[str, ...]


def read_guides(folder: Path = GUIDES_DIR) -> tuple[list[Guide], list[Rejected]]:
    """The guides of *folder*, by file name, and the files that are none, with the reason."""
    headers: dict[str, tuple[_Header, str]] = {}
    rejected: list[Rejected] = []
    for path in sorted(folder.glob("*.md")):
        try:
            header, body = _parse(path)
            if header.id in headers:
                raise _Unreadable(f"identifiant déjà pris : {header.id}")
            headers[header.id] = (header, body)
        except _Unreadable as error:
            rejected.append(Rejected(path.name, str(error)))
    titles = {guide_id: header.title for guide_id, (header, _body) in headers.items()}
    guides = [Guide(_fiche(header, body, titles), tuple(header.questions)) for header, body in headers.values()]
    return guides, rejected


def guide_questions(folder: Path = GUIDES_DIR) -> dict[str, tuple[str, ...]]:
    """The questions of each guide, under its id."""
    guides, _rejected = read_guides(folder)
    return {guide.fiche.id: guide.questions for guide in guides}


class _Unreadable(Exception):
    """A file that is no guide; the message, in French, is the reason."""


def _https(value: str) -> str:
    if not re.fullmatch(r"https://[^\s/]+\.[^\s/]+(?:/\S*)?", value):
        raise ValueError("une adresse https est attendue")
    return value


def _distinct(values: list[str]) -> list[str]:
    if len({value.casefold() for value in values}) < len(values):
        raise ValueError("deux fois la même valeur")
    return values


_Text = Annotated[str, Field(min_length=1)]


class _Header(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    id: Annotated[str, Field(pattern=rf"^{GUIDE_PREFIX}[A-Z0-9]+(?:-[A-Z0-9]+)*$")]
    title: _Text
    source: Annotated[str, AfterValidator(_https)]
    verified_on: date
    scope: Demarche | Literal["aucune"]
    topics: list[_Text]
    questions: Annotated[list[_Text], Field(min_length=_MIN_QUESTIONS), AfterValidator(_distinct)]
    related: list[_Text]


_REASONS = {
    "missing": "manquant",
    "extra_forbidden": "inconnu",
    "too_short": f"trop court (au moins {_MIN_QUESTIONS} valeurs)",
    "string_pattern_mismatch": "d'une autre forme que celle attendue",
}


def _parse(path: Path) -> tuple[_Header, str]:
    try:
        post = frontmatter.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _Unreadable(f"fichier illisible ({error})") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # the two last: a 30 February, a thousand brackets
        raise _Unreadable("en-tête YAML illisible") from error
    if not post.metadata:
        raise _Unreadable("sans en-tête")
    try:
        header = _Header.model_validate(post.metadata)
    except ValidationError as error:
        raise _Unreadable(_explained(error)) from error
    if not post.content.strip() or post.content.lstrip().startswith("#"):
        raise _Unreadable("sans paragraphe d'introduction")
    return header, post.content


def _explained(error: ValidationError) -> str:
    """One clause per wrong key of the header."""
    wrong = {str(detail["loc"][0]): _REASONS.get(detail["type"], "invalide") for detail in error.errors()}
    return ", ".join(f"champ « {key} » {reason}" for key, reason in wrong.items())


def _fiche(header: _Header, body: str, titles: dict[str, str]) -> Fiche:
    introduction, *sections = _sections(body)
    demarche = None if header.scope == "aucune" else Demarche(header.scope)
    passages = tuple(_passage(rank, *section) for rank, section in enumerate(sections, start=1))
    links = (*introduction[2], *(link for passage in passages for link in passage.services))
    return Fiche(
        id=header.id,
        origin=Origin.GUIDE,
        title=header.title,
        url=header.source,
        updated=header.verified_on,
        kind="Guide",
        theme=demarche.titre if demarche else "",
        description=introduction[1][0] if introduction[1] else "",
        demarche=demarche,
        introduction=introduction[1],
        passages=passages,
        services=tuple(dict.fromkeys(links)),
        # A guide that was itself rejected cannot be referred to.
        related=tuple(Related(id=other, title=titles[other]) for other in header.related if other in titles),
        topics=tuple(header.topics),
    )


def _passage(rank: int, heading: str, lines: tuple[str, ...], links: tuple[Link, ...]) -> Passage:
    aspect = aspect_of_heading(heading) or Aspect.AUTRE
    return Passage(id=f"p{rank}", aspect=aspect, heading=heading, lines=lines, services=links)


def _sections(body: str) -> Iterator[tuple[str, tuple[str, ...], tuple[Link, ...]]]:
    """Heading, lines and links of each section; the first, without heading, is the introduction."""
    heading = ""
    content: list[str] = []
    for line in body.splitlines():
        if line.startswith("## "):
            yield (heading, *_content(content))
            heading, content = line.removeprefix("## ").strip(), []
        else:
            content.append(line)
    yield (heading, *_content(content))


def _content(source: list[str]) -> tuple[tuple[str, ...], tuple[Link, ...]]:
    """The lines of a section, with wrapped paragraphs and items put back on one line, and its links."""
    lines: list[str] = []
    goes_on = False
    for line in source:
        item = _ITEM.fullmatch(line)
        if item:
            lines.append(f"{item.group(1)}{BULLET}{item.group(2)}")
        elif goes_on and line.strip():
            lines[-1] += f" {line.strip()}"
        elif line.strip():
            lines.append(line.strip())
        goes_on = bool(line.strip())
    links = tuple(Link(label=_plain(label), url=url) for label, url in _LINK.findall("\n".join(lines)))
    return tuple(_plain(line) for line in lines), links


def _plain(line: str) -> str:
    """*line* without link addresses and emphasis; the indent of a nested list stays."""
    indent = len(line) - len(line.lstrip(" "))
    return " " * indent + one_line(_BOLD.sub(r"\1", _LINK.sub(r"\1", line)))
