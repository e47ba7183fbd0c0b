"""The keys of an installation under a passphrase.

They are left out unless they are asked for: a backup with its keys opens everything, and whoever steals one should
not get the other.
"""

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from bot.errors import EquipierError
from bot.settings import Settings

NAMES = (
    "rest_token",
    "vault_key",
    "master_keys",
    "seal_keys",
    "index_key",
    "checkpoint_key",
    "session_key",
    "telegram_secret",
)
SHORTEST = 12  # characters
_SALT = 16  # bytes


class WrongPassphrase(EquipierError):
    """The keys cannot be read with it."""

    def __init__(self) -> None:
        super().__init__("cette phrase secrète n'ouvre pas les clés de la sauvegarde")


def sealed(settings: Settings, passphrase: str) -> bytes:
    """The keys of *settings* that are set, which only *passphrase* opens.

    Raises:
        EquipierError: it is too short.
    """
    if len(passphrase) < SHORTEST:
        raise EquipierError(f"la phrase secrète est trop courte\u202f: il faut au moins {SHORTEST} caractères")
    values = {f"EQUIPIER_{name.upper()}": getattr(settings, name).get_secret_value() for name in NAMES}
    salt = os.urandom(_SALT)
    content = json.dumps({name: value for name, value in values.items() if value}).encode()
    return salt + Fernet(_derived(passphrase, salt)).encrypt(content)


def opened(content: bytes, passphrase: str) -> Mapping[str, str]:
    """The keys, by the names of their environment variables.

    Raises:
        WrongPassphrase: it is another one, or the content was altered.
    """
    salt, token = content[:_SALT], content[_SALT:]
    try:
        values = json.loads(Fernet(_derived(passphrase, salt)).decrypt(token))
    except (InvalidToken, ValueError) as error:
        raise WrongPassphrase from error
    return {str(name): str(value) for name, value in values.items()}


def write(values: Mapping[str, str], target: Path) -> None:
    """Writes the keys as environment variables to a new file, which its owner alone can read.

    Raises:
        EquipierError: the file exists: keys are never replaced.
    """
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise EquipierError(f"{target} existe déjà\u202f: des clés ne se remplacent pas") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{name}='{value}'\n" for name, value in values.items())


def _derived(passphrase: str, salt: bytes) -> bytes:
    return base64.urlsafe_b64encode(Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode()))
