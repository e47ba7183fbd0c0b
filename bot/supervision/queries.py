"""Lists of conversations: filtered, page by page, and what comes before and after one of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from bot.aidants.models import Aidant, Organisation
from bot.errors import EquipierError
from bot.storage.engine import Database
from bot.supervision.filters import conditions
from bot.supervision.models import Episode, EpisodeTag
from bot.supervision.scope import Reach, reach_of
from bot.supervision.views import ConversationRow, Filter, Page, State, UnknownConversation

_COUNTED = 10_000  # beyond, a list only says that there are more
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Conditions = Sequence[ColumnElement[bool]]


class WrongKey(EquipierError):
    """The key of a page that was not given out."""


class Conversations:
    """Lists what the reader may review. *by* is always the id of who asks; ``None`` is the command line."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialect = database.engine.dialect.name

    def page(self, by: str | None, wanted: Filter, *, key: str | None = None, limit: int = 50) -> Page:
        """The newest conversations of *wanted*, or those at *key* (``Page.older``, ``Page.newer``).

        Pages go by key: what arrives meanwhile neither repeats nor hides a conversation.

        Raises:
            AccessRefused: *by* reviews nothing.
            WrongKey: *key* is not one of ours.
        """
        with self._database.unit_of_work() as session:
            asked = self._conditions(session, by, wanted)
            backwards = key is not None and key.startswith("n")
            beyond = [] if key is None else [_beside(_read_key(key), older=not backwards)]
            ids = _ids(asked, beyond, older=not backwards).limit(limit + 1)
            found = [(row[0], row[1]) for row in session.execute(ids)]
            more, found = len(found) > limit, found[:limit]
            if backwards:
                found.reverse()
            rows = _rows(session, [episode for _, episode in found])
            if key is None and not more:
                total = len(found)
            else:
                counted = select(Episode.id).where(*asked).limit(_COUNTED + 1).subquery()
                total = session.scalar(select(func.count()).select_from(counted)) or 0
        has_older, has_newer = (more, key is not None) if not backwards else (True, more)
        return Page(
            rows=rows,
            older=_key("o", *found[-1]) if found and has_older else None,
            newer=_key("n", *found[0]) if found and has_newer else None,
            total=min(total, _COUNTED),
            capped=total > _COUNTED,
        )

    def row(self, by: str | None, episode: int) -> ConversationRow:
        """One conversation, without its content.

        Raises:
            AccessRefused: *by* reviews nothing.
            UnknownConversation: there is none within their reach.
        """
        with self._database.unit_of_work() as session:
            found = session.get(Episode, episode)
            if found is None or not reach_of(session, by).covers(found.organisation_id):
                raise UnknownConversation(str(episode))
            return _rows(session, [episode])[0]

    def beside(self, by: str | None, wanted: Filter, episode: int) -> tuple[int | None, int | None]:
        """The ids of the next (older) and previous (newer) conversations of *wanted*; ``None`` at either end.

        *episode* itself may have left the list since, as when it was just marked as reviewed.

        Raises:
            AccessRefused, UnknownConversation: as above.
        """
        with self._database.unit_of_work() as session:
            here = session.get(Episode, episode)
            if here is None or not reach_of(session, by).covers(here.organisation_id):
                raise UnknownConversation(str(episode))
            asked = self._conditions(session, by, wanted)
            at = (here.last_at, here.id)
            older, newer = (
                session.execute(_ids(asked, [_beside(at, older=way)], older=way).limit(1)).first()
                for way in (True, False)
            )
        return (older[1] if older else None), (newer[1] if newer else None)

    def count(self, by: str | None, wanted: Filter) -> int:
        """How many conversations *wanted* keeps, all counted.

        Raises:
            AccessRefused: *by* reviews nothing.
        """
        with self._database.unit_of_work() as session:
            return session.scalar(select(func.count(Episode.id)).where(*self._conditions(session, by, wanted))) or 0

    def tags(self, by: str | None) -> tuple[str, ...]:
        """The tags in use within the reach of *by*, in alphabetical order.

        Raises:
            AccessRefused: *by* reviews nothing.
        """
        with self._database.unit_of_work() as session:
            mine = reach_of(session, by).within(Episode.organisation_id)
            query = select(EpisodeTag.tag).join(Episode, Episode.id == EpisodeTag.episode_id).where(mine)
            return tuple(session.scalars(query.distinct().order_by(EpisodeTag.tag)))

    def _conditions(self, session: Session, by: str | None, wanted: Filter) -> list[ColumnElement[bool]]:
        reach: Reach = reach_of(session, by)
        mine = reach.within(Episode.organisation_id, only=wanted.organisation)
        return [mine, *conditions(wanted, dialect=self._dialect)]


def _ids(asked: _Conditions, beyond: _Conditions, *, older: bool) -> Select[datetime, int]:
    order = (Episode.last_at.desc(), Episode.id.desc()) if older else (Episode.last_at, Episode.id)
    return select(Episode.last_at, Episode.id).where(*asked, *beyond).order_by(*order)


def _beside(at: tuple[datetime, int], *, older: bool) -> ColumnElement[bool]:
    place = tuple_(Episode.last_at, Episode.id)
    return place < at if older else place > at


def _key(way: str, at: datetime, episode: int) -> str:
    return f"{way}{(at - _EPOCH) // timedelta(microseconds=1)}-{episode}"


def _read_key(key: str) -> tuple[datetime, int]:
    try:
        micros, _, episode = key[1:].partition("-")
        return _EPOCH + timedelta(microseconds=int(micros)), int(episode)
    except (ValueError, OverflowError) as error:
        raise WrongKey("unreadable key") from error


def _rows(session: Session, ids: Sequence[int]) -> tuple[ConversationRow, ...]:
    """Those of *ids*, in their order."""
    assignee = aliased(Aidant)
    query = (
        select(Episode, Organisation.name, Aidant.name, assignee.name)
        .outerjoin(Organisation, Organisation.id == Episode.organisation_id)
        .outerjoin(Aidant, Aidant.id == Episode.aidant_id)
        .outerjoin(assignee, assignee.id == Episode.assignee_id)
        .where(Episode.id.in_(ids))
    )
    tags: dict[int, list[str]] = {}
    marked = select(EpisodeTag.episode_id, EpisodeTag.tag).where(EpisodeTag.episode_id.in_(ids))
    for episode, tag in session.execute(marked.order_by(EpisodeTag.tag)):
        tags.setdefault(episode, []).append(tag)
    found = {
        row.id: ConversationRow(
            id=row.id,
            conversation=row.conversation_id,
            organisation=row.organisation_id,
            organisation_name=organisation,
            aidant=row.aidant_id,
            aidant_name=aidant,
            channel=row.channel,
            first_at=row.first_at,
            last_at=row.last_at,
            turns=row.turns,
            excerpt=row.excerpt,
            lowest_confidence=row.lowest_confidence,
            fallbacks=row.fallbacks,
            abstentions=row.abstentions,
            ratings_up=row.ratings_up,
            ratings_down=row.ratings_down,
            handover=row.handover,
            mandat=row.mandat,
            flagged=row.complained or row.flagged_by is not None,
            state=State(row.state),
            assignee=row.assignee_id,
            assignee_name=reviewer,
            tags=tuple(tags.get(row.id, ())),
        )
        for row, organisation, aidant, reviewer in session.execute(query)
    }
    return tuple(found[episode] for episode in ids if episode in found)
