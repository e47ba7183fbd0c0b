"""How someone wants to be answered: aloud too, or in short. Preferences follow the conversation, not the place."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from bot.conversations.intake import folded
from bot.conversations.models import Preference
from bot.storage.engine import Database
from bot.storage.sql import insert_if_absent

_WISHES_OF = select(Preference.voice, Preference.brief).where(Preference.conversation_id == bindparam("conversation"))
_LONGEST = 10  # words; a longer message says something else
_POLITE = (
    r"^(?:(?:stp|svp|s'il (?:te|vous) plait|merci de|peux[ -]tu|pouvez[ -]vous|tu peux|vous pouvez|je (?:veux"
    r"|voudrais))[ ,]+(?:que tu |que vous |me )?)?"
)
_ALOUD = re.compile(
    _POLITE
    + r"(?:repond(?:s|ez|re|es)|reponses?|lis(?:ez)?|lire|parle[rz]?|active[rz]?|met(?:s|tez)|lecture)\b[\w' -]*"
    r"\b(?:voix haute|haute voix|vocal|oralement|a l'oral)\b"
)
_SILENT = re.compile(
    _POLITE + r"(?:(?:arrete[rz]?|cesse[rz]?|stop|plus|desactive[rz]?|coupe[rz]?)\b[\w' -]*"
    r"\b(?:parler|lire|voix|vocal|lecture)\b"
    r"|(?:repond(?:s|ez|re)(?:[ -]moi)? |reponses? )?(?:seulement |uniquement )?par ecrit\b)"
)
_ANSWER = _POLITE + r"(?:(?:fai(?:s|tes)|donne[rz]?|met(?:s|tez))(?:[ -]moi)? (?:des |les )?)?"
_BRIEF = re.compile(
    _ANSWER + r"(?:(?:des )?reponses? (?:plus )?(?:courtes?|breves?)"
    r"|repond(?:s|ez|re)(?:[ -]moi)? (?:plus )?(?:brievement|court|en bref))\b"
)
_FULL = re.compile(
    _ANSWER + r"(?:(?:des )?reponses? (?:completes?|longues?|detaillees?|normales?)"
    r"|repond(?:s|ez|re)(?:[ -]moi)? (?:completement|en entier))\b"
)


@dataclass(frozen=True, slots=True)
class Preferences:
    """The wishes of someone.

    Attributes:
        voice: answers are also spoken.
        brief: answers are cut to the essential.
    """

    voice: bool = False
    brief: bool = False


class PreferenceStore:
    """Each method is one unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, conversation: str) -> Preferences:
        """The wishes of *conversation*; the usual ones when it never said any."""
        rows = self._database.read(_WISHES_OF, conversation=conversation)
        return Preferences(rows[0].voice, rows[0].brief) if rows else Preferences()

    def change(
        self, conversation: str, *, voice: bool | None = None, brief: bool | None = None, now: datetime
    ) -> Preferences:
        """Changes what is given, and leaves what is ``None`` as it is; the wishes after that."""
        with self._database.unit_of_work() as session:
            insert_if_absent(
                session, Preference, conversation_id=conversation, voice=False, brief=False, changed_at=now
            )
            row = session.get_one(Preference, conversation)
            row.voice = row.voice if voice is None else voice
            row.brief = row.brief if brief is None else brief
            row.changed_at = now
            return Preferences(row.voice, row.brief)


class PreferenceHearing:
    """Hears « réponds à voix haute », « réponses courtes »…; everything else is left to the dialogue."""

    def __init__(self, store: PreferenceStore) -> None:
        self._store = store

    def answer(self, conversation: str, text: str, *, now: datetime) -> str | None:
        """What to say to *text*; ``None`` when it asks nothing of the kind."""
        said = folded(text)
        if len(said.split()) > _LONGEST:
            return None
        for pattern, change, sentence in _WISHES:
            if pattern.match(said):
                self._store.change(conversation, **change, now=now)
                return sentence
        return None


_WISHES: tuple[tuple[re.Pattern[str], dict[str, bool], str], ...] = (
    (
        _SILENT,
        {"voice": False},
        "C'est noté\u202f: je réponds par écrit seulement. Pour entendre mes réponses, écrivez «\u202fréponds à voix"
        " haute\u202f».",
    ),
    (
        _ALOUD,
        {"voice": True},
        "C'est noté\u202f: mes réponses seront aussi lues à voix haute. Pour arrêter, écrivez «\u202fréponds par"
        " écrit\u202f».",
    ),
    (
        _BRIEF,
        {"brief": True},
        "C'est noté\u202f: je réponds en bref. Pour tout lire de nouveau, écrivez «\u202fréponses complètes\u202f».",
    ),
    (
        _FULL,
        {"brief": False},
        "C'est noté\u202f: je réponds en entier. Pour aller à l'essentiel, écrivez «\u202fréponses courtes\u202f».",
    ),
)
