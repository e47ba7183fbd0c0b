"""A real journal, and the ways to falsify one."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from random import Random

from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.journal.chain import GENESIS, Entry, seal_of
from bot.mandats.rules import Duration
from tests.unit.mandats.world import ANATOLE, CAN_BE_HELPED, SOME, World

Tamper = Callable[[Random, list[Entry]], list[Entry]]
FIELDS = tuple(field.name for field in fields(Entry))


def real_journal(world: World) -> list[Entry]:
    """Some thirty entries of every kind, the oldest first."""
    first = world.seal(SOME)
    world.fake_clock.advance(hours=3)
    second = world.seal(tuple(Demarche)[:4], identity=ANATOLE)
    for note in ("F1341", "", "F12006"):
        world.fake_clock.advance(minutes=7)
        world.register.use(world.actor, second.id, Demarche.FAMILLE, note=note)
    world.register.attach_official_number(world.actor, first.id, "AC-2026-00042")
    world.register.covering(world.actor, "Kervella", Demarche.PAPIERS)
    world.register.note(world.actor, Action.PRINT_ATTESTATION, first.id)
    world.register.revoke(world.actor, first.id, (Demarche.LOGEMENT,))
    world.fake_clock.advance(days=300)
    world.seal(SOME, renews=first.id)
    draft, _ = world.drafts.create(world.actor, SOME, Duration.MONTH, CAN_BE_HELPED)
    world.drafts.cancel(world.actor, draft.id)
    for mandat in world.register.mandats(world.actor):
        world.register.mandat(world.actor, mandat.id)
    world.register.revoke(world.actor, second.id)
    return world.journalled()


def another(random: Random, entry: Entry, field: str) -> Entry:
    """*entry* with another value in *field*."""
    value = getattr(entry, field)
    while True:
        changed = replace(entry, **{field: _other_value(random, entry, field)})
        if getattr(changed, field) != value:
            return changed


def alter(random: Random, entries: list[Entry]) -> list[Entry]:
    place = random.randrange(len(entries))
    return [*entries[:place], another(random, entries[place], random.choice(FIELDS)), *entries[place + 1 :]]


def alter_and_seal_again(random: Random, entries: list[Entry]) -> list[Entry]:
    """By someone who knows how seals are made."""
    place = random.randrange(len(entries))
    field = random.choice([name for name in FIELDS if name != "seal"])
    return [*entries[:place], _sealed(another(random, entries[place], field)), *entries[place + 1 :]]


def rewrite_to_the_end(random: Random, entries: list[Entry]) -> list[Entry]:
    """An entry altered, and every later one sealed again over it: a whole chain, with another end."""
    place = random.randrange(len(entries))
    field = random.choice([name for name in FIELDS if name not in ("seal", "previous", "seq", "organisation")])
    return _chained([*entries[:place], another(random, entries[place], field), *entries[place + 1 :]], start=place)


def swap(random: Random, entries: list[Entry]) -> list[Entry]:
    one, other = random.sample(range(len(entries)), 2)
    swapped = list(entries)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    return swapped


def swap_keeping_numbers(random: Random, entries: list[Entry]) -> list[Entry]:
    one, other = random.sample(range(len(entries)), 2)
    swapped = list(entries)
    swapped[one] = replace(entries[other], seq=entries[one].seq)
    swapped[other] = replace(entries[one], seq=entries[other].seq)
    return swapped


def remove(random: Random, entries: list[Entry]) -> list[Entry]:
    place = random.randrange(len(entries) - 1)
    return entries[:place] + entries[place + 1 :]


def remove_and_renumber(random: Random, entries: list[Entry]) -> list[Entry]:
    place = random.randrange(len(entries) - 1)
    return entries[:place] + [replace(entry, seq=entry.seq - 1) for entry in entries[place + 1 :]]


def insert(random: Random, entries: list[Entry]) -> list[Entry]:
    """A forged entry, well sealed over the one before it; those behind it make room."""
    place = random.randrange(len(entries) + 1)
    previous = entries[place - 1].seal if place else GENESIS
    forged = _sealed(replace(another(random, random.choice(entries), "at"), seq=place + 1, previous=previous))
    return [*entries[:place], forged, *(replace(entry, seq=entry.seq + 1) for entry in entries[place:])]


def insert_outside(random: Random, entries: list[Entry]) -> list[Entry]:
    """A forged entry whose number is that of no place in the chain."""
    seq = random.choice([0, -1, -(2**31), len(entries) + 2, len(entries) + 40])
    forged = _sealed(replace(random.choice(entries), seq=seq))
    return sorted([*entries, forged], key=lambda entry: entry.seq)


def duplicate(random: Random, entries: list[Entry]) -> list[Entry]:
    place = random.randrange(len(entries))
    return [*entries[: place + 1], *entries[place:]]


def truncate(random: Random, entries: list[Entry]) -> list[Entry]:
    return entries[: random.randrange(len(entries))]


WAYS: tuple[Tamper, ...] = (
    alter,
    alter_and_seal_again,
    rewrite_to_the_end,
    swap,
    swap_keeping_numbers,
    remove,
    remove_and_renumber,
    insert,
    insert_outside,
    duplicate,
    truncate,
)


def _sealed(entry: Entry) -> Entry:
    try:
        return replace(entry, seal=seal_of(entry))
    except TypeError:  # what was put there has no canonical form: no seal can be made for it
        return entry


def _chained(entries: list[Entry], *, start: int) -> list[Entry]:
    """Every entry from *start* on sealed again."""
    chained = entries[:start]
    for entry in entries[start:]:
        chained.append(_sealed(replace(entry, previous=chained[-1].seal if chained else GENESIS)))
    return chained


def _other_value(random: Random, entry: Entry, field: str) -> object:  # noqa: PLR0911  one line per field
    match field:
        case "seq":
            return random.randint(-3, 60)
        case "at":
            return entry.at + timedelta(microseconds=random.choice([-1, 1]) * random.randint(1, 10**13))
        case "details":
            return _other_details(random, dict(entry.details))
        case "previous" | "seal":
            seal = f"{random.getrandbits(256):064x}"
            return random.choice([seal, GENESIS, entry.previous, entry.seal, entry.seal[:63], entry.seal.upper()])
        case "action":
            return random.choice([*(action.value for action in Action), "", "create_autorisatiom"])
        case "demarche":
            return random.choice([None, "", *(demarche.value for demarche in Demarche)])
    return random.choice([None, "", "*", "0" * 32, f"{random.getrandbits(128):032x}"]) or ""


def _other_details(random: Random, details: dict[str, object]) -> dict[str, object]:
    key = random.choice([*details, "ajout"])
    value = random.choice([None, True, 0, 1, 1.5, "", "fiche", [], {}, ["papiers", "papiers"], {"a": 1}, "\ud800"])
    if key in details and random.random() < 0.3:
        return {name: kept for name, kept in details.items() if name != key}
    return details | {key: value}
