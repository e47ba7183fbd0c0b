"""What every page behind a sign-in shares: who visits, the renderer, and the forms bound to their session."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.aidants.models import Role
from bot.aidants.views import AidantView, MembershipView
from bot.gateway.desk.services import DeskServices
from bot.gateway.desk.sessions import Session, Sessions
from bot.gateway.pages.kit import Kit
from bot.mandats.views import Actor


@dataclass(frozen=True, slots=True)
class Visitor:
    """Someone who is signed in, as they were when the request came."""

    session: Session
    account: AidantView
    memberships: tuple[MembershipView, ...]

    @property
    def id(self) -> str:
        return self.account.id

    @property
    def current(self) -> MembershipView | None:
        """The organisation for which they act; ``None`` for an admin who belongs to none, or who left."""
        return next((one for one in self.memberships if one.current), None)

    @property
    def form(self) -> str:
        """Name of every form of this session: a token of another sign-in is none."""
        return f"desk {self.session.id}"

    def belongs_to(self, organisation: str) -> bool:
        return any(one.organisation.id == organisation for one in self.memberships)

    def supervises(self, organisation: str) -> bool:
        """Whether they may change who works in *organisation*."""
        return self.account.admin or any(
            one.organisation.id == organisation and one.role is Role.SUPERVISEUR for one in self.memberships
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """Made once, when the application is."""

    kit: Kit
    services: DeskServices
    sessions: Sessions

    @classmethod
    def over(cls, kit: Kit, services: DeskServices) -> "Desk":
        return cls(kit, services, Sessions(kit.services.keys, kit.services.clock, kit.cookies))

    def actor(self, visitor: Visitor) -> Actor:
        """Who *visitor* is to mandates.

        Raises:
            NoOrganisation: they have no current organisation.
            ClosedAccount: it was deactivated meanwhile.
        """
        return self.services.aidants.actor(visitor.id)

    def render(
        self, request: Request, template: str, visitor: Visitor | None, *, status: int = 200, **context: Any
    ) -> Response:
        """A page; to *visitor* with the menu, and a token good for all its forms."""
        form = visitor.form if visitor else None
        return self.kit.pages.render(request, template, status=status, visitor=visitor, **{"form": form} | context)


def see(path: str) -> Response:
    """Sends the browser to *path* after a form."""
    return RedirectResponse(path, status_code=303)
