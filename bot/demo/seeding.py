"""Four weeks of conversations, their review, and the requests to speak to someone: what happens, and when."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.calendar import PARIS
from bot.clock import Clock
from bot.demo.calls import CALLS, CANNED, Call, Step
from bot.demo.chat import Chat, Invented, InventedEvents
from bot.demo.story import CLAIRE, NADIA
from bot.demo.talk import EXPIRED, LOST_CARD, NEW_CARD, PENSION, TALKS, WIDOW, Exchange
from bot.fiches.store import FicheStore
from bot.handover.asking import Handovers
from bot.handover.canned import CannedReplies
from bot.handover.helpdesk import HelpDesk
from bot.handover.hours import USUAL, Hours, is_holiday
from bot.handover.models import HandoverRequest
from bot.handover.views import Agent
from bot.supervision.corrections import Corrections
from bot.supervision.handovers import HelpDesk as HelpDeskOfReview
from bot.supervision.models import Turn
from bot.supervision.projection import Projection
from bot.supervision.queries import Conversations
from bot.supervision.reviewing import Reviewing
from bot.supervision.services import intents
from bot.supervision.views import Filter, Judgement, State, Verdict

if TYPE_CHECKING:
    from bot.bootstrap import MandatServices

Act = tuple[datetime, Callable[[], None]]

_OPENS, _LEAVES = time(9), time(19, 40)  # in Paris
_BETWEEN = timedelta(minutes=2)  # two messages of a conversation
_STEP_BACK = timedelta(minutes=15)
_CALL_MINUTE = 75  # after nine, of a request of another day
_REVIEW_DAY, _REVIEW_MINUTE = 1, 420
_REVIEWED = 9  # conversations that were looked at, of the oldest
_PAGE = 100
_WEEKEND = 5


class Seeding:
    """Everything that the supervision and the help desk show.

    Args:
        clock: the one of *services*; it is moved before each act.
        now: the end of the story.
        people: ids, in the order of ``bot.demo.story.MEMBERS``.
    """

    def __init__(
        self, services: "MandatServices", clock: Clock, *, now: datetime, organisation: str, people: Sequence[str]
    ) -> None:
        database, journal = services.database, services.journal
        self._database = database
        self._now = now
        self._organisation = organisation
        self._people = people
        self._events = InventedEvents()
        self._hours = Hours.parse(USUAL)
        handovers = Handovers(database, journal, clock, hours=self._hours)
        self._chat = Chat(
            database, clock, aidants=services.aidants, handovers=handovers, people=people, events=self._events
        )
        self._desk = HelpDesk(database, journal, clock, pseudonymiser=Invented())
        self._canned = CannedReplies(database, clock, detector=Invented())
        self._projection = Projection(database, self._events, clock, handovers=HelpDeskOfReview())
        self._conversations = Conversations(database)
        self._reviewing = Reviewing(database, journal, clock, vault=services.vault, pseudonymiser=Invented)
        fiches, shown = FicheStore(database), {LOST_CARD.fiche, NEW_CARD.fiche, WIDOW.fiche}
        self._corrections = Corrections(
            database,
            journal,
            clock,
            intents=intents,
            fiche_exists=lambda one: one in shown or fiches.get(one) is not None,
        )

    def acts(self) -> list[Act]:
        """When, and what to do; in no order."""
        acts: list[Act] = []
        for talk in TALKS:
            began = self._working_day(talk.day, talk.minute)
            for number, said in enumerate(talk.said):
                acts.append((began + number * _BETWEEN, partial(self._chat.exchange, talk.aidant, talk.channel, said)))
        for call in CALLS:
            acts += self._acts_of(call)
        first = max(talk.day for talk in TALKS)
        acts += [(self._working_day(first, 5), partial(self._add_canned, *one)) for one in CANNED]
        acts.append((self._working_day(_REVIEW_DAY, _REVIEW_MINUTE), self._review))
        return acts

    def finish(self) -> tuple[int, int]:
        """Once all was done: how many conversations there are to read, and requests of help that are open."""
        self._projection.catch_up()
        open_ones = self._desk.counts(self._agent())
        return self._conversations.count(self._people[CLAIRE], Filter()), open_ones["attente"] + open_ones["miennes"]

    def _acts_of(self, call: Call) -> list[Act]:
        asked = self._instant(call)
        lost = Exchange(call.before, None, confidence=0.38, fallback=True)
        held: list[tuple[str, int]] = []  # the conversation and the request, once there are

        def ask() -> None:
            conversation = self._chat.ask_for_someone(call.aidant, call.channel, call.text, call.reason)
            held.append((conversation, self._request(conversation)))

        return [
            (asked - _BETWEEN, partial(self._chat.exchange, call.aidant, call.channel, lost)),
            (asked, ask),
            *((asked + timedelta(minutes=step.after), partial(self._go_on, call, step, held)) for step in call.steps),
        ]

    def _go_on(self, call: Call, step: Step, held: Sequence[tuple[str, int]]) -> None:
        conversation, request = held[0]
        agent = self._agent()
        match step.kind:
            case "told":
                self._chat.tell_someone(call.aidant, call.channel, step.text)
            case "fetched":
                self._chat.fetch(conversation)
            case "claimed":
                self._desk.claim(agent, request)
            case "replied":
                self._desk.reply(agent, request, step.text)
            case "noted":
                self._desk.note(agent, request, step.text)
            case "closed":
                self._desk.close(agent, request)

    def _review(self) -> None:
        """What the supervisor did: two corrections, one of them validated; words, a note, and the older pile sorted."""
        self._projection.catch_up()
        by = self._people[CLAIRE]
        expired, pension = self._turn(EXPIRED.text), self._turn(PENSION.text)
        bad = Verdict.BAD
        self._corrections.correct(by, expired.id, Judgement(bad, fiche=NEW_CARD.fiche, reasons=("mauvaise_fiche",)))
        meant = Judgement(bad, intent="demander_conditions", fiche=WIDOW.fiche, reasons=("mauvaise_intention",))
        self._corrections.validate(by, self._corrections.correct(by, pension.id, meant))
        for episode, tag in (
            (expired.episode_id, "carte d'identité"),
            (expired.episode_id, "mauvaise fiche"),
            (pension.episode_id, "retraite"),
        ):
            self._reviewing.tag(by, episode, tag)
        self._reviewing.note(by, expired.episode_id, "Carte périmée prise pour une carte perdue\u202f: à surveiller.")
        self._reviewing.flag(by, expired.episode_id, on=True)
        known = self._conversations.page(by, Filter(), limit=_PAGE).rows
        for row in known[-_REVIEWED:]:
            self._reviewing.set_state(by, row.id, State.REVU)

    def _turn(self, text: str) -> Turn:
        with self._database.unit_of_work() as session:
            found = session.scalars(
                select(Turn).where(Turn.text == text, Turn.organisation_id == self._organisation)
            ).one()
            session.expunge(found)
            return found

    def _request(self, conversation: str) -> int:
        mine = HandoverRequest.conversation_id == conversation
        with self._database.unit_of_work() as session:
            return (
                session.scalars(select(HandoverRequest.id).where(mine).order_by(HandoverRequest.id.desc())).first() or 0
            )

    def _agent(self) -> Agent:
        agent = self._desk.agent(self._people[NADIA])
        if agent is None:
            raise ValueError("the help desk of the demonstration answers nothing")
        return agent

    def _add_canned(self, title: str, text: str) -> None:
        self._canned.add(self._agent(), self._organisation, title, text)

    def _instant(self, call: Call) -> datetime:
        if call.day:
            return self._working_day(call.day, _CALL_MINUTE)
        if call.evening:
            return datetime.combine(self._today() - timedelta(days=1), _LEAVES, PARIS)
        at = self._now - timedelta(minutes=call.ago)
        while not self._hours.is_open(at):
            at -= _STEP_BACK
        return at

    def _working_day(self, before: int, minute: int) -> datetime:
        """*minute* after nine in Paris, *before* working days before today."""
        day = self._today()
        while before:
            day -= timedelta(days=1)
            before -= day.weekday() < _WEEKEND and not is_holiday(day)
        return datetime.combine(day, _OPENS, PARIS) + timedelta(minutes=minute)

    def _today(self) -> date:
        return self._now.astimezone(PARIS).date()
