"""Conversations to review, as the worker leaves them: two structures, and someone whom nobody knows."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from bot.aidants.models import LinkedConversation
from bot.conversations.models import Conversation, LoggedMessage, Rating
from bot.demarches import Demarche
from bot.fiches.model import Aspect, Fiche, Origin, Passage
from bot.fiches.store import Summary
from bot.gateway.desk.supervision.labels import teachable
from bot.gateway.desk.supervision.services import FicheShelf, SupervisionServices
from bot.supervision.corrections import Corrections
from bot.supervision.export import Exports
from bot.supervision.held_out import HeldOut
from bot.supervision.models import Correction, Episode, Turn
from bot.supervision.projection import Projection
from bot.supervision.queries import Conversations
from bot.supervision.queue import ReviewQueue
from bot.supervision.reviewing import Reviewing
from bot.supervision.saved import SavedFilters
from bot.supervision.views import ConversationRow, Filter, Judgement, Verdict
from tests.unit.conversations.fakes import HidesDupont
from tests.unit.gateway.office import Office
from tests.unit.supervision.talk import ListSource, action, bot, user


def fiche(id: str, title: str, *sections: str) -> Fiche:
    """An invented fiche, shaped like a real one."""
    passages = [
        Passage(id=f"p{number}", aspect=Aspect.AUTRE, heading=heading, lines=("Ce qu'il faut savoir.",))
        for number, heading in enumerate(sections, start=1)
    ]
    return Fiche(
        id=id,
        origin=Origin.SERVICE_PUBLIC,
        title=title,
        url=f"https://exemple.gouv.fr/{id}",
        updated=date(2026, 3, 1),
        kind="Fiche d'information",
        demarche=Demarche.PAPIERS,
        passages=tuple(passages),
    )


FICHES = (
    fiche("F1341", "Renouvellement de la carte d'identité d'un majeur", "Pièces à fournir", "Coût", "Délai"),
    fiche("F1342", "Carte d'identité perdue ou volée", "Déclaration de perte", "Pièces à fournir"),
    fiche("F750", "Carte Vitale perdue ou volée", "Déclarer la perte", "Demander une nouvelle carte"),
    fiche("F31037", "Expulsion locative", "Commandement de quitter les lieux", "Trêve hivernale"),
    fiche("G-AC-DUREE", "Durées possibles d'un mandat", "Les quatre durées"),
)


@dataclass(frozen=True)
class Exchange:
    """A question, what was understood, and the answer.

    Attributes:
        fiche: id of the fiche shown; ``None`` for a question without answer, ``""`` when none was looked for.
        rating: 1 or -1.
    """

    text: str
    answer: str
    intent: str = "question_demarche"
    confidence: float = 0.93
    topic: str | None = None
    fiche: str | None = ""
    section: str | None = None
    did: str = "action_repondre_question"
    fallback: bool = False
    rating: int | None = None
    comment: str = ""
    voice: dict[str, Any] | None = None


LOST = Exchange(
    "ma dame a perdu sa carte Vitale, elle s'appelle [NOM]",
    "**Carte Vitale perdue ou volée**\nDéclarez la perte dans le compte ameli, puis commandez une nouvelle carte.\n"
    "[Service-public.gouv.fr](https://exemple.gouv.fr/F750)",
    confidence=0.88,
    fiche="F750",
    section="Déclarer la perte",
    rating=1,
)
EXPIRED = Exchange(
    "sa carte d'identité est périmée depuis 2 ans, quoi fournir",
    "**Carte d'identité perdue ou volée**\n• une photo d'identité\n• une déclaration de perte",
    intent="demander_pieces",
    confidence=0.52,
    fiche="F1342",
    section="Pièces à fournir",
    did="action_repondre_suivi",
    rating=-1,
    comment="elle n'est pas perdue, elle est périmée",
)
VAGUE = Exchange(
    "il veut faire le truc pour la retraite de sa femme",
    "Je n'ai pas compris. Pouvez-vous le dire autrement, en nommant la démarche ou la situation ?",
    confidence=0.31,
    did="action_repli",
    fallback=True,
)
UNKNOWN = Exchange(
    "comment changer l'heure sur la box du monsieur",
    "Je n'ai pas trouvé de fiche sûre pour cette question.",
    confidence=0.61,
    fiche=None,
)
HOW_LONG = Exchange(
    "combien de temps dure le mandat ?",
    "Un mandat dure un jour, un mois, six mois ou un an.",
    intent="faq_mandat",
    topic="duree",
    confidence=0.97,
    fiche="G-AC-DUREE",
    section="Les quatre durées",
    did="action_repondre_mandat",
)
SPOKEN = Exchange(
    "le propriétaire veut expulser monsieur [NOM] en plein hiver",
    "**Expulsion locative**\nPendant la trêve hivernale, personne ne peut être expulsé.",
    confidence=0.79,
    fiche="F31037",
    section="Trêve hivernale",
    voice={"seconds": 11.6, "sure": False},
)


@dataclass
class Reviews:
    """An office whose conversations were reviewed by nobody yet.

    Attributes:
        source: what Rasa published.
    """

    office: Office
    source: ListSource = field(default_factory=lambda: ListSource(name=uuid4().hex))
    _number: int = 0

    @classmethod
    def over(cls, office: Office) -> "Reviews":
        site = office.site
        database, journal, clock = site.house.database, site.house.journal, site.house.clock
        supervision = SupervisionServices(
            conversations=Conversations(database),
            filters=SavedFilters(database),
            reviewing=Reviewing(database, journal, clock, vault=site.vault, pseudonymiser=HidesDupont),
            corrections=Corrections(
                database,
                journal,
                clock,
                intents=lambda: [name for name, _ in teachable()],
                fiche_exists=lambda one: any(one == known.id for known in FICHES),
            ),
            queue=ReviewQueue(database, clock),
            exports=Exports(
                database, journal, clock, find_personal_data=lambda text: (), held_out=lambda: HeldOut(["autre chose"])
            ),
            fiches=FicheShelf(Fiches(FICHES)),
        )
        assert site.services.desk is not None
        site.services = replace(site.services, desk=replace(site.services.desk, supervision=supervision))
        return cls(office)

    def talk(
        self, *said: Exchange, aidant: str | None = None, at: datetime | None = None, channel: str = "web"
    ) -> ConversationRow:
        """A conversation of *aidant* (the office's own by default, ``""`` for nobody), reviewable at once."""
        self._number += 1
        conversation, house = uuid4().hex, self.office.site.house
        when = at or house.clock.now() - timedelta(hours=self._number)
        who = self.office.aidant.id if aidant is None else aidant
        with house.database.unit_of_work() as session:
            session.add(
                Conversation(
                    id=conversation, channel=channel, external_id=conversation, created_at=when, last_at=when, turn=0
                )
            )
            session.flush()
            if who:
                session.add(LinkedConversation(conversation_id=conversation, aidant_id=who, linked_at=when))
        for number, one in enumerate(said):
            self._exchange(conversation, when + timedelta(minutes=number), one, channel)
        Projection(house.database, self.source, house.clock).catch_up()
        with house.database.unit_of_work() as session:
            episode = session.scalars(select(Episode.id).where(Episode.conversation_id == conversation)).one()
        return Conversations(house.database).row(None, episode)

    def a_week(self) -> tuple[ConversationRow, ...]:
        """Six conversations of the first structure, one of the other, one of nobody; the newest first."""
        stranger = self.office.stranger.id
        return (
            self.talk(LOST, HOW_LONG),
            self.talk(EXPIRED),
            self.talk(VAGUE, channel="telegram"),
            self.talk(UNKNOWN),
            self.talk(SPOKEN, channel="telegram"),
            self.talk(replace(EXPIRED, rating=None, comment="")),
            self.talk(HOW_LONG, aidant=stranger),
            self.talk(VAGUE, aidant=""),
        )

    def _exchange(self, conversation: str, at: datetime, one: Exchange, channel: str) -> None:
        step, told_at = timedelta(milliseconds=100), at + timedelta(milliseconds=850)
        asked = LoggedMessage(
            conversation_id=conversation,
            direction="in",
            text=one.text,
            channel=channel,
            created_at=at,
            custom={"voice": one.voice} if one.voice else None,
        )
        told = LoggedMessage(
            conversation_id=conversation, direction="out", text=one.answer, created_at=told_at, latency_ms=850
        )
        with self.office.site.house.database.unit_of_work() as session:
            session.add_all((asked, told))
            session.flush()
            if one.rating:
                session.add(
                    Rating(
                        message_id=told.id,
                        conversation_id=conversation,
                        rating=one.rating,
                        reasons=["mauvaise_fiche"] if one.rating < 0 else [],
                        comment=one.comment,
                        created_at=told_at,
                    )
                )
            line = asked.id
        said = user(
            conversation,
            at + step,
            one.text,
            intent=one.intent,
            confidence=one.confidence,
            line=line,
            channel=channel,
            topic=one.topic,
            fallback=one.fallback,
        )
        self.source.events += [
            said,
            action(conversation, at + 2 * step, one.did),
            bot(conversation, at + 3 * step, one.answer, _guidance(one)),
            action(conversation, at + 4 * step, "action_listen"),
        ]


def an_episode(office: Office) -> str:
    """A conversation of the first structure, whose turn nobody has judged."""
    return str(_unjudged(office).episode_id)


def a_turn(office: Office) -> str:
    """The turn of :func:`an_episode`."""
    return str(_unjudged(office).id)


def a_note(office: Office) -> str:
    """A note that the supervisor wrote beside the conversation made last."""
    return str(_supervision(office).reviewing.note(office.supervisor.id, _unjudged(office).episode_id, "À voir."))


def a_correction(office: Office) -> str:
    """A correction of the first structure that waits to be validated."""
    turn = _unjudged(office).id
    return str(_supervision(office).corrections.correct(office.supervisor.id, turn, Judgement(Verdict.GOOD)))


def a_filter(office: Office) -> str:
    """A filter that the supervisor kept."""
    return str(_supervision(office).filters.save(office.supervisor.id, "Telegram", Filter(channel="telegram")))


def _unjudged(office: Office) -> Turn:
    judged = select(Correction.turn_id).where(Correction.turn_id.is_not(None))
    mine = select(Turn).where(Turn.organisation_id == office.home, Turn.id.not_in(judged)).order_by(Turn.id.desc())
    with office.site.house.database.unit_of_work() as session:
        found = session.scalars(mine).first()
        if found is not None:
            session.expunge(found)
            return found
    Reviews(office).talk(EXPIRED)
    return _unjudged(office)


def _supervision(office: Office) -> SupervisionServices:
    desk = office.site.services.desk
    assert desk is not None
    assert desk.supervision is not None
    return desk.supervision


class Fiches:
    """A base of fiches in memory, with the titles that the database has."""

    def __init__(self, fiches: tuple[Fiche, ...]) -> None:
        self._fiches = {one.id: one for one in fiches}

    def summaries(self) -> list[Summary]:
        return [Summary(one.id, one.title, one.demarche, one.updated) for one in self._fiches.values()]

    def several(self, fiche_ids: Sequence[str]) -> list[Fiche]:
        return [self._fiches[one] for one in fiche_ids if one in self._fiches]


def _guidance(one: Exchange) -> dict[str, Any] | None:
    if one.fiche == "":
        return None
    shown = [{"id": one.fiche, "title": ""}] if one.fiche else []
    passage = {"fiche": one.fiche, "section": one.section or "", "text": "Ce qu'il faut savoir."} if one.fiche else None
    return {"type": "guidance", "fiches": shown, "passage": passage}
