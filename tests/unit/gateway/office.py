"""The pages behind a sign-in: two structures, and someone of every role, over the real services."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from httpx import Response
from starlette.responses import Response as Answer
from starlette.testclient import TestClient

from bot.aidants.linked import linked_conversations
from bot.aidants.models import Role
from bot.gateway.desk.services import DeskServices
from bot.gateway.desk.sessions import COOKIE, Sessions
from bot.gateway.pages.security import Cookies
from bot.mandats import wording
from bot.mandats.attestation import Attestations
from bot.mandats.export import Exports
from bot.mandats.identity import Identity
from bot.mandats.rules import Duration
from bot.mandats.views import Actor, MandatView, Signature, Wording
from bot.storage.engine import Database
from tests.unit.aidants.house import KEYS, Person
from tests.unit.gateway.site import PUBLIC_URL, Site, form_of
from tests.unit.mandats.world import SOME, YOLANDE

OTHER = "CCAS de Lens"


@dataclass
class Office:
    """Everything that a test of these pages needs.

    Attributes:
        aidant, supervisor: work in the first organisation.
        stranger: supervises the other one.
        admin: belongs to none.
    """

    site: Site
    home: str
    other: str
    aidant: Person
    supervisor: Person
    stranger: Person
    admin: Person

    @classmethod
    def over(cls, database: Database, *, static: Path, public_url: str = PUBLIC_URL) -> "Office":
        site = Site.over(database, static=static, public_url=public_url)
        house, world = site.house, site.world
        home, other = world.actor.organisation, house.organisation(OTHER).id
        site.services = replace(
            site.services,
            desk=DeskServices(
                aidants=house.aidants,
                register=world.register,
                attestations=Attestations(database, world.register, house.journal, house.clock, public_url=public_url),
                journal=house.journal,
                exports=Exports(database, world.register, house.journal),
                conversations=partial(linked_conversations, database),
            ),
        )
        return cls(
            site,
            home,
            other,
            site.person,
            house.enrolled("nolwenn@exemple.fr", home, role=Role.SUPERVISEUR),
            house.enrolled("goulven@exemple.fr", other, role=Role.SUPERVISEUR),
            house.enrolled("admin@exemple.fr", None, admin=True),
        )

    def signed_in(self, person: Person) -> TestClient:
        """A browser in which *person* has just signed in, without the page."""
        browser, answer = self.site.browser(), Answer()
        Sessions(KEYS, self.site.house.clock, Cookies(PUBLIC_URL)).open(answer, person.id)
        browser.cookies.set(
            COOKIE, answer.headers["set-cookie"].split(";")[0].partition("=")[2], domain="testserver.local"
        )
        return browser

    def seal(self, identity: Identity = YOLANDE, *, person: Person | None = None, **options) -> MandatView:
        """A mandate of *person*'s organisation, signed with the text of today."""
        who = person or self.aidant
        actor = Actor(who.id, self.site.house.aidants.actor(who.id).organisation)
        options = {"demarches": SOME, "duration": Duration.LONG} | options
        page = self.site.world.page(actor=actor, **options)
        text = wording.current()
        return self.site.world.sealing.seal(page, identity, Signature(), Wording(text.version, text.digest))

    def send(self, browser: TestClient, page: str, action: str | None = None, **values: str) -> Response:
        """Sends a form found on *page* to *action*."""
        shown = browser.get(page)
        assert shown.status_code == 200, shown.text
        return browser.post(action or page, data=form_of(shown, **values))
