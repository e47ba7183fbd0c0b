"""The other processes give their figures too."""

import socket
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from rasa_sdk.executor import ActionExecutor
from starlette.testclient import TestClient

from actions.__main__ import create_app as actions_app
from bot.chores import Chore, Chores
from bot.errors import SettingsError
from bot.observability import metrics
from bot.observability.exposure import serve_metrics
from bot.observability.voice import watched_job
from bot.voice.app import create_app as voice_app
from bot.voice.app import voice_service
from bot.voice.errors import VoiceRefused
from tests.unit.conversations.fakes import FakeClock


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def runs(outcome: str) -> float:
    labels = {"chore": "essai", "outcome": outcome}
    return metrics.REGISTRY.get_sample_value("equipier_chore_runs_total", labels) or 0


def jobs(outcome: str) -> float:
    labels = {"kind": "listen", "outcome": outcome}
    return metrics.REGISTRY.get_sample_value("equipier_voice_jobs_total", labels) or 0


def test_the_action_server() -> None:
    with TestClient(actions_app(ActionExecutor())) as client:
        answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "equipier_action_seconds" in answer.text


def test_the_voice(tmp_path: Path) -> None:
    with TestClient(voice_app(voice_service(tmp_path))) as client:
        answer = client.get("/metrics")
    assert "equipier_voice_queue_jobs" in answer.text


def test_a_job_of_the_voice_is_counted_by_its_outcome() -> None:
    done, busy, failed = jobs("done"), jobs("busy"), jobs("failed")
    with watched_job("listen"):
        pass
    with pytest.raises(VoiceRefused), watched_job("listen"):
        raise VoiceRefused("busy")
    with pytest.raises(ZeroDivisionError), watched_job("listen"):
        raise ZeroDivisionError
    assert (jobs("done"), jobs("busy"), jobs("failed")) == (done + 1, busy + 1, failed + 1)


def test_the_chores_of_a_worker() -> None:
    done, failed = runs("done"), runs("failed")

    def fails() -> None:
        raise SettingsError("rien ne va")

    Chores([Chore("essai", timedelta(minutes=1), lambda: 3)], FakeClock()).round()
    Chores([Chore("essai", timedelta(minutes=1), fails)], FakeClock()).round()
    assert (runs("done"), runs("failed")) == (done + 1, failed + 1)


def test_a_worker_at_an_address_of_its_own() -> None:
    serve_metrics("")
    port = free_port()
    serve_metrics(f"127.0.0.1:{port}")
    assert "equipier_chore_runs" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
    for wrong in (f"127.0.0.1:{port}", "127.0.0.1", "127.0.0.1:abc", "127.0.0.1:99999"):
        with pytest.raises(SettingsError, match="EQUIPIER_WORKER_METRICS"):
            serve_metrics(wrong)
