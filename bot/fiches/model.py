"""A fiche: one official procedure sheet (or one of our guides) with its typed parts.

The text is kept word for word: an answer may only quote it. Lists are flattened into lines that start with « • »
(nested: two more spaces per level); a table becomes one line per row, cells joined with « | ».
"""

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.demarches import Demarche

GUIDE_PREFIX = "G-"  # ids of our own guides


class Aspect(StrEnum):
    """What a passage is about; the follow-up questions of aidants ask for one of them."""

    INTRODUCTION = "introduction"
    CONDITIONS = "conditions"
    PIECES = "pieces"
    COUT = "cout"
    DELAI = "delai"
    OU = "ou"
    DEMARCHE = "demarche"  # how to go about it: the steps
    AUTRE = "autre"


class Origin(StrEnum):
    """Where a fiche comes from."""

    SERVICE_PUBLIC = "service-public"
    GUIDE = "guide"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Link(_Frozen):
    """A labelled address.

    ``kind`` is the publisher's own word in lower case: « téléservice », « formulaire », « simulateur », « modèle de
    document », « texte de référence », « contact »…
    """

    label: str
    url: str
    kind: str = ""


class Related(_Frozen):
    """Another fiche that this one names."""

    id: str
    title: str


class Passage(_Frozen):
    """The smallest part that is quoted: one chapter, sub-chapter or case.

    Attributes:
        id: stable within one version of the fiche: ``p1``, ``p2``… in reading order.
        heading: title of the chapter, and of the sub-chapter after « › »; empty for text that stands before any title.
        situation: title of the situation (« En France »…) it belongs to; ``None`` when the fiche has none.
        cases: titles of the nested cases, outermost first (« Cas général », « Vous avez un passeport valide »).
        lines: paragraphs and list items, word for word.
        services: online services and forms given in this very passage.
        contacts: « où s'adresser » of this very passage; ``url`` is empty when only the name of the place is given.
    """

    id: str
    aspect: Aspect
    heading: str
    situation: str | None = None
    cases: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    services: tuple[Link, ...] = ()
    contacts: tuple[Link, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def title(self) -> str:
        """Heading and cases, for people: « Pièces à fournir › Cas général »."""
        return " › ".join(part for part in (self.heading, *self.cases) if part)


class Fiche(_Frozen):
    """One sheet.

    Attributes:
        id: ``F1344`` for service-public, ``G-…`` for our guides.
        url: public page of the sheet; for a guide, the official page that it sums up (its ``source``).
        updated: day of the publisher's last modification; for a guide, the day we verified it; ``None`` when unknown.
        kind: the publisher's type (« Fiche d'information », « Fiche Question-réponse », …); « Guide » for ours.
        theme: title of the top-level theme (« Papiers - Citoyenneté »).
        dossier: title of the folder (« Carte d'identité ») and ``sous_dossier`` of its sub-folder; may be empty.
        description: the publisher's one-paragraph summary; may be cut with « … ».
        demarche: the mandate scope that covers it; ``None`` for a guide about mandates themselves.
        situations: titles that the person has to choose from, in order; empty when the fiche applies to all.
        topics: for a guide, the ``faq_mandat`` topics that it answers.
    """

    id: str
    origin: Origin
    title: str
    url: str
    updated: date | None
    kind: str
    theme: str = ""
    dossier: str = ""
    sous_dossier: str = ""
    description: str = ""
    demarche: Demarche | None = None
    introduction: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    situations: tuple[str, ...] = ()
    services: tuple[Link, ...] = ()
    contacts: tuple[Link, ...] = ()
    references: tuple[Link, ...] = ()
    related: tuple[Related, ...] = ()
    topics: tuple[str, ...] = ()

    def passages_about(self, aspect: Aspect) -> tuple[Passage, ...]:
        return tuple(passage for passage in self.passages if passage.aspect is aspect)
