"""Spoken questions: does the assistant make of what it hears what it makes of the same words typed?

The questions are said by the voice of the assistant, at several speeds and heights, sent as voice notes, clean and
under noise. « The same » is: the same intent, the same mandate topic when it is one, and, for a question about a
procedure, the same first fiche.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from bot.errors import EquipierError
from bot.evaluation.files import Item, read_items
from bot.evaluation.understanding import running_model
from bot.fiches.lexicon import Lexicon
from bot.voice.acronyms import trade_acronyms
from bot.voice.evaluation.ears import Ears, Stopwatch, as_voice_note, held, rendered_otherwise, with_noise
from bot.voice.evaluation.wording import Errors, errors
from bot.voice.speakable import spoken
from bot.voice.synthesis import KokoroSpeaker

NOISE_DECIBELS = 10.0
# Speed, then pitch: the set is not heard in one single rendering.
_RENDERINGS = ((1.0, 1.0), (1.1, 1.0), (0.9, 1.0), (1.0, 1.06), (1.0, 0.94))
_SPELLINGS = ("sms", "fautes")  # written in a way that nobody can say
_ABOUT_A_PROCEDURE = "question_demarche"
_ABOUT_MANDATES = "faq_mandat"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the assistant makes of a message.

    Attributes:
        intent: ``None`` when no understanding was at hand.
        topic: of a question about mandates; ``None`` otherwise.
        fiche: the first one found; ``None`` when the message is not about a procedure, or nothing was found.
    """

    intent: str | None
    topic: str | None
    fiche: str | None


@dataclass(frozen=True, slots=True)
class Heard:
    """One question as it was heard, in one condition.

    Attributes:
        same: it means what the typed text means.
    """

    text: str
    meaning: Meaning
    same: bool
    errors: Errors


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: typed, and heard clean and under noise."""

    item: Item
    typed: Meaning
    clean: Heard
    noisy: Heard


ReadsIntents = Callable[[str], tuple[str | None, str | None]]
"""The intent and the mandate topic of a message; both ``None`` when no understanding is at hand."""


def no_intents(_text: str) -> tuple[None, None]:
    """Where there is no understanding: only fiches are compared."""
    return None, None


@contextmanager
def intents_of(rasa_url: str | None, model: Path | None) -> Iterator[ReadsIntents]:
    """Reads intents through the server at *rasa_url*, else through *model* loaded for the time of the block.

    With neither, ``no_intents``.
    """
    if rasa_url:
        with httpx.Client(base_url=rasa_url, timeout=30.0, trust_env=False) as client:
            yield lambda text: _parsed(client, text)
    elif model:
        with running_model(model) as running:

            def read(text: str) -> tuple[str | None, str | None]:
                understood = running.parse(text)
                return understood.intent, understood.topic

            yield read
    else:
        yield no_intents


def spoken_questions(folder: Path) -> list[Item]:
    """The questions of the development sets that can be said, and those written to be said.

    Raises:
        EquipierError: a set is missing or malformed.
    """
    names = ("voice.dev.jsonl", "guidance.dev.jsonl", "intents.dev.jsonl")
    items = [item for name in names for item in read_items(folder / name, Item)]
    return [item for item in items if item.style not in _SPELLINGS and _can_be_said(item.text)]


def _can_be_said(text: str) -> bool:
    """Whether *text* is a sentence, written with care.

    One or two words are a button rather than a voice note. Where there is no capital there is often no accent either,
    and the voice would say « deces » or « tanpi » as nobody does.
    """
    return len(text.split()) >= 3 and text[0].isupper()


def as_said(text: str, lexicon: Lexicon) -> str:
    """What a person who means *text* says: « pr » is said « pour », and « cni » letter by letter as « CNI » is."""
    whole = lexicon.rewrite_sms(text)
    acronyms = trade_acronyms()
    return spoken(re.sub(r"\w+", lambda match: _in_capitals(match.group(), acronyms), whole))


def _in_capitals(word: str, acronyms: frozenset[str]) -> str:
    return word.upper() if word.upper() in acronyms else word


def meaning(text: str, read: ReadsIntents, first_fiche: Callable[[str], str | None]) -> Meaning:
    """What the assistant makes of *text*."""
    intent, topic = read(text)
    about = intent is None or intent == _ABOUT_A_PROCEDURE
    return Meaning(intent, topic if intent == _ABOUT_MANDATES else None, first_fiche(text) if about else None)


def ask_all(
    items: Sequence[Item],
    *,
    speaker: KokoroSpeaker,
    ears: Ears,
    voice: Stopwatch,
    read: ReadsIntents,
    first_fiche: Callable[[str], str | None],
) -> list[Asked]:
    """Says each question, listens to it twice, and compares."""

    def understand(text: str) -> Meaning:
        return meaning(text, read, first_fiche)

    lexicon = Lexicon.load()
    asked: list[Asked] = []
    for place, item in enumerate(items):
        said = as_said(item.text, lexicon)
        speed, pitch = _RENDERINGS[place % len(_RENDERINGS)]
        sound = voice.timed(partial(speaker.speak, said, speed=speed), seconds=lambda made: made.seconds)
        rendered = held(rendered_otherwise(sound.data, factor=pitch), sound.rate)
        typed = understand(item.text)
        clean, noisy = (
            _heard(ears.hears(as_voice_note(data, sound.rate)), said, typed, understand)
            for data in (rendered, with_noise(rendered, decibels=NOISE_DECIBELS, seed=place))
        )
        asked.append(Asked(item, typed, clean, noisy))
    return asked


def _heard(text: str, said: str, typed: Meaning, understand: Callable[[str], Meaning]) -> Heard:
    understood = understand(text) if text else Meaning(None, None, None)
    return Heard(text, understood, bool(text) and understood == typed, errors(said, text))


def _parsed(client: httpx.Client, text: str) -> tuple[str | None, str | None]:
    try:
        response = client.post("/model/parse", json={"text": text})
        response.raise_for_status()
        answer = response.json()
        intent = str(answer["intent"]["name"]).split("/")[0]
        ranking = answer.get("response_selector", {}).get(_ABOUT_MANDATES, {}).get("response", {})
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise EquipierError("le serveur Rasa n'a pas répondu comme attendu", hint="Vérifiez --rasa.") from error
    return intent, ranking.get("intent_response_key")
