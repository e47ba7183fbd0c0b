"""The formats of an export: Rasa's training data and test stories, the question bank, the evaluation sets."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.fiches.index.bank import Style
from bot.supervision.views import Use

_LONG = 160  # characters
_SHORT = 60


@dataclass(frozen=True, slots=True)
class Example:
    """A validated message, one per distinct words.

    Attributes:
        intent: the right one, ``faq_mandat/duree`` for a question about mandates.
        fiche: the right one; ``""`` when none answers, ``None`` when that is not known.
        action: what the assistant must do; ``None`` when no rule tells.
    """

    text: str
    intent: str
    fiche: str | None
    use: Use
    action: str | None


def nlu_document(examples: Iterable[Example]) -> dict[str, Any]:
    """Rasa's training data; see ``bot.fiches.training``."""
    intents: dict[str, list[str]] = {}
    for one in examples:
        intents.setdefault(one.intent, []).append(one.text)
    blocks = [
        {"intent": intent, "examples": _Literal("".join(f"- {_plain(text)}\n" for text in sorted(texts)))}
        for intent, texts in sorted(intents.items())
    ]
    return {"version": "3.1", "nlu": blocks}


def story_document(examples: Iterable[Example]) -> dict[str, Any]:
    """Rasa's end-to-end test stories, one message each."""
    stories = [
        {
            "story": f"correction {number} : {' '.join(one.text.split()[:8])}",
            "steps": [
                {"user": _Literal(_plain(one.text) + "\n"), "intent": one.intent.partition("/")[0]},
                {"action": one.action},
            ],
        }
        for number, one in enumerate(examples, start=1)
    ]
    return {"version": "3.1", "stories": stories}


def bank_line(example: Example) -> dict[str, str]:
    """A question of the bank (``bot.fiches.index.bank``)."""
    return {"fiche": example.fiche or "", "text": example.text, "style": style_of(example.text)}


def style_of(text: str) -> Style:
    """How a message is written, as far as its form tells."""
    if len(text) > _LONG:
        return "detaille"
    if text[:1].isupper() and text.rstrip().endswith(("?", ".")):
        return "formel"
    return "sms" if len(text) < _SHORT and "?" not in text else "oral"


def numbered(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Items of an evaluation set, with the ids of judged messages."""
    return [{"id": f"juge-{number:04}", **item} for number, item in enumerate(items, start=1)]


def write_lines(path: Path, items: Sequence[Mapping[str, Any]]) -> int:
    """One object a line; how many."""
    content = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)
    path.write_text(content, encoding="utf-8")
    return len(items)


def write_yaml(path: Path, document: Mapping[str, Any], number: int) -> int:
    """*document*, which has *number* items; as many."""
    path.write_text(yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return number


def _plain(text: str) -> str:
    """Brackets before a parenthesis or a brace would be read as Rasa's entity syntax; placeholders keep theirs."""
    return text.replace("](", "] (").replace("]{", "] {")


class _Literal(str):
    """A string to be written as a YAML literal block."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Literal, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style="|")
)
