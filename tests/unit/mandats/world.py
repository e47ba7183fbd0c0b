"""A small world to try mandates in: every service over one database, organisations and the people who work there."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from bot.aidants.models import Aidant, Membership, Organisation
from bot.clock import Clock
from bot.demarches import Demarche
from bot.journal.chain import Entry
from bot.journal.checkpoints import Checkpoints
from bot.journal.service import Journal
from bot.mandats.drafts import Drafts
from bot.mandats.identity import Identity, Usagers
from bot.mandats.register import Register
from bot.mandats.rules import Duration, Eligibility
from bot.mandats.sealing import Sealing, Told
from bot.mandats.verification import Verification
from bot.mandats.views import Actor, LinkRefused, MandatView, Signature, Wording
from bot.privacy.envelope import BlindIndex, Envelope, KeyRing
from bot.storage.engine import Database
from tests.unit.conversations.fakes import FakeClock

ALL = tuple(Demarche)
SOME = (Demarche.PAPIERS, Demarche.LOGEMENT)
CAN_BE_HELPED = Eligibility(adult=True, protected=False, present=True)
YOLANDE = Identity("Kervella", "Yolande", date(1950, 1, 2), "Brest")
ANATOLE = Identity("Le Bihan", "Anatole Yves", date(1948, 2, 29), "Le Conquet")
WORDING = Wording("v1", "0" * 64)
ON_PAPER = Signature()


def ring(*names: str) -> KeyRing:
    """Keys that are the same in every process, the current one first."""
    return KeyRing(names[0], {name: name.encode().ljust(32, b".") for name in names})


@dataclass
class World:
    """Services, and one aidant in each of two organisations.

    Attributes:
        actor: works in the first organisation; *stranger* in the other.
    """

    database: Database
    clock: Clock
    journal: Journal
    checkpoints: Checkpoints
    usagers: Usagers
    drafts: Drafts
    sealing: Sealing
    register: Register
    verification: Verification
    actor: Actor
    stranger: Actor

    @property
    def fake_clock(self) -> FakeClock:
        assert isinstance(self.clock, FakeClock)
        return self.clock

    def organisation(self, *, allowed: Collection[Demarche] = ALL) -> str:
        """The id of a new organisation."""
        new = uuid4().hex
        with self.database.unit_of_work() as session:
            session.add(
                Organisation(
                    id=new,
                    name=f"France Services {new[:6]}",
                    address="1 place de l'Église",
                    demarches=[demarche.value for demarche in allowed],
                    created_at=self.clock.now(),
                )
            )
        return new

    def aidant(self, organisation: str) -> Actor:
        """Someone new who works in *organisation*."""
        new = uuid4().hex
        with self.database.unit_of_work() as session:
            session.add(Aidant(id=new, email=f"{new}@exemple.fr", name="Maïwenn Le Goff", created_at=self.clock.now()))
            session.flush()
            session.add(Membership(aidant_id=new, organisation_id=organisation))
        return Actor(new, organisation)

    def leave(self, actor: Actor) -> None:
        """*actor* does not work there any more."""
        self.sql(
            "DELETE FROM memberships WHERE aidant_id = :aidant AND organisation_id = :organisation",
            aidant=actor.aidant,
            organisation=actor.organisation,
        )

    def page(
        self,
        demarches: Collection[Demarche] = SOME,
        *,
        actor: Actor | None = None,
        duration: Duration = Duration.LONG,
        renews: str | None = None,
    ) -> str:
        """The secret of an opened page."""
        _, secret = self.drafts.create(actor or self.actor, demarches, duration, CAN_BE_HELPED, renews=renews)
        return self.drafts.open_link(secret)[1]

    def seal(
        self,
        demarches: Collection[Demarche] = SOME,
        *,
        identity: Identity = YOLANDE,
        actor: Actor | None = None,
        duration: Duration = Duration.LONG,
        renews: str | None = None,
        signature: Signature = ON_PAPER,
    ) -> MandatView:
        """A new mandate, from its draft to its seal."""
        page = self.page(demarches, actor=actor, duration=duration, renews=renews)
        return self.sealing.seal(page, identity, signature, WORDING)

    def sql(self, statement: str, **values: Any) -> None:
        """What someone with the database's password can do."""
        with self.database.engine.begin() as connection:
            connection.execute(text(statement), values)

    def scalar(self, query: str, **values: Any) -> Any:
        with self.database.engine.connect() as connection:
            return connection.execute(text(query), values).scalar()

    def journalled(self, actor: Actor | None = None) -> list[Entry]:
        """The whole journal of an actor's organisation, the oldest first."""
        return list(reversed(self.journal.entries((actor or self.actor).organisation)))

    def last_entry(self, actor: Actor | None = None) -> Entry:
        return self.journal.entries((actor or self.actor).organisation, limit=1)[0]

    def count(self, table: str) -> int:
        return int(self.scalar(f"SELECT count(*) FROM {table}"))


def assemble(
    database: Database,
    *,
    clock: Clock | None = None,
    masters: KeyRing | None = None,
    seals: KeyRing | None = None,
    told: Told = lambda _session, _mandat: None,
    step: Callable[[str], None] = lambda _name: None,
    people: tuple[Actor, Actor] | None = None,
) -> World:
    """The world over *database*, at the schema of this version; *people* are there already, else they are added."""
    now = clock or FakeClock()
    journal = Journal(database, now)
    usagers = Usagers(Envelope(masters or ring("master")), BlindIndex(ring("index")), now)
    seal_keys = seals or ring("seal")
    nobody = Actor("", "")
    world = World(
        database=database,
        clock=now,
        journal=journal,
        checkpoints=Checkpoints(database, journal, now, key=ring("checkpoint")),
        usagers=usagers,
        drafts=Drafts(database, journal, usagers, now),
        sealing=Sealing(database, journal, usagers, now, keys=seal_keys, told=told, step=step),
        register=Register(database, journal, usagers, now),
        verification=Verification(database, now, keys=seal_keys),
        actor=nobody,
        stranger=nobody,
    )
    world.actor, world.stranger = people or (world.aidant(world.organisation()), world.aidant(world.organisation()))
    return world


def link_state(drafts: Drafts, secret: str) -> str | None:
    """Why a link would be refused; ``None`` when it would open."""
    try:
        drafts.of_link(secret)
    except LinkRefused as error:
        return error.reason
    return None
