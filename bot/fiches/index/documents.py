"""What the index keeps of a fiche."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.fiches.model import Fiche

# The encoder sums over a sentence: beyond this many characters a passage's point drowns (measured on the corpus).
_PASSAGE_CHARS = 400
_STAND_IN_HEADINGS = 3


@dataclass(frozen=True, slots=True)
class Document:
    """The searchable text of one fiche, part by part.

    Attributes:
        head: title (twice, it weighs more), folder and sub-folder.
        summary: title and description, as one short text.
        body: everything that is written in the fiche.
        questions: bank questions; for a fiche that has none, stand-ins made of its title and headings, so that it is
            not buried under those that have some.
        folder: theme, folder and sub-folder: fiches that share them are the easiest to confuse.
        passages: text of each passage, headed by the fiche's title.
    """

    fiche_id: str
    title: str
    head: str
    summary: str
    body: str
    questions: tuple[str, ...]
    folder: str
    passages: tuple[str, ...]
    passage_ids: tuple[str, ...]


def document_of(fiche: Fiche, questions: tuple[str, ...]) -> Document:
    """Cuts *fiche* for the index; *questions* may be empty."""
    return Document(
        fiche_id=fiche.id,
        title=fiche.title,
        head=" ".join((fiche.title, fiche.title, fiche.dossier, fiche.sous_dossier)),
        summary=f"{fiche.title}. {fiche.description}"[:_PASSAGE_CHARS],
        body=" ".join(_all_text(fiche)),
        questions=questions or _stand_ins(fiche),
        folder=" › ".join((fiche.theme, fiche.dossier, fiche.sous_dossier)),
        passages=tuple(
            f"{fiche.title}. {passage.title}. {passage.text}"[:_PASSAGE_CHARS] for passage in fiche.passages
        ),
        passage_ids=tuple(passage.id for passage in fiche.passages),
    )


def _stand_ins(fiche: Fiche) -> tuple[str, ...]:
    """What people might ask of a fiche that the bank does not know: its title, alone and with its first headings."""
    headings = dict.fromkeys(passage.heading for passage in fiche.passages if passage.heading)
    with_headings = (f"{fiche.title} {heading}" for heading in list(headings)[:_STAND_IN_HEADINGS])
    return (f"{fiche.dossier} {fiche.title}".strip(), *with_headings)


def _all_text(fiche: Fiche) -> Iterable[str]:
    yield from (fiche.title, fiche.title, fiche.description, fiche.theme, fiche.dossier, fiche.sous_dossier)
    yield from fiche.introduction
    for passage in fiche.passages:
        yield passage.heading
        yield from passage.cases
        yield from passage.lines
