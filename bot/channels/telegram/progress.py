"""How far the updates of a poller have been dealt with, when they are dealt with side by side. Pure."""

from collections.abc import Iterable

from bot.channels.telegram.recent import Recent


class Progress:
    """Telegram forgets all that comes before the offset it is given: it may only pass over what was accepted.

    Attributes:
        offset: to ask for next; ``None`` before anything was accepted.
    """

    def __init__(self) -> None:
        self.offset: int | None = None
        self._accepted: dict[int, bool] = {}
        # Not told from the offset: after a quiet week, ids may start again lower.
        self._passed = Recent()

    def fresh(self, ids: Iterable[int]) -> tuple[int, ...]:
        """Those of *ids* that were not in hand yet, in order; they are now."""
        new = sorted({number for number in ids if number not in self._accepted and number not in self._passed})
        self._accepted |= dict.fromkeys(new, False)
        return tuple(new)

    def accept(self, number: int) -> None:
        """*number* is dealt with for good."""
        self._accepted[number] = True
        for lowest in sorted(self._accepted):
            if not self._accepted[lowest]:
                break
            del self._accepted[lowest]
            self._passed.first(lowest)
            self.offset = lowest + 1
