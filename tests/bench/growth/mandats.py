"""How long an entry of the journal and the check of a mandate take as an organisation's journal grows.

One organisation holds everything, the worst case: ten entries for each mandate, two open scopes for each mandate. The
rows are written straight into the tables, the entries' seals are real; what is timed goes through the services.
"""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from bot.clock import SystemClock
from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.journal.chain import GENESIS, Entry, seal_of
from bot.journal.models import JournalEntry, JournalHead
from bot.mandats.models import Autorisation, Mandat, Usager, UsagerTerm
from bot.storage.engine import Database
from tests.bench.growth.measure import Point, point
from tests.unit.mandats.world import SOME, YOLANDE, World, assemble

SIZES = (10_000, 100_000, 1_000_000)
CURVES = ("entrée du journal", "mandat par référence", "mandat par nom", "attestation vérifiée")
_EACH = 10  # entries for a mandate
_BATCH = 20_000


def curves(database: Database, *, sizes: Sequence[int] = SIZES, times: int = 100) -> dict[str, list[Point]]:
    """The four curves, over an empty database at the schema of this version."""
    world = assemble(database, clock=SystemClock())
    known = world.seal(SOME, identity=YOLANDE)
    with database.unit_of_work() as session:
        row = session.get_one(Mandat, known.id)
        usager = session.get_one(Usager, row.usager_id)
        copied = {
            Usager: _columns(usager),
            Mandat: _columns(row),
        }
        token = row.public_token
    found: dict[str, list[Point]] = {name: [] for name in CURVES}
    for size in sizes:
        _fill(world, size, copied)
        actions = {
            "entrée du journal": lambda _n: _append(world),
            "mandat par référence": lambda _n: world.register.by_reference(world.actor, known.reference),
            "mandat par nom": lambda _n: world.register.covering(world.actor, "yolande kervella", Demarche.PAPIERS),
            "attestation vérifiée": lambda _n: world.verification.check(token),
        }
        for name, action in actions.items():
            found[name].append(point(size, action, times=times))
            print(name, found[name][-1], flush=True)
    return found


def _append(world: World) -> None:
    with world.database.unit_of_work() as session:
        world.journal.append(session, Action.CHECK_MANDAT, organisation=world.actor.organisation)


def _fill(world: World, size: int, copied: dict[type, dict[str, Any]]) -> None:
    """Adds mandates and entries until the organisation's journal holds *size* entries."""
    organisation = world.actor.organisation
    with world.database.engine.begin() as connection:
        head = connection.execute(
            select(JournalHead.seq, JournalHead.seal).where(JournalHead.organisation_id == organisation)
        ).one_or_none() or (0, GENESIS)
        seq, seal = int(head[0]), str(head[1])
        while seq < size:
            upto = min(seq + _BATCH, size)
            people = [secrets.token_hex(16) for _ in range((upto - seq) // _EACH)]
            _mandats(connection, organisation, people, copied)
            entries = list(_entries(organisation, people or [secrets.token_hex(16)], seq, upto, seal))
            connection.execute(insert(JournalEntry), entries)
            seq, seal = upto, entries[-1]["seal"]
        connection.execute(
            JournalHead.__table__.update()  # type: ignore[attr-defined]  # the table behind the class
            .where(JournalHead.organisation_id == organisation)
            .values(seq=seq, seal=seal)
        )
    with world.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")


def _mandats(connection: Connection, organisation: str, people: list[str], copied: dict[type, dict[str, Any]]) -> None:
    if not people:
        return
    connection.execute(
        insert(Usager), [copied[Usager] | {"id": one, "identity_index": secrets.token_hex(32)} for one in people]
    )
    connection.execute(
        insert(UsagerTerm), [{"usager_id": one, "term": secrets.token_hex(32)} for one in people for _ in range(3)]
    )
    connection.execute(
        insert(Mandat),
        [
            copied[Mandat] | {"id": one, "usager_id": one, "reference": secrets.token_hex(12), "public_token": one}
            for one in people
        ],
    )
    connection.execute(
        insert(Autorisation),
        [
            {
                "id": secrets.token_hex(16),
                "mandat_id": one,
                "organisation_id": organisation,
                "usager_id": one,
                "demarche": demarche.value,
            }
            for one in people
            for demarche in SOME
        ],
    )


def _entries(organisation: str, people: list[str], after: int, upto: int, seal: str) -> Iterator[dict[str, Any]]:
    at: datetime = SystemClock().now() - timedelta(days=30)
    for seq in range(after + 1, upto + 1):
        one = people[seq % len(people)]
        entry = Entry(
            seq=seq,
            organisation=organisation,
            action=Action.USE_AUTORISATION.value,
            at=at + timedelta(seconds=seq),
            aidant=None,
            mandat=one,
            usager=one,
            demarche=Demarche.PAPIERS.value,
            details={},
            previous=seal,
        )
        seal = seal_of(entry)
        yield {
            "organisation_id": organisation,
            "seq": seq,
            "action": entry.action,
            "at": entry.at,
            "aidant_id": None,
            "mandat_id": one,
            "usager_id": one,
            "demarche": entry.demarche,
            "details": {},
            "previous": entry.previous,
            "seal": seal,
        }


def _columns(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}
