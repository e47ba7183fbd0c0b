"""What of a fiche answers a question: pure choice of lines, never a word that is not in the fiche."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

from bot.fiches.analysis import fold, stems
from bot.fiches.model import Aspect, Fiche, Link, Passage

MAX_LINES = 6
MAX_CHOICES = 4
Ranking = Callable[[Sequence[Passage]], Sequence[Passage]]

_MONEY = re.compile(r"\d\s?(?:€|euros?)|\bgratuit|\bpayant|timbre fiscal|sans frais", re.IGNORECASE)
_TIME = re.compile(
    r"\bd[ée]lai|\d+\s?(?:jours?|semaines?|mois|ans?|heures?)\b|\bvalable\b|\bvalidit[ée]", re.IGNORECASE
)
_PLACE = re.compile(
    r"\bmairie|\bpr[ée]fecture|\ben ligne\b|\bguichet|\badress|\btribunal|\bcaisse|\bconsulat|s'adresser|\benvoy",
    re.IGNORECASE,
)
_WHO = re.compile(
    r"\bconditions?\b(?! qu)|\bavoir (?:au moins|plus de|moins de)|\b[âa]g[ée]e? de|\bplafond|\bremplir"
    r"|\bb[ée]n[ée]fici|\bdroit [àa]\b",
    re.IGNORECASE,
)
_COMMON = re.compile(r"^(?:.*\b)?(?:en france|en m[ée]tropole|cas g[ée]n[ée]ral)\b", re.IGNORECASE)
_LISTED = re.compile(r"(?:documents?|pi[èe]ces?|justificatifs?|fournir|joindre)\b.*:\s*$", re.IGNORECASE)
# Where a fiche has no chapter of that name, its sentences may still tell.
_TELLING_LINES = {Aspect.COUT: _MONEY, Aspect.DELAI: _TIME, Aspect.OU: _PLACE, Aspect.CONDITIONS: _WHO}


@dataclass(frozen=True, slots=True)
class Choice:
    """Situations or cases of a fiche among which the person has to say which is theirs.

    Attributes:
        titles: their titles, in the fiche's order; there may be more than can be shown as buttons.
    """

    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extract:
    """Lines quoted from one passage.

    Attributes:
        more: the passage goes on after the quoted lines.
    """

    passage: Passage
    lines: tuple[str, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What to show of one fiche.

    Attributes:
        aspect: the aspect asked for; ``None`` for a general question.
        extract: ``None`` when the fiche says nothing of what is asked, or when a choice has to be made first.
        choice: what to ask the person before, or besides, answering.
        services: online services and forms that go with the quoted passage, else with the fiche; at most three.
        contacts: where to go; only for questions about the place.
    """

    fiche: Fiche
    aspect: Aspect | None
    extract: Extract | None
    choice: Choice | None
    services: tuple[Link, ...]
    contacts: tuple[Link, ...]


def answer_from(
    fiche: Fiche,
    *,
    aspect: Aspect | None,
    text: str,
    chosen: Sequence[str] = (),
    rank: Ranking = lambda passages: passages,
) -> Answer:
    """Chooses what to quote from *fiche*.

    Args:
        aspect: the part asked for, or ``None`` to let *rank* find the passage that fits *text*.
        text: the aidant's words; they may settle a choice between cases without asking (« il est mineur »).
        chosen: titles of situations and cases that the aidant already chose in this conversation.
        rank: orders passages by closeness to *text*.
    """
    candidates = _within(fiche.passages, chosen)
    if aspect is None:
        return _general(fiche, candidates, text=text, chosen=chosen, rank=rank)
    about = tuple(passage for passage in candidates if passage.aspect is aspect and (passage.lines or passage.contacts))
    contacts = _contacts(fiche, about) if aspect is Aspect.OU else ()
    if not about and aspect is Aspect.OU and (contacts := _online(fiche)):
        return Answer(fiche, aspect, None, None, (), contacts)
    if not about:
        extract = _telling_extract(candidates, _TELLING_LINES.get(aspect), rank)
        return Answer(fiche, aspect, extract, None, _services(fiche, extract), contacts)
    remaining, choice = _narrow(about, text=text, chosen=chosen)
    if not any(passage.lines for passage in remaining):
        return Answer(fiche, aspect, None, choice, _services(fiche, None), contacts)
    best = _best(remaining, aspect, rank)
    extract = _with_cases(_extract(best, starting_at=_LISTED if aspect is Aspect.PIECES else None), about)
    return Answer(fiche, aspect, extract, choice, _services(fiche, extract), contacts)


def tells(fiche: Fiche, aspect: Aspect) -> bool:
    """Whether :func:`answer_from` would quote something of *fiche* about *aspect*, or ask to choose a case first."""
    if any(passage.aspect is aspect and (passage.lines or passage.contacts) for passage in fiche.passages):
        return True
    if aspect is Aspect.OU and _online(fiche):
        return True
    pattern = _TELLING_LINES.get(aspect)
    return pattern is not None and any(pattern.search(passage.text) for passage in fiche.passages)


def _general(
    fiche: Fiche, candidates: tuple[Passage, ...], *, text: str, chosen: Sequence[str], rank: Ranking
) -> Answer:
    """A general question: the introduction when there is one, else the passage closest to the question.

    While the situation is open and that passage answers no word of the question, the situation is asked first: a
    first passport is not explained by how long a passport lasts.
    """
    choice = _open_situation(fiche, text=text, chosen=chosen)
    chosen_now = chosen if choice else (*chosen, *_settled(fiche.situations, text))
    candidates = _within(candidates, chosen_now)
    quotable = tuple(passage for passage in candidates if passage.lines)
    best = rank(quotable)[0] if quotable else None
    introduction = Passage(id="intro", aspect=Aspect.INTRODUCTION, heading="", lines=fiche.introduction)
    extract: Extract | None
    if fiche.introduction and not chosen and not (best and _tells_more(best, introduction, fiche, text)):
        extract = _extract(introduction)
    elif best and (choice is None or _answers(best, _own_words(fiche, text))):
        extract = _with_cases(_extract(best), quotable)
    else:
        extract = None
    return Answer(fiche, None, extract, choice, _services(fiche, extract), ())


def _tells_more(passage: Passage, introduction: Passage, fiche: Fiche, text: str) -> bool:
    """Whether *passage* holds more of the question's own words than the introduction, the fiche's title apart."""
    own = _own_words(fiche, text)
    return len(own & _stems_of(passage)) > len(own & set(stems(introduction.text)))


def _answers(passage: Passage, own: set[str]) -> bool:
    """Whether *passage* holds one of the *own* words that counts: neither a figure nor « ans », which any may hold."""
    return any(len(word) > 2 and not word.isdigit() for word in own & _stems_of(passage))


def _own_words(fiche: Fiche, text: str) -> set[str]:
    return set(stems(text)) - set(stems(f"{fiche.title} {fiche.dossier}"))


def _stems_of(passage: Passage) -> set[str]:
    return set(stems(f"{passage.title} {passage.text}"))


def _open_situation(fiche: Fiche, *, text: str, chosen: Sequence[str]) -> Choice | None:
    if len(fiche.situations) < 2 or set(chosen) & set(fiche.situations) or _settled(fiche.situations, text):
        return None
    return Choice(fiche.situations)


def _within(passages: Sequence[Passage], chosen: Sequence[str]) -> tuple[Passage, ...]:
    """The passages that remain once *chosen* rules out the siblings of each chosen title."""
    remaining = tuple(passages)
    for title in chosen:
        depths = {_path(passage).index(title) for passage in remaining if title in _path(passage)}
        for depth in depths:
            parents = {_path(passage)[:depth] for passage in remaining if _at(passage, depth) == title}
            remaining = tuple(
                passage
                for passage in remaining
                if _at(passage, depth) in (None, title) or _path(passage)[:depth] not in parents
            )
    return remaining


def _narrow(
    passages: Sequence[Passage], *, text: str, chosen: Sequence[str]
) -> tuple[tuple[Passage, ...], Choice | None]:
    """Follows what is known of the person through situations and cases, down to the passages to quote.

    At each level: what was chosen, else what *text* settles, else the case of most people, the others being kept as
    a choice to offer. A level that nothing settles is a choice too, and what stands above it is quoted.
    """
    remaining = tuple(passages)
    offered: Choice | None = None
    depth = 0
    while any(len(_path(passage)) > depth for passage in remaining):
        titles = tuple(dict.fromkeys(title for passage in remaining if (title := _at(passage, depth)) is not None))
        known = tuple(title for title in titles if title in chosen) or _settled(titles, text)
        if not known and len(titles) > 1:
            usual = next((title for title in titles if _COMMON.search(title)), None)
            if usual is None:
                above = tuple(passage for passage in remaining if _at(passage, depth) is None)
                return above, Choice((*titles, *(offered.titles if offered else ())))
            offered = offered or Choice(tuple(title for title in titles if title != usual))
            known = (usual,)
        if known:
            deeper = tuple(passage for passage in remaining if _at(passage, depth) in known)
            remaining = deeper if any(passage.lines for passage in deeper) else remaining
        depth += 1
    return remaining, offered


def _settled(titles: Sequence[str], text: str) -> tuple[str, ...]:
    """The one title that *text* points to: it shares a telling word with that title and with no other."""
    said = set(stems(text))
    shared_by_all = set.intersection(*(set(stems(title)) for title in titles)) if titles else set()
    matches = [title for title in titles if (set(stems(title)) - shared_by_all) & said]
    return tuple(matches) if len(matches) == 1 else ()


def _path(passage: Passage) -> tuple[str, ...]:
    return (passage.situation, *passage.cases) if passage.situation else passage.cases


def _at(passage: Passage, depth: int) -> str | None:
    path = _path(passage)
    return path[depth] if depth < len(path) else None


def _best(passages: Sequence[Passage], aspect: Aspect, rank: Ranking) -> Passage:
    """The passage to quote: in reading order for papers and conditions, where the first one frames the rest."""
    with_lines = [passage for passage in passages if passage.lines] or list(passages)
    if aspect in (Aspect.PIECES, Aspect.CONDITIONS):
        return max(with_lines, key=lambda passage: (min(len(passage.lines), 2), -with_lines.index(passage)))
    named = [passage for passage in with_lines if aspect is Aspect.DELAI and "délai" in passage.heading.lower()]
    pattern = _TELLING_LINES.get(aspect)
    telling = [passage for passage in named or with_lines if pattern and pattern.search(passage.text)]
    return rank(telling or named or with_lines)[0]


def _extract(passage: Passage, *, starting_at: re.Pattern[str] | None = None) -> Extract:
    """At most ``MAX_LINES`` lines of *passage*, from the list that *starting_at* announces when there is one."""
    lines = passage.lines
    announced = [
        place
        for place, line in enumerate(lines[:-1])
        if starting_at and starting_at.search(line) and lines[place + 1].lstrip().startswith("•")
    ]
    start = announced[0] if announced else 0
    return Extract(passage, lines[start : start + MAX_LINES], more=start + MAX_LINES < len(lines))


def _with_cases(extract: Extract, siblings: Sequence[Passage]) -> Extract:
    """*extract* followed by its cases, when its last line announces them (« … est payant : »)."""
    if extract.more or not extract.lines or not extract.lines[-1].rstrip().endswith(":"):
        return extract
    path = (extract.passage.heading, *_path(extract.passage))
    cases = [
        f"• {passage.cases[-1]} : {passage.lines[0]}"
        for passage in siblings
        if passage.lines and passage.cases and (passage.heading, *_path(passage)[:-1]) == path
    ]
    lines = (*extract.lines, *cases)
    return Extract(extract.passage, lines[:MAX_LINES], more=len(lines) > MAX_LINES)


def _telling_extract(passages: Sequence[Passage], pattern: re.Pattern[str] | None, rank: Ranking) -> Extract | None:
    if pattern is None:
        return None
    telling = [passage for passage in passages if pattern.search(passage.text)]
    if not telling:
        return None
    best = rank(telling)[0]
    lines = tuple(line for line in best.lines if pattern.search(line))[:3]
    return Extract(best, lines, more=len(lines) < len(best.lines))


def _services(fiche: Fiche, extract: Extract | None) -> tuple[Link, ...]:
    near = extract.passage.services if extract else ()
    return _distinct(chain(near, fiche.services))[:3]


def _online(fiche: Fiche) -> tuple[Link, ...]:
    """Where to go when no chapter says so: the online services and the counters that the fiche lists."""
    services = (link for link in fiche.services if "service" in link.kind)
    return _distinct(chain(services, fiche.contacts))[:4]


def _contacts(fiche: Fiche, about: Sequence[Passage]) -> tuple[Link, ...]:
    near = chain.from_iterable(passage.contacts for passage in about)
    return _distinct(chain(near, fiche.contacts))[:3]


def _distinct(links: chain[Link]) -> tuple[Link, ...]:
    seen: dict[str, Link] = {}
    for link in links:
        seen.setdefault(fold(link.label), link)
    return tuple(seen.values())
