import pytest

from bot.channels.telegram.render import (
    CHOSEN,
    MAX_CALLBACK_BYTES,
    Key,
    only_callbacks,
    parts,
    reasons,
    rows,
    thumbs,
    with_chosen,
    with_reasons,
    without_feedback,
)
from bot.conversations.feedback import REASONS
from bot.conversations.messages import Button, Reply

PIECES = Button("Pièces", "b_" + "a" * 22)
COST = Button("Coût", "b_" + "b" * 22)
LONG = Button("Renouvellement du passeport d'un majeur", "b_" + "c" * 22)
DRAFT = {"type": "mandat", "status": "draft"}


def labels(reply: Reply) -> list[list[str]]:
    return [[key.label for key in row] for row in parts(reply)[-1].keyboard]


def test_short_buttons_go_two_by_two_and_a_long_one_alone() -> None:
    assert labels(Reply("?", (PIECES, COST, LONG, PIECES))) == [["Pièces", "Coût"], [LONG.title], ["Pièces"]]


def test_buttons_are_under_the_last_message_only() -> None:
    first, second = parts(Reply("mot " * 1500, (PIECES,)))
    assert first.keyboard == ()
    assert second.keyboard == ((Key("Pièces", callback=PIECES.payload),),)


def test_a_button_too_heavy_for_telegram_is_shown_to_be_typed() -> None:
    heavy = Button("Oui", "é" * MAX_CALLBACK_BYTES)
    (part,) = parts(Reply("Est-ce bien cela ?", (heavy, COST)))
    assert part.html.endswith("• Oui")
    assert part.keyboard == ((Key("Coût", callback=COST.payload),),)


@pytest.mark.parametrize("reply", [Reply("", (COST,)), Reply(custom={"type": "guidance"}, id=3)])
def test_buttons_without_a_text_get_one(reply: Reply) -> None:
    assert parts(reply)[0].html == "Choisissez\u202f:"


def test_a_reply_for_programs_only_sends_nothing() -> None:
    assert parts(Reply(custom={"type": "mandat"})) == ()


def test_a_guidance_answer_can_be_judged_and_others_cannot() -> None:
    guidance = Reply("Voici.", (COST,), {"type": "guidance"}, 12)
    assert parts(guidance)[0].keyboard[-1] == (Key("👍", callback="f+12"), Key("👎", callback="f-12"))
    assert labels(Reply("Voici.", (COST,), {"type": "guidance"})) == [["Coût"]]
    assert labels(Reply("Voici.", (COST,), {"type": "mandat"}, 12)) == [["Coût"]]


def test_the_reasons_take_the_place_of_the_thumbs_then_go() -> None:
    keyboard = (*rows([Key("Coût", callback="b_1")]), thumbs(12))
    asked = with_reasons(keyboard, 12)
    assert asked == (*rows([Key("Coût", callback="b_1")]), *reasons(12))
    assert {key.callback for row in reasons(12) for key in row} == {f"f{code}:12" for code in REASONS}
    assert without_feedback(asked) == rows([Key("Coût", callback="b_1")])
    longest = max(len(key.callback.encode()) for row in reasons(10**17) for key in row)
    assert longest <= MAX_CALLBACK_BYTES


def test_a_chosen_button_is_ticked_and_dead() -> None:
    keyboard = rows([Key("Coût", callback="b_1"), Key("Délai", callback="b_2")])
    assert with_chosen(keyboard, "b_1") == ((Key("✓ Coût", callback=CHOSEN), Key("Délai", callback="b_2")),)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://equipier.exemple.fr/m/x", Key("Ouvrir la page sécurisée", web_app="https://equipier.exemple.fr/m/x")),
        ("http://equipier.intra:8000/m/x", Key("Ouvrir la page sécurisée", url="http://equipier.intra:8000/m/x")),
        ("http://127.0.0.1:8000/m/x", None),
        ("javascript:alert(1)", None),
    ],
)
def test_the_secure_page_opens_by_a_button_where_telegram_takes_its_address(url: str, key: Key | None) -> None:
    (part,) = parts(Reply("Le mandat est prêt.", (COST,), DRAFT | {"secure_url": url}))
    assert part.keyboard == ((*(((key,),) if key else ()), (Key("Coût", callback=COST.payload),)))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Prêt.", "Prêt.\nOuvrir la page sécurisée\u202f: http://127.0.0.1:8000/m/x"),
        ("Prêt : [page](http://127.0.0.1:8000/m/x)", "Prêt : page\u202f: http://127.0.0.1:8000/m/x"),
    ],
)
def test_on_the_developer_s_machine_the_secure_page_is_written_once(text: str, shown: str) -> None:
    (part,) = parts(Reply(text, (), DRAFT | {"secure_url": "http://127.0.0.1:8000/m/x"}))
    assert part.html == shown


def test_addresses_can_be_left_out_of_a_keyboard() -> None:
    keyboard = ((Key("Page", web_app="https://exemple.fr"),), (Key("Coût", callback="b_1"),))
    assert only_callbacks(keyboard) == ((Key("Coût", callback="b_1"),),)
