from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from bot.aidants import codes
from bot.aidants.views import WrongField
from bot.privacy.envelope import KeyRing, Sealed

# RFC 6238, appendix B: the secret is the ASCII text « 12345678901234567890 » (SHA-1), codes cut to six digits.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
OLD = KeyRing("p1", {"p1": b"a" * 32})
BOTH = KeyRing("p2", {"p2": b"b" * 32, "p1": b"a" * 32})
NEW = KeyRing("p2", {"p2": b"b" * 32})


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_codes_are_those_of_the_rfc(seconds, code):
    now = datetime.fromtimestamp(seconds, UTC)
    assert codes.matching_step(RFC_SECRET, code, now=now) == seconds // 30


@pytest.mark.parametrize(
    ("late", "taken"), [(-30, True), (29, True), (30, True), (59, True), (60, False), (-60, False)]
)
def test_a_code_is_taken_one_step_away_and_no_further(late, taken):
    start = datetime.fromtimestamp(1_200_000_000, UTC)  # the beginning of a step
    code = codes.pyotp.TOTP(RFC_SECRET).at(start)
    found = codes.matching_step(RFC_SECRET, code, now=start + timedelta(seconds=late))
    assert found == (40_000_000 if taken else None)


def test_a_code_may_be_typed_in_two_halves():
    assert codes.matching_step(RFC_SECRET, " 287 082 ", now=datetime.fromtimestamp(59, UTC)) == 1


@pytest.mark.parametrize("typed", ["", "28708", "2870822", "28708a", "٢٨٧٠٨٢", "２８７０８２", "²87082", "\x00287082"])
def test_what_is_not_six_digits_is_no_code(typed):
    assert codes.matching_step(RFC_SECRET, typed, now=datetime.fromtimestamp(59, UTC)) is None


def test_a_code_generator_is_told_who_we_are_and_whose_account_it_is():
    uri = urlsplit(codes.provisioning_uri(RFC_SECRET, "lea@ccas.fr"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == "/Équipier:lea@ccas.fr"
    assert parse_qs(uri.query) == {"secret": [RFC_SECRET], "issuer": ["Équipier"]}


def test_two_secrets_differ_and_are_taken_back():
    one, other = codes.new_secret(), codes.new_secret()
    assert one != other
    assert codes.secret_of(f" {one.lower()[:4]} {one.lower()[4:]} ") == one


@pytest.mark.parametrize("typed", ["", "GEZDGNBV", "pas du base 32 !", "0" * 32, "GEZDGNBVGY3TQOJQ" * 9, "é" * 32])
def test_a_secret_that_is_short_or_malformed_is_refused(typed):
    with pytest.raises(WrongField) as caught:
        codes.secret_of(typed)
    assert (caught.value.field, caught.value.reason) == ("code", "secret")


def test_a_kept_secret_opens_for_its_aidant_alone():
    kept = codes.sealed(RFC_SECRET, aidant="a1", keys=OLD)
    assert RFC_SECRET.encode() not in kept
    assert codes.opened(kept, aidant="a1", keys=OLD) == RFC_SECRET
    with pytest.raises(Sealed):
        codes.opened(kept, aidant="a2", keys=OLD)


@pytest.mark.parametrize("damaged", [b"", b"p1", b"p1:", b"p9:xxxx", b"\xff\xfe:xxxx", b"p1:" + b"x" * 60])
def test_a_damaged_secret_does_not_open(damaged):
    with pytest.raises(Sealed):
        codes.opened(damaged, aidant="a1", keys=OLD)


def test_a_former_key_still_opens_until_it_is_taken_away():
    kept = codes.sealed(RFC_SECRET, aidant="a1", keys=OLD)
    assert codes.outdated(kept, keys=BOTH)
    assert codes.opened(kept, aidant="a1", keys=BOTH) == RFC_SECRET
    with pytest.raises(Sealed):
        codes.opened(kept, aidant="a1", keys=NEW)
