"""Reviewers say what was right and wrong in a turn; what they agree on becomes examples and measures."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.journal.actions import Action
from bot.journal.service import SYSTEM, Journal
from bot.storage.engine import Database
from bot.supervision.judgements import CorrectionView
from bot.supervision.models import Correction, Turn
from bot.supervision.scope import Reach, reach_of
from bot.supervision.views import REASONS, Judgement, Progress, UnknownItem, Use, Verdict, WrongReview

_EVALUATED = 5  # one message in five measures, the others teach
_LONGEST_PASSAGE = 200


def use_of(same: str) -> Use:
    """What a message serves for unless a reviewer says otherwise: duplicates always fall on the same side."""
    return Use.EVALUATION if int(same[:8], 16) % _EVALUATED == 0 else Use.TRAINING


class Corrections:
    """Each method is one use case, on behalf of *by* (``None``: the command line).

    All raise ``AccessRefused`` when *by* reviews nothing, and ``UnknownItem`` for what is out of their reach.

    Args:
        intents: those that exist, retrieval topics as ``faq_mandat/duree``.
        fiche_exists: whether there is a fiche with that id.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        *,
        intents: Callable[[], Collection[str]],
        fiche_exists: Callable[[str], bool],
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._intents = intents
        self._fiche_exists = fiche_exists

    def correct(self, by: str, turn: int, judgement: Judgement) -> int:
        """Keeps what *by* says of a turn, instead of what was said before and not validated; its id. Journalled.

        What a good answer showed counts as right: its fiche needs not be said again.

        Raises:
            UnknownItem: there is no such turn within reach, or its correction is validated already.
            WrongReview: an intent or a fiche that does not exist, an unknown reason, a bad verdict that says nothing.
        """
        self._check(judgement)
        with self._database.unit_of_work() as session:
            known = session.get(Turn, turn)
            if known is None or not reach_of(session, by).covers(known.organisation_id):
                raise UnknownItem(str(turn))
            organisation = known.organisation_id
        with self._database.unit_of_work() as session:
            self._journal.lock(session, organisation or SYSTEM)
            found = session.get(Turn, turn)
            if found is None:
                raise UnknownItem(str(turn))
            row = session.scalar(select(Correction).where(Correction.turn_id == turn))
            if row is None:
                row = Correction(turn_id=turn)
                session.add(row)
            elif row.progress == Progress.VALIDATED.value:
                raise UnknownItem(str(turn))
            self._fill(row, found, judgement, by)
            session.flush()
            details = {
                "turn": turn,
                "conversation": found.conversation_id,
                "correction": row.id,
                "verdict": judgement.verdict.value,
                "intent": row.intent,
                "fiche": row.fiche,
                "reasons": list(row.reasons),
            }
            self._journal.append(session, Action.CORRECT_TURN, organisation=organisation, aidant=by, details=details)
            return row.id

    def validate(self, by: str | None, correction: int, *, use: Use | None = None) -> Use:
        """Agrees: the message will be exported; what it will serve for, by default that of :func:`use_of`.

        Raises:
            UnknownItem: as above.
            WrongReview: a duplicate of it already serves for the other thing (field ``use``); the correction says
                neither what was meant nor which fiche is right, or the message was a button (field ``verdict``).
        """
        with self._mine(by, correction) as (session, row):
            if not row.same:
                raise WrongReview("verdict", "no_words")
            chosen = use or use_of(row.same)
            twins = session.scalars(
                select(Correction.use).where(
                    Correction.same == row.same,
                    Correction.id != row.id,
                    Correction.progress == Progress.VALIDATED.value,
                )
            ).all()
            if any(other != chosen.value for other in twins):
                raise WrongReview("use", "taken")
            if row.verdict == Verdict.BAD.value and row.intent is None and row.fiche is None:
                raise WrongReview("verdict", "missing")
            row.progress, row.use = Progress.VALIDATED.value, chosen.value
            row.validated_by, row.validated_at = by, self._clock.now()
        return chosen

    def set_aside(self, by: str | None, correction: int) -> None:
        """Will not be exported, or not any more.

        Raises:
            UnknownItem: as above.
        """
        with self._mine(by, correction) as (_, row):
            row.progress, row.validated_by, row.validated_at = Progress.SET_ASIDE.value, None, None

    def of_turn(self, by: str | None, turn: int) -> CorrectionView | None:
        """What was said of a turn; ``None`` when nothing was.

        Raises:
            UnknownItem: there is no such turn within reach.
        """
        with self._database.unit_of_work() as session:
            reach, found = reach_of(session, by), session.get(Turn, turn)
            if found is None or not reach.covers(found.organisation_id):
                raise UnknownItem(str(turn))
            row = session.scalar(select(Correction).where(Correction.turn_id == turn))
            return None if row is None else _views(session, [row], reach)[0]

    def list(
        self, by: str | None, progress: Progress | None = None, *, before: int | None = None, limit: int = 50
    ) -> tuple[CorrectionView, ...]:
        """The newest ones, or those before the id *before*."""
        with self._database.unit_of_work() as session:
            reach = reach_of(session, by)
            query = select(Correction).where(reach.within(Correction.organisation_id))
            if progress is not None:
                query = query.where(Correction.progress == progress.value)
            if before is not None:
                query = query.where(Correction.id < before)
            rows = session.scalars(query.order_by(Correction.id.desc()).limit(limit)).all()
            return _views(session, rows, reach)

    def _check(self, judgement: Judgement) -> None:
        if judgement.intent is not None and judgement.intent not in self._intents():
            raise WrongReview("intent", "unknown")
        if judgement.fiche and not self._fiche_exists(judgement.fiche):
            raise WrongReview("fiche", "unknown")
        if not set(judgement.reasons) <= set(REASONS):
            raise WrongReview("reasons", "unknown")
        if judgement.passage is not None and len(judgement.passage) > _LONGEST_PASSAGE:
            raise WrongReview("passage", "too_long")
        says = (judgement.intent, judgement.fiche, judgement.passage)
        if judgement.verdict is Verdict.BAD and not judgement.reasons and all(one is None for one in says):
            raise WrongReview("verdict", "missing")

    def _fill(self, row: Correction, turn: Turn, judgement: Judgement, by: str) -> None:
        good = judgement.verdict is Verdict.GOOD
        row.organisation_id, row.text, row.same = turn.organisation_id, turn.text, turn.same
        row.understood = f"{turn.intent}/{turn.topic}" if turn.topic else turn.intent
        row.actions = list(turn.actions)
        row.verdict, row.reasons = judgement.verdict.value, sorted(set(judgement.reasons))
        row.intent = judgement.intent or (row.understood if good else None)
        shown = turn.fiche if turn.fiche is not None else "" if turn.abstained else None
        row.fiche = judgement.fiche if judgement.fiche is not None else shown if good else None
        row.passage = judgement.passage or ((turn.passage or {}).get("section") if good else None)
        row.progress, row.use = Progress.PROPOSED.value, (use_of(turn.same) if turn.same else Use.TRAINING).value
        row.by_id, row.at = by, self._clock.now()

    @contextmanager
    def _mine(self, by: str | None, correction: int) -> Iterator[tuple[Session, Correction]]:
        with self._database.unit_of_work() as session:
            row = session.get(Correction, correction)
            if row is None or not reach_of(session, by).covers(row.organisation_id):
                raise UnknownItem(str(correction))
            yield session, row


def _views(session: Session, rows: Sequence[Correction], reach: Reach) -> tuple[CorrectionView, ...]:
    mine = reach.within(Turn.organisation_id)
    counted = (
        select(Turn.same, func.count(Turn.id))
        .where(mine, Turn.same.in_({row.same for row in rows if row.same}))
        .group_by(Turn.same)
    )
    frequency = {row[0]: row[1] for row in session.execute(counted)}
    of_turn = select(Turn.id, Turn.episode_id).where(mine, Turn.id.in_({row.turn_id for row in rows if row.turn_id}))
    episodes = {row[0]: row[1] for row in session.execute(of_turn)}
    return tuple(
        CorrectionView(
            id=row.id,
            turn=row.turn_id,
            episode=episodes.get(row.turn_id) if row.turn_id else None,
            organisation=row.organisation_id,
            text=row.text,
            understood=row.understood,
            judgement=Judgement(Verdict(row.verdict), row.intent, row.fiche, row.passage, tuple(row.reasons)),
            progress=Progress(row.progress),
            use=Use(row.use),
            by=row.by_id,
            at=row.at,
            validated_by=row.validated_by,
            frequency=frequency.get(row.same, 1),
            exported_at=row.exported_at,
        )
        for row in rows
    )
