"""The measures of the voice, all together: real recordings, spoken questions, spoken answers."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.errors import EquipierError
from bot.fiches.guidance import GuidanceService
from bot.settings import ROOT, Settings
from bot.voice.evaluation.answers import ReadBack, read_back, real_answers
from bot.voice.evaluation.ears import Ears, Stopwatch, memory_mib, open_ears, open_voice
from bot.voice.evaluation.questions import NOISE_DECIBELS, Asked, ask_all, intents_of, spoken_questions
from bot.voice.evaluation.recordings import SOUNDS, Transcribed, recordings, transcribed
from bot.voice.evaluation.wording import total

EVAL = ROOT / "tests" / "eval"
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is measured; ``None`` is everything.

    Attributes:
        recordings: real recordings, spread over the list.
        questions: spoken questions, the first ones: those written to be said come first.
        answers: spoken answers.
    """

    recordings: int | None = 150
    questions: int | None = None
    answers: int = 40


def evaluate(
    settings: Settings,
    *,
    rasa_url: str | None = None,
    amount: Amount | None = None,
    sounds: Path = SOUNDS,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Measures the voice of this machine; about a quarter of an hour on two cores.

    Args:
        rasa_url: server that reads the intents; without it, the trained model is loaded, and where there is none the
            intents are not compared (``intents`` is then ``None`` in the report).
        tell: told in French what is being done.

    Returns:
        What JSON can hold: ``recordings`` (``None`` without the Debian package), ``questions``, ``answers``,
        ``memory``.

    Raises:
        EquipierError: the models of the voice or the index of the fiches are missing.
    """
    from bot.bootstrap import guidance_service  # noqa: PLC0415  the figures alone can be read without the search

    how_much = amount or Amount()
    service = guidance_service(settings)
    service.ask("préchauffage")  # the first query pays for page faults, once per process
    before = memory_mib()
    tell("Chargement des modèles de la voix")
    speaker = open_voice(settings.voice_dir)
    speaker.speak("Bonjour.")
    spoken_at = memory_mib()
    ears = open_ears(settings.voice_dir)
    report: dict[str, Any] = {"recordings": None}
    report["recordings"] = _measure_recordings(settings, ears, how_much, sounds, tell)
    listening_at = memory_mib()

    voice = Stopwatch()
    questions = spoken_questions(EVAL)[: how_much.questions]
    tell(f"Questions dites : {len(questions)}")
    ears.watch = Stopwatch()
    model = None if rasa_url else _model(settings)
    with intents_of(rasa_url, model) as read:
        asked = ask_all(
            questions, speaker=speaker, ears=ears, voice=voice, read=read, first_fiche=_first_fiche(service)
        )
    source = rasa_url or (model.name if model else None)
    report["questions"] = _questions(asked, source=source) | {"real_time_factor": ears.watch.factor}

    answers = real_answers(service, [item.text for item in spoken_questions(EVAL)], limit=how_much.answers)
    tell(f"Réponses relues : {len(answers)}")
    report["answers"] = _answers(read_back(answers, speaker=speaker, ears=ears, voice=voice))
    report["answers"]["real_time_factor_of_the_voice"] = voice.factor
    report["memory"] = {"voice_mib": spoken_at - before, "listening_mib": max(0, listening_at - spoken_at)}
    return report


def _measure_recordings(
    settings: Settings, ears: Ears, amount: Amount, sounds: Path, tell: Tell
) -> dict[str, Any] | None:
    try:
        several = recordings(sounds, limit=amount.recordings)
    except EquipierError as error:
        tell(f"Sans les voix réelles : {error} ({error.hint})")
        return None
    tell(f"Voix réelles : {len(several)} enregistrements, deux fois")
    hinted = _recordings(transcribed(several, ears)) | {"real_time_factor": ears.watch.factor}
    bare_ears = open_ears(settings.voice_dir, hint=False)
    bare = _recordings(transcribed(several, bare_ears)) | {"real_time_factor": bare_ears.watch.factor}
    seconds = round(ears.watch.sound, 1)
    return {"n": len(several), "seconds": seconds, "with_prompt": hinted, "without_prompt": bare}


def _recordings(heard: Sequence[Transcribed]) -> dict[str, Any]:
    errors = total(one.errors for one in heard)
    worst = sorted(heard, key=lambda one: -one.errors.wrong)[:10]
    return {
        "wer": round(errors.rate, 4),
        "words": errors.words,
        "worst": [
            {"name": one.recording.name, "said": one.recording.said, "heard": one.heard, "wrong": one.errors.wrong}
            for one in worst
            if one.errors.wrong
        ],
    }


def _questions(asked: Sequence[Asked], *, source: str | None) -> dict[str, Any]:
    return {
        "n": len(asked),
        "intents": source,
        "noise_db": NOISE_DECIBELS,
        "clean": _condition([(one, one.clean.same) for one in asked], [one.clean.errors for one in asked]),
        "noisy": _condition([(one, one.noisy.same) for one in asked], [one.noisy.errors for one in asked]),
        "items": [
            {
                "id": one.item.id,
                "typed": {"text": one.item.text} | asdict(one.typed),
                "clean": {"text": one.clean.text, "same": one.clean.same} | asdict(one.clean.meaning),
                "noisy": {"text": one.noisy.text, "same": one.noisy.same} | asdict(one.noisy.meaning),
            }
            for one in asked
        ],
    }


def _condition(each: Sequence[tuple[Asked, bool]], errors: Sequence[Any]) -> dict[str, Any]:
    """Rates over all questions, then over those written to be said and the others."""
    written = [same for one, same in each if one.item.id.startswith("V")]
    others = [same for one, same in each if not one.item.id.startswith("V")]
    rates = {"same": [same for _, same in each], "same_written_to_be_said": written, "same_typed_sets": others}
    return {name: round(sum(some) / len(some), 4) if some else None for name, some in rates.items()} | {
        "wer": round(total(errors).rate, 4)
    }


def _answers(done: Sequence[ReadBack]) -> dict[str, Any]:
    errors = total(one.errors for one in done)
    return {
        "n": len(done),
        "wer": round(errors.rate, 4),
        "words": errors.words,
        "longest_chars": max((len(one.said) for one in done), default=0),
        "items": [
            {"question": one.question, "said": one.said, "heard": one.heard, "wer": round(one.errors.rate, 4)}
            for one in done
        ],
    }


def _first_fiche(service: GuidanceService) -> Callable[[str], str | None]:
    def first(text: str) -> str | None:
        found = service.candidates(text, limit=1)
        return found[0].fiche.id if found else None

    return first


def _model(settings: Settings) -> Path | None:
    from bot.setup.training import current_model  # noqa: PLC0415

    try:
        return current_model(settings)
    except EquipierError:
        return None
