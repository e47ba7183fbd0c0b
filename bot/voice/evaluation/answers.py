"""The assistant's own spoken answers, read back by its transcriber: are they intelligible?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.fiches import render
from bot.fiches.guidance import GuidanceService
from bot.voice.evaluation.ears import Ears, Stopwatch, as_voice_note
from bot.voice.evaluation.wording import Errors, errors
from bot.voice.speakable import speakable
from bot.voice.synthesis import Speaker


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One answer.

    Attributes:
        said: as ``speakable`` gave it.
    """

    question: str
    said: str
    heard: str
    errors: Errors


def real_answers(service: GuidanceService, questions: Sequence[str], *, limit: int) -> list[tuple[str, str]]:
    """Questions with the answer that a channel would show, in Markdown: those that quote a fiche, all distinct."""
    answers: dict[str, str] = {}
    for question in questions:
        for guidance in service.ask(question):
            if guidance.sure:
                answers.setdefault(render.answered(guidance, service).text, question)
    return [(question, answer) for answer, question in answers.items()][:limit]


def read_back(answers: Sequence[tuple[str, str]], *, speaker: Speaker, ears: Ears, voice: Stopwatch) -> list[ReadBack]:
    """Says each answer as a voice note, and listens to it."""
    done: list[ReadBack] = []
    for question, answer in answers:
        said = speakable(answer)
        sound = voice.timed(partial(speaker.speak, said), seconds=lambda made: made.seconds)
        heard = ears.hears(as_voice_note(sound.data, sound.rate))
        done.append(ReadBack(question, said, heard, errors(said, heard)))
    return done
