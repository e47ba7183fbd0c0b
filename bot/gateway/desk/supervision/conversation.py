"""One conversation: its timeline, what a reviewer does with it, and what was masked, for a reason."""

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.desk.access import Posted, guarded
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.desk.supervision.common import (
    CONVERSATIONS,
    Id,
    Options,
    Reviewing,
    names_of,
    reviewers_of,
    show,
    told,
)
from bot.gateway.desk.supervision.filters import read
from bot.gateway.desk.supervision.labels import MASKED
from bot.gateway.desk.supervision.services import SupervisionServices
from bot.gateway.pages.fields import Sent
from bot.supervision.reviewing import UNMASK_REASONS
from bot.supervision.views import HandedOver, Recorded, Said, State, Timeline, Understood, WrongReview

ONE = f"{CONVERSATIONS}/{{episode}}"
_AND_NEXT = "revu-suivante"
_KEYS: Options = (
    ("j", "Conversation suivante"),
    ("k", "Conversation précédente"),
    ("l", "Retour à la liste"),
    ("r", "Marquer comme revu"),
    ("m", "Mettre de côté"),
    ("a", "Remettre à revoir"),
)
_DONE = {
    "etat": "L'état est enregistré.",
    "charge": "C'est enregistré.",
    "etiquette": "Les étiquettes sont enregistrées.",
    "note": "La note est enregistrée.",
    "note-supprimee": "La note est supprimée.",
    "signalement": "Le signalement est enregistré.",
    "jugement": "Votre jugement est enregistré.",
}


def routes(desk: Desk, services: SupervisionServices) -> APIRouter:
    """``/supervision/conversations/{episode}`` and its forms."""
    router = APIRouter(route_class=guarded(desk))
    conversations, reviewing = services.conversations, services.reviewing

    def shown(
        request: Request,
        visitor: Visitor,
        episode: int,
        *,
        originals: Options | None = None,
        values: Sent | None = None,
        errors: Mapping[str, str] | None = None,
    ) -> Response:
        wanted = read(request.query_params)
        timeline = reviewing.read(visitor.id, episode)
        older, newer = conversations.beside(visitor.id, wanted.filter, episode)
        return show(
            request,
            "conversation",
            visitor,
            keys=_KEYS,
            status=422 if errors else 200,
            timeline=timeline,
            wanted=wanted,
            older=older,
            newer=newer,
            fiches=services.fiches.known(_fiches(timeline)),
            names=names_of(desk, _people(timeline)),
            reviewers=reviewers_of(desk, visitor, timeline.row),
            tags=conversations.tags(visitor.id),
            unmask_reasons=UNMASK_REASONS.items(),
            permalink=f"{desk.kit.services.public_url}{CONVERSATIONS}/{episode}",
            done=_DONE.get(request.query_params.get("fait", ""), ""),
            originals=originals,
            values=values or {},
            errors=errors or {},
        )

    def back(request: Request, episode: int, done: str) -> Response:
        return see(f"{CONVERSATIONS}/{episode}{read(request.query_params).address(fait=done)}")

    @router.get(ONE)
    def read_one(request: Request, visitor: Reviewing, episode: Id) -> Response:
        return shown(request, visitor, episode)

    @router.post(f"{ONE}/demasquer")
    def unmask(request: Request, visitor: Reviewing, form: Posted, episode: Id) -> Response:
        why, precision = form.get("reason", ""), form.get("precision", "")
        try:
            found = reviewing.unmask(visitor.id, episode, reason=why, precision=precision)
        except WrongReview as error:
            return shown(request, visitor, episode, values=form, errors=told(error))
        # Shown in the answer itself, never kept: no address gives them again.
        response = shown(
            request, visitor, episode, originals=tuple((MASKED[kind], ", ".join(all_)) for kind, all_ in found.items())
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    @router.post(f"{ONE}/etat")
    def sort(request: Request, visitor: Reviewing, form: Posted, episode: Id) -> Response:
        chosen = form.get("etat", "")
        state = State.REVU if chosen == _AND_NEXT else _state(chosen)
        if state is None:
            return shown(request, visitor, episode, errors={"": "Choisissez un état."})
        reviewing.set_state(visitor.id, episode, state)
        if chosen == _AND_NEXT:
            wanted = read(request.query_params)
            older, _ = conversations.beside(visitor.id, wanted.filter, episode)
            if older is not None:
                return see(f"{CONVERSATIONS}/{older}{wanted.address()}")
        return back(request, episode, "etat")

    @router.post(f"{ONE}/signalement")
    def flag(request: Request, visitor: Reviewing, form: Posted, episode: Id) -> Response:
        reviewing.flag(visitor.id, episode, on=form.get("signaler") != "non")
        return back(request, episode, "signalement")

    @router.post(f"{ONE}/charge")
    def assign(request: Request, visitor: Reviewing, form: Posted, episode: Id) -> Response:
        try:
            reviewing.assign(visitor.id, episode, form.get("assignee") or None)
        except WrongReview as error:
            return shown(request, visitor, episode, errors=told(error))
        return back(request, episode, "charge")

    @router.post(f"{ONE}/etiquettes")
    def tag(request: Request, visitor: Reviewing, form: Posted, episode: Id) -> Response:
        try:
            reviewing.tag(visitor.id, episode, form.get("tag", ""))
        except WrongReview as error:
            return shown(request, visitor, episode, errors=told(error))
        return back(request, episode, "etiquette")

    @router.post(f"{ONE}/etiquettes/retirer")
    def untag(request: Request, visitor: Reviewing, form: Posted, episode: Id) -> Response:
        reviewing.untag(visitor.id, episode, form.get("etiquette", ""))
        return back(request, episode, "etiquette")

    @router.post(f"{ONE}/notes")
    def note(request: Request, visitor: Reviewing, form: Posted, episode: Id) -> Response:
        try:
            reviewing.note(visitor.id, episode, form.get("note", ""))
        except WrongReview as error:
            return shown(request, visitor, episode, values=form, errors=told(error))
        return back(request, episode, "note")

    @router.post(f"{ONE}/notes/{{note_id}}/supprimer")
    def remove_note(request: Request, visitor: Reviewing, form: Posted, episode: Id, note_id: Id) -> Response:  # noqa: ARG001  the token of the form was checked
        reviewing.remove_note(visitor.id, episode, note_id)
        return back(request, episode, "note-supprimee")

    return router


def _state(typed: str) -> State | None:
    return next((one for one in State if one.value == typed), None)


def _fiches(timeline: Timeline) -> set[str]:
    turns = [moment.turn for moment in timeline.moments if isinstance(moment, Said | Understood) and moment.turn]
    return {fiche for turn in turns for fiche in turn.fiches}


def _people(timeline: Timeline) -> set[str]:
    told_of = (moment for moment in timeline.moments if isinstance(moment, Recorded | HandedOver))
    return {moment.aidant for moment in told_of if moment.aidant}
