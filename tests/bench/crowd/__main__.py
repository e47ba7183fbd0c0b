"""`python -m tests.bench.crowd --url http://127.0.0.1:8000`: a thousand aidants, for an hour, before a running stack.

Each has the widget open and uses it as they would (``day``). Said of each text: the seconds from its sending until its
answer was whole on the page. ``--minutes`` shortens the hour; nothing is ever sped up. The load comes from this
machine, and is part of what it bears. The report goes to ``var/bench/crowd.json``.
"""

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import numpy as np

from bot.conversations.replies import KEPT
from bot.evaluation.files import GuidanceItem, IntentItem, read_items
from bot.settings import ROOT, get_settings
from bot.voice.audio import encode
from bot.voice.evaluation.ears import open_voice
from bot.voice.speakable import speakable
from tests.bench.crowd.day import Act, hour
from tests.bench.crowd.socket import Page

EVAL = Path(__file__).resolve().parents[2] / "eval"
PATIENCE = 60.0  # seconds
_NOTES = 12
_STRUCTURE = 25  # aidants behind one address


@dataclass
class Seen:
    """What happened: (when, seconds) of every text and of every voice note, and what went wrong."""

    started: float
    texts: list[tuple[float, float]] = field(default_factory=list)
    voices: list[tuple[float, float]] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Desk:
    """What every aidant of a crowd has: the address, the voice notes that they may send, and who takes the times."""

    url: str
    notes: list[bytes]
    http: httpx.AsyncClient
    seen: Seen


async def aidant(at: Desk, number: int, acts: list[Act]) -> None:
    """One aidant's hour, from the address of their structure; the page is opened when it is first needed."""
    seen, page = at.seen, None
    for act in acts:
        await asyncio.sleep(act.wait)
        if page is None:
            try:
                page = await Page.open(at.url, patience=PATIENCE, address=f"127.0.0.{2 + number // _STRUCTURE}")
            except (OSError, TimeoutError) as error:
                seen.errors[f"opening: {type(error).__name__}"] += 1
                return
        before = len(page.uttered)
        sent = time.perf_counter()
        try:
            if act.note is not None:
                await _say(page, at, at.notes[act.note])
            else:
                await _write(page, act.text or _first_button(page) or "merci")
        except (OSError, TimeoutError, RuntimeError, httpx.HTTPError) as error:
            seen.errors[f"{'voice' if act.note is not None else 'text'}: {type(error).__name__} {error}"[:120]] += 1
            continue
        took = time.perf_counter() - sent
        (seen.texts if act.note is None else seen.voices).append((sent - seen.started, took))
        if len(page.uttered) == before:
            seen.errors["answered, but nothing came"] += 1
        elif any(one["text"] == KEPT for one in page.uttered[before:]):
            seen.kept += 1
        del page.uttered[:-1]
    if page is not None:
        await page.close()


async def _write(page: Page, text: str) -> None:
    answer = await page.emit("user_uttered", {"message": text, "message_id": uuid4().hex}, patience=PATIENCE)
    if not (isinstance(answer, dict) and answer.get("ok")):
        raise RuntimeError(str(answer))


async def _say(page: Page, at: Desk, note: bytes) -> None:
    headers = {"Authorization": f"Bearer {page.token}", "X-Message-ID": uuid4().hex, "Content-Type": "audio/ogg"}
    response = await at.http.post(f"{at.url}/assistant/voix", content=note, headers=headers)
    if response.status_code != httpx.codes.OK:
        raise RuntimeError(f"HTTP {response.status_code}")


def _first_button(page: Page) -> str | None:
    buttons = page.uttered[-1]["buttons"] if page.uttered else None
    return buttons[0]["payload"] if buttons else None


async def crowd(url: str, *, aidants: int, seconds: float, notes: list[bytes], seed: int = 8) -> Seen:
    """All of them at once."""
    questions = [item.text for item in read_items(EVAL / "guidance.dev.jsonl", GuidanceItem)]
    questions += [item.text for item in read_items(EVAL / "intents.dev.jsonl", IntentItem)][::4]
    chance = random.Random(seed)
    days = [list(hour(chance, questions, seconds=seconds, notes=len(notes))) for _ in range(aidants)]
    print(f"{sum(map(len, days))} messages of {aidants} aidants over {seconds / 60:.0f} minutes", flush=True)
    seen = Seen(time.perf_counter())
    async with httpx.AsyncClient(timeout=PATIENCE, limits=httpx.Limits(max_connections=200)) as http:
        desk = Desk(url, notes, http, seen)

        watch = asyncio.create_task(_watch(seen))
        await asyncio.gather(*(aidant(desk, number, acts) for number, acts in enumerate(days)))
        watch.cancel()
    return seen


async def _watch(seen: Seen) -> None:
    while True:
        await asyncio.sleep(30)
        last = [took for at, took in seen.texts if at > time.perf_counter() - seen.started - 30]
        worst = f"p95 {np.percentile(last, 95):.2f} s" if last else "no text"
        print(
            f"{len(seen.texts)} texts, {len(seen.voices)} voice notes, {worst}, errors {dict(seen.errors)}", flush=True
        )


def report(seen: Seen, *, aidants: int, seconds: float) -> dict[str, Any]:
    """The figures, in seconds."""

    def shares(taken: list[tuple[float, float]]) -> dict[str, float]:
        spent = [took for _, took in taken] or [0.0]
        return {f"p{share}": round(float(np.percentile(spent, share)), 3) for share in (50, 95, 99, 100)}

    return {
        "aidants": aidants,
        "minutes": round(seconds / 60, 1),
        "texts": len(seen.texts),
        "voice_notes": len(seen.voices),
        "text_seconds": shares(seen.texts),
        "voice_seconds": shares(seen.voices),
        "kept_for_later": seen.kept,
        "errors": dict(seen.errors),
    }


def spoken(count: int) -> list[bytes]:
    """Voice notes of some questions, made once and kept in ``var/bench/notes``."""
    folder = ROOT / "var" / "bench" / "notes"
    folder.mkdir(parents=True, exist_ok=True)
    texts = [item.text for item in read_items(EVAL / "guidance.dev.jsonl", GuidanceItem) if len(item.text) < 110][
        :count
    ]
    paths = [folder / f"{number}.ogg" for number in range(count)]
    if not all(path.exists() for path in paths):
        voice = open_voice(get_settings().voice_dir)
        for path, text in zip(paths, texts, strict=True):
            sound = voice.speak(speakable(text))
            path.write_bytes(encode(sound.data, sound.rate, format="ogg"))
    return [path.read_bytes() for path in paths]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", default="http://127.0.0.1:8000")
    options.add_argument("--aidants", type=int, default=1_000)
    options.add_argument("--minutes", type=float, default=60.0)
    options.add_argument("--no-voice", action="store_true")
    chosen = options.parse_args()
    seconds = chosen.minutes * 60
    notes = [] if chosen.no_voice else spoken(_NOTES)
    seen = asyncio.run(crowd(chosen.url, aidants=chosen.aidants, seconds=seconds, notes=notes))
    figures = report(seen, aidants=chosen.aidants, seconds=seconds)
    path = ROOT / "var" / "bench" / "crowd.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
