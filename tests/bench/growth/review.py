"""How long a page of the review takes as the turns add up, from a thousand to a million."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial

from bot.storage.engine import Database
from bot.supervision.queries import Conversations
from bot.supervision.views import Filter
from tests.bench import conversations
from tests.bench.growth.measure import Point, point

SIZES = (1_000, 10_000, 100_000, 1_000_000)
CURVES = {
    "liste d'une structure": ("chef", Filter()),
    "liste, toutes structures": ("admin", Filter()),
    "liste, confiance et repli": ("chef", Filter(confidence_below=0.4, fallback=True)),
}


def curves(
    opened: Callable[[], AbstractContextManager[Database]], *, sizes: Sequence[int] = SIZES, times: int = 25
) -> dict[str, list[Point]]:
    """A new database for each size: *opened* gives an empty one, and removes it."""
    found: dict[str, list[Point]] = {name: [] for name in CURVES}
    for size in sizes:
        with opened() as database:
            conversations.fill(database, episodes=size // conversations.TURNS_EACH)
            pages = Conversations(database)
            for name, (who, asked) in CURVES.items():
                found[name].append(point(size, partial(_page, pages, who, asked), times=times))
                print(name, found[name][-1], flush=True)
    return found


def _page(pages: Conversations, who: str, asked: Filter, _number: int) -> object:
    return pages.page(who, asked)
