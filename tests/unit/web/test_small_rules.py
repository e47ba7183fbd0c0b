from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channels.web.lines import line_json, rasa_json
from bot.channels.web.origins import origins_of
from bot.conversations.history import Line
from bot.conversations.messages import Button
from bot.errors import SettingsError

AT = datetime(2026, 11, 25, 11, 2, tzinfo=UTC)
BUTTONS = (Button("Coût", "b_cout"),)
QUICK = [{"content_type": "text", "title": "Coût", "payload": "b_cout"}]


def line(text: str, buttons: tuple[Button, ...] = (), *, direction: str = "out", custom: Any = None) -> Line:
    return Line(7, direction, text, buttons, custom, AT, None, None, None)


@pytest.mark.parametrize(
    ("text", "buttons", "messages"),
    [
        ("Bonjour.", (), [{"text": "Bonjour."}]),
        ("Un.\n\nDeux.\nTrois.", (), [{"text": "Un."}, {"text": "Deux.\nTrois."}]),
        ("", (), []),
        ("Lequel ?", BUTTONS, [{"text": "Lequel ?", "quick_replies": QUICK}]),
        (
            "Un.\n\nLequel ?",
            BUTTONS,
            [{"text": "Un.", "quick_replies": []}, {"text": "Lequel ?", "quick_replies": QUICK}],
        ),
        ("", BUTTONS, [{"text": "", "quick_replies": QUICK}]),
    ],
)
def test_an_answer_is_cut_as_rasa_cuts_it(text: str, buttons: tuple[Button, ...], messages: list[Any]) -> None:
    assert rasa_json(line(text, buttons, custom={"type": "guidance"})) == messages


def test_what_a_button_stood_for_is_not_shown_and_why_a_message_was_refused_is() -> None:
    assert line_json(line("Coût", direction="in", custom={"payload": "/demander_cout"}))["custom"] is None
    assert line_json(line("", direction="in", custom={"refused": "binary"}))["custom"] == {"refused": "binary"}
    assert line_json(line("x", custom={"type": "mandat"}))["custom"] == {"type": "mandat"}
    assert line_json(line("x"))["at"] == "2026-11-25T11:02:00+00:00"


@pytest.mark.parametrize(
    ("setting", "origins"),
    [
        ("", set()),
        (" , ", set()),
        ("https://intranet.exemple.fr", {"https://intranet.exemple.fr"}),
        (
            "https://Intranet.exemple.fr/, http://localhost:8080",
            {"https://intranet.exemple.fr", "http://localhost:8080"},
        ),
        ("http://[::1]:3000", {"http://[::1]:3000"}),
    ],
)
def test_the_sites_of_the_settings_are_read_as_browsers_write_them(setting: str, origins: set[str]) -> None:
    assert origins_of(setting) == origins


@pytest.mark.parametrize(
    "setting",
    [
        "*",
        "null",
        "intranet.exemple.fr",
        "https://*.exemple.fr",
        "https://a.fr/page",
        "ftp://a.fr",
        "https://a.fr b.fr",
        "https://",
    ],
)
def test_a_site_that_is_no_origin_is_refused_at_start_up(setting: str) -> None:
    with pytest.raises(SettingsError, match="EQUIPIER_WIDGET_ORIGINS"):
        origins_of(f"https://intranet.exemple.fr,{setting}")
