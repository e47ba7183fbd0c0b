"""The question bank keeps its promises: enough questions for each fiche, none twice, none that repeats its title."""

import re
from collections import Counter
from pathlib import Path

import pytest

from bot.errors import CorpusError
from bot.evaluation.files import GuidanceItem, read_items
from bot.fiches.analysis import fold, words
from bot.fiches.importers.guides import GUIDES_DIR, read_guides
from bot.fiches.index.bank import often_met, read_bank, read_strangers
from bot.fiches.index.tune import VALIDATION_DIR

EVAL = Path(__file__).resolve().parents[2] / "eval" / "guidance.dev.jsonl"


def _plain(text: str) -> str:
    return " ".join(words(text))


def test_the_bank_is_large_and_covers_its_fiches() -> None:
    questions = read_bank()
    count = Counter(question.fiche for question in questions)
    frequent = often_met()
    assert len(questions) >= 16_000
    assert len(frequent) >= 450
    assert {fiche for fiche in frequent if count[fiche] < 8} == set()
    assert {fiche for fiche, number in count.items() if number < 4} == set()


def test_its_styles_are_mixed() -> None:
    questions = read_bank()
    styles = Counter(question.style for question in questions)
    assert styles["contexte"] >= len(questions) / 3
    assert styles["detaille"] >= 200
    assert min(styles.values()) >= 200


def test_no_question_comes_twice() -> None:
    twice = [text for text, number in Counter(_plain(question.text) for question in read_bank()).items() if number > 1]
    assert twice == []


def test_training_validation_and_development_questions_are_apart() -> None:
    bank = {_plain(question.text) for question in read_bank()}
    validation = {_plain(item.text) for item in read_items(VALIDATION_DIR / "guidance.jsonl", GuidanceItem)}
    development = {_plain(item.text) for item in read_items(EVAL, GuidanceItem)}
    assert not bank & validation
    assert not bank & development
    assert not validation & development
    off_topic = (VALIDATION_DIR / "hors_sujet.txt").read_text(encoding="utf-8").splitlines()
    assert not {fold(text) for text in read_strangers()} & {fold(text) for text in off_topic}


@pytest.mark.corpus
def test_no_fiche_of_the_bank_is_gone_and_no_title_is_repeated() -> None:
    from bot.bootstrap import open_database
    from bot.fiches.store import FicheStore
    from bot.settings import get_settings

    titles = {fiche.id: fiche.title for fiche in FicheStore(open_database(get_settings())).all()}
    questions = read_bank()
    assert {question.fiche for question in questions} <= set(titles)
    leaked = [q.text for q in questions if _runs_of_five(q.text) & _runs_of_five(titles[q.fiche])]
    assert len(leaked) <= len(questions) / 1000  # a handful of the first edition, whose titles are everyday sentences


def test_each_guide_has_eight_questions() -> None:
    guides, _ = read_guides(GUIDES_DIR)
    assert [guide.fiche.id for guide in guides if len(guide.questions) < 8] == []


def test_missing_lists_are_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=re.escape("frequentes.txt")):
        often_met(tmp_path)
    with pytest.raises(CorpusError, match="hors sujet"):
        read_strangers(tmp_path / "rien.yml")


def _runs_of_five(text: str) -> set[tuple[str, ...]]:
    found = re.findall(r"\w+", fold(text))
    return {tuple(found[start : start + 5]) for start in range(len(found) - 4)}
