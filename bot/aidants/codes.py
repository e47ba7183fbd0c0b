"""Six-digit codes of the aidants' code generators (TOTP, RFC 6238), and their secrets as they are kept."""

import base64
import binascii
import hmac
import os
from datetime import datetime

import pyotp

from bot.aidants.views import WrongField
from bot.privacy.envelope import DataKey, KeyRing, Sealed

ISSUER = "Équipier"
STEP = 30  # seconds
_TOLERANCE = (0, -1, 1)  # steps: a clock that is half a minute off, someone who types slowly
_DIGITS = 6
_SHORTEST = 20  # bytes of a secret: RFC 4226 recommends 160 bits
_LONGEST = 128  # characters


def new_secret() -> str:
    """A secret to install in a code generator: 160 random bits in base 32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, email: str) -> str:
    """The ``otpauth://`` address to show as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def secret_of(typed: str) -> str:
    """The secret as code generators take it.

    Raises:
        WrongField: it is not in base 32, or shorter than 160 bits.
    """
    secret = "".join(typed.split()).upper()
    try:
        content = base64.b32decode(secret + "=" * (-len(secret) % 8))
    except (binascii.Error, ValueError) as error:
        raise WrongField("code", "secret") from error
    if len(content) < _SHORTEST or len(secret) > _LONGEST:
        raise WrongField("code", "secret")
    return secret


def matching_step(secret: str, typed: str, *, now: datetime) -> int | None:
    """The time step whose code was typed, at most one away from *now*; ``None`` when the code is wrong.

    The caller accepts each step once: see ``bot.aidants.attempts``.
    """
    code = "".join(typed.split())
    if len(code) != _DIGITS or not (code.isascii() and code.isdigit()):
        return None
    generator = pyotp.TOTP(secret, interval=STEP)
    present = int(now.timestamp()) // STEP
    for shift in _TOLERANCE:
        if hmac.compare_digest(generator.generate_otp(present + shift), code):
            return present + shift
    return None


def sealed(secret: str, *, aidant: str, keys: KeyRing) -> bytes:
    """*secret* as it is kept: the name of the key, then what only that key opens, for that aidant."""
    name = keys.current
    return f"{name}:".encode() + _key(aidant, name, keys).encrypt("totp", secret.encode())


def opened(kept: bytes, *, aidant: str, keys: KeyRing) -> str:
    """The inverse.

    Raises:
        Sealed: the key is gone, or *kept* is another aidant's or was altered.
    """
    name, _, ciphertext = kept.partition(b":")
    try:
        return _key(aidant, name.decode(), keys).decrypt("totp", ciphertext).decode()
    except UnicodeDecodeError as error:
        raise Sealed("what was encrypted does not open") from error


def outdated(kept: bytes, *, keys: KeyRing) -> bool:
    """Whether *kept* needs a key that is not the current one any more."""
    return not kept.startswith(f"{keys.current}:".encode())


def _key(aidant: str, name: str, keys: KeyRing) -> DataKey:
    # Derived, so that the key of the sessions never serves two algorithms.
    return DataKey(aidant, bytes.fromhex(keys.mac(b"secrets of code generators", key=name)), os.urandom)
