"""What a channel delivers twice, three times, all at once or in any order is answered once, and always the same."""

import asyncio
import random
from collections import defaultdict
from pathlib import Path

import pytest

from bot.bootstrap import open_database
from bot.conversations.replies import KEPT
from bot.storage.engine import Database
from tests.faults.stack import SOAK
from tests.integration.test_rest_channel import OUTBOX, WEBHOOK, running, settings_in

PEOPLE, MESSAGES, COPIES = 4, 6, 3


@pytest.mark.parametrize("seed", range(20 if SOAK else 3))
async def test_in_any_order_and_any_number_of_times(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    deliveries = [(person, number) for person in range(PEOPLE) for number in range(MESSAGES) for _ in range(COPIES)]
    dice.shuffle(deliveries)
    answers: defaultdict[tuple[int, int], list[object]] = defaultdict(list)
    async with running(settings_in(tmp_path)) as site:

        async def deliver(person: int, number: int) -> None:
            said = await site.say(f"question {number} de {person}", sender=f"p{person}", message_id=f"m{number}")
            answers[person, number].append(said)

        while deliveries:
            at_once = [deliveries.pop() for _ in range(min(dice.randint(1, 6), len(deliveries)))]
            await asyncio.gather(*(deliver(*one) for one in at_once))
        asked = [one["message"] for one in site.rasa.asked]
    assert sorted(asked) == sorted(f"question {number} de {person}" for person, number in answers)
    for said in answers.values():
        assert len(said) == COPIES
        assert all(one == said[0] for one in said)


async def test_also_while_the_dialogue_comes_and_goes(tmp_path: Path) -> None:
    dice = random.Random(11)
    async with running(settings_in(tmp_path)) as site:
        kept = set()
        for number in range(20):
            site.rasa.down = dice.random() < 0.5
            copies = [site.say(f"question {number}", message_id=f"m{number}") for _ in range(COPIES)]
            said = await asyncio.gather(*copies)
            assert all(one[-1] == said[0][-1] for one in said)
            if said[0][-1]["text"] == KEPT:
                kept.add(number)
        site.rasa.down = False
        late = []
        for _ in range(12):
            site.clock.advance(seconds=10)
            await site.work()
            late += (await site.http.get(OUTBOX, params={"sender": "guichet-3"})).json()
    assert 0 < len(kept) < 20
    answered = [one["text"].removeprefix("écho : ") for one in late if one["text"].startswith("écho")]
    assert sorted(answered) == sorted(f"question {number}" for number in kept)


async def test_what_a_lost_database_left_half_done_is_taken_up_at_once(tmp_path: Path) -> None:
    """The answer could not be written, nor the message given up: who sends it again does not wait for a minute."""
    async with running(settings_in(tmp_path)) as site:
        await site.say("bonjour")
        database = open_database(site.settings)
        site.rasa.before_answering = lambda: _rename(database, "received_messages", "elsewhere")
        answer = await site.http.post(WEBHOOK, json={"sender": "guichet-3", "message": "le RSA", "message_id": "7"})
        assert answer.status_code == 503
        site.rasa.before_answering = None
        _rename(database, "elsewhere", "received_messages")
        database.close()
        async with asyncio.timeout(10):
            assert (await site.say("le RSA", message_id="7"))[0]["text"] == "écho : le RSA"


def _rename(database: Database, table: str, name: str) -> None:
    with database.unit_of_work() as session:
        session.connection().exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")
