import itertools
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.errors import SettingsError
from bot.privacy.envelope import BlindIndex, Envelope, KeyRing, Sealed, Wrapped, normalised
from tests.unit.mandats.world import ring

owners, fields, contents = st.text(max_size=10), st.text(max_size=10), st.binary(max_size=60)
# Names as people of our regions write them.
names = st.text("abcdefghijklmnopqrstuvwxyzàâäçéèêëîïñôöùûüÿœæ' -", min_size=1, max_size=30).filter(normalised)


@given(owners, fields, contents)
def test_what_is_encrypted_reads_back_and_shows_nothing(owner, field, content):
    key, wrapped = Envelope(ring("k1")).new_key(owner)
    hidden = key.encrypt(field, content)
    assert Envelope(ring("k1")).open(owner, wrapped).decrypt(field, hidden) == content
    assert len(content) < 4 or content not in hidden
    assert key.encrypt(field, content) != hidden


@given(owners, owners, fields, fields, contents)
def test_a_ciphertext_that_was_moved_does_not_open(owner, other, field, column, content):
    assume("\x1f" not in owner + other + field + column)
    assume((owner, field) != (other, column))
    envelope = Envelope(ring("k1"))
    key, wrapped = envelope.new_key(owner)
    hidden = key.encrypt(field, content)
    if owner == other:
        with pytest.raises(Sealed):
            key.decrypt(column, hidden)
        return
    with pytest.raises(Sealed):
        envelope.new_key(other)[0].decrypt(field, hidden)
    with pytest.raises(Sealed):  # not even with the key of the first: it is bound to its owner too
        envelope.open(other, wrapped)


@given(contents, st.data())
def test_a_ciphertext_that_was_altered_does_not_open(content, data):
    key, _ = Envelope(ring("k1")).new_key("u1")
    hidden = bytearray(key.encrypt("identity", content))
    place = data.draw(st.integers(0, len(hidden) - 1))
    hidden[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Sealed):
        key.decrypt("identity", bytes(hidden))


@pytest.mark.parametrize("length", [0, 5, 12, 20])
def test_a_ciphertext_that_was_cut_does_not_open(length):
    key, _ = Envelope(ring("k1")).new_key("u1")
    with pytest.raises(Sealed):
        key.decrypt("identity", key.encrypt("identity", b"Kervella")[:length])


@given(owners, contents)
def test_a_key_that_was_wrapped_again_opens_what_it_opened(owner, content):
    key, wrapped = Envelope(ring("old")).new_key(owner)
    hidden = key.encrypt("identity", content)
    again = Envelope(ring("new", "old")).rewrap(owner, wrapped)
    assert (wrapped.master, again.master) == ("old", "new")
    assert Envelope(ring("new")).open(owner, again).decrypt("identity", hidden) == content


def test_without_its_master_key_nothing_opens():
    _, wrapped = Envelope(ring("old")).new_key("u1")
    with pytest.raises(Sealed, match="old"):
        Envelope(ring("new")).open("u1", wrapped)
    with pytest.raises(Sealed):
        Envelope(KeyRing("old", {"old": b"x" * 32})).open("u1", wrapped)
    with pytest.raises(Sealed):
        Envelope(ring("old")).open("u1", Wrapped("old", b""))


@given(names)
def test_spellings_that_differ_by_case_accents_or_hyphens_are_found_together(name):
    index = BlindIndex(ring("index"))
    without = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    spellings = {name, name.upper(), name.title(), without, name.replace("-", " "), f"  {name} "}
    spellings |= {unicodedata.normalize("NFD", name), name.replace("œ", "oe"), name.replace(" ", "-")}
    assert len({index.of("o1", "word", spelling) for spelling in spellings}) == 1


@given(names, names)
def test_two_names_have_two_indexes(one, other):
    index = BlindIndex(ring("index"))
    assert (index.of("o", "word", one) == index.of("o", "word", other)) == (normalised(one) == normalised(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoé LE-GALL", "zoe le gall"),
        ("Œuvrard", "oeuvrard"),
        ("D'Hervé", "d herve"),
        ("Groß", "GROSS"),
        ("Nuñez", "NUNEZ"),
    ],
)
def test_french_names_are_found_as_they_are_typed(one, other):
    assert normalised(one) == normalised(other) == other.lower()


def test_two_organisations_two_fields_and_two_keys_have_nothing_in_common():
    indexes = [
        BlindIndex(ring(key)).of(scope, field, "Kervella")
        for key, scope, field in itertools.product(("k1", "k2"), ("o1", "o2"), ("word", "born"))
    ]
    assert len(set(indexes)) == 8
    assert all(len(index) == 64 for index in indexes)


def test_a_new_key_reads_back():
    written = KeyRing.new("k2026"), KeyRing.new("k2025")
    keys = KeyRing.parse(SecretStr(" , ".join(written)), setting="X")
    assert (keys.current, list(keys.keys)) == ("k2026", ["k2026", "k2025"])
    assert len(set(keys.keys.values())) == 2
    assert keys.mac(b"x") == keys.mac(b"x", key="k2026") != keys.mac(b"x", key="k2025")


@pytest.mark.parametrize(
    "value",
    [
        "",
        " , ",
        "k1",
        "k1:",
        "k1:courte",
        "k1:ééé",
        ":" + KeyRing.new("")[1:],
        f"{KeyRing.new('k1')},{KeyRing.new('k1')}",
        f"{KeyRing.new('k1')},k2",
    ],
)
def test_a_malformed_key_is_refused_by_the_name_of_its_setting_and_never_shown(value):
    with pytest.raises(SettingsError, match="EQUIPIER_SEAL_KEYS") as refused:
        KeyRing.parse(SecretStr(value), setting="EQUIPIER_SEAL_KEYS")
    assert refused.value.hint
    shown = str(refused.value)
    assert all(part.partition(":")[2] not in shown for part in value.split(",") if part.partition(":")[2])
