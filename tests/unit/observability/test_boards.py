"""The dashboard and the alerts ask for what the processes give, and nothing that the processes give names a person."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from bot.journal.actions import Action
from bot.observability import metrics
from bot.observability.exposure import MetricsPage
from bot.observability.gauges import DatabaseGauges
from bot.observability.messages import Outcome
from bot.settings import ROOT
from bot.storage.engine import Database
from tests.unit.conversations.fakes import FakeClock
from tests.unit.mandats.databases import sqlite_url

MONITORING = ROOT / "deploy" / "monitoring"
GIVEN_BY_PROMETHEUS = {"up"}
# Each label, and why it can only take a few values.
LABELS = {
    "action": "names of our actions",
    "call": "ask, foresee",
    "channel": "names of our channels",
    "check": "names of the checks of /readyz",
    "chore": "names of our chores",
    "generation": "Python's",
    "kind": "listen, speak",
    "le": "bounds of the histograms",
    "method": "the methods of HTTP",
    "outcome": "written in the code",
    "process": "names of our processes",
    "python": "one",
    "quantile": "two",
    "reason": "written in the code",
    "route": "patterns of our addresses",
    "state": "written in the code",
    "status": "of HTTP",
    "step": "written in the code",
    "version": "one",
}
_FUNCTIONS = {"histogram_quantile", "increase", "rate", "sum", "max", "min", "by", "topk", "time", "count"}


def dashboard() -> dict[str, object]:
    found: dict[str, object] = json.loads((MONITORING / "dashboard.json").read_text())
    return found


def panels() -> Iterator[dict[str, object]]:
    for panel in dashboard()["panels"]:  # type: ignore[attr-defined]
        if panel["type"] != "row":
            yield panel


def rules() -> list[dict[str, object]]:
    (group,) = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    found: list[dict[str, object]] = group["rules"]
    return found


def expressions() -> Iterator[str]:
    for panel in panels():
        for target in panel["targets"]:  # type: ignore[attr-defined]
            yield target["expr"]
    for rule in rules():
        yield str(rule["expr"])


def asked(expression: str) -> set[str]:
    """The names of what *expression* asks for."""
    bare = re.sub(r"\b(?:by|without) \([^)]*\)", "", re.sub(r"{[^}]*}|\[[^\]]*\]", "", expression))
    return set(re.findall(r"[a-z_]{2,}", bare)) - _FUNCTIONS


@pytest.fixture
def given(tmp_path: Path) -> dict[str, set[str]]:
    """Every name that a gateway gives, and its labels; a metric without samples yet is there too."""
    (tmp_path / "telegram.alive").touch()
    database = Database.at(sqlite_url(tmp_path))
    page = MetricsPage(token=SecretStr(""), gauges=DatabaseGauges(database, FakeClock(), folder=tmp_path))
    text = page.text({"database": True}).decode()
    database.close()
    names: dict[str, set[str]] = {}
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, flags=re.MULTILINE):
        endings = {"histogram": ("_bucket", "_count", "_sum")}.get(kind, ("",))
        names |= {name + ending: set() for ending in endings}
    for name, labels in re.findall(r"^(\w+){(.*)} ", text, flags=re.MULTILINE):
        names.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return names


def test_what_is_asked_is_given(given: dict[str, set[str]]) -> None:
    wanted = {name: expression for expression in expressions() for name in asked(expression)}
    assert len(wanted) > 30
    assert {name: why for name, why in wanted.items() if name not in given.keys() | GIVEN_BY_PROMETHEUS} == {}


def test_what_is_given_is_asked(given: dict[str, set[str]]) -> None:
    """A figure that nobody looks at costs for nothing."""
    wanted = {name for expression in expressions() for name in asked(expression)}
    ours = {name for name in given if name.startswith("equipier_") and not name.endswith(("_created", "_sum"))}
    unseen = {name for name in ours - wanted if not name.endswith(("_bucket", "_count"))}
    assert unseen == set()


def test_no_label_names_anyone(given: dict[str, set[str]]) -> None:
    labels = set().union(*given.values()) | {label for one in _declared() for label in one}
    assert labels <= LABELS.keys()


def test_the_values_asked_for_exist() -> None:
    values = dict.fromkeys(Action) | dict.fromkeys(Outcome)
    for expression in expressions():
        for matched in re.findall(r'(?:action|outcome)=~?"([^"]*)"', expression):
            assert set(matched.split("|")) <= values.keys() | {"failed", "busy"}, expression


def test_every_alert_says_what_to_do() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text()
    anchors = {_anchor(title) for title in re.findall(r"^#+ (.*)$", guide, flags=re.MULTILINE)}
    for rule in rules():
        note = rule["annotations"]
        assert isinstance(note, dict)
        file, _, anchor = note["runbook"].partition("#")
        assert (file, anchor in anchors) == ("docs/operations.md", True), rule["alert"]
        assert note["summary"].endswith(".")


def test_every_figure_is_explained(given: dict[str, set[str]]) -> None:
    guide = (ROOT / "docs" / "operations.md").read_text()
    ours = {re.sub(r"_(bucket|count|sum|created|total)$", "", name) for name in given if name.startswith("equipier_")}
    assert sorted(name for name in ours if f"`{name}`" not in guide) == []


def test_panels_have_their_own_place() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        assert isinstance(place, dict)
        mine = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not mine & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= mine


def _declared() -> Iterator[tuple[str, ...]]:
    for value in vars(metrics).values():
        if (labels := getattr(value, "_labelnames", None)) is not None:
            yield labels


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
