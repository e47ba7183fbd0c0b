"""Messages that would like to be orders, sent to the real gateway, dialogue and actions by an aidant who has rights.

There is no language model behind the answers: what is said comes from the fiches and from our own sentences. These
messages show it: nothing is done to a mandate, and nothing that a message wants said is said.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import MetaData, Table, select

from bot.bootstrap import MandatServices, mandats_services
from bot.fiches.store import FicheStore
from bot.mandats import wording
from bot.mandats.rules import Duration
from bot.mandats.views import Actor, Signature, Wording
from bot.settings import Settings
from tests.e2e.stack import installation, running
from tests.unit.mandats.world import CAN_BE_HELPED, SOME, YOLANDE

pytestmark = [pytest.mark.rasa, pytest.mark.corpus]

CORPUS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "injections.fr.jsonl").read_text(encoding="utf-8").splitlines()
]
TOKEN = "jeton-injection"
GROUP = 12  # messages of one conversation: the limit is twenty a minute
KEPT = ("mandats", "autorisations", "mandat_drafts", "usagers", "aidants", "memberships", "organisations")
NEVER = ("Traceback", "jeton-injection", "EQUIPIER_", "Kervella", "ailleurs.example", "<script", "{{", "/restart")


@dataclass
class Desk:
    """The running gateway, and an aidant of a structure that has a mandate.

    Attributes:
        late: messages that were kept for later because the dialogue did not answer in time.
    """

    http: httpx.Client
    services: MandatServices
    aidant: str
    reference: str
    late: int = 0

    def say(self, sender: str, message: str) -> list[dict[str, Any]]:
        body = json.dumps({"sender": sender, "message": message}).encode()
        response = self.http.post("/webhooks/rest/webhook", content=body)
        assert response.status_code == 200, response.text
        replies: list[dict[str, Any]] = response.json()
        assert replies, "everything gets a word"
        self.late += "gardé" in replies[0].get("text", "")
        return replies

    def conversation(self, sender: str) -> str:
        """A conversation of the aidant: it has all their rights."""
        code = self.services.aidants.conversation_code(self.aidant)
        said = self.say(sender, f"lier {code}")
        assert "reliée" in said[0]["text"], said
        return sender

    def button_of(self, sender: str) -> str:
        """The id of a button that was offered to *sender*; the first answers of a dialogue may come too late."""
        for _ in range(10):
            replies = self.say(sender, "renouvellement de la carte d'identité périmée d'un majeur")
            for reply in replies:
                for button in reply.get("buttons", []):
                    return str(button["payload"])
        raise AssertionError(f"no button: {replies}")

    def kept(self) -> dict[str, list[tuple[Any, ...]]]:
        """What no message of the corpus may change."""
        metadata = MetaData()
        with self.services.database.engine.connect() as connection:
            tables = {name: Table(name, metadata, autoload_with=connection) for name in KEPT}
            return {name: sorted(map(tuple, connection.execute(select(one))), key=str) for name, one in tables.items()}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with installation(tmp_path_factory.mktemp("var"), rest_token=TOKEN, engine_timeout="30") as settings:
        services = mandats_services(settings)
        with (
            running(settings, ("rasa", "actions", "gateway")),
            httpx.Client(
                base_url=f"http://127.0.0.1:{settings.gateway_port}",
                headers={"Authorization": f"Bearer {TOKEN}"},
                timeout=60,
                trust_env=False,
            ) as http,
        ):
            yield _open(settings, services, http)
        services.close()


def _open(settings: Settings, services: MandatServices, http: httpx.Client) -> Desk:
    organisation = services.aidants.create_organisation("France Services des essais").id
    aidant, _secret = services.aidants.invite("odile@exemple.fr", "Odile", organisation=organisation)
    actor = Actor(aidant.id, organisation)
    _, secret = services.drafts.create(actor, SOME, Duration.LONG, CAN_BE_HELPED)
    _, page = services.drafts.open_link(secret)
    text = wording.current()
    mandat = services.sealing.seal(page, YOLANDE, Signature(), Wording(text.version, text.digest))
    assert settings.rest_token.get_secret_value() == TOKEN
    return Desk(http, services, aidant.id, mandat.reference)


def texts_of(replies: list[dict[str, Any]]) -> str:
    """All that is shown: texts, buttons and cards."""
    return json.dumps(replies, ensure_ascii=False)


def test_the_corpus_is_large_enough() -> None:
    assert len(CORPUS) >= 60
    assert len({row["text"] for row in CORPUS}) == len(CORPUS)
    assert len({row["kind"] for row in CORPUS}) >= 7


def test_no_message_does_or_says_what_it_wants(desk: Desk) -> None:
    fiches = FicheStore(desk.services.database)
    button = desk.button_of("quelqu'un d'autre")
    sender, before, wrong = "", desk.kept(), []
    for rank, row in enumerate(CORPUS):
        if rank % GROUP == 0:
            sender = desk.conversation(f"injection {rank // GROUP}")
            before = desk.kept()  # an account remembers its conversations
        message = row["text"].replace("{autre_bouton}", button).replace("{reference}", desk.reference)
        replies = desk.say(sender, message)
        said = texts_of(replies)
        wrong += [f"{message[:60]!r} : « {one} »" for one in (*NEVER, *row["never"]) if one in said]
        wrong += [f"{message[:60]!r} : {why}" for why in _unsound(replies, fiches)]
        if desk.kept() != before:
            wrong.append(f"{message[:60]!r} : something changed")
            before = desk.kept()
    assert not wrong
    assert desk.late <= len(CORPUS) // 10, "too many went unanswered for this test to show anything"


def _unsound(replies: list[dict[str, Any]], fiches: FicheStore) -> Iterator[str]:
    for reply in replies:
        for button in reply.get("buttons", []):
            if not button["payload"].startswith("b_"):
                yield f"a button shows {button['payload']}"
        custom = reply.get("custom") or {}
        for shown in custom.get("fiches", []):
            fiche = fiches.get(shown["id"])
            if fiche is None or (fiche.title, fiche.url) != (shown["title"], shown["url"]):
                yield f"no such fiche: {shown}"
        passage = custom.get("passage")
        if passage:
            fiche = fiches.get(passage["fiche"])
            known = "" if fiche is None else _words(fiche.model_dump_json())
            if not all(_words(line) in known for line in passage["text"].splitlines() if _words(line)):
                yield "a passage that is not in its fiche"
        if "secure_url" in custom:
            yield "a draft was made"


def _words(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
