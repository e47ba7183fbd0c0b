"""What each event of a page does, once the page is known and the event is well formed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from bot.channels.web import sentences
from bot.channels.web.events import HistoryRequest, Opinion, ResumeRequest, SessionRequest, Uttered, Wishes
from bot.channels.web.identity import Doorkeeper
from bot.channels.web.lines import page_json
from bot.channels.web.rooms import Connection, Rooms
from bot.channels.web.services import WebServices
from bot.channels.web.visits import VisitTokens
from bot.conversations.feedback import REASONS, UnknownMessage, WrongFeedback
from bot.conversations.preferences import Preferences

Json = dict[str, Any]
Method = Callable[[Connection, Any], Awaitable[Any]]
_ABILITIES_KNOWN_FOR = timedelta(seconds=30)
_PAGE = 200  # lines of one answer to « resume »
# A line may be written after one of a greater id: what is just behind the last one seen is given again.
_OVERLAP = 50  # ids


def failure(sentence: str, **more: Any) -> Json:
    """An event that came to nothing, and why."""
    return {"ok": False, "error": sentence, **more}


class Talk:
    """One method per event; each returns what the page gets back."""

    def __init__(self, services: WebServices, rooms: Rooms, doorkeeper: Doorkeeper, tokens: VisitTokens) -> None:
        self._services = services
        self._rooms = rooms
        self._doorkeeper = doorkeeper
        self._tokens = tokens
        self._abilities: tuple[datetime, tuple[bool, bool]] | None = None

    @property
    def events(self) -> tuple[Method, ...]:
        """The methods that events are named after."""
        return (
            self.session_request,
            self.user_uttered,
            self.history,
            self.resume,
            self.feedback,
            self.preferences,
        )

    async def introduce(self, connection: Connection) -> None:
        """Tells our own widget who it speaks for, and gives it a token that lasts."""
        connection.told_at = self._services.clock.now()
        session = await asyncio.to_thread(self._session, connection)
        listen, speak = await self._voice()
        session["voice"] = {"listen": listen, "speak": speak}
        await self._rooms.tell(connection, "equipier_session", session)
        if self._rooms.is_answering(connection.conversation):
            await self._rooms.tell(connection, "typing", {"on": True})

    async def session_request(self, connection: Connection, data: Any) -> None:
        """Rasa's greeting: the id is said back, as its widgets expect."""
        asked = SessionRequest.model_validate({} if data is None else data)
        await self._rooms.confirm(connection, asked.session_id or uuid4().hex)

    async def user_uttered(self, connection: Connection, data: Any) -> Json:
        """A message; the answer to this event comes once the message is answered, or kept for later.

        Raises:
            TooManyMessages: the conversation has to wait.
        """
        uttered = Uttered.model_validate(data)
        async with connection.turn:
            await self._rooms.say(connection.visit, uttered.message, message_id=uttered.message_id)
        await self.refresh(connection)
        return {"ok": True}

    async def history(self, connection: Connection, data: Any) -> Json:
        """What was said before."""
        asked = HistoryRequest.model_validate({} if data is None else data)
        if connection.conversation is None:
            return page_json((), more=False)
        lines = await asyncio.to_thread(
            self._services.history.page, connection.conversation, before=asked.before, limit=asked.limit + 1
        )
        return page_json(lines[-asked.limit :], more=len(lines) > asked.limit)

    async def resume(self, connection: Connection, data: Any) -> Json:
        """What was said since; some lines that the page has already may come again."""
        asked = ResumeRequest.model_validate(data)
        if connection.conversation is None:
            return page_json((), more=False)
        lines = await asyncio.to_thread(
            self._services.history.since,
            connection.conversation,
            max(0, asked.after - _OVERLAP),
            limit=_PAGE + _OVERLAP + 1,
        )
        return page_json(lines[: _PAGE + _OVERLAP], more=len(lines) > _PAGE + _OVERLAP)

    async def feedback(self, connection: Connection, data: Any) -> Json:
        """What someone thinks of an answer, instead of what they thought of it before."""
        opinion = Opinion.model_validate(data)
        if connection.conversation is None:
            return failure(sentences.NOT_AN_ANSWER)
        try:
            await asyncio.to_thread(
                self._services.feedback.give,
                connection.conversation,
                opinion.id,
                opinion.rating,
                reasons=opinion.reasons,
                comment=opinion.comment,
                now=self._services.clock.now(),
            )
        except UnknownMessage:
            return failure(sentences.NOT_AN_ANSWER)
        except WrongFeedback:
            return failure(sentences.WRONG_OPINION)
        await self._rooms.show_again(connection.conversation, opinion.id, but=connection.sid)
        return {"ok": True}

    async def preferences(self, connection: Connection, data: Any) -> Json:
        """Changes preferences, and tells the other pages."""
        wishes = Wishes.model_validate(data)
        conversation = connection.conversation or await self._rooms.begin(connection.visit)
        changed = await asyncio.to_thread(
            self._services.preferences.change,
            conversation,
            voice=wishes.voice,
            brief=wishes.brief,
            now=self._services.clock.now(),
        )
        connection.preferences = changed
        await self.refresh(connection)
        return _wishes(changed)

    async def refresh(self, connection: Connection) -> None:
        """Tells the pages of this conversation what its preferences have become: a sentence changes them too."""
        if connection.conversation is None:
            return
        present = await asyncio.to_thread(self._services.preferences.of, connection.conversation)
        for one in self._rooms.everyone():
            if one.ours and one.conversation == connection.conversation and one.preferences != present:
                await self.introduce(one)

    async def _voice(self) -> tuple[bool, bool]:
        """What the voice service can do, asked once for everyone in a while."""
        if self._services.voice is None:
            return False, False
        now = self._services.clock.now()
        if self._abilities is None or now - self._abilities[0] >= _ABILITIES_KNOWN_FOR:
            self._abilities = now, await self._services.voice.available()
        return self._abilities[1]

    def _session(self, connection: Connection) -> Json:
        visit, conversation, services = connection.visit, connection.conversation, self._services
        account = self._doorkeeper.account(visit.aidant) if visit.aidant else None
        present = services.preferences.of(conversation) if conversation else Preferences()
        connection.preferences = present
        return {
            "kind": "aidant" if account else "anonymous",
            "name": account.name if account else None,
            "organisation": self._doorkeeper.organisation(account) if account else None,
            "token": self._tokens.sign(visit),
            "last_id": services.history.last_id(conversation) if conversation else 0,
            "preferences": _wishes(present),
            "max_chars": services.max_chars,
            "sign_in_url": None if account else f"{services.public_url.rstrip('/')}/connexion?suite=/assistant",
            "reasons": [[code, label] for code, label in REASONS.items()],
            "renewed": visit.renewed,
        }


def _wishes(preferences: Preferences) -> Json:
    return {"voice": preferences.voice, "brief": preferences.brief}
