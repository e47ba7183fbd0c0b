"""A full disk: people are told, nothing is half done, and room is enough for all to be well again."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.faults.rasa import Rasa, played_rasa
from tests.faults.stack import Stack, environment, stack
from tests.unit.mandats.databases import sqlite_url

SIZE = 48 * 2**20  # bytes; in memory, and only when they are written


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path_factory.mktemp("disk")
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def rasa() -> Iterator[Rasa]:
    with played_rasa() as rasa:
        yield rasa


@pytest.fixture(scope="module")
def running(disk: Path, rasa: Rasa) -> Iterator[Stack]:
    env = environment(disk, database_url=sqlite_url(disk), rasa_url=rasa.url, actions_url=rasa.url, engine_timeout="1")
    with stack(disk, env, "gateway", "worker") as running:
        yield running


def fill(disk: Path) -> Path:
    """Leaves no room."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(64 * 1024))
        except OSError:
            return ballast


def say(running: Stack, text: str, number: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {running.settings.rest_token.get_secret_value()}"}
    body = {"sender": "guichet-3", "message": text, "message_id": number}
    return running.client.post("/webhooks/rest/webhook", json=body, headers=headers)


def late(running: Stack) -> list[str]:
    headers = {"Authorization": f"Bearer {running.settings.rest_token.get_secret_value()}"}
    return [
        reply["text"]
        for reply in running.client.get("/webhooks/rest/outbox", params={"sender": "guichet-3"}, headers=headers).json()
    ]


def test_a_full_disk_is_said_and_shown_and_forgotten_once_there_is_room(running: Stack, rasa: Rasa, disk: Path) -> None:
    assert say(running, "bonjour", "1").json()[0]["text"] == "réponse à bonjour"
    rasa.hold()
    assert "gardé" in say(running, "combien coûte un passeport", "2").json()[0]["text"]
    ballast = fill(disk)
    try:
        refusal = None
        for number in range(100, 200):  # the log of the base has some room of its own
            answer = say(running, "x" * 1500 + " ?", str(number))
            if answer.status_code != 200:
                refusal = answer
                break
        assert refusal is not None
        assert refusal.status_code == 503
        assert refusal.json()["detail"] == "La base de données ne répond pas. Réessayez dans un instant."
        assert running.checks()["disk"] is False
        assert running.client.get("/readyz").status_code == 503
        assert running.figure('equipier_ready{check="disk"}', missing=1) == 0
        rasa.go.set()
    finally:
        os.unlink(ballast)
    running.wait(running.all_well, "all to be well")
    assert say(running, "bonjour", "1").json()[0]["text"] == "réponse à bonjour"
    assert say(running, "et pour le RSA", "3").status_code == 200
    heard: list[str] = []

    def answered() -> bool:
        heard.extend(late(running))
        return "réponse à combien coûte un passeport" in heard

    running.wait(answered, "the late answer")
    assert heard.count("réponse à combien coûte un passeport") == 1
    assert running.deaths("gateway") == running.deaths("worker") == 0
