"""What has been seen lately, so that it is done once. Pure."""

from collections import OrderedDict
from collections.abc import Hashable


class Recent:
    """Remembers the last *limit* things, in this process: after a restart, what is done twice does no harm."""

    def __init__(self, *, limit: int = 2000) -> None:
        self._limit = limit
        self._seen: OrderedDict[Hashable, None] = OrderedDict()

    def __contains__(self, thing: Hashable) -> bool:
        return thing in self._seen

    def first(self, thing: Hashable) -> bool:
        """Whether *thing* is seen for the first time."""
        if thing in self._seen:
            self._seen.move_to_end(thing)
            return False
        self._seen[thing] = None
        while len(self._seen) > self._limit:
            self._seen.popitem(last=False)
        return True

    def forget(self, thing: Hashable) -> None:
        """*thing* came to nothing: the next one will be the first."""
        self._seen.pop(thing, None)
