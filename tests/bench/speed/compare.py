"""Ours and a stock assistant, trained and served side by side, measured one after the other again and again.

The machine's mood passes over both: each figure is taken in turns, and what is compared was taken in the same minutes.
"""

import http.client
import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from bot.evaluation.files import IntentItem, read_items
from bot.settings import get_settings
from bot.setup.training import ensure_model
from tests.bench.speed import length, ours, stock
from tests.bench.speed.load import Load, Target, run
from tests.bench.speed.processes import Started

SENDERS = (1, 8)
_WARM_UP = 6.0  # seconds
_PARSES = 150  # for each, in each round


@dataclass(frozen=True, slots=True)
class Side:
    """One of those that are compared.

    Attributes:
        key: ``ours``; ``stock``: each message calls its action, as each of ours does; ``stock_mixed``: one in five.
    """

    key: str
    running: Started
    target: Target
    script: Callable[[int], Iterator[str]]


@dataclass(slots=True)
class Figures:
    """All that was measured; times in milliseconds, memory in MiB.

    Attributes:
        loads: runs by side and number of senders, a run per round.
        processor: milliseconds of processor for a message, by side, then by process.
    """

    machine: dict[str, Any]
    training_s: dict[str, float] = field(default_factory=dict)
    loads: dict[str, dict[int, list[Load]]] = field(default_factory=dict)
    parse: dict[str, list[float]] = field(default_factory=dict)
    memory: dict[str, dict[str, float]] = field(default_factory=dict)
    processor: dict[str, dict[str, float]] = field(default_factory=dict)
    lengths: length.Lengths | None = None


def compare(*, seconds: float = 15.0, rounds: int = 3, project: Path | None = None) -> Figures:
    """The whole comparison: about ten minutes on an idle machine.

    Args:
        seconds: of each run.
        project: a stock project that is trained already, to save that time; its training is then not measured.
    """
    figures = Figures(_machine())
    with TemporaryDirectory(prefix="equipier-bench-stock-") as folder:
        where = project or Path(folder) / "stock"
        if project is None:
            figures.training_s = {"stock": stock.make(where), "ours": _train(Path(folder) / "var")}
        with (
            stock.stock_stack(where) as (stock_processes, stock_target, stock_url),
            ours.our_stack() as (our_processes, our_target, our_url, database),
        ):
            sides = (
                Side("stock", stock_processes, stock_target, stock.talk_of_actions),
                Side("stock_mixed", stock_processes, stock_target, stock.talk),
                Side("ours", our_processes, our_target, ours.talk),
            )
            for side in sides:
                run(side.target, side.script, senders=2, seconds=_WARM_UP, name=f"{side.key}-warm")
            texts = [item.text for item in read_items(ours.EVAL / "intents.dev.jsonl", IntentItem)]
            for number in range(rounds):
                _parse_in_turns(figures, {"stock": stock_url, "ours": our_url}, texts)
                for senders in SENDERS:
                    for side in sides:
                        _take(figures, side, senders=senders, seconds=seconds, name=f"{side.key}-{number}")
            figures.memory = {side.key: side.running.memory_mib() for side in sides if side.key != "stock_mixed"}
            figures.lengths = length.measure(our_target, our_url, database)
    return figures


def _take(figures: Figures, side: Side, *, senders: int, seconds: float, name: str) -> None:
    before = side.running.cpu_seconds()
    load = run(side.target, side.script, senders=senders, seconds=seconds, name=name)
    after = side.running.cpu_seconds()
    figures.loads.setdefault(side.key, {}).setdefault(senders, []).append(load)
    if senders == max(SENDERS):
        spent = {process: (after[process] - before[process]) * 1000 / load.sent for process in after}
        figures.processor[side.key] = spent


def _parse_in_turns(figures: Figures, urls: dict[str, str], texts: Sequence[str]) -> None:
    clients = {key: http.client.HTTPConnection(urlsplit(url).netloc, timeout=60) for key, url in urls.items()}
    for n in range(_PARSES):
        body = json.dumps({"text": texts[n % len(texts)]})
        for key, client in clients.items():
            started = time.perf_counter()
            client.request("POST", "/model/parse", body, {"Content-Type": "application/json"})
            client.getresponse().read()
            figures.parse.setdefault(key, []).append((time.perf_counter() - started) * 1000)
    for client in clients.values():
        client.close()


def _train(var: Path) -> float:
    """Seconds that our training takes, from the data to the archive."""
    settings = get_settings().model_copy(update={"var_dir": var})
    started = time.perf_counter()
    state = ensure_model(settings, force=True)
    if state.failure:
        raise RuntimeError(state.failure)
    return time.perf_counter() - started


def _machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "at": datetime.now(UTC).strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "model": model or platform.machine(),
        "memory_gib": round(memory, 1),
        "load_before": round(os.getloadavg()[0], 1),
    }


def middle(loads: Sequence[Load], name: str) -> float:
    """The median over the rounds of one figure of a load."""
    return float(np.median([getattr(load, name) for load in loads]))
