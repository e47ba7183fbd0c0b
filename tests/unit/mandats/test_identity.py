from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.mandats.identity import Identity, WrongIdentity, checked, commitment
from bot.mandats.models import Usager
from bot.privacy.envelope import Sealed
from tests.unit.mandats.world import ANATOLE, YOLANDE, World, assemble, ring

TODAY = date(2026, 11, 25)
names = st.text(st.characters(categories=["L", "Mn"]), min_size=1, max_size=25).filter(lambda text: text[0].isalpha())


def test_spaces_are_squeezed_and_accents_composed():
    identity = checked(" Le  Gall\u00a0", "Zoe\u0301\tAnne ", date(2008, 11, 25), "", today=TODAY)
    assert identity == Identity("Le Gall", "Zoé Anne", date(2008, 11, 25), "")
    assert identity.full_name == "Zoé Anne Le Gall"


@given(names, names, st.dates(date(1900, 1, 1), TODAY))
def test_what_was_checked_stays_as_it_is_when_checked_again(family_name, given_names, born):
    once = checked(family_name, given_names, born, "", today=TODAY)
    assert checked(once.family_name, once.given_names, once.birth_date, "", today=TODAY) == once


@pytest.mark.parametrize("field", ["family_name", "given_names", "birth_place"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "missing"),
        (" \u00a0\t", "missing"),
        ("x" * 101, "too_long"),
        ("1234", "not_a_name"),
        ("-'-", "not_a_name"),
        ("<b>Anne</b>", "not_a_name"),
        ("{{ Anne }}", "not_a_name"),
        ("[NOM]", "not_a_name"),
        ("Anne\x00", "not_a_name"),
        ("Anne\u202egnal", "not_a_name"),  # written from right to left
        ("An\u200bne", "not_a_name"),  # a space that nobody sees
        ("😀", "not_a_name"),
    ],
)
def test_a_field_that_cannot_be_a_name_is_named_with_its_reason(field, value, reason):
    typed = {"family_name": "Kervella", "given_names": "Yolande", "birth_place": "Brest"} | {field: value}
    if field == "birth_place" and reason == "missing":
        assert checked(**typed, birth_date=date(1950, 1, 2), today=TODAY).birth_place == ""
        return
    with pytest.raises(WrongIdentity) as refused:
        checked(**typed, birth_date=date(1950, 1, 2), today=TODAY)
    assert (refused.value.field, refused.value.reason) == (field, reason)


@pytest.mark.parametrize("name", ["O'Brien", "Jean-Luc", "Ng", "Ô", "Müller", "d’Aubigné", "Иванова", "李"])
def test_names_of_every_country_are_taken(name):
    assert checked(name, name, date(1950, 1, 2), name, today=TODAY).family_name == name


@pytest.mark.parametrize(
    ("born", "reason"), [(date(2026, 11, 26), "future"), (date(1899, 12, 31), "too_old"), (date(202, 1, 1), "too_old")]
)
def test_a_birth_date_that_cannot_be_is_refused(born, reason):
    with pytest.raises(WrongIdentity) as refused:
        checked("Kervella", "Yolande", born, "", today=TODAY)
    assert (refused.value.field, refused.value.reason) == ("birth_date", reason)
    assert checked("Kervella", "Yolande", TODAY, "", today=TODAY).birth_date == TODAY


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (replace(ANATOLE, family_name="LE-BIHAN"), True),
        (replace(ANATOLE, given_names="Anatôle-Yves", birth_place="Brest"), True),
        (replace(ANATOLE, birth_date=date(1948, 2, 28)), False),
        (replace(ANATOLE, given_names="Anatole"), False),
        (replace(ANATOLE, family_name="Anatole Yves", given_names="Le Bihan"), False),
    ],
)
def test_one_person_is_one_usager_whatever_the_spelling(world: World, other: Identity, same: bool) -> None:
    with world.database.unit_of_work() as session:
        first = world.usagers.find_or_add(session, world.actor.organisation, ANATOLE)
        second = world.usagers.find_or_add(session, world.actor.organisation, other)
        assert (first.id == second.id) == same
        assert world.usagers.identity(second) == (ANATOLE if same else other)


def test_the_same_person_in_two_organisations_is_two_usagers_with_nothing_in_common(world: World) -> None:
    with world.database.unit_of_work() as session:
        for actor in (world.actor, world.stranger):
            world.usagers.find_or_add(session, actor.organisation, YOLANDE)
    assert world.count("usagers") == 2
    assert world.scalar("SELECT count(DISTINCT identity_index) FROM usagers") == 2
    assert world.scalar("SELECT count(DISTINCT term) FROM usager_terms") == world.count("usager_terms") == 6


def test_nothing_that_identifies_is_in_clear(world: World) -> None:
    world.seal(identity=YOLANDE)
    raw = world.database.engine.raw_connection()
    try:
        dump = "\n".join(raw.driver_connection.iterdump()).lower()  # type: ignore[union-attr]
    finally:
        raw.close()
    assert "create_attestation" in dump
    for word in ("kervella", "yolande", "1950", "brest", *(text.encode().hex() for text in ("Kervella", "Yolande"))):
        assert word not in dump


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("kervella", True),
        ("KERVELLA Yolande", True),
        ("yolande", True),
        ("Kervella Anatole", False),
        ("kerv", False),
        ("", False),
        (" - ", False),
        ("1950-01-02", False),
    ],
)
def test_people_are_found_by_whole_words_of_their_names(world: World, words: str, found: bool) -> None:
    with world.database.unit_of_work() as session:
        usager = world.usagers.find_or_add(session, world.actor.organisation, YOLANDE)
        world.usagers.find_or_add(session, world.actor.organisation, ANATOLE)
        matching = world.usagers.matching(session, world.actor.organisation, words)
        assert [one.id for one in matching] == ([usager.id] if found else [])
        assert world.usagers.matching(session, world.stranger.organisation, words) == ()


def test_an_erased_person_is_not_found_and_does_not_open_even_from_an_old_copy_of_the_row(world: World) -> None:
    with world.database.unit_of_work() as session:
        usager = world.usagers.find_or_add(session, world.actor.organisation, YOLANDE)
        hidden = usager.identity
    with world.database.unit_of_work() as session:
        world.usagers.erase(session, session.get_one(Usager, usager.id))
    with world.database.unit_of_work() as session:
        erased = session.get_one(Usager, usager.id)
        assert world.usagers.identity(erased) is None
        assert erased.erased_at == world.clock.now()
        assert world.usagers.matching(session, world.actor.organisation, "kervella") == ()
        with pytest.raises(Sealed):
            world.usagers.key_of(erased)
        erased.identity = hidden
        with pytest.raises(Sealed):
            world.usagers.identity(erased)
        session.rollback()
    assert world.count("usager_terms") == 0
    with world.database.unit_of_work() as session:  # coming back, they are someone new
        assert world.usagers.find_or_add(session, world.actor.organisation, YOLANDE).id != usager.id


def test_a_new_master_key_opens_everyone_once_they_were_rewrapped(world: World) -> None:
    for identity in (YOLANDE, ANATOLE):
        world.seal(identity=identity)
    people = (world.actor, world.stranger)
    both = assemble(world.database, masters=ring("m2", "master"), people=people)
    with world.database.unit_of_work() as session:
        assert both.usagers.rewrap(session) == 2
    with world.database.unit_of_work() as session:
        assert both.usagers.rewrap(session) == 0
    after = assemble(world.database, masters=ring("m2"), people=people)
    with world.database.unit_of_work() as session:
        known = [after.usagers.identity(usager) for usager in session.scalars(select(Usager))]
        assert sorted(identity.family_name for identity in known if identity) == ["Kervella", "Le Bihan"]
        with pytest.raises(Sealed):
            world.usagers.identity(session.scalars(select(Usager)).first())


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_commitment_depends_on_every_part_and_on_its_secret(secret, other):
    parts = [
        YOLANDE,
        replace(YOLANDE, family_name="Kervela"),
        replace(YOLANDE, given_names="Yoland"),
        replace(YOLANDE, birth_date=date(1950, 2, 1)),
        replace(YOLANDE, birth_place=""),
        Identity("Kervella\x1fYolande", "", YOLANDE.birth_date),
    ]
    assert len({commitment(identity, secret) for identity in parts}) == len(parts)
    assert (commitment(YOLANDE, secret) == commitment(YOLANDE, other)) == (secret == other)
