"""Encryption of the messages kept for later, and the fingerprint that stands for a sender."""

import hashlib
import hmac
from typing import Protocol

from cryptography.fernet import InvalidToken
from pydantic import SecretStr

from bot.errors import EquipierError
from bot.privacy.keys import fernet_of


class Unreadable(EquipierError):
    """What was encrypted cannot be read: the key has changed, or the data is damaged."""


class Cipher(Protocol):
    """Makes a text unreadable in the database."""

    def encrypt(self, text: str) -> bytes: ...

    def decrypt(self, token: bytes) -> str:
        """The inverse.

        Raises:
            Unreadable: *token* was not made with this key.
        """
        ...


class FernetCipher:
    """Fernet (AES-128-CBC and HMAC-SHA256).

    Raises:
        SettingsError: *key* is empty or is no Fernet key; the message names ``EQUIPIER_VAULT_KEY``.
    """

    def __init__(self, key: SecretStr) -> None:
        self._fernet = fernet_of(key, purpose="les messages gardés ne peuvent pas être chiffrés")

    def encrypt(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def decrypt(self, token: bytes) -> str:
        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken as error:
            raise Unreadable("message gardé illisible : la clé a changé ?") from error


def fingerprint(sender: str, *, key: SecretStr) -> str:
    """What stands for *sender* in the database: 64 hexadecimal digits, useless without *key*.

    A channel's sender is often an address or a telephone number; a plain hash of those is undone in seconds.
    """
    return hmac.new(key.get_secret_value().encode(), sender.encode(), hashlib.sha256).hexdigest()
