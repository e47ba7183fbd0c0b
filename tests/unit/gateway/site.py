"""The gateway with its pages, over the real services and a SQLite file; only time, Rasa and the PDF are made up."""

import base64
import re
import struct
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path

from cryptography.fernet import Fernet
from fastapi import FastAPI
from httpx import Response
from pydantic import SecretStr
from starlette.testclient import TestClient

from bot.channels.rest import RestChannel
from bot.conversations.limits import SlidingWindow
from bot.demarches import Demarche
from bot.gateway.app import GatewayServices, create_app
from bot.gateway.pages.services import PageServices
from bot.mandats.rules import Duration
from bot.mandats.views import Actor, DraftView, MandatView
from bot.privacy.spans import PiiType
from bot.privacy.vault import Vault
from bot.storage.engine import Database
from tests.unit.aidants.house import KEYS, House, Person
from tests.unit.mandats.world import CAN_BE_HELPED, SOME, World, assemble

PUBLIC_URL = "http://testserver"
ORGANISATION = "France Services de Guéret"
HTML = {"accept": "text/html"}
SAME_ORIGIN = {"sec-fetch-site": "same-origin"}
YOLANDE = {
    "family_name": "Kervella",
    "given_names": "Yolande Anne",
    "birth_date": "02/01/1950",
    "birth_place": "Brest",
}
DECLARED = {"informed": "oui", "verified": "oui"}


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*, width: int = 4, height: int = 2, ink: int = 255, extra: bytes = b"") -> bytes:
    """A picture as a canvas gives it, with one opaque pixel when there is *ink*."""
    row = bytes([0, 0, 0, ink]) + bytes(4 * (width - 1))
    content = b"".join(b"\0" + row for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    data = zlib.compress(content)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def data_url(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


def field(page: Response, name: str) -> str:
    """The value of a field of *page*."""
    tag = re.search(rf'<input[^>]*\bname="{name}"[^>]*>', page.text, flags=re.DOTALL)
    assert tag, f"no field {name}"
    value = re.search(r'\bvalue="([^"]*)"', tag.group())
    return unescape(value[1]) if value else ""


def words(page: Response) -> str:
    """What is read on *page*: no tag, plain spaces."""
    text = re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style).*?</\1>", "", page.text, flags=re.DOTALL))
    return " ".join(unescape(text).replace("\u202f", " ").replace("\u00a0", " ").split())


def form_of(page: Response, **values: str) -> dict[str, str]:
    """What the browser sends: the hidden fields of *page*, and *values*."""
    hidden = {name: field(page, name) for name in ("csrf", "draft") if f'name="{name}"' in page.text}
    return hidden | values


@dataclass
class Site:
    """A gateway, an aidant and their conversation."""

    world: World
    house: House
    person: Person
    vault: Vault
    services: PageServices
    printed: list[str]
    conversation: str

    @classmethod
    def over(cls, database: Database, *, static: Path, public_url: str = PUBLIC_URL, limit: int = 1000) -> "Site":
        house = House.over(database)
        organisation = house.organisation(ORGANISATION)
        person = house.enrolled("maiwenn@exemple.fr", organisation.id)
        world = assemble(database, clock=house.clock, people=(Actor(person.id, organisation.id), Actor("", "")))
        vault = Vault(database, key=SecretStr(Fernet.generate_key().decode()), clock=house.clock)
        printed: list[str] = []

        def attestation(mandat_id: str) -> bytes:
            printed.append(mandat_id)
            return b"%PDF-1.7 attestation"

        services = PageServices(
            brand="Équipier",
            public_url=public_url,
            static=static,
            keys=KEYS,
            clock=house.clock,
            people=house.aidants,
            drafts=world.drafts,
            sealing=world.sealing,
            verification=world.verification,
            vault=vault,
            attestation=attestation,
            limiter=SlidingWindow(limit=limit, window=timedelta(minutes=1)),
        )
        return cls(world, house, person, vault, services, printed, house.conversation())

    def app(self) -> FastAPI:
        """The application; its channel for programs is closed."""

        async def close() -> None: ...

        return create_app(
            GatewayServices(
                rest=RestChannel(None, token=SecretStr(""), key=SecretStr("k"), outbox=None),  # type: ignore[arg-type]
                checks=(),
                close=close,
                pages=self.services,
            )
        )

    def browser(self) -> TestClient:
        """A new browser, without any cookie."""
        return TestClient(
            self.app(),
            base_url=PUBLIC_URL,
            headers=HTML | SAME_ORIGIN,
            follow_redirects=False,
            raise_server_exceptions=False,
        )

    def draft(
        self, demarches: Collection[Demarche] = SOME, *, duration: Duration = Duration.LONG, renews: str | None = None
    ) -> tuple[DraftView, str]:
        """A draft of the aidant, and the secret of its link."""
        actor = Actor(self.person.id, self.world.actor.organisation, self.conversation)
        return self.world.drafts.create(actor, demarches, duration, CAN_BE_HELPED, renews=renews)

    def opened(self, browser: TestClient, secret: str | None = None) -> Response:
        """The page of a draft, once its link was opened in *browser*."""
        secret = secret or self.draft()[1]
        landing = browser.get(f"/s/{secret}")
        assert landing.status_code == 200
        answer = browser.post(f"/s/{secret}", data=form_of(landing))
        assert (answer.status_code, answer.headers["location"]) == (303, "/mandat/preparer")
        page = browser.get("/mandat/preparer")
        assert page.status_code == 200
        return page

    def send(self, browser: TestClient, page: Response, **values: str) -> Response:
        """Sends the form of *page*, right everywhere but for *values*."""
        right = YOLANDE | DECLARED | {"signed": "paper", "code": self.person.code()}
        return browser.post("/mandat/preparer", data=form_of(page, **(right | values)))

    def say(self, *found: tuple[PiiType, str]) -> None:
        """The conversation said *found*."""
        self.vault.put(self.conversation, found)

    def mandats(self) -> tuple[MandatView, ...]:
        """The mandates of the organisation, the newest first."""
        return self.world.register.mandats(self.world.actor)

    def seal(self, *, duration: Duration = Duration.LONG) -> MandatView:
        """A mandate sealed without the pages."""
        return self.world.seal(duration=duration)
