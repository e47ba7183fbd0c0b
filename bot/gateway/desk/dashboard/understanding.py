"""« Compréhension »: which intents are mistaken for which, by the reviewers and by the measures of the models."""

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.desk.access import Signed, guarded
from bot.gateway.desk.dashboard import numbers
from bot.gateway.desk.dashboard.charts import Chart, Row, as_file
from bot.gateway.desk.dashboard.scope import CUSTOM, LENGTHS, View, reach, view_of
from bot.gateway.desk.dashboard.script import script_address
from bot.gateway.desk.dashboard.services import DashboardServices
from bot.gateway.desk.desk import Desk, Visitor
from bot.gateway.desk.supervision.labels import intent_name
from bot.supervision.figures_understanding import Evaluation, Scores, Understanding

UNDERSTANDING = "/supervision/comprehension"
_SHADES = 4  # of a cell of the matrix, besides none
_FALLBACK = "nlu_fallback"
_SCORES_HEAD = ("Intention", "Messages", "Précision", "Rappel", "F1")
_CONFUSION_HEAD = ("Intention attendue", "Intention donnée", "Messages")


@dataclass(frozen=True, slots=True)
class Matrix:
    """Confusions as a table.

    Attributes:
        columns: names of the intents that were given.
        rows: name of the right intent, and for each column its count and its shade, from 0 to 4.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """One intent in the measures of two models; ``None`` where a model was not measured on it."""

    label: str
    current: Scores | None
    candidate: Scores | None

    @property
    def gap(self) -> float | None:
        return self.candidate.f1 - self.current.f1 if self.current and self.candidate else None


def routes(desk: Desk, services: DashboardServices) -> APIRouter:
    """``/supervision/comprehension`` and its files."""
    router = APIRouter(route_class=guarded(desk))
    dashboards, evaluations = services.dashboards, services.evaluations

    def asked(request: Request, visitor: Visitor) -> View:
        reached = reach(desk, visitor, request.query_params.get("structure", ""))
        return view_of(request, reached, today=dashboards.last(1).last)

    @router.get(UNDERSTANDING)
    def page(request: Request, visitor: Signed) -> Response:
        view = asked(request, visitor)
        corrected = dashboards.understanding(view.period, view.reach.id)
        current, candidate = evaluations.current(), evaluations.candidate()
        return desk.render(
            request,
            "tableau_comprehension",
            visitor,
            status=422 if view.errors else 200,
            view=view,
            board=UNDERSTANDING,
            lengths=LENGTHS,
            custom=CUSTOM,
            corrected=corrected,
            mistaken=matrix_of(corrected),
            current=current,
            candidate=candidate,
            compared=compared(current, candidate),
            chart_of_scores=scores_chart(current) if current else None,
            measured=matrix_of(current.understanding) if current else None,
            name=name_of,
            count=numbers.count,
            counted=numbers.counted,
            percent=numbers.percent,
            score=numbers.score,
            script=script_address(),
        )

    @router.get(f"{UNDERSTANDING}/{{scores}}.csv")
    def table(request: Request, visitor: Signed, scores: str) -> Response:
        view = asked(request, visitor)
        current, candidate = evaluations.current(), evaluations.candidate()
        sources = {
            "corrections": dashboards.understanding(view.period, view.reach.id),
            "modele": current.understanding if current else None,
            "candidat": candidate.understanding if candidate else None,
        }
        source, _, kind = scores.partition("-")
        found = sources.get(source)
        if found is None or kind not in {"scores", "confusions"}:
            raise HTTPException(404)
        if kind == "scores":
            rows = [(one.label, one.count, one.precision, one.recall, one.f1) for one in found.scores]
            return as_file(f"equipier-{scores}", _SCORES_HEAD, rows)
        pairs = [(right, given, times) for right, row in found.confusion.items() for given, times in row.items()]
        return as_file(f"equipier-{scores}", _CONFUSION_HEAD, pairs)

    return router


def name_of(label: str) -> str:
    """What an intent is called; the fallback of the model too."""
    return "Pas compris (repli)" if label == _FALLBACK else intent_name(label)


def matrix_of(found: Understanding) -> Matrix | None:
    """The intents that are mistaken, or taken for others; ``None`` when there is no mistake."""
    rights = sorted({right for right, _, _ in found.mistakes})
    if not rights:
        return None
    columns = sorted({given for right in rights for given in found.confusion[right]} | set(rights))
    rows = []
    for right in rights:
        row = found.confusion[right]
        whole = sum(row.values())
        cells = tuple((row.get(given, 0), -(-row.get(given, 0) * _SHADES // whole)) for given in columns)
        rows.append((right, cells))
    return Matrix(tuple(columns), tuple(rows))


def compared(current: Evaluation | None, candidate: Evaluation | None) -> tuple[Compared, ...]:
    """Every intent of either measure, the largest fall first."""
    ours = {one.label: one for one in current.understanding.scores} if current else {}
    theirs = {one.label: one for one in candidate.understanding.scores} if candidate else {}
    found = [Compared(label, ours.get(label), theirs.get(label)) for label in sorted({*ours, *theirs})]
    return tuple(sorted(found, key=lambda one: one.gap or 0.0))


def scores_chart(measured: Evaluation) -> Chart:
    """F1 by intent, the weakest first."""
    ordered = sorted(measured.understanding.scores, key=lambda one: (one.f1, one.label))
    return Chart(
        "modele-scores",
        "Score F1 par intention",
        f"Sur {numbers.counted(measured.understanding.count, 'message')}, la moins bien comprise d'abord.",
        "ranking",
        "Intention",
        ("F1",),
        tuple(Row(name_of(one.label), one.label, (one.f1,)) for one in ordered),
        shown=numbers.score,
    )
