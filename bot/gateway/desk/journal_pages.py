"""« Journal »: what was done, for those who supervise; its verification in one click, and its signed export."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from bot.aidants.views import UnknownAidant
from bot.calendar import PARIS
from bot.gateway.desk.access import Posted, Signed, guarded
from bot.gateway.desk.dashboard.numbers import count, counted
from bot.gateway.desk.dashboard.scope import reach
from bot.gateway.desk.dashboard.services import DashboardServices
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.desk.journal_labels import FAULTS, LABELS, VERDICTS, label_of, scope_of, told
from bot.gateway.pages.fields import date_of
from bot.journal.checkpoints import ChainBroken
from bot.journal.service import SYSTEM
from bot.supervision.journal_checks import ChainCheck
from bot.supervision.journal_reading import JournalPage, Line

JOURNAL = "/supervision/journal"
_SYSTEM_NAME = "Système (hors des structures)"
_PATIENCE = 2.0  # seconds that the click waits: most chains are verified by then
_LONGEST = 20  # characters of a typed date
_DIGITS = 9  # of an integer that every database takes


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as the page tells it.

    Attributes:
        at: ``None`` when the entry cannot be read.
        who: name of who did it; « le service » for the assistant itself.
    """

    seq: int
    at: datetime | None
    action: str
    who: str
    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters, as they stand in the address."""

    chain: str
    action: str
    typed: dict[str, str]
    errors: dict[str, str]
    since: datetime | None
    until: datetime | None

    def address(self, **more: str | int) -> str:
        kept = {"chaine": self.chain, "action": self.action} | self.typed | {k: str(v) for k, v in more.items()}
        return f"{JOURNAL}?{urlencode({name: value for name, value in kept.items() if value})}"


def routes(desk: Desk, services: DashboardServices) -> APIRouter:
    """``/supervision/journal``, its verification and its export."""
    router = APIRouter(route_class=guarded(desk))
    reader, checks = services.reader, services.checks

    def chain_of(visitor: Visitor, wanted: str) -> tuple[str, str]:
        """The chain and its name; the system's own for an admin who asks for none."""
        if visitor.account.admin and wanted in {"", SYSTEM}:
            return SYSTEM, _SYSTEM_NAME
        reached = reach(desk, visitor, wanted)
        return reached.id or SYSTEM, reached.name

    def shown(page: JournalPage) -> list[Shown]:
        entries = [line.entry for line in page.lines if line.entry]
        references = reader.references({one.mandat for one in entries if one.mandat})
        concerned = {one for entry in entries for one in (entry.aidant, entry.details.get("aidant"))}
        names = {one: name_of(one) for one in concerned if isinstance(one, str)}
        return [_shown(line, names, references) for line in page.lines]

    def name_of(aidant: str) -> str:
        try:
            return desk.services.aidants.view(aidant).name
        except UnknownAidant:  # the journal outlives the accounts
            return "Compte inconnu"

    def show(
        request: Request, visitor: Visitor, asked: Asked, name: str, *, refused: str = "", status: int = 200
    ) -> Response:
        query = request.query_params
        page = reader.page(
            asked.chain,
            action=asked.action or None,
            since=asked.since,
            until=asked.until,
            before=_number(query.get("avant", "")),
            after=_number(query.get("apres", "")),
        )
        present = set(reader.actions(asked.chain))
        reached = reach(desk, visitor, "" if asked.chain == SYSTEM else asked.chain)
        return desk.render(
            request,
            "journal",
            visitor,
            status=status,
            asked=asked,
            name=name,
            chains=[
                *([(SYSTEM, _SYSTEM_NAME)] if visitor.account.admin else []),
                *((one.id, one.name) for one in reached.choices),
            ],
            groups={
                topic: kept
                for topic, labels in LABELS.items()
                if (kept := [(one.value, label) for one, label in labels.items() if one.value in present])
            },
            length=reader.length(asked.chain),
            lines=shown(page),
            older=asked.address(avant=page.older) if page.older else "",
            newer=asked.address(apres=page.newer) if page.newer else "",
            check=checks.of(asked.chain),
            running=query.get("verification") == "oui",
            faults=FAULTS,
            verdicts=VERDICTS,
            progress=_progress,
            refused=refused,
            count=count,
            counted=counted,
        )

    @router.get(JOURNAL)
    def journal(request: Request, visitor: Signed) -> Response:
        chain, name = chain_of(visitor, request.query_params.get("chaine", ""))
        return show(request, visitor, _asked(request, chain), name)

    @router.post(f"{JOURNAL}/verifier")
    def verify(visitor: Signed, form: Posted) -> Response:
        chain, _ = chain_of(visitor, form.get("chaine", ""))
        checks.start(chain, patience=_PATIENCE)
        return see(f"{JOURNAL}?{urlencode({'chaine': chain, 'verification': 'oui'})}#verification")

    @router.get(f"{JOURNAL}/verification")
    def state(request: Request, visitor: Signed) -> Response:
        """How far the verification is: what the page asks while it waits."""
        chain, _ = chain_of(visitor, request.query_params.get("chaine", ""))
        check = checks.of(chain)
        if check is None or check.over:
            return JSONResponse({"finie": True})
        return JSONResponse({"finie": False, "faites": check.done, "total": check.entries, "dites": _progress(check)})

    @router.post(f"{JOURNAL}/exporter")
    def export(request: Request, visitor: Signed, form: Posted) -> Response:
        chain, name = chain_of(visitor, form.get("chaine", ""))
        try:
            signed, lines = reader.exported(chain, services.checkpoints, by=visitor.id)
        except ChainBroken as error:
            broken = error.verified.broken
            where = f"à l'entrée n°\u00a0{broken.seq}\u202f: {FAULTS[broken.fault]}" if broken else ""
            refused = f"La chaîne est rompue {where}. Un journal rompu n'est pas signé, ni exporté."
            return show(request, visitor, _asked(request, chain), name, refused=refused, status=409)
        whose = "systeme" if chain == SYSTEM else chain
        return StreamingResponse(
            lines,
            media_type="application/x-ndjson",
            headers={"Content-Disposition": f'attachment; filename="journal-{whose}-{signed.seq}.jsonl"'},
        )

    @router.get(f"{JOURNAL}/cle.pem")
    def key(request: Request, visitor: Signed) -> Response:
        """What checks the signatures, without being able to make one."""
        chain_of(visitor, request.query_params.get("chaine", ""))
        return Response(
            services.checkpoints.public_key(),
            media_type="application/x-pem-file",
            headers={"Content-Disposition": 'attachment; filename="equipier-journal.pem"'},
        )

    return router


def _asked(request: Request, chain: str) -> Asked:
    query = request.query_params
    typed = {name: value for name in ("du", "au") if (value := query.get(name, "").strip()[:_LONGEST])}
    days = {name: _day(value) for name, value in typed.items()}
    errors = {name: "Écrivez la date ainsi\u202f: 05/02/2026." for name, day in days.items() if day is None}
    first, last = days.get("du"), days.get("au")
    if first and last and first > last:
        errors["au"], last = "La fin est avant le début.", None
    known = {one.value for labels in LABELS.values() for one in labels}
    action = query.get("action", "")
    return Asked(
        chain=chain,
        action=action if action in known else "",
        typed=typed,
        errors=errors,
        since=_midnight(first) if first else None,
        until=_midnight(last + timedelta(days=1)) if last else None,
    )


def _shown(line: Line, names: dict[str, str], references: dict[str, str]) -> Shown:
    entry = line.entry
    if entry is None:
        return Shown(line.seq, None, "Entrée illisible\u202f: elle a été abîmée", "", ())
    reference = references.get(entry.mandat or "", "")
    details = {key: value for key, value in entry.details.items() if not (reference and key == "reference")}
    about = (reference, scope_of(entry.demarche), *told(details, names=names))
    who = names.get(entry.aidant, "") if entry.aidant else "le service"
    return Shown(line.seq, entry.at, label_of(entry.action), who, tuple(one for one in about if one))


def _progress(check: ChainCheck) -> str:
    """« 12 000 entrées relues sur 48 210 »."""
    return f"{counted(check.done, 'entrée relue', 'entrées relues')} sur {count(check.entries)}"


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _DIGITS else None


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return date_of(typed)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS).astimezone(UTC)
