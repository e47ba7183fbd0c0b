"""`python -m tests.bench.growth [retrieval] [mandats] [review]`: the curves of growth, all of them by default.

Writes ``var/bench/growth.json`` (what is not measured again stays) and ``docs/images/bench/*.png``. Needs the fiches
and their index (`make setup`), and PostgreSQL for the curves on it; about fifteen minutes on two idle cores.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.settings import ROOT, get_settings
from bot.storage.engine import Database
from tests.bench.growth import mandats, retrieval, review
from tests.bench.growth.measure import Point
from tests.bench.growth.plots import draw
from tests.unit.mandats.databases import postgresql_url, sqlite_url

REPORT = ROOT / "var" / "bench" / "growth.json"
PICTURES = ROOT / "docs" / "images" / "bench"
Curves = Mapping[str, Sequence[Point]]


@contextmanager
def _sqlite() -> Iterator[Database]:
    with TemporaryDirectory() as folder:
        database = Database.at(sqlite_url(Path(folder)))
        try:
            yield database
        finally:
            database.close()


@contextmanager
def _postgresql() -> Iterator[Database]:
    with postgresql_url() as url:
        database = Database.at(url)
        try:
            yield database
        finally:
            database.close()


Opened = Callable[[], AbstractContextManager[Database]]
ENGINES: Mapping[str, Opened] = {"SQLite": _sqlite, "PostgreSQL": _postgresql}


def _mandats(opened: Opened) -> Curves:
    with opened() as database:
        return mandats.curves(database)


def _families() -> dict[str, tuple[str, str, Callable[[], Curves]]]:
    """Name of the picture → its title, what is counted, and how it is measured; in the order of a run."""
    settings = get_settings()
    found: dict[str, tuple[str, str, Callable[[], Curves]]] = {
        "retrieval": ("Search", "passages", lambda: {"recherche": retrieval.curve(settings)})
    }
    for engine, opened in ENGINES.items():
        found[f"mandats-{engine.lower()}"] = (f"Mandates and journal, {engine}", "entries", partial(_mandats, opened))
    for engine, opened in ENGINES.items():
        found[f"review-{engine.lower()}"] = (f"Review list, {engine}", "turns", partial(review.curves, opened))
    return found


def main(wanted: Sequence[str]) -> None:
    report = json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {}
    for name, (title, unit, measure) in _families().items():
        if wanted and name.split("-")[0] not in wanted:
            continue
        print(f"— {title}", flush=True)
        curves = measure()
        report[name] = {curve: [asdict(one) for one in points] for curve, points in curves.items()}
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        draw(PICTURES / f"{name}.png", title, unit, curves)


if __name__ == "__main__":
    main(sys.argv[1:])
