"""`equipier chat`: talks to the assistant from a terminal, through the REST channel like any other client."""

import re
import threading
import time
import unicodedata
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import uuid4

import httpx
import typer
from rich.console import Console
from rich.text import Text

from bot.errors import EquipierError

_LEAVE = frozenset({"/quitter", "/quit", "/exit"})
_PROMPT = "vous › "
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared with, never bound
_WAIT = 25  # seconds of a long poll
_PAUSE = 5.0  # seconds before asking again after a failed long poll
_MARKS = re.compile(r"\*\*(?P<bold>.+?)\*\*|\[(?P<label>[^\]\n]+)\]\((?P<url>https?://[^\s)]+)\)")


class ChatError(EquipierError):
    """The gateway refused or did not answer; the message is the French sentence to show."""


def render_light(text: str) -> Text:
    """Light Markdown (``**bold**``, ``[label](url)``) for a terminal; control characters are left out.

    Addresses are written after their label: not every terminal can open a link.
    """
    text = "".join(char for char in text if char == "\n" or unicodedata.category(char) != "Cc")
    shown, last = Text(), 0
    for mark in _MARKS.finditer(text):
        shown.append(text[last : mark.start()])
        if mark["bold"]:
            start = len(shown)
            shown.append_text(render_light(mark["bold"])).stylize("bold", start)
        else:
            shown.append(mark["label"], style=f"underline link {mark['url']}").append(f" ({mark['url']})", style="dim")
        last = mark.end()
    return shown.append(text[last:])


class ChatClient:
    """One person on the REST channel of a running gateway.

    Args:
        http: with the gateway's address as its base.
        timeout: seconds left for an answer.
    """

    def __init__(self, http: httpx.Client, *, token: str, sender: str, timeout: float) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}
        self._sender = sender
        self._timeout = timeout
        self._received = 0

    def check(self) -> None:
        """Makes sure that a gateway is there.

        Raises:
            ChatError: none answers.
        """
        self._request("GET", "/healthz")

    def say(self, text: str) -> list[dict[str, Any]]:
        """Sends *text*; the replies.

        Raises:
            ChatError: the message was not taken.
        """
        message = {"sender": self._sender, "message": text, "message_id": uuid4().hex}
        return self._replies(self._request("POST", "/webhooks/rest/webhook", json=message, timeout=self._timeout))

    def wait(self) -> list[dict[str, Any]]:
        """Late replies, waited for during some seconds; empty when none came.

        What was cut off on its way comes again the next time.

        Raises:
            ChatError: the gateway did not answer.
        """
        asked = {"sender": self._sender, "wait": _WAIT, "ack": self._received}
        replies = self._replies(self._request("GET", "/webhooks/rest/outbox", params=asked, timeout=_WAIT + 10))
        self._received = max([self._received, *(reply.get("id", 0) for reply in replies)])
        return replies

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, headers=self._headers, **options)
        except httpx.TimeoutException as error:
            raise ChatError("La passerelle met trop de temps à répondre. Réessayez dans un instant.") from error
        except httpx.TransportError as error:
            raise ChatError(
                f"La passerelle ne répond pas à {self._http.base_url}.",
                hint="Lancez « make run » dans un autre terminal.",
            ) from error
        if response.is_error:
            raise ChatError(_detail(response))
        return response

    @staticmethod
    def _replies(response: httpx.Response) -> list[dict[str, Any]]:
        try:
            replies = response.json()
        except ValueError:
            replies = None
        if not isinstance(replies, list):
            raise ChatError("Ce qui répond à cette adresse n'est pas Équipier.", hint="Vérifiez l'option --url.")
        return replies


def _detail(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"La passerelle a répondu une erreur {response.status_code}. Réessayez dans un instant."


class Screen:
    """What is on the terminal: replies, and the numbers of the buttons last shown."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._payloads: list[str] = []
        self._lock = threading.Lock()

    def show(self, replies: Sequence[dict[str, Any]]) -> None:
        """Prints replies; their buttons are numbered on from one to the next."""
        with self._lock:
            payloads: list[str] = []
            for reply in replies:
                if text := reply.get("text"):
                    self.console.print()
                    self.console.print(render_light(text))
                for button in reply.get("buttons", ()):
                    payloads.append(button["payload"])
                    self.console.print(Text(f"  {len(payloads)}. ", style="bold cyan").append(button["title"]))
            if payloads:
                self._payloads = payloads
                self.console.print(Text("(tapez le numéro d'un bouton, ou votre message)", style="dim"))

    def meant(self, typed: str) -> str:
        """What to send for *typed*: the button that bears this number, else the words themselves."""
        with self._lock:
            if typed.isascii() and typed.isdecimal() and 1 <= int(typed) <= len(self._payloads):
                return self._payloads[int(typed) - 1]
        return typed

    def complain(self, error: ChatError) -> None:
        """Prints an error and goes on."""
        self.console.print(Text(f"{error} {error.hint}".strip(), style="red"))


def converse(client: ChatClient, screen: Screen) -> None:
    """Reads lines until « /quitter » or the end of the input."""
    while True:
        screen.console.print()
        try:
            typed = input(_PROMPT).strip()
        except (EOFError, KeyboardInterrupt):
            break
        if typed.lower() in _LEAVE:
            break
        if not typed:
            continue
        try:
            with screen.console.status("…", spinner="dots"):
                replies = client.say(screen.meant(typed))
        except ChatError as error:
            screen.complain(error)
        else:
            screen.show(replies)
    screen.console.print("\nAu revoir !")


def listen(client: ChatClient, screen: Screen, stop: threading.Event) -> None:
    """Prints late replies as they come, until *stop*; an outage is waited out in silence: the next message tells it."""
    while not stop.is_set():
        started = time.monotonic()
        try:
            replies = client.wait()
        except ChatError:
            stop.wait(_PAUSE)
            continue
        if replies and not stop.is_set():
            screen.show(replies)
            screen.console.print(f"\n{_PROMPT}", end="")
        elif time.monotonic() - started < 1:  # a gateway that does not make us wait must not be hammered
            stop.wait(1)


def chat(
    sender: Annotated[
        str, typer.Option(help="Nom de la conversation à reprendre ; par défaut, une conversation nouvelle.")
    ] = "",
    url: Annotated[str, typer.Option(help="Adresse de la passerelle ; par défaut, celle des réglages.")] = "",
) -> None:
    """Parler à l'assistant dans le terminal."""
    import contextlib

    from bot.settings import get_settings

    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  arrows and history in input()

    settings = get_settings()
    token = settings.rest_token.get_secret_value()
    if not token:
        raise ChatError("Aucun jeton n'est réglé (EQUIPIER_REST_TOKEN).", hint="Lancez « make run », qui en crée un.")
    host = "127.0.0.1" if settings.gateway_host in _EVERYWHERE else settings.gateway_host
    name = sender or f"terminal-{uuid4().hex}"
    screen, stop = Screen(Console(highlight=False)), threading.Event()
    with httpx.Client(base_url=url or f"http://{host}:{settings.gateway_port}", trust_env=False) as http:
        client = ChatClient(http, token=token, sender=name, timeout=settings.engine_timeout + 10)
        client.check()
        screen.console.print("Équipier vous écoute. Posez votre question ; « /quitter » ou Ctrl-D pour partir.")
        screen.console.print(Text(f"Pour reprendre cette conversation : equipier chat --sender {name}", style="dim"))
        threading.Thread(target=listen, args=(client, screen, stop), daemon=True).start()
        try:
            converse(client, screen)
        finally:
            stop.set()
