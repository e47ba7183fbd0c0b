"""« lier 4829 1357 »: what a conversation hears before the dialogue does."""

import time

import pytest

from bot.aidants.linking import ChatLinking
from bot.aidants.models import Role
from bot.conversations.places import Places, PlaceView
from tests.unit.aidants.house import House


@pytest.fixture
def organisation(house: House):
    return house.organisation("CCAS de Guéret")


@pytest.fixture
def lea(house: House, organisation):
    return house.enrolled("lea@exemple.fr", organisation.id, role=Role.AIDANT)


class RestChat:
    """The conversations of a program that speaks for many: each is a place of its own."""

    def __init__(self, house: House) -> None:
        self._linking = ChatLinking(house.aidants, Places(house.database))
        self._now = house.clock.now

    def answer(self, conversation: str, text: str) -> str | None:
        return self._linking.answer(PlaceView(1, "rest", conversation, None), text, now=self._now())


@pytest.fixture
def chat(house: House) -> RestChat:
    return RestChat(house)


@pytest.mark.parametrize(
    "form",
    [
        "lier {} {}",
        "Lier {}{}",
        "/lier {} {}",
        "LIER : {}-{}.",
        "relier {} {} !",
        "lier mon compte {} {}",
        "lier avec le code {} {}",
        "lier le code {}{}",
        "  lier\u00a0: {}\u202f{} ",
        "lier {} – {}",
    ],
)
def test_a_code_links_the_conversation_however_it_is_typed(house, lea, chat, form) -> None:
    conversation = house.conversation()
    code = house.aidants.conversation_code(lea.id).split()
    answer = chat.answer(conversation, form.format(*code))
    assert answer is not None
    assert "pour la structure «\u202fCCAS de Guéret\u202f»" in answer
    actor = house.aidants.actor_of(conversation)
    assert actor is not None
    assert actor.aidant == lea.id


@pytest.mark.parametrize("text", ["lier 00000000", "lier 12", "lier 123456789", "lier 0000 0000"])
def test_a_wrong_code_is_said_to_be_wrong_and_goes_no_further(house, lea, chat, text) -> None:
    assert "n'est pas valable" in chat.answer(house.conversation(), text)


def test_each_refusal_says_what_to_do(house, lea, chat) -> None:
    first, second = house.conversation("a"), house.conversation("b")
    code = house.aidants.conversation_code(lea.id)
    chat.answer(first, f"lier {code}")
    assert "déjà servi" in chat.answer(second, f"lier {code}")
    late = house.aidants.conversation_code(lea.id)
    house.clock.advance(minutes=15)
    assert "15 minutes" in chat.answer(second, f"lier {late}")
    for _ in range(5):
        chat.answer(second, "lier 0000 0000")
    assert "Trop d'essais" in chat.answer(second, f"lier {house.aidants.conversation_code(lea.id)}")


@pytest.mark.parametrize("text", ["lier", "Lier !", "/lier", "relier mon compte", "lier cette conversation"])
def test_without_a_code_it_is_said_how_to_get_one(house, chat, text) -> None:
    assert "demandez un code sur la page" in chat.answer(house.conversation(), text)


def test_without_an_organisation_it_is_said_too(house, chat) -> None:
    alone = house.enrolled("seul@exemple.fr", None, admin=True)
    answer = chat.answer(house.conversation(), f"lier {house.aidants.conversation_code(alone.id)}")
    assert "rattaché à aucune structure" in answer


@pytest.mark.parametrize(
    "text", ["délier", "DÉLIER", "delier", "/délier", "délier la conversation", "délier mon compte."]
)
def test_a_conversation_is_untied(house, lea, chat, text) -> None:
    conversation = house.conversation()
    chat.answer(conversation, f"lier {house.aidants.conversation_code(lea.id)}")
    assert "n'est plus reliée" in chat.answer(conversation, text)
    assert house.aidants.actor_of(conversation) is None
    assert "n'est reliée à aucun compte" in chat.answer(conversation, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bonjour",
        "je veux lier 4829 1357",
        "lierre grimpant",
        "lier un contrat de location",
        "elle veut se lier",
        "délier les deux dossiers",
        "4829 1357",
        "allié 4829 1357",
    ],
)
def test_everything_else_is_left_to_the_dialogue(house, chat, text) -> None:
    assert chat.answer(house.conversation(), text) is None


@pytest.mark.parametrize("text", ["lier " + "1 " * 1000, "lier 1" + " " * 3000 + "a", " " * 3000 + "a", "." * 3000])
def test_a_long_message_is_judged_at_once(house, chat, text) -> None:
    before = time.perf_counter()
    assert chat.answer(house.conversation(), text) is None
    assert time.perf_counter() - before < 1


class Telegram:
    """The chats of persons: each holds their own conversation once it is tied to an account."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.places = Places(house.database)
        self.linking = ChatLinking(house.aidants, self.places)

    def place(self, chat: str = "42") -> PlaceView:
        return self.places.open("telegram", chat, now=self.house.clock.now())

    def say(self, text: str, chat: str = "42") -> str | None:
        return self.linking.answer(self.place(chat), text, now=self.house.clock.now())

    def link(self, aidant, chat: str = "42") -> str | None:
        return self.say(f"lier {self.house.aidants.conversation_code(aidant.id)}", chat)

    def speaker(self, chat: str = "42") -> str | None:
        actor = self.house.aidants.actor_of(self.place(chat).conversation)
        return actor.aidant if actor else None


@pytest.fixture
def telegram(house: House) -> Telegram:
    return Telegram(house)


@pytest.fixture
def tom(house: House, organisation):
    return house.enrolled("tom@exemple.fr", organisation.id, role=Role.AIDANT)


def test_a_chat_tied_to_an_account_holds_the_conversation_of_its_aidant(telegram, lea) -> None:
    before = telegram.place().conversation
    telegram.link(lea)
    assert telegram.place().conversation == telegram.places.own_of(lea.id) == before
    telegram.link(lea, "43")
    assert telegram.place("43").conversation == before
    assert telegram.speaker() == telegram.speaker("43") == lea.id


def test_a_chat_that_changes_hands_shows_nothing_of_the_former_aidant(telegram, lea, tom) -> None:
    telegram.link(lea)
    hers = telegram.place().conversation
    telegram.link(tom)
    assert telegram.place().conversation != hers
    assert telegram.speaker() == tom.id
    assert telegram.places.own_of(lea.id) == hers
    assert telegram.house.aidants.actor_of(hers).aidant == lea.id


def test_a_wrong_code_leaves_the_chat_as_it_was_and_guesses_are_counted(telegram, lea) -> None:
    telegram.link(lea)
    mine = telegram.place()
    answers = [telegram.say(f"lier 0000 000{n}") for n in range(6)]
    assert "Trop d'essais" in answers[-1]
    assert telegram.place() == mine


def test_a_chat_that_is_untied_speaks_for_nobody_and_the_aidant_keeps_the_conversation(telegram, lea) -> None:
    telegram.link(lea)
    hers = telegram.place().conversation
    assert telegram.say("délier").startswith("C'est fait")
    assert telegram.speaker() is None
    assert telegram.places.own_of(lea.id) == hers
    assert telegram.say("délier").startswith("Cette conversation n'est reliée")


def test_an_aidant_whose_account_is_closed_may_not_stay(telegram, house, lea) -> None:
    telegram.link(lea)
    assert telegram.linking.holds(telegram.place())
    admin = house.enrolled("chef@exemple.fr", None, admin=True)
    house.aidants.deactivate(lea.id, by=admin.id)
    assert not telegram.linking.holds(telegram.place())


def test_on_the_web_one_signs_in_instead_of_typing_a_code(house, telegram, lea) -> None:
    web = telegram.places.open("web", "visit", now=house.clock.now())
    code = house.aidants.conversation_code(lea.id)
    assert "connectez-vous" in telegram.linking.answer(web, f"lier {code}", now=house.clock.now())
    assert "déconnecter" in telegram.linking.answer(web, "délier", now=house.clock.now())
    assert house.aidants.actor_of(web.conversation) is None


def test_an_own_conversation_speaks_for_its_aidant_from_the_first_message_and_it_is_journalled_once(
    house, telegram, organisation, lea
) -> None:
    web = telegram.places.open("web", f"aidant:{lea.id}", now=house.clock.now(), aidant=lea.id)
    before = len(house.told(organisation.id))
    assert telegram.linking.holds(web)
    assert telegram.linking.holds(web)
    assert house.aidants.actor_of(web.conversation).aidant == lea.id
    assert len(house.told(organisation.id)) == before + 1
