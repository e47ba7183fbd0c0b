import json
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from bot.journal.chain import GENESIS
from bot.journal.checkpoints import (
    ChainBroken,
    Checkpoint,
    Checkpoints,
    UnreadableCheckpoint,
    Verdict,
    export,
    read,
    signed_content,
)
from tests.unit.mandats.world import World, ring


@pytest.fixture
def world(journalled_world: World) -> World:
    return journalled_world


def test_a_checkpoint_says_how_far_the_journal_went_and_still_holds_later(world: World) -> None:
    entries = world.journalled()
    organisation = world.actor.organisation
    checkpoint = world.checkpoints.sign(organisation)
    assert (checkpoint.organisation, checkpoint.seq, checkpoint.seal) == (organisation, len(entries), entries[-1].seal)
    assert (checkpoint.at, checkpoint.key) == (world.clock.now(), "checkpoint")
    assert world.checkpoints.check(organisation, checkpoint) is Verdict.OK
    world.seal()
    assert world.checkpoints.check(organisation, checkpoint) is Verdict.OK
    assert world.checkpoints.sign(organisation).seq > checkpoint.seq


def test_it_survives_its_publication_whatever_the_spaces_and_the_order(world: World) -> None:
    world.fake_clock.advance(microseconds=7)
    checkpoint = world.checkpoints.sign(world.actor.organisation)
    text = export(checkpoint)
    assert "\n" not in text
    assert read(text) == checkpoint
    assert read(json.dumps(dict(reversed(json.loads(text).items())), indent=4)) == checkpoint


def test_whoever_has_the_public_key_can_check_it_without_us(world: World) -> None:
    public = load_pem_public_key(world.checkpoints.public_key().encode())
    assert isinstance(public, Ed25519PublicKey)
    published = json.loads(export(world.checkpoints.sign(world.actor.organisation)))
    signature = read(json.dumps(published)).signature
    del published["signature"]
    content = json.dumps(published, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    public.verify(signature, content)
    with pytest.raises(InvalidSignature):
        public.verify(signature, content.replace(b'"seq":', b'"seq":1'))
    assert ring("checkpoint").keys["checkpoint"] not in world.checkpoints.public_key().encode()


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 1},
        {"seq": 0},
        {"seal": GENESIS},
        {"seal": "\ud800"},
        {"at": timedelta(seconds=1)},
        {"organisation": "x"},
        {"key": "lost"},
        {"key": "other"},
        {"signature": b""},
        {"signature": b"\0" * 64},
    ],
    ids=repr,
)
def test_a_checkpoint_that_was_changed_is_forged(world: World, change: dict[str, object]) -> None:
    checkpoint = world.checkpoints.sign(world.actor.organisation)
    if "at" in change:
        change = {"at": checkpoint.at + timedelta(seconds=1)}
    two_keys = Checkpoints(world.database, world.journal, world.clock, key=ring("checkpoint", "other"))
    assert two_keys.check(world.actor.organisation, checkpoint) is Verdict.OK
    assert two_keys.check(world.actor.organisation, replace(checkpoint, **change)) is Verdict.FORGED


def test_a_checkpoint_of_another_organisation_or_installation_is_forged(world: World) -> None:
    organisation = world.actor.organisation
    checkpoint = world.checkpoints.sign(organisation)
    assert world.checkpoints.check(world.stranger.organisation, checkpoint) is Verdict.FORGED
    elsewhere = Checkpoints(world.database, world.journal, world.clock, key=ring("elsewhere"))
    assert elsewhere.check(organisation, checkpoint) is Verdict.FORGED


def test_a_former_key_still_checks_and_signs_no_more(world: World) -> None:
    organisation = world.actor.organisation
    former = world.checkpoints.sign(organisation)
    rotated = Checkpoints(world.database, world.journal, world.clock, key=ring("new", "checkpoint"))
    assert rotated.latest(organisation) == former
    latest = rotated.sign(organisation)
    assert latest.key == "new"
    assert rotated.public_key() != world.checkpoints.public_key()
    assert rotated.check(organisation, former) is rotated.check(organisation, latest) is Verdict.OK
    assert rotated.latest(organisation) == latest


def test_a_journal_that_does_not_hold_is_not_signed(world: World) -> None:
    world.sql("DROP TRIGGER journal_entries_no_update")
    world.sql("UPDATE journal_entries SET action = 'purge' WHERE seq = 9")
    with pytest.raises(ChainBroken, match=world.actor.organisation) as refused:
        world.checkpoints.sign(world.actor.organisation)
    assert refused.value.verified.broken
    assert refused.value.verified.broken.seq == 9
    assert world.count("journal_checkpoints") == 0


def test_an_empty_journal_is_signed_too(world: World) -> None:
    checkpoint = world.checkpoints.sign("nobody")
    assert (checkpoint.seq, checkpoint.seal) == (0, GENESIS)
    assert world.checkpoints.check("nobody", checkpoint) is Verdict.OK


def test_the_copy_that_went_furthest_is_found_and_a_falsified_one_is_forged(world: World) -> None:
    organisation = world.stranger.organisation
    assert world.checkpoints.latest(organisation) is None
    assert world.checkpoints.organisations() == ()
    world.seal(actor=world.stranger)
    world.checkpoints.sign(organisation)
    world.seal(actor=world.stranger)
    last = world.checkpoints.sign(organisation)
    assert world.checkpoints.latest(organisation) == last
    assert world.checkpoints.organisations() == (organisation,)
    world.sql("UPDATE journal_checkpoints SET seq = 3 WHERE seq = :seq", seq=last.seq)
    falsified = world.checkpoints.latest(organisation)
    assert falsified is not None
    assert falsified.seq == 4
    world.sql("UPDATE journal_checkpoints SET seq = 99 WHERE seq = 3")
    falsified = world.checkpoints.latest(organisation)
    assert falsified is not None
    assert world.checkpoints.check(organisation, falsified) is Verdict.FORGED


WHOLE = {
    "organisation": "o",
    "seq": 1,
    "seal": "0" * 64,
    "at": "2026-11-25T11:02:00.000000+00:00",
    "key": "k",
    "signature": "AAAA",
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        "é" * 10,
        *(json.dumps({name: value for name, value in WHOLE.items() if name != missing}) for missing in WHOLE),
        *(json.dumps(WHOLE | {name: None}) for name in WHOLE),
        json.dumps(WHOLE | {"seq": "1"}),
        json.dumps(WHOLE | {"seq": 1.0}),
        json.dumps(WHOLE | {"at": "hier"}),
        json.dumps(WHOLE | {"at": "2026-11-25T11:02:00"}),
        json.dumps(WHOLE | {"at": "0001-01-01T00:00:00+23:59"}),
        json.dumps(WHOLE | {"signature": "pas du base 64"}),
        "[" * 100_000,
    ],
)
def test_what_is_no_checkpoint_is_not_read(text):
    with pytest.raises(UnreadableCheckpoint) as refused:
        read(text)
    assert refused.value.hint


@given(
    st.builds(
        Checkpoint,
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\u0300"), max_size=5).map(str.lower),
        st.integers(0, 10**6),
        st.text("0123456789abcdef", min_size=64, max_size=64),
        st.datetimes(timezones=st.just(UTC)),
        st.text("abc", max_size=5),
        st.binary(max_size=64),
    )
)
def test_every_checkpoint_reads_back(checkpoint):
    again = read(export(checkpoint))
    assert signed_content(again) == signed_content(checkpoint)
    assert (again.at, again.signature) == (checkpoint.at, checkpoint.signature)
