"""E-mail addresses and telephone numbers of persons."""

import re

from bot.privacy.spans import PiiType, Span

_EMAIL = re.compile(
    r"(?<![\w.+-])[^\W_][\w.+'-]{0,63}(?:\s?@\s?|\s?\((?:at|arobase)\)\s?|\s(?:arobase|arobaz\w?)\s)"
    r"[a-z0-9][a-z0-9-]{0,62}(?:(?:\.|\s?\((?:dot|point)\)\s?|\spoint\s|\s?\.(?=(?:com|fr|net|org)\b))[a-z0-9-]{1,62}){1,4}",
    re.IGNORECASE,
)
_SERVICE_WORD = (
    "accueil|admin|aide|aidants?|assistance|bonjour|bureau|ccas|ce|cellule|contact|courrier|demande|direction|dpd|dpo|ecole|etat-civil|"
    "etatcivil|france-services|gestion|info|infos|information|mairie|mediation|mission|no-?reply|ne-?pas-?repondre|"
    "nepasrepondre|permanence|pref|prefecture|reclamation|recrutement|rh|sav|secretariat|service|services|social|sos|standard|"
    "support|urbanisme|webmaster"
)
_SERVICE_MAILBOX = re.compile(rf"(?:{_SERVICE_WORD})\d*(?:[._@+-]|$)", re.IGNORECASE)
_BODIES = re.compile(
    r"(?:^|[.-])(?:gouv|ameli|assurance-maladie|caf|cnaf|cnav|carsat|msa|urssaf|francetravail|pole-emploi|service-public|"
    r"aidantsconnect|aidants-connect|ants|anah|ofii|ofpra|mairie|ville|france-services)(?:[.-]|$)",
    re.IGNORECASE,
)

_SEP = r"[\s.\-]{0,2}"
_PAIRS = re.compile(r"(?<![\d+])0[1-9]([\s.\-/,]{0,2})\d\d(?:\1\d\d){3}(?!\d)")
_LOOSE = re.compile(r"(?<![\d+])0[1-9](?:[\s.\-]?\d){8}(?!\d)")
_FRENCH = re.compile(
    rf"(?<![\d(+])\(?(?:\+|00){_SEP}33\)?{_SEP}(?:\(0\){_SEP}|0(?=[1-9]))?[1-9](?:{_SEP}\d){{8}}(?!\d)"
)
_FOREIGN = re.compile(
    rf"(?:(?<![\d+])\+(?!33)[1-9]|(?<![^\W_])00(?!33)[1-9])\d{{0,2}}{_SEP}(?:\(0\){_SEP})?\d(?:{_SEP}\d){{6,11}}(?!\d)"
)
_DATE_LIKE = re.compile(r"\d\d[\s.\-/]\d\d[\s.\-/](?:19|20)\d\d(?!\d)")
# 08 numbers belong to services (Arcep numbering plan): nobody has one at home.
# Alone: inside a longer number (someone born in August, an account) the same ten digits are anything but a service.
_SERVICE_LINE = re.compile(
    r"(?<![\w+])(?<!\d[\s.\-/_])(?<!\d[\s.\-/_]{2})(?:0\s?8\d\d(?:[\s.\-]?\d){6}|08(?:[\s.\-]?\d){8})"
    r"(?![\s.\-/_]{0,2}\d)"
)
_SERVICE_NUMBER = re.compile(r"(?:(?:\+|00)\D{0,2}33\D{0,5}|0)8")


def emails(text: str) -> list[Span]:
    """Addresses of persons; shared mailboxes and those of public bodies that name nobody are left alone."""
    return [Span(m.start(), m.end(), PiiType.EMAIL) for m in _EMAIL.finditer(text) if not _is_help_desk(m.group())]


def help_desks(text: str) -> list[tuple[int, int]]:
    """Where addresses and telephone numbers of services stand: nothing else should be looked for inside them."""
    mailboxes = [m.span() for m in _EMAIL.finditer(text) if _is_help_desk(m.group())]
    return mailboxes + [m.span() for m in _SERVICE_LINE.finditer(text)]


def _is_help_desk(address: str) -> bool:
    mailbox, _, domain = address.partition("@")
    if _SERVICE_MAILBOX.match(mailbox.strip()):
        return True
    names_somebody = re.search(r"[^\W\d_]{2,}[._-][^\W\d_]{2,}", mailbox) is not None
    return _BODIES.search(domain.strip()) is not None and not names_somebody


def telephones(text: str) -> list[Span]:
    """Ordinary French numbers and international ones; service numbers (08…, 39 39, 115) are not personal."""
    return [
        Span(m.start(), m.end(), PiiType.TELEPHONE)
        for pattern in (_FRENCH, _FOREIGN, _PAIRS, _LOOSE)
        for m in pattern.finditer(text)
        if not _SERVICE_NUMBER.match(m.group()) and not _DATE_LIKE.match(m.group())
    ]
