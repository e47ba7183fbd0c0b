"""The tokens by which another site vouches for one of its people (JWT, RFC 7519), checked as RFC 8725 advises.

The key that the settings hold decides the algorithm; what the token says of it counts for nothing, so that neither
« none » nor a public key taken for a secret can pass.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot.channels.web.visits import Refused, Vouched
from bot.clock import Clock
from bot.errors import SettingsError

LONGEST_LIFE = timedelta(minutes=15)
_CLOCKS = timedelta(seconds=30)  # by how much two machines may disagree
_SHORTEST_SECRET = 32  # bytes, RFC 7518 section 3.2
_SMALLEST_RSA = 2048  # bits
_KEY_SETTING = "EQUIPIER_WIDGET_JWT_KEY"
_ISSUER_SETTING = "EQUIPIER_WIDGET_JWT_ISSUER"
_Instant = Annotated[int | float, Field(ge=0, lt=1e11, allow_inf_nan=False)]
_Key = str | RSAPublicKey | EllipticCurvePublicKey


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True)

    iss: str
    aud: str
    sub: Annotated[str, Field(min_length=3, max_length=254)]
    exp: _Instant
    iat: _Instant
    nbf: _Instant = 0


class HostTokens:
    """Reads the tokens of one site.

    Args:
        key: secret of 32 bytes or more (HS256), or public key in PEM (RSA: RS256; P-256: ES256).
        issuer: name of the site, which every token must bear.
        public_url: our own address, for which every token must be meant.

    Raises:
        SettingsError: *key* is none of these, or *issuer* is empty.
    """

    def __init__(self, key: SecretStr, *, issuer: str, public_url: str, clock: Clock) -> None:
        self._key, self._algorithm = _key_of(key.get_secret_value())
        if not issuer:
            raise SettingsError(f"{_ISSUER_SETTING} manque, alors que {_KEY_SETTING} est réglée")
        self._issuer = issuer
        self._audience = public_url.rstrip("/")
        self._clock = clock

    def read(self, token: str) -> Vouched:
        """Whom *token* vouches for.

        Raises:
            Refused: it is not for us, not from them, altered, expired, or lives longer than a quarter of an hour.
        """
        try:
            # Dates are checked below, by our own clock.
            unchecked = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
            content = jwt.decode(token, self._key, algorithms=[self._algorithm], options=unchecked)  # type: ignore[arg-type]
            claims = _Claims.model_validate(content)
        except (jwt.PyJWTError, ValidationError, UnicodeError) as error:
            raise Refused("jwt") from error
        now = self._clock.now().timestamp()
        margin = _CLOCKS.total_seconds()
        if claims.iss != self._issuer or claims.aud.rstrip("/") != self._audience:
            raise Refused("jwt")
        if max(claims.iat, claims.nbf) > now + margin or claims.exp > now + LONGEST_LIFE.total_seconds() + margin:
            raise Refused("jwt")
        if claims.exp <= now:
            raise Refused("jwt_expired")
        return Vouched(claims.sub, datetime.fromtimestamp(claims.exp, UTC))


def _key_of(value: str) -> tuple[_Key, str]:
    """The key, and the one algorithm that it may serve."""
    text = value.replace("\\n", "\n").strip()
    if not text.startswith("-----BEGIN"):
        if len(value.encode()) < _SHORTEST_SECRET:
            raise _malformed("un secret d'au moins 32 octets est attendu")
        return value, "HS256"
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _malformed("cette clé PEM n'est pas une clé publique lisible") from error
    if isinstance(key, RSAPublicKey) and key.key_size >= _SMALLEST_RSA:
        return key, "RS256"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key, "ES256"
    raise _malformed("une clé RSA de 2048 bits ou plus, ou P-256, est attendue")


def _malformed(why: str) -> SettingsError:
    return SettingsError(
        f"{_KEY_SETTING} est mal formée : {why}",
        hint="Donnez le secret partagé avec l'autre site (HS256), ou sa clé publique en PEM (RS256, ES256).",
    )
