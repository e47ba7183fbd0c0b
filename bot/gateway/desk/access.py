"""The door of the pages behind a sign-in: who comes in, and what is said to those who do not.

One table goes from an error to a page, or to JSON for programs; everything else has the answers of the gateway.
"""

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bot.aidants.views import ClosedAccount, NoMandates, NoOrganisation, UnknownAidant, UnknownOrganisation
from bot.errors import EquipierError
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.desk.sessions import LASTS, is_over
from bot.gateway.errors import french
from bot.gateway.pages.fields import Sent, sent
from bot.mandats.erasure import UnknownUsager
from bot.mandats.views import AccessRefused, Actor, Erased, NotActive, NotRenewable, NotRevoked, UnknownMandat
from bot.supervision.views import UnknownConversation, UnknownItem

SIGN_IN = "/connexion"
ACCOUNT = "/compte"
API = "/api/"
_LONGEST = 500  # characters of a path to come back to


class NotSignedIn(EquipierError):
    """Nobody is, or not any more.

    Attributes:
        reason: ``nobody``, ``ended`` (the session), ``everywhere`` (all those of the account) or ``closed`` (it).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"not signed in: {reason}")
        self.reason = reason


class Reserved(EquipierError):
    """A page for those who supervise, or for admins."""


class Elsewhere(AccessRefused):
    """A page of another structure: what a page refuses by itself, before any service is asked (and journals it)."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said instead of a page."""

    status: int
    title: str
    why: str
    what_to_do: str


_NOT_FOUND = Notice(
    404,
    "Introuvable dans votre structure",
    "Votre structure actuelle n'a rien à cette adresse : la référence est fausse, ou appartient à une autre structure.",
    "Si vous travaillez dans plusieurs structures, changez de structure sur la page « Mon compte ».",
)
_NOTICES: dict[type[EquipierError], Notice] = {
    AccessRefused: _NOT_FOUND,
    UnknownMandat: _NOT_FOUND,
    UnknownAidant: _NOT_FOUND,
    UnknownOrganisation: _NOT_FOUND,
    UnknownConversation: _NOT_FOUND,
    UnknownItem: _NOT_FOUND,
    UnknownUsager: Notice(
        404,
        "Cette personne n'est pas ici",
        "Aucune personne n'a ce numéro interne.",
        "Retrouvez-la par la référence d'un de ses mandats.",
    ),
    Reserved: Notice(
        403,
        "Cette page ne vous est pas ouverte",
        "Elle est réservée aux personnes qui supervisent la structure, ou qui administrent le service.",
        "Si vous devez y avoir accès, demandez-le à la personne qui supervise votre structure.",
    ),
    NoMandates: Notice(
        403,
        "Les mandats ne vous sont pas ouverts",
        "Dans cette structure, vous répondez aux demandes d'aide : les mandats sont réservés à ses aidants.",
        "Si vous devez en préparer, demandez à la personne qui supervise la structure de vous y inviter comme aidant.",
    ),
    NoOrganisation: Notice(
        403,
        "Vous n'agissez pour aucune structure",
        "Les mandats sont ceux d'une structure, et aucune n'est choisie pour votre compte.",
        "Choisissez-en une sur la page « Mon compte » ; si la liste est vide, demandez une invitation.",
    ),
    NotActive: Notice(
        409,
        "Ce mandat n'est plus en vigueur",
        "Il a pris fin, ou n'autorise plus cette démarche : il n'y a rien à utiliser ni à révoquer.",
        "Pour agir de nouveau, renouvelez-le avec l'usager.",
    ),
    NotRenewable: Notice(
        409,
        "Ce mandat ne peut pas être renouvelé",
        "Il a été entièrement révoqué, il a pris fin il y a plus d'un an, ou l'identité de l'usager a été effacée.",
        "Préparez un nouveau mandat.",
    ),
    NotRevoked: Notice(
        404,
        "Il n'y a pas de certificat de révocation",
        "Rien n'a été révoqué dans ce mandat.",
        "Pour mettre fin à une démarche, ouvrez la page du mandat et révoquez-la.",
    ),
    Erased: Notice(
        410,
        "Ce document ne peut plus être établi",
        "L'identité de l'usager a été effacée : plus rien ne peut le nommer.",
        "Les documents déjà imprimés gardent leur valeur.",
    ),
}
# What no service has journalled yet when a page is refused.
_TOLD = (Reserved, Elsewhere, NoMandates, UnknownAidant, UnknownOrganisation, UnknownItem)
_ID = re.compile(r"[0-9a-f]{32}")  # anything else in an address may have been typed, and name someone
_WHY_NOT_SIGNED_IN = "Connectez-vous : cette adresse est réservée aux aidants connectés, et leur session a une durée."


def local_path(typed: str | None) -> str | None:
    """*typed* when it is the path of a page of this site, so that nobody is sent elsewhere; else ``None``."""
    if not typed or not typed.startswith("/") or len(typed) > _LONGEST:
        return None
    if typed.startswith("//") or "\\" in typed or not typed.isprintable() or any(map(str.isspace, typed)):
        return None
    try:
        address = urlsplit(typed)
    except ValueError:
        return None
    return None if address.scheme or address.netloc else typed


def guarded(desk: Desk) -> type[APIRoute]:
    """Routes that know *desk*, keep the session alive, and answer errors from the table."""

    class Guarded(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            inner = super().get_route_handler()

            async def handle(request: Request) -> Response:
                request.state.desk, request.state.visitor = desk, None
                try:
                    response = await inner(request)
                except EquipierError as error:
                    if isinstance(error, _TOLD) and request.state.visitor is not None:
                        await run_in_threadpool(_tell, desk, request, f"{request.method} {self.path}")
                    refused = _answer(desk, request, error)
                    if refused is None:
                        raise
                    response = refused
                visitor: Visitor | None = request.state.visitor
                if visitor is not None:
                    desk.sessions.keep(response, visitor.session)
                return response

            return handle

    return Guarded


def signed_in(request: Request) -> Visitor:
    """Who visits.

    Raises:
        NotSignedIn: nobody who still has an account.
    """
    desk: Desk = request.state.desk
    session = desk.sessions.read(request)
    if session is None:
        raise NotSignedIn("ended" if desk.sessions.was_open(request) else "nobody")
    aidants = desk.services.aidants
    if aidants.session_ended(session.id):  # a copy of its cookie
        raise NotSignedIn("ended")
    try:
        account = aidants.view(session.aidant)
    except UnknownAidant as error:
        raise NotSignedIn("ended") from error
    if not (account.active and account.enrolled):
        raise NotSignedIn("closed")
    if is_over(account, session.opened):
        raise NotSignedIn("everywhere")
    visitor = Visitor(session, account, aidants.memberships(account.id))
    request.state.visitor = visitor
    return visitor


Signed = Annotated[Visitor, Depends(signed_in)]


def acting(request: Request, visitor: Signed) -> Actor:
    """Who *visitor* is to mandates.

    Raises:
        NoOrganisation: they act for none.
    """
    desk: Desk = request.state.desk
    return desk.actor(visitor)


def posted(request: Request, visitor: Signed, form: Annotated[Sent, Depends(sent)]) -> Sent:
    """The form of one of our pages, sent within the session that showed it.

    Raises:
        Forged: it comes from elsewhere.
    """
    desk: Desk = request.state.desk
    desk.kit.forms.check(request, form, visitor.form)
    return form


def administrating(visitor: Signed) -> Visitor:
    """Who visits, when they are an admin.

    Raises:
        Reserved: they are not.
    """
    if not visitor.account.admin:
        raise Reserved("admins")
    return visitor


Acting = Annotated[Actor, Depends(acting)]
Posted = Annotated[Sent, Depends(posted)]
Administrating = Annotated[Visitor, Depends(administrating)]


def sign_out(request: Request, response: Response) -> None:
    """Closes the session of the browser, if there is one; a copy of its cookie opens nothing any more."""
    desk: Desk = request.state.desk
    request.state.visitor = None
    if (session := desk.sessions.read(request)) is not None:
        desk.services.aidants.end_session(session.id, until=session.opened + LASTS)
    desk.sessions.close(response)


def _answer(desk: Desk, request: Request, error: EquipierError) -> Response | None:
    """What is said of *error*; ``None`` when the gateway says it."""
    if isinstance(error, ClosedAccount):
        error = NotSignedIn("closed")
    if isinstance(error, NotSignedIn):
        request.state.visitor = None
        response: Response = (
            french(401, _WHY_NOT_SIGNED_IN) if _is_program(request) else see(_door(request, error.reason))
        )
        desk.sessions.close(response)
        return response
    notice = next((_NOTICES[kind] for kind in type(error).__mro__ if kind in _NOTICES), None)
    if notice is None:
        return None
    if _is_program(request):
        return french(notice.status, f"{notice.why} {notice.what_to_do}")
    return desk.render(request, "avis", request.state.visitor, status=notice.status, notice=notice)


def _tell(desk: Desk, request: Request, tried: str) -> None:
    """Journals that a page, or what it was to show, was out of the reach of who visits."""
    visitor: Visitor = request.state.visitor
    target = next((str(one) for one in request.path_params.values() if _ID.fullmatch(str(one))), "")
    desk.services.aidants.refused(visitor.id, tried=tried, target=target)


def _is_program(request: Request) -> bool:
    return request.url.path.startswith(API)


def _door(request: Request, reason: str) -> str:
    """The sign-in page, which leads back to the page that was wanted; not to a form, which cannot be sent again."""
    parts = [f"fin={reason}"] if reason != "nobody" else []
    if request.method == "GET":
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        parts.append(f"suite={quote(wanted, safe='/')}")
    return f"{SIGN_IN}?{'&'.join(parts)}" if parts else SIGN_IN
