"""Buttons outside hold opaque ids; what they stand for stays here. Pure.

A person may also type what they read on a button, or its number.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.conversations.intake import folded, number_of
from bot.conversations.messages import Button, Reply

VALID_FOR = timedelta(hours=24)
_ID = re.compile(r"b_[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class Offered:
    """A button that was given to a conversation.

    Attributes:
        id: the opaque id, as given out.
        payload: what it stands for, for Rasa.
        position: its number among the buttons of its turn, from 1.
    """

    id: str
    payload: str
    title: str
    position: int


def new_button_id() -> str:
    """An id that cannot be guessed (128 bits)."""
    return f"b_{secrets.token_urlsafe(16)}"


def is_button_id(text: str) -> bool:
    """Whether *text* has the shape of an id, be it one of ours or not."""
    return _ID.fullmatch(text) is not None


def pick(text: str, offered: Sequence[Offered]) -> Offered | None:
    """The button that *text* names, by its title or its number; ``None`` when it is an ordinary message.

    When two buttons of one turn bear the same title, the last one shown is meant: it is the one under the eyes.
    """
    wanted = folded(text)
    if by_title := [button for button in offered if wanted and folded(button.title) == wanted]:
        return by_title[-1]
    number = number_of(text)
    return next((button for button in offered if button.position == number), None)


def give_out(replies: Sequence[Reply], *, new_id: Callable[[], str]) -> tuple[tuple[Reply, ...], tuple[Offered, ...]]:
    """*replies* with opaque ids in their buttons, and what to remember of them; numbers run over all the replies."""
    given: list[Offered] = []
    outside = []
    for reply in replies:
        buttons = []
        for button in reply.buttons:
            given.append(Offered(new_id(), button.payload, button.title, len(given) + 1))
            buttons.append(Button(button.title, given[-1].id))
        outside.append(Reply(reply.text, tuple(buttons), reply.custom))
    return tuple(outside), tuple(given)
