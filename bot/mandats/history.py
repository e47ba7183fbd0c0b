"""What the journal says of a mandate, in plain French, for the citizen. Pure.

Aidants are not named: the citizen's right to know is about what the structure did (CJEU, C-579/21, 22 June 2023); the
structure knows who from its journal.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from bot.calendar import PARIS, french_day, french_moment
from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.journal.chain import Entry

Line = tuple[str, str]  # when, and what


def uses(entries: Sequence[Entry]) -> list[Line]:
    """What was done in the citizen's name, in the order of *entries*."""
    return [(_moment(one), _used(one)) for one in entries if one.action == Action.USE_AUTORISATION]


def events(entries: Sequence[Entry]) -> list[Line]:
    """The rest of the life of the mandate, in the order of *entries*.

    Scopes opened or closed together make one line; so does, each day, what happens often (readings, prints).
    """
    often = Counter(_often(entry) for entry in entries)
    lines: dict[tuple[str, str], Line] = {}
    for (when, kind), together in groupby(entries, key=lambda entry: (_moment(entry), _kind(entry))):
        same = list(together)
        if kind in _DAILY:
            day, times = _often(same[0])[0], often[_often(same[0])]
            lines.setdefault((day, kind), (day, f"{_DAILY[kind]} ({times} fois)" if times > 1 else _DAILY[kind]))
        elif sentence := _SENTENCES.get(kind):
            about = ", ".join(filter(None, map(_about, same)))
            lines[str(same[0].seq), kind] = (when, f"{sentence}\u202f: {about}" if about else sentence)
    return list(lines.values())


def _moment(entry: Entry) -> str:
    return french_moment(entry.at)


def _often(entry: Entry) -> tuple[str, str]:
    return french_day(entry.at.astimezone(PARIS).date()), entry.action


def _title(entry: Entry) -> str:
    return Demarche(entry.demarche).titre if entry.demarche else ""


def _used(entry: Entry) -> str:
    note = str(entry.details.get("note", ""))
    shown = f"fiche {note} de service-public" if re.fullmatch(r"F\d+", note) else note
    return f"{_title(entry)}\u202f: {shown}" if shown else _title(entry)


def _kind(entry: Entry) -> str:
    return "replaced" if "replaced_by" in entry.details else entry.action


def _about(entry: Entry) -> str:
    return _title(entry) or str(entry.details.get("number", ""))


_SENTENCES = {
    Action.CREATE_ATTESTATION.value: "Mandat signé",
    Action.CREATE_AUTORISATION.value: "Autorisation donnée pour",
    Action.CANCEL_AUTORISATION.value: "Autorisation révoquée pour",
    "replaced": "Autorisation remplacée par un mandat plus récent, pour",
    Action.CANCEL_MANDAT.value: "Mandat entièrement révoqué",
    Action.INIT_RENEW_MANDAT.value: "Renouvellement préparé",
    Action.ATTACH_OFFICIAL_NUMBER.value: "Rattaché au mandat Aidants Connect",
    Action.SEND_REMINDER.value: "Fin prochaine rappelée à la structure",
    Action.EXPORT_MANDATS.value: "Données du mandat exportées par la structure",
}
_DAILY = {
    Action.READ_MANDAT.value: "Mandat consulté par la structure",
    Action.PRINT_ATTESTATION.value: "Document imprimé (attestation, certificat ou relevé)",
}
