"""The judgement of one turn: what was meant, the right fiche and its passage, whether the answer was good and why."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.fiches.model import Fiche
from bot.gateway.desk.access import Posted, guarded
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.desk.supervision.common import CONVERSATIONS, SUPERVISION, Id, Reviewing, show, told
from bot.gateway.desk.supervision.labels import teachable
from bot.gateway.desk.supervision.services import SupervisionServices
from bot.gateway.pages.fields import Sent
from bot.supervision.judgements import CorrectionView
from bot.supervision.views import (
    REASONS,
    Judgement,
    Progress,
    Said,
    Timeline,
    Told,
    TurnView,
    Understood,
    UnknownItem,
    Verdict,
    WrongReview,
)

FICHES = f"{SUPERVISION}/fiches"
TURN = f"{CONVERSATIONS}/{{episode}}/tours/{{turn_id}}"
AS_SHOWN, NONE = "", "-"
QUEUE = "file"  # from where the turn was opened
_REASON = "raison-"


@dataclass(frozen=True, slots=True)
class Answered:
    """A turn, and what the person was told then."""

    turn: TurnView
    answers: tuple[str, ...]


def routes(desk: Desk, services: SupervisionServices) -> APIRouter:
    """``/supervision/conversations/{episode}/tours/{turn_id}``, and the search of fiches."""
    router = APIRouter(route_class=guarded(desk))
    corrections, fiches = services.corrections, services.fiches

    def shown(
        request: Request,
        visitor: Visitor,
        timeline: Timeline,
        turn_id: int,
        *,
        values: Sent | None = None,
        errors: Mapping[str, str] | None = None,
    ) -> Response:
        answered = _answered(timeline, turn_id)
        known = corrections.of_turn(visitor.id, turn_id)
        filled = _filled(known, answered.turn) if values is None else values
        chosen = fiches.one(filled.get("fiche", ""))
        found = fiches.search(filled.get("texte", ""))
        return show(
            request,
            "tour",
            visitor,
            status=422 if errors else 200,
            row=timeline.row,
            turn=answered.turn,
            answers=answered.answers,
            known=known,
            closed=known is not None and known.progress is Progress.VALIDATED,
            fiches=fiches.known(answered.turn.fiches),
            intents=teachable(),
            verdicts=[(Verdict.GOOD.value, "La réponse est bonne"), (Verdict.BAD.value, "La réponse est mauvaise")],
            found=found,
            chosen=chosen,
            parts=_parts(chosen or fiches.one(next(iter(answered.turn.fiches), ""))),
            origin=filled.get("origine") or request.query_params.get("origine", ""),
            values=filled,
            errors=errors or {},
        )

    @router.get(TURN)
    def judge(request: Request, visitor: Reviewing, episode: Id, turn_id: Id) -> Response:
        return shown(request, visitor, services.reviewing.read(visitor.id, episode), turn_id)

    @router.post(TURN)
    def keep(request: Request, visitor: Reviewing, form: Posted, episode: Id, turn_id: Id) -> Response:
        timeline = services.reviewing.read(visitor.id, episode)
        turn = _answered(timeline, turn_id).turn
        if "chercher" in form:
            return shown(request, visitor, timeline, turn_id, values=form)
        try:
            judgement = judged(form, turn)
            correction = corrections.correct(visitor.id, turn_id, judgement)
            if form.get("suite") == "valider":
                services.validate(visitor.id, correction)
        except WrongReview as error:
            return shown(request, visitor, timeline, turn_id, values=form, errors=told(error))
        if form.get("origine") == QUEUE:
            return see(f"{SUPERVISION}/corrections?fait=jugement")
        return see(f"{CONVERSATIONS}/{episode}?fait=jugement#tour-{turn_id}")

    @router.get(FICHES)
    def search(request: Request, visitor: Reviewing, texte: str = "") -> Response:
        return show(request, "fiches", visitor, found=fiches.search(texte), values={"texte": texte}, chosen=None)

    @router.get(f"{FICHES}/passages")
    def passages(request: Request, visitor: Reviewing, fiche: str = "") -> Response:
        return show(request, "passages", visitor, parts=_parts(fiches.one(fiche)), values={})

    return router


def judged(form: Sent, turn: TurnView) -> Judgement:
    """What *form* says of *turn*; what is left as it was is not said.

    Raises:
        WrongReview: it does not say whether the answer is good (field ``verdict``).
    """
    verdict = next((one for one in Verdict if one.value == form.get("verdict")), None)
    if verdict is None:
        raise WrongReview("verdict", "missing")
    understood = f"{turn.intent}/{turn.topic}" if turn.topic else turn.intent
    intent, fiche = form.get("intent", ""), form.get("fiche", AS_SHOWN)
    return Judgement(
        verdict,
        intent=intent if intent not in ("", understood) else None,
        fiche=None if fiche == AS_SHOWN else "" if fiche == NONE else fiche,
        passage=form.get("passage") or None,
        reasons=tuple(code for code in REASONS if form.get(_REASON + code)),
    )


def _parts(fiche: Fiche | None) -> tuple[str, ...]:
    """The titles of the parts of *fiche*, each once."""
    return tuple(dict.fromkeys(passage.title for passage in fiche.passages if passage.title)) if fiche else ()


def _answered(timeline: Timeline, turn_id: int) -> Answered:
    turn, answers = None, []
    for moment in timeline.moments:
        if isinstance(moment, Said | Understood):
            if turn is not None:
                break
            if moment.turn is not None and moment.turn.id == turn_id:
                turn = moment.turn
        elif isinstance(moment, Told) and turn is not None:
            answers.append(moment.text)
    if turn is None:
        raise UnknownItem(str(turn_id))
    return Answered(turn, tuple(answers) or turn.responses)


def _filled(known: CorrectionView | None, turn: TurnView) -> dict[str, str]:
    """The form as it is first shown: what was judged already, else what was understood."""
    understood = f"{turn.intent}/{turn.topic}" if turn.topic else turn.intent
    if known is None:
        return {"intent": understood}
    said = known.judgement
    values = {
        "verdict": said.verdict.value,
        "intent": said.intent or understood,
        "fiche": AS_SHOWN if said.fiche is None else said.fiche or NONE,
        "passage": said.passage or "",
    }
    if said.fiche and said.fiche in turn.fiches[:1]:
        values["fiche"] = AS_SHOWN
    return values | {_REASON + code: "oui" for code in said.reasons}
