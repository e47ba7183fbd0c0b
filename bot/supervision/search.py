"""Words said in an episode: SQLite's FTS5, or PostgreSQL's text search, behind the same three functions.

Texts are folded before (case, accents), so that both databases find the same.
"""

import re
from collections.abc import Iterable

from sqlalchemy import ColumnElement, text
from sqlalchemy.orm import Session

from bot.fiches.analysis import fold
from bot.storage.engine import Database

_WORD = re.compile(r"[a-z0-9]+")
_LONGEST = 200_000  # characters kept of one episode
_MOST_WORDS = 12
# The condition goes by the id of an episode; both are read by their index. PostgreSQL knows nothing of how rare a word
# is, and would rather look into the text of every episode: hence the materialised list.
_MATCHING = {
    "sqlite": "episodes.id IN (SELECT rowid FROM episode_search WHERE episode_search MATCH :words)",
    "postgresql": "episodes.id IN (WITH found AS MATERIALIZED (SELECT episode_id FROM episode_search "
    "WHERE body @@ to_tsquery('simple', :words)) SELECT episode_id FROM found)",
}
_REPLACE = {
    "sqlite": (
        "DELETE FROM episode_search WHERE rowid = :id",
        "INSERT INTO episode_search (rowid, body) VALUES (:id, :body)",
    ),
    "postgresql": (
        "INSERT INTO episode_search (episode_id, body) VALUES (:id, to_tsvector('simple', :body)) "
        "ON CONFLICT (episode_id) DO UPDATE SET body = excluded.body",
    ),
}


def index_episode(session: Session, episode: int, texts: Iterable[str]) -> None:
    """Makes *texts* the words of *episode*, instead of what they were."""
    body = " ".join(_WORD.findall(fold(" ".join(texts))))[:_LONGEST]
    for statement in _REPLACE[session.get_bind().dialect.name]:
        session.execute(text(statement), {"id": episode, "body": body})


def says(dialect: str, typed: str) -> ColumnElement[bool] | None:
    """Episodes in which every word of *typed* was said, the last one perhaps unfinished; ``None`` for no words."""
    words = _WORD.findall(fold(typed))[:_MOST_WORDS]
    if not words:
        return None
    if dialect == "postgresql":
        query = " & ".join([*words[:-1], f"{words[-1]}:*"])
    else:
        query = " ".join([*(f'"{word}"' for word in words[:-1]), f'"{words[-1]}"*'])
    return text(_MATCHING[dialect]).bindparams(words=query).self_group()  # type: ignore[return-value]


def forget_deleted_words(database: Database) -> None:
    """SQLite only marks as deleted what goes from the index of words: rewrites it without them."""
    if database.engine.dialect.name == "sqlite":
        with database.unit_of_work() as session:
            session.execute(text("INSERT INTO episode_search (episode_search) VALUES ('optimize')"))
