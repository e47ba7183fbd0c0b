"""Domain, training data and rules agree with each other."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import yaml

from bot.fiches.analysis import fold
from bot.settings import ROOT

DOMAIN = sorted((ROOT / "nlu" / "domain").glob("*.yml"))
TRAINING = sorted((ROOT / "nlu" / "training").glob("*.yml"))
STORIES = sorted((ROOT / "stories").glob("*.yml"))

# Part of the contract with whoever reads our conversations: names and least number of examples.
CONTRACT = {
    **dict.fromkeys(
        "saluer remercier au_revoir aide affirmer refuser annuler demander_pieces demander_cout demander_delai "
        "demander_ou demander_conditions ouvrir_mandat revoquer_mandat renouveler_mandat consulter_mandats "
        "verifier_mandat joindre_humain signaler_erreur hors_sujet".split(),
        40,
    ),
    "question_demarche": 150,
    "faq_mandat": 150,
}


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def domain_intents() -> set[str]:
    names = {
        name
        for path in DOMAIN
        for intent in read(path).get("intents") or ()
        for name in ([intent] if isinstance(intent, str) else intent)
    }
    assert names, "the domain has no intent: these tests check nothing"
    return names


def examples() -> Iterator[tuple[str, str]]:
    """(intent or retrieval topic, example)"""
    for path in TRAINING:
        for block in read(path).get("nlu") or ():
            if "intent" in block:
                for line in block["examples"].splitlines():
                    yield block["intent"], line.removeprefix("- ").strip()


def test_the_intents_of_the_contract_have_their_examples() -> None:
    counts = Counter(intent.partition("/")[0] for intent, _ in examples())
    short = {intent: counts[intent] for intent, least in CONTRACT.items() if counts[intent] < least}
    assert not short
    assert set(CONTRACT) <= domain_intents()


def test_every_intent_of_the_domain_is_learnt_or_sent_by_a_button() -> None:
    learnt = {intent.partition("/")[0] for intent, _ in examples()}
    places = [path for folder in ("actions", "bot/fiches", "bot/mandats") for path in (ROOT / folder).glob("*.py")]
    code = "".join(path.read_text(encoding="utf-8") for path in places)
    orphans = {name for name in domain_intents() - learnt if f'"{name}"' not in code}
    assert not orphans


def test_every_example_belongs_to_an_intent_of_the_domain() -> None:
    learnt = {intent.partition("/")[0] for intent, _ in examples()}
    assert learnt
    assert learnt <= domain_intents()


def test_no_example_stands_under_two_intents() -> None:
    intents_of: dict[str, set[str]] = {}
    for intent, example in examples():
        intents_of.setdefault(" ".join(example.casefold().split()), set()).add(intent)
    assert intents_of
    assert not {example: intents for example, intents in intents_of.items() if len(intents) > 1}


def test_every_action_of_a_rule_exists_in_the_domain() -> None:
    known = {"action_listen", "action_restart", "action_default_fallback", "action_back", "action_session_start"}
    for path in DOMAIN:
        content = read(path)
        known |= (
            set(content.get("actions") or ()) | set(content.get("responses") or ()) | set(content.get("forms") or ())
        )
    used = {
        step["action"]
        for path in STORIES
        for rule in [*(read(path).get("rules") or ()), *(read(path).get("stories") or ())]
        for step in rule["steps"]
        if "action" in step
    }
    assert used, "no rule has an action: this test checks nothing"
    assert used <= known


def test_every_topic_has_its_file_in_every_layer() -> None:
    topics = {path.stem for path in STORIES}
    assert topics
    assert topics <= {path.stem for path in DOMAIN}
    assert topics <= {path.stem for path in TRAINING}


def test_no_example_comes_from_an_evaluation_set() -> None:
    """No example holds most of an item, nor an item most of an example, word for word: figures must be earned."""
    sets = [*(ROOT / "tests" / "eval").glob("*.dev.jsonl"), *(ROOT / "nlu" / "validation").glob("*.jsonl")]
    items = [_plain(text) for path in sets if "pii" not in path.name for text in _texts(path)]
    assert len(items) > 100
    holding: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for item in items:
        for run in _runs(item):
            holding.setdefault(run, []).append(item)
    copied = [
        example
        for _, example in examples()
        if any(_copied(_plain(example), item) for run in _runs(_plain(example)) for item in holding.get(run, ()))
    ]
    assert copied == []


def _texts(path: Path) -> list[str]:
    return [json.loads(line).get("text", "") for line in path.read_text(encoding="utf-8").splitlines()]


def _plain(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", fold(text)))


def _runs(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    return {words[start : start + 6] for start in range(len(words) - 5)}


def _copied(example: tuple[str, ...], item: tuple[str, ...]) -> bool:
    longest = SequenceMatcher(None, example, item, autojunk=False).find_longest_match().size
    return longest >= 0.6 * min(len(example), len(item))
