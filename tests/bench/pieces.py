"""How long a search, a pseudonymisation and a parse take by themselves, on the development questions, in this process.

Figures depend on the machine; compare runs of one session only.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bot.bootstrap import guidance_service, personal_data_detector
from bot.evaluation.files import GuidanceItem, IntentItem, read_items
from bot.evaluation.understanding import running_model
from bot.privacy.pseudonymise import Pseudonymiser
from bot.settings import get_settings
from bot.setup.training import current_model

EVAL = Path(__file__).resolve().parent.parent / "eval"


def timed(action: Callable[[str], object], texts: list[str], *, rounds: int = 3) -> dict[str, float]:
    """Milliseconds per text, after one round to warm up."""
    for text in texts:
        action(text)
    spent: list[float] = []
    for _ in range(rounds):
        for text in texts:
            started = time.perf_counter()
            action(text)
            spent.append((time.perf_counter() - started) * 1000)
    return {name: round(float(np.percentile(spent, share)), 2) for name, share in (("p50", 50), ("p95", 95))}


def measure() -> dict[str, object]:
    """Seconds to load the index; milliseconds of each piece (``p50``, ``p95``)."""
    settings = get_settings()
    questions = [item.text for item in read_items(EVAL / "guidance.dev.jsonl", GuidanceItem)]
    messages = [item.text for item in read_items(EVAL / "intents.dev.jsonl", IntentItem)]
    started = time.perf_counter()
    service = guidance_service(settings)
    loaded = time.perf_counter() - started
    report: dict[str, object] = {
        "index_load_s": round(loaded, 2),
        "answer_ms": timed(service.ask, questions),
        "pseudonymise_ms": timed(Pseudonymiser(personal_data_detector()).pseudonymise, messages),
    }
    with running_model(current_model(settings)) as model:
        report["parse_ms"] = timed(model.parse, messages)
    return report
