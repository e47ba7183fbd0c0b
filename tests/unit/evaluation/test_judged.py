import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.errors import EquipierError
from bot.evaluation.files import GuidanceItem, IntentItem, Item, TopicItem, read_items
from bot.evaluation.judged import append_judged, known_intents, known_topics, require_known
from bot.privacy.spans import PiiType, Span


def find_names(text: str) -> tuple[Span, ...]:
    """A detector that knows one name."""
    start = text.find("Durand")
    return (Span(start, start + 6, PiiType.NOM),) if start >= 0 else ()


def intent(text: str, *, item_id: str = "") -> IntentItem:
    return IntentItem(id=item_id, text=text, intent="aide")


def append(path: Path, item: Item) -> Item:
    return append_judged(path, item, find_personal_data=find_names)


@pytest.fixture
def jeu(tmp_path: Path) -> Path:
    path = tmp_path / "intents.dev.jsonl"
    path.write_text('{"id": "I1", "text": "Où est la mairie ?", "intent": "demander_ou"}', encoding="utf-8")
    return path


def test_an_item_is_added_at_the_end_under_a_new_id(jeu: Path) -> None:
    before = jeu.read_text(encoding="utf-8")
    assert append(jeu, intent("aide-moi", item_id="I1")).id == "juge-0001"
    assert append(jeu, intent("je suis\n  perdu ")).id == "juge-0002"
    lines = jeu.read_text(encoding="utf-8").splitlines()
    assert lines[0] == before
    assert json.loads(lines[2]) == {"id": "juge-0002", "text": "je suis perdu", "intent": "aide"}
    assert [item.id for item in read_items(jeu, IntentItem)] == ["I1", "juge-0001", "juge-0002"]
    assert [path.name for path in jeu.parent.iterdir()] == [jeu.name]


def test_ids_go_on_from_the_highest(jeu: Path) -> None:
    jeu.write_text(
        '{"id": "juge-0041", "text": "un", "intent": "aide"}\n{"id": "juge-x", "text": "deux", "intent": ""}\n'
    )
    assert append(jeu, intent("trois")).id == "juge-0042"


@pytest.mark.parametrize(
    "item",
    [
        GuidanceItem(id="", text="carte perdue", best=("F1",), ok=("F2",), style="oral", theme="Loisirs"),
        GuidanceItem(id="", text="il fait beau", best=()),
        TopicItem(id="", text="combien de temps", topic="duree"),
    ],
)
def test_each_kind_makes_a_set_that_reads_again(tmp_path: Path, item: Item) -> None:
    path = tmp_path / "nouveau.jsonl"
    added = append(path, item)
    assert read_items(path, type(item)) == [added]
    assert added == item.model_copy(update={"id": "juge-0001"})


@pytest.mark.parametrize("text", ["Où est la mairie ?", "OU EST LA MAIRIE", "où  est\nla mairie !"])
def test_a_text_already_there_is_refused(jeu: Path, text: str) -> None:
    with pytest.raises(EquipierError, match=r"déjà dans intents\.dev\.jsonl \(I1\)"):
        append(jeu, intent(text))


def test_a_text_with_personal_data_is_refused_without_repeating_it(jeu: Path) -> None:
    before = jeu.read_bytes()
    with pytest.raises(EquipierError, match=r"données personnelles \(NOM\)") as caught:
        append(jeu, intent("Mme Durand est perdue"))
    assert "Durand" not in str(caught.value) + caught.value.hint
    assert jeu.read_bytes() == before


@pytest.mark.parametrize("text", ["", "  \n", "?!"])
def test_an_empty_text_is_refused(jeu: Path, text: str) -> None:
    with pytest.raises(EquipierError, match="vide"):
        append(jeu, intent(text))


def test_a_malformed_set_is_left_as_it_is(jeu: Path) -> None:
    jeu.write_text("{\n", encoding="utf-8")
    with pytest.raises(EquipierError, match="ligne 1"):
        append(jeu, intent("aide-moi"))
    assert jeu.read_text(encoding="utf-8") == "{\n"


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EquipierError, match="impossible à compléter"):
        append(tmp_path / "absent" / "jeu.jsonl", intent("aide-moi"))


def test_two_writers_lose_nothing(jeu: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: append(jeu, intent(f"message {number}")), range(20)))
    ids = [item.id for item in read_items(jeu, IntentItem)]
    assert ids == ["I1", *(f"juge-{number:04}" for number in range(1, 21))]


def test_a_label_that_nothing_knows_is_refused() -> None:
    require_known("intention", {"aide"}, known_intents())
    require_known("sujet", {"duree"}, known_topics())
    with pytest.raises(EquipierError, match="aidee"):
        require_known("intention", {"aidee"}, known_intents())
