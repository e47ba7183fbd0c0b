"""The report on the search of fiches."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bot.evaluation.guidance import Judged, guidance_figures, ranking_scores
from bot.evaluation.report.files import Report
from bot.evaluation.report.sections import Confidence, groups_section, headline_table
from bot.evaluation.report.wording import number, quoted
from bot.evaluation.scores import grouped, share

# Fiche id → its title; empty when the base has no such fiche.
Title = Callable[[str], str]
_COLUMNS = {"n": "n", "ok_at_1": "en premier", "ok_at_5": "dans les cinq premières", "mrr": "mrr"}
_HEADLINES = {
    "n": "questions",
    "ok_at_1": "bonne fiche en premier",
    "ok_at_5": "bonne fiche dans les cinq premières",
    "best_at_1": "la meilleure fiche en premier",
    "mrr": "mrr (moyenne de 1 / rang)",
    "abstained": "abstentions",
    "p95_ms": "p95 d'une recherche, en ms",
    "answered_right": "juste, quand Équipier répond sans faire choisir",
    "out_of_scope_n": "messages hors sujet",
    "out_of_scope_answered": "hors sujet : une fiche a répondu",
    "out_of_scope_proposed": "hors sujet : un choix a été proposé",
    "out_of_scope_unanswered": "hors sujet : part sans réponse directe",
    "out_of_scope_answered_end_to_end": "hors sujet : une fiche a répondu, compréhension comprise",
}
_IN_SCOPE = {key: said for key, said in _HEADLINES.items() if not key.startswith("out_of_scope")}


def guidance_report(judged: Sequence[Judged], *, name: str, title_of: Title) -> Report:
    """The report on the set called *name*."""
    asked = [one for one in judged if one.in_scope]
    sure = [one for one in asked if one.outcome.sure]
    figures = {**guidance_figures(judged), "answered_right": share(sum(one.right for one in sure), len(sure))}
    styles = {style: _scores(group) for style, group in grouped(asked, lambda one: one.item.style).items()}
    themes = {theme: _scores(group) for theme, group in grouped(asked, lambda one: one.item.theme).items()}
    answers = [(one.outcome.confidence, one.right) for one in asked if one.outcome.confidence is not None]
    confidence = Confidence("guidance", answers, of="la première fiche") if answers else None
    wrong = _surest_first(one for one in asked if one.outcome.found and not one.right)
    silent = [one for one in asked if not one.outcome.found]
    answered = _surest_first(one for one in judged if not one.in_scope and one.outcome.sure)

    text = [
        f"# Recherche des fiches : {name}",
        headline_table(_HEADLINES if figures["out_of_scope_n"] else _IN_SCOPE, figures),
        *groups_section("Par style", _COLUMNS, styles),
        *groups_section("Par thème", _COLUMNS, themes),
        *(confidence.section() if confidence else []),
        *_errors("Premières fiches fausses, les plus sûres d'abord", wrong, title_of),
        *_errors("Questions restées sans réponse", silent, title_of),
        *_errors("Hors sujet auquel une fiche a répondu", answered, title_of),
    ]
    content: dict[str, Any] = {
        **figures,
        "set": name,
        "by_style": styles,
        "by_theme": themes,
        "reliability": confidence.content if confidence else None,
        "errors": [_entry(one) for one in (*wrong, *silent, *answered)],
        "items": [_entry(one) for one in judged],
    }
    pictures = {"reliability": confidence.picture} if confidence else {}
    return Report("guidance", "\n\n".join(text) + "\n", content, pictures)


def _scores(group: Sequence[Judged]) -> dict[str, float | None]:
    return {"n": len(group), **ranking_scores(group)}


def _surest_first(judged: Iterable[Judged]) -> list[Judged]:
    return sorted(judged, key=lambda one: -(one.outcome.confidence or 0.0))


def _errors(title: str, wrong: Sequence[Judged], title_of: Title) -> list[str]:
    if not wrong:
        return []
    entries = []
    for place, one in enumerate(wrong, start=1):
        about = ", ".join(part for part in (one.item.id, one.item.style, one.item.theme) if part)
        manner = "répondu directement" if one.outcome.sure else "choix proposé"
        found = f"{manner}, confiance {number(one.outcome.confidence)}" if one.outcome.found else "abstention"
        lines = [f"{place}. {quoted(one.item.text)} ({about} ; {found})"]
        for label, ids in (("attendu", one.item.best), ("admis", one.item.ok), ("trouvé", one.outcome.found)):
            lines.extend(f"   - {label} : {_named(fiche_id, title_of)}" for fiche_id in ids)
        entries.append("\n".join(lines))
    return [f"## {title}", "\n".join(entries)]


def _named(fiche_id: str, title_of: Title) -> str:
    title = title_of(fiche_id)
    return f"{fiche_id} {quoted(title)}" if title else f"{fiche_id} (absente de la base)"


def _entry(one: Judged) -> dict[str, Any]:
    return {
        "id": one.item.id,
        "text": one.item.text,
        "style": one.item.style,
        "theme": one.item.theme,
        "best": list(one.item.best),
        "ok": list(one.item.ok),
        "found": list(one.outcome.found),
        "confidence": one.outcome.confidence,
        "sure": one.outcome.sure,
        "rank": one.rank,
        "let_through": one.let_through,
    }
