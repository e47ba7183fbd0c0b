import re

import pytest
from sqlalchemy import select

from bot.aidants.models import OneTimeToken
from bot.aidants.views import NoOrganisation, TokenRefused
from bot.mandats.views import Actor


@pytest.fixture
def ccas(house):
    return house.organisation("CCAS")


@pytest.fixture
def lea(house, ccas):
    return house.enrolled("lea@ccas.fr", ccas.id)


def reason(attempt) -> str:
    with pytest.raises(TokenRefused) as caught:
        attempt()
    return caught.value.reason


def test_the_code_typed_in_the_chat_says_who_speaks(house, ccas, lea):
    conversation = house.conversation()
    assert house.aidants.actor_of(conversation) is None
    code = house.aidants.conversation_code(lea.id)
    assert re.fullmatch(r"\d{4} \d{4}", code)
    assert house.aidants.link_conversation(conversation, code).id == lea.id
    assert house.aidants.actor_of(conversation) == Actor(lea.id, ccas.id, conversation)
    last = house.told(ccas.id)[-1]
    assert (last.action, last.aidant) == ("link_conversation", lea.id)
    assert last.details == {"conversation": conversation, "former": None}


@pytest.mark.parametrize("form", ["{}{}", "{} {}", "{}-{}", " {}\u202f{} ", "{}\u00a0–\u00a0{}.", "{}_{}"])
def test_spaces_and_hyphens_in_it_do_not_matter(house, lea, form):
    code = house.aidants.conversation_code(lea.id)
    assert house.aidants.link_conversation(house.conversation(), form.format(*code.split())).id == lea.id


def test_a_code_serves_once(house, lea):
    code = house.aidants.conversation_code(lea.id)
    house.aidants.link_conversation(house.conversation("a"), code)
    other = house.conversation("b")
    assert reason(lambda: house.aidants.link_conversation(other, code)) == "used"
    assert house.aidants.actor_of(other) is None


def test_a_code_is_good_for_15_minutes(house, lea):
    conversation, code = house.conversation(), house.aidants.conversation_code(lea.id)
    house.clock.advance(minutes=15)
    assert reason(lambda: house.aidants.link_conversation(conversation, code)) == "expired"


def test_another_code_replaces_the_former_but_not_a_link(house, lea):
    link, former = house.aidants.reset(lea.id), house.aidants.conversation_code(lea.id)
    code, conversation = house.aidants.conversation_code(lea.id), house.conversation()
    assert reason(lambda: house.aidants.link_conversation(conversation, former)) == "expired"
    house.aidants.link_conversation(conversation, code)
    assert house.aidants.enrolment(link).id == lea.id


@pytest.mark.parametrize("typed", ["", "1234", "123456789", "quatre", "１２３", "1234 567é", "١٢٣٤٥٦٧٨", "\x00"])
def test_what_is_not_eight_digits_is_unknown_and_not_counted(house, lea, typed):
    conversation = house.conversation()
    for _ in range(6):
        assert reason(lambda: house.aidants.link_conversation(conversation, typed)) == "unknown"
    house.aidants.link_conversation(conversation, house.aidants.conversation_code(lea.id))


def test_a_conversation_may_try_five_codes_an_hour(house, lea):
    aidants = house.with_(new_code=lambda: "12345678")
    code, conversation = aidants.conversation_code(lea.id), house.conversation()
    for number in range(5):
        assert reason(lambda n=number: aidants.link_conversation(conversation, f"0000000{n}")) == "unknown"
    assert reason(lambda: aidants.link_conversation(conversation, code)) == "too_many"
    house.clock.advance(minutes=59)
    assert reason(lambda: aidants.link_conversation(conversation, code)) == "too_many"
    house.clock.advance(minutes=1)
    code = house.aidants.conversation_code(lea.id)
    assert aidants.link_conversation(conversation, code).id == lea.id


def test_two_aidants_never_have_the_same_code(house, ccas, lea):
    tom = house.enrolled("tom@ccas.fr", ccas.id)
    drawn = iter(["11111111", "11111111", "22222222"])
    aidants = house.with_(new_code=lambda: next(drawn))
    assert (aidants.conversation_code(lea.id), aidants.conversation_code(tom.id)) == ("1111 1111", "2222 2222")


def test_the_code_is_kept_under_a_key(house, lea):
    with house.database.unit_of_work() as session:
        before = set(session.scalars(select(OneTimeToken.digest)))
    aidants = house.with_(new_code=lambda: "12345678")
    aidants.conversation_code(lea.id)
    with house.database.unit_of_work() as session:
        (kept,) = set(session.scalars(select(OneTimeToken.digest))) - before
    assert kept == aidants._keys.mac(b"conversation code 12345678")


def test_a_conversation_that_we_never_opened_is_tied_to_nobody(house, lea):
    code = house.aidants.conversation_code(lea.id)
    assert reason(lambda: house.aidants.link_conversation("invented", code)) == "unknown"
    assert house.aidants.actor_of("invented") is None
    house.aidants.link_conversation(house.conversation(), code)  # it did not serve


def test_a_shared_screen_changes_hands(house, ccas, lea):
    tom, conversation = house.enrolled("tom@ccas.fr", ccas.id), house.conversation()
    house.aidants.link_conversation(conversation, house.aidants.conversation_code(lea.id))
    house.aidants.link_conversation(conversation, house.aidants.conversation_code(tom.id))
    assert house.aidants.actor_of(conversation).aidant == tom.id
    assert house.told(ccas.id)[-1].details["former"] == lea.id


def test_a_conversation_is_untied(house, ccas, lea):
    conversation = house.conversation()
    house.aidants.link_conversation(conversation, house.aidants.conversation_code(lea.id))
    assert house.aidants.unlink_conversation(conversation)
    assert house.aidants.actor_of(conversation) is None
    assert house.told(ccas.id)[-1].details == {"conversation": conversation, "unlinked": True}
    assert not house.aidants.unlink_conversation(conversation)


def test_a_conversation_follows_its_aidant_to_another_organisation(house, ccas, lea):
    town, conversation = house.organisation("Mairie"), house.conversation()
    house.aidants.link_conversation(conversation, house.aidants.conversation_code(lea.id))
    house.aidants.invite("lea@ccas.fr", "Léa", organisation=town.id)
    house.aidants.switch(lea.id, town.id)
    assert house.aidants.actor_of(conversation).organisation == town.id
    house.aidants.remove_member(lea.id, town.id)
    with pytest.raises(NoOrganisation):
        house.aidants.actor_of(conversation)
