"""A channel-neutral reply as Telegram shows it: texts, and the buttons under the last one. Pure.

Attestations never leave as files: a reply holds links only, to pages that ask who is there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.channels.telegram.markup import is_loopback, is_web, pieces
from bot.conversations.feedback import REASONS
from bot.conversations.messages import Button, Reply

MAX_CALLBACK_BYTES = 64
CHOSEN = "ok"  # callback of a button that was pressed already
_SHORT_CHARS = 18  # two such buttons fit side by side on a small phone
_SECURE_LABEL = "Ouvrir la page sécurisée"
_ASK_TO_CHOOSE = "Choisissez\u202f:"


@dataclass(frozen=True, slots=True)
class Key:
    """A button under a message: one of *callback* (what comes back when it is pressed), *url* and *web_app* is set.

    Attributes:
        web_app: https address opened inside Telegram; only in private chats.
    """

    label: str
    callback: str = ""
    url: str = ""
    web_app: str = ""


Keyboard = tuple[tuple[Key, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One message to send.

    Attributes:
        html: the text for ``parse_mode=HTML``.
        plain: the same without markup, for a text that Telegram does not take.
        keyboard: rows of buttons; none under any part but the last.
    """

    html: str
    plain: str
    keyboard: Keyboard = ()

    def under(self, keyboard: Keyboard) -> "Part":
        """The same with *keyboard*."""
        return replace(self, keyboard=keyboard)


def parts(reply: Reply) -> tuple[Part, ...]:
    """The messages that make up *reply*, in order; none when it holds nothing for people."""
    text = reply.text
    keyboard: Keyboard = ()
    if url := _secure_url(reply):
        text, keyboard = _with_secure_page(text, url)
    typed = [button.title for button in reply.buttons if not _fits(button)]
    if typed:  # what cannot be pressed can be typed
        text = "\n".join([text, *(f"• {title}" for title in typed)])
    keyboard += rows(Key(button.title, callback=button.payload) for button in reply.buttons if _fits(button))
    if reply.id is not None and (reply.custom or {}).get("type") == "guidance":
        keyboard += (thumbs(reply.id),)
    if not text.strip() and keyboard:
        text = _ASK_TO_CHOOSE
    shown = [Part(piece.html, piece.plain) for piece in pieces(text)]
    return (*shown[:-1], shown[-1].under(keyboard)) if shown else ()


def rows(keys: Iterable[Key]) -> Keyboard:
    """*keys* in their order: two short ones side by side, a long one alone."""
    laid: list[tuple[Key, ...]] = []
    for key in keys:
        alone = laid and len(laid[-1]) == 1 and len(laid[-1][0].label) <= _SHORT_CHARS
        if alone and len(key.label) <= _SHORT_CHARS:
            laid[-1] = (laid[-1][0], key)
        else:
            laid.append((key,))
    return tuple(laid)


def thumbs(reply_id: int) -> tuple[Key, ...]:
    """The row by which an answer is judged."""
    return Key("👍", callback=f"f+{reply_id}"), Key("👎", callback=f"f-{reply_id}")


def reasons(reply_id: int) -> Keyboard:
    """The rows that ask what was wrong with an answer."""
    return rows(Key(label, callback=f"f{code}:{reply_id}") for code, label in REASONS.items())


def without_feedback(keyboard: Keyboard) -> Keyboard:
    """*keyboard* once its answer has been judged."""
    return tuple(row for row in keyboard if not any(key.callback.startswith("f") for key in row))


def with_reasons(keyboard: Keyboard, reply_id: int) -> Keyboard:
    """*keyboard* with the reasons in place of the thumbs."""
    return without_feedback(keyboard) + reasons(reply_id)


def with_chosen(keyboard: Keyboard, callback: str) -> Keyboard:
    """*keyboard* with the button *callback* ticked, and no longer to be pressed."""
    return tuple(
        tuple(Key(f"✓ {key.label}", callback=CHOSEN) if key.callback == callback else key for key in row)
        for row in keyboard
    )


def only_callbacks(keyboard: Keyboard) -> Keyboard:
    """*keyboard* without the addresses, which are what Telegram may refuse."""
    kept = (tuple(key for key in row if key.callback) for row in keyboard)
    return tuple(row for row in kept if row)


def _fits(button: Button) -> bool:
    return len(button.payload.encode()) <= MAX_CALLBACK_BYTES


def _secure_url(reply: Reply) -> str:
    url = (reply.custom or {}).get("secure_url")
    return url if isinstance(url, str) and is_web(url) else ""


def _with_secure_page(text: str, url: str) -> tuple[str, Keyboard]:
    """The secure page as a button where Telegram takes its address, else as text unless *text* gives it already."""
    if url.startswith("https:"):
        return text, ((Key(_SECURE_LABEL, web_app=url),),)
    if not is_loopback(url):
        return text, ((Key(_SECURE_LABEL, url=url),),)
    return (text if url in text else f"{text}\n[{_SECURE_LABEL}]({url})"), ()
