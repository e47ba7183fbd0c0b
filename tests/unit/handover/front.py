"""Someone who asks for a human, and those who answer: the real services, an engine that echoes."""

from dataclasses import dataclass, field

from bot.aidants.models import Role
from bot.conversations.cipher import Cipher
from bot.conversations.deliveries import Deliveries
from bot.conversations.doorstep import Doorstep
from bot.conversations.history import History
from bot.conversations.kept import KeptMessages
from bot.conversations.limits import SlidingWindow
from bot.conversations.messages import Incoming, Reply, Spoken
from bot.conversations.places import Places
from bot.conversations.router import Router
from bot.conversations.store import ConversationStore
from bot.conversations.worker import Worker
from bot.handover.asking import Handovers
from bot.handover.canned import CannedReplies
from bot.handover.helpdesk import HelpDesk
from bot.handover.hours import Hours
from bot.handover.presence import Presence
from bot.handover.views import Agent, Reason
from bot.privacy.pseudonymise import Pseudonymised
from bot.privacy.spans import PiiType
from bot.storage.engine import Database
from tests.unit.aidants.house import House, Person
from tests.unit.conversations.fakes import FakeEngine

CHAT = "42"  # the address of a Telegram chat


class Masks:
    """Knows one name and one number."""

    def pseudonymise(self, text: str) -> Pseudonymised:
        known = {"Kervella": PiiType.NOM, "2 50 01 29 019 044 47": PiiType.NIR}
        found = tuple((kind, word) for word, kind in known.items() if word in text)
        for kind, word in found:
            text = text.replace(word, kind.placeholder)
        return Pseudonymised(text, found)


@dataclass
class Front:
    """One organisation with its help desk, another one, and an aidant who is recognised on Telegram and on the web.

    Attributes:
        helper: help-desk agent of the organisation; *other* too; *stranger* is that of the other organisation.
    """

    house: House
    database: Database
    cipher: Cipher
    places: Places
    home: str
    elsewhere: str
    aidant: Person
    engine: FakeEngine = field(default_factory=FakeEngine)

    @classmethod
    def over(cls, database: Database, *, cipher: Cipher) -> "Front":
        house = House.over(database)
        home, elsewhere = house.organisation().id, house.organisation("CCAS de Lens").id
        return cls(
            house,
            database,
            cipher,
            Places(database, cipher=cipher),
            home,
            elsewhere,
            house.enrolled("maiwenn@exemple.fr", home),
        )

    def __post_init__(self) -> None:
        self.clock = self.house.clock
        self.store = ConversationStore(self.database)
        self.handovers = self.with_hours("lun-ven 9:00-17:30")
        self.desk = HelpDesk(self.database, self.house.journal, self.clock, pseudonymiser=Masks())
        self.canned = CannedReplies(self.database, self.clock, detector=Masks())
        self.history = History(self.database)
        self.deliveries = Deliveries(self.database, cipher=self.cipher)

    def with_hours(self, written: str) -> Handovers:
        self.handovers = Handovers(self.database, self.house.journal, self.clock, hours=Hours.parse(written))
        self.router = Router(
            places=self.places,
            store=self.store,
            doorstep=Doorstep(store=self.store, pseudonymiser=Masks(), max_chars=2000),
            kept=KeptMessages(self.database, cipher=self.cipher),
            engine=self.engine,
            limiter=SlidingWindow(),
            clock=self.clock,
            pushed=("telegram",),
            humans=self.handovers,
        )
        return self.handovers

    def worker(self) -> Worker:
        """What answers the messages that were kept."""
        kept = KeptMessages(self.database, cipher=self.cipher)
        return Worker(kept=kept, store=self.store, engine=self.engine, clock=self.clock, humans=Presence(self.database))

    def agent(self, name: str, organisation: str | None = "", *, role: Role = Role.HELPDESK) -> Agent:
        """Someone new who answers; an admin when there is no organisation."""
        where = self.home if organisation == "" else organisation
        person = self.house.enrolled(f"{name}@exemple.fr", where, role=role, admin=where is None)
        agent = self.desk.agent(person.id)
        assert agent is not None
        return agent

    def own(self, channel: str = "web") -> str:
        """The aidant's own conversation, last written in from *channel*."""
        address = CHAT if channel == "telegram" else None
        place = self.places.open(channel, f"{channel}-1", now=self.clock.now(), address=address, aidant=self.aidant.id)
        self.house.aidants.own_conversation(place.conversation, self.aidant.id)
        return place.conversation

    def anonymous(self) -> str:
        return self.places.open("web", "visiteur", now=self.clock.now()).conversation

    def ask(self, conversation: str | None = None, reason: Reason = Reason.ASKED) -> str:
        """The conversation in which a human was asked for."""
        conversation = conversation or self.own()
        self.handovers.ask(conversation, reason)
        return conversation

    def waiting(self, agent: Agent) -> int:
        """The id of the only request that waits."""
        (one,) = self.desk.listed(agent, "attente")
        return one.id

    async def say(self, text: str, *, channel: str = "web", voice: Spoken | None = None) -> tuple[Reply, ...]:
        address = CHAT if channel == "telegram" else None
        incoming = Incoming(channel, f"{channel}-1", text, address=address, aidant=self.aidant.id, voice=voice)
        return await self.router.handle(incoming)

    async def collect(self, channel: str = "web") -> list[str]:
        """What waited on a pull channel."""
        return [plain(reply.text) for reply in await self.router.collect(channel, f"{channel}-1")]

    def pushed(self) -> list[tuple[str, str]]:
        """(address, text) of what leaves for Telegram."""
        sent = []
        while due := self.deliveries.claim("telegram", now=self.clock.now()):
            for one in due:
                self.deliveries.sent(one, now=self.clock.now())
                sent.append((one.address, plain(one.reply.text)))
        return sent


def plain(text: str) -> str:
    """*text* with plain spaces."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")
