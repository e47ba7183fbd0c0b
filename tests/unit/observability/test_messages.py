"""A message is counted once, by what became of it, and its id goes with it to the dialogue and to the journal."""

import re
from collections.abc import AsyncIterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from bot.bootstrap import open_database
from bot.conversations.limits import MESSAGES_A_MINUTE
from bot.gateway import middleware
from bot.observability import metrics
from bot.observability.actions import watched_action
from bot.observability.messages import watched
from bot.observability.requests import current_request, request
from tests.integration.test_rest_channel import WEBHOOK, Site, running, settings_in

ID = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running(settings_in(tmp_path)) as site:
        yield site


def counted(outcome: str, *, channel: str = "rest") -> float:
    return metrics.REGISTRY.get_sample_value("equipier_messages_total", {"channel": channel, "outcome": outcome}) or 0


def errors(reason: str) -> float:
    labels = {"call": "ask", "reason": reason}
    return metrics.REGISTRY.get_sample_value("equipier_engine_errors_total", labels) or 0


def steps(name: str) -> float:
    return metrics.REGISTRY.get_sample_value("equipier_message_step_seconds_count", {"step": name}) or 0


async def outcome_of(site: Site, text: str, **more: Any) -> str:
    """The outcome under which the message *text* is counted, which must be one."""
    names = ("answered", "refused", "human", "kept", "repeated", "limited", "failed")
    before = {name: counted(name) for name in names}
    await site.http.post(WEBHOOK, json={"sender": "guichet-3", "message": text, **more})
    changed = {name: counted(name) - before[name] for name in names if counted(name) != before[name]}
    assert list(changed.values()) == [1]
    return next(iter(changed))


async def test_each_outcome(site: Site) -> None:
    assert await outcome_of(site, "quel papier pour le rsa", message_id="1") == "answered"
    assert await outcome_of(site, "quel papier pour le rsa", message_id="1") == "repeated"
    assert await outcome_of(site, "!!!") == "refused"
    site.rasa.down = True
    assert await outcome_of(site, "et pour la prime d'activité") == "kept"


async def test_too_many_are_limited(site: Site) -> None:
    seen = [await outcome_of(site, "!!!") for _ in range(MESSAGES_A_MINUTE + 1)]
    assert seen == ["refused"] * MESSAGES_A_MINUTE + ["limited"]


async def test_an_answer_that_cannot_be_written_is_a_failure(site: Site, tmp_path: Path) -> None:
    await site.say("bonjour")
    database = open_database(site.settings)
    with database.unit_of_work() as session:
        session.connection().exec_driver_sql("ALTER TABLE message_log RENAME COLUMN latency_ms TO gone")
    database.close()
    assert await outcome_of(site, "quel papier pour le rsa") == "failed"


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (httpx.ConnectError("down"), "unreachable"),
        (httpx.ReadError("cut"), "unreachable"),
        (httpx.ConnectTimeout("far"), "unreachable"),
        (httpx.ReadTimeout("late"), "slow"),
        (TimeoutError(), "slow"),
    ],
)
async def test_why_the_dialogue_fails(site: Site, raised: Exception, reason: str) -> None:
    before = errors(reason)
    site.rasa.raises = raised
    assert await outcome_of(site, "bonjour") == "kept"
    assert errors(reason) == before + 1


async def test_every_step_is_timed(site: Site) -> None:
    before = {name: steps(name) for name in ("wait", "understand", "answer", "store")}
    await site.say("bonjour")
    assert {name: steps(name) - before[name] for name in before} == dict.fromkeys(before, 1)


async def test_the_id_of_the_request_goes_to_the_dialogue(site: Site) -> None:
    answer = await site.http.post(WEBHOOK, json={"sender": "guichet-3", "message": "bonjour"})
    given = answer.headers["x-request-id"]
    assert ID.fullmatch(given)
    assert site.rasa.asked[-1]["metadata"]["request"] == given


async def test_the_id_of_a_server_in_front_is_logged_not_taken(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []

    def record(_logger: Any, _name: str, _event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        seen.append(dict(structlog.contextvars.get_contextvars()))
        raise structlog.DropEvent

    # A logger of its own: the module's may have been made for good, with other processors, by an earlier test.
    monkeypatch.setattr(middleware, "_log", structlog.wrap_logger(structlog.ReturnLogger(), processors=[record]))
    for given in ("proxy-1234", "<script>", "x" * 100, "ligne\\n2"):
        answer = await site.http.get("/healthz", headers={"X-Request-ID": given})
        assert answer.headers["x-request-id"] != given
    assert all(one["request_id"] for one in seen)
    assert [one["parent_id"] for one in seen if "parent_id" in one] == ["proxy-1234"]


async def test_a_message_without_request_has_an_id_too(site: Site) -> None:
    """As one that comes by a socket, or that Telegram brought."""
    with watched("web"):
        first = current_request()
    with watched("web"):
        second = current_request()
    assert ID.fullmatch(first or "")
    assert ID.fullmatch(second or "")
    assert first != second
    assert current_request() is None


def test_an_action_works_under_the_id_of_its_message() -> None:
    with watched_action("action_test", {"request": "abcdef0123456789"}):
        assert current_request() == "abcdef0123456789"
    for odd in (None, "texte", {}, {"request": "../../etc"}, {"request": 7}):
        with watched_action("action_test", odd):
            assert ID.fullmatch(current_request() or "")
    assert current_request() is None


def test_an_action_that_fails_is_counted() -> None:
    def failed() -> float:
        return metrics.REGISTRY.get_sample_value("equipier_action_errors_total", {"action": "action_test"}) or 0

    before = failed()
    with pytest.raises(ValueError, match="non"), watched_action("action_test", {}):
        raise ValueError("non")
    assert failed() == before + 1


def test_requests_do_not_mix() -> None:
    with request("premier-12345"):
        with request() as inner:
            assert current_request() == inner != "premier-12345"
        assert current_request() == "premier-12345"
