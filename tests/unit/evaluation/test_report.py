import json
import sys
from pathlib import Path

import pytest

from bot.errors import EquipierError
from bot.evaluation.files import GuidanceItem, IntentItem, TopicItem
from bot.evaluation.guidance import Outcome, judge_guidance
from bot.evaluation.labels import intent_figures, judge_intents, judge_topics, topic_figures
from bot.evaluation.report.files import Report, write_report
from bot.evaluation.report.guidance import guidance_report
from bot.evaluation.report.labels import labels_report
from bot.evaluation.report.pictures import require_matplotlib
from bot.evaluation.report.wording import number, quoted, table
from tests.unit.evaluation.fakes import FakeModel, search, understood

PNG = b"\x89PNG\r\n\x1a\n"
TITLES = {"F1": "Carte de pêche", "F2": "Bail d'un étang", "F3": "Vacciner un chien"}


def guidance() -> Report:
    items = [
        GuidanceItem(id="G1", text="carte perdue", best=("F1",), style="oral", theme="Loisirs"),
        GuidanceItem(id="G2", text="louer un *étang*", best=("F2",), ok=("F99",), style="sms", theme="Logement"),
        GuidanceItem(id="G3", text="bail", best=("F2",), style="sms", theme="Logement"),
        GuidanceItem(id="G4", text="?", best=("F2",), style="sms", theme="Logement"),
        GuidanceItem(id="G5", text="il fait beau", best=()),
    ]
    answers = {
        "carte perdue": Outcome(("F1",), 0.9, sure=True),
        "louer un *étang*": Outcome(("F1", "F2"), 0.5, sure=False),
        "bail": Outcome(("F3",), 0.8, sure=True),
        "il fait beau": Outcome(("F3",), 0.7, sure=True),
    }
    judged = judge_guidance(items, search(answers))
    return guidance_report(judged, name="essai.jsonl", title_of=lambda fiche_id: TITLES.get(fiche_id, ""))


def intents() -> Report:
    items = [
        IntentItem(id=text, text=text, intent=intent)
        for text, intent in (("bonjour", "saluer"), ("merci", "remercier"), ("hein", "aide"))
    ]
    model = FakeModel(
        {
            "bonjour": understood("saluer"),
            "merci": understood("saluer", 0.61),
            "hein": understood("x", 0.1, fallback=True),
        }
    )
    judged = judge_intents(items, model)
    return labels_report(judged, intent_figures(judged), name="essai.jsonl")


def faq(topic_confidence: float | None) -> Report:
    model = FakeModel({"?": understood("faq_mandat", topic="duree", topic_confidence=topic_confidence)})
    judged = judge_topics([TopicItem(id="M1", text="?", topic="duree", style="sms")], model)
    return labels_report(judged, topic_figures(judged), name="essai.jsonl")


def test_the_three_kinds_share_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "nouveau" / "rapport"
    for report in (guidance(), intents(), faq(0.5)):
        write_report(report, folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "faq-confusion.png",
        "faq-reliability.png",
        "faq.json",
        "faq.md",
        "guidance-reliability.png",
        "guidance.json",
        "guidance.md",
        "intents-confusion.png",
        "intents-reliability.png",
        "intents.json",
        "intents.md",
    ]
    assert all(path.read_bytes().startswith(PNG) for path in folder.glob("*.png"))
    for path in folder.glob("*.md"):
        shown = [line.partition("](")[2].rstrip(")") for line in path.read_text().splitlines() if line.startswith("![")]
        assert shown
        assert all((folder / name).is_file() for name in shown)


def test_the_search_report_shows_groups_and_the_surest_errors_first() -> None:
    text = guidance().text
    assert "## Par style\n\n| style | n | en premier |" in text
    assert "| sms | 3 | 0,000 |" in text
    assert "## Par thème\n\n| thème | n |" in text
    assert "| Loisirs | 1 | 1,000 | 1,000 | 1,000 |" in text
    wrong = text.split("## Premières fiches fausses, les plus sûres d'abord", 1)[1]
    assert wrong.index("(G3, sms, Logement") < wrong.index("(G2, sms, Logement")
    assert "répondu directement, confiance 0,800" in wrong
    assert "attendu\u202f: F2 «\u202fBail d'un étang\u202f»" in wrong
    assert "trouvé\u202f: F3 «\u202fVacciner un chien\u202f»" in wrong
    assert "admis\u202f: F99 (absente de la base)" in wrong
    assert "(G4, sms, Logement\u202f; abstention)" in wrong.split("## Questions restées sans réponse", 1)[1]
    assert "(G5\u202f;" in wrong.split("## Hors sujet auquel une fiche a répondu", 1)[1]


def test_the_search_report_can_be_read_by_a_machine() -> None:
    content = json.loads(json.dumps(guidance().content))
    assert content["n"] == 4
    assert content["by_theme"]["Logement"] == {"n": 3, "ok_at_1": 0.0, "ok_at_5": 0.333, "mrr": 0.167}
    assert [error["id"] for error in content["errors"]] == ["G3", "G2", "G4", "G5"]
    assert [item["rank"] for item in content["items"]] == [1, 2, None, None, None]
    assert content["reliability"]["bins"][0]["n"] == 3


def test_the_intents_report_shows_each_error_with_its_confidence() -> None:
    report = intents()
    assert "| intention | n | précision | rappel | F1 |" in report.text
    assert "attendu `remercier`, donné `saluer`, confiance 0,610" in report.text
    assert "## Par style" not in report.text
    assert report.content["confusion"]["aide"] == {"nlu_fallback": 1}


def test_a_confidence_that_is_not_known_is_not_drawn() -> None:
    report = faq(None)
    assert set(report.pictures) == {"confusion"}
    assert report.content["reliability"] is None
    assert "| sms | 1 | 1,000 |" in report.text


def test_a_search_that_finds_nothing_at_all_still_makes_a_report(tmp_path: Path) -> None:
    judged = judge_guidance([GuidanceItem(id="G1", text="?", best=("F1",))], search({}))
    written = write_report(guidance_report(judged, name="x", title_of=str), tmp_path)
    assert [path.name for path in written] == ["guidance.md", "guidance.json"]


def test_without_matplotlib_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    require_matplotlib()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(EquipierError, match="matplotlib") as caught:
        require_matplotlib()
    assert "make setup" in caught.value.hint


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "fichier").write_text("")
    with pytest.raises(EquipierError, match="rapport impossible à écrire"):
        write_report(guidance(), tmp_path / "fichier" / "rapport")


def test_numbers_and_tables_are_french_and_safe() -> None:
    assert (number(0.5), number(None), number(3), number(0.1234, decimals=2)) == ("0,500", "–", "3", "0,12")
    assert table(["a", "b"], [["x | y", "1"]]).splitlines()[1:] == ["| --- | ---: |", "| x \\| y | 1 |"]
    assert quoted("un\n*mot* [x]") == "«\u202fun \\*mot\\* \\[x\\]\u202f»"
