"""The list of conversations: filtered by its address, page by page, as a file, and the filters that have a name."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.calendar import PARIS
from bot.gateway.desk.access import Posted, guarded
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.desk.supervision.common import CONVERSATIONS, SUPERVISION, Choices, Id, Options, Reviewing, show, told
from bot.gateway.desk.supervision.filters import Wanted, in_words, read, written
from bot.gateway.desk.supervision.labels import CHANNELS, teachable
from bot.gateway.desk.supervision.services import SupervisionServices
from bot.supervision.listings import Listed
from bot.supervision.queries import WrongKey
from bot.supervision.views import ConversationRow, Filter, State, WrongReview

KEY = "cle"
_KEY = re.compile(r"[on]\d{1,17}-\d{1,9}")
_PER_PAGE = 50
_MOST_ROWS = 5_000  # of a file
_KEYS: Options = (
    ("j", "Conversation suivante"),
    ("k", "Conversation précédente"),
    ("Entrée", "Ouvrir la conversation"),
    ("/", "Aller au champ de recherche"),
)
_DONE = {
    "filtre": "Le filtre est enregistré\u202f: il est au-dessus de la liste.",
    "filtre-supprime": "Le filtre est supprimé.",
}
_COLUMNS = (
    "conversation",
    "premier message",
    "dernier message",
    "canal",
    "structure",
    "aidant",
    "début",
    "messages",
    "confiance la plus basse",
    "non compris",
    "sans réponse",
    "avis positifs",
    "avis négatifs",
    "signalée",
    "aide humaine",
    "mandat ouvert",
    "état",
    "confiée à",
    "étiquettes",
)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A filter that has a name, and the address of what it lists."""

    id: int
    name: str
    address: str


def routes(desk: Desk, services: SupervisionServices) -> APIRouter:
    """``/supervision/conversations`` and ``/supervision/filtres``."""
    router = APIRouter(route_class=guarded(desk))
    conversations, filters = services.conversations, services.filters

    def listed(
        request: Request,
        visitor: Visitor,
        wanted: Wanted,
        *,
        key: str | None = None,
        name: str = "",
        errors: Mapping[str, str] | None = None,
    ) -> Response:
        try:
            page = conversations.page(visitor.id, wanted.filter, key=key, limit=_PER_PAGE)
        except WrongKey:
            page = conversations.page(visitor.id, wanted.filter, limit=_PER_PAGE)
        services.reviewing.listings.seen(visitor.id, Listed.CONVERSATIONS, wanted.filter)
        choices = Choices.of(desk, visitor)
        return show(
            request,
            "conversations",
            visitor,
            keys=_KEYS,
            status=422 if errors else 200,
            wanted=wanted,
            page=page,
            most_rows=_MOST_ROWS,
            active=in_words(wanted, dict(choices.people), dict(choices.organisations)),
            saved=[Shortcut(one.id, one.name, written(one.filter).address()) for one in filters.of(visitor.id)],
            states=[(one.value, one.label) for one in State],
            organisations=choices.organisations,
            people=list(choices.people),
            intents=teachable(),
            tags=[(tag, tag) for tag in conversations.tags(visitor.id)],
            done=_DONE.get(request.query_params.get("fait", ""), ""),
            name=name,
            errors=errors or {},
        )

    @router.get(SUPERVISION)
    def enter(visitor: Reviewing) -> Response:  # noqa: ARG001  only for those who review
        return see(CONVERSATIONS)

    @router.get(CONVERSATIONS)
    def list_conversations(request: Request, visitor: Reviewing) -> Response:
        return listed(request, visitor, read(request.query_params), key=_key(request.query_params.get(KEY, "")))

    @router.get(f"{CONVERSATIONS}.csv")
    def as_file(request: Request, visitor: Reviewing) -> Response:
        wanted = read(request.query_params).filter
        rows = list(_newest(services, visitor, wanted))
        services.reviewing.listings.taken(visitor.id, wanted, count=len(rows))
        return Response(
            _csv(rows),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="conversations.csv"', "Cache-Control": "no-store"},
        )

    @router.post(f"{SUPERVISION}/filtres")
    def save(request: Request, visitor: Reviewing, form: Posted) -> Response:
        wanted = read(dict(parse_qsl(form.get("filtre", "").removeprefix("?"))))
        try:
            filters.save(visitor.id, form.get("name", ""), wanted.filter)
        except WrongReview as error:
            return listed(request, visitor, wanted, name=form.get("name", ""), errors=told(error))
        return see(f"{CONVERSATIONS}{wanted.address(fait='filtre')}")

    @router.post(f"{SUPERVISION}/filtres/{{filter_id}}/supprimer")
    def remove(visitor: Reviewing, form: Posted, filter_id: Id) -> Response:  # noqa: ARG001  its token was checked
        filters.remove(visitor.id, filter_id)
        return see(f"{CONVERSATIONS}?fait=filtre-supprime")

    return router


def _key(typed: str) -> str | None:
    return typed if _KEY.fullmatch(typed) else None


def _newest(services: SupervisionServices, visitor: Visitor, wanted: Filter) -> Iterator[ConversationRow]:
    key, left = None, _MOST_ROWS
    while left:
        page = services.conversations.page(visitor.id, wanted, key=key, limit=min(500, left))
        yield from page.rows
        key, left = page.older, left - len(page.rows)
        if key is None:
            return


def _csv(rows: Iterable[ConversationRow]) -> str:
    text = io.StringIO()
    text.write("\ufeff")  # or Excel would not see that it is UTF-8
    writer = csv.writer(text, delimiter=";")
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([_cell(value) for value in _values(row)])
    return text.getvalue()


def _values(row: ConversationRow) -> tuple[object, ...]:
    lowest = row.lowest_confidence
    return (
        row.id,
        f"{row.first_at.astimezone(PARIS):%d/%m/%Y %H:%M}",
        f"{row.last_at.astimezone(PARIS):%d/%m/%Y %H:%M}",
        CHANNELS.get(row.channel, row.channel),
        row.organisation_name or "",
        row.aidant_name or "",
        row.excerpt,
        row.turns,
        "" if lowest is None else f"{lowest:.2f}".replace(".", ","),
        row.fallbacks,
        row.abstentions,
        row.ratings_up,
        row.ratings_down,
        *("oui" if one else "non" for one in (row.flagged, row.handover, row.mandat)),
        row.state.label,
        row.assignee_name or "",
        ", ".join(row.tags),
    )


def _cell(value: object) -> object:
    """A text that a spreadsheet would run is only shown."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
