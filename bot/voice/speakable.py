"""From the light Markdown of an answer to what is said aloud: natural French, short, without any sign to be read.

The screen keeps the whole answer: what is said is its title, the lines quoted, the source and its date. Links are said
by their label, never by their address.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.voice.acronyms import in_reading_case
from bot.voice.numbers import spoken_numbers

MAX_CHARS = 700
REST_ON_SCREEN = "La suite est à l'écran."
_LINKS_ON_SCREEN = "Les liens utiles sont affichés."
_MAX_CHOICES = 4
_SENTENCE_END = re.compile(r"(?<=[.!?…;])\s+")
_LINK = r"\[(?P<label>[^\]]*)\]\((?P<url>[^)\s]*)\)"
_ONLY_LINKS = re.compile(rf"{_LINK.replace('?P<label>', '').replace('?P<url>', '')}(?: · \[[^\]]*\]\([^)\s]*\))*")
_SOURCE = re.compile(r"(?:Source ?:|Guide d'Équipier)")
_AS_A_CLAUSE = {"Mis": "fiche mise", "Vérifié": "vérifié", "Date": "date"}
_OFFICIAL = ("Fiche officielle", "Page officielle")


@dataclass(slots=True)
class _Parts:
    """An answer by how much it must be said: the beginning may be cut, the end is always said."""

    body: list[str] = field(default_factory=list)
    end: list[str] = field(default_factory=list)


def speakable(markdown: str, *, choices: Sequence[str] = ()) -> str:
    """What to say of *markdown*, in at most about ``MAX_CHARS`` characters; empty when it holds nothing to say.

    Args:
        choices: titles of the buttons under the answer; a few of them are told, after the answer.
    """
    parts = _parts(markdown)
    end = " ".join(filter(None, (_said(line) for line in parts.end)))
    offered = _offered(choices)
    room = MAX_CHARS - len(end) - len(offered)
    body = _cut(" ".join(filter(None, (_said(line) for line in parts.body))), room)
    return " ".join(filter(None, (body, end, offered)))


def spoken(text: str) -> str:
    """One piece of plain text as it is said: numbers, abbreviations, acronyms, signs. No Markdown, no cut."""
    for pattern, said in _BEFORE_NUMBERS:
        text = pattern.sub(said, text)
    text = spoken_numbers(text)
    for pattern, said in _AFTER_NUMBERS:
        text = pattern.sub(said, text)
    return text.strip()


def _parts(markdown: str) -> _Parts:
    parts = _Parts()
    source_told = False
    for raw in markdown.splitlines():
        line = raw.strip()
        if not line:
            continue
        if _ONLY_LINKS.fullmatch(line):
            labels = [match["label"] for match in re.finditer(_LINK, line)]
            if any(label not in _OFFICIAL for label in labels):
                parts.end.append(_LINKS_ON_SCREEN)
        elif _SOURCE.match(line):
            source_told = True
            parts.end.append(_short_source(line))
        elif source_told or line.startswith("⚠"):
            parts.end.append(_short_warning(line))
        else:
            parts.body.append(line)
    return parts


def _short_source(line: str) -> str:
    """« Source : service-public.gouv.fr, fiche F1341. Mis à jour le… », told; the id of the fiche is on the screen."""
    line = re.sub(r", fiche [A-Z][\w-]*\.?", ".", line)
    line = re.sub(r"^Source ?: ?service-public\.gouv\.fr", "Source : le site service public", line)
    return line.replace(" Mis à jour le", " Cette fiche a été mise à jour le").replace(
        " Vérifié le", " Ce guide a été vérifié le"
    )


def _short_warning(line: str) -> str:
    """A warning, or the mandate to plan, as people say it."""
    line = re.sub(r"^⚠\s*(\w)", lambda match: f"Attention, {match[1].lower()}", line)
    line = line.replace("cette version a plus de 12 mois : vérifiez la fiche", "elle date de plus d'un an. Vérifiez-la")
    return re.sub(r"^Mandat à prévoir ?: thème", "Pour le mandat, le thème est :", line)


def _said(line: str) -> str:
    """One line as one or more whole sentences."""
    text = re.sub(_LINK, lambda match: match["label"], re.sub(r"^[•*–-]\s+", "", line))
    if re.fullmatch(r"\(Suite dans la (?:fiche|page)\.\)", text):
        return "La suite est dans la fiche."
    text = spoken(re.sub(r"\*\*|__|`", "", text))
    if not re.search(r"\w", text):
        return ""
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?:" else f"{text.rstrip(' ,;')}."


def _offered(choices: Sequence[str]) -> str:
    said = [spoken(title).rstrip(" .?!") for title in choices[:_MAX_CHOICES]]
    if not said:
        return ""
    more = ", ou autre chose à l'écran" if len(choices) > _MAX_CHOICES else ""
    return f"Vous pouvez me répondre: {', '.join(said)}{more}."


def _cut(text: str, room: int) -> str:
    """*text* whole if it fits in *room* characters; else its first sentences, and that the rest is on the screen."""
    if len(text) <= room:
        return text
    kept: list[str] = []
    left = room - len(REST_ON_SCREEN)
    for sentence in _SENTENCE_END.split(text):
        left -= len(sentence) + 1
        if left < 0:
            break
        kept.append(sentence)
    if not kept:  # one endless sentence: its beginning is better than silence
        words = text[: max(0, room - len(REST_ON_SCREEN) - 2)].rsplit(" ", 1)[0]
        kept = [f"{words.rstrip(' ,;:')}."]
    return " ".join([*kept, REST_ON_SCREEN]).replace("; La", ". La")


def _domain(match: re.Match[str]) -> str:
    return match.group().replace("-", " ").replace("www.", "").replace(".", " point ")


def _email(match: re.Match[str]) -> str:
    return _domain(match).replace("@", " arobase ")


def _reference(match: re.Match[str]) -> str:
    """« M-2026-0042-K7 »: its groups, one after the other."""
    return ", ".join(match.group().split("-"))


def _acronym(match: re.Match[str]) -> str:
    return in_reading_case(match.group().replace(".", ""))


_Said = Callable[[re.Match[str]], str] | str


def _rules(*rules: tuple[str, _Said]) -> tuple[tuple[re.Pattern[str], _Said], ...]:
    return tuple((re.compile(pattern), said) for pattern, said in rules)


_EMOJI = "[\u2600-\u27bf\u2b00-\u2bff\ufe0e\ufe0f\u200d\U0001f000-\U0001faff]"
_BEFORE_NUMBERS = _rules(
    (r"[\u00a0\u202f\u2009]", " "),
    (r"[\u00ad\u200b]", ""),
    (r"[’ʼ‘´]", "'"),
    (r"https?://\S+", "le lien à l'écran"),
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", _email),
    (r"\b(?:[\w-]+\.)+(?:fr|com|org|net|eu)\b", _domain),
    (r"(?<=\w)\((?:e|s|es|x|ne|se|te|ère|trice|rice|euse|nne|le|ve)s?\)", ""),
    (r"(?<=\w)[·•](?:e|s|es|ne|se|te|ère|trice|rice|euse|nne|le|ve)(?:[·•]?s)?\b", ""),
    (r"(?<=\w)/(?:e|se|ère|trice|euse|ne)s?\b", ""),
    (r"\bM-\d{4}-\d{3,}(?:-\w+)?\b", _reference),
    (r"\bMM\.(?= )", "messieurs"),
    (r"\bM\.(?= [A-ZÉ])", "monsieur"),
    (r"\bMme\b\.?", "madame"),
    (r"\bMmes\b\.?", "mesdames"),
    (r"\bDr\b\.?(?= [A-ZÉ])", "docteur"),
    (r"\bMe\b(?= [A-ZÉ])", "maître"),
    (r"\b[nN]°s ?(?=\d)", "numéros "),
    (r"\b[nN]° ?(?=\d)", "numéro "),
    (r"\b[aA]rt\. ?(?=[LRD\d])", "article "),
    (r"\b([LRD])\. ?(?=\d)", r"\1 "),
    (r"\betc(?:\.|…|\b)(?=\s*$|\s+[A-ZÉÀ])", "et cetera."),
    (r"\betc(?:\.|…|\b)", "et cetera"),
    (r"\bcf\.? ", "voir "),
    (r"\bp\. ?ex\.?", "par exemple"),
    (r"\b[eE]x\. ?:?", "exemple :"),
    (r"\benv\. (?=\d)", "environ "),
    (r"\b[tT]él\.", "téléphone"),
    (r"\bmax\.", "maximum"),
    (r"\bmin\.", "minimum"),
    (r"\b[eE]t/ou\b", "ou"),
)
_AFTER_NUMBERS = _rules(
    (r"€", "euros"),
    (r"\b(?:[A-Z]\.){2,}", _acronym),
    (r"(?<![\w])[A-ZÀÉÈ]{2,}(?![a-zà-ÿ])", _acronym),
    (r"(?<=[A-Z])-(?=[A-Z]\b)", " "),
    (r"(?<=[A-Z])/(?=[A-Z])", ", "),
    (r"(?<=\w)/(?=\w)", " "),
    (r"\s[-–—›|/]+\s", ", "),
    (r"[«»“”\"\[\]{}_^`|~•·]", " "),
    (_EMOJI, " "),
    (r"\s?\+\s?", " plus "),
    (r"\s?=\s?", " égale "),
    (r"\s?&\s?", " et "),
    (r"\s?×\s?", " fois "),
    (r"\s?[≥⩾]\s?", " au moins "),
    (r"\s?[≤⩽]\s?", " au plus "),
    (r"\s?<\s?", " moins de "),
    (r"\s?>\s?", " plus de "),
    (r"[*#@÷≈$°]", " "),
    (r"\s*\(\s*", ", "),
    (r"\s*\)(?=\s*[.,;:!?])", ""),
    (r"\s*\)\s*", ", "),
    (r"\.{2,}|…", "."),
    (r"\s+", " "),
    (r" (?=[,.;:!?])", ""),
    (r"(?<=[;:!?]),|,(?=[.;:!?,])", ""),
    (r"\.(?=[,;:])|(?<=\.)\.+", ""),
    (r"^[,;:.\s]+", ""),
    (r"(?<=[,;:])(?=[^\s\d])", " "),
)  # fmt: skip
