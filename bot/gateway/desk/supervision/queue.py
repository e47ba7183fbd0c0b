"""What is worth a look, the most useful first, one key each; and what was judged, until it is validated."""

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.desk.access import Posted, guarded
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.desk.supervision.common import SUPERVISION, Id, Options, Reviewing, names_of, show, told
from bot.gateway.desk.supervision.services import SupervisionServices
from bot.supervision.listings import Listed
from bot.supervision.views import Judgement, Progress, Verdict, WrongReview

CORRECTIONS = f"{SUPERVISION}/corrections"
_SHOWN = 20
_PER_PAGE = 50
_MOST_PASSED = 200
_DIGITS = 10  # of an id, at most, and one
_QUEUE_KEYS: Options = (
    ("j", "Message suivant"),
    ("k", "Message précédent"),
    ("a", "C'est juste\u202f: accepter"),
    ("c", "Changer"),
    ("s", "Passer pour cette fois"),
)
_LIST_KEYS: Options = (
    ("j", "Suivante"),
    ("k", "Précédente"),
    ("v", "Valider"),
    ("c", "Changer"),
    ("e", "Écarter"),
)
_TABS = {"proposees": Progress.PROPOSED, "validees": Progress.VALIDATED, "ecartees": Progress.SET_ASIDE}
_DONE = {
    "accepte": "C'est validé\u202f: le message servira d'exemple ou de mesure.",
    "jugement": "Votre jugement est enregistré.",
    "valide": "La correction est validée.",
    "ecarte": "La correction est écartée.",
}


def routes(desk: Desk, services: SupervisionServices) -> APIRouter:
    """``/supervision/corrections``."""
    router = APIRouter(route_class=guarded(desk))
    corrections = services.corrections

    def queued(request: Request, visitor: Visitor, *, errors: Mapping[str, str] | None = None) -> Response:
        passed = _passed(request)
        waiting = services.queue.next(visitor.id, limit=_SHOWN + len(passed))
        items = [item for item in waiting if item.turn not in passed][:_SHOWN]
        services.reviewing.listings.seen(visitor.id, Listed.QUEUE)
        return show(
            request,
            "file",
            visitor,
            keys=_QUEUE_KEYS,
            status=422 if errors else 200,
            tab="",
            items=items,
            skipped={item.turn: _skipping(passed, item.turn) for item in items},
            passed=_skipping(passed),
            passed_count=len(passed),
            fiches=services.fiches.known({item.fiche for item in items if item.fiche}),
            done=_DONE.get(request.query_params.get("fait", ""), ""),
            errors=errors or {},
        )

    def listed(request: Request, visitor: Visitor, tab: str, *, errors: Mapping[str, str] | None = None) -> Response:
        before = request.query_params.get("avant", "")
        shown = corrections.list(
            visitor.id,
            _TABS[tab],
            before=int(before) if before.isascii() and before.isdigit() and len(before) < _DIGITS else None,
            limit=_PER_PAGE,
        )
        services.reviewing.listings.seen(visitor.id, Listed.CORRECTIONS)
        return show(
            request,
            "corrections",
            visitor,
            keys=_LIST_KEYS,
            status=422 if errors else 200,
            tab=tab,
            shown=shown,
            older=shown[-1].id if len(shown) == _PER_PAGE else None,
            fiches=services.fiches.known({one.judgement.fiche for one in shown if one.judgement.fiche}),
            names=names_of(desk, {one for item in shown for one in (item.by, item.validated_by) if one}),
            done=_DONE.get(request.query_params.get("fait", ""), ""),
            errors=errors or {},
        )

    @router.get(CORRECTIONS)
    def work(request: Request, visitor: Reviewing, etat: str = "") -> Response:
        return listed(request, visitor, etat) if etat in _TABS else queued(request, visitor)

    @router.post(f"{CORRECTIONS}/tours/{{turn_id}}/accepter")
    def accept(request: Request, visitor: Reviewing, form: Posted, turn_id: Id) -> Response:  # noqa: ARG001  its token was checked
        # The order matters: what was accepted counts even if its duplicates were judged meanwhile.
        correction = corrections.correct(visitor.id, turn_id, Judgement(Verdict.GOOD))
        services.validate(visitor.id, correction)
        return see(f"{CORRECTIONS}{_skipping(_passed(request), done='accepte')}")

    @router.post(f"{CORRECTIONS}/{{correction_id}}/valider")
    def validate(request: Request, visitor: Reviewing, form: Posted, correction_id: Id) -> Response:
        try:
            services.validate(visitor.id, correction_id)
        except WrongReview as error:
            return listed(request, visitor, _tab(form.get("etat", "")), errors=told(error))
        return see(f"{CORRECTIONS}?etat={_tab(form.get('etat', ''))}&fait=valide")

    @router.post(f"{CORRECTIONS}/{{correction_id}}/ecarter")
    def set_aside(visitor: Reviewing, form: Posted, correction_id: Id) -> Response:
        corrections.set_aside(visitor.id, correction_id)
        return see(f"{CORRECTIONS}?etat={_tab(form.get('etat', ''))}&fait=ecarte")

    return router


def _tab(typed: str) -> str:
    return typed if typed in _TABS else "proposees"


def _passed(request: Request) -> tuple[int, ...]:
    """The turns that were left for another time, as the address says."""
    typed = request.query_params.get("passes", "").split("-")
    return tuple(int(one) for one in typed[-_MOST_PASSED:] if one.isascii() and one.isdigit() and len(one) < _DIGITS)


def _skipping(passed: tuple[int, ...], *more: int, done: str = "") -> str:
    told_of = "-".join(map(str, (*passed, *more)))
    parts = [f"passes={told_of}"] if told_of else []
    parts += [f"fait={done}"] if done else []
    return f"?{'&'.join(parts)}" if parts else ""
