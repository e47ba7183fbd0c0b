"""The key that encrypts what a person wrote: the vault's originals and the messages kept for later."""

from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.errors import SettingsError

_HINT = (
    "Créez une clé avec « python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())' »."
)


def fernet_of(key: SecretStr, *, purpose: str) -> Fernet:
    """The cipher of *key*.

    Args:
        purpose: what cannot be done without it, in French, for the error message.

    Raises:
        SettingsError: *key* is empty or is no Fernet key; the message names ``EQUIPIER_VAULT_KEY``.
    """
    if not key.get_secret_value():
        raise SettingsError(f"EQUIPIER_VAULT_KEY manque : {purpose}", hint=_HINT)
    try:
        return Fernet(key.get_secret_value())
    except ValueError as error:
        raise SettingsError("EQUIPIER_VAULT_KEY n'est pas une clé Fernet (32 octets en base 64)", hint=_HINT) from error
