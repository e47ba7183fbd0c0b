import pytest

from bot.channels.telegram.link import deep_link, qr_svg


@pytest.mark.parametrize(
    ("bot", "code", "address"),
    [
        ("EquipierBot", "4829 1357", "https://t.me/EquipierBot?start=48291357"),
        ("@EquipierBot", "4829-1357", "https://t.me/EquipierBot?start=48291357"),
        ("EquipierBot", "", "https://t.me/EquipierBot"),
    ],
)
def test_the_link_opens_the_bot_with_the_code(bot: str, code: str, address: str) -> None:
    assert deep_link(bot, code) == address


def test_the_qr_code_is_drawn_inside_the_page() -> None:
    drawn = qr_svg("https://t.me/EquipierBot?start=48291357")
    assert drawn.startswith("<svg")
    assert "style=" not in drawn
