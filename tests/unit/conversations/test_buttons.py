import pytest

from bot.conversations.buttons import Offered, give_out, is_button_id, new_button_id, pick
from bot.conversations.messages import Button, Reply

OFFERED = (
    Offered("b_1", "/demander_pieces", "Pièces à fournir", 1),
    Offered("b_2", '/demander_cout{"fiche":"F1"}', "Coût", 2),
    Offered("b_3", '/demander_cout{"fiche":"F2"}', "Coût", 3),
    Offered("b_4", "/demander_ou", "Où s'adresser ?", 4),
)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("pieces a fournir", "b_1"),
        ("PIÈCES À FOURNIR", "b_1"),
        ("ou s’adresser", "b_4"),
        ("coût", "b_3"),
        ("2", "b_2"),
        ("n° 4", "b_4"),
        ("5", None),
        ("0", None),
        ("quel est le coût ?", None),
        ("?", None),
    ],
)
def test_a_button_is_pressed_by_its_title_or_its_number(typed: str, expected: str | None) -> None:
    picked = pick(typed, OFFERED)
    assert (picked.id if picked else None) == expected


def test_new_ids_have_the_shape_of_an_id() -> None:
    assert is_button_id(new_button_id())
    assert not is_button_id("b_trop-court")
    assert not is_button_id("/demander_cout")


def test_ids_go_out_in_place_of_commands_and_numbers_run_over_the_replies() -> None:
    ids = iter(["b_a", "b_b"])
    replies = (Reply("un", (Button("A", "/a"),), {"x": 1}), Reply("deux", (Button("B", "/b"),)))
    outside, given = give_out(replies, new_id=lambda: next(ids))
    assert outside == (Reply("un", (Button("A", "b_a"),), {"x": 1}), Reply("deux", (Button("B", "b_b"),)))
    assert given == (Offered("b_a", "/a", "A", 1), Offered("b_b", "/b", "B", 2))
