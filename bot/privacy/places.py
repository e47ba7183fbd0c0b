"""Names that belong to a place, a school or a law: nobody's, though they are made of names of persons."""

from collections.abc import Callable, Iterable

from bot.privacy.cues import KINDS_OF_PLACE, NAMED_AFTER, OF, OF_A_TOWN
from bot.privacy.lexicon import fold
from bot.privacy.tokens import Token, tokenise


class PlaceNames:
    """Finds the words that name a place.

    Args:
        famous: names that are always those of a place or a law, folded (« louise michel »).
    """

    def __init__(self, famous: Iterable[str]) -> None:
        self._famous: dict[str, list[tuple[str, ...]]] = {}
        for line in famous:
            words = tuple(token.lower for token in tokenise(line))
            self._famous.setdefault(words[0], []).append(words)

    def words(self, tokens: list[Token], *, is_name: Callable[[Token], bool]) -> set[int]:
        """Positions of the words that belong to such a name: « centre social Louise Michel »."""
        blocked: set[int] = set()
        folded = [fold(token.lower) for token in tokens]
        for i, token in enumerate(tokens):
            for famous in self._famous.get(folded[i], ()):
                if tuple(folded[i : i + len(famous)]) == famous:
                    blocked.update(range(i, i + len(famous)))
            if i > 0 and token.touches and (token.capital or is_name(token)) and _is_named_after(tokens, i):
                blocked.add(i)
                j = i + 1
                while j < len(tokens) and tokens[j].touches and tokens[j].capital:
                    blocked.add(j)
                    j += 1
        return blocked


def _is_named_after(tokens: list[Token], i: int) -> bool:
    before = tokens[i - 1].lower
    head = tokens[i - 2].lower if i > 1 else ""
    if before in NAMED_AFTER or (before in KINDS_OF_PLACE and head in NAMED_AFTER | {"maison"}):
        return True
    return before in OF and (head in OF_A_TOWN or (head in NAMED_AFTER and head not in {"chambre", "ligne", "cours"}))
