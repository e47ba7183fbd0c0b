"""Envelope encryption: one data key per usager, wrapped by the master key. Losing the data key erases the person.

AES-256-GCM throughout. What is encrypted is bound to the usager and to the field that it belongs to (additional
authenticated data): a ciphertext moved to another row or column does not open.
"""

import base64
import binascii
import hashlib
import hmac
import os
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from bot.errors import EquipierError, SettingsError

_NONCE = 12  # bytes, as GCM wants
_KEY = 32  # bytes
RandomBytes = Callable[[int], bytes]


class Sealed(EquipierError):
    """What was encrypted does not open: another key, other data, or a person who was erased."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Named keys of 32 bytes, the current one first.

    Attributes:
        current: name of the key that protects what is written from now on.
        keys: every key that may still have to open something.
    """

    current: str
    keys: Mapping[str, bytes]

    @classmethod
    def parse(cls, value: SecretStr, *, setting: str) -> "KeyRing":
        """Reads « name:base64 », several separated by commas, the current one first.

        Raises:
            SettingsError: empty or malformed; the message names *setting*, never the key.
        """
        keys: dict[str, bytes] = {}
        for part in filter(None, value.get_secret_value().replace(" ", "").split(",")):
            name, _, encoded = part.partition(":")
            try:
                key = base64.urlsafe_b64decode(encoded)
            except (binascii.Error, ValueError):
                key = b""
            if not name or len(key) != _KEY or name in keys:
                raise SettingsError(
                    f"{setting} est mal formée : « nom:clé » attendu, la clé faisant 32 octets en base 64",
                    hint="Créez une clé : equipier keys new",
                )
            keys[name] = key
        if not keys:
            raise SettingsError(f"{setting} manque", hint="Créez une clé : equipier keys new")
        return cls(next(iter(keys)), keys)

    @staticmethod
    def new(name: str, *, random: RandomBytes = os.urandom) -> str:
        """A new key in the form that :meth:`parse` reads."""
        return f"{name}:{base64.urlsafe_b64encode(random(_KEY)).decode()}"

    def mac(self, content: bytes, *, key: str | None = None) -> str:
        """HMAC-SHA256 of *content* in hexadecimal, by the named key or the current one.

        Raises:
            Sealed: the ring no longer has that key.
        """
        return hmac.new(self.named(key or self.current), content, hashlib.sha256).hexdigest()

    def named(self, name: str) -> bytes:
        """The key called *name*.

        Raises:
            Sealed: it is not in the settings any more.
        """
        if name not in self.keys:
            raise Sealed(f"key « {name} » is not in the settings any more")
        return self.keys[name]


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key as it is stored: readable only with the master key called ``master``."""

    master: str
    ciphertext: bytes


class Envelope:
    """Makes, wraps and opens data keys."""

    def __init__(self, masters: KeyRing, *, random: RandomBytes = os.urandom) -> None:
        self._masters = masters
        self._random = random

    @property
    def current_master(self) -> str:
        return self._masters.current

    def new_key(self, owner: str) -> tuple["DataKey", Wrapped]:
        """A fresh data key for *owner* (an id), and what to store of it."""
        key = self._random(_KEY)
        return DataKey(owner, key, self._random), self._wrap(owner, key)

    def open(self, owner: str, wrapped: Wrapped) -> "DataKey":
        """The data key of *owner*.

        Raises:
            Sealed: the master key is gone, or *wrapped* is another owner's.
        """
        master = AESGCM(self._masters.named(wrapped.master))
        key = _decrypt(master, wrapped.ciphertext, _bound(owner, "key"))
        return DataKey(owner, key, self._random)

    def rewrap(self, owner: str, wrapped: Wrapped) -> Wrapped:
        """The same data key under the current master key."""
        return self._wrap(owner, self.open(owner, wrapped)._key)

    def _wrap(self, owner: str, key: bytes) -> Wrapped:
        master = AESGCM(self._masters.keys[self._masters.current])
        return Wrapped(self._masters.current, _encrypt(master, key, _bound(owner, "key"), self._random))


class DataKey:
    """Encrypts what belongs to one owner."""

    def __init__(self, owner: str, key: bytes, random: RandomBytes) -> None:
        self._owner = owner
        self._key = key
        self._random = random

    def encrypt(self, field: str, content: bytes) -> bytes:
        return _encrypt(AESGCM(self._key), content, _bound(self._owner, field), self._random)

    def decrypt(self, field: str, ciphertext: bytes) -> bytes:
        """The inverse.

        Raises:
            Sealed: *ciphertext* is of another owner or field, or was altered.
        """
        return _decrypt(AESGCM(self._key), ciphertext, _bound(self._owner, field))


class BlindIndex:
    """Finds what is encrypted: equal contents have equal indexes, which tell nothing without the key.

    Indexes are bound to a *scope* (an organisation): two organisations cannot learn that they help the same person.
    """

    def __init__(self, key: KeyRing) -> None:
        self._key = key

    def of(self, scope: str, field: str, content: str) -> str:
        """The index of *content*, whatever its case, accents, hyphens and spaces."""
        return self._key.mac(f"{scope}\x1f{field}\x1f{normalised(content)}".encode())


def normalised(text: str) -> str:
    """Lower case, no accents, words separated by one space: two spellings of a name become one."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    plain = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join(plain.split())


def _bound(owner: str, field: str) -> bytes:
    return f"{owner}\x1f{field}".encode()


def _encrypt(cipher: AESGCM, content: bytes, bound: bytes, random: RandomBytes) -> bytes:
    nonce = random(_NONCE)
    return nonce + cipher.encrypt(nonce, content, bound)


def _decrypt(cipher: AESGCM, ciphertext: bytes, bound: bytes) -> bytes:
    try:
        return cipher.decrypt(ciphertext[:_NONCE], ciphertext[_NONCE:], bound)
    except (InvalidTag, ValueError) as error:
        raise Sealed("what was encrypted does not open") from error
