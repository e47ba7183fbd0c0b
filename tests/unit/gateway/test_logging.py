"""What a collector gets: one JSON object per line, and never the text of an error."""

import json
import subprocess
import sys
from typing import Any

import pytest

from bot.settings import ROOT

# As a process of its own: logging is set once for all.
_PROGRAM = """
import asyncio, logging
import structlog
from bot.gateway.logging import configure_logging
from bot.observability.requests import request

configure_logging(as_json=True)
ours, theirs = structlog.get_logger("test"), logging.getLogger("library")

def raises():
    raise ValueError("Yolande Kervella, née le 12/03/1961")

async def forgets():
    loop = asyncio.get_running_loop()
    loop.call_exception_handler({"message": "never retrieved", "exception": ValueError("Yolande Kervella")})

with request("abcdef0123456789", parent="proxy-1234"):
    ours.warning("message kept", conversation="c1")
    theirs.error("connection lost to %s", "redis")
try:
    raises()
except ValueError as error:
    theirs.exception("it failed")
    theirs.error("it failed", exc_info=error)
    ours.exception("it failed")
    ours.error("it failed", exc_info=error)
asyncio.run(forgets())
logging.getLogger("httpx").info("GET https://api.telegram.org/botSECRET/getUpdates")
logging.getLogger("uvicorn.error").info('203.0.113.9:35175 - "WebSocket /socket.io/" [accepted]')
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    """What the program above writes."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_line_says_when_how_serious_and_for_which_request(lines: list[dict[str, Any]]) -> None:
    ours, theirs = lines[:2]
    assert ours["event"] == "message kept"
    assert (ours["level"], ours["conversation"], ours["request_id"]) == ("warning", "c1", "abcdef0123456789")
    assert ours["parent_id"] == "proxy-1234"
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["request_id"]) == ("connection lost to redis", "abcdef0123456789")


def test_an_error_is_told_by_its_class_and_its_place(lines: list[dict[str, Any]]) -> None:
    failures = [line for line in lines if line["event"] == "it failed"]
    assert len(failures) == 4
    for line in failures:
        assert line["error"] == "ValueError"
        assert line["where"][-1].endswith("raises")
    (forgotten,) = [line for line in lines if line["event"] == "never retrieved"]
    assert forgotten["error"] == "ValueError"


def test_neither_its_text_nor_an_address_is_written(lines: list[dict[str, Any]]) -> None:
    assert "Yolande" not in str(lines)
    assert "SECRET" not in str(lines)
    assert "203.0.113.9" not in str(lines)
