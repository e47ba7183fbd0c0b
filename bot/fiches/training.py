"""Rasa training data drawn from what the search already knows: the question bank and the questions of our guides."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from bot.fiches.aspects import speaks_of_mandats
from bot.fiches.importers.guides import GUIDES_DIR, read_guides
from bot.fiches.index.bank import read_bank

# Enough to cover the themes without drowning the other intents, whose examples count tens (class weights are
# balanced; past this, training time grows and accuracy does not).
SAMPLE_SIZE = 1500


def write_training_questions(folder: Path, *, size: int = SAMPLE_SIZE, seed: int = 20) -> int:
    """Writes ``question_demarche`` and ``faq_mandat`` examples into *folder*; the same seed gives the same files.

    Returns:
        The number of examples written.
    """
    texts = sorted({" ".join(question.text.split()) for question in read_bank()})
    sample = random.Random(seed).sample(texts, min(size, len(texts)))  # noqa: S311  a sample, not a secret
    guides, _ = read_guides(GUIDES_DIR)
    intents: dict[str, list[str]] = {"question_demarche": sample}
    for guide in guides:
        topic = guide.fiche.topics[0] if guide.fiche.topics else None
        intent = f"faq_mandat/{topic}" if topic else "question_demarche"
        # A situation that names nothing of Aidants Connect would teach that any situation is about mandates.
        intents.setdefault(intent, []).extend(filter(speaks_of_mandats, guide.questions) if topic else guide.questions)
    _write(folder / "questions.yml", intents)
    return sum(map(len, intents.values()))


def _write(path: Path, intents: Mapping[str, Sequence[str]]) -> None:
    document = {
        "version": "3.1",
        "nlu": [
            {"intent": intent, "examples": _Literal("".join(f"- {_plain(text)}\n" for text in texts))}
            for intent, texts in intents.items()
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _plain(text: str) -> str:
    """Brackets would be read as Rasa's entity syntax; the placeholders of personal data keep theirs, harmlessly."""
    return text if "](" not in text else text.replace("[", "(").replace("]", ")")


class _Literal(str):
    """A string to be written as a YAML literal block."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Literal, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style="|")
)
