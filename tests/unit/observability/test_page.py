"""Who may read ``/metrics``, and that it tells what waits."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.gateway.app import create_app
from tests.integration.test_rest_channel import Site, running, settings_in


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running(settings_in(tmp_path)) as site:
        yield site


async def asked(site: Site, *, client: str = "127.0.0.1", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(site.services), client=(client, 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as http:
        return await http.get("/metrics")


def value(text: str, sample: str) -> float:
    """The value of *sample* (a name, its labels in order)."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"{sample} ")]
    return float(line.rpartition(" ")[2])


@pytest.mark.parametrize("client", ["127.0.0.1", "::1"])
async def test_this_machine_reads_without_token(site: Site, client: str) -> None:
    answer = await asked(site, client=client)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")


@pytest.mark.parametrize("client", ["192.0.2.7", "testclient", "2001:db8::1"])
async def test_nobody_else_does(site: Site, client: str) -> None:
    answer = await asked(site, client=client)
    assert answer.status_code == 403
    assert "EQUIPIER_METRICS_TOKEN" in answer.json()["detail"]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host"])
async def test_a_proxy_on_this_machine_does_not_open_it(site: Site, header: str) -> None:
    assert (await asked(site, **{header: "127.0.0.1"})).status_code == 403


async def test_with_a_token_only_the_token_counts(tmp_path: Path) -> None:
    settings = settings_in(tmp_path).model_copy(update={"metrics_token": SecretStr("relève")})
    async with running(settings) as site:
        assert (await asked(site)).status_code == 403
        assert (await asked(site, Authorization="Bearer autre")).status_code == 403
        right = httpx.Headers({"Authorization": "Bearer relève"}, encoding="utf-8")
        transport = httpx.ASGITransport(create_app(site.services), client=("192.0.2.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=right) as http:
            assert (await http.get("/metrics")).status_code == 403  # a header is no UTF-8


async def test_the_token_opens_from_anywhere(tmp_path: Path) -> None:
    settings = settings_in(tmp_path).model_copy(update={"metrics_token": SecretStr("releve-42")})
    async with running(settings) as site:
        assert (await asked(site, client="192.0.2.7", Authorization="Bearer releve-42")).status_code == 200


async def test_it_tells_what_waits(site: Site) -> None:
    site.rasa.down = True
    await site.say("quel papier pour le rsa")
    site.clock.advance(seconds=40)
    text = (await asked(site)).text
    assert value(text, "equipier_kept_messages") == 1
    assert value(text, "equipier_kept_messages_oldest_seconds") == 40
    assert value(text, 'equipier_ready{check="database"}') == 1
    assert value(text, 'equipier_ready{check="rasa"}') == 0
    site.rasa.down = False
    await site.work()
    text = (await asked(site)).text
    assert value(text, "equipier_kept_messages") == 0
    assert value(text, "equipier_outbox_replies") == 2


async def test_a_database_away_leaves_the_other_figures(site: Site, tmp_path: Path) -> None:
    await asked(site)
    (tmp_path / "equipier.db").rename(tmp_path / "elsewhere.db")
    for extra in ("-wal", "-shm"):
        (tmp_path / f"equipier.db{extra}").unlink(missing_ok=True)
    site.services.metrics.text({})  # connections in the pool may still hold the file
    (tmp_path / "equipier.db").mkdir()
    text = (await asked(site)).text
    assert "equipier_messages_total" in text
