"""Who is connected, which conversation each one has open, and what is shown to them."""

import asyncio
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import socketio  # type: ignore[import-untyped]

from bot.channels.web.lines import line_json, rasa_json
from bot.channels.web.services import WebServices
from bot.channels.web.tail import IDLE, Tail
from bot.channels.web.visits import CHANNEL, Visit
from bot.conversations.history import Line
from bot.conversations.messages import Incoming, Spoken
from bot.conversations.preferences import Preferences


@dataclass(slots=True)
class Connection:
    """One open page.

    Attributes:
        ours: whether it holds our own widget; others are spoken to as Rasa does.
        conversation: ``None`` until something is said.
        active_at: when the person last did something.
        told_at: when it was last told of its session, and given a token.
        turn: one message of a page after the other, in their order.
        ready: set once the page is in its conversation.
    """

    sid: str
    visit: Visit
    ours: bool
    active_at: datetime
    told_at: datetime
    conversation: str | None = None
    preferences: Preferences | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def room(self) -> str:
        return _room(self.conversation or "", ours=self.ours)


class Rooms:
    """Keeps the connections of this process.

    What comes out of the log is shown to them only: with several processes, each reads the log for its own.
    """

    def __init__(self, services: WebServices, sio: socketio.AsyncServer, *, idle: float = IDLE) -> None:
        self._services = services
        self._sio = sio
        self._connections: dict[str, Connection] = {}
        self._answering: Counter[str] = Counter()
        self._moving = asyncio.Lock()
        self.tail = Tail(services.history, show=self._show, fetch_late=self.fetch_late, idle=idle)

    def get(self, sid: str) -> Connection | None:
        return self._connections.get(sid)

    def everyone(self) -> tuple[Connection, ...]:
        return tuple(self._connections.values())

    def admit(self, connection: Connection) -> None:
        """A page opens."""
        self._connections[connection.sid] = connection

    async def enter(self, connection: Connection) -> None:
        """Brings a page to its conversation, and hands over what waited there."""
        await self._move(connection, await asyncio.to_thread(self._where, connection.visit))
        connection.ready.set()
        if connection.conversation is not None:
            await self.fetch_late((connection.conversation,))
            await self.tail.flush()

    def leave(self, sid: str) -> Connection | None:
        """A page was closed."""
        connection = self._connections.pop(sid, None)
        if connection is not None and connection.conversation is not None:
            self.tail.leave(connection.conversation)
        return connection

    async def gather(self, visit: Visit) -> str | None:
        """Brings every page of *visit* to its conversation, which may have just begun; ``None`` if it has not."""
        conversation = await asyncio.to_thread(self._where, visit)
        for connection in self.everyone():
            if connection.visit.external_id == visit.external_id and connection.conversation != conversation:
                await self._move(connection, conversation)
        return conversation

    async def begin(self, visit: Visit) -> str:
        """The conversation of someone who has none yet, and says or wants something."""
        now = self._services.clock.now()
        await asyncio.to_thread(self._services.places.open, CHANNEL, visit.external_id, now=now, aidant=visit.aidant)
        conversation = await self.gather(visit)
        assert conversation is not None  # it was just made
        return conversation

    async def say(self, visit: Visit, text: str, *, message_id: str | None, voice: Spoken | None = None) -> None:
        """Takes a message of *visit* to the router, and shows what comes of it.

        Raises:
            TooManyMessages: the conversation has to wait.
        """
        incoming = Incoming(CHANNEL, visit.external_id, text, message_id, aidant=visit.aidant, voice=voice)
        conversation = await self.gather(visit) or await self.begin(visit)
        with self.tail.busy():
            await self._typing(conversation, 1)
            try:
                await self._services.router.handle(incoming)
                await self.gather(visit)
                await self.tail.flush()
            finally:
                await self._typing(conversation, -1)

    def is_answering(self, conversation: str | None) -> bool:
        """Whether an answer is being prepared in *conversation*, by this process."""
        return conversation is not None and self._answering[conversation] > 0

    async def show_again(self, conversation: str, message: int, *, but: str) -> None:
        """Shows a message that changed to every page that has it, but one."""
        line = await asyncio.to_thread(self._services.history.line, conversation, message)
        if line is not None:
            await self._sio.emit("line", line_json(line), room=_room(conversation, ours=True), skip_sid=but)

    async def tell(self, connection: Connection, event: str, content: dict[str, Any]) -> None:
        """Tells one page something."""
        await self._sio.emit(event, content, to=connection.sid, ignore_queue=True)

    async def confirm(self, connection: Connection, session_id: str) -> None:
        """Rasa's answer to « session_request »."""
        await self._sio.emit("session_confirm", session_id, to=connection.sid, ignore_queue=True)

    async def disconnect(self, connection: Connection) -> None:
        await self._sio.disconnect(connection.sid)

    def _where(self, visit: Visit) -> str | None:
        """The conversation of *visit*, without a trace: opening a page is not writing from there."""
        places = self._services.places
        if visit.aidant is not None:
            return places.own_of(visit.aidant)
        place = places.find(CHANNEL, visit.external_id)
        return place.conversation if place else None

    async def _move(self, connection: Connection, conversation: str | None) -> None:
        async with self._moving:
            former, room = connection.conversation, connection.room
            if former == conversation or connection.sid not in self._connections:
                return
            if conversation is not None:
                await self.tail.follow(conversation)
                if connection.sid not in self._connections:  # gone meanwhile
                    self.tail.leave(conversation)
                    return
            connection.conversation = conversation
            if former is not None:
                self.tail.leave(former)
                await self._sio.leave_room(connection.sid, room)
            if conversation is not None:
                await self._sio.enter_room(connection.sid, connection.room)

    async def _show(self, conversation: str, line: Line) -> None:
        await self._sio.emit("line", line_json(line), room=_room(conversation, ours=True), ignore_queue=True)
        if line.direction == "out":
            for message in rasa_json(line):
                await self._sio.emit("bot_uttered", message, room=_room(conversation, ours=False), ignore_queue=True)

    async def _typing(self, conversation: str, change: int) -> None:
        before = self.is_answering(conversation)
        self._answering[conversation] += change
        if self._answering[conversation] <= 0:
            del self._answering[conversation]
        if self.is_answering(conversation) != before:
            await self._sio.emit("typing", {"on": not before}, room=_room(conversation, ours=True))

    async def fetch_late(self, conversations: Collection[str]) -> None:
        """Hands over, into the log, the replies that wait for those of *conversations* that are open here."""
        waiting = frozenset(await asyncio.to_thread(self._services.late, conversations))
        here = {one.conversation: one.visit.external_id for one in self.everyone() if one.conversation in waiting}
        for external_id in here.values():
            await self._services.router.collect(CHANNEL, external_id)


def _room(conversation: str, *, ours: bool) -> str:
    return f"{'equipier' if ours else 'rasa'} {conversation}"
