import asyncio
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs
from telegram.error import NetworkError

from bot.channels.telegram import sentences
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.wire import UPDATES
from bot.conversations.messages import Reply
from bot.storage.engine import Database
from tests.unit.conversations.fakes import FakeClock
from tests.unit.telegram.conftest import SECRET, Office, services_over
from tests.unit.telegram.fakes import FakeTelegram, said, until


@pytest.mark.parametrize("secret", [None, "", "faux", SECRET + "x", "é"])
async def test_an_update_without_the_secret_is_refused(office: Office, secret: str | None) -> None:
    wrong = secret.encode() if secret else secret
    assert await office.get(said("bonjour"), secret=wrong) == 401
    assert office.router.heard == []


async def test_without_a_secret_of_ours_nothing_is_believed(office: Office) -> None:
    await office.reopen(secret=SecretStr(""))
    assert await office.get(said("bonjour"), secret="") == 401


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[]", b"null", b"12", b"{}", b'{"update_id": "x", "message": 3}']
)
async def test_an_unreadable_update_is_passed_over_and_its_content_is_not_logged(office: Office, body: bytes) -> None:
    with capture_logs() as logs:
        assert await office.get(body) == 200
    assert office.router.heard == []
    assert all(set(line) <= {"event", "log_level", "error"} for line in logs)


async def test_an_update_of_a_kind_that_we_do_not_know_is_passed_over(office: Office) -> None:
    assert await office.get({"update_id": 5, "novelty": {"secret": "x"}}) == 200


async def test_an_update_that_could_not_be_dealt_with_comes_again(office: Office) -> None:
    office.router.raises += [OperationalError("SELECT", {}, Exception()), NetworkError("x"), ValueError("?")]
    assert [await office.get(said("bonjour")) for _ in range(4)] == [503, 503, 500, 200]
    assert office.router.texts == ["bonjour"]


async def test_an_update_that_comes_again_is_dealt_with_once(office: Office) -> None:
    statuses = await asyncio.gather(*(office.get(said("bonjour")) for _ in range(3)))
    assert [*statuses, await office.get(said("bonjour"))] == [200] * 4
    assert office.router.texts == ["bonjour"]


async def test_what_waited_is_sent_as_soon_as_the_channel_opens(office: Office) -> None:
    await office.channel.stop()
    office.leave(Reply("bonjour"))
    await office.reopen()
    await until(lambda: office.telegram.texts == ["bonjour"])


async def test_polling_removes_the_webhook_and_says_the_menu(office: Office) -> None:
    await office.reopen()
    assert len(office.telegram.of("deleteWebhook")) == 1
    menu = office.telegram.of("setMyCommands")[0].params["commands"]
    assert [(item["command"], item["description"]) for item in menu] == list(sentences.COMMANDS)


async def test_webhook_mode_tells_telegram_where_updates_go(office: Office) -> None:
    await office.reopen(mode="webhook")
    (call,) = office.telegram.of("setWebhook")
    assert call.params["url"] == "https://equipier.exemple.fr/webhooks/telegram"
    assert call.params["secret_token"] == SECRET
    assert call.params["allowed_updates"] == list(UPDATES)


async def test_the_name_of_the_bot_is_known_once_telegram_was_reached(office: Office) -> None:
    assert office.channel.bot_name == "EquipierTestBot"
    assert TelegramChannel(office.services).bot_name == ""


async def test_an_address_that_telegram_refuses_is_said(database: Database) -> None:
    telegram = FakeTelegram()
    telegram.refuse("setWebhook", 400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    channel = TelegramChannel(replace(services_over(database, telegram, FakeClock()), mode="webhook"))
    with capture_logs() as logs:
        await channel.start()
        await until(lambda: any("EQUIPIER_PUBLIC_URL" in line["event"] for line in logs))
    await channel.stop()


async def test_the_channel_waits_for_a_telegram_that_does_not_answer(database: Database) -> None:
    telegram = FakeTelegram()
    telegram.down = True
    channel = TelegramChannel(services_over(database, telegram, FakeClock()))
    with capture_logs() as logs:
        await channel.start()
        await until(lambda: any(line["event"] == "Telegram not reached yet" for line in logs))
        telegram.down = False
        await channel.opened()
    await channel.stop()


async def test_a_gateway_whose_telegram_never_answers_stops_all_the_same(database: Database) -> None:
    telegram = FakeTelegram()
    telegram.down = True
    channel = TelegramChannel(services_over(database, telegram, FakeClock()))
    await channel.start()
    await asyncio.sleep(0)
    await channel.stop()


async def test_a_refused_token_is_said_and_never_written(database: Database) -> None:
    telegram = FakeTelegram()
    telegram.refuse("getMe", 401, "Unauthorized")
    channel = TelegramChannel(services_over(database, telegram, FakeClock()))
    with capture_logs() as logs:
        await channel.start()
        await until(lambda: any("refuses the token" in line["event"] for line in logs))
    await channel.stop()
    assert "jeton-de-test" not in repr(logs)


async def test_the_logs_hold_neither_words_nor_people(office: Office) -> None:
    office.router.raises.append(ValueError("Odile a perdu sa carte"))
    with capture_logs() as logs:
        await office.get(said("Odile a perdu sa carte"))
        office.telegram.refuse("sendMessage", 403, "Forbidden: bot was blocked by the user")
        await office.get(said("/meteo", number=2))
    assert "Odile" not in repr(logs)
    assert "4242" not in repr(logs)
