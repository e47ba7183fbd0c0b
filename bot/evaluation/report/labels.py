"""The reports on intents and on topics of questions about mandates."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bot.evaluation.labels import Labelled, accuracy
from bot.evaluation.report.files import Report, picture_name
from bot.evaluation.report.pictures import draw_confusion
from bot.evaluation.report.sections import Confidence, groups_section, headline_table
from bot.evaluation.report.wording import number, quoted
from bot.evaluation.scores import confusion, grouped, label_scores

_HEADLINES = {
    "n": "messages",
    "accuracy": "exactitude",
    "macro_f1": "macro-F1",
    "fallbacks": "messages non compris (repli)",
    "p95_ms": "p95 d'une analyse, en ms",
}
_GROUP_COLUMNS = {"n": "n", "accuracy": "exactitude"}
_LABEL_COLUMNS = {"n": "n", "precision": "précision", "recall": "rappel", "f1": "F1"}
# Kind → title of the report, section of the labels, what the confidence is about.
_WORDS = {
    "intents": ("Intentions", "Par intention", "l'intention"),
    "faq": ("Sujets des questions sur les mandats", "Par sujet", "le sujet"),
}


def labels_report(judged: Sequence[Labelled], figures: Mapping[str, Any], *, name: str) -> Report:
    """The report on the set called *name*, whose kind is that of *figures*: ``intents`` or ``faq``."""
    kind = str(figures["kind"])
    heading, per_label, of = _WORDS[kind]
    styles = {style: _scores(group) for style, group in grouped(judged, lambda one: one.item.style).items()}
    themes = {theme: _scores(group) for theme, group in grouped(judged, lambda one: one.item.theme).items()}
    labels = label_scores([one.pair for one in judged])
    counts = confusion(one.pair for one in judged)
    answers = [(one.confidence, one.right) for one in judged if one.confidence is not None]
    confidence = Confidence(kind, answers, of=of) if answers else None
    wrong = sorted((one for one in judged if not one.right), key=lambda one: -(one.confidence or 0.0))

    text = [
        f"# {heading} : {name}",
        headline_table(_HEADLINES, figures),
        *groups_section("Par style", _GROUP_COLUMNS, styles),
        *groups_section("Par thème", _GROUP_COLUMNS, themes),
        *groups_section(per_label, _LABEL_COLUMNS, labels),
        "## Confusions",
        f"![Matrice de confusion]({picture_name(kind, 'confusion')})",
        *(confidence.section() if confidence else []),
        *_errors(wrong),
    ]
    content = {
        **figures,
        "set": name,
        "by_style": styles,
        "by_theme": themes,
        "by_label": labels,
        "confusion": counts,
        "reliability": confidence.content if confidence else None,
        "errors": [_entry(one) for one in wrong],
        "items": [_entry(one) for one in judged],
    }
    pictures: dict[str, Callable[[Path], None]] = {
        "confusion": partial(draw_confusion, counts=counts, title=f"{heading} : attendu et donné")
    }
    if confidence:
        pictures["reliability"] = confidence.picture
    return Report(kind, "\n\n".join(text) + "\n", content, pictures)


def _scores(group: Sequence[Labelled]) -> dict[str, float | None]:
    return {"n": len(group), "accuracy": accuracy(group)}


def _errors(wrong: Sequence[Labelled]) -> list[str]:
    if not wrong:
        return []
    lines = [
        f"{place}. {quoted(one.item.text)} ({one.item.id}) : attendu `{one.expected}`, donné `{one.given}`, "
        f"confiance {number(one.confidence)}"
        for place, one in enumerate(wrong, start=1)
    ]
    return ["## Erreurs, les plus sûres d'abord", "\n".join(lines)]


def _entry(one: Labelled) -> dict[str, Any]:
    return {
        "id": one.item.id,
        "text": one.item.text,
        "style": one.item.style,
        "theme": one.item.theme,
        "expected": one.expected,
        "given": one.given,
        "confidence": one.confidence,
        "right": one.right,
    }
