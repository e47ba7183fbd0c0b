"""Who connects: a site vouches for them, or they are signed in on our pages, or they hold a token, or they are nobody.

In that order, and the first that is there decides: what is there but wrong is refused, never taken for nobody.
"""

from datetime import UTC, datetime
from typing import Annotated, Protocol

from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection, Request

from bot.aidants.views import AidantView, OrganisationView, UnknownAidant, UnknownOrganisation, WrongField
from bot.channels.web.claims import HostTokens
from bot.channels.web.origins import Origins
from bot.channels.web.visits import Refused, Visit, VisitTokens
from bot.clock import Clock
from bot.gateway.desk.sessions import LASTS, Session, Sessions, is_over


class Accounts(Protocol):
    """What the web channel asks of ``bot.aidants.service.Aidants``."""

    def view(self, aidant_id: str) -> AidantView: ...

    def by_email(self, email: str) -> AidantView: ...

    def organisation(self, organisation_id: str) -> OrganisationView: ...

    def session_ended(self, session_id: str) -> bool: ...


class Auth(BaseModel):
    """What a page says of itself when it connects; the rest is ignored."""

    jwt: Annotated[str, Field(min_length=1, max_length=8192)] | None = None
    token: Annotated[str, Field(max_length=1024)] | None = None
    client: Annotated[str, Field(max_length=40)] | None = None


class Doorkeeper:
    """Recognises people; each method may read the database.

    Args:
        past_sessions: reads the sessions that are over too.
        hosts: reads the tokens of the site that holds the widget; ``None`` when there is no such site.
    """

    def __init__(
        self,
        accounts: Accounts,
        *,
        sessions: Sessions,
        past_sessions: Sessions,
        tokens: VisitTokens,
        origins: Origins,
        hosts: HostTokens | None,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._past_sessions = past_sessions
        self._tokens = tokens
        self._origins = origins
        self._hosts = hosts
        self._clock = clock

    def connecting(self, request: HTTPConnection, auth: Auth) -> Visit:
        """Who connects.

        Raises:
            Refused: what they claim to be does not hold.
        """
        if auth.jwt is not None:
            return self._vouched(auth.jwt)
        return self._known(request, auth.token) or Visit.anonymous()

    def asking(self, request: HTTPConnection) -> Visit:
        """Who asks over HTTP: the bearer of a token, or someone signed in on the page that asks.

        Raises:
            Refused: nobody that we know (``token``), or not any more.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            visit = self._tokens.read(token.strip())
            if visit.renewed:
                raise Refused("expired")
            self.check(visit)
            return visit
        signed_in = self._signed_in(request)
        if signed_in is None:
            raise Refused("token")
        return signed_in

    def check(self, visit: Visit) -> AidantView | None:
        """The account of *visit* as it is now; ``None`` for an anonymous one.

        Raises:
            Refused: the visit is over, or the account is closed.
        """
        if visit.aidant is None:
            return None
        if visit.until is not None and visit.until <= self._clock.now():
            raise Refused("expired")
        if visit.session and self._accounts.session_ended(visit.session):
            raise Refused("signed_out")
        account = self.account(visit.aidant)
        if visit.session and visit.until is not None and is_over(account, visit.until - LASTS):
            raise Refused("signed_out")
        return account

    def account(self, aidant: str) -> AidantView:
        """An account that is open.

        Raises:
            Refused: it is closed, or there is none any more.
        """
        try:
            account = self._accounts.view(aidant)
        except UnknownAidant as error:
            raise Refused("closed") from error
        return _open(account)

    def organisation(self, account: AidantView) -> str | None:
        """The name of the organisation for which they act; ``None`` when there is none."""
        try:
            return self._accounts.organisation(account.organisation).name if account.organisation else None
        except UnknownOrganisation:
            return None

    def _known(self, request: HTTPConnection, token: str | None) -> Visit | None:
        signed_in = self._signed_in(request)
        if signed_in is not None:
            return signed_in
        visit = self._tokens.read(token) if token else None
        if visit is not None:
            self.check(visit)
        # A page that was left open is not made an anonymous one behind the back of who writes there.
        if (visit is None or visit.aidant is None) and self._was_signed_in(request):
            raise Refused("expired")
        return visit

    def _was_signed_in(self, request: HTTPConnection) -> bool:
        return self._origins.are_ours(request) and self._past_sessions.read(_as_request(request)) is not None

    def _vouched(self, token: str) -> Visit:
        if self._hosts is None:
            raise Refused("jwt_off")
        vouched = self._hosts.read(token)
        try:
            account = _open(self._accounts.by_email(vouched.email))
        except (UnknownAidant, WrongField) as error:
            raise Refused("unknown") from error
        return Visit.of_aidant(account.id, until=vouched.until)

    def _signed_in(self, request: HTTPConnection) -> Visit | None:
        if not self._origins.are_ours(request):
            return None
        session = self._sessions.read(_as_request(request))
        if session is None:
            return None
        if self._accounts.session_ended(session.id):
            raise Refused("signed_out")
        account = self.account(session.aidant)
        if is_over(account, session.opened):
            raise Refused("signed_out")
        return Visit.of_aidant(account.id, until=_end(session), session=session.id)


def _open(account: AidantView) -> AidantView:
    if not (account.active and account.enrolled):
        raise Refused("closed")
    return account


def _end(session: Session) -> datetime:
    return datetime.fromtimestamp(session.issued, UTC) + LASTS


def _as_request(connection: HTTPConnection) -> Request:
    return Request({**connection.scope, "type": "http"})
