import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.journal.chain import canonical

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
accented = st.text("aàâäeéèêëiïîoôöuùûücçñ ŵœ", max_size=12)
instants = st.datetimes(timezones=st.timezones())
leaves = st.none() | st.booleans() | st.integers() | accented | texts
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reordered(item) for key, item in reversed(value.items())}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def in_form(value: Any, form: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize(form, value)
    if isinstance(value, dict):
        return {in_form(key, form): in_form(item, form) for key, item in value.items()}
    return [in_form(item, form) for item in value] if isinstance(value, list) else value


def typed(value: Any) -> Any:
    """*value* such that ``==`` tells ``1`` from ``True``, as JSON does."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    return [typed(item) for item in value] if isinstance(value, list) else (type(value).__name__, value)


def keys_collide(value: Any) -> bool:
    if isinstance(value, dict):
        return len({unicodedata.normalize("NFC", key) for key in value}) < len(value) or any(
            map(keys_collide, value.values())
        )
    return isinstance(value, list) and any(map(keys_collide, value))


@given(values)
def test_the_order_of_keys_does_not_matter(value):
    assume(not keys_collide(value))
    assert canonical(reordered(value)) == canonical(value)


@given(values)
def test_composed_and_decomposed_accents_are_the_same(value):
    assume(not keys_collide(value))
    assert canonical(in_form(value, "NFD")) == canonical(in_form(value, "NFC")) == canonical(value)


@given(values, values)
def test_two_values_have_the_same_form_only_when_they_are_the_same(one, other):
    assume(not keys_collide(one) and not keys_collide(other))
    same = typed(in_form(one, "NFC")) == typed(in_form(other, "NFC"))
    assert (canonical(one) == canonical(other)) == same


@given(instants)
def test_an_instant_has_one_form_in_every_zone(instant):
    assume(datetime(2, 1, 1, tzinfo=UTC) < instant < datetime(9998, 1, 1, tzinfo=UTC))
    elsewhere = instant.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
    assert canonical(instant) == canonical(elsewhere)
    assert canonical(instant) != canonical(instant.astimezone(UTC) + timedelta(microseconds=1))


def test_the_form_is_compact_sorted_utf_8():
    value = {"é": [1, True, None], "at": datetime(2026, 11, 25, 12, 2, tzinfo=timezone(timedelta(hours=1)))}
    assert canonical(value).decode() == '{"at":"2026-11-25T11:02:00.000000+00:00","é":[1,true,null]}'


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        Decimal("1"),
        b"octets",
        {"ensemble"},
        object(),
        date(2026, 11, 25),
        datetime(2026, 11, 25, 12, 2),
        {1: "clé qui n'est pas un texte"},
        {None: 1},
        {"é": 1, "e\u0301": 2},
        "\ud800",
        {"\udfff": 1},
    ],
    ids=repr,
)
@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: [value], lambda value: {"a": {"b": value}}])
def test_what_has_no_single_form_is_refused(value, wrap):
    with pytest.raises(TypeError):
        canonical(wrap(value))
