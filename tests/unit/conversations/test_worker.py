import asyncio
from datetime import datetime

from sqlalchemy import text

from bot.conversations.cipher import Unreadable
from bot.conversations.kept import KeptMessages
from bot.conversations.messages import Reply
from bot.conversations.replies import KEPT
from bot.conversations.worker import Worker
from tests.unit.conversations.conftest import House
from tests.unit.conversations.fakes import FOLLOW_UPS


def plain(replies: tuple[Reply, ...]) -> list[str]:
    return [reply.text.replace("\u00a0", " ") for reply in replies]


async def test_a_kept_message_is_answered_once_the_engine_is_back(house: House) -> None:
    house.engine.down = True
    await house.say("carte grise de Dupont")
    house.clock.advance(seconds=5)
    await house.worker.round()
    house.clock.advance(seconds=10)
    house.engine.down = False
    await house.worker.round()
    assert plain(await house.collect()) == [
        "Réponse à votre message de 12 h 02 (« carte grise de [NOM] ») :",
        "écho : carte grise de [NOM]",
    ]
    assert await house.collect() == ()
    assert await house.worker.round() == 0


async def test_a_late_answer_comes_before_the_next_one_and_its_buttons_work(house: House) -> None:
    house.engine.replies["carte"] = FOLLOW_UPS
    house.engine.down = True
    await house.say("carte")
    house.engine.down = False
    house.clock.advance(seconds=5)
    await house.worker.round()
    replies = await house.say("bonjour")
    assert [reply.text for reply in replies[1:]] == ["**Carte d'identité**", "écho : bonjour"]
    await house.say(replies[1].buttons[0].payload)
    assert house.engine.texts[-1] == "/demander_pieces"


async def test_the_button_pressed_during_an_outage_is_kept_with_its_title(house: House) -> None:
    house.engine.replies["carte"] = FOLLOW_UPS
    (reply,) = await house.say("carte")
    house.engine.down = True
    await house.say(reply.buttons[0].payload)
    house.engine.down = False
    house.clock.advance(seconds=5)
    await house.worker.round()
    assert house.engine.texts[-1] == "/demander_pieces"
    assert "« Pièces à fournir »" in plain(await house.collect())[0]


async def test_retries_wait_longer_and_longer(house: House) -> None:
    house.engine.down = True
    await house.say("bonjour")
    tried = []
    for second in range(1, 180):
        house.clock.advance(seconds=1)
        if await house.worker.round():
            tried.append(second)
    assert tried == [5, 15, 45, 105, 165]


async def test_kept_messages_of_one_conversation_are_answered_in_order(house: House) -> None:
    house.engine.down = True
    for word in ("premier", "deuxième", "troisième"):
        assert await house.say(word) == (Reply(KEPT),)
    house.engine.down = False
    house.clock.advance(seconds=5)
    while await house.worker.round():
        pass
    assert house.engine.texts[3:] == ["premier", "deuxième", "troisième"]
    assert plain(await house.collect())[1::2] == ["écho : premier", "écho : deuxième", "écho : troisième"]


async def test_a_message_without_answer_does_not_hold_back_the_next_ones_for_ever(house: House) -> None:
    house.engine.replies["piège"] = ()
    await house.say("piège")
    house.engine.down = True
    await house.say("carte")
    house.engine.down = False
    for _ in range(40):
        house.clock.advance(minutes=1)
        await house.worker.round()
    assert plain(await house.collect())[1:] == ["écho : carte"]


async def test_two_workers_never_answer_the_same_message_twice(house: House) -> None:
    house.engine.down = True
    for n in range(6):
        await house.say("bonjour", sender=f"s{n}")
    house.engine.down, house.engine.delay = False, 0.01
    house.clock.advance(seconds=5)
    house.engine.asked.clear()
    other = Worker(kept=house.kept, store=house.store, engine=house.engine, clock=house.clock)
    for _ in range(3):
        await asyncio.gather(house.worker.round(), other.round())
    assert len(house.engine.asked) == 6
    for n in range(6):
        assert len(await house.collect(sender=f"s{n}")) == 2


async def test_an_answer_that_comes_after_the_lease_is_dropped(house: House) -> None:
    house.engine.down = True
    await house.say("bonjour")
    house.clock.advance(seconds=5)
    (slow,) = house.kept.claim_due(now=house.clock.now(), limit=1)
    assert house.kept.claim_due(now=house.clock.now(), limit=1) == []
    house.clock.advance(minutes=3)
    (quick,) = house.kept.claim_due(now=house.clock.now(), limit=1)
    assert house.kept.answered(quick, [Reply("à temps")], now=house.clock.now())
    assert not house.kept.answered(slow, [Reply("trop tard")], now=house.clock.now())
    assert plain(await house.collect()) == ["à temps"]


async def test_after_a_day_a_kept_message_is_given_up_with_a_word(house: House) -> None:
    house.engine.down = True
    await house.say("carte grise")
    house.clock.advance(hours=24, seconds=1)
    await house.worker.round()
    (farewell,) = plain(await house.collect())
    assert farewell.startswith(
        "Réponse à votre message du 25 novembre à 12 h 02 (« carte grise ») : je n'ai pas réussi"
    )
    with house.database.engine.connect() as connection:
        assert connection.execute(text("SELECT state, ciphertext FROM kept_messages")).all() == [("expired", b"")]


async def test_a_message_that_another_key_encrypted_is_given_up(house: House) -> None:
    class OtherKey:
        def encrypt(self, text: str) -> bytes:
            return text.encode()

        def decrypt(self, token: bytes) -> str:
            raise Unreadable("other key")

    house.engine.down = True
    await house.say("carte grise")
    house.clock.advance(seconds=5)
    kept = KeptMessages(house.database, cipher=OtherKey())
    await Worker(kept=kept, store=house.store, engine=house.engine, clock=house.clock).round()
    assert "(« … »)" in plain(await house.collect())[0]


class Humans:
    """Who answers in person: now, and when they last wrote."""

    def __init__(self) -> None:
        self.there = True
        self.last_reply: datetime | None = None

    def silent(self, conversation: str) -> bool:
        return self.there

    def answered_since(self, conversation: str, instant: datetime) -> bool:
        return self.last_reply is not None and self.last_reply >= instant


def worker_beside(house: House, humans: Humans) -> Worker:
    return Worker(kept=house.kept, store=house.store, engine=house.engine, clock=house.clock, humans=humans)


async def test_what_was_kept_waits_while_a_human_answers(house: House) -> None:
    humans = Humans()
    worker = worker_beside(house, humans)
    house.engine.down = True
    await house.say("carte grise")
    house.engine.down = False
    house.clock.advance(seconds=5)
    assert await worker.round() == 1
    assert house.engine.texts == ["carte grise"]  # once, by the person, while it was down
    assert await house.collect() == ()
    assert await worker.round() == 0
    humans.there = False
    house.clock.advance(minutes=1)
    await worker.round()
    assert plain(await house.collect())[1:] == ["écho : carte grise"]


async def test_what_a_human_has_answered_is_not_answered_again(house: House) -> None:
    humans = Humans()
    worker = worker_beside(house, humans)
    house.engine.down = True
    await house.say("carte grise")
    house.engine.down = False
    house.clock.advance(seconds=5)
    humans.there, humans.last_reply = False, house.clock.now()
    await worker.round()
    assert house.engine.texts == ["carte grise"]  # once, by the person, while it was down
    assert await house.collect() == ()
    with house.database.engine.connect() as connection:
        assert connection.execute(text("SELECT state, ciphertext FROM kept_messages")).all() == [("answered", b"")]


async def test_nothing_is_said_of_what_is_given_up_while_a_human_answers(house: House) -> None:
    worker = worker_beside(house, Humans())
    house.engine.down = True
    await house.say("carte grise")
    house.clock.advance(hours=24, seconds=1)
    await worker.round()
    assert await house.collect() == ()
    with house.database.engine.connect() as connection:
        assert connection.execute(text("SELECT state FROM kept_messages")).all() == [("expired",)]


async def test_two_readers_share_the_outbox_without_overlap(house: House) -> None:
    house.engine.down = True
    await house.say("carte")
    house.engine.down = False
    house.clock.advance(seconds=5)
    await house.worker.round()
    seen = await asyncio.gather(*(house.collect() for _ in range(5)))
    assert sum(map(len, seen)) == 2


async def test_the_worker_stops_when_told_and_tidies_up(house: House) -> None:
    house.engine.replies["carte"] = FOLLOW_UPS
    await house.say("carte", message_id="m1")
    house.clock.advance(hours=25)
    stop = asyncio.Event()
    running = asyncio.create_task(house.worker.run(stop))
    await asyncio.sleep(0.1)
    stop.set()
    await asyncio.wait_for(running, timeout=2)
    with house.database.engine.connect() as connection:
        for table in ("button_payloads", "received_messages"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


async def test_what_was_kept_is_erased_once_answered(house: House) -> None:
    house.engine.down = True
    await house.say("carte")
    house.engine.down = False
    house.clock.advance(seconds=5)
    await house.worker.round()
    with house.database.engine.connect() as connection:
        assert connection.execute(text("SELECT state, ciphertext FROM kept_messages")).all() == [("answered", b"")]
