"""Names of persons, in any case: recogniser for prose, rules and word lists for the rest.

A message of an aidant is often all in lower case or all in capitals, where the recogniser is blind. There the
evidence is a civility, a word that announces a name, or a name from the lists, and the unknown words that touch it.
"""

from collections.abc import Iterable

from bot.privacy.cues import (
    CIVILITIES,
    CUES,
    CUES_WITH_OF,
    FOREIGN_PARTICLES,
    LINKS,
    NOT_AFTER_CIVILITY,
    OF,
    PARTICLES,
    STRONG_CUES,
    TITLES,
)
from bot.privacy.lexicon import Lexicon, fold
from bot.privacy.places import PlaceNames
from bot.privacy.spans import PiiType, Span
from bot.privacy.tokens import Token, is_shouting, tokenise

_MAX_UNKNOWN = 3
_FRENCH_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzàâäçéèêëîïôöùûüÿœæ'’-‐‑")
_VOWELS = frozenset("aeiouy")


class NameFinder:
    """Finds names of persons with the given word lists."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._places = PlaceNames(lexicon.famous)

    def spans(self, text: str, *, recognised: Iterable[tuple[int, int]] = ()) -> list[Span]:
        """Names in *text*, civility left out.

        Args:
            text: the message, other personal data already hidden.
            recognised: stretches that the recogniser takes for persons.
        """
        tokens = tokenise(text)
        blocked = self._places.words(tokens, is_name=self._is_listed)
        marked: set[int] = set()
        in_prose = set() if is_shouting(text) else self._recognised(tokens, recognised, blocked)
        for i, token in enumerate(tokens):
            if i in blocked:
                continue
            after_civility = i > 0 and self._announced_by_civility(tokens, i)
            if after_civility:
                marked.update(self._name_after_civility(tokens, i))
            elif (
                i in in_prose
                or self._is_listed(token)
                or self._announced_by_cue(tokens, i)
                or (self._is_ambiguous_first(token) and token.capital and self._has_family_beside(tokens, i))
            ):
                marked.add(i)
        marked -= blocked
        self._extend(tokens, marked, blocked)
        return _merge(tokens, marked)

    # -- evidence -------------------------------------------------------------------------------------------------

    def _is_first(self, token: Token) -> bool:
        lexicon = self._lexicon
        if any(_listed(form, lexicon.first_names) for form in _forms(token.lower, lexicon)):
            return True
        head, _, tail = token.lower.partition("-")
        return head in lexicon.ambiguous_first_names and tail in lexicon.first_names | lexicon.ambiguous_first_names

    def _is_family(self, token: Token) -> bool:
        return any(_listed(form, self._lexicon.family_names) for form in _forms(token.lower, self._lexicon))

    def _is_listed(self, token: Token) -> bool:
        return self._is_first(token) or self._is_family(token)

    def _is_ambiguous_first(self, token: Token) -> bool:
        return token.lower in self._lexicon.ambiguous_first_names

    def _is_ambiguous(self, token: Token) -> bool:
        return self._is_ambiguous_first(token) or token.lower in self._lexicon.ambiguous_family_names

    def _is_unknown(self, token: Token) -> bool:
        """A word that neither French, nor the trade, nor the map knows: a name may hide in it."""
        lower = token.lower
        foreign = not set(lower) <= _FRENCH_LETTERS  # « thị », « yıldız »: no slip of the keyboard
        if len(lower) < 2 + (not foreign) or lower in self._lexicon.never_names or self._is_acronym(token):
            return False
        if self._lexicon.is_common(lower):
            return False
        parts = lower.split("-")
        if len(parts) > 1 and (
            parts[0] in {"saint", "sainte", "st", "ste"} or any(self._lexicon.is_common(p) for p in parts)
        ):
            return False
        return token.capital or foreign or (len(lower) >= 4 and not self._lexicon.is_misspelt(lower))

    def _is_short_stranger(self, token: Token) -> bool:
        """« ece », « ly », « bui »: too short to prove anything alone, but no word and no shorthand (« stp »).

        Only beside a name, or where one is announced.
        """
        lower = token.lower
        return (
            len(lower) in {2, 3}
            and bool(set(fold(lower)) & _VOWELS)
            and lower not in self._lexicon.never_names
            and lower not in PARTICLES
            and not self._lexicon.is_common(lower)
        )

    def _is_acronym(self, token: Token) -> bool:
        return (
            token.capital and token.word.isupper() and len(token.word) <= 4 and not set("AEIOUY") & set(token.word[1:])
        )

    def _announced_by_civility(self, tokens: list[Token], i: int) -> bool:
        before = tokens[i - 1]
        if tokens[i].gap.strip(" \u00a0\u202f.") or "\n" in tokens[i].gap:
            return False
        if before.lower in TITLES:
            return tokens[i].capital and not self._lexicon.is_common(tokens[i].lower)
        if before.lower == "m":
            return before.word == "M" or tokens[i].gap.startswith(".")
        return before.lower in CIVILITIES and tokens[i].lower not in CIVILITIES

    def _name_after_civility(self, tokens: list[Token], i: int) -> set[int]:
        token = tokens[i]
        following = tokens[i + 1] if i + 1 < len(tokens) and tokens[i + 1].touches else None
        if token.lower in PARTICLES and following is not None:
            proper = following.capital and (
                self._is_ambiguous(following) or not self._lexicon.is_common(following.lower)
            )
            if proper or self._is_listed(following) or (token.lower not in OF and self._is_unknown(following)):
                return {i, i + 1}
        if token.lower in NOT_AFTER_CIVILITY or (
            token.lower in PARTICLES and len(token.lower) == 2 and not token.capital
        ):
            return set()
        if self._is_listed(token) or self._is_ambiguous(token) or self._is_unknown(token):
            return {i}
        if self._is_short_stranger(token):
            return {i}
        if following is not None and token.lower not in self._lexicon.trade_words and self._is_first(following):
            return {i}
        known_body = token.lower in self._lexicon.never_names
        return {i} if token.capital and not known_body and len(token.word) > 1 else set()

    def _announced_by_cue(self, tokens: list[Token], i: int) -> bool:
        if i == 0:
            return False
        before, token = tokens[i - 1], tokens[i]
        linked = token.gap in LINKS
        if before.lower == "est" and i > 1 and tokens[i - 2].lower in {"nom", "prénom", "prenom"}:
            before, linked = tokens[i - 2], True
        if before.lower in {"de", "pour"} and i > 1 and tokens[i - 2].lower in CUES_WITH_OF and token.touches:
            sure = self._is_ambiguous_first(token) and token.lower not in self._lexicon.trade_words
            return self._is_unknown(token) or sure or (token.capital and self._is_ambiguous(token))
        if not (linked or token.touches) or before.lower not in CUES or (before.lower == "nom" and not linked):
            return False
        if token.capital:
            return self._is_unknown(token) or self._is_ambiguous(token)
        if before.lower in STRONG_CUES or (linked and before.lower == "nom"):
            stranger = self._is_unknown(token) or self._is_short_stranger(token)
            return stranger or (linked and self._is_ambiguous(token))
        return False

    def _recognised(self, tokens: list[Token], stretches: Iterable[tuple[int, int]], blocked: set[int]) -> set[int]:
        found: set[int] = set()
        for start, end in stretches:
            inside = [
                i for i, token in enumerate(tokens) if start <= token.start and token.end <= end and i not in blocked
            ]
            found.update(i for i in inside if tokens[i].capital and self._confirms(tokens, i))
        return found

    def _confirms(self, tokens: list[Token], i: int) -> bool:
        token = tokens[i]
        if self._is_listed(token):
            return True
        if self._is_ambiguous(token):
            # « Boulanger, il … » is a trade, « à un Breton » an origin.
            proven = not token.opens or self._is_ambiguous_first(token)
            one_of_many = i > 0 and tokens[i - 1].lower in {"un", "une", "des"}
            return proven and not one_of_many and token.lower not in self._lexicon.never_names
        if token.lower in CIVILITIES or not self._is_unknown(token):
            return False
        return not (token.opens and (len(token.word) < 4 or self._lexicon.is_misspelt(token.lower)))

    def _has_family_beside(self, tokens: list[Token], i: int) -> bool:
        beside = [tokens[i + 1]] if i + 1 < len(tokens) and tokens[i + 1].touches else []
        if i > 0 and tokens[i].touches:
            beside.append(tokens[i - 1])
        return any(t.capital and (self._is_family(t) or (not t.opens and self._is_unknown(t))) for t in beside)

    # -- extent ---------------------------------------------------------------------------------------------------

    def _extend(self, tokens: list[Token], marked: set[int], blocked: set[int]) -> None:
        """Adds to each name the words that touch it and may belong to it, to the right, then to the left."""
        for i in sorted(marked):
            j, unknown = i + 1, 0
            while j < len(tokens) and j not in blocked and tokens[j].touches and unknown < _MAX_UNKNOWN:
                if j in marked or self._may_belong(tokens[j]):
                    unknown += not self._is_listed(tokens[j])
                    marked.add(j)
                    j += 1
                elif self._is_particle_inside(tokens, j):
                    marked.update((j, j + 1))
                    j += 2
                else:
                    break
        for i in sorted(marked):
            j = i - 1
            while j >= 0 and j not in blocked and j not in marked and tokens[j + 1].touches and i - j <= _MAX_UNKNOWN:
                if not self._may_precede(tokens[j], tokens[j + 1]):
                    break
                marked.add(j)
                j -= 1

    def _may_belong(self, token: Token) -> bool:
        if self._is_listed(token):
            return True
        if self._is_ambiguous(token):
            return token.capital or (token.lower not in self._lexicon.trade_words and token.lower not in PARTICLES)
        return self._is_unknown(token) or self._is_short_stranger(token) or self._is_rare_with_capital(token)

    def _is_rare_with_capital(self, token: Token) -> bool:
        """« Charrier Thierry »: a French word, but foreign to the trade and written as a name."""
        lexicon = self._lexicon
        return (
            token.capital
            and not token.opens
            and len(token.word) > 2
            and not token.word.isupper()
            and (
                token.lower not in lexicon.trade_words
                and token.lower not in lexicon.never_names
                and token.lower not in PARTICLES
            )
        )

    def _may_precede(self, token: Token, name: Token) -> bool:
        if token.lower in CIVILITIES:
            return False
        if self._is_listed(token) or (self._is_ambiguous(token) and token.capital):
            return True
        if self._is_ambiguous_first(token):
            return self._is_listed(name) or self._is_ambiguous_first(name)
        if token.lower in FOREIGN_PARTICLES:
            return token.lower != "ben" or token.capital  # « ben Karim il dit … » is speech
        if token.lower in PARTICLES:
            return token.capital and not token.opens
        stranger = self._is_unknown(token) or self._is_short_stranger(token)
        return not token.opens and (stranger or self._is_rare_with_capital(token))

    def _is_particle_inside(self, tokens: list[Token], j: int) -> bool:
        """« Maria da Silva », « Le Goff »; neither « Karim de Lyon » nor « maria la voisine »."""
        if tokens[j].lower not in PARTICLES or j + 1 >= len(tokens) or not tokens[j + 1].touches:
            return False
        particle, following = tokens[j], tokens[j + 1]
        if following.lower in self._lexicon.never_names and not self._is_listed(following):
            return False
        if particle.capital and following.capital:
            return True
        foreign = particle.lower in FOREIGN_PARTICLES
        if foreign and (self._is_listed(following) or self._is_unknown(following)):
            return True
        proper = following.capital and (self._is_unknown(following) or self._is_ambiguous(following))
        return self._is_family(following) or proper


def _forms(lower: str, lexicon: Lexicon) -> tuple[str, ...]:
    """A word is looked up as written; without its accents too, unless it is French with them (« marié »)."""
    from_accents = fold(lower)
    return (lower,) if from_accents == lower or lexicon.is_common(lower) else (lower, from_accents)


def _listed(word: str, names: frozenset[str]) -> bool:
    if word in names:
        return True
    parts = word.split("-")
    return len(parts) > 1 and parts[0] in names and all(len(part) > 1 for part in parts) and len(parts) <= 3


def _merge(tokens: list[Token], marked: set[int]) -> list[Span]:
    spans: list[Span] = []
    for i in sorted(marked):
        token = tokens[i]
        if spans and i - 1 in marked and token.touches:
            spans[-1] = Span(spans[-1].start, token.end, PiiType.NOM)
        else:
            spans.append(Span(token.start, token.end, PiiType.NOM))
    return spans
