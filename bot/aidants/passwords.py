"""Passwords: the rules that a new one must keep, and their argon2 hashes.

Length is what resists; the other rules only refuse what anyone would try first. Source: ANSSI, « Recommandations
relatives à l'authentification multifacteur et aux mots de passe » (2021): 12 characters or more when a second factor
goes with it, no forced renewal, no forced mixture of signs.
"""

import re
import secrets
import unicodedata
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.aidants.views import WrongField
from bot.privacy.envelope import normalised

SHORTEST = 12  # characters
LONGEST = 200
_OWN = 8  # letters and digits that must be left once the person's own names are taken out
_DISTINCT = 5
_RUN = 8  # letters or digits in the order of a keyboard or of the alphabet, with nothing else but signs
# What is left of the passwords that are tried first, without digits and signs.
_COMMON = frozenset(
    """
    admin administrateur administration aidant aidantsconnect aidantnumerique assistant azerty azertyuiop
    azertyuiopqsdfghjklm bienvenue bonjour changeme changezmoi conseillernumerique doudou equipier france
    franceservices jetaime jetaimefort letmein loulou marseille mediatheque monmotdepasse motdepasse
    motdepassefacile nouveau paris password passwordpassword qsdfghjklm qwerty qwertyuiop secret soleil
    toulouse utilisateur vivelafrance welcome
    """.split()
)
_ROWS = ("0123456789" * 3, "abcdefghijklmnopqrstuvwxyz" * 2, "azertyuiopqsdfghjklmwxcvbn", "qwertyuiopasdfghjklzxcvbnm")


def check(password: str, *, email: str, name: str) -> None:
    """Refuses a password that is too easily found.

    Raises:
        WrongField: ``too_short``, ``too_long``, ``unreadable`` (signs that not every keyboard can type again),
            ``personal`` (little more than their address or name) or ``common``.
    """
    text = unicodedata.normalize("NFKC", password)
    if len(text) < SHORTEST:
        raise WrongField("password", "too_short")
    if len(text) > LONGEST:
        raise WrongField("password", "too_long")
    if not text.isprintable():
        raise WrongField("password", "unreadable")
    plain = normalised(text).replace(" ", "")
    if _is_common(text, plain):
        raise WrongField("password", "common")
    if _is_personal(plain, email, name):
        raise WrongField("password", "personal")


class Passwords:
    """Hashes and verifies; the same password typed on another system (accents composed or not) is the same."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher

    def hash(self, password: str) -> str:
        return self._hasher.hash(_bytes(password))

    def verify(self, known: str | None, password: str) -> bool:
        """Whether *password* has the hash *known*; ``None`` (no such account) takes as long and is false."""
        decoy = self._decoy  # made before anything depends on the account
        try:
            self._hasher.verify(known or decoy, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
        return known is not None

    def outdated(self, known: str) -> bool:
        """Whether the settings of argon2 changed since *known* was made."""
        return self._hasher.check_needs_rehash(known)

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash(secrets.token_bytes(16))


def _bytes(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode(errors="replace")


def _is_common(text: str, plain: str) -> bool:
    letters = re.sub(r"[^a-z]", "", plain)
    return (
        len(set(text)) < _DISTINCT
        or plain.isdigit()
        or _pattern(letters) in _COMMON
        or (len(plain) >= _RUN and any(plain in row or plain in row[::-1] for row in _ROWS))
    )


def _pattern(text: str) -> str:
    """The shortest text that, repeated, makes *text*."""
    return text[: (text + text).find(text, 1)] if text else text


def _is_personal(plain: str, email: str, name: str) -> bool:
    left = plain
    for word in sorted(normalised(f"{email} {name}").split(), key=len, reverse=True):
        if len(word) > 2:  # « de », « fr »: taken out, they would only hide letters of other words
            left = left.replace(word, "")
    return left != plain and len(left) < _OWN
