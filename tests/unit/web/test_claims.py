"""The tokens of another site: RFC 7519, and the attacks that RFC 8725 tells of."""

import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import SecretStr

from bot.channels.web.claims import HostTokens
from bot.channels.web.visits import Refused
from bot.errors import SettingsError
from tests.unit.aidants.house import FakeClock
from tests.unit.web.world import ISSUER, PUBLIC_URL, SECRET

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
CLOCK = FakeClock()
NOW = int(CLOCK.now().timestamp())


def public_pem(private: Any) -> str:
    pem: bytes = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


def reader(key: str = SECRET, *, issuer: str = ISSUER) -> HostTokens:
    return HostTokens(SecretStr(key), issuer=issuer, public_url=PUBLIC_URL, clock=CLOCK)


def claims(**changes: Any) -> dict[str, Any]:
    right = {"iss": ISSUER, "aud": PUBLIC_URL, "sub": "maiwenn@exemple.fr", "iat": NOW - 5, "exp": NOW + 600}
    return {name: value for name, value in (right | changes).items() if value is not ...}


def part(content: Any) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def by_hand(header: dict[str, Any], content: Any, key: bytes, digest: str = "sha256") -> str:
    """A token that no honest library would make."""
    signed = f"{part(header)}.{part(content)}"
    return f"{signed}.{part(hmac.new(key, signed.encode(), digest).digest())}"


@pytest.mark.parametrize(
    ("key", "signing", "algorithm"),
    [(SECRET, SECRET, "HS256"), (public_pem(RSA), RSA, "RS256"), (public_pem(EC), EC, "ES256")],
    ids=["HS256", "RS256", "ES256"],
)
def test_a_token_of_the_site_names_an_account_until_it_expires(key: str, signing: Any, algorithm: str) -> None:
    vouched = reader(key).read(jwt.encode(claims(), signing, algorithm))
    assert vouched.email == "maiwenn@exemple.fr"
    assert vouched.until == CLOCK.now() + timedelta(seconds=600)


def test_a_key_on_one_line_reads_as_on_several() -> None:
    one_line = public_pem(RSA).replace("\n", "\\n")
    assert reader(one_line).read(jwt.encode(claims(), RSA, "RS256")).email == "maiwenn@exemple.fr"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "un autre site"},
        {"iss": ...},
        {"iss": [ISSUER]},
        {"aud": "https://ailleurs.exemple.fr"},
        {"aud": [PUBLIC_URL, "https://ailleurs.exemple.fr"]},
        {"aud": ...},
        {"sub": ...},
        {"sub": ""},
        {"sub": 12},
        {"exp": ...},
        {"exp": str(NOW + 600)},
        {"exp": NOW + 15 * 60 + 31},
        {"exp": NOW + 3600},
        {"exp": 1e300},
        {"exp": True},
        {"iat": ...},
        {"iat": NOW + 31},
        {"iat": -1},
        {"nbf": NOW + 31},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_or_lives_too_long_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        reader().read(by_hand({"alg": "HS256"}, claims(**changes), SECRET.encode()))
    assert refused.value.reason == "jwt"


@pytest.mark.parametrize("expired", [NOW, NOW - 1, NOW - 10**6])
def test_an_expired_token_is_told_from_a_false_one(expired: int) -> None:
    with pytest.raises(Refused) as refused:
        reader().read(jwt.encode(claims(exp=expired, iat=expired - 60), SECRET, "HS256"))
    assert refused.value.reason == "jwt_expired"


PEM = public_pem(RSA).encode()
FORGED = {
    "another secret": jwt.encode(claims(), SECRET + "!", "HS256"),
    "none": jwt.encode(claims(), None, "none"),
    "None": f"{part({'alg': 'None', 'typ': 'JWT'})}.{part(claims())}.",
    "no signature": ".".join([*jwt.encode(claims(), SECRET, "HS256").split(".")[:2], ""]),
    "another algorithm of the family": by_hand({"alg": "HS512"}, claims(), SECRET.encode(), "sha512"),
    "altered claims": ".".join(
        [
            jwt.encode(claims(), SECRET, "HS256").split(".")[0],
            part(claims(sub="admin@exemple.fr")),
            jwt.encode(claims(), SECRET, "HS256").split(".")[2],
        ]
    ),
    "critical header unknown": by_hand({"alg": "HS256", "crit": ["exp2"], "exp2": 1}, claims(), SECRET.encode()),
    "claims that are no object": by_hand({"alg": "HS256"}, [1, 2], SECRET.encode()),
    "claims that are not JSON": by_hand({"alg": "HS256"}, b"\xff", SECRET.encode()),
    "not a number": by_hand({"alg": "HS256"}, json.dumps(claims(exp=float("nan"))).encode(), SECRET.encode()),
    "empty parts": "..",
    "no token": "bonjour",
    "lone surrogate": "\ud800.a.b",
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_is_refused(token: str) -> None:
    with pytest.raises(Refused) as refused:
        reader().read(token)
    assert refused.value.reason == "jwt"


CONFUSED = {
    "the public key taken for a secret": by_hand({"alg": "HS256", "typ": "JWT"}, claims(), PEM),
    "the same without its last line": by_hand({"alg": "HS256", "typ": "JWT"}, claims(), PEM.strip()),
    "HS256 with any secret": jwt.encode(claims(), SECRET, "HS256"),
    "none": jwt.encode(claims(), None, "none"),
    "another key pair": jwt.encode(claims(), rsa.generate_private_key(65537, 2048), "RS256"),
    "the family of the other key": jwt.encode(claims(), EC, "ES256"),
    "PSS": jwt.encode(claims(), RSA, "PS256"),
    "a key that it brings along": jwt.encode(
        claims(), rsa.generate_private_key(65537, 2048), "RS256", headers={"jwk": {"kty": "RSA"}, "kid": "../../k"}
    ),
}


@pytest.mark.parametrize("token", CONFUSED.values(), ids=CONFUSED.keys())
def test_the_key_decides_the_algorithm_not_the_token(token: str) -> None:
    with pytest.raises(Refused):
        reader(public_pem(RSA)).read(token)


def private_pem() -> str:
    return RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "trop court",
        "x" * 31,
        private_pem(),
        public_pem(rsa.generate_private_key(65537, 1024)),
        public_pem(ec.generate_private_key(ec.SECP384R1())),
        public_pem(ed25519.Ed25519PrivateKey.generate()),
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    ],
    ids=["none", "short", "31 bytes", "private", "RSA 1024", "P-384", "Ed25519", "damaged"],
)
def test_a_key_that_would_not_protect_is_refused_at_start_up(key: str) -> None:
    with pytest.raises(SettingsError, match="EQUIPIER_WIDGET_JWT_KEY") as refused:
        reader(key)
    assert not key or key not in str(refused.value)


def test_a_key_without_an_issuer_is_refused_at_start_up() -> None:
    with pytest.raises(SettingsError, match="EQUIPIER_WIDGET_JWT_ISSUER"):
        reader(issuer="")


def test_a_token_made_by_hand_with_the_right_key_is_good() -> None:
    """Guards the forgeries above: it is the key that they lack, not the form."""
    assert reader().read(by_hand({"alg": "HS256"}, claims(), SECRET.encode())).email
